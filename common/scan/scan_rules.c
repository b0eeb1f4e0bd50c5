#include "common/scan/scan_rules.h"

#include "common/base/dynbuf.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/metric/metric.h"
#include "common/statement/statement.h"

/* Lines of evidence under one rule of the report. */
#define LINES_MAX 4

/* The explanation names this many vouchers; the rest are counted. */
#define PATH_VOUCHERS_MAX 4

#define PATH_MAX_BYTES 1024

#define GTUBE_SCORE 1000.0

/* What adding rules needs. */
struct rules {
	const struct settings *settings;
	const struct scan_details *details;
	struct arena *arena;
	struct verdict *verdict;
	int error;
};

/* tuned_score - that of the settings, or the fallback where they have none */
static double
tuned_score(const struct rules *r, const struct rule_settings *tuned, double fallback)
{
	if (r->settings->trust_mode == SETTINGS_TRUST_OBSERVE) {
		return 0.0;
	}
	return tuned != NULL && tuned->has_score ? tuned->score : fallback;
}

static void
add_scored(struct rules *r, const struct rule_hit *rule, const struct slice *lines,
	size_t line_count)
{
	struct rule_hit hit = *rule;

	if (r->error != 0) {
		return;
	}
	if (line_count > 0) {
		hit.evidence = arena_alloc_array(r->arena, line_count, sizeof(*hit.evidence));
		if (hit.evidence == NULL) {
			r->error = ERR_NOMEM;
			return;
		}
		memcpy(hit.evidence, lines, line_count * sizeof(*lines));
		hit.evidence_count = line_count;
	}
	r->error = verdict_add(r->verdict, &hit);
}

/* hit_of - by the name of a rule, what the settings say of it */
static struct rule_hit
hit_of(struct slice name, const struct rule_settings *tuned, double score)
{
	return (struct rule_hit){
		.name = name,
		.score = score,
		.describe = tuned == NULL ? (struct slice){0} : tuned->describe,
	};
}

/* add_optional - a rule beside the tier rule */
static void
add_optional(struct rules *r, struct slice name)
{
	const struct rule_settings *tuned = rule_table_find(&r->settings->rules, name);
	struct rule_hit hit = hit_of(name, tuned, tuned_score(r, tuned, 0.0));

	if (!rule_is_off(tuned)) {
		add_scored(r, &hit, NULL, 0);
	}
}

/*
 * unknown_score - what being unknown costs
 *
 * Nothing by default. Where the administrator made it cost something, it still costs nothing
 * while nobody is known here at all or the store cannot be read: an empty graph must not
 * file all mail as spam.
 */
static double
unknown_score(const struct rules *r, const struct rule_settings *tuned)
{
	double score = r->settings->unknown_is_spam ? SCAN_UNKNOWN_IS_SPAM_SCORE : 0.0;

	if (r->details->rule == TRUST_RULE_NO_STORE || r->details->circle_is_empty ||
		r->settings->trust_mode == SETTINGS_TRUST_OBSERVE) {
		return 0.0;
	}
	return tuned != NULL && tuned->score_is_configured ? tuned->score : score;
}

static struct slice
direct_rule(unsigned int level)
{
	switch (level) {
	case TRUST_LEVEL_STRONG:
		return SLICE("TRUST_WELL");
	case TRUST_LEVEL_ORDINARY:
		return SLICE("TRUST_DIRECT");
	default:
		return SLICE("TRUST_DIRECT_WEAK");
	}
}

/* tier_rule - the rule that says where the sender stands; empty: he is unknown */
static struct slice
tier_rule(const struct scan_details *d)
{
	switch (d->rule) {
	case TRUST_RULE_REVOKED:
		return SLICE("TRUST_REVOKED");
	case TRUST_RULE_BLOCKED:
		return SLICE("TRUST_BLOCKED");
	case TRUST_RULE_REPORTED:
		return SLICE("TRUST_REPORTED");
	case TRUST_RULE_SUSPECT:
		/* No bonus: who may be a thief is judged by content alone. */
		return SLICE("TRUST_SUSPECT");
	case TRUST_RULE_OWN_EDGE:
		return direct_rule(d->level);
	case TRUST_RULE_INTRODUCTION:
		return SLICE("TRUST_FOF");
	case TRUST_RULE_UNPROVEN:
	case TRUST_RULE_NOBODY:
	case TRUST_RULE_NEWKEY:
	case TRUST_RULE_NO_SENDER:
	case TRUST_RULE_NO_STORE:
		break;
	}
	return (struct slice){0};
}

static void
add_tier_rule(struct rules *r, const struct slice *lines, size_t line_count)
{
	const struct scan_details *d = r->details;
	struct slice name = tier_rule(d);
	bool is_unknown = name.len == 0;
	const struct rule_settings *tuned = NULL;
	struct rule_hit hit;
	double fallback = 0.0;

	if (is_unknown) {
		name = SLICE("TRUST_UNKNOWN");
	}
	if (d->rule == TRUST_RULE_INTRODUCTION) {
		fallback = metric_score((uint32_t)(d->strength * METRIC_ONE + 0.5));
	}
	tuned = rule_table_find(&r->settings->rules, name);
	hit = hit_of(name, tuned,
		is_unknown ? unknown_score(r, tuned) : tuned_score(r, tuned, fallback));
	if (!rule_is_off(tuned)) {
		add_scored(r, &hit, lines, line_count);
	}
}

static void
add_side_rules(struct rules *r)
{
	const struct scan_details *d = r->details;

	if (d->rule == TRUST_RULE_UNPROVEN && d->level > 0) {
		add_optional(
			r, d->signs_always ? SLICE("TRUST_FORGED") : SLICE("TRUST_UNPROVEN"));
	}
	if (d->rule == TRUST_RULE_NEWKEY) {
		add_optional(r, SLICE("TRUST_NEWKEY"));
	}
	if (d->rule == TRUST_RULE_NO_STORE) {
		add_optional(r, SLICE("TRUST_NO_STORE"));
	}
	if (d->evidence.ar_forged) {
		add_optional(r, SLICE("TRUST_AR_FORGED"));
	}
}

/* percent - of the price; 1 at least of what is more than nothing */
static unsigned int
percent(uint32_t amount, uint32_t price)
{
	return price == 0 ? 0 : (unsigned int)(((uint64_t)amount * 100 + price - 1) / price);
}

/* introduction_text - "via bob@example.org 50%, a private contact 50%; strength 0.568" */
static struct slice
introduction_text(const struct scan_details *d, struct arena *arena)
{
	struct dynbuf b;
	struct slice out = {0};
	size_t shown =
		d->voucher_count < PATH_VOUCHERS_MAX ? d->voucher_count : PATH_VOUCHERS_MAX;

	dynbuf_init(&b, PATH_MAX_BYTES);
	(void)dynbuf_add_str(&b, "via ");
	for (size_t i = 0; i < shown; i++) {
		const struct scan_voucher *v = &d->vouchers[i];

		(void)dynbuf_printf(&b, "%s%.*s", i == 0 ? "" : ", ", SLICE_ARG(v->name));
		if (v->middleman.len > 0) {
			(void)dynbuf_printf(&b, " and %.*s", SLICE_ARG(v->middleman));
		}
		(void)dynbuf_printf(&b, " %u%%", percent(v->amount, d->price));
	}
	if (shown < d->voucher_count) {
		(void)dynbuf_printf(&b, " and %zu more", d->voucher_count - shown);
	}
	(void)dynbuf_printf(&b, "; strength %.3f%s", d->strength,
		d->cut ? "; the search was cut short" : "");
	if (dynbuf_error(&b) == 0) {
		out = arena_copy(arena, dynbuf_slice(&b));
	}
	dynbuf_fini(&b);
	return out;
}

static struct slice
nobody_text(const struct scan_details *d)
{
	if (d->refusal == METRIC_REFUSAL_WARNINGS) {
		return SLICE("none: contacts of the recipient warned about the sender");
	}
	if (d->refusal == METRIC_REFUSAL_CREDIT || d->refusal == METRIC_REFUSAL_ONE_HELPER ||
		d->refusal == METRIC_REFUSAL_LEDGER) {
		return SLICE("none: those who vouch have too little introduction credit");
	}
	return d->cut ? SLICE("none found before the search was cut short")
		      : SLICE("none: nobody the recipient knows vouches");
}

static struct slice
path_text(const struct scan_details *d, bool is_site, struct arena *arena)
{
	switch (d->rule) {
	case TRUST_RULE_REVOKED:
		return SLICE("the key or identity behind the sender was revoked");
	case TRUST_RULE_BLOCKED:
		return SLICE("blocked by the recipient or the site");
	case TRUST_RULE_OWN_EDGE:
		return arena_join(arena,
			(const struct slice[]){SLICE("direct, "),
				slice_str(trust_level_name(d->level)),
				is_site ? SLICE(", known at this site") : SLICE("")},
			3);
	case TRUST_RULE_INTRODUCTION:
		return introduction_text(d, arena);
	case TRUST_RULE_REPORTED:
		return SLICE("none: the recipient reported the sender");
	case TRUST_RULE_SUSPECT:
		return slice_str(arena_printf(arena, "direct, %s, but reported within a week",
			trust_level_name(d->level)));
	case TRUST_RULE_UNPROVEN:
		return d->level > 0 ? SLICE("none: From names a contact, but nothing proves it")
				    : SLICE("none: nothing proves the sender");
	case TRUST_RULE_NOBODY:
		return nobody_text(d);
	case TRUST_RULE_NEWKEY:
		return slice_str(arena_printf(arena,
			"none: a contact, but signed by %.*s, which is not confirmed for him",
			SLICE_ARG(d->evidence.signer)));
	case TRUST_RULE_NO_SENDER:
		return SLICE("none: no single sender address");
	case TRUST_RULE_NO_STORE:
		break;
	}
	return SLICE("none: the trust store cannot be read");
}

static struct slice
evidence_line(const struct scan_details *d, struct arena *arena)
{
	char name[256];
	const struct slice parts[] = {
		slice_str(evidence_name(d->evidence.level)),
		SLICE(" "),
		d->evidence.text,
		SLICE(" ("),
		slice_str(log_escape(d->evidence.authserv, name, sizeof(name))),
		SLICE(")"),
	};

	return arena_join(arena, parts, d->evidence.authserv.len == 0 ? 3 : ARRAY_LEN(parts));
}

static bool
is_bounce_without_enemy(const struct scan_details *d)
{
	return d->evidence.null_sender && d->rule != TRUST_RULE_BLOCKED &&
	       d->rule != TRUST_RULE_REVOKED;
}

static void
add_gtube(struct rules *r)
{
	const struct slice name = SLICE("GTUBE");
	const struct rule_settings *tuned = rule_table_find(&r->settings->rules, name);
	struct rule_hit hit = hit_of(
		name, tuned, tuned != NULL && tuned->has_score ? tuned->score : GTUBE_SCORE);

	hit.area = SLICE("BODY: ");
	if (!rule_is_off(tuned)) {
		add_scored(r, &hit, NULL, 0);
	}
}

int
scan_rules(
	const struct settings *settings, bool has_gtube, struct arena *arena, struct verdict *v)
{
	struct rules r = {
		.settings = settings,
		.details = v->details,
		.arena = arena,
		.verdict = v,
	};
	struct slice lines[LINES_MAX];

	v->evidence_text = evidence_line(v->details, arena);
	v->path = path_text(v->details, v->recipient.len == 0, arena);
	if (v->evidence_text.data == NULL || v->path.data == NULL) {
		return ERR_NOMEM;
	}
	lines[0] = v->evidence_text;
	lines[1] = v->path;
	lines[2] = v->details->advice;
	if (is_bounce_without_enemy(v->details)) {
		v->tier = TIER_UNKNOWN;
		v->path = SLICE("none: a bounce has no sender to trust");
		add_optional(&r, SLICE("TRUST_BOUNCE"));
		if (v->details->evidence.ar_forged) {
			add_optional(&r, SLICE("TRUST_AR_FORGED"));
		}
	} else {
		add_tier_rule(&r, lines, lines[2].len > 0 ? 3 : 2);
		add_side_rules(&r);
	}
	if (has_gtube) {
		add_gtube(&r);
	}
	return r.error;
}

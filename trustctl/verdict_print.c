#include "trustctl/verdict_print.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "common/metric/metric.h"
#include "common/scan/scan_advice.h"
#include "common/statement/statement.h"

/** Longest text taken into JSON: a report line is far shorter. */
#define TEXT_MAX    ((size_t)64 * 1024)
#define NAME_WIDTH  22
#define TITLE_WIDTH 16

static const char *
rule_words(enum trust_rule rule)
{
	static const char *const words[] = {
		[TRUST_RULE_REVOKED] = "the sender's key or identity is revoked",
		[TRUST_RULE_BLOCKED] = "the recipient or the site blocks the sender",
		[TRUST_RULE_UNPROVEN] = "nothing proves who sent it, so nothing may lift it",
		[TRUST_RULE_REPORTED] = "the recipient reported the sender before",
		[TRUST_RULE_SUSPECT] = "the recipient reported this contact within a week",
		[TRUST_RULE_OWN_EDGE] = "the recipient knows the sender himself",
		[TRUST_RULE_INTRODUCTION] = "friends of the recipient vouch for the sender",
		[TRUST_RULE_NEWKEY] =
			("a contact, but signed by a domain that is not confirmed for him; "
			 "see \"trustctl friend confirm\""),
		[TRUST_RULE_NOBODY] = "nobody the recipient knows can introduce the sender",
		[TRUST_RULE_NO_SENDER] = "there is no single sender address",
		[TRUST_RULE_NO_STORE] = "the store cannot be read",
	};

	return words[rule];
}

static enum print_style
tier_style(enum tier tier)
{
	switch (tier) {
	case TIER_WELL_TRUSTED:
	case TIER_KNOWN:
		return PRINT_GOOD;
	case TIER_BLOCKED:
	case TIER_REVOKED:
		return PRINT_BAD;
	case TIER_UNKNOWN:
		break;
	}
	return PRINT_WARN;
}

/* --- JSON ---------------------------------------------------------------------------------- */

/* json_text - a new string, null where the slice is empty */
static json_t *
json_text(struct slice text)
{
	struct dynbuf clean;
	json_t *value = NULL;

	if (text.len == 0) {
		return json_null();
	}
	dynbuf_init(&clean, TEXT_MAX);
	print_clean(text, &clean);

	struct slice bytes = dynbuf_slice(&clean);

	value = json_stringn((const char *)bytes.data, bytes.len);
	dynbuf_fini(&clean);
	return value;
}

static json_t *
json_lines(const struct slice *lines, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++) {
		if (json_array_append_new(array, json_text(lines[i])) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *
json_rules(const struct verdict *v)
{
	json_t *array = json_array();

	for (size_t i = 0; i < v->rule_count; i++) {
		const struct rule_hit *hit = &v->rules[i];
		json_t *rule = json_pack("{s:o, s:f, s:o, s:o}", "name", json_text(hit->name),
			"score", hit->score, "description", json_text(hit->describe), "lines",
			json_lines(hit->evidence, hit->evidence_count));

		if (json_array_append_new(array, rule) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static double
part(uint32_t amount)
{
	return amount / (double)METRIC_ONE;
}

static json_t *
json_broke(const struct scan_details *d)
{
	static const char *const reasons[] = {
		[METRIC_SHORT_NONE] = "none",
		[METRIC_SHORT_SPENT] = "spent",
		[METRIC_SHORT_SUSPENDED] = "suspended",
		[METRIC_SHORT_FORBIDDEN] = "forbidden",
		[METRIC_SHORT_LIMIT] = "limit",
	};
	json_t *array = json_array();

	for (size_t i = 0; i < d->broke_count; i++) {
		const struct scan_broke *b = &d->broke[i];
		json_t *item = json_pack("{s:o, s:s, s:I}", "name", json_text(b->name),
			"reason", reasons[b->reason], "until", (json_int_t)b->until_s);

		if (json_array_append_new(array, item) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *
json_vouchers(const struct scan_details *d)
{
	json_t *array = json_array();

	for (size_t i = 0; i < d->voucher_count; i++) {
		const struct scan_voucher *v = &d->vouchers[i];
		json_t *voucher = json_pack("{s:o, s:o, s:s, s:s, s:f, s:f, s:f}", "name",
			json_text(v->name), "middleman", json_text(v->middleman), "own_level",
			trust_level_name(v->own_level), "vouch_level",
			trust_level_name(v->vouch_level), "weight", v->weight, "pays",
			part(v->amount), "credit_left", part(v->credit));

		if (json_array_append_new(array, voucher) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *
json_why(const struct scan_details *d)
{
	const struct evidence *e = &d->evidence;

	return json_pack("{s:s, s:o, s:o, s:o, s:b, s:b, s:s?, s:s?, s:o, s:b, s:f, s:b, s:o, "
			 "s:o, s:o, s:b, s:f, s:i, s:I, s:o, s:b}",
		"rule", rule_words(d->rule), "recipient_source", json_text(d->recipient_source),
		"signer", json_text(e->signer), "authserv", json_text(e->authserv),
		"null_sender", e->null_sender, "ar_forged", e->ar_forged, "own_level",
		d->level > 0 ? trust_level_name(d->level) : NULL, "edge_kind", d->edge_kind,
		"identity", json_text(d->identity), "signs_always", d->signs_always, "strength",
		d->strength, "search_cut", d->cut, "vouchers", json_vouchers(d), "broke",
		json_broke(d), "advice", json_text(d->advice), "paid", d->is_paid, "price",
		part(d->price), "warnings", (int)d->warnings, "reported",
		(json_int_t)d->reported_s, "shows", json_text(e->shown), "shows_claimed",
		d->shows_identity);
}

static int
print_json(const struct print *p, const struct verdict *v, bool explain)
{
	json_t *root = json_pack("{s:s, s:f, s:f, s:b, s:o, s:o, s:s, s:o, s:o, s:o}", "tier",
		tier_name(v->tier), "score", v->score, "required", v->required, "spam",
		v->is_spam, "sender", json_text(v->sender), "recipient",
		json_text(v->recipient), "evidence", evidence_name(v->evidence),
		"evidence_text", json_text(v->evidence_text), "path", json_text(v->path),
		"rules", json_rules(v));

	if (root != NULL && explain &&
		json_object_set_new(root, "why", json_why(v->details)) != 0) {
		json_decref(root);
		root = NULL;
	}
	if (root == NULL) {
		return ERR_NOMEM;
	}
	(void)json_dumpf(root, p->out, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
	(void)fputc('\n', p->out);
	json_decref(root);
	return 0;
}

/* --- text ---------------------------------------------------------------------------------- */

static void
print_line(const struct print *p, const char *title, enum print_style style, struct slice value)
{
	(void)fprintf(p->out, "%-*s", TITLE_WIDTH, title);
	print_text(p, style, value.len > 0 ? value : SLICE("-"));
	(void)fputc('\n', p->out);
}

static void
print_summary(const struct print *p, const struct verdict *v)
{
	char score[64];

	(void)snprintf(score, sizeof(score), "%.1f of %.1f required: %s", v->score, v->required,
		v->is_spam ? "spam" : "not spam");
	print_line(p, "Tier", tier_style(v->tier), slice_str(tier_name(v->tier)));
	print_line(p, "Score", PRINT_PLAIN, slice_str(score));
	print_line(p, "Sender", PRINT_PLAIN, v->sender);
	print_line(p, "Recipient", PRINT_PLAIN,
		v->recipient.len > 0 ? v->recipient : SLICE("the site"));
	print_line(p, "Evidence", PRINT_PLAIN, v->evidence_text);
	print_line(p, "Path", PRINT_PLAIN, v->path);
}

static void
print_rules(const struct print *p, const struct verdict *v)
{
	(void)fprintf(p->out, "\n pts rule name              description\n"
			      "---- ---------------------- "
			      "--------------------------------------------------\n");
	for (size_t i = 0; i < v->rule_count; i++) {
		const struct rule_hit *hit = &v->rules[i];

		/* As the daemon's report: no decimals from 10 points on. */
		(void)fprintf(p->out, "%4.*f %-*.*s ", fabs(hit->score) >= 10 ? 0 : 1,
			hit->score, NAME_WIDTH, SLICE_ARG(hit->name));
		print_text(p, PRINT_PLAIN, hit->describe);
		(void)fputc('\n', p->out);
		for (size_t n = 0; n < hit->evidence_count; n++) {
			(void)fprintf(p->out, "%*s", (int)strlen("---- ") + NAME_WIDTH + 1, "");
			print_text(p, PRINT_PLAIN, hit->evidence[n]);
			(void)fputc('\n', p->out);
		}
	}
}

/* print_weight - how the levels of one voucher make his weight */
static void
print_weight(const struct print *p, const struct scan_voucher *v)
{
	if (v->own_level == 0 || v->vouch_level == 0) {
		return; /* paid long ago */
	}
	(void)fprintf(p->out, ": %s x 0.7 x %s", trust_level_name(v->own_level),
		trust_level_name(v->vouch_level));
	if (v->middleman.len > 0) {
		(void)fprintf(p->out, " x 0.7 x %s", trust_level_name(v->last_level));
	}
	(void)fprintf(p->out, " = %.3f", v->weight);
}

static void
print_voucher(const struct print *p, const struct scan_voucher *v)
{
	(void)fputs("  ", p->out);
	print_text(p, PRINT_PLAIN, v->name);
	if (v->middleman.len > 0) {
		(void)fputs(" through ", p->out);
		print_text(p, PRINT_PLAIN, v->middleman);
	}
	print_weight(p, v);
	if (v->amount > 0) {
		(void)fprintf(p->out, ", pays %.3f", part(v->amount));
	}
	(void)fprintf(p->out, ", has %.3f left\n", part(v->credit));
}

/* print_introduction - who pays what, who cannot, and how the strength makes the score */
static void
print_introduction(const struct print *p, const struct scan_details *d)
{
	(void)fprintf(p->out, "\nIntroduction (price %.0f, %u warning%s%s)\n", part(d->price),
		d->warnings, d->warnings == 1 ? "" : "s", d->is_paid ? ", paid before" : "");
	for (size_t i = 0; i < d->voucher_count; i++) {
		print_voucher(p, &d->vouchers[i]);
	}
	for (size_t i = 0; i < d->broke_count; i++) {
		char date[SCAN_DATE_MAX];

		(void)fputs("  ", p->out);
		print_text(p, PRINT_PLAIN, d->broke[i].name);
		(void)fputs(": vouches, has nothing left", p->out);
		if (d->broke[i].until_s != 0) {
			(void)fprintf(
				p->out, " until %s", scan_date(d->broke[i].until_s, date));
		}
		(void)fputc('\n', p->out);
	}
	if (d->rule == TRUST_RULE_INTRODUCTION) {
		(void)fprintf(p->out, "  TRUST_FOF = -(1 + 8 x %.3f) = %.1f\n", d->strength,
			metric_score((uint32_t)(d->strength * METRIC_ONE + 0.5)));
	}
}

static void
print_why(const struct print *p, const struct verdict *v)
{
	const struct scan_details *d = v->details;
	const struct evidence *e = &d->evidence;

	print_line(p, "Because", PRINT_BOLD, slice_str(rule_words(d->rule)));
	if (d->recipient_source.len > 0) {
		print_line(p, "Recipient from", PRINT_PLAIN, d->recipient_source);
	}
	if (d->level > 0) {
		print_line(p, "Own edge", PRINT_PLAIN, slice_str(trust_level_name(d->level)));
	}
	if (d->edge_kind != NULL) {
		print_line(p, "Edge for", PRINT_PLAIN, slice_str(d->edge_kind));
	}
	if (d->identity.len > 0) {
		print_line(p, "Identity", PRINT_PLAIN, d->identity);
	}
	if (e->has_identity) {
		print_line(p, "Shows", PRINT_PLAIN, e->shown);
	}
	if (e->has_identity && !d->shows_identity) {
		print_line(p, "", PRINT_BAD,
			SLICE("which, as far as is known here, does not claim the address"));
	}
	if (e->signer.len > 0) {
		print_line(p, "Signed by", PRINT_PLAIN, e->signer);
	}
	if (e->authserv.len > 0) {
		print_line(p, "Checked by", PRINT_PLAIN, e->authserv);
	}
	if (e->ar_forged) {
		print_line(p, "Forged", PRINT_BAD,
			SLICE("an Authentication-Results with our id where only a forger puts it"));
	}
	if (d->advice.len > 0) {
		print_line(p, "To know", PRINT_PLAIN, d->advice);
	}
	if (d->price > 0) {
		print_introduction(p, d);
	}
	if (d->cut) {
		(void)fputs("  the search for vouchers was cut short\n", p->out);
	}
}

int
verdict_print(const struct print *p, const struct verdict *v, bool explain)
{
	if (p->json) {
		return print_json(p, v, explain);
	}
	print_summary(p, v);
	if (explain) {
		print_why(p, v);
	}
	print_rules(p, v);
	return 0;
}

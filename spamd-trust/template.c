#include "spamd-trust/template.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#include "common/conf/settings.h"
#include "common/rules/rule_subject.h"
#include "spamd-trust/report.h"
#include "spamd-trust/score_text.h"

/* Arguments of a tag are looked for this far; a template has no use for longer ones. */
#define TAG_ARGS_MAX 256

/* Stars of `_STARS_` at most. */
#define STARS_MAX 50

/* A tag as it stands in a text. */
struct tag {
	struct slice name;
	struct slice args;
	size_t len; /* from one underscore to the other */
};

/* value_or - the argument, or what stands for it */
static struct slice
value_or(struct slice value, struct slice otherwise)
{
	return slice_is_empty(value) ? otherwise : value;
}

/* yesno - Yes or No, or the part of "a,b" that fits the verdict */
static struct slice
yesno(const struct presentation *p, const struct tag *tag)
{
	size_t comma = slice_find_byte(tag->args, ',');

	if (p->verdict->is_spam) {
		return comma == 0 && tag->args.len > 0
			       ? SLICE("")
			       : value_or(slice_take(tag->args, comma), SLICE("Yes"));
	}
	return comma < tag->args.len ? slice_skip(tag->args, comma + 1) : SLICE("No");
}

static void
add_yesno(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	(void)dynbuf_add(out, yesno(p, tag));
}

static void
add_yesnocaps(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	struct slice text = yesno(p, tag);

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		(void)dynbuf_add_byte(out, (uint8_t)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
	}
}

/* add_score - padded with the argument, zeros or blanks, to its length and three */
static void
add_score(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	UNINITIALIZED struct score_text text;
	const char *score = score_text(p->verdict, &text);
	size_t width = tag->args.len + 3;
	size_t len = strlen(score);
	bool is_padding =
		tag->args.len > 0 && (tag->args.data[0] == '0' || tag->args.data[0] == ' ');

	for (size_t i = 1; i < tag->args.len; i++) {
		is_padding = is_padding && tag->args.data[i] == tag->args.data[0];
	}
	if (is_padding && width > len) {
		(void)dynbuf_add(out, slice_take(tag->args, width - len));
	}
	(void)dynbuf_add_str(out, score);
}

static void
add_required(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	UNINITIALIZED struct score_text text;

	(void)tag;
	(void)dynbuf_add_str(out, score_text_required(p->verdict, &text));
}

/* add_rules - sorted names, joined; with their scores where asked for */
static void
add_rules(const struct presentation *p, struct slice separator, bool with_scores,
	struct dynbuf *out)
{
	const struct rule_hit **sorted = verdict_sorted(p->verdict, p->arena);

	if (sorted == NULL || p->verdict->rule_count == 0) {
		(void)dynbuf_add_str(out, "none");
		return;
	}
	for (size_t i = 0; i < p->verdict->rule_count; i++) {
		(void)dynbuf_add(out, i == 0 ? SLICE("") : separator);
		(void)dynbuf_add(out, sorted[i]->name);
		if (with_scores) {
			(void)dynbuf_printf(out, "=%.15g", sorted[i]->score);
		}
	}
}

static void
add_tests(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	add_rules(p, value_or(tag->args, SLICE(",")), false, out);
}

static void
add_tests_scores(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	add_rules(p, value_or(tag->args, SLICE(",")), true, out);
}

static void
add_stars(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	struct slice star = value_or(tag->args, SLICE("*"));
	int count = 0;

	while (count < STARS_MAX && p->verdict->score >= count + 1) {
		(void)dynbuf_add(out, star);
		count++;
	}
}

static void
add_hostname(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	(void)tag;
	(void)dynbuf_add(out, value_or(p->settings->report_hostname, p->hostname));
}

static void
add_remote_host(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	(void)tag;
	(void)dynbuf_add(out, value_or(p->remote_host, SLICE("localhost")));
}

static void
add_remote_address(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	(void)tag;
	(void)dynbuf_add(out, value_or(p->remote_address, SLICE("127.0.0.1")));
}

static void
add_header_rows(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	(void)tag;
	report_write_header_rows(p, out);
}

static void
add_summary(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	(void)tag;
	report_write_summary(p, out);
}

static void
add_preview(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	(void)tag;
	report_write_preview(p, out);
}

static void
add_contact(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	(void)tag;
	(void)dynbuf_add(out, p->settings->report_contact);
}

static void
add_autolearn(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	(void)tag;
	(void)dynbuf_add(out, p->verdict->autolearn);
}

static void
add_date(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	(void)tag;
	template_add_date(p->now_s, out);
}

/* add_autolearn_score - to three decimals, as the original adds it up */
static void
add_autolearn_score(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	double thousandths = nearbyint(p->verdict->score * 1000);

	(void)tag;
	/* Plus 0, so that nothing is printed as -0. */
	(void)dynbuf_printf(out, "%.15g", thousandths / 1000 + 0.0);
}

/*
 * add_header - `_HEADER(From:addr)_`: every field of that name, each with a line end, or the first
 * address or name alone; as a rule sees them
 */
static void
add_header(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	struct header header;
	struct slice field = {0};
	struct slice text = {0};
	enum rule_part part = RULE_PART_TEXT;
	bool is_set = false;

	if (rule_part_parse(tag->args, &field, &part, NULL) != 0 ||
		header_parse(p->message, &HEADER_LIMITS_DEFAULT, p->arena, &header) != 0 ||
		rule_subject(&header, field, part, p->arena, &text, &is_set) != 0) {
		return;
	}
	if (part != RULE_PART_TEXT && part != RULE_PART_RAW) {
		text = slice_take(text, slice_find_byte(text, '\n'));
	}
	(void)dynbuf_add(out, text);
}

static void
add_trust_tier(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	(void)tag;
	(void)dynbuf_add_str(out, p->verdict->has_trust ? tier_name(p->verdict->tier) : "");
}

static void
add_trust_evidence(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	const struct verdict *v = p->verdict;

	(void)tag;
	if (v->has_trust) {
		(void)dynbuf_add(
			out, value_or(v->evidence_text, slice_str(evidence_name(v->evidence))));
	}
}

static void
add_trust_path(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	(void)tag;
	(void)dynbuf_add(out, p->verdict->has_trust ? p->verdict->path : SLICE(""));
}

/* Tags that the original knows and that speak of what is not known here: they vanish. */
static const char *const empty_tags[] = {
	"ASN",
	"ASNCIDR",
	"AWL",
	"AWLCOUNT",
	"AWLMEAN",
	"AWLPRESCORE",
	"BAYESTC",
	"BAYESTCHAMMY",
	"BAYESTCLEARNED",
	"BAYESTCSPAMMY",
	"DCCB",
	"DCCR",
	"DCCREP",
	"DKIMDOMAIN",
	"DKIMIDENTITY",
	"DKIMSELECTOR",
	"EXTRACTTEXTCHARS",
	"EXTRACTTEXTEXTENSIONS",
	"EXTRACTTEXTFLAGS",
	"EXTRACTTEXTTOOLS",
	"EXTRACTTEXTTYPES",
	"EXTRACTTEXTURIS",
	"EXTRACTTEXTWORDS",
	"FIRSTTRUSTEDIP",
	"FIRSTTRUSTEDREVIP",
	"HAMMYTOKENS",
	"LANGUAGES",
	"LASTEXTERNALHELO",
	"LASTEXTERNALIP",
	"LASTEXTERNALRDNS",
	"LASTEXTERNALREVIP",
	"PYZOR",
	"RBL",
	"RELAYSEXTERNAL",
	"RELAYSINTERNAL",
	"RELAYSTRUSTED",
	"RELAYSUNTRUSTED",
	"RULESVERSION",
	"SPAMMYTOKENS",
	"SUBJPREFIX",
	"TIMING",
	"TOKENSUMMARY",
};

/* A tag is a fixed text or has a writer. */
static const struct {
	const char *name;
	const char *text;
	void (*write)(const struct presentation *p, const struct tag *tag, struct dynbuf *out);
} tags[] = {
	{"AUTOLEARN", NULL, add_autolearn},
	{"AUTOLEARNSCORE", NULL, add_autolearn_score},
	{"BAYES", "0.5", NULL}, /* what the original says when the learner did not run */
	{"CONTACTADDRESS", NULL, add_contact},
	{"DATE", NULL, add_date},
	{"HEADER", NULL, add_header},
	{"HITS", NULL, add_score},
	{"HOSTNAME", NULL, add_hostname},
	{"PREVIEW", NULL, add_preview},
	{"REMOTEHOSTADDR", NULL, add_remote_address},
	{"REMOTEHOSTNAME", NULL, add_remote_host},
	{"REPORT", NULL, add_header_rows},
	{"REQD", NULL, add_required},
	{"SCORE", NULL, add_score},
	{"STARS", NULL, add_stars},
	{"SUBTESTS", "none", NULL},
	{"SUBTESTSCOLLAPSED", "none", NULL},
	{"SUBVERSION", COMPAT_SUBVERSION, NULL},
	{"SUMMARY", NULL, add_summary},
	{"TESTS", NULL, add_tests},
	{"TESTSSCORES", NULL, add_tests_scores},
	{"TRUSTEVIDENCE", NULL, add_trust_evidence},
	{"TRUSTPATH", NULL, add_trust_path},
	{"TRUSTTIER", NULL, add_trust_tier},
	{"VERSION", COMPAT_VERSION, NULL},
	{"YESNO", NULL, add_yesno},
	{"YESNOCAPS", NULL, add_yesnocaps},
};

/* is_name_byte - what a tag's name is made of, underscores between its parts apart */
static bool
is_name_byte(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || ascii_is_digit(c);
}

/* ends_tag - is the tag over at `end`, with or without arguments? */
static bool
ends_tag(struct slice text, size_t end, struct tag *out)
{
	struct slice rest = slice_take(slice_skip(text, end + 1), TAG_ARGS_MAX);
	size_t close = 0;

	*out = (struct tag){.name = slice_skip(slice_take(text, end), 1), .len = end + 1};
	if (end >= text.len || text.data[end] == '_') {
		return end < text.len;
	}
	rest = slice_take(rest, slice_find_byte(rest, '\n'));
	close = slice_find(rest, SLICE(")_"));
	if (text.data[end] != '(' || close == rest.len) {
		return false;
	}
	out->args = slice_take(rest, close);
	out->len = end + 1 + close + 2;
	return true;
}

/*
 * find_tag - does a tag start at this underscore?
 *
 * Capital letters and digits, parts joined by single underscores, then `(arguments)` on the
 * same line or nothing, then an underscore. The longest name counts, so that _A_B_ is A_B.
 */
static bool
find_tag(struct slice text, struct tag *out)
{
	size_t end = 1;
	size_t last = 0; /* end of the longest name so far */
	struct tag tag = {0};

	if (text.len < 2 || !is_name_byte(text.data[1]) || ascii_is_digit(text.data[1])) {
		return false;
	}
	while (end < text.len && is_name_byte(text.data[end])) {
		while (end < text.len && is_name_byte(text.data[end])) {
			end++;
		}
		if (ends_tag(text, end, &tag)) {
			*out = tag;
			last = end;
		}
		end += end < text.len && text.data[end] == '_';
	}
	return last > 0;
}

/* write_tag - false where the tag is unknown */
static bool
write_tag(const struct presentation *p, const struct tag *tag, struct dynbuf *out)
{
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (!slice_eq_str(tag->name, tags[i].name)) {
			continue;
		}
		if (tags[i].write != NULL) {
			tags[i].write(p, tag, out);
		} else {
			(void)dynbuf_add_str(out, tags[i].text);
		}
		return true;
	}
	for (size_t i = 0; i < sizeof(empty_tags) / sizeof(empty_tags[0]); i++) {
		if (slice_eq_str(tag->name, empty_tags[i])) {
			return true;
		}
	}
	return false;
}

void
template_expand(const struct presentation *p, struct slice text, struct dynbuf *out)
{
	while (text.len > 0) {
		size_t plain = slice_find_byte(text, '_');
		struct tag tag = {0};

		(void)dynbuf_add(out, slice_take(text, plain));
		text = slice_skip(text, plain);
		if (text.len == 0) {
			return;
		}
		if (!find_tag(text, &tag)) {
			tag.len = 1;
		}
		if (tag.len == 1 || !write_tag(p, &tag, out)) {
			(void)dynbuf_add(out, slice_take(text, tag.len));
		}
		text = slice_skip(text, tag.len);
	}
}

void
template_add_date(uint64_t now_s, struct dynbuf *out)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t now = (time_t)now_s;
	struct tm tm = {0};

	if (gmtime_r(&now, &tm) == NULL) {
		return;
	}
	(void)dynbuf_printf(out, "%s, %02d %s %d %02d:%02d:%02d +0000", days[tm.tm_wday],
		tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
		tm.tm_sec);
}

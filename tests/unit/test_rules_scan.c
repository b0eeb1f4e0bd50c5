/* Whole configurations with rules of one's own, and what they make of a message. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>

#include "common/base/attr.h"
#include "common/base/dynbuf.h"
#include "common/rules/rule_set.h"
#include "common/scan/scan.h"

#define NOREALNAME                                                             \
	"header TEST_NOREALNAME From =~ /^[\"\\s]*\\<?\\S+\\@\\S+\\>?\\s*$/\n" \
	"score TEST_NOREALNAME 10\n"
#define MESSAGE                                                \
	"Received: from a\n\tby b\n"                           \
	"From: \"Bob, B.\" <Bob@example.net>\n"                \
	"To: alice@example.org, Carol <carol@example.org>\r\n" \
	"Cc: dave@example.com\n"                               \
	"Subject: A long\n  subject (#1)\n"                    \
	"X-Two: one\nX-Two: two\n\nbody From: x@example.net\n"

static const struct {
	const char *label;
	const char *settings;
	const char *message;
	const char *hits; /* besides TRUST_UNKNOWN, in order */
	double score;
} rows[] = {
	{"the rule of the suite", NOREALNAME, "From: x@example.net\n\nb\n", "TEST_NOREALNAME",
		10},
	{"the rule of the suite, with a name", NOREALNAME, MESSAGE, "", 0},
	{"the score is 1", "header A Subject =~ /long subject/\n", MESSAGE, "A", 1},
	{"a test's is a hundredth", "header T_A Subject =~ /long/\n", MESSAGE, "T_A", 0.01},
	{"a nice one's is -1", "header A Subject =~ /long/\ntflags A nice\n", MESSAGE, "A", -1},
	{"more flags behind nice", "header A Subject =~ /long/\ntflags A net nice learn\n",
		MESSAGE, "A", -1},
	{"a score beats nice", "tflags A nice\nscore A 2\nheader A Subject =~ /l/\n", MESSAGE,
		"A", 2},
	{"0 switches off", "header A Subject =~ /l/\nscore A 0\nmeta B !A\n", MESSAGE, "B", 1},
	{"case", "header A subject =~ /LONG/\nheader B subject =~ /LONG/i\n", MESSAGE, "B", 1},
	{"not", "header A Subject !~ /short/\nheader B Subject !~ /long/\n", MESSAGE, "A", 1},
	{"exists", "header A exists:Cc\nheader B exists:Bcc\n", MESSAGE, "A", 1},
	{"a hash", "header A Subject =~ /\\(\\#1/\n", MESSAGE, "A", 1},
	{"addr", "header A From:addr =~ /^Bob@example\\.net$/\n", MESSAGE, "A", 1},
	{"name", "header A From:name =~ /^Bob, B\\.$/\n", MESSAGE, "A", 1},
	{"both recipients", "header A To:addr =~ /^carol@/m\nheader B To:name =~ /^Carol$/\n",
		MESSAGE, "A B", 2},
	{"ToCc", "header A ToCc =~ /dave/\nheader B ToCc =~ /alice/\n", MESSAGE, "A B", 2},
	{"raw keeps folds", "header A Subject:raw =~ /^ A long\\n  sub/\n", MESSAGE, "A", 1},
	{"a fold is one blank", "header A Subject =~ /^A long subject \\(/\n", MESSAGE, "A", 1},
	{"all of a name", "header A X-Two =~ /^one\\ntwo$/\n", MESSAGE, "A", 1},
	{"ALL", "header A ALL =~ /^Cc: dave/m\nheader B ALL =~ /^body/m\n", MESSAGE, "A", 1},
	{"ALL is unfolded", "header A ALL =~ /^Subject: A long subject \\(/m\n", MESSAGE, "A",
		1},
	{"ALL as it came", "header A ALL:raw =~ /^Subject: A long\\n  sub/m\n", MESSAGE, "A",
		1},
	{"encoded words",
		"header A Subject =~ /^caf\\xc3\\xa9$/\nheader B Subject:raw =~ /=\\?/\n",
		"Subject: =?iso-8859-1?Q?caf=E9?=\n\nb\n", "A B", 2},
	{"an encoded name", "header A From:name =~ /^caf\\xc3\\xa9$/\n",
		"From: =?utf-8?B?Y2Fmw6k=?= <b@example.net>\n\nb\n", "A", 1},
	{"an encoded name as it is", "header A From:name:raw =~ /=\\?utf-8/\n",
		"From: =?utf-8?B?Y2Fmw6k=?= <b@example.net>\n\nb\n", "A", 1},
	{"ids are no text", "header A References =~ /=\\?/\n",
		"References: =?utf-8?Q?a?=\n\nb\n", "A", 1},
	{"no CR is seen", "header A ALL =~ /\\r/\nheader B To =~ /\\r/\n", MESSAGE, "", 0},
	{"if-unset", "header A Bcc =~ /^none$/ [if-unset: none]\n", MESSAGE, "A", 1},
	{"unset is empty", "header A Bcc =~ /^$/\n", MESSAGE, "A", 1},
	{"hidden ones",
		"header __A Subject =~ /l/\nheader __B Bcc =~ /x/\n"
		"meta C __A && !__B\nscore __A 50\n",
		MESSAGE, "C", 1},
	{"a count",
		"header __A exists:To\nheader __B exists:Cc\nheader __C exists:Bcc\n"
		"meta M (__A + __B + __C) > 1\nmeta N (__A + __B + __C) > 2\n",
		MESSAGE, "M", 1},
	{"unknown rules count nothing", "meta A BAYES_99 || URIBL_X\n", MESSAGE, "", 0},
	{"their absence neither",
		"body B /x/\nheader C exists:To\nmeta A !BAYES_99\nmeta D C && !B\nmeta __E !B\n"
		"meta F C && __E\n",
		MESSAGE, "C", 1},
	{"but for what holds anyway",
		"header C exists:To\nheader D exists:Cc\nmeta A C || !B\nmeta E (B + C + D) > 1\n",
		MESSAGE, "A C D E", 4},
	{"what is switched off is known", "score B 0\nmeta A !B\n", MESSAGE, "A", 1},
	{"ours are known that did not hit", "meta A !TRUST_WELL\n", MESSAGE, "A", 1},
	{"ours are known", "meta A TRUST_UNKNOWN\n", MESSAGE, "A", 1},
	{"metas ask metas", "meta A B && C\nmeta B C\nheader C exists:To\n", MESSAGE, "A B C",
		3},
	{"a circle counts nothing", "meta A B\nmeta B A\nmeta C !A\n", MESSAGE, "C", 1},
	{"the last one counts", "header A exists:Bcc\nheader A exists:To\n", MESSAGE, "A", 1},
	{"a meta may replace", "header A exists:To\nmeta A 0\n", MESSAGE, "", 0},
	{"a limit", "header A ALL =~ /^(([a-z])+.)+[A-Z]([a-z])+$/\nheader B exists:To\n",
		"To: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n\nb\n",
		"B", 1},
	{"a limit with a not", "header A X =~ /^(a+)+$/\nheader B X !~ /^(a+)+$/\n",
		"X: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n\nb\n", "",
		0},
};

static struct settings *
load(const char *text, const char *label)
{
	struct settings_source source = {SETTINGS_SOURCE_TEXT, text, "row"};
	struct settings_load_options options = {.check = true};
	struct settings *s = NULL;
	struct err_msg msg = {0};

	cr_assert_eq(
		settings_load(&source, 1, &options, &s, &msg), 0, "%s: %s", label, msg.text);
	return s;
}

/* scan - names of what hit, less the tier's, and their score */
static double
scan(const struct settings *s, const char *message, struct dynbuf *hits)
{
	struct scan_request request = {.message = slice_str(message), .now_s = 1};
	struct scanner scanner = {0};
	struct arena arena;
	struct verdict v;
	double score = 0;

	arena_init(&arena, 1 << 22);
	cr_assert_eq(scan_message(&scanner, s, &request, &arena, &v), 0);
	for (size_t i = 0; i < v.rule_count; i++) {
		if (!slice_starts_with(v.rules[i].name, SLICE("TRUST_"))) {
			(void)dynbuf_add_str(hits, hits->len > 0 ? " " : "");
			(void)dynbuf_add(hits, v.rules[i].name);
		}
	}
	score = v.score;
	arena_fini(&arena);
	return score;
}

Test(rules_scan, rules_of_ones_own_hit_and_score)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct settings *s = load(rows[i].settings, rows[i].label);
		struct dynbuf hits;
		double score = 0;

		dynbuf_init(&hits, 4096);
		score = scan(s, rows[i].message, &hits);
		cr_expect_str_eq(dynbuf_cstr(&hits), rows[i].hits, "%s: %s", rows[i].label,
			dynbuf_cstr(&hits));
		cr_expect(fabs(score - rows[i].score) < 1e-9, "%s: %f", rows[i].label, score);
		dynbuf_fini(&hits);
		settings_free(s);
	}
}

Test(rules_scan, a_rule_that_runs_into_a_limit_is_told_of_once)
{
	struct settings *s = load("header SLOW X =~ /^(a+)+$/\n", "slow");
	const char *message = "X: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n\nb\n";
	struct slice name = {0};
	struct dynbuf hits;

	dynbuf_init(&hits, 4096);
	cr_expect_not(rule_set_take_fault(s->rule_set, &name));
	(void)scan(s, message, &hits);
	cr_expect(rule_set_take_fault(s->rule_set, &name));
	cr_expect(slice_eq(name, SLICE("SLOW")));
	(void)scan(s, message, &hits);
	cr_expect_not(rule_set_take_fault(s->rule_set, &name));
	cr_expect_not(rule_set_take_fault(NULL, &name));
	dynbuf_fini(&hits);
	settings_free(s);
}

static char said[1024];

static void
note(void *ctx, const struct cf_diagnostic *d)
{
	size_t len = strlen(said);

	(void)ctx;
	(void)snprintf(said + len, sizeof(said) - len, "%u %s\n", d->line, d->text);
}

Test(rules_scan, what_pcre_refuses_is_a_warning_with_its_words)
{
	struct settings_source source = {SETTINGS_SOURCE_TEXT,
		"header A From =~ /(x/\nheader B eval:check()\nheader C From =~ /a/\n"
		"header TRUST_WELL From =~ /a/\nbody D /x/\n",
		"row"};
	struct settings_load_options options = {.diagnose = note};
	struct settings *s = NULL;
	struct err_msg msg = {0};

	cr_assert_eq(settings_load(&source, 1, &options, &s, &msg), 0, "%s", msg.text);
	cr_expect_str_eq(said,
		"1 pattern not taken, at its byte 2: missing closing parenthesis\n"
		"4 header: the name belongs to a rule that is built in\n"
		"2 2 lines ignored, header first: there is no rule engine here\n");
	cr_expect_eq(rule_set_count(s->rule_set), 1);
	settings_free(s);
}

/* overlaid - count of rules of a user, and of the site afterwards */
static void
overlaid(const char *site, const char *user, size_t of_user, size_t of_site)
{
	struct settings *s = load(site, site);
	struct settings_load_options options = {0};
	const struct settings *mine = NULL;
	struct arena arena;

	arena_init(&arena, 1 << 20);
	cr_assert_eq(
		settings_overlay(s, SLICE("prefs"), slice_str(user), &options, &arena, &mine),
		0);
	cr_expect_eq(rule_set_count(mine->rule_set), of_user, "%s", user);
	cr_expect_eq(rule_set_count(s->rule_set), of_site, "%s", user);
	arena_fini(&arena);
	settings_free(s);
}

Test(rules_scan, users_have_rules_only_where_they_may)
{
	overlaid("header A exists:To\n", "header B exists:To\nmeta C A\n", 1, 1);
	overlaid("header A exists:To\nallow_user_rules 1\n", "header B exists:To\nmeta C A\n",
		3, 1);
	overlaid("allow_user_rules 1\n", "header B exists:To\n", 1, 0);
	overlaid("header A exists:To\n", "score A 3\n", 1, 1);
}

Test(rules_scan, rules_are_printed_so_that_they_give_themselves_again)
{
	struct settings *s =
		load("header A Subject =~ /\\#/i\nmeta B A + 1\ntflags A nice\n", "print");
	struct settings *again = NULL;
	struct dynbuf first;
	struct dynbuf second;

	dynbuf_init(&first, 1 << 20);
	dynbuf_init(&second, 1 << 20);
	cr_assert_eq(settings_print(s, &first), 0);
	cr_expect(slice_find(dynbuf_slice(&first),
			  SLICE("header A Subject =~ /\\#/i\nmeta B A + 1\ntflags A nice\n")) <
		  first.len);
	again = load(dynbuf_cstr(&first), "again");
	cr_assert_eq(settings_print(again, &second), 0);
	cr_expect_str_eq(dynbuf_cstr(&first), dynbuf_cstr(&second));
	dynbuf_fini(&first);
	dynbuf_fini(&second);
	settings_free(s);
	settings_free(again);
}

/* Chained scorers: question, answer, whom to ask, and what becomes of our verdict. */
#include <criterion/criterion.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/un.h>

#include "spamd-trust/upstream_fields.h"
#include "spamd-trust/upstream_merge.h"
#include "spamd-trust/upstream_targets.h"
#include "tests/support/mutate.h"

#define MESSAGE "Subject: lunch\n\nAt noon?\n"
#define OK      "SPAMD/1.1 0 EX_OK\r\n"
#define SPAM    "Spam: True ; 15.0 / 5.0\r\n"
#define TABLE                                       \
	" pts rule name              description\n" \
	"---- ---------------------- --------------------------------------------------\n"

static struct arena arena;
static struct upstream_client client;

/* begin - a question about the message */
static void
begin(enum upstream_kind kind, const char *user, const char *message, bool ends_line)
{
	struct upstream_request request = {
		.kind = kind,
		.user = slice_str(user),
		.message = slice_str(message),
		.tell = {.is_spam = true, .set_local = true, .set_remote = true},
		.ends_line = ends_line,
	};

	upstream_client_fini(&client);
	upstream_client_init(&client, &request);
}

static void
set_up(void)
{
	arena_init(&arena, 4 * 1024 * 1024);
	begin(UPSTREAM_REPORT, "bob", MESSAGE, false);
}

static void
tear_down(void)
{
	upstream_client_fini(&client);
	arena_fini(&arena);
}

TestSuite(spamd_upstream, .init = set_up, .fini = tear_down);

/* ask_for - the status at the end of these bytes */
static enum upstream_status
ask_for(enum upstream_kind kind, struct slice reply, size_t step)
{
	enum upstream_status status = UPSTREAM_NEED_MORE;

	begin(kind, "bob", MESSAGE, false);
	while (reply.len > 0 && status == UPSTREAM_NEED_MORE) {
		status = upstream_client_feed(&client, slice_take(reply, step));
		reply = slice_skip(reply, step);
	}
	if (status == UPSTREAM_DONE && reply.len > 0) {
		status = upstream_client_feed(&client, reply);
	}
	return status == UPSTREAM_NEED_MORE ? upstream_client_eof(&client) : status;
}

static enum upstream_status
ask(struct slice reply, size_t step)
{
	return ask_for(UPSTREAM_REPORT, reply, step);
}

/* sent - the whole question */
static char *
sent(void)
{
	struct dynbuf out;
	char *text = NULL;

	dynbuf_init(&out, 65536);
	while (upstream_client_output(&client).len > 0) {
		(void)dynbuf_add(&out, slice_take(upstream_client_output(&client), 5));
		upstream_client_sent(&client, upstream_client_output(&client).len < 5
						      ? upstream_client_output(&client).len
						      : 5);
	}
	text = arena_strdup(&arena, dynbuf_slice(&out));
	dynbuf_fini(&out);
	return text;
}

Test(spamd_upstream, asks_for_a_report_for_the_user)
{
	cr_assert_str_eq(
		sent(), "REPORT SPAMC/1.5\r\nUser: bob\r\nContent-length: 25\r\n\r\n" MESSAGE);
}

Test(spamd_upstream, leaves_out_a_user_that_would_break_the_header)
{
	static const char *const users[] = {"", "bob\r\nX: y", "bob\tx", "bob\x7f"};

	for (size_t i = 0; i < ARRAY_LEN(users); i++) {
		begin(UPSTREAM_REPORT, users[i], MESSAGE, false);
		cr_expect_str_eq(
			sent(), "REPORT SPAMC/1.5\r\nContent-length: 25\r\n\r\n" MESSAGE);
	}
}

Test(spamd_upstream, asks_for_the_fields_and_passes_reports_on)
{
	begin(UPSTREAM_HEADERS, "bob", MESSAGE, false);
	cr_expect_str_eq(
		sent(), "HEADERS SPAMC/1.5\r\nUser: bob\r\nContent-length: 25\r\n\r\n" MESSAGE);
	begin(UPSTREAM_TELL, "bob", MESSAGE, false);
	cr_expect_str_eq(sent(),
		"TELL SPAMC/1.5\r\nMessage-class: spam\r\nSet: local, remote\r\nUser: bob\r\n"
		"Content-length: 25\r\n\r\n" MESSAGE);
}

Test(spamd_upstream, ends_the_last_line_where_the_end_of_sending_cannot)
{
	begin(UPSTREAM_REPORT, "", "x", true);
	cr_expect_str_eq(sent(), "REPORT SPAMC/1.5\r\nContent-length: 2\r\n\r\nx\n");
	begin(UPSTREAM_REPORT, "", "", true);
	cr_expect_str_eq(sent(), "REPORT SPAMC/1.5\r\nContent-length: 1\r\n\r\n\n");
	begin(UPSTREAM_REPORT, "", "x\n", true);
	cr_expect_str_eq(sent(), "REPORT SPAMC/1.5\r\nContent-length: 2\r\n\r\nx\n");
}

/* What the answer to a TELL says was done: set local, set remote, removed local, removed remote. */
static const struct {
	const char *reply;
	const char *done;
} told[] = {
	{OK "\r\n\r\n", "----"},
	{OK "DidSet: local\r\n\r\n\r\n", "L---"},
	{OK "DidSet: local,remote\r\n\r\n\r\n", "LR--"},
	{OK "DidRemove: remote\r\n\r\n", "---r"},
	{OK "DidSet: remote\r\nDidRemove: local\r\n\r\n", "-Rl-"},
	{OK "DidSet: nothing\r\n\r\n", "----"},
};

Test(spamd_upstream, reads_what_a_tell_did)
{
	for (size_t i = 0; i < ARRAY_LEN(told); i++) {
		struct slice in = slice_str(told[i].reply);

		for (size_t step = 1; step <= in.len; step++) {
			struct spamd_told t;

			cr_assert_eq(ask_for(UPSTREAM_TELL, in, step), UPSTREAM_DONE, "%s",
				told[i].reply);
			t = upstream_client_told(&client);
			cr_expect_eq(t.set_local, told[i].done[0] == 'L', "%s", told[i].reply);
			cr_expect_eq(t.set_remote, told[i].done[1] == 'R', "%s", told[i].reply);
			cr_expect_eq(
				t.removed_local, told[i].done[2] == 'l', "%s", told[i].reply);
			cr_expect_eq(
				t.removed_remote, told[i].done[3] == 'r', "%s", told[i].reply);
		}
	}
}

Test(spamd_upstream, tells_a_refusal_from_a_broken_answer)
{
	cr_expect_eq(
		ask_for(UPSTREAM_TELL, SLICE("SPAMD/1.0 69 Service Unavailable: x\r\n"), 1),
		UPSTREAM_ERROR);
	cr_expect(upstream_client_is_refused(&client));
	cr_expect_str_eq(upstream_client_error(&client), "the answer is a refusal");
	cr_expect_eq(ask_for(UPSTREAM_TELL, SLICE("SPAMD/1.0 69 Serv"), 1), UPSTREAM_ERROR);
	cr_expect_not(upstream_client_is_refused(&client));
	cr_expect_eq(ask_for(UPSTREAM_TELL, SLICE(OK), 1), UPSTREAM_ERROR);
	cr_expect_not(upstream_client_is_refused(&client));
	cr_expect_eq(ask_for(UPSTREAM_TELL, SLICE("220 ready\r\n"), 1), UPSTREAM_ERROR);
	cr_expect_not(upstream_client_is_refused(&client));
}

static const struct {
	const char *label;
	const char *header;
	const char *fields;
} fields[] = {
	{"none", "From: alice@example.org\n\n", ""},
	{"some", "X-Spam-A: 1\nX-Spam-B: 2\nFrom: x\n\n", "X-Spam-A: 1\nX-Spam-B: 2\n"},
	{"folded", "X-Spam-A: 1\n\t2\n 3\nFrom: x\n\n", "X-Spam-A: 1\n\t2\n 3\n"},
	{"CRLF", "X-Spam-A: 1\r\n\t2\r\n\r\n", "X-Spam-A: 1\n\t2\n"},
	{"of a wrapper", "Received: x\nX-Spam-A: 1\nMIME-Version: 1.0\n\n", "X-Spam-A: 1\n"},
	{"body", "From: x\n\nX-Spam-A: 1\n", ""},
	{"verdicts",
		"X-Spam-Flag: YES\nX-SPAM-level: **\nX-Spam-Status: No,\n\tx\n"
		"X-Spam-Checker-Version: x\nX-Spam-Report: \n\t* 1 A\nX-Spam-A: 1\n\n",
		"X-Spam-A: 1\n"},
	{"trust and old ones", "X-Spam-Trust-Tier: x\nX-Spam-Prev-Subject: x\n\n", ""},
	{"ours", "X-Spam-Ours: theirs\nX-Spam-Hours: 1\n\n", "X-Spam-Hours: 1\n"},
	{"no name", "X-Spam-: 1\nX-Spam: 2\nX-Spammer: 3\n\n", ""},
	{"nothing in it", "X-Spam-A: \nX-Spam-B:\n\n", "X-Spam-A: \nX-Spam-B: \n"},
	{"begins below", "X-Spam-A:\n\tx\n\n", "X-Spam-A: \n\tx\n"},
	{"line of blanks", "X-Spam-A: 1\n \t \n 2\n\n", "X-Spam-A: 1\n 2\n"},
	{"control bytes", "X-Spam-A: 1\x01\r2\x7f\n\n", "X-Spam-A: 1  2 \n"},
	{"cut", "X-Spam-A: 1", "X-Spam-A: 1\n"},
};

/* read_fields - with a configuration that adds X-Spam-Ours */
static struct slice
read_fields(struct slice header)
{
	const struct settings_source source = {
		SETTINGS_SOURCE_TEXT, "add_header spam Ours x", "test"};
	const struct settings_load_options options = {0};
	struct settings *s = NULL;
	struct slice out = {0};

	cr_assert_eq(settings_load(&source, 1, &options, &s, NULL), 0);
	cr_assert_eq(upstream_fields_read(header, s, &arena, &out), 0);
	settings_free(s);
	return out;
}

Test(spamd_upstream, keeps_fields_that_say_nothing_of_ours)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct slice out = read_fields(slice_str(fields[i].header));

		cr_expect(slice_eq(out, slice_str(fields[i].fields)), "%s: %.*s",
			fields[i].label, SLICE_ARG(out));
	}
}

Test(spamd_upstream, keeps_fields_up_to_a_bound)
{
	struct dynbuf header;
	struct slice out = {0};

	dynbuf_init(&header, 4 * UPSTREAM_FIELDS_MAX_BYTES);
	for (size_t i = 0; dynbuf_slice(&header).len < 2 * UPSTREAM_FIELDS_MAX_BYTES; i++) {
		cr_assert_eq(dynbuf_printf(&header, "X-Spam-N%zu: %01000d\n", i, 0), 0);
	}
	out = read_fields(dynbuf_slice(&header));
	cr_expect_leq(out.len, UPSTREAM_FIELDS_MAX_BYTES);
	cr_expect_geq(out.len, UPSTREAM_FIELDS_MAX_BYTES - 1100);
	dynbuf_fini(&header);
}

static const struct {
	const char *label;
	const char *reply;
	double score;
} good[] = {
	{"as the original", OK "Content-length: 2\r\n" SPAM "\r\n\n\n", 15},
	{"other order", OK SPAM "Content-length: 0\r\n\r\n", 15},
	{"other case", OK "content-LENGTH: 0\r\nspam: True ; 15.0 / 5.0\r\n\r\n", 15},
	{"ham below zero", OK "Content-length: 0\r\nSpam: False ; -3.5 / 5.0\r\n\r\n", -3.5},
	{"minus nothing", OK "Content-length: 0\r\nSpam: No ; -0.0 / 5.0\r\n\r\n", 0},
	{"no blanks", OK "Content-length:0\r\nSpam:Yes;7/5\r\n\r\n", 7},
	{"bare line feeds", "SPAMD/1.1 0 EX_OK\nContent-length: 0\nSpam: True ; 8 / 5\n\n", 8},
	{"header of a later version", OK "X: y\r\nContent-length: 0\r\n" SPAM "\r\n", 15},
};

Test(spamd_upstream, takes_a_whole_answer_in_any_pieces)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct slice in = slice_str(good[i].reply);
		struct upstream_reply reply;

		for (size_t step = 1; step <= in.len; step++) {
			cr_assert_eq(ask(in, step), UPSTREAM_DONE, "%s: %s", good[i].label,
				upstream_client_error(&client));
			cr_assert_eq(upstream_client_reply(&client, &arena, &reply), 0);
			cr_assert_eq(reply.score, good[i].score, "%s", good[i].label);
			cr_assert_eq(reply.rule_count, 0);
			arena_reset(&arena);
		}
	}
}

Test(spamd_upstream, takes_no_cut_answer)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct slice in = slice_str(good[i].reply);

		for (size_t len = 0; len < in.len; len++) {
			cr_expect_eq(ask(slice_take(in, len), SIZE_MAX), UPSTREAM_ERROR,
				"%s: %zu bytes", good[i].label, len);
		}
	}
}

static const struct {
	const char *label;
	const char *reply;
} bad[] = {
	{"nothing", ""},
	{"another protocol", "220 mail.example.org ESMTP\r\n\r\n"},
	{"an error", "SPAMD/1.0 76 Bad header line: x\r\n\r\n"},
	{"a code that begins with 0", "SPAMD/1.1 01 X\r\nContent-length: 0\r\n" SPAM "\r\n"},
	{"no status line", "\r\n" OK "Content-length: 0\r\n" SPAM "\r\n"},
	{"no score", OK "Content-length: 0\r\n\r\n"},
	{"no length", OK SPAM "\r\n"},
	{"two scores", OK "Content-length: 0\r\n" SPAM SPAM "\r\n"},
	{"two lengths", OK "Content-length: 0\r\nContent-length: 0\r\n" SPAM "\r\n"},
	{"longer than announced", OK "Content-length: 0\r\n" SPAM "\r\nx"},
	{"length with a sign", OK "Content-length: +0\r\n" SPAM "\r\n"},
	{"length beyond the bound", OK "Content-length: 99999999\r\n" SPAM "\r\n"},
	{"score that is no number", OK "Content-length: 0\r\nSpam: True ; nan / 5.0\r\n\r\n"},
	{"endless score", OK "Content-length: 0\r\nSpam: True ; inf / 5.0\r\n\r\n"},
	{"score with an exponent", OK "Content-length: 0\r\nSpam: True ; 1e3 / 5.0\r\n\r\n"},
	{"score out of range", OK "Content-length: 0\r\nSpam: True ; 100001 / 5.0\r\n\r\n"},
	{"threshold no number", OK "Content-length: 0\r\nSpam: True ; 1 / nan\r\n\r\n"},
	{"no threshold", OK "Content-length: 0\r\nSpam: True ; 1\r\n\r\n"},
	{"stroke first", OK "Content-length: 0\r\nSpam: True / 1 ; 5\r\n\r\n"},
	{"word unknown", OK "Content-length: 0\r\nSpam: Maybe ; 1 / 5\r\n\r\n"},
	{"header without colon", OK "Content-length: 0\r\n" SPAM "junk\r\n\r\n"},
	{"header without name", OK "Content-length: 0\r\n" SPAM ": junk\r\n\r\n"},
};

Test(spamd_upstream, takes_no_answer_that_is_not_well_formed)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		cr_expect_eq(ask(slice_str(bad[i].reply), SIZE_MAX), UPSTREAM_ERROR, "%s",
			bad[i].label);
		cr_expect_eq(
			ask(slice_str(bad[i].reply), 1), UPSTREAM_ERROR, "%s", bad[i].label);
		cr_expect_str_neq(upstream_client_error(&client), "", "%s", bad[i].label);
	}
}

/* expect_sane - an answer or none, never an error without a reason */
static void
expect_sane(struct slice variant)
{
	enum upstream_status status = ask(variant, SIZE_MAX);
	struct upstream_reply reply;

	if (status == UPSTREAM_DONE) {
		cr_expect_eq(upstream_client_reply(&client, &arena, &reply), 0);
		cr_expect_leq(reply.score, UPSTREAM_SCORE_MAX);
		arena_reset(&arena);
	} else {
		cr_expect_eq(status, UPSTREAM_ERROR);
		cr_expect_str_neq(upstream_client_error(&client), "");
	}
}

Test(spamd_upstream, survives_any_damaged_byte)
{
	mutate_bytes(SLICE(OK "Content-length: 2\r\n" SPAM "\r\n\n\n"), expect_sane);
}

Test(spamd_upstream, stops_reading_a_head_without_end)
{
	size_t fed = 0;

	while (upstream_client_feed(&client, SLICE("SPAMD/1.1 0 EX_OK ")) != UPSTREAM_ERROR) {
		fed += 18;
		cr_assert_leq(fed, UPSTREAM_HEAD_MAX_BYTES);
	}
	cr_assert_str_eq(upstream_client_error(&client), "the answer has no end");
}

/* read_rules - from a report, as one line of NAME=score|description[evidence] each */
static const char *
read_rules(const char *report)
{
	const char *head = arena_printf(
		&arena, OK "Content-length: %zu\r\n" SPAM "\r\n%s", strlen(report), report);
	struct upstream_reply reply;
	struct dynbuf out;
	const char *text = NULL;

	cr_assert_eq(ask(slice_str(head), SIZE_MAX), UPSTREAM_DONE);
	cr_assert_eq(upstream_client_reply(&client, &arena, &reply), 0);
	dynbuf_init(&out, 65536);
	for (size_t i = 0; i < reply.rule_count; i++) {
		const struct rule_hit *rule = &reply.rules[i];

		(void)dynbuf_printf(&out, "%.*s=%.1f|%.*s", SLICE_ARG(rule->name), rule->score,
			SLICE_ARG(rule->describe));
		for (size_t n = 0; n < rule->evidence_count; n++) {
			(void)dynbuf_printf(&out, "[%.*s]", SLICE_ARG(rule->evidence[n]));
		}
		(void)dynbuf_add_byte(&out, '\n');
	}
	text = arena_strdup(&arena, dynbuf_slice(&out));
	dynbuf_fini(&out);
	return text;
}

static const struct {
	const char *label;
	const char *report;
	const char *rules;
} reports[] = {
	{"no template", "(no report template found)\n\n", ""},
	{"no rules", TABLE "\n\n", ""},
	{"two rules",
		TABLE " 2.2 T_ONE                  Food\n"
		      "-0.5 T_TWO                  BODY: Noon\n\n\n",
		"T_ONE=2.2|Food\nT_TWO=-0.5|BODY: Noon\n"},
	{"whole points",
		TABLE "  15 T_ONE                  Food\n -12 T_TWO a\n-100 T_THREE b\n",
		"T_ONE=15.0|Food\nT_TWO=-12.0|a\nT_THREE=-100.0|b\n"},
	{"wrapped description",
		TABLE " 2.2 T_ONE                  Food\n"
		      "                            and drink\n"
		      " 1.0 T_TWO                  Noon\n",
		"T_ONE=2.2|Food and drink\nT_TWO=1.0|Noon\n"},
	{"evidence",
		TABLE " 2.2 T_ONE                  Food\n"
		      "                            [score: 0.5]\n"
		      "                            [of 1]\n",
		"T_ONE=2.2|Food[score: 0.5][of 1]\n"},
	{"carriage returns", TABLE " 2.2 T_ONE                  Food\r\n\r\n",
		"T_ONE=2.2|Food\n"},
	{"preview that quotes a table",
		TABLE " 9.9 T_FORGED               x\n\n" TABLE " 2.2 T_ONE   Food\n",
		"T_ONE=2.2|Food\n"},
	{"text behind the table", TABLE " 2.2 T_ONE   Food\n\n 9.9 T_FORGED x\n",
		"T_ONE=2.2|Food\n"},
	{"points too narrow", TABLE "2.2 T_ONE   Food\n", ""},
	{"points no number", TABLE " nan T_ONE   Food\n", ""},
	{"name with a comma", TABLE " 2.2 T,ONE   Food\n", ""},
	{"description before a row", TABLE "                            Food\n", ""},
};

Test(spamd_upstream, reads_the_rules_of_a_report)
{
	for (size_t i = 0; i < ARRAY_LEN(reports); i++) {
		cr_expect_str_eq(read_rules(reports[i].report), reports[i].rules, "%s",
			reports[i].label);
	}
}

/* merged - names of the rules, bytewise, after our verdict and an answer came together */
static const char *
merged(const struct settings *s, const struct upstream_reply *reply, struct verdict *v)
{
	const struct rule_hit **sorted = NULL;
	const char *text = "";

	cr_assert_eq(upstream_merge(s, reply, v), 0);
	sorted = verdict_sorted(v, &arena);
	for (size_t i = 0; i < v->rule_count; i++) {
		text = arena_printf(&arena, "%s%s%.*s", text, i == 0 ? "" : ",",
			SLICE_ARG(sorted[i]->name));
	}
	return text;
}

static struct verdict
ours(double score)
{
	struct verdict v;
	struct rule_hit hit = {.name = SLICE("TRUST_UNKNOWN"), .score = score};

	verdict_init(&v, 5, &arena);
	cr_assert_eq(verdict_add(&v, &hit), 0);
	verdict_finish(&v);
	return v;
}

Test(spamd_upstream, adds_score_and_rules_and_decides_by_our_threshold)
{
	struct rule_hit rules[] = {
		{.name = SLICE("T_TWO"), .score = 1.3},
		{.name = SLICE("T_ONE"), .score = 2.6},
	};
	struct upstream_reply reply = {
		.score = 4, .required = 3, .rules = rules, .rule_count = ARRAY_LEN(rules)};
	struct verdict v = ours(0.5);
	struct settings *s = NULL;

	cr_assert_eq(settings_new(&s), 0);
	cr_assert_str_eq(merged(s, &reply, &v), "TRUST_UNKNOWN,T_ONE,T_TWO");
	cr_assert_eq(v.score, 4.5);
	cr_assert_eq(v.required, 5);
	cr_assert_not(v.is_spam);
	v = ours(1);
	(void)merged(s, &reply, &v);
	cr_assert(v.is_spam);
	settings_free(s);
}

Test(spamd_upstream, counts_a_rule_that_both_found_once)
{
	struct rule_hit rules[] = {
		{.name = SLICE("TRUST_UNKNOWN"), .score = 6.5},
		{.name = SLICE("T_ONE"), .score = 2},
	};
	struct upstream_reply reply = {
		.score = 8.5, .required = 5, .rules = rules, .rule_count = ARRAY_LEN(rules)};
	struct verdict v = ours(1);
	struct settings *s = NULL;

	cr_assert_eq(settings_new(&s), 0);
	cr_assert_str_eq(merged(s, &reply, &v), "TRUST_UNKNOWN,T_ONE");
	cr_assert_eq(v.score, 3);
	settings_free(s);
}

Test(spamd_upstream, says_by_a_rule_that_nobody_answered)
{
	struct verdict v = ours(6.5);
	struct settings *s = NULL;

	cr_assert_eq(settings_new(&s), 0);
	cr_assert_str_eq(merged(s, NULL, &v), "TRUST_NO_UPSTREAM,TRUST_UNKNOWN");
	cr_assert_eq(v.score, 6.5);
	cr_assert(v.is_spam);
	settings_free(s);
}

Test(spamd_upstream, keeps_the_score_where_there_are_too_many_rules)
{
	struct rule_hit rules[VERDICT_RULES_MAX];
	struct upstream_reply reply = {
		.score = 7, .required = 5, .rules = rules, .rule_count = VERDICT_RULES_MAX};
	struct verdict v = ours(0);
	struct settings *s = NULL;

	for (size_t i = 0; i < VERDICT_RULES_MAX; i++) {
		rules[i] = (struct rule_hit){
			.name = slice_str(arena_printf(&arena, "T_%zu", i)), .score = 0.1};
	}
	cr_assert_eq(settings_new(&s), 0);
	cr_assert_eq(upstream_merge(s, &reply, &v), 0);
	cr_assert_eq(v.rule_count, VERDICT_RULES_MAX);
	cr_assert_eq(v.score, 7);
	settings_free(s);
}

static int
parse_one(const char *value, struct upstream_targets *out)
{
	struct slice item = slice_str(value);
	struct strlist list = {.items = &item, .count = 1};
	struct err_msg msg = {0};
	int code = upstream_targets_parse(&list, out, &msg);

	cr_expect(code == 0 || strstr(msg.text, "expected") != NULL, "%s: %s", value, msg.text);
	return code;
}

Test(spamd_upstream, reads_addresses_and_no_names)
{
	static const char *const wrong[] = {"", "783", ":783", "127.0.0.1",
		"127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x",
		"mail.example.org:783", "::1:783", "[::1]", "ssl:", "ssl:127.0.0.1",
		"ssl:mail.example.org:783", "ssl:/run/spamd.sock"};
	struct upstream_targets t;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		cr_expect_eq(parse_one(wrong[i], &t), ERR_INVALID, "%s", wrong[i]);
	}
	cr_assert_eq(parse_one("localhost:783", &t), 0);
	cr_assert_eq(t.items[0].address.ss_family, AF_INET);
	cr_assert_eq(((struct sockaddr_in *)&t.items[0].address)->sin_port, htons(783));
	cr_assert_eq(((struct sockaddr_in *)&t.items[0].address)->sin_addr.s_addr,
		htonl(INADDR_LOOPBACK));
	cr_assert_eq(parse_one("[2001:db8::1]:7830", &t), 0);
	cr_assert_eq(t.items[0].address.ss_family, AF_INET6);
	cr_assert_eq(((struct sockaddr_in6 *)&t.items[0].address)->sin6_port, htons(7830));
	cr_assert_eq(parse_one("/run/spamd.sock", &t), 0);
	cr_assert_eq(t.items[0].address.ss_family, AF_UNIX);
	cr_assert_str_eq(
		((struct sockaddr_un *)&t.items[0].address)->sun_path, "/run/spamd.sock");
	cr_assert_eq(t.count, 1);
	cr_assert_not(upstream_targets_want_tls(&t));
	cr_assert_eq(parse_one("ssl:127.0.0.1:783", &t), 0);
	cr_assert_eq(t.items[0].address.ss_family, AF_INET);
	cr_assert_eq(parse_one("SSL:[2001:db8::1]:783", &t), 0);
	cr_assert_eq(t.items[0].address.ss_family, AF_INET6);
	cr_assert(upstream_targets_want_tls(&t));
}

Test(spamd_upstream, leaves_alone_who_fails_and_comes_back_to_him)
{
	struct upstream_health h = {0};
	uint64_t now_ms = 1000;

	cr_assert_not(upstream_health_failed(&h, now_ms));
	cr_assert_not(upstream_health_failed(&h, now_ms));
	cr_assert(upstream_health_is_due(&h, now_ms));
	cr_assert(upstream_health_failed(&h, now_ms));
	cr_assert_not(upstream_health_is_due(&h, now_ms + UPSTREAM_PAUSE_FIRST_MS - 1));
	cr_assert_not(upstream_health_failed(&h, now_ms), "under way when it was given up");
	now_ms += UPSTREAM_PAUSE_FIRST_MS;
	cr_assert(upstream_health_is_due(&h, now_ms));
	cr_assert(upstream_health_failed(&h, now_ms));
	cr_assert_not(upstream_health_is_due(&h, now_ms + 2 * UPSTREAM_PAUSE_FIRST_MS - 1));
	for (int i = 0; i < 100; i++) {
		now_ms = h.rests_until_ms;
		cr_assert(upstream_health_failed(&h, now_ms));
	}
	cr_assert_eq(h.rests_until_ms, now_ms + UPSTREAM_PAUSE_MAX_MS);
	upstream_health_answered(&h);
	cr_assert(upstream_health_is_due(&h, now_ms));
	cr_assert_not(upstream_health_failed(&h, now_ms));
}

#include <criterion/criterion.h>

#include <stdio.h>

#include "common/mail/message_split.h"
#include "spamd-trust/logline.h"

static struct dynbuf line;
static struct arena arena;

static void
setup(void)
{
	dynbuf_init(&line, 4096);
	arena_init(&arena, 1 << 20);
}

static void
teardown(void)
{
	dynbuf_fini(&line);
	arena_fini(&arena);
}

TestSuite(spamd_logline, .init = setup, .fini = teardown);

static const struct logline_peer loopback = {
	.host = {(const uint8_t *)"localhost", 9},
	.address = {(const uint8_t *)"127.0.0.1", 9},
	.port = 40000,
	.local_port = 783,
	.fd = 5,
};

static const struct logline_peer local = {
	.socket_path = {(const uint8_t *)"/run/spamd.sock", 15},
};

static struct logline_subject
subject(void)
{
	return (struct logline_subject){
		.user = SLICE("bob"),
		.uid = 65534,
		.ids = {.message_id = SLICE("<1@example.org>")},
		.elapsed_ms = 1260,
		.size_bytes = 381,
	};
}

#define assert_line(text) cr_assert_str_eq(dynbuf_cstr(&line), text)

Test(spamd_logline, connections)
{
	struct logline_peer tls = loopback;

	logline_connection(&line, &loopback);
	assert_line("spamd: connection from localhost [127.0.0.1]:40000 to port 783, fd 5");
	tls.tls = SLICE("TLSv1_3/TLS_AES_256_GCM_SHA384");
	logline_connection(&line, &tls);
	assert_line("spamd: connection from localhost [127.0.0.1]:40000 to port 783, fd 5, "
		    "TLSv1_3/TLS_AES_256_GCM_SHA384");
	logline_connection(&line, &local);
	assert_line("spamd: got connection over /run/spamd.sock");
	logline_unauthorized(&line, &loopback);
	assert_line("spamd: unauthorized connection from localhost [127.0.0.1]:40000 "
		    "to port 783, fd 5");
}

Test(spamd_logline, requests)
{
	struct logline_subject s = subject();

	logline_checking(&line, SPAMD_HEADERS, &s);
	assert_line("spamd: checking message <1@example.org> for bob:65534");
	s.ids.resent_message_id = SLICE("<2@example.org>");
	logline_checking(&line, SPAMD_PROCESS, &s);
	assert_line(
		"spamd: processing message <1@example.org> aka <2@example.org> for bob:65534");
	s.ids = (struct logline_ids){0};
	s.user = SLICE("");
	logline_checking(&line, SPAMD_CHECK, &s);
	assert_line("spamd: checking message (unknown) for (unknown):65534");
	logline_skipped(&line, &s);
	assert_line("spamd: skipped large message in 1.3 seconds");
	logline_warning(&line, SLICE("bad protocol: header error: a\\b\xff\n\t.\r\n"));
	assert_line("spamd: bad protocol: header error: a\\\\b\\x{FF}\\n\\t.");
}

Test(spamd_logline, verdicts)
{
	struct logline_subject s = subject();
	struct verdict v = {.score = 15, .required = 5, .is_spam = true};

	logline_verdict(&line, &s, &v);
	assert_line(
		"spamd: identified spam (15.0/5.0) for bob:65534 in 1.3 seconds, 381 bytes.");
	v = (struct verdict){.score = 4.96, .required = 5};
	logline_verdict(&line, &s, &v);
	assert_line("spamd: clean message (4.9/5.0) for bob:65534 in 1.3 seconds, 381 bytes.");
}

static const struct {
	double score;
	const char *text;
} cut[] = {
	{15, "Y 15 - "},
	{4.96, ".  4 - "},
	{-3.5, ". -3 - "},
	{-0.04, ".  0 - "},
	{-12.5, ". -12 - "},
	{1000, "Y 1000 - "},
};

Test(spamd_logline, results_cut_the_score_toward_zero)
{
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		struct logline_subject s = subject();
		struct verdict v = {.score = cut[i].score,
			.required = 5,
			.is_spam = cut[i].score >= 5,
			.autolearn = SLICE("disabled")};
		char expected[64];

		(void)snprintf(
			expected, sizeof(expected), "spamd: result: %s scantime=", cut[i].text);
		logline_result(&line, &s, &v, NULL, &loopback);
		cr_assert(slice_starts_with(dynbuf_slice(&line), slice_str(expected)), "%s",
			dynbuf_cstr(&line));
	}
}

Test(spamd_logline, results_hold_all_fields_in_order)
{
	struct rule_hit hits[] = {{.name = SLICE("A")}, {.name = SLICE("B")}};
	const struct rule_hit *sorted[] = {&hits[0], &hits[1]};
	struct logline_subject s = subject();
	struct verdict v = {.score = -3.5,
		.required = 5,
		.rules = hits,
		.rule_count = 2,
		.autolearn = SLICE("no autolearn_force=no")};

	s.ids.message_id = SLICE("<a,b@example.org>");
	s.ids.resent_message_id = SLICE("<2@example.org>");
	logline_result(&line, &s, &v, sorted, &loopback);
	assert_line(
		"spamd: result: . -3 - A,B scantime=1.3,size=381,user=bob,uid=65534,"
		"required_score=5.0,rhost=localhost,raddr=127.0.0.1,rport=40000,"
		"mid=<a_b@example.org>,rmid=<2@example.org>,autolearn=no autolearn_force=no");
	s.ids = (struct logline_ids){0};
	v.rule_count = 0;
	logline_result(&line, &s, &v, sorted, &local);
	assert_line("spamd: result: . -3 -  scantime=1.3,size=381,user=bob,uid=65534,"
		    "required_score=5.0,rhost=localhost,raddr=127.0.0.1,rport=/run/spamd.sock,"
		    "mid=(unknown),autolearn=no autolearn_force=no");
}

static const struct {
	struct spamd_told told;
	const char *text;
} tells[] = {
	{{0}, "Did nothing"},
	{{.set_local = true}, "Setting local"},
	{{.set_local = true, .set_remote = true}, "Setting local,remote"},
	{{.removed_local = true}, "Removing local"},
	{{.set_local = true, .set_remote = true, .removed_local = true},
		"Setting local,remote  Removing local"},
	{{.set_remote = true, .removed_remote = true}, "Setting remote  Removing remote"},
};

Test(spamd_logline, tells)
{
	for (size_t i = 0; i < sizeof(tells) / sizeof(tells[0]); i++) {
		struct logline_subject s = subject();
		char expected[128];

		(void)snprintf(expected, sizeof(expected),
			"spamd: Tell: %s for bob:65534 in 1.3 seconds, 381 bytes",
			tells[i].text);
		logline_tell(&line, &s, &tells[i].told);
		assert_line(expected);
	}
}

static const struct {
	const char *label;
	const char *field;
	const char *id;
} ids[] = {
	{"plain", "<1@example.org>", "<1@example.org>"},
	{"without brackets", "1@example.org", "<1@example.org>"},
	{"blanks around", " \t<1@example.org> \r\n ", "<1@example.org>"},
	{"text around", "see <1@example.org> there", "<1@example.org>"},
	{"comment", "(a <x> comment) <1@example.org>", "<1@example.org>"},
	{"nested comments", "((a)(b(c))) <1@example.org>", "<1@example.org>"},
	{"lone parentheses", ")a(<1@example.org>", "<1@example.org>"},
	{"blanks inside", "<a,b \t c@example.org>", "<a,b?c@example.org>"},
	{"8-bit and control", "<\x01\xc3\xa9@example.org>", "<???@example.org>"},
	{"dangling bracket", "<a<b@example.org>", "<a?b@example.org>"},
	{"no end", "<a@example.org", "<?a@example.org>"},
	{"empty brackets", "<>", ""},
	{"empty", "", ""},
	{"only a comment", "(x)", ""},
};

Test(spamd_logline, message_ids_are_made_fit_for_a_log)
{
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		char message[256];
		struct logline_ids got;

		(void)snprintf(message, sizeof(message),
			"message-id: old\nMessage-ID: %s\nX: y\n\nMessage-Id: <body@example.org>\n",
			ids[i].field);
		got = logline_message_ids(message_split(slice_str(message)).header, &arena);
		cr_assert(slice_eq(got.message_id, slice_str(ids[i].id)), "%s: %.*s",
			ids[i].label, SLICE_ARG(got.message_id));
		cr_assert_eq(got.resent_message_id.len, 0);
	}
}

Test(spamd_logline, a_hostile_message_id_costs_linear_time)
{
	struct dynbuf message;

	dynbuf_init(&message, 1 << 20);
	dynbuf_add_str(&message, "Resent-Message-Id: ");
	for (int i = 0; i < 100000; i++) {
		dynbuf_add_str(&message, i % 2 == 0 ? "()" : "((");
	}
	dynbuf_add_str(&message, "\n\n");
	cr_assert_gt(logline_message_ids(message_split(dynbuf_slice(&message)).header, &arena)
			     .resent_message_id.len,
		2);
	dynbuf_fini(&message);
}

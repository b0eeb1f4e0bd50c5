#include <criterion/criterion.h>

#include <stdio.h>

#include "common/base/rng.h"
#include "common/conf/settings.h"
#include "common/mail/message_split.h"
#include "spamd-trust/markup.h"

static struct dynbuf out;
static struct arena arena;
static struct strpair fields[] = {
	{{(const uint8_t *)"Flag", 4}, {(const uint8_t *)"_YESNOCAPS_", 11}},
	{{(const uint8_t *)"Trust-Tier", 10}, {(const uint8_t *)"_TRUSTTIER_", 11}},
	{{(const uint8_t *)"Trust-Path", 10}, {(const uint8_t *)"_TRUSTPATH_", 11}},
};
static struct slice report_lines[] = {{(const uint8_t *)"report", 6}};
static struct slice unsafe_lines[] = {{(const uint8_t *)"unsafe", 6}};
static struct settings settings;
static struct verdict verdict;
static struct presentation p;

static void
setup(void)
{
	dynbuf_init(&out, 1 << 20);
	arena_init(&arena, 1 << 20);
	settings = (struct settings){
		.headers_ham = {.items = fields, .count = 3},
		.headers_spam = {.items = fields, .count = 3},
		.fold_headers = true,
		.report_wrap_width = 75,
		.report_template = {.items = report_lines, .count = 1},
		.unsafe_report_template = {.items = unsafe_lines, .count = 1},
	};
	verdict = (struct verdict){.score = 7, .required = 5, .is_spam = true};
	p = (struct presentation){
		.settings = &settings,
		.verdict = &verdict,
		.hostname = SLICE("mx.example.org"),
		.now_s = 0x6B0429DA,
		.random = 0x428BA3B2,
		.arena = &arena,
	};
}

static void
teardown(void)
{
	dynbuf_fini(&out);
	arena_fini(&arena);
}

TestSuite(spamd_markup, .init = setup, .fini = teardown);

/* write_marked - all of it, with the end of the message that is not copied */
static void
write_marked(void)
{
	struct slice rest = {0};

	markup_write(&p, &out, &rest);
	(void)dynbuf_add(&out, rest);
}

static const char *
marked(const char *message)
{
	dynbuf_reset(&out);
	p.message = slice_str(message);
	write_marked();
	cr_assert_eq(dynbuf_error(&out), 0);
	return dynbuf_cstr(&out);
}

#define FLAG "X-Spam-Flag: YES\n"

static const struct {
	const char *label;
	const char *in;
	const char *out;
} rows[] = {
	{"fields in front", "A: b\n\nbody\n", FLAG "A: b\n\nbody\n"},
	{"crlf", "A: b\r\n\r\nbody\r\n", "X-Spam-Flag: YES\r\nA: b\r\n\r\nbody\r\n"},
	{"the body keeps its line ends", "A: b\r\n\r\none\ntwo\r\n",
		"X-Spam-Flag: YES\r\nA: b\r\n\r\none\ntwo\r\n"},
	{"a lone LF in a CRLF header gets its CR", "A: b\nB: c\r\n\r\nx\r\n",
		"X-Spam-Flag: YES\r\nA: b\r\nB: c\r\n\r\nx\r\n"},
	{"a CRLF in an LF header stays", "A: b\nB: c\r\nC: d\n\nx\n",
		FLAG "A: b\nB: c\r\nC: d\n\nx\n"},
	{"mbox line on top", "From bob\nA: b\n\nx\n", "From bob\n" FLAG "A: b\n\nx\n"},
	{"return-path on top", "Return-Path:\n <b@example.org>\nA: b\n\nx\n",
		"Return-Path:\n <b@example.org>\n" FLAG "A: b\n\nx\n"},
	{"a later return-path stays", "A: b\nReturn-Path: <b>\n\nx\n",
		FLAG "A: b\nReturn-Path: <b>\n\nx\n"},
	{"old markup goes", "X-Spam-Flag: NO\nA: b\nx-spam-report: \n\t* 1\n\t* 2\nB: c\n\nx\n",
		FLAG "A: b\nB: c\n\nx\n"},
	{"X-Spam and X-Spam-Prev stay", "X-Spam: x\nX-Spam-Prev-To: y\n\nx\n",
		FLAG "X-Spam: x\nX-Spam-Prev-To: y\n\nx\n"},
	{"markup in the body stays", "A: b\n\nX-Spam-Flag: NO\n",
		FLAG "A: b\n\nX-Spam-Flag: NO\n"},
	{"a last line of blanks ends the header", "A: b\n \n", FLAG "A: b\n \n"},
	{"but goes with old markup", "A: b\nX-Spam-Flag: NO\n \n", FLAG "A: b\n"},
	{"the line that breaks off a CRLF header gets its CR", "A: b\r\n--x\ny\n",
		"X-Spam-Flag: YES\r\nA: b\r\n--x\r\ny\n"},
	{"no header", "\nbody\n", FLAG "\nbody\n"},
	{"no body", "A: b", FLAG "A: b"},
	{"a boundary ends the header without an empty line", "A: b\n--x\n\ny\n",
		FLAG "A: b\n--x\n\ny\n"},
	{"a return-path without line end", "Return-Path: <>", "Return-Path: <>\n" FLAG},
	{"an mbox line without line end", "From bob", "From bob\n" FLAG},
	{"empty", "", FLAG},
};

Test(spamd_markup, fields_are_added_in_place)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_str_eq(marked(rows[i].in), rows[i].out, "%s: %s", rows[i].label,
			dynbuf_cstr(&out));
	}
}

static const struct {
	const char *label;
	const char *in;
	const char *out;
} rewrites[] = {
	{"each field, and its old form", "From: a@example.org\nSubject:  hello\n\nx\n",
		FLAG "From: (7.0) a@example.org\nSubject: [SPAM] hello\n"
		     "X-Spam-Prev-From: a@example.org\nX-Spam-Prev-Subject:  hello\n\nx\n"},
	{"not twice", "subject: [spam] hello\n\nx\n",
		FLAG "subject: [SPAM] hello\nX-Spam-Prev-subject: [spam] hello\n\nx\n"},
	{"only the first line is kept", "Subject: a\n b\n\nx\n",
		FLAG "Subject: [SPAM] a\n b\nX-Spam-Prev-Subject: a\n\nx\n"},
	{"no subject", "From: a@example.org\n\nx\n",
		FLAG "From: (7.0) a@example.org\nSubject: [SPAM] \n"
		     "X-Spam-Prev-Subject: (nonexistent)\n"
		     "X-Spam-Prev-Subject: (nonexistent)\n\nx\n"},
	{"a header without its last line end", "Subject: a",
		FLAG "Subject: [SPAM] a\nX-Spam-Prev-Subject: a"},
};

Test(spamd_markup, rewrite_header_changes_fields_of_spam)
{
	settings.rewrite_subject = SLICE("[SPAM]");
	settings.rewrite_from = SLICE("_SCORE_");
	for (size_t i = 0; i < sizeof(rewrites) / sizeof(rewrites[0]); i++) {
		cr_expect_str_eq(marked(rewrites[i].in), rewrites[i].out, "%s: %s",
			rewrites[i].label, dynbuf_cstr(&out));
	}
	verdict.is_spam = false;
	cr_expect_str_eq(marked("Subject: a\n\nx\n"), "X-Spam-Flag: NO\nSubject: a\n\nx\n");
	cr_expect_str_eq(marked("To: a\n\nx\n"), "X-Spam-Flag: NO\nTo: a\nSubject: \n\nx\n",
		"as the original does for ham");
}

Test(spamd_markup, trust_fields_come_with_a_trust_verdict)
{
	verdict.has_trust = true;
	verdict.tier = TIER_KNOWN;
	cr_expect_str_eq(marked("A: b\n\nx\n"), FLAG "X-Spam-Trust-Tier: known\nA: b\n\nx\n",
		"no path, no field");
	verdict.path = SLICE("bob");
	cr_expect_str_eq(marked("A: b\n\nx\n"),
		FLAG "X-Spam-Trust-Tier: known\nX-Spam-Trust-Path: bob\nA: b\n\nx\n");
}

Test(spamd_markup, a_tag_cannot_smuggle_a_field_in)
{
	verdict.has_trust = true;
	verdict.path = SLICE("bob\r\nBcc: carol@example.org\r\n\r\nbody");
	marked("A: b\n\nx\n");
	cr_assert_eq(slice_find(dynbuf_slice(&out), SLICE("\nBcc:")), dynbuf_slice(&out).len);
	cr_assert_eq(slice_find(dynbuf_slice(&out), SLICE("\n\nbody")), dynbuf_slice(&out).len);
}

Test(spamd_markup, headers_are_cut_after_the_first_empty_line)
{
	p.message = SLICE("A: b\r\n\r\none\r\n\r\ntwo\r\n");
	markup_write_headers(&p, &out);
	cr_assert_str_eq(dynbuf_cstr(&out), "X-Spam-Flag: YES\r\nA: b\r\n\r\n");
	dynbuf_reset(&out);
	p.message = SLICE("A: b");
	markup_write_headers(&p, &out);
	cr_assert_str_eq(dynbuf_cstr(&out), "X-Spam-Flag: YES\nA: b");
}

#define WRAPPED(headers, more, disposition, original)                                        \
	"Received: from localhost by mx.example.org\n\twith SpamAssassin (version 4.0.1);\n" \
	"\tMon, 23 Nov 2026 11:56:10 +0000\n" headers FLAG "MIME-Version: 1.0\n"             \
	"Content-Type: multipart/mixed; boundary=\"----------=_6B0429DA.428BA3B2\"\n\n"      \
	"This is a multi-part message in MIME format.\n\n"                                   \
	"------------=_6B0429DA.428BA3B2\n"                                                  \
	"Content-Type: text/plain; charset=UTF-8\n"                                          \
	"Content-Disposition: inline\nContent-Transfer-Encoding: 8bit\n\n"                   \
	"report\n\n" more "\n\n"                                                             \
	"------------=_6B0429DA.428BA3B2\n"                                                  \
	"Content-Type: message/rfc822; x-spam-type=original\n"                               \
	"Content-Description: original message before SpamAssassin\n"                        \
	"Content-Disposition: " disposition "\nContent-Transfer-Encoding: 8bit\n\n" original \
	"\n------------=_6B0429DA.428BA3B2--\n\n"

Test(spamd_markup, spam_is_wrapped_with_its_report)
{
	settings.report_safe = 1;
	cr_expect_str_eq(marked("From: a\nX: y\n\nbody\n"),
		WRAPPED("From: a\n", "", "inline", "From: a\nX: y\n\nbody\n"));
	cr_expect_str_eq(marked("Content-Type: text/html\n\n<p>\n"),
		WRAPPED("", "unsafe\n", "attachment", "Content-Type: text/html\n\n<p>\n"));
	settings.rewrite_subject = SLICE("[SPAM]");
	settings.rewrite_from = SLICE("x");
	cr_expect_str_eq(marked("From: a\nSubject: old\nSubject: new\n\nbody\n"),
		WRAPPED("From: a\t(x)\nSubject: [SPAM] new\n", "", "inline",
			"From: a\nSubject: old\nSubject: new\n\nbody\n"));
}

Test(spamd_markup, wrappers_copy_configured_fields)
{
	struct slice names[] = {
		SLICE("List-Id"), SLICE("Received"), SLICE("from"), SLICE("list-id")};

	settings.report_safe = 2;
	settings.report_safe_copy_headers = (struct strlist){.items = names, .count = 4};
	marked("Received: one\nFrom: a\nreceived: two\nlist-id: l\nList-Id: m\n\nx\n");
	cr_assert(slice_find(dynbuf_slice(&out),
			  SLICE("+0000\nReceived: one\nReceived: two\nFrom: a\n" FLAG
				"List-Id: l\nList-Id: m\nMIME-Version: 1.0\n")) <
			  dynbuf_slice(&out).len,
		"%s", dynbuf_cstr(&out));
	cr_assert(
		slice_find(dynbuf_slice(&out), SLICE("Content-Type: text/plain; x-spam-type")) <
		dynbuf_slice(&out).len);
}

Test(spamd_markup, the_boundary_is_not_in_the_message)
{
	settings.report_safe = 1;
	marked("A: b\n\n------------=_6B0429DA.428BA3B2--\n");
	cr_assert(slice_find(dynbuf_slice(&out),
			  SLICE("boundary=\"----------=_6B0429DA.428BA3B3\"")) <
		  dynbuf_slice(&out).len);
}

Test(spamd_markup, a_reply_beyond_its_bound_fails_as_a_whole)
{
	dynbuf_fini(&out);
	dynbuf_init(&out, 40);
	p.message = SLICE("A: b\nSubject: what does not fit into that\n\nbody\n");
	write_marked();
	cr_assert_neq(dynbuf_error(&out), 0);
}

Test(spamd_markup, a_body_is_not_copied_unless_it_is_wrapped)
{
	struct slice rest = {0};

	p.message = SLICE("A: b\n\nbody\n");
	settings.report_safe = 1;
	verdict.is_spam = false;
	markup_write(&p, &out, &rest);
	cr_assert(slice_eq(rest, SLICE("body\n")));
	cr_assert_eq(rest.data, p.message.data + 6);
	verdict.is_spam = true;
	markup_write(&p, &out, &rest);
	cr_assert_eq(rest.len, 0);
}

/* random_message - of lines that markup cares about, with one kind of line end */
static struct slice
random_message(const struct rng *rng, struct dynbuf *b)
{
	static const char *const lines[] = {"A: b", "Subject: hello", " folded", "stray", "--x",
		"From: bob@example.org", "X-Spam-Flag: NO", "x-spam-level: *", "\tx",
		"From bob", "Return-Path: <>", "", "", "To:", "X-Spam-Prev-To: a", "\xff\xfe",
		".", "a: \xc3\xbc"};
	const char *eol = rng_below(rng, 2) == 0 ? "\n" : "\r\n";
	uint64_t count = rng_below(rng, 14);

	dynbuf_reset(b);
	for (uint64_t i = 0; i < count; i++) {
		dynbuf_add_str(b, lines[rng_below(rng, sizeof(lines) / sizeof(lines[0]))]);
		dynbuf_add_byte(b, rng_below(rng, 20) == 0 ? '\0' : 'x');
		dynbuf_add_str(b, rng_below(rng, 30) == 0 && i + 1 == count ? "" : eol);
		if (rng_below(rng, 4) == 0) {
			dynbuf_add_str(b, eol);
		}
	}
	return dynbuf_slice(b);
}

/* unmarked - independent of the code under test: header lines less X-Spam fields, then the rest */
static struct slice
unmarked(struct slice message, size_t header_len, struct dynbuf *b)
{
	struct slice rest = slice_take(message, header_len);
	bool dropping = false;

	dynbuf_reset(b);
	while (rest.len > 0) {
		struct slice line = slice_take(rest, slice_find_byte(rest, '\n') + 1);

		if (line.data[0] != ' ' && line.data[0] != '\t') {
			dropping = slice_starts_with_nocase(line, SLICE("X-Spam-")) &&
				   !slice_starts_with_nocase(line, SLICE("X-Spam-Prev-"));
		}
		if (!dropping) {
			dynbuf_add(b, line);
		}
		rest = slice_skip(rest, line.len);
	}
	dynbuf_add(b, slice_skip(message, header_len));
	return dynbuf_slice(b);
}

Test(spamd_markup, markup_removed_gives_the_message_back)
{
	struct rng_seeded_state state;
	uint64_t seed = 20261123;
	struct rng rng = rng_seeded(&state, seed);
	struct dynbuf message;
	struct dynbuf want;
	struct dynbuf got;

	dynbuf_init(&message, 4096);
	dynbuf_init(&want, 4096);
	dynbuf_init(&got, 4096);
	verdict.is_spam = false;
	for (int i = 0; i < 20000; i++) {
		struct message_split split;

		p.message = random_message(&rng, &message);
		split = message_split(p.message);
		if (split.separator.len == 0 && !slice_ends_with(p.message, SLICE("\n"))) {
			/* A header without its last line end gets one where more follows. */
			continue;
		}
		if (split.header.len > 0 && ascii_is_wsp(split.header.data[0])) {
			/* Continues the last added field then, as in the original. */
			continue;
		}
		dynbuf_reset(&out);
		write_marked();
		unmarked(p.message, split.mbox_line.len + split.header.len, &want);
		split = message_split(dynbuf_slice(&out));
		unmarked(dynbuf_slice(&out), split.mbox_line.len + split.header.len, &got);
		cr_assert(slice_eq(dynbuf_slice(&want), dynbuf_slice(&got)),
			"seed %lu, message %d: [%s] became [%s]", seed, i,
			dynbuf_cstr(&message), dynbuf_cstr(&out));
	}
	dynbuf_fini(&message);
	dynbuf_fini(&want);
	dynbuf_fini(&got);
}

Test(spamd_markup, a_wrapped_message_is_whole)
{
	struct rng_seeded_state state;
	uint64_t seed = 20261124;
	struct rng rng = rng_seeded(&state, seed);
	struct dynbuf message;

	dynbuf_init(&message, 4096);
	settings.report_safe = 1;
	for (int i = 0; i < 5000; i++) {
		struct message_split split;

		p.message = random_message(&rng, &message);
		split = message_split(p.message);
		dynbuf_reset(&out);
		write_marked();
		cr_assert(slice_find(dynbuf_slice(&out),
				  slice_skip(p.message, split.mbox_line.len)) <
				  dynbuf_slice(&out).len,
			"seed %lu, message %d: [%s]", seed, i, dynbuf_cstr(&message));
	}
	dynbuf_fini(&message);
}

#include <criterion/criterion.h>

#include <stdlib.h>

#include "common/base/log.h"
#include "spamd-trust/spamd_proto.h"

/* The trace of a run: one word per event, then the reply. */
struct run {
	struct spamd_proto proto;
	struct dynbuf trace;
	uint64_t now_ms;
};

static const struct verdict ham = {.score = -3.5, .required = 5.0};

static void
note_event(struct run *r)
{
	const struct spamd_event *event = spamd_proto_event(&r->proto);
	char text[256];

	(void)log_escape(event->text, text, sizeof(text));
	switch (event->kind) {
	case SPAMD_EVENT_USER:
		dynbuf_printf(&r->trace, "user(%s) ", text);
		return;
	case SPAMD_EVENT_NOTE:
		dynbuf_printf(&r->trace, "note(%s) ", text);
		return;
	case SPAMD_EVENT_CHECKING:
		dynbuf_printf(&r->trace, "checking ");
		return;
	case SPAMD_EVENT_SKIP:
		dynbuf_printf(&r->trace, "skip ");
		return;
	case SPAMD_EVENT_ERROR:
		dynbuf_printf(&r->trace, "error(%s) ", text);
		return;
	case SPAMD_EVENT_REQUEST:
		break;
	}
	(void)log_escape(event->request->message, text, sizeof(text));
	dynbuf_printf(&r->trace, "%s[%s]%zu ", spamd_command_name(event->request->command),
		text, event->request->size_bytes);
	if (event->request->command == SPAMD_TELL) {
		const struct spamd_tell *tell = &event->request->tell;
		struct spamd_told told = {tell->set_local, tell->set_remote, tell->remove_local,
			tell->remove_remote};

		dynbuf_printf(&r->trace, "%s ", tell->is_spam ? "spam" : "ham");
		spamd_proto_reply_tell(&r->proto, &told);
		return;
	}
	if (event->request->command != SPAMD_CHECK) {
		dynbuf_add_str(spamd_proto_reply_body(&r->proto), "BODY");
	}
	spamd_proto_reply_verdict(&r->proto, &ham);
}

static enum spamd_status
drain(struct run *r, enum spamd_status status)
{
	while (status == SPAMD_EVENT) {
		note_event(r);
		status = spamd_proto_next(&r->proto, r->now_ms);
	}
	return status;
}

static void
run_begin(struct run *r, const struct spamd_limits *limits)
{
	r->now_ms = 1000;
	dynbuf_init(&r->trace, 1 << 20);
	spamd_proto_init(&r->proto, limits, r->now_ms);
}

static const char *
run_end(struct run *r)
{
	char text[4096];

	dynbuf_printf(&r->trace, "> %s",
		log_escape(spamd_proto_output(&r->proto), text, sizeof(text)));
	return dynbuf_cstr(&r->trace);
}

static void
run_free(struct run *r)
{
	dynbuf_fini(&r->trace);
	spamd_proto_fini(&r->proto);
}

/* Feeds everything in pieces of `step` bytes, alternating between both ways of input. */
static enum spamd_status
run_feed(struct run *r, struct slice in, size_t step)
{
	enum spamd_status status = SPAMD_NEED_MORE;
	bool by_copy = true;

	while (in.len > 0 && spamd_proto_wants_input(&r->proto)) {
		struct slice piece = slice_take(in, step);
		size_t room = 0;

		if (by_copy) {
			status = spamd_proto_feed(&r->proto, piece, r->now_ms);
		} else {
			uint8_t *to = spamd_proto_reserve(&r->proto, &room);

			cr_assert_not_null(to);
			cr_assert_gt(room, 0);
			piece = slice_take(piece, room);
			memcpy(to, piece.data, piece.len);
			status = spamd_proto_commit(&r->proto, piece.len, r->now_ms);
		}
		by_copy = !by_copy;
		in = slice_skip(in, piece.len);
		status = drain(r, status);
	}
	return status;
}

static const struct spamd_limits small = {
	.command_line_max = 64,
	.header_block_max = 256,
	.body_max = 100,
	.reply_max = 4096,
	.timeout_command_s = 30,
	.timeout_request_s = 300,
	.allow_tell = true,
};

/* With the bytes of `in`, then the end of the stream, in any pieces: this trace. */
struct proto_row {
	const char *label;
	struct slice in;
	const char *trace;
};

#define IN(text)                                           \
	{                                                  \
		(const uint8_t *)(text), sizeof(text) - 1, \
	}
#define E76    "> SPAMD/1.0 76 Bad header line: "
#define OK_HAM "> SPAMD/1.1 0 EX_OK\\r\\nSpam: False ; -3.5 / 5.0\\r\\n"
#define CRLF   "\\r\\n"
#define BAD    "error(bad protocol: header error: "

static const struct proto_row rows[] = {
	{"check", IN("CHECK SPAMC/1.5\r\nUser: bob\r\nContent-length: 2\r\n\r\nx\n"),
		"user(bob) checking CHECK[x\\n]2 " OK_HAM CRLF},
	{"to the end without length", IN("CHECK SPAMC/1.5\r\n\r\na\nb"),
		"checking CHECK[a\\nb]3 " OK_HAM CRLF},
	{"1.0 has no header block", IN("CHECK SPAMC/1.0\r\nUser: bob\r\n\r\nx\n"),
		"checking CHECK[User: bob\\r\\n\\r\\nx\\n]15 " OK_HAM CRLF},
	{"empty message", IN("CHECK SPAMC/1.5\r\n\r\n"), "checking CHECK[\\n]0 " OK_HAM CRLF},
	{"length 0", IN("CHECK SPAMC/1.5\r\nContent-length: 0\r\n\r\n"),
		"checking CHECK[\\n]0 " OK_HAM CRLF},
	{"bytes after the length", IN("CHECK SPAMC/1.5\r\nContent-length: 2\r\n\r\nx\nmore\n"),
		"checking CHECK[x\\n]2 " OK_HAM CRLF},
	{"length inside a line", IN("CHECK SPAMC/1.5\r\nContent-length: 2\r\n\r\nabc\nd\n"),
		"checking " BAD "(Content-Length mismatch: Expected 2 bytes, got 4 bytes)) " E76
		"(Content-Length mismatch: Expected 2 bytes, got 4 bytes)" CRLF},
	{"length too large", IN("CHECK SPAMC/1.5\r\nContent-length: 009\r\n\r\nabc\n"),
		"checking " BAD
		"(Content-Length mismatch: Expected 009 bytes, got 4 bytes)) " E76
		"(Content-Length mismatch: Expected 009 bytes, got 4 bytes)" CRLF},
	{"length beyond all numbers",
		IN("CHECK SPAMC/1.5\r\nContent-length: 99999999999999999999\r\n\r\nabc\n"),
		"checking " BAD
		"(Content-Length mismatch: Expected 99999999999999999999 bytes, got 4 bytes)) " E76
		"(Content-Length mismatch: Expected 99999999999999999999 bytes, got 4 bytes)" CRLF},
	{"empty length", IN("CHECK SPAMC/1.5\r\nContent-length:\r\n\r\nabc\nd\n"),
		"checking " BAD "(Content-Length mismatch: Expected  bytes, got 4 bytes)) " E76
		"(Content-Length mismatch: Expected  bytes, got 4 bytes)" CRLF},
	{"the last length wins",
		IN("CHECK SPAMC/1.5\r\nContent-length: 9\r\nContent-length: 2\r\n\r\nx\n"),
		"checking CHECK[x\\n]2 " OK_HAM CRLF},
	{"length in lower case is ignored",
		IN("CHECK SPAMC/1.5\r\ncontent-length: 2\r\n\r\nx\ny\n"),
		"checking CHECK[x\\ny\\n]4 " OK_HAM CRLF},
	{"length line ends in LF", IN("CHECK SPAMC/1.5\r\nContent-length: 2\n\r\nx\n"),
		"checking CHECK[x\\n]2 " OK_HAM CRLF},
	{"length with a blank behind", IN("CHECK SPAMC/1.5\r\nContent-length: 2 \r\n\r\nx\n"),
		BAD "(Content-Length contains non-numeric bytes)) " E76
		    "(Content-Length contains non-numeric bytes)" CRLF},
	{"each user in turn", IN("CHECK SPAMC/1.5\r\nUser: bob\r\nUser:  carol\n\r\nx\n"),
		"user(bob) user(carol) checking CHECK[x\\n]2 " OK_HAM CRLF},
	{"8-bit and DEL in the user", IN("CHECK SPAMC/1.5\r\nUser: \xC3\xA9\x7F\r\n\r\nx\n"),
		"user(\\x{C3}\\x{A9}\\x{7F}) checking CHECK[x\\n]2 " OK_HAM CRLF},
	{"control byte in the user", IN("CHECK SPAMC/1.5\r\nUser: a\tb\r\n\r\nx\n"),
		BAD "(User header contains control chars)) " E76
		    "(User header contains control chars)" CRLF},
	{"NUL in an unknown header", IN("CHECK SPAMC/1.5\r\nX\0: \0\r\n\r\nx\n"),
		"checking CHECK[x\\n]2 " OK_HAM CRLF},
	{"no colon", IN("CHECK SPAMC/1.5\r\nUser bob\r\n\r\nx\n"),
		BAD "(header not in 'Name: value' format)) " E76
		    "(header not in 'Name: value' format)" CRLF},
	{"a lone LF is no end of the headers", IN("CHECK SPAMC/1.5\r\n\nx\n"),
		BAD "(header not in 'Name: value' format)) " E76
		    "(header not in 'Name: value' format)" CRLF},
	{"end in a header line", IN("CHECK SPAMC/1.5\r\nUser: bob"),
		"user(bob) " BAD "(EOF during headers)) " E76 "(EOF during headers)" CRLF},
	{"unknown command comes back", IN("FOO\0 SPAMC/1.5\r\n\r\n"),
		BAD "FOO\\x{00} SPAMC/1.5) " E76 "FOO\\x{00} SPAMC/1.5" CRLF},
	{"nothing at all", IN(""),
		BAD "(closed before headers)) " E76 "(closed before headers)" CRLF},
	{"ping below 1.5", IN("PING SPAMC/1.2"), "> SPAMD/1.5 0 PONG" CRLF},
	{"ping from 1.5", IN("PING SPAMC/1.5\r\n\r\n"), "> SPAMD/1.5 0 PONG" CRLF},
	{"ping without its empty line", IN("PING SPAMC/1.5\r\n"),
		BAD "(EOF during headers)) " E76 "(EOF during headers)" CRLF},
	{"skip", IN("SKIP SPAMC/1.2\r\nrest"), "skip > "},
	{"skip with headers", IN("SKIP SPAMC/1.5\r\nUser: bob\r\n\r\n"), "skip user(bob) > "},
	{"process", IN("PROCESS SPAMC/1.5\r\n\r\nx\n"),
		"checking PROCESS[x\\n]2 > SPAMD/1.1 0 EX_OK" CRLF "Content-length: 4" CRLF
		"Spam: False ; -3.5 / 5.0" CRLF CRLF "BODY"},
	{"process 1.2", IN("PROCESS SPAMC/1.2\r\n\r\nx\n"),
		"checking PROCESS[x\\n]2 > SPAMD/1.1 0 EX_OK" CRLF "Content-length: 4" CRLF CRLF
		"BODY"},
	{"process 1.1", IN("PROCESS SPAMC/1.1\r\n\r\nx\n"),
		"checking PROCESS[x\\n]2 > SPAMD/1.0 0 EX_OK" CRLF "BODY"},
	{"headers 1.3", IN("HEADERS SPAMC/1.3\r\n\r\nx\n"),
		"checking HEADERS[x\\n]2 > SPAMD/1.1 0 EX_OK" CRLF "Content-length: 4" CRLF
		"Spam: False ; -3.5 / 5.0" CRLF CRLF "BODY"},
	{"report 1.2 as Exim reads it", IN("REPORT SPAMC/1.2\r\n\r\nx\n"),
		"checking REPORT[x\\n]2 " OK_HAM CRLF "BODY"},
	{"report if spam says No", IN("REPORT_IFSPAM SPAMC/1.2\r\n\r\nx\n"),
		"checking REPORT_IFSPAM[x\\n]2 > SPAMD/1.1 0 EX_OK" CRLF
		"Spam: No ; -3.5 / 5.0" CRLF CRLF "BODY"},
	{"symbols 1.2 end in CRLF", IN("SYMBOLS SPAMC/1.2\r\n\r\nx\n"),
		"checking SYMBOLS[x\\n]2 " OK_HAM CRLF "BODY" CRLF},
	{"symbols of no version end in none", IN("SYMBOLS SPAMC/nan\r\nx\n"),
		"checking SYMBOLS[x\\n]2 " OK_HAM CRLF "BODY"},
	{"tell", IN("TELL SPAMC/1.0\r\nMessage-class: spam\r\nSet: LOCAL,remote\r\n\r\nx\n"),
		"TELL[x\\n]2 spam > SPAMD/1.1 0 EX_OK" CRLF
		"DidSet: local,remote" CRLF CRLF CRLF},
	{"tell nothing", IN("TELL SPAMC/1.5\r\nMessage-class: Spam\r\n\r\nx\n"),
		"TELL[x\\n]2 ham > SPAMD/1.1 0 EX_OK" CRLF CRLF CRLF},
	{"tell forget", IN("TELL SPAMC/1.5\r\nSet: remote\r\nRemove: local\r\n\r\nx\n"),
		"TELL[x\\n]2 ham > SPAMD/1.1 0 EX_OK" CRLF "DidSet: remote" CRLF
		"DidRemove: local" CRLF CRLF CRLF},
	{"tell both ways", IN("TELL SPAMC/1.5\r\nSet: local\r\nRemove: local\r\n\r\nx\n"),
		BAD "Unable to set local and remove local in the same operation.) " E76
		    "Unable to set local and remove local in the same operation." CRLF},
	{"tell with a wrong length is not logged as checking",
		IN("TELL SPAMC/1.5\r\nContent-length: 1\r\n\r\nxy\n"),
		BAD "(Content-Length mismatch: Expected 1 bytes, got 3 bytes)) " E76
		    "(Content-Length mismatch: Expected 1 bytes, got 3 bytes)" CRLF},
	{"unknown compression, NUL kept", IN("CHECK SPAMC/1.5\r\nCompress: g\0z\r\n\r\nx\n"),
		BAD "(compression type not supported: g\\x{00}z)) " E76
		    "(compression type not supported: g\\x{00}z)" CRLF},
	{"compression without length", IN("CHECK SPAMC/1.5\r\nCompress: zlib\r\n\r\nx\n"),
		"error(service unavailable: Compress requires Content-length header) "
		"> SPAMD/1.0 69 Service Unavailable: Compress requires Content-length header" CRLF},
	{"zlib: text, its last line end added, empty lines lost",
		IN("CHECK SPAMC/1.5\r\nCompress: ZLIB\r\nContent-length: 14\r\n\r\n"
		   "\x78\x9c\x4b\xe4\x4a\xe2\xe2\xe2\x02\x00\x04\x42\x00\xec"),
		"checking CHECK[a\\nb\\n]6 " OK_HAM CRLF},
	{"zlib: too short",
		IN("CHECK SPAMC/1.5\r\nCompress: zlib\r\nContent-length: 13\r\n\r\n"
		   "\x78\x9c\x4b\xe4\x4a\xe2\xe2\xe2\x02\x00\x04\x42\x00\xec"),
		"note(zlib read 14 > expected_length 13) "
		"error(service unavailable: zlib: failed to find end of zlib stream\\n) "
		"> SPAMD/1.0 69 Service Unavailable: zlib: failed to find end of zlib stream\\n" CRLF},
	{"zlib: not zlib",
		IN("CHECK SPAMC/1.5\r\nCompress: zlib\r\nContent-length: 4\r\n\r\nabcd"),
		"error(service unavailable: zlib: failed to find end of zlib stream\\n) "
		"> SPAMD/1.0 69 Service Unavailable: zlib: failed to find end of zlib stream\\n" CRLF},
	{"bound: command line",
		IN("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx CHECK"),
		BAD "(command line longer than 64 bytes)) " E76
		    "(command line longer than 64 bytes)" CRLF},
};

Test(spamd_proto, answers_the_same_however_the_bytes_come)
{
	static const size_t steps[] = {SIZE_MAX, 1, 2, 3, 7, 16, 31};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t j = 0; j < sizeof(steps) / sizeof(steps[0]); j++) {
			struct run r;

			run_begin(&r, &small);
			(void)run_feed(&r, rows[i].in, steps[j]);
			cr_assert_eq(drain(&r, spamd_proto_eof(&r.proto, r.now_ms)), SPAMD_DONE,
				"%s", rows[i].label);
			cr_assert_str_eq(run_end(&r), rows[i].trace, "%s, %zu bytes at a time",
				rows[i].label, steps[j]);
			run_free(&r);
		}
	}
}

Test(spamd_proto, every_cut_of_a_request_ends_in_a_reply)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t len = 0; len < rows[i].in.len; len++) {
			struct run r;

			run_begin(&r, &small);
			(void)run_feed(&r, slice_take(rows[i].in, len), SIZE_MAX);
			cr_assert_eq(drain(&r, spamd_proto_eof(&r.proto, r.now_ms)), SPAMD_DONE,
				"%s cut at %zu", rows[i].label, len);
			run_free(&r);
		}
	}
}

/* repeat - `count` times one byte, after `head`, for requests beyond bounds */
static struct slice
request_of(struct dynbuf *b, const char *head, const char *line, size_t count)
{
	dynbuf_init(b, 1 << 20);
	dynbuf_add_str(b, head);
	for (size_t i = 0; i < count; i++) {
		dynbuf_add_str(b, line);
	}
	return dynbuf_slice(b);
}

static void
assert_refused(struct slice request, const struct spamd_limits *limits, const char *text)
{
	static const size_t steps[] = {SIZE_MAX, 1, 64};

	for (size_t j = 0; j < sizeof(steps) / sizeof(steps[0]); j++) {
		struct run r;
		struct slice expected = slice_str(text);

		run_begin(&r, limits);
		cr_assert_eq(run_feed(&r, request, steps[j]), SPAMD_DONE, "%s", text);
		cr_assert(slice_find(spamd_proto_output(&r.proto), expected) <
				  spamd_proto_output(&r.proto).len,
			"%s, got %s", text, run_end(&r));
		run_free(&r);
	}
}

Test(spamd_proto, bounds_are_answered_with_76)
{
	struct dynbuf b;

	assert_refused(request_of(&b, "", "C", 65), &small,
		"76 Bad header line: (command line longer than 64 bytes)");
	dynbuf_fini(&b);
	assert_refused(request_of(&b, "CHECK SPAMC/1.5\r\n", "X", 257), &small,
		"76 Bad header line: (headers longer than 256 bytes)");
	dynbuf_fini(&b);
	assert_refused(request_of(&b, "CHECK SPAMC/1.5\r\n", "X: y\r\n", 43), &small,
		"76 Bad header line: (headers longer than 256 bytes)");
	dynbuf_fini(&b);
	assert_refused(request_of(&b, "CHECK SPAMC/1.5\r\n\r\n", "x", 101), &small,
		"76 Bad header line: (message longer than 100 bytes)");
	dynbuf_fini(&b);
	assert_refused(request_of(&b, "CHECK SPAMC/1.5\r\nContent-length: 3\r\n\r\n", "x", 101),
		&small, "76 Bad header line: (message longer than 100 bytes)");
	dynbuf_fini(&b);
	assert_refused(request_of(&b, "CHECK SPAMC/1.5\r\n", "X: y\r\n", 256),
		&spamd_limits_default, "76 Bad header line: (too many headers)");
	dynbuf_fini(&b);
}

Test(spamd_proto, takes_255_headers)
{
	struct dynbuf b;
	struct run r;

	request_of(&b, "PING SPAMC/1.5\r\n", "X: y\r\n", 255);
	dynbuf_add_str(&b, "\r\n");
	run_begin(&r, &spamd_limits_default);
	cr_assert_eq(run_feed(&r, dynbuf_slice(&b), SIZE_MAX), SPAMD_DONE);
	cr_assert_str_eq(run_end(&r), "> SPAMD/1.5 0 PONG" CRLF);
	run_free(&r);
	dynbuf_fini(&b);
}

Test(spamd_proto, a_zlib_bomb_stops_at_the_bound)
{
	static const size_t plain_len = 1 << 20;
	uint8_t *plain = calloc(1, plain_len);
	uint8_t packed[4096];
	uLongf packed_len = sizeof(packed);
	struct dynbuf b;
	struct run r;

	cr_assert_eq(compress(packed, &packed_len, plain, plain_len), Z_OK);
	dynbuf_init(&b, 1 << 16);
	dynbuf_printf(&b, "CHECK SPAMC/1.5\r\nCompress: zlib\r\nContent-length: %lu\r\n\r\n",
		packed_len);
	dynbuf_add(&b, slice_of(packed, packed_len));
	run_begin(&r, &small);
	r.proto.limits.body_max = 8192;
	cr_assert_eq(run_feed(&r, dynbuf_slice(&b), SIZE_MAX), SPAMD_DONE);
	cr_assert_str_eq(run_end(&r), BAD "(message longer than 8192 bytes)) " E76
					  "(message longer than 8192 bytes)" CRLF);
	run_free(&r);
	dynbuf_fini(&b);
	free(plain);
}

Test(spamd_proto, tell_is_refused_before_its_message_unless_allowed)
{
	struct spamd_limits limits = small;
	struct run r;

	limits.allow_tell = false;
	run_begin(&r, &limits);
	cr_assert_eq(
		run_feed(&r, SLICE("TELL SPAMC/1.5\r\nSet: local\r\n\r\n"), 1), SPAMD_DONE);
	cr_assert_str_eq(run_end(&r),
		"error(service unavailable: TELL commands are not enabled, "
		"set the --allow-tell switch.) "
		"> SPAMD/1.0 69 Service Unavailable: TELL commands are not enabled, "
		"set the --allow-tell switch." CRLF);
	run_free(&r);
}

/* What the deadlines bring, in virtual time. */
static const struct {
	const char *label;
	const char *in;
	uint64_t at_ms; /* the deadline, the run beginning at 1000 */
	const char *trace;
} late[] = {
	{"silent client", "", 31000,
		"error(timeout: (30 second socket timeout reading input from client)) "
		"> SPAMD/1.0 79 Timeout: (30 second socket timeout reading input from client)" CRLF},
	{"in the command line", "CHECK SPA", 31000,
		"error(timeout: (30 second socket timeout reading input from client)) "
		"> SPAMD/1.0 79 Timeout: (30 second socket timeout reading input from client)" CRLF},
	{"in the headers", "REPORT SPAMC/1.5\r\nUser: bob\r\n", 301000,
		"user(bob) error(timeout: (300 second timeout while trying to REPORT)) "
		"> SPAMD/1.0 79 Timeout: (300 second timeout while trying to REPORT)" CRLF},
	{"in the message", "CHECK SPAMC/1.5\r\nContent-length: 5\r\n\r\nabc\n", 301000,
		"error(timeout: (300 second timeout while trying to CHECK)) "
		"> SPAMD/1.0 79 Timeout: (300 second timeout while trying to CHECK)" CRLF},
	{"in a compressed message",
		"CHECK SPAMC/1.5\r\nCompress: zlib\r\nContent-length: 5\r\n\r\nx", 301000,
		"error(service unavailable: zlib: child processing timeout\\n) "
		"> SPAMD/1.0 69 Service Unavailable: zlib: child processing timeout\\n" CRLF},
	{"exact length without a final newline",
		"CHECK SPAMC/1.5\r\nContent-length: 3\r\n\r\nabc", 1000 + SPAMD_SETTLE_MS,
		"checking CHECK[abc]3 " OK_HAM CRLF},
	{"length 0 on an open connection", "CHECK SPAMC/1.5\r\nContent-length: 0\r\n\r\n",
		1000 + SPAMD_SETTLE_MS, "checking CHECK[\\n]0 " OK_HAM CRLF},
	{"length in another spelling that agrees",
		"CHECK SPAMC/1.5\r\nContent-Length: 4\r\n\r\nabc\n", 1000 + SPAMD_SETTLE_MS,
		"checking CHECK[abc\\n]4 " OK_HAM CRLF},
};

Test(spamd_proto, deadlines_decide_what_the_stream_does_not)
{
	for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++) {
		struct run r;
		uint64_t at_ms = 0;

		run_begin(&r, &small);
		cr_assert_eq(run_feed(&r, slice_str(late[i].in), 1), SPAMD_NEED_MORE);
		cr_assert(spamd_proto_deadline(&r.proto, &at_ms), "%s", late[i].label);
		cr_assert_eq(at_ms, late[i].at_ms, "%s: %lu", late[i].label, at_ms);
		cr_assert_eq(spamd_proto_timeout(&r.proto, at_ms - 1), SPAMD_NEED_MORE,
			"%s: early", late[i].label);
		r.now_ms = at_ms;
		cr_assert_eq(drain(&r, spamd_proto_timeout(&r.proto, at_ms)), SPAMD_DONE, "%s",
			late[i].label);
		cr_assert_str_eq(run_end(&r), late[i].trace, "%s", late[i].label);
		cr_assert_not(spamd_proto_deadline(&r.proto, &at_ms), "%s", late[i].label);
		run_free(&r);
	}
}

Test(spamd_proto, the_time_of_a_request_starts_with_its_command_line)
{
	struct run r;
	uint64_t at_ms = 0;

	run_begin(&r, &small);
	r.now_ms = 9000;
	(void)run_feed(&r, SLICE("CHECK SPAMC/1.5\r\n"), SIZE_MAX);
	cr_assert(spamd_proto_deadline(&r.proto, &at_ms));
	cr_assert_eq(at_ms, 309000);
	run_free(&r);
}

Test(spamd_proto, without_timeouts_only_settling_has_a_deadline)
{
	struct spamd_limits limits = small;
	struct run r;
	uint64_t at_ms = 0;

	limits.timeout_command_s = 0;
	limits.timeout_request_s = 0;
	run_begin(&r, &limits);
	cr_assert_not(spamd_proto_deadline(&r.proto, &at_ms));
	(void)run_feed(&r, SLICE("CHECK SPAMC/1.5\r\nContent-length: 1\r\n\r\n"), SIZE_MAX);
	cr_assert_not(spamd_proto_deadline(&r.proto, &at_ms));
	(void)run_feed(&r, SLICE("x"), SIZE_MAX);
	cr_assert(spamd_proto_deadline(&r.proto, &at_ms));
	cr_assert_eq(at_ms, 1000 + SPAMD_SETTLE_MS);
	run_free(&r);
}

/* As far as the request is to be scored, and no further. */
static void
await(struct spamd_proto *p, const char *request)
{
	enum spamd_status status = spamd_proto_feed(p, slice_str(request), 1000);

	while (status == SPAMD_EVENT && spamd_proto_event(p)->kind != SPAMD_EVENT_REQUEST) {
		status = spamd_proto_next(p, 1000);
	}
	cr_assert_eq(status, SPAMD_EVENT);
	cr_assert_eq(spamd_proto_next(p, 1000), SPAMD_AWAIT);
}

#define REQUEST "PROCESS SPAMC/1.5\r\nContent-length: 2\r\n\r\nx\n"

Test(spamd_proto, a_verdict_after_the_timeout_has_no_effect)
{
	struct spamd_proto p;

	spamd_proto_init(&p, &small, 1000);
	await(&p, REQUEST);
	cr_assert_eq(spamd_proto_timeout(&p, 301000), SPAMD_EVENT);
	spamd_proto_reply_verdict(&p, &ham);
	cr_assert(slice_eq(spamd_proto_output(&p),
		SLICE("SPAMD/1.0 79 Timeout: (300 second timeout while trying to PROCESS)\r\n")));
	spamd_proto_fini(&p);
}

Test(spamd_proto, a_reply_beyond_its_bound_is_no_reply)
{
	struct spamd_proto p;
	struct dynbuf *body = NULL;
	struct slice big =
		SLICE("0123456789012345678901234567890123456789012345678901234567890");

	spamd_proto_init(&p, &small, 1000);
	await(&p, REQUEST);
	body = spamd_proto_reply_body(&p);
	for (int i = 0; i < 100; i++) {
		dynbuf_add(body, big);
	}
	spamd_proto_reply_verdict(&p, &ham);
	cr_assert_eq(spamd_proto_next(&p, 1000), SPAMD_DONE);
	cr_assert_eq(spamd_proto_output(&p).len, 0);
	spamd_proto_fini(&p);
}

Test(spamd_proto, output_is_given_until_all_is_sent)
{
	struct spamd_proto p;

	spamd_proto_init(&p, &small, 1000);
	cr_assert_eq(spamd_proto_feed(&p, SLICE("PING SPAMC/1.2\r\n"), 1000), SPAMD_DONE);
	spamd_proto_sent(&p, 6);
	cr_assert(slice_eq(spamd_proto_output(&p), SLICE("1.5 0 PONG\r\n")));
	spamd_proto_sent(&p, 12);
	cr_assert_eq(spamd_proto_output(&p).len, 0);
	cr_assert_not(spamd_proto_wants_input(&p));
	spamd_proto_fini(&p);
}

Test(spamd_proto, the_announced_length_is_asked_for_in_one_piece)
{
	struct spamd_proto p;
	size_t room = 0;

	spamd_proto_init(&p, &spamd_limits_default, 1000);
	cr_assert_eq(spamd_proto_feed(&p,
			     SLICE("CHECK SPAMC/1.5\r\nContent-length: 100000\r\n\r\n"), 1000),
		SPAMD_NEED_MORE);
	cr_assert_not_null(spamd_proto_reserve(&p, &room));
	cr_assert_eq(room, 100000);
	spamd_proto_fini(&p);
}

Test(spamd_proto, an_absurd_length_takes_no_memory)
{
	struct spamd_proto p;
	size_t room = 0;

	spamd_proto_init(&p, &spamd_limits_default, 1000);
	cr_assert_eq(
		spamd_proto_feed(&p,
			SLICE("CHECK SPAMC/1.5\r\nContent-length: 99999999999\r\n\r\n"), 1000),
		SPAMD_NEED_MORE);
	cr_assert_not_null(spamd_proto_reserve(&p, &room));
	cr_assert_leq(room, 256 * 1024);
	spamd_proto_fini(&p);
}

Test(spamd_proto, failures_of_the_caller_close_or_answer_69)
{
	struct spamd_proto p;

	spamd_proto_init(&p, &small, 1000);
	await(&p, REQUEST);
	spamd_proto_reply_unavailable(&p, "Error fetching user preferences via SQL");
	cr_assert(slice_eq(
		spamd_proto_output(&p), SLICE("SPAMD/1.0 69 Service Unavailable: "
					      "Error fetching user preferences via SQL\r\n")));
	spamd_proto_fini(&p);

	spamd_proto_init(&p, &small, 1000);
	await(&p, REQUEST);
	spamd_proto_abandon(&p);
	cr_assert_eq(spamd_proto_next(&p, 1000), SPAMD_DONE);
	cr_assert_eq(spamd_proto_output(&p).len, 0);
	spamd_proto_fini(&p);
}

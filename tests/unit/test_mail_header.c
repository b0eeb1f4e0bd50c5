#include <criterion/criterion.h>

#include "common/base/dynbuf.h"
#include "common/base/err.h"
#include "common/mail/header.h"
#include "tests/support/mail_checks.h"
#include "tests/support/mutate.h"

static struct arena arena;
static struct dynbuf text;

static void
set_up(void)
{
	arena_init(&arena, 4 * 1024 * 1024);
	dynbuf_init(&text, 4 * 1024 * 1024);
}

static void
tear_down(void)
{
	dynbuf_fini(&text);
	arena_fini(&arena);
}

TestSuite(header, .init = set_up, .fini = tear_down);

/* summary - "Name=body|..." in the order of the message, then "#" and what is behind the header */
static const char *
summary(const struct header *h)
{
	dynbuf_reset(&text);
	for (size_t i = 0; i < h->count; i++) {
		dynbuf_add(&text, h->fields[i].name);
		dynbuf_add_byte(&text, '=');
		dynbuf_add(&text, h->fields[i].body);
		dynbuf_add_byte(&text, '|');
	}
	dynbuf_add_byte(&text, '#');
	dynbuf_add(&text, slice_skip(h->message, h->body_offset));
	return dynbuf_cstr(&text);
}

static const struct {
	const char *label;
	struct slice message;
	const char *expected;
	unsigned int flags;
} rows[] = {
	{"LF", SLICE("A: 1\nB: 2\n\nbody\n"), "A= 1|B= 2|#body\n", 0},
	{"CRLF", SLICE("A: 1\r\nB: 2\r\n\r\nbody\r\n"), "A= 1|B= 2|#body\r\n", 0},
	{"both endings", SLICE("A: 1\r\nB: 2\n\r\nbody"), "A= 1|B= 2|#body", 0},
	{"CR alone on a line", SLICE("A: 1\n\r\nB: 2\n\nbody"), "A= 1|B= 2|#body", HEADER_JUNK},
	{"CRLF at the end", SLICE("A: 1\n\r\nB: 2\r\n"), "A= 1|#B: 2\r\n", 0},
	{"empty bodies", SLICE("A:\nB: \n\n"), "A=|B= |#", 0},
	{"folds", SLICE("A: 1\r\n 2\r\n\t3\r\nB: 4\r\n\r\n"), "A= 1\r\n 2\r\n\t3|B= 4|#", 0},
	{"fold of blanks only", SLICE("A: 1\n \nB: 2\n\nx"), "A= 1\n |B= 2|#x", 0},
	{"colons in the body", SLICE("A: b:c\n\n"), "A= b:c|#", 0},
	{"blanks before the colon", SLICE("From : 1\nfrom\t :2\n\n"), "From= 1|from=2|#", 0},
	{"8-bit body", SLICE("A: \xff\xc3\n\n"), "A= \xff\xc3|#", 0},
	{"empty line first", SLICE("\nA: 1\n"), "#A: 1\n", 0},
	{"empty message", SLICE(""), "#", HEADER_NO_END},
	{"no empty line", SLICE("A: 1\nB: 2\n"), "A= 1|B= 2|#", HEADER_NO_END},
	{"no line ending", SLICE("A: 1"), "A= 1|#", HEADER_NO_END},
	{"ends in CR", SLICE("A: 1\r"), "A= 1\r|#", HEADER_NO_END | HEADER_BARE_CR},

	{"mbox", SLICE("From alice@example.org Mon\nA: 1\n\nx"), "A= 1|#x", HEADER_MBOX},
	{"mbox with TAB", SLICE("From\talice\nA: 1\n\nx"), "A= 1|#x", HEADER_MBOX},
	{"mbox with a colon", SLICE("From a:b\nA: 1\n\nx"), "A= 1|#x", HEADER_MBOX},
	{"mbox only", SLICE("From alice"), "#", HEADER_MBOX | HEADER_NO_END},
	{"From field with a blank", SLICE("From : a\n\nx"), "From= a|#x", 0},
	{"From field with blanks", SLICE("From \t : a\n\nx"), "From= a|#x", 0},
	{"second mbox line", SLICE("From a\nFrom b\nA: 1\n\nx"), "A= 1|#x",
		HEADER_MBOX | HEADER_JUNK},
	{"quoted mbox line", SLICE(">From a\nA: 1\n\nx"), "A= 1|#x", HEADER_JUNK},
	{"lower case is no mbox line", SLICE("from a\nA: 1\n\nx"), "A= 1|#x", HEADER_JUNK},

	{"boundary", SLICE("A: 1\n--b\nC: 2\n\nx"), "A= 1|#--b\nC: 2\n\nx", HEADER_BROKEN_OFF},
	{"three junk lines", SLICE("A: 1\nj\nj\nj\nB: 2\n\nx"), "A= 1|B= 2|#x", HEADER_JUNK},
	{"four junk lines", SLICE("A: 1\nj\nj\nj\nj4\nB: 2\n\nx"), "A= 1|#j4\nB: 2\n\nx",
		HEADER_JUNK | HEADER_BROKEN_OFF},
	{"continuation of nothing", SLICE(" x\nA: 1\n\nx"), "A= 1|#x", HEADER_JUNK},
	{"continuation of junk", SLICE("A: 1\nj\n more\n\nx"), "A= 1|#x", HEADER_JUNK},
	{"no name", SLICE(": 1\nA: 2\n\n"), "A= 2|#", HEADER_JUNK},
	{"blank in a name", SLICE("A b: 1\nA: 2\n\n"), "A= 2|#", HEADER_JUNK},
	{"8-bit name", SLICE("\xc3\x84: 1\nA: 2\n\n"), "A= 2|#", HEADER_JUNK},

	{"bare CR hides a field", SLICE("A: 1\rFrom: x\n\n"), "A= 1\rFrom: x|#",
		HEADER_BARE_CR},
	{"CR CR LF is not empty", SLICE("A: 1\n\r\r\nB: 2\n\n"), "A= 1|B= 2|#",
		HEADER_JUNK | HEADER_BARE_CR},
	{"CR in the body is no matter", SLICE("A: 1\n\nx\ry"), "A= 1|#x\ry", 0},
};

Test(header, splits_a_message)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct header h;

		cr_assert_eq(
			header_parse(rows[i].message, &HEADER_LIMITS_DEFAULT, &arena, &h), 0);
		cr_expect_str_eq(summary(&h), rows[i].expected, "%s: '%s'", rows[i].label,
			dynbuf_cstr(&text));
		cr_expect_eq(h.flags, rows[i].flags, "%s: flags %#x", rows[i].label, h.flags);
	}
}

Test(header, flags_nul_bytes_of_the_header_only)
{
	struct header h;

	cr_assert_eq(header_parse(SLICE("A: \0\n\nx"), &HEADER_LIMITS_DEFAULT, &arena, &h), 0);
	cr_expect_eq(h.flags, HEADER_NUL);
	cr_expect_eq(h.count, 1);
	cr_assert_eq(
		header_parse(SLICE("Fr\0om: a\n\n"), &HEADER_LIMITS_DEFAULT, &arena, &h), 0);
	cr_expect_eq(h.flags, HEADER_NUL | HEADER_JUNK);
	cr_assert_eq(header_parse(SLICE("A: 1\n\n\0"), &HEADER_LIMITS_DEFAULT, &arena, &h), 0);
	cr_expect_eq(h.flags, 0);
}

Test(header, knows_where_fields_start_and_end)
{
	struct slice message = SLICE("From x\r\nA: 1\r\n 2\r\nB : 3\r\n\r\nbody");
	struct header h;

	cr_assert_eq(header_parse(message, &HEADER_LIMITS_DEFAULT, &arena, &h), 0);
	cr_assert_eq(h.count, 2);
	cr_expect_eq(h.start, 8);
	cr_expect_eq(h.fields[0].offset, 8);
	cr_expect_eq(h.fields[0].end, 18);
	cr_expect_eq(h.fields[1].offset, 18);
	cr_expect_eq(h.fields[1].end, 25);
	cr_expect_eq(h.end, 25);
	cr_expect_eq(h.body_offset, 27);
}

Test(header, finds_fields_by_name_in_any_case)
{
	struct slice message =
		SLICE("To: 1\nFROM: 2\nX-From: 3\nfrom : 4\nFro: 5\nFrom: 6\n\n");
	const struct header_field *f = NULL;
	struct header h;

	cr_assert_eq(header_parse(message, &HEADER_LIMITS_DEFAULT, &arena, &h), 0);
	cr_expect_eq(header_count(&h, SLICE("From")), 3);
	cr_expect_eq(header_count(&h, SLICE("Cc")), 0);
	cr_expect(slice_eq(header_find(&h, SLICE("from"), 0)->body, SLICE(" 2")));
	cr_expect(slice_eq(header_find(&h, SLICE("from"), 2)->body, SLICE(" 6")));
	cr_expect_null(header_find(&h, SLICE("from"), 3));
	cr_expect_null(header_find(&h, SLICE(""), 0));
	f = header_next(&h, SLICE("From"), f);
	f = header_next(&h, SLICE("From"), f);
	cr_expect_eq(f, &h.fields[3]);
}

Test(header, limits_leave_fields_out_and_find_the_body)
{
	struct slice message = SLICE("A: 1\nB: 2\n 2\nC: 3\n\nbody");
	const struct {
		struct header_limits limits;
		const char *expected;
		unsigned int flags;
	} limits[] = {
		{{3, 100}, "A= 1|B= 2\n 2|C= 3|#body", 0},
		{{2, 100}, "A= 1|B= 2\n 2|#body", HEADER_CUT},
		{{0, 100}, "#body", HEADER_CUT},
		{{3, 18}, "A= 1|B= 2\n 2|C= 3|#body", 0},
		{{3, 17}, "A= 1|B= 2\n 2|#body", HEADER_CUT},
		{{3, 12}, "A= 1|#body", HEADER_CUT},
		{{3, 0}, "#body", HEADER_CUT},
	};

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct header h;

		cr_assert_eq(header_parse(message, &limits[i].limits, &arena, &h), 0);
		cr_expect_str_eq(summary(&h), limits[i].expected, "row %zu: '%s'", i,
			dynbuf_cstr(&text));
		cr_expect_eq(h.flags & HEADER_CUT, limits[i].flags, "row %zu", i);
	}
}

Test(header, grows_with_the_number_of_fields)
{
	const size_t counts[] = {63, 64, 65, 128, 2000, 2001};

	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		struct header h;

		dynbuf_reset(&text);
		for (size_t k = 0; k < counts[i]; k++) {
			dynbuf_printf(&text, "X-%zu: %zu\n", k, k);
		}
		cr_assert_eq(
			header_parse(dynbuf_slice(&text), &HEADER_LIMITS_DEFAULT, &arena, &h),
			0);
		cr_expect_eq(h.count, counts[i] > 2000 ? 2000 : counts[i]);
		cr_expect_eq((h.flags & HEADER_CUT) != 0, counts[i] > 2000);
		cr_expect(slice_eq(h.fields[0].body, SLICE(" 0")));
		cr_expect(slice_eq(h.fields[62].body, SLICE(" 62")));
	}
}

Test(header, reports_an_exhausted_arena)
{
	struct arena small;
	struct header h;

	arena_init(&small, 32);
	cr_expect_eq(
		header_parse(SLICE("A: 1\n\n"), &HEADER_LIMITS_DEFAULT, &small, &h), ERR_NOMEM);
	cr_expect_null(
		header_unfold(SLICE("0123456789012345\n 0123456789012345"), &small).data);
	arena_fini(&small);
}

static const struct {
	struct slice body;
	const char *expected;
} unfold_rows[] = {
	{SLICE(" plain "), "plain"},
	{SLICE(" a\r\n b\n\tc"), "a b\tc"},
	{SLICE("\r\n a\r\n  b\r\n"), "a  b"},
	{SLICE(" a\r\n \r\n b"), "a  b"},
	{SLICE(" \r\n "), ""},
	{SLICE(""), ""},
	{SLICE("a\rb"), "a\rb"},
};

Test(header, unfolds_by_dropping_line_endings)
{
	for (size_t i = 0; i < ARRAY_LEN(unfold_rows); i++) {
		struct slice out = header_unfold(unfold_rows[i].body, &arena);

		cr_expect(slice_eq(out, slice_str(unfold_rows[i].expected)), "row %zu: '%.*s'",
			i, SLICE_ARG(out));
	}
}

Test(header, holds_its_promises_for_near_misses)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		mutate_truncations(rows[i].message, check_header);
		mutate_bytes(rows[i].message, check_header);
	}
}

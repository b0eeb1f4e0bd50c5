#include <criterion/criterion.h>

#include "common/base/attr.h"
#include "common/base/slice.h"

static struct slice
skip_one(const char *text)
{
	return slice_skip(slice_str(text), 1);
}

Test(slice, equality_is_bytewise_and_case_folding_is_ascii_only)
{
	cr_assert(slice_eq(SLICE("abc"), SLICE("abc")));
	cr_assert(!slice_eq(SLICE("abc"), SLICE("abC")));
	cr_assert(!slice_eq(SLICE("abc"), SLICE("abcd")));
	cr_assert(slice_eq_nocase(SLICE("aBc\xc3"), SLICE("AbC\xc3")));
	cr_assert(!slice_eq_nocase(SLICE("\xe4"), SLICE("\xc4")), "no Latin-1 folding");
	cr_assert(slice_eq((struct slice){0}, SLICE("")));
}

Test(slice, order_puts_a_prefix_first)
{
	cr_assert_lt(slice_cmp(SLICE("ab"), SLICE("abc")), 0);
	cr_assert_gt(slice_cmp(SLICE("b"), SLICE("abc")), 0);
	cr_assert_eq(slice_cmp(SLICE(""), (struct slice){0}), 0);
	cr_assert_gt(slice_cmp(SLICE("\xff"), SLICE("a")), 0, "bytes compare unsigned");
}

Test(slice, skip_and_take_stay_inside)
{
	cr_assert(slice_eq(skip_one("abc"), SLICE("bc")));
	cr_assert_eq(slice_skip(SLICE("abc"), 9).len, 0);
	cr_assert_eq(slice_take(SLICE("abc"), 9).len, 3);
	cr_assert_eq(slice_skip((struct slice){0}, 3).len, 0);
}

Test(slice, trim_removes_white_space_on_both_sides)
{
	cr_assert(slice_eq(slice_trim(SLICE(" \t\r\n x y \v\f ")), SLICE("x y")));
	cr_assert_eq(slice_trim(SLICE(" \n ")).len, 0);
}

Test(slice, find_gives_the_length_when_absent)
{
	cr_assert_eq(slice_find_byte(SLICE("a:b:c"), ':'), 1);
	cr_assert_eq(slice_find_byte(SLICE("abc"), ':'), 3);
	cr_assert_eq(slice_find(SLICE("hello"), SLICE("llo")), 2);
	cr_assert_eq(slice_find(SLICE("hello"), SLICE("xyz")), 5);
	cr_assert_eq(slice_find(SLICE("hello"), SLICE("")), 0);
	cr_assert_eq(slice_find((struct slice){0}, SLICE("x")), 0);
}

Test(slice, tokens_skip_runs_of_separators)
{
	struct slice rest = SLICE(" a,, bc ,d ");
	struct slice token;
	const char *expected[] = {"a", "bc", "d"};

	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		cr_assert(slice_next_token(&rest, " ,", &token));
		cr_assert(slice_eq(token, slice_str(expected[i])), "token %zu", i);
	}
	cr_assert(!slice_next_token(&rest, " ,", &token));
}

/* Each byte at each place of a run longer than is looked at in one piece. */
Test(slice, a_printable_run_ends_at_the_first_other_byte)
{
	for (unsigned int c = 0; c < 256; c++) {
		for (size_t at = 0; at < 20; at++) {
			uint8_t text[20];
			bool printable = c >= 0x20 && c <= 0x7e;

			memset(text, at % 2 == 0 ? 0x20 : 0x7e, sizeof(text));
			text[at] = (uint8_t)c;
			cr_expect_eq(slice_printable_len(slice_of(text, sizeof(text))),
				printable ? sizeof(text) : at, "byte %u at %zu", c, at);
		}
	}
	cr_expect_eq(slice_printable_len(slice_of(NULL, 0)), 0);
}

/* The published values of FNV-1a. */
Test(slice, the_hash_is_fnv_1a)
{
	cr_expect_eq(slice_hash(SLICE("")), 0xcbf29ce484222325U);
	cr_expect_eq(slice_hash(SLICE("a")), 0xaf63dc4c8601ec8cU);
	cr_expect_eq(slice_hash(SLICE("foobar")), 0x85944171f73967e8U);
}

Test(slice, equality_with_a_string)
{
	cr_expect(slice_eq_str(SLICE("abc"), "abc"));
	cr_expect_not(slice_eq_str(SLICE("abc"), "abd"));
	cr_expect_not(slice_eq_str(SLICE("abc"), "ab"));
	cr_expect_not(slice_eq_str(SLICE("a"), ""));
	cr_expect_not(slice_eq_str(slice_of(NULL, 0), "a"));
}

Test(slice, find_nocase_ignores_ascii_case)
{
	cr_expect_eq(slice_find_nocase(SLICE("a ZLib b"), SLICE("zlib")), 2);
	cr_expect_eq(slice_find_nocase(SLICE("zli"), SLICE("zlib")), 3);
	cr_expect_eq(slice_find_nocase(SLICE("zli"), SLICE("x")), 3);
	cr_expect_eq(slice_find_nocase(SLICE(""), SLICE("x")), 0);
}

Test(slice, without_line_end_takes_one_off)
{
	cr_expect(slice_eq(slice_without_line_end(SLICE("a\r\n")), SLICE("a")));
	cr_expect(slice_eq(slice_without_line_end(SLICE("a\n\n")), SLICE("a\n")));
	cr_expect(slice_eq(slice_without_line_end(SLICE("a\r")), SLICE("a\r")));
	cr_expect(slice_eq(slice_without_line_end(SLICE("\n")), SLICE("")));
	cr_expect(slice_eq(slice_without_line_end(SLICE("")), SLICE("")));
}

Test(slice, behind_the_last_byte_is_all_where_there_is_none)
{
	cr_assert(slice_eq(slice_behind_last(SLICE("a@b@c"), '@'), SLICE("c")));
	cr_assert(slice_eq(slice_behind_last(SLICE("abc"), '@'), SLICE("abc")));
	cr_assert_eq(slice_behind_last(SLICE("a@"), '@').len, 0);
	cr_assert_eq(slice_behind_last((struct slice){0}, '@').len, 0);
}

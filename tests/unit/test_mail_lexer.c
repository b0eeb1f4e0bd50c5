#include <criterion/criterion.h>

#include "common/base/err.h"
#include "common/mail/lexer.h"

/* lexer_over - at the start of a literal that outlives the test */
static struct lexer
lexer_over(struct slice in)
{
	struct lexer lx;

	lexer_init(&lx, in);
	return lx;
}

Test(lexer, skips_blanks_folds_and_comments)
{
	struct lexer lx = lexer_over(SLICE(" \t\r\n (a (b) \\) \"c)\n\t(d)x"));

	cr_expect_not(lx.saw_cfws);
	lexer_skip_cfws(&lx);
	cr_expect(lx.saw_cfws);
	cr_expect_eq(lexer_peek(&lx), 'x');
	lexer_skip_cfws(&lx);
	cr_expect(lexer_accept(&lx, 'x'));
	cr_expect_eq(lexer_peek(&lx), LEXER_END);
	cr_expect_not(lexer_accept(&lx, 'x'));
	cr_expect_eq(lx.error, 0);
}

Test(lexer, takes_tokens_with_what_is_inside)
{
	struct lexer lx = lexer_over(SLICE("(a(b)\\))\"c\\\"d\r\n e\"[192.0.2.1]f\xc3.g"));

	cr_expect(slice_eq(lexer_comment(&lx), SLICE("a(b)\\)")));
	cr_expect(slice_eq(lexer_quoted(&lx), SLICE("c\\\"d\r\n e")));
	cr_expect(slice_eq(lexer_literal(&lx), SLICE("[192.0.2.1]")));
	cr_expect(slice_eq(lexer_atom(&lx), SLICE("f\xc3")));
	cr_expect_eq(lexer_atom(&lx).len, 0);
	cr_expect(lexer_accept(&lx, '.'));
	cr_expect(slice_eq(lexer_atom(&lx), SLICE("g")));
	cr_expect_eq(lx.error, 0);
}

Test(lexer, notes_comments_that_end_inside_quotes)
{
	struct lexer even = lexer_over(SLICE("(\"a\") (\\\") (\"b (\"))"));
	struct lexer odd = lexer_over(SLICE("(\") (\"a\")"));

	lexer_skip_cfws(&even);
	cr_expect_not(even.saw_quote);
	lexer_skip_cfws(&odd);
	cr_expect(odd.saw_quote);
}

static const struct {
	const char *label;
	struct slice in;
	struct slice (*take)(struct lexer *lx);
	int error;
	size_t error_at;
} broken_rows[] = {
	{"open comment", SLICE("(a"), lexer_comment, ERR_INVALID, 0},
	{"open inner comment", SLICE("((a)"), lexer_comment, ERR_INVALID, 0},
	{"comment ends in a backslash", SLICE("(a\\"), lexer_comment, ERR_INVALID, 0},
	{"NUL in a comment", SLICE("(a\0)"), lexer_comment, ERR_INVALID, 2},
	{"bare CR in a comment", SLICE("(a\rb)"), lexer_comment, ERR_INVALID, 2},
	{"quoted line ending", SLICE("(a\\\n )"), lexer_comment, ERR_INVALID, 3},
	{"too deep", SLICE("((((((((((((((((( )))))))))))))))))"), lexer_comment, ERR_TOOBIG,
		0},
	{"open quote", SLICE("\"a"), lexer_quoted, ERR_INVALID, 0},
	{"quote ends in a backslash", SLICE("\"a\\\""), lexer_quoted, ERR_INVALID, 0},
	{"NUL in a quote", SLICE("\"\0\""), lexer_quoted, ERR_INVALID, 1},
	{"quoted CR", SLICE("\"\\\r\n \""), lexer_quoted, ERR_INVALID, 2},
	{"open literal", SLICE("[a"), lexer_literal, ERR_INVALID, 0},
	{"bracket in a literal", SLICE("[a[b]]"), lexer_literal, ERR_INVALID, 0},
	{"backslash in a literal", SLICE("[a\\]]"), lexer_literal, ERR_INVALID, 0},
};

Test(lexer, stops_at_what_is_broken)
{
	for (size_t i = 0; i < ARRAY_LEN(broken_rows); i++) {
		struct lexer lx = lexer_over(broken_rows[i].in);

		cr_expect_eq(broken_rows[i].take(&lx).len, 0, "%s", broken_rows[i].label);
		cr_expect_eq(lx.error, broken_rows[i].error, "%s", broken_rows[i].label);
		cr_expect_eq(lx.error_at, broken_rows[i].error_at, "%s: %zu",
			broken_rows[i].label, lx.error_at);
		cr_expect_eq(lexer_peek(&lx), LEXER_END, "%s", broken_rows[i].label);
		cr_expect_eq(lexer_atom(&lx).len, 0, "%s", broken_rows[i].label);
	}
}

Test(lexer, keeps_its_first_error)
{
	struct lexer lx = lexer_over(SLICE("abc"));

	lx.at = 1;
	cr_expect_eq(lexer_fail(&lx, ERR_TOOBIG), ERR_TOOBIG);
	cr_expect_eq(lexer_fail_at(&lx, ERR_INVALID, 2), ERR_TOOBIG);
	cr_expect_eq(lx.error_at, 1);
}

Test(lexer, unquotes_byte_by_byte)
{
	struct slice raw = SLICE("a\\\"\r\n\tb\\");
	const int expected[] = {'a', '"', '\t', 'b', '\\', LEXER_END, LEXER_END};

	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		cr_expect_eq(lexer_unquote_next(&raw), expected[i], "byte %zu", i);
	}
	cr_expect(lexer_is_escaped(SLICE("a\\b")));
	cr_expect(lexer_is_escaped(SLICE("a\n b")));
	cr_expect_not(lexer_is_escaped(SLICE("a b")));
}

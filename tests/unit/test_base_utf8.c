#include <criterion/criterion.h>

#include "common/base/attr.h"
#include "common/base/utf8.h"

static const struct {
	const char *label;
	struct slice text;
	bool is_valid;
} rows[] = {
	{"empty", SLICE(""), true},
	{"ascii and NUL", SLICE("a\0b\x7f"), true},
	{"two bytes, both ends", SLICE("\xc2\x80\xdf\xbf"), true},
	{"three bytes, both ends", SLICE("\xe0\xa0\x80\xef\xbf\xbf"), true},
	{"around the surrogates", SLICE("\xed\x9f\xbf\xee\x80\x80"), true},
	{"four bytes, both ends", SLICE("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), true},
	{"latin 1", SLICE("caf\xe9"), false},
	{"lone continuation", SLICE("\x80"), false},
	{"overlong NUL", SLICE("\xc0\x80"), false},
	{"overlong slash, three bytes", SLICE("\xe0\x80\xaf"), false},
	{"overlong, four bytes", SLICE("\xf0\x8f\xbf\xbf"), false},
	{"surrogate", SLICE("\xed\xa0\x80"), false},
	{"above U+10FFFF", SLICE("\xf4\x90\x80\x80"), false},
	{"five bytes", SLICE("\xf8\x88\x80\x80\x80"), false},
	{"cut after the first byte", SLICE("a\xc3"), false},
	{"cut after the third byte", SLICE("\xf0\x9f\x92"), false},
	{"ascii where a continuation belongs", SLICE("\xe2\x82q"), false},
};

Test(utf8, knows_what_rfc_3629_allows)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cr_expect_eq(
			utf8_is_valid(rows[i].text), rows[i].is_valid, "%s", rows[i].label);
	}
}

static const struct {
	const char *label;
	struct slice text;
	bool has_control;
} control_rows[] = {
	{"empty", SLICE(""), false},
	{"printable", SLICE("a ~\xc2\xa0\xc3\x85\xf0\x9f\x92\xa9"), false},
	{"cut after C2", SLICE("a\xc2"), false},
	{"NUL", SLICE("a\0b"), true},
	{"TAB", SLICE("a\tb"), true},
	{"unit separator", SLICE("a\x1f"), true},
	{"DEL", SLICE("a\x7f"), true},
	{"first of C1", SLICE("a\xc2\x80"), true},
	{"last of C1", SLICE("a\xc2\x9f"), true},
};

Test(utf8, finds_control_characters)
{
	for (size_t i = 0; i < ARRAY_LEN(control_rows); i++) {
		cr_expect_eq(utf8_has_control(control_rows[i].text),
			control_rows[i].has_control, "%s", control_rows[i].label);
	}
}

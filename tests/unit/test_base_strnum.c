#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/base/attr.h"
#include "common/base/err.h"
#include "common/base/rng.h"
#include "common/base/strnum.h"

static const struct {
	const char *text;
	uint64_t max;
	int ret;
	uint64_t value;
} u64_rows[] = {
	{"0", 10, 0, 0},
	{"007", 10, 0, 7},
	{"10", 10, 0, 10},
	{"11", 10, ERR_RANGE, 0},
	{"18446744073709551615", UINT64_MAX, 0, UINT64_MAX},
	{"18446744073709551616", UINT64_MAX, ERR_RANGE, 0},
	{"99999999999999999999999999", UINT64_MAX, ERR_RANGE, 0},
	{"99999999999999999999999999x", UINT64_MAX, ERR_INVALID, 0},
	{"", 10, ERR_INVALID, 0},
	{"+1", 10, ERR_INVALID, 0},
	{"-1", 10, ERR_INVALID, 0},
	{" 1", 10, ERR_INVALID, 0},
	{"1 ", 10, ERR_INVALID, 0},
	{"1.0", 10, ERR_INVALID, 0},
};

Test(strnum, u64_reads_whole_decimal_text_in_range)
{
	for (size_t i = 0; i < ARRAY_LEN(u64_rows); i++) {
		uint64_t value = 4711;
		int ret = strnum_u64(slice_str(u64_rows[i].text), u64_rows[i].max, &value);

		cr_expect_eq(ret, u64_rows[i].ret, "row '%s'", u64_rows[i].text);
		cr_expect_eq(value, ret == 0 ? u64_rows[i].value : 4711, "row '%s'",
			u64_rows[i].text);
	}
}

Test(strnum, i64_reaches_both_ends)
{
	int64_t value = 0;

	cr_assert_eq(
		strnum_i64(SLICE("-9223372036854775808"), INT64_MIN, INT64_MAX, &value), 0);
	cr_assert_eq(value, INT64_MIN);
	cr_assert_eq(
		strnum_i64(SLICE("+9223372036854775807"), INT64_MIN, INT64_MAX, &value), 0);
	cr_assert_eq(value, INT64_MAX);
	cr_assert_eq(strnum_i64(SLICE("9223372036854775808"), INT64_MIN, INT64_MAX, &value),
		ERR_RANGE);
	cr_assert_eq(strnum_i64(SLICE("-"), -5, 5, &value), ERR_INVALID);
	cr_assert_eq(strnum_i64(SLICE("-6"), -5, 5, &value), ERR_RANGE);
}

Test(strnum, octal_refuses_other_digits)
{
	uint32_t mode = 0;

	cr_assert_eq(strnum_octal(SLICE("0666"), 0777, &mode), 0);
	cr_assert_eq(mode, 0666);
	cr_assert_eq(strnum_octal(SLICE("0888"), 0777, &mode), ERR_INVALID);
	cr_assert_eq(strnum_octal(SLICE("1777"), 0777, &mode), ERR_RANGE);
	cr_assert_eq(strnum_octal(SLICE(""), 0777, &mode), ERR_INVALID);
}

static const struct {
	const char *text;
	int ret;
	double value;
} decimal_rows[] = {
	{"5", 0, 5.0},
	{"-0.25", 0, -0.25},
	{"+6.5", 0, 6.5},
	{".5", 0, 0.5},
	{"5.", 0, 5.0},
	{"", ERR_INVALID, 0},
	{".", ERR_INVALID, 0},
	{"1e5", ERR_INVALID, 0},
	{"nan", ERR_INVALID, 0},
	{"inf", ERR_INVALID, 0},
	{"0x10", ERR_INVALID, 0},
	{"1.2.3", ERR_INVALID, 0},
	{"1,5", ERR_INVALID, 0},
	{"11111111111111111111111111111111111111111", ERR_INVALID, 0},
};

Test(strnum, decimal_takes_plain_numbers_only)
{
	for (size_t i = 0; i < ARRAY_LEN(decimal_rows); i++) {
		double value = 99.0;
		int ret = strnum_decimal(slice_str(decimal_rows[i].text), &value);

		cr_expect_eq(ret, decimal_rows[i].ret, "row '%s'", decimal_rows[i].text);
		cr_expect_float_eq(value, ret == 0 ? decimal_rows[i].value : 99.0, 1e-12,
			"row '%s'", decimal_rows[i].text);
	}
}

/* The quick way for few digits, and strtod for more, give the very same number. */
Test(strnum, decimal_is_rounded_as_strtod_rounds_it)
{
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, 1990);

	for (int i = 0; i < 20000; i++) {
		char text[40];
		uint64_t random[2];
		double value = 0;
		int n = 0;

		cr_assert_eq(rng_bytes(&rng, (uint8_t *)random, sizeof(random)), 0);
		n = snprintf(text, sizeof(text), "%s%llu.%0*llu", random[0] % 2 == 0 ? "" : "-",
			(unsigned long long)(random[0] >> (20 + random[1] % 44)),
			(int)(1 + random[1] % 12), (unsigned long long)(random[1] >> 36));
		cr_assert_eq(strnum_decimal(slice_of(text, (size_t)n), &value), 0, "%s", text);
		cr_assert_eq(value, strtod(text, NULL), "%s", text);
	}
}

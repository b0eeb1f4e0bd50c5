#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>

#include "common/base/rng.h"
#include "spamd-trust/score_text.h"

static const struct {
	double score;
	double required;
	const char *text;
	const char *required_text;
} rows[] = {
	{15.0, 5.0, "15.0", "5.0"},
	{-3.5, 5.0, "-3.5", "5.0"},
	{0, 5.0, "0.0", "5.0"},
	{-0.04, 5.0, "-0.0", "5.0"},
	{75.25, 5.0, "75.2", "5.0"},
	{4.94, 5.0, "4.9", "5.0"},
	{4.96, 5.0, "4.9", "5.0"},
	{5.06, 5.1, "5", "5.1"},
	{4.96, 4.97, "4.9", "5.0"},
	{5.0, 5.0, "5.0", "5.0"},
	{-12.45, -12.4, "-12.5", "-12.4"},
	{7.9999, 8.0, "7.9", "8.0"},
	{1000.0, 6.31, "1000.0", "6.3"},
};

Test(spamd_score_text, ham_never_prints_as_reaching_the_threshold)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct score_text text;
		struct verdict v = {.score = rows[i].score, .required = rows[i].required};

		v.is_spam = v.score >= v.required;
		cr_assert_str_eq(score_text(&v, &text), rows[i].text, "row %zu", i);
		cr_assert_str_eq(
			score_text_required(&v, &text), rows[i].required_text, "row %zu", i);
	}
}

static const struct {
	double score;
	const char *text;
} points[] = {
	{1.2, " 1.2"},
	{-3.5, "-3.5"},
	{15, "  15"},
	{-12.5, " -12"},
	{-0.04, "-0.0"},
	{9.96, "10.0"},
	{10, "  10"},
	{1000, "1000"},
	{-100, "-100"},
};

Test(spamd_score_text, points_lose_their_decimal_from_ten_on)
{
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		struct score_text text;

		cr_assert_str_eq(score_text_points(points[i].score, &text), points[i].text);
	}
}

/* expect_as_printf - the quick way and that of the C library agree */
static void
expect_as_printf(double value)
{
	struct score_text printed;
	char text[SCORE_TEXT_MAX];

	(void)snprintf(text, sizeof(text), "%2.1f", value);
	cr_assert_str_eq(score_text_decimal(value, &printed), text, "%a", value);
}

Test(spamd_score_text, one_decimal_is_rounded_as_printf_rounds_it)
{
	static const double corners[] = {0.0, -0.0, 0.05, 0.25, 0.35, -0.05, 1e-300, 999999.95,
		999999.949999999, 1e6, -1e6, 1e22, 1e300, 0.049999999999999996, 0.1 + 0.2};
	struct rng_seeded_state state;
	uint64_t seed = 20261125;
	struct rng rng = rng_seeded(&state, seed);

	for (size_t i = 0; i < sizeof(corners) / sizeof(corners[0]); i++) {
		expect_as_printf(corners[i]);
		expect_as_printf(nextafter(corners[i], 1e308));
		expect_as_printf(nextafter(corners[i], -1e308));
	}
	for (int i = 0; i < 200000; i++) {
		/* Twentieths are where rounding has to choose. */
		double near = ((double)rng_below(&rng, 4000000) - 2000000) / 20;

		expect_as_printf(near);
		expect_as_printf(nextafter(near, 1e9));
		expect_as_printf((double)rng_below(&rng, UINT32_MAX) / 4096 - 500000);
	}
}

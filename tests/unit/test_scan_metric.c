#include <criterion/criterion.h>

#include "common/base/attr.h"
#include "common/scan/metric.h"

#define TOLERANCE 1e-12

Test(metric, two_ordinary_friends_give_the_published_figures)
{
	struct metric_candidate c[2] = {
		{.own_level = 2, .vouch_level = 2},
		{.own_level = 2, .vouch_level = 2},
	};
	double strength = metric_strength(c, ARRAY_LEN(c));

	cr_assert_float_eq(c[0].weight, 0.343, TOLERANCE);
	cr_assert_float_eq(c[1].weight, 0.343, TOLERANCE);
	cr_assert_float_eq(strength, 0.568351, 1e-9);
	cr_assert_float_eq(fof_score(strength), -5.5468, 1e-4);
}

Test(metric, nobody_introduces_nobody)
{
	struct metric_candidate withdrawn = {.own_level = 2, .vouch_level = 0};
	struct metric_candidate nonsense = {.own_level = 4, .vouch_level = 3};

	cr_assert_float_eq(metric_strength(NULL, 0), 0.0, TOLERANCE);
	cr_assert_float_eq(metric_strength(&withdrawn, 1), 0.0, TOLERANCE);
	cr_assert_float_eq(metric_strength(&nonsense, 1), 0.0, TOLERANCE);
}

Test(metric, every_further_voucher_strengthens_and_the_score_stays_in_its_range)
{
	struct metric_candidate c[64];
	double before = 0.0;

	for (size_t n = 1; n <= ARRAY_LEN(c); n++) {
		double strength = 0.0;

		c[n - 1] = (struct metric_candidate){
			.own_level = (unsigned int)(1 + n % 3),
			.vouch_level = (unsigned int)(1 + n / 3 % 3),
		};
		strength = metric_strength(c, n);
		cr_assert_geq(strength, before, "%zu vouchers", n);
		cr_assert_leq(strength, 1.0);
		cr_assert_leq(fof_score(strength), -1.0);
		cr_assert_geq(fof_score(strength), -9.0);
		before = strength;
	}
}

/* Water filling, and what ledger entries add up to. */
#include <criterion/criterion.h>

#include "common/base/attr.h"
#include "common/base/rng.h"
#include "common/metric/metric.h"
#include "common/metric/metric_fill.h"
#include "common/metric/metric_rules.h"

#define DAY ((uint64_t)86400)

static const struct {
	const char *label;
	size_t count;
	uint32_t caps[6];
	uint32_t price;
	bool paid;
	uint32_t amounts[6];
} fillings[] = {
	{"one payer", 1, {1000000}, 1000000, true, {1000000}},
	{"one payer, too poor", 1, {999999}, 1000000, false, {0}},
	{"nobody", 0, {0}, 1, false, {0}},
	{"thirds", 3, {1000000, 1000000, 1000000}, 1000000, true, {333333, 333333, 333334}},
	{"the poorest pays all he has", 3, {1000000, 100000, 800000}, 1000000, true,
		{450000, 100000, 450000}},
	{"exactly what they have", 3, {500000, 200000, 300000}, 1000000, true,
		{500000, 200000, 300000}},
	{"one millionth short", 3, {500000, 200000, 299999}, 1000000, false, {0}},
	{"no cap is exceeded by the remainder", 6,
		{166667, 166667, 166667, 166667, 166667, 166667}, 1000000, true,
		{166666, 166666, 166667, 166667, 166667, 166667}},
	{"price two", 2, {1000000, 1000000}, 2000000, true, {1000000, 1000000}},
};

Test(metric_fill, splits_the_price)
{
	for (size_t i = 0; i < ARRAY_LEN(fillings); i++) {
		uint32_t amounts[6] = {0};

		cr_expect_eq(metric_fill(fillings[i].caps, fillings[i].count, fillings[i].price,
				     amounts),
			fillings[i].paid, "%s", fillings[i].label);
		cr_expect_arr_eq(
			amounts, fillings[i].amounts, sizeof(amounts), "%s", fillings[i].label);
	}
}

Test(metric_fill, sums_to_the_price_within_all_caps)
{
	uint32_t caps[METRIC_FILL_MAX];
	uint32_t amounts[METRIC_FILL_MAX];
	const uint64_t seed = 4711;
	struct rng_seeded_state state;
	const struct rng rng = rng_seeded(&state, seed);

	for (size_t round = 0; round < 20000; round++) {
		size_t count = 1 + rng_below(&rng, METRIC_FILL_MAX);
		uint32_t price = 1 + rng_below(&rng, 3000000);
		uint32_t most = 1 + rng_below(&rng, 1 + rng_below(&rng, 2000000));
		uint64_t sum = 0;
		uint64_t paid = 0;
		uint32_t level = 0;

		for (size_t i = 0; i < count; i++) {
			caps[i] = 1 + rng_below(&rng, most);
			sum += caps[i];
		}
		if (!metric_fill(caps, count, price, amounts)) {
			cr_assert_lt(sum, price, "seed %llu round %zu",
				(unsigned long long)seed, round);
			continue;
		}
		for (size_t i = 0; i < count; i++) {
			cr_assert_leq(amounts[i], caps[i], "seed %llu round %zu",
				(unsigned long long)seed, round);
			paid += amounts[i];
			level = amounts[i] > level ? amounts[i] : level;
		}
		cr_assert_eq(
			paid, price, "seed %llu round %zu", (unsigned long long)seed, round);
		for (size_t i = 0; i < count; i++) {
			/* Who pays less than the others (by more than rounding) pays all he has. */
			cr_assert(amounts[i] + 1 >= level || amounts[i] == caps[i],
				"seed %llu round %zu", (unsigned long long)seed, round);
		}
	}
}

static const struct {
	const char *label;
	size_t count;
	struct metric_charge charges[4]; /* newest first; at_s in days */
	uint64_t now_days;
	uint32_t blame;
	uint32_t strikes;
	uint64_t until_days;
} standings[] = {
	{"none", 0, {{0}}, 10, 1000000, 0, 0},
	{"one whole", 1, {{5, 1000000}}, 10, 500000, 1000000, 0},
	{"two whole are two strikes", 2, {{9, 1000000}, {5, 1000000}}, 10, 250000, 2000000, 99},
	{"suspension ends, blame stays", 2, {{9, 1000000}, {5, 1000000}}, 99, 250000, 2000000,
		0},
	{"its last day", 2, {{9, 1000000}, {5, 1000000}}, 98, 250000, 2000000, 99},
	{"a third renews it", 3, {{90, 100000}, {9, 1000000}, {5, 1000000}}, 100, 237500,
		2100000, 180},
	{"halves", 4, {{4, 500000}, {3, 500000}, {2, 500000}, {1, 500000}}, 5, 316406, 2000000,
		94},
	{"a year is a life", 1, {{5, 1000000}}, 370, 1000000, 0, 0},
	{"its last second but one day", 1, {{5, 1000000}}, 369, 500000, 1000000, 0},
	{"strikes a year apart do not meet", 2, {{366, 1000000}, {1, 1000000}}, 367, 500000,
		1000000, 0},
	{"from the future", 1, {{20, 1000000}}, 10, 500000, 1000000, 0},
};

Test(metric_rules, charges_make_blame_strikes_and_suspension)
{
	struct metric_config config = metric_config_default();

	for (size_t i = 0; i < ARRAY_LEN(standings); i++) {
		struct metric_charge charges[4];
		struct metric_standing got;

		for (size_t k = 0; k < standings[i].count; k++) {
			charges[k] = standings[i].charges[k];
			charges[k].at_s *= DAY;
		}
		metric_standing_of(&config, charges, standings[i].count,
			standings[i].now_days * DAY, &got);
		cr_expect_eq(got.blame, standings[i].blame, "%s: blame %u", standings[i].label,
			got.blame);
		cr_expect_eq(got.strikes, standings[i].strikes, "%s: strikes %u",
			standings[i].label, got.strikes);
		cr_expect_eq(got.suspended_until_s, standings[i].until_days * DAY,
			"%s: until %llu", standings[i].label,
			(unsigned long long)got.suspended_until_s);
	}
}

Test(metric_rules, twenty_fresh_vouches_have_room_in_a_month)
{
	struct metric_config config = metric_config_default();
	uint64_t counted[20];

	for (size_t i = 0; i < ARRAY_LEN(counted); i++) {
		counted[i] = 100 * DAY - i;
	}
	cr_assert(metric_fresh_has_room(&config, counted, 0, 1));
	cr_assert(metric_fresh_has_room(&config, counted, 19, 100 * DAY));
	cr_assert_not(metric_fresh_has_room(&config, counted, 20, 100 * DAY));
	cr_assert_not(metric_fresh_has_room(&config, counted, 20, 130 * DAY - 20));
	cr_assert(metric_fresh_has_room(&config, counted, 20, 130 * DAY - 19));
	config.fresh_vouches = 0;
	cr_assert_not(metric_fresh_has_room(&config, counted, 0, 100 * DAY));
}

Test(metric, scores_run_from_minus_one_to_minus_nine)
{
	cr_assert_float_eq(metric_score(0), -1.0, 1e-12);
	cr_assert_float_eq(metric_score(568351), -5.546808, 1e-9);
	cr_assert_float_eq(metric_score(METRIC_ONE), -9.0, 1e-12);
}

#include <criterion/criterion.h>

#include "common/base/err.h"
#include "common/base/rng.h"

Test(rng, a_seed_gives_the_same_bytes_again)
{
	struct rng_seeded_state first_state;
	struct rng_seeded_state second_state;
	struct rng first = rng_seeded(&first_state, 42);
	struct rng second = rng_seeded(&second_state, 42);
	uint8_t a[100];
	uint8_t b[100];

	cr_assert_eq(rng_bytes(&first, a, sizeof(a)), 0);
	cr_assert_eq(rng_bytes(&second, b, sizeof(b)), 0);
	cr_expect_arr_eq(a, b, sizeof(a));
	second = rng_seeded(&second_state, 43);
	cr_assert_eq(rng_bytes(&second, b, sizeof(b)), 0);
	cr_expect_arr_neq(a, b, sizeof(a));
}

Test(rng, the_seeded_generator_is_splitmix64)
{
	/* The first two outputs for seed 1234567, as published with the algorithm. */
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, 1234567);
	uint64_t words[2];

	cr_assert_eq(rng_bytes(&rng, (uint8_t *)words, sizeof(words)), 0);
	cr_expect_eq(words[0], UINT64_C(6457827717110365317));
	cr_expect_eq(words[1], UINT64_C(3203168211198807973));
}

Test(rng, numbers_stay_below_the_bound_and_reach_all_of_it)
{
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, 1);
	unsigned int hits[10] = {0};

	for (int i = 0; i < 10000; i++) {
		uint64_t n = rng_below(&rng, 10);

		cr_assert_lt(n, 10);
		hits[n]++;
	}
	for (size_t i = 0; i < 10; i++) {
		cr_expect(hits[i] > 800 && hits[i] < 1200, "%zu came %u times", i, hits[i]);
	}
	cr_expect_eq(rng_below(&rng, 1), 0);
}

Test(rng, a_bound_that_does_not_divide_is_not_biased)
{
	/* With plain modulo the lower half of this range would come twice as often. */
	const uint64_t bound = UINT64_C(3) << 62;
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, 2);
	int low = 0;

	for (int i = 0; i < 3000; i++) {
		low += rng_below(&rng, bound) < bound / 3;
	}
	cr_expect(low > 850 && low < 1150, "%d of 3000", low);
}

Test(rng, the_system_gives_different_bytes_each_time)
{
	struct rng rng = rng_system();
	uint8_t a[32] = {0};
	uint8_t b[32] = {0};

	cr_assert_eq(rng_bytes(&rng, a, sizeof(a)), 0);
	cr_assert_eq(rng_bytes(&rng, b, sizeof(b)), 0);
	cr_expect_arr_neq(a, b, sizeof(a));
}

static int
fill_nothing(void *ctx, uint8_t *buf, size_t len)
{
	(void)ctx;
	(void)buf;
	(void)len;
	return ERR_CRYPTO;
}

Test(rng, a_source_that_fails_is_reported)
{
	const struct rng rng = {.fill = fill_nothing};
	uint8_t byte = 7;

	cr_expect_eq(rng_bytes(&rng, &byte, 1), ERR_CRYPTO);
	cr_expect_eq(rng_below(&rng, 10), 0);
}

#include <criterion/criterion.h>

#include "common/base/order_filter.h"
#include "common/base/rng.h"

#define MEMBERS 20
#define OTHERS  100000

Test(base_order_filter, lets_every_member_through_and_hardly_anybody_else)
{
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, 5);
	struct order_filter filter = {0};
	uint64_t members[MEMBERS] = {0, UINT64_MAX, (uint64_t)1 << 51, (uint64_t)1 << 57};
	size_t passed = 0;

	for (size_t i = 4; i < MEMBERS; i++) {
		members[i] = rng_below(&rng, UINT64_MAX);
	}
	for (size_t i = 0; i < OTHERS; i++) {
		cr_assert_not(order_filter_may_have(&filter, rng_below(&rng, UINT64_MAX)));
	}
	for (size_t i = 0; i < MEMBERS; i++) {
		order_filter_add(&filter, members[i]);
	}
	for (size_t i = 0; i < MEMBERS; i++) {
		cr_assert(order_filter_may_have(&filter, members[i]), "member %zu", i);
	}
	for (size_t i = 0; i < OTHERS; i++) {
		passed += order_filter_may_have(&filter, rng_below(&rng, UINT64_MAX)) ? 1 : 0;
	}
	cr_assert_lt(passed, OTHERS / 200, "%zu of %d others", passed, OTHERS);
}

#include <criterion/criterion.h>

#include <sys/time.h>

#include "common/base/clock.h"

Test(clock, wall_time_is_that_of_the_system)
{
	struct timeval before;
	struct timeval after;
	uint64_t seconds = 0;
	uint64_t milliseconds = 0;

	cr_assert_eq(gettimeofday(&before, NULL), 0);
	seconds = clock_wall_s();
	milliseconds = clock_wall_ms();
	cr_assert_eq(gettimeofday(&after, NULL), 0);
	cr_expect_geq(seconds, (uint64_t)before.tv_sec);
	cr_expect_leq(seconds, (uint64_t)after.tv_sec);
	cr_expect_geq(
		milliseconds, (uint64_t)before.tv_sec * 1000 + (uint64_t)before.tv_usec / 1000);
	cr_expect_leq(milliseconds,
		(uint64_t)after.tv_sec * 1000 + (uint64_t)after.tv_usec / 1000 + 1);
}

Test(clock, monotonic_time_never_goes_back)
{
	uint64_t last = clock_mono_ns();

	for (int i = 0; i < 1000; i++) {
		uint64_t now = clock_mono_ns();

		cr_assert_geq(now, last);
		last = now;
	}
}

Test(clock, both_monotonic_units_are_of_one_clock)
{
	uint64_t before_ns = clock_mono_ns();
	uint64_t ms = clock_mono_ms();
	uint64_t after_ns = clock_mono_ns();

	cr_expect_geq(ms, before_ns / 1000000);
	cr_expect_leq(ms, after_ns / 1000000);
}

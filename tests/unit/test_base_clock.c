#include <criterion/criterion.h>

#include <time.h>

#include "common/base/clock.h"

/* system_ms - one of the system's clocks in milliseconds */
static uint64_t
system_ms(clockid_t id)
{
	struct timespec now = {0};

	cr_assert_eq(clock_gettime(id, &now), 0);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

Test(clock, wall_time_is_that_of_the_system)
{
	uint64_t before_ms = system_ms(CLOCK_REALTIME);
	uint64_t seconds = clock_wall_s();
	uint64_t milliseconds = clock_wall_ms();
	uint64_t after_ms = system_ms(CLOCK_REALTIME);

	cr_expect_geq(seconds, before_ms / 1000);
	cr_expect_leq(seconds, after_ms / 1000);
	cr_expect_geq(milliseconds, before_ms);
	cr_expect_leq(milliseconds, after_ms);
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

/* Milliseconds may be those of the kernel's last tick, but no older. */
Test(clock, both_monotonic_units_are_of_one_clock)
{
	uint64_t tick_ms = system_ms(CLOCK_MONOTONIC_COARSE);
	uint64_t ms = clock_mono_ms();
	uint64_t after_ns = clock_mono_ns();

	cr_expect_geq(ms, tick_ms);
	cr_expect_leq(ms, after_ns / 1000000);
}

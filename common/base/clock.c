#include "common/base/clock.h"

#include <time.h>

static uint64_t
read_ns(clockid_t id)
{
	struct timespec ts = {0};

	/* Fails only for clocks the kernel lacks; both used here always exist. */
	(void)clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

uint64_t
clock_wall_s(void)
{
	return read_ns(CLOCK_REALTIME) / 1000000000U;
}

uint64_t
clock_wall_ms(void)
{
	return read_ns(CLOCK_REALTIME) / 1000000U;
}

uint64_t
clock_mono_ms(void)
{
	return read_ns(CLOCK_MONOTONIC_COARSE) / 1000000U;
}

uint64_t
clock_mono_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

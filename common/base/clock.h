/*
 * clock.h - the only place that asks the system for the time.
 *
 * Engines never call this: they take `wall_s` or `mono_ms` as values. Wall time
 * (seconds since 1970) is for what people and peers see; monotonic time
 * (milliseconds since an arbitrary start) is for deadlines. The two are never mixed.
 */
#ifndef COMMON_BASE_CLOCK_H
#define COMMON_BASE_CLOCK_H

#include <stdint.h>

uint64_t clock_wall_s(void);
uint64_t clock_wall_ms(void);
uint64_t clock_mono_ns(void);

/** How far clock_mono_ms() may be behind: a tick of the slowest kernels. */
#define CLOCK_TICK_MS 10

/** Of the kernel's last tick, and several times cheaper than the others. */
uint64_t clock_mono_ms(void);

#endif

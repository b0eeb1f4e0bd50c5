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

/**
 * Of the kernel's last tick: up to ten milliseconds old, and several times cheaper than the
 * others.
 */
uint64_t clock_mono_ms(void);

#endif

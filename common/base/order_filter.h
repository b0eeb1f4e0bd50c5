/*
 * order_filter.h - says of nearly all numbers that they are not in a set.
 *
 * A bit for each value of a number's first bits, set where some member begins so. Made for the
 * places of principals in sorted lists, the first bytes of their digests, which are spread
 * evenly: of a set of twenty one other number in 400 gets through. Never wrong about a member.
 */
#ifndef COMMON_BASE_ORDER_FILTER_H
#define COMMON_BASE_ORDER_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#define ORDER_FILTER_BITS 8192

/** Empty with {0}; fields are private. */
struct order_filter {
	uint64_t words[ORDER_FILTER_BITS / 64];
};

static inline void
order_filter_add(struct order_filter *f, uint64_t order)
{
	f->words[order >> 57] |= (uint64_t)1 << (order >> 51 & 63);
}

static inline bool
order_filter_may_have(const struct order_filter *f, uint64_t order)
{
	return (f->words[order >> 57] >> (order >> 51 & 63) & 1) != 0;
}

#endif

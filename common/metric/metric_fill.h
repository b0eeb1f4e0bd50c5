/*
 * metric_fill.h - water filling: several payers, one price, nobody gives more than he has.
 *
 * Everybody pays the same; who has less pays all he has, and the rest is split over the
 * others. Poorest first, in whole millionths: of what is left, each pays the part that falls to
 * him, rounded down, so what a division leaves over goes to those who come last, the richest.
 * That order also keeps every amount within its cap to the last millionth.
 */
#ifndef COMMON_METRIC_METRIC_FILL_H
#define COMMON_METRIC_METRIC_FILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Payers of one filling, at most. */
#define METRIC_FILL_MAX 128

/**
 * Splits `price` over `count` payers.
 * @param caps what each can give.
 * @param amounts out: what each gives, at most his cap; their sum is the price. Untouched on false.
 * @return false when the caps together are less than the price, or count is 0 or above
 * METRIC_FILL_MAX.
 */
bool metric_fill(const uint32_t *caps, size_t count, uint32_t price, uint32_t *amounts);

#endif

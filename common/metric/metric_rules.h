/*
 * metric_rules.h - what ledger entries mean: windows, blame, strikes, suspension.
 *
 * Pure folds over entries in the order a ledger gives them, newest first. All rules about time
 * are here. An entry of time `at` is in a window of length w at `now` when now - at < w; one
 * from the future (a clock was set back) is in it.
 */
#ifndef COMMON_METRIC_METRIC_RULES_H
#define COMMON_METRIC_METRIC_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/metric/metric_config.h"

static inline bool
metric_is_within(uint64_t at_s, uint64_t now_s, uint64_t window_s)
{
	return at_s >= now_s || now_s - at_s < window_s;
}

/** Charges of one (r, f) that are looked at, the newest ones. */
#define METRIC_CHARGES_MAX 256

struct metric_charge {
	uint64_t at_s;
	uint32_t share;
};

/** What the charges of one friend add up to. */
struct metric_standing {
	uint32_t
		blame; /**< product of (1 - blame_factor * q), millionths, rounded down at each step */
	uint32_t strikes;           /**< sum of q, millionths */
	uint64_t suspended_until_s; /**< 0: not suspended */
};

/**
 * Blame and strikes of charges within their life; suspended for suspend_s from the newest
 * charge that made the strikes of its time reach suspend_strikes.
 * @param charges newest first.
 */
void metric_standing_of(const struct metric_config *config, const struct metric_charge *charges,
	size_t count, uint64_t now_s, struct metric_standing *out);

/**
 * May one more vouch of an issuer count (fresh rule)?
 * @param counted first-seen times of his counted, not exempt vouches, newest first; at most
 *   the first fresh_vouches are looked at.
 */
bool metric_fresh_has_room(const struct metric_config *config, const uint64_t *counted,
	size_t count, uint64_t now_s);

#endif

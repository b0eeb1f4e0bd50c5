/*
 * tier.h - the five answers to "how does this recipient stand to that sender?" (DESIGN 6).
 */
#ifndef COMMON_METRIC_TIER_H
#define COMMON_METRIC_TIER_H

/** Tiers of trust. */
enum tier {
	TIER_UNKNOWN,
	TIER_KNOWN,
	TIER_WELL_TRUSTED,
	TIER_BLOCKED,
	TIER_REVOKED,
};

/** "unknown", "known", "well-trusted", "blocked", "revoked". */
const char *tier_name(enum tier tier);

#endif

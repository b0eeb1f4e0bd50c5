/*
 * scan_people.h - the people of a decision by name: who vouches, pays, or has nothing left.
 *
 * In mail only those are named who vouch openly and whom the recipient knows openly; all others
 * are "a private contact". trustctl names everybody.
 */
#ifndef COMMON_SCAN_SCAN_PEOPLE_H
#define COMMON_SCAN_SCAN_PEOPLE_H

#include "common/scan/scan.h"

/**
 * Fills details->vouchers and details->broke, copied into the arena; where that is exhausted they
 * stay empty, which arena_is_exhausted() tells.
 */
void scan_people(const struct circle *circle, const struct metric_decision *decision,
	bool show_private, struct arena *arena, struct scan_details *details);

#endif

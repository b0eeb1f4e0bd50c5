/*
 * scan_advice.h - one sentence: what would change the tier (issue of every "why?").
 *
 * For the recipient who wonders, and the administrator who is asked. Names are those that the
 * details hold, so a private contact stays one where mail may show the sentence.
 */
#ifndef COMMON_SCAN_SCAN_ADVICE_H
#define COMMON_SCAN_SCAN_ADVICE_H

#include "common/scan/scan.h"

/** "12 December 2026" (UTC), NUL included. */
#define SCAN_DATE_MAX 32

/** Writes the date of a second since 1970. @return out */
const char *scan_date(uint64_t at_s, char out[SCAN_DATE_MAX]);

/**
 * The sentence, without a full stop, in the arena; empty where nothing could be done.
 * @param sender canonical address of From, or empty.
 */
struct slice scan_advice(
	const struct scan_details *details, struct slice sender, struct arena *arena);

#endif

/*
 * introduction.h - whether a paid introduction still has somebody's word behind it.
 *
 * METRIC lets an introduction stand as long as mail comes, also when those who paid take their
 * vouch back or let it expire: the sender has made himself known by then. It must not stand on
 * the word of a thief. So it is void when the vouches of all who paid turn out to be signed by
 * a key that was revoked since before they were first seen here; one payer who did say so is
 * enough to keep it.
 */
#ifndef COMMON_SCAN_INTRODUCTION_H
#define COMMON_SCAN_INTRODUCTION_H

#include "common/metric/metric.h"
#include "common/scan/circle.h"

/**
 * @param senders the sender's principals, at most METRIC_SENDER_REFS_MAX
 * @param paid    a decision by METRIC_RULE_PAID
 */
bool introduction_is_void(const struct circle *c, const struct party *senders, size_t count,
	const struct metric_decision *paid);

#endif

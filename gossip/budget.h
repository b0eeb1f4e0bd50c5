/*
 * budget.h - what a peer may cost us in an hour: requests, bytes, signature checks, rubbish.
 *
 * Pure functions over the counters of a graph_peer, which are kept in the store: a restart of
 * either side buys nobody a new hour.
 */
#ifndef GOSSIP_BUDGET_H
#define GOSSIP_BUDGET_H

#include "gossip/node.h"

/** Malformed items within one hour that close a peer, and for how long. */
#define BUDGET_STRIKES_MAX 3
#define BUDGET_CLOSED_S    3600
#define BUDGET_HOUR_S      3600

/** Begins a new hour where one has passed, or the clock went back. @return true when it did. */
bool budget_roll(struct graph_peer *peer, uint64_t now_s);

/** Counts a request. @return false when it is one too many. */
bool budget_request(struct graph_peer *peer, const struct node_limits *limits);

/**
 * Counts bytes, either way.
 * @return false when the hour's are used up (they are counted all the same).
 */
bool budget_bytes(struct graph_peer *peer, const struct node_limits *limits, size_t bytes);

/** True when the hour's bytes are used up. */
bool budget_is_spent(const struct graph_peer *peer, const struct node_limits *limits);

/** How many signatures may still be checked for the peer this hour. */
uint64_t budget_signatures_left(
	const struct graph_peer *peer, const struct node_limits *limits);

/** Counts a malformed item. @return true when it closes the peer, once per closing. */
bool budget_strike(struct graph_peer *peer, uint64_t now_s);

/** True while the peer is closed. */
bool budget_is_closed(const struct graph_peer *peer, uint64_t now_s);

/** Seconds until the next hour begins, at least 1. */
uint32_t budget_wait_s(const struct graph_peer *peer, uint64_t now_s);

#endif

/*
 * graph_interest.h - whom the local users befriend, without saying who: what gossip may know.
 *
 * Digests of principals (principal_digest) that stand on some local user's friend list. The lists
 * themselves are in the private store, which gossip cannot open; trustctl writes this
 * extract of them whenever they change, and anew with `trustctl rebuild`. Statements by these
 * principals are worth storing (DESIGN 8).
 */
#ifndef COMMON_GRAPH_GRAPH_INTEREST_H
#define COMMON_GRAPH_GRAPH_INTEREST_H

#include "common/graph/graph_merge.h"

/**
 * Makes the set exactly these digests, writing only what differs, and counts a change
 * when something did. @param sorted ascending, without repetition.
 */
NODISCARD int graph_interest_set(
	struct graph_txn *g, const struct digest *sorted, size_t count, struct err_msg *msg);

/** True when the set is exactly these digests (sorted as above). */
bool graph_interest_equals(struct graph_reader *r, const struct digest *sorted, size_t count);

/** @return 0 to go on, anything else stops and is returned. */
typedef int graph_interest_fn(void *ctx, const struct digest *principal);

/** Visits the set in ascending order. */
NODISCARD int graph_interest_visit(struct graph_reader *r, graph_interest_fn *visit, void *ctx);

/** @return 0 to go on, anything else stops and is returned. */
typedef int graph_hosted_fn(void *ctx, const struct thumbprint *identity);

/** Visits the identities of this site and its users. */
NODISCARD int graph_hosted_visit(struct graph_reader *r, graph_hosted_fn *visit, void *ctx);

/** How often the set has changed. */
uint64_t graph_interest_version(struct graph_reader *r);

#endif

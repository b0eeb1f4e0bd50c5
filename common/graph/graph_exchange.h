/*
 * graph_exchange.h - which ids have passed between us and each peer, and what was refused that
 * may be wanted later.
 *
 * `exchange` holds, per peer, the ids that came from it, were offered to it, or were refused
 * from it: what is reconciled with that peer (DESIGN 8). `wanted` remembers under
 * which principals' names ids were refused for being out of scope: when such a principal comes
 * into scope, they are fetched from the peers that offered them.
 */
#ifndef COMMON_GRAPH_GRAPH_EXCHANGE_H
#define COMMON_GRAPH_GRAPH_EXCHANGE_H

#include "common/graph/graph_merge.h"

#define GRAPH_EXCHANGE_RECEIVED 0x01
#define GRAPH_EXCHANGE_OFFERED  0x02
#define GRAPH_EXCHANGE_REFUSED  0x04
#define GRAPH_EXCHANGE_WANTED   0x08 /**< refused, and noted as wanted later */

/** An id that passed. */
struct graph_exchange {
	uint32_t peer; /**< graph_peer.number */
	uint64_t iat_s;
	struct digest id;
	uint8_t flags;
};

/** Writes, replacing the flags. Errors stick in the transaction. */
void graph_exchange_put(struct graph_txn *g, const struct graph_exchange *item);
void graph_exchange_delete(struct graph_txn *g, const struct graph_exchange *item);

/** @return 0 to go on, anything else stops and is returned. */
typedef int graph_exchange_fn(void *ctx, const struct graph_exchange *item);

/** Visits what passed between us and a peer, ascending by (iat, id). */
NODISCARD int graph_exchange_visit(
	struct graph_reader *r, uint32_t peer, graph_exchange_fn *visit, void *ctx);

/** Notes that the item would be wanted if the principal were in scope. */
void graph_wanted_put(
	struct graph_txn *g, const struct digest *principal, const struct graph_exchange *item);

/** True when there is something wanted of the principal. */
bool graph_is_wanted(struct graph_reader *r, const struct digest *principal);

/** At most this many are handed out at once. */
#define GRAPH_WANTED_MAX 256

/**
 * Takes what is wanted of a principal out of the table (flags are 0 in what is given).
 * @return how many; GRAPH_WANTED_MAX: call again.
 */
size_t graph_wanted_take(struct graph_txn *g, const struct digest *principal,
	struct graph_exchange out[GRAPH_WANTED_MAX]);

#endif

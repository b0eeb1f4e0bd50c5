/*
 * graph_feed.h - the graph as a sequence of arrivals and departures, as gossip follows it.
 *
 * Statements have the number under which they were received; what leaves the graph (replaced,
 * beyond a quota, erased) is noted under numbers of its own. So whoever keeps a copy, such as
 * the trees of ids that peers are reconciled with, looks at what has numbers above the last
 * ones it saw. Of departures the last GRAPH_DROPPED_MAX are kept; who is further behind reads
 * everything anew.
 *
 * A statement that waited for its certificate takes a new number when that comes.
 */
#ifndef COMMON_GRAPH_GRAPH_FEED_H
#define COMMON_GRAPH_GRAPH_FEED_H

#include "common/graph/graph_merge.h"

/** Departures remembered: hours of a busy graph. */
#define GRAPH_DROPPED_MAX 65536

/** What decides whether and to whom a stored statement is offered. */
struct graph_item {
	struct digest id;
	uint64_t number;
	uint64_t first_seen_s;
	uint64_t iat_s;
	uint64_t exp_s; /**< 0: none */
	enum statement_act act;
	bool is_open;         /**< `aud: open` */
	bool is_waiting;      /**< the certificate of its key is not here */
	bool is_hosted;       /**< made by an identity of this site */
	struct digest issuer; /**< raw thumbprint */
	struct slice jws;     /**< borrowed for the call */
};

/** @return 0 to go on, anything else stops and is returned. */
typedef int graph_item_fn(void *ctx, const struct graph_item *item);

/** Visits the statements with a number above `after` in order of number. */
NODISCARD int graph_items_visit(
	struct graph_reader *r, uint64_t after, graph_item_fn *visit, void *ctx);

/** One by id; jws is borrowed until graph_end. @return 0, ERR_NOTFOUND, the store's. */
NODISCARD int graph_item_get(
	struct graph_reader *r, const struct digest *id, struct graph_item *out);

/** A statement that left. */
struct graph_departure {
	uint64_t number; /**< order of departure, from 1 */
	struct digest id;
	uint64_t iat_s;
};

typedef int graph_departure_fn(void *ctx, const struct graph_departure *gone);

/**
 * Visits the departures above `after`, in order.
 * @return 0; ERR_RANGE when some above `after` are no longer remembered; the store's.
 */
NODISCARD int graph_departures_visit(
	struct graph_reader *r, uint64_t after, graph_departure_fn *visit, void *ctx);

/** The last numbers given. */
uint64_t graph_last_number(struct graph_reader *r);
uint64_t graph_last_departure(struct graph_reader *r);

/** True when the id was erased here for good (graph_bury). */
bool graph_is_buried(struct graph_reader *r, const struct digest *id);

/** True when the id is stored. */
bool graph_has(struct graph_reader *r, const struct digest *id);

#endif

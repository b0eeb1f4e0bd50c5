/*
 * offer.h - what this node offers to peers, as two ordered sets of ids: for friends, for our
 * own hosts.
 *
 * A friend is offered what is open, and what our own users say to peers; not what still waits
 * for a certificate. Another host of the site is offered everything. Both leave out what has
 * expired. The sets depend on the class alone, never on the peer, so there are two trees
 * whatever the number of peers, and a reconciliation of 1,000,000 items starts from sums that
 * are there.
 *
 * The trees follow the graph by its numbers of arrival and departure (graph_feed.h), also when
 * trustctl wrote; offer_sweep() takes out what expires, a part of the graph at a time.
 */
#ifndef GOSSIP_OFFER_H
#define GOSSIP_OFFER_H

#include "common/graph/graph_feed.h"
#include "common/graph/graph_peer.h"
#include "gossip/item_tree.h"

/**
 * Clocks differ: a statement expires only so long after its `exp`, and is from the future so
 * long before its `iat`.
 */
#define OFFER_SKEW_S ((uint64_t)86400)

/** Statements looked at by one sweep. */
#define OFFER_SWEEP_ITEMS 1024

/** Fields are to be read only. */
struct offer {
	struct item_tree trees[2]; /**< by enum graph_peer_class */
	bool is_loaded;
	uint64_t last_number;
	uint64_t last_departure;
	uint64_t swept; /* number up to which the present round has looked for expired ones */
};

void offer_init(struct offer *o);
void offer_fini(struct offer *o);

/**
 * Who is told of each statement that was not in the trees before, in order of number; may be
 * NULL.
 */
typedef void offer_new_fn(void *ctx, const struct graph_item *item);

/**
 * Brings the trees up to the graph as it is; the first time, and when too far behind, from
 * nothing. Between graph_begin and graph_end.
 * @return 0, ERR_NOMEM, the store's.
 */
NODISCARD int offer_follow(struct offer *o, struct graph_reader *r, uint64_t now_s,
	offer_new_fn *arrived, void *ctx);

/**
 * Takes expired items out, looking at the next OFFER_SWEEP_ITEMS statements.
 * @return 0, the store's.
 */
NODISCARD int offer_sweep(struct offer *o, struct graph_reader *r, uint64_t now_s);

/** Whether a statement is offered to peers of a class. */
bool offer_includes(const struct graph_item *item, enum graph_peer_class class, uint64_t now_s);

/** True when the time is past `exp` by more than clocks may differ; 0 never expires. */
static inline bool
offer_is_expired(uint64_t exp_s, uint64_t now_s)
{
	return exp_s != 0 && exp_s + OFFER_SKEW_S <= now_s;
}

#endif

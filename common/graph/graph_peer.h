/*
 * graph_peer.h - the peers of this site's gossip node, and how far the exchange with each has got.
 *
 * Kept in the graph's own store, so that a position in a peer's feed and the statements that
 * came before it are written by one transaction and put back by one backup: a restored graph
 * never believes that it has what it lost. Written by gossip (trustctl asks it to through
 * its control socket), read by whoever may read the graph. Nothing here is secret.
 */
#ifndef COMMON_GRAPH_GRAPH_PEER_H
#define COMMON_GRAPH_GRAPH_PEER_H

#include "common/graph/graph_merge.h"

/** More friends than a site can telephone with; bounds connections and memory. */
#define GRAPH_PEERS_MAX     256
/** Longest name and URL, NUL included. */
#define GRAPH_PEER_NAME_MAX 64
#define GRAPH_PEER_URL_MAX  256

enum graph_peer_class {
	GRAPH_PEER_FRIEND, /**< another site: gets what is open, and what our own users say to peers */
	GRAPH_PEER_SITE, /**< another host of this site: gets everything, with first-seen */
};

/** Why an item that a peer offered was not stored; counted per peer. */
enum graph_refusal {
	GRAPH_REFUSED_MALFORMED, /**< no statement, or not signed by its key: the peer's fault */
	GRAPH_REFUSED_EXPIRED,
	GRAPH_REFUSED_FUTURE, /**< made more than a day from now; comes again with the repair */
	GRAPH_REFUSED_SCOPE,  /**< nobody here is interested in its issuer */
	GRAPH_REFUSED_QUOTA,  /**< its issuer has enough of these */
	GRAPH_REFUSED_STALE,  /**< a newer one of its register is here */
	GRAPH_REFUSED_TOMBSTONE, /**< erased here for good */
	GRAPH_REFUSED_CONFLICT,  /**< against a frozen `next` */
	GRAPH_REFUSED_BUDGET,    /**< the hour's signature checks were spent; comes again */
	GRAPH_REFUSED_COUNT,
};

/** How the last request to a peer ended. Stored, so the numbers stay. */
enum graph_peer_state {
	GRAPH_PEER_NEVER, /**< not asked yet */
	GRAPH_PEER_OK,
	GRAPH_PEER_OFFLINE, /**< no connection, or it broke */
	GRAPH_PEER_TIMEOUT,
	GRAPH_PEER_WRONG_KEY, /**< somebody else answers at its address */
	GRAPH_PEER_UNKNOWN,   /**< the peer does not know our key */
	GRAPH_PEER_TLS,       /**< no TLS 1.3 with it */
	GRAPH_PEER_BUSY,      /**< it asked us to come later (429, 503) */
	GRAPH_PEER_PROTOCOL,  /**< its answer was none */
	GRAPH_PEER_CLOSED,    /**< closed by us for an hour: three malformed items */
	GRAPH_PEER_STATE_COUNT,
};

struct graph_peer {
	struct digest pin; /**< SHA-256 of its SPKI: who it is */
	uint32_t
		number; /**< its number in our tables, given by graph_peer_put; never used twice */
	enum graph_peer_class class;
	bool paused;
	char name[GRAPH_PEER_NAME_MAX]; /**< for people; UTF-8, may be empty */
	char url[GRAPH_PEER_URL_MAX];   /**< https://HOST:PORT; empty: it only calls us */
	uint64_t added_s;

	/* How far we are. */
	uint64_t own_epoch;     /**< of our graph when the rest was true (graph_epoch) */
	uint64_t epoch;         /**< of its feed; 0: never asked */
	uint64_t after;         /**< its number of the last statement we took */
	uint64_t lag;           /**< numbers its feed was ahead when we last asked */
	uint64_t last_sync_s;   /**< we were level with its feed; 0 never */
	uint64_t last_repair_s; /**< last complete reconciliation; 0 never */
	uint64_t last_heard_s;  /**< its last request to us; 0 never */
	uint64_t last_tried_s;
	enum graph_peer_state state;
	uint32_t failures; /**< requests in a row that failed */

	/* Statements since it was added. */
	uint64_t sent;
	uint64_t received; /**< known ones included */
	uint64_t stored;
	uint64_t refused[GRAPH_REFUSED_COUNT];

	/* What it may still cost us this hour. */
	uint64_t hour_s; /**< when the hour began */
	uint64_t hour_requests;
	uint64_t hour_bytes;
	uint64_t hour_signatures;
	uint32_t strikes;        /**< malformed items within the hour */
	uint64_t closed_until_s; /**< 0: open */
};

const char *graph_refusal_name(enum graph_refusal reason);
/** A few words for people. */
const char *graph_peer_state_name(enum graph_peer_state state);

/** @return 0 to go on, anything else stops and is returned. */
typedef int graph_peer_visit_fn(void *ctx, const struct graph_peer *peer);

/** Visits the peers in the order of their numbers. */
NODISCARD int graph_peers_visit(struct graph_reader *r, graph_peer_visit_fn *visit, void *ctx);

/**
 * Writes a peer; number 0 takes a new one, which is filled in. @return 0; ERR_TOOBIG beyond
 * GRAPH_PEERS_MAX; an error of the store, which sticks.
 */
NODISCARD int graph_peer_put(struct graph_txn *g, struct graph_peer *peer, struct err_msg *msg);

/** Removes a peer and every record of what was exchanged with it; fine where there is none. */
NODISCARD int graph_peer_remove(
	struct graph_txn *g, const struct graph_peer *peer, struct err_msg *msg);

#endif

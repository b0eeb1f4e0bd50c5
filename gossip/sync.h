/*
 * sync.h - the two halves of asking a peer, for each other; private to sync.c and repair.c.
 *
 *	sync.c     when a peer is asked, its feed page by page, failures and pauses
 *	repair.c   first contact and repair: reconcile, fetch what we lack, return what it lost
 *
 *	IDLE -> NODE -> RECONCILE ... -> FETCH / MERGE ... -> RETURN ... -> RECONCILE, until nothing
 *	is found -> FEED / MERGE, page by page -> IDLE
 */
#ifndef GOSSIP_SYNC_H
#define GOSSIP_SYNC_H

#include "gossip/node_private.h"
#include "gossip/target.h"

/** Sends the request of a state. @param target NULL: the endpoint's path. */
void sync_ask(struct node *node, struct peer *peer, enum sync_state state,
	enum target_endpoint endpoint, const char *target, struct slice body);

/** The repair is over: on with the feed. */
void sync_go_on(struct node *node, struct peer *peer);

/* repair.c */

/** The peer's description is in sync->info: compares, or goes on with the feed. */
void repair_begin(struct node *node, struct peer *peer);
/** Asks for the next of sync->needs, or goes on when there is none. */
void repair_fetch(struct node *node, struct peer *peer);

/* Answers. @return false when it is none. */
bool repair_message(struct node *node, struct peer *peer, struct slice body);
bool repair_fetched(struct node *node, struct peer *peer, struct slice body);
bool repair_returned(struct node *node, struct peer *peer, struct slice body);

#endif

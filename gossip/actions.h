/*
 * actions.h - the queue of what a node wants done, until node_next() takes it out.
 *
 * An action owns its bytes; the one taken out last lives until the next is taken or added.
 */
#ifndef GOSSIP_ACTIONS_H
#define GOSSIP_ACTIONS_H

#include "common/base/dynbuf.h"
#include "gossip/node.h"

/** Longest line of the log a node writes, bytes. */
#define ACTIONS_LOG_MAX 512

struct actions_entry {
	struct actions_entry *next;
	struct node_action action;
	struct dynbuf body;
	char text[ACTIONS_LOG_MAX]; /* target, or line of the log */
	char url[GRAPH_PEER_URL_MAX];
};

/** Fields are private. */
struct actions {
	struct actions_entry *first;
	struct actions_entry *last;
	struct actions_entry *taken;
};

void actions_init(struct actions *a);
void actions_fini(struct actions *a);

/** Appends an empty action of a kind, with room for a body; NULL when there is no memory. */
struct actions_entry *actions_add(struct actions *a, enum node_action_kind kind);

bool actions_next(struct actions *a, struct node_action *out);

#endif

/*
 * replay_node.h - what a replay keeps of a principal; private to replay_graph.c, which writes
 * it, and replay_view.c, through which the metric sees it.
 */
#ifndef COMMON_REPLAY_REPLAY_NODE_H
#define COMMON_REPLAY_REPLAY_NODE_H

#include "common/replay/replay_graph.h"

struct replay_node {
	struct replay_list out; /* all edges, withdrawn and not counted ones too */
	struct replay_list in;  /* live, counted edges */
	uint32_t vouches;       /* live, counted edges out */
	uint32_t fresh_count;
	uint32_t
		mark; /* level as a friend of the recipient of a view, behind its round, see replay_view.c */
	uint64_t *
		fresh; /* first-seen of his newest counted edges, newest first, fresh_vouches at most */
};

static inline struct metric_ref
ref_of(const struct replay_edge *edge)
{
	return (struct metric_ref){edge->order, edge->node};
}

#endif

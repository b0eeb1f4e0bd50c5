/*
 * circle_list.h - one list of the graph as the metric walks it: several sets, one order.
 *
 * Who vouches for a sender stands in one set for each of his principals, and in those of
 * identities that one of them continues. The list merges them in ascending order, each peer
 * once with his strongest level, and leaves out what does not count: what has ended, is held
 * back by the fresh rule, or is older than asked for.
 *
 * An identity that another continues speaks as that one. Where the graph has such identities,
 * lists of up to CIRCLE_LIST_ITEMS_MAX entries are put in order in memory, under who they are of
 * now; of longer ones what was said by somebody who is another now is left out.
 */
#ifndef COMMON_SCAN_CIRCLE_LIST_H
#define COMMON_SCAN_CIRCLE_LIST_H

#include "common/graph/graph.h"

/** Sets of one list: three principals, and those that one of them continues. */
#define CIRCLE_LIST_PARTS_MAX (3 + GRAPH_FORMERS_MAX)

/** Entries of a list that is put in order in memory. */
#define CIRCLE_LIST_ITEMS_MAX 128

/** Entries in a row that do not count; then the list ends. */
#define CIRCLE_LIST_SKIPS_MAX 4096

/** Fields are private but for `count`. */
struct circle_list {
	uint64_t count; /**< entries, those included that do not count */
	struct graph_reader *graph;
	uint64_t now_s;
	uint64_t since_s;
	bool has_formers;
	bool is_primed; /* heads are there */
	bool in_memory; /* in items, not in parts any more */
	size_t part_count;
	size_t item_count;
	size_t at; /* in items */
	struct graph_cursor parts[CIRCLE_LIST_PARTS_MAX];
	struct graph_edge heads[CIRCLE_LIST_PARTS_MAX]; /* the next of each; peer 0: none */
	struct graph_edge items[CIRCLE_LIST_ITEMS_MAX];
};

/**
 * Starts an empty list.
 * @param since_s what was first seen before does not count; 0: all does.
 * @param has_formers false when graph_has_no_formers().
 */
void circle_list_begin(struct circle_list *l, struct graph_reader *graph, uint64_t now_s,
	uint64_t since_s, bool has_formers);

/**
 * Adds a set; one without entries costs nothing later. At most CIRCLE_LIST_PARTS_MAX, others
 * are left out.
 */
void circle_list_add(struct circle_list *l, enum graph_direction dir, graph_node of);

/** Adds the sets of a principal and of all that it continues. */
void circle_list_add_all(struct circle_list *l, enum graph_direction dir, graph_node of);

/** Ends the adding. */
void circle_list_seal(struct circle_list *l);

/** The next edge in ascending order. False at the end. */
bool circle_list_next(struct circle_list *l, struct graph_edge *out);

/** The first one at or behind peer; only forward. False when there is none. */
bool circle_list_seek(struct circle_list *l, struct graph_ref peer, struct graph_edge *out);

/** Walks to the end. @return how many that was. */
uint64_t circle_list_rest(struct circle_list *l);

/** The one set the list consists of, not read yet; NULL when it is not so simple. */
struct graph_cursor *circle_list_single(struct circle_list *l);

/** Whether an edge says anything now. */
static inline bool
circle_list_counts(const struct circle_list *l, const struct graph_edge *edge)
{
	return graph_edge_is_live(edge, l->now_s) && (edge->flags & GRAPH_EDGE_HELD) == 0 &&
	       edge->first_seen_s >= l->since_s;
}

/** Gives the cursors back. */
void circle_list_end(struct circle_list *l);

#endif

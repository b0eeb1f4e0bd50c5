/*
 * replay_graph.h - the vouches of a replay, and the metric's view of them.
 *
 * Edges come in order of receipt; each knows when it was first seen, and that decides, once,
 * whether it counts (METRIC, fresh rule): the first 20 new ones of an issuer in any 30 days
 * do; one beyond does not until it is attested again when there is room. A withdrawn edge keeps its
 * first-seen, so vouching anew takes no new place. Time 0 is exempt. Whom somebody vouches
 * for is his own friend in any case: the fresh rule protects others from him, not him from
 * himself.
 */
#ifndef COMMON_REPLAY_REPLAY_GRAPH_H
#define COMMON_REPLAY_REPLAY_GRAPH_H

#include "common/base/order_filter.h"
#include "common/metric/metric.h"
#include "common/replay/replay_list.h"
#include "common/replay/replay_names.h"

struct replay_node;

/** Fields are private, but for names. */
struct replay_graph {
	const struct metric_config *config;
	struct replay_names names;
	struct replay_node *nodes; /* by number; [0] is unused */
	uint32_t node_capacity;
	uint32_t round; /* of marks: who is a friend in the present view */
};

/** Borrows the config. */
void replay_graph_init(struct replay_graph *g, const struct metric_config *config);
void replay_graph_fini(struct replay_graph *g);

/** Finds or adds a principal. @return 0 or ERR_NOMEM. */
NODISCARD int replay_graph_intern(
	struct replay_graph *g, struct slice name, struct metric_ref *out);

/**
 * A vouch seen at at_s; level 0 withdraws it. A vouch for oneself says nothing and is dropped.
 * @return 0 or ERR_NOMEM.
 */
NODISCARD int replay_graph_vouch(struct replay_graph *g, struct metric_ref issuer,
	struct metric_ref subject, unsigned int level, uint64_t at_s);

/** The level of an edge, counted or not; 0 where there is none. */
unsigned int replay_graph_level(
	const struct replay_graph *g, struct metric_ref issuer, struct metric_ref subject);

/** The view around one recipient and one sender, one at a time. On the stack; borrows the graph. */
struct replay_view {
	struct replay_graph *graph; /**< only marks are written */
	struct metric_ref recipient;
	struct metric_ref sender;
	bool is_marked;               /**< false at first */
	bool has_vouchers;            /**< likewise */
	struct order_filter friends;  /**< once they are marked */
	struct order_filter vouchers; /**< those of the sender, once they are there */
};

struct metric_world replay_view_world(struct replay_view *view);

#endif

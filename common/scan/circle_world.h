/*
 * circle_world.h - the two stores as the metric sees them: metric_world.h for one question.
 *
 * A world is for one recipient (a circle), one sender and one moment, over the readers' present
 * snapshots. It reads each list where it lies: the run of records of a small list is compared in
 * the map, without a call per record, and a list is looked up once for its size and its
 * entries. Nothing allocates.
 *
 * Who vouches: circle_list.h. in(s) is the union over the sender's principals (address,
 * effective identity, domain). A middleman is known to a friend by a vouch for his identity,
 * not by one for an address.
 *
 * Who is a friend: friends.h, and with `colleagues`, or for the site, the local users. Without, a
 * local user may still be one by his address, and for the site whoever a local user knows;
 * those are in no list, so the metric asks (friend_level).
 */
#ifndef COMMON_SCAN_CIRCLE_WORLD_H
#define COMMON_SCAN_CIRCLE_WORLD_H

#include "common/metric/metric.h"
#include "common/scan/circle_list.h"
#include "common/scan/friends.h"

/** Lists the metric has open at a time. */
#define CIRCLE_WORLD_LISTS_MAX 4

/** As many as the metric reads ahead. */
#define CIRCLE_WORLD_RECENT_MAX METRIC_EXPECT_MAX

/**
 * Of senders with at most so many vouchers these are put into an array, for the search of
 * middlemen.
 */
#define CIRCLE_WORLD_VOUCHERS_MAX 8192

/** Large, and not to be cleared before use: UNINITIALIZED. Fields are private, but for cut. */
struct circle_world {
	const struct circle *circle;
	const struct metric_config *config;
	bool cut; /**< a bound cut the recipient's list of friends */
	bool has_formers;
	bool has_friends;                           /* they are loaded */
	graph_node senders[METRIC_SENDER_REFS_MAX]; /* those that the graph knows */
	size_t sender_count;
	uint64_t sender_vouchers; /* UINT64_MAX: not counted yet */
	uint64_t hosted_count;    /* identities of this site */
	uint64_t colleague_count; /* of them friends without a word of the recipient */
	struct metric_ref recent[CIRCLE_WORLD_RECENT_MAX]; /* vouchers handed out last */
	bool recent_is_hosted[CIRCLE_WORLD_RECENT_MAX];
	size_t recent_count; /* ever handed out */
	struct world_list {
		bool in_use;
		bool is_spare; /* counted, and not opened yet */
		enum metric_list kind;
		struct metric_ref of;
		size_t at;               /* in the array of friends */
		struct graph_edge head;  /* the next colleague; peer 0: none */
		struct circle_list list; /* in METRIC_LIST_FRIENDS, of colleagues */
	} lists[CIRCLE_WORLD_LISTS_MAX];
	struct friends friends;
	graph_node voucher_of; /* the one principal that they vouch for */
	size_t voucher_count;  /* SIZE_MAX: not loaded yet */
	struct order_filter voucher_filter;
	struct graph_ref vouchers[CIRCLE_WORLD_VOUCHERS_MAX]; /* of the sender, dead ones too */
};

/**
 * @param senders the sender's principals, at most METRIC_SENDER_REFS_MAX; those with node 0 are
 * left out.
 */
void circle_world_init(struct circle_world *w, const struct circle *circle,
	const struct metric_config *config, const struct party *senders, size_t sender_count);

/** The world; good as long as w and the snapshots. */
struct metric_world circle_world_metric(struct circle_world *w);

/* The same things in the words of the graph and of the metric. */

static inline struct metric_ref
metric_ref_from(struct graph_ref ref)
{
	return (struct metric_ref){ref.order, ref.node};
}

static inline struct graph_ref
graph_ref_from(struct metric_ref ref)
{
	return (struct graph_ref){ref.order, ref.node};
}

static inline struct metric_edge
metric_edge_from(const struct graph_edge *edge)
{
	return (struct metric_edge){
		.ref = metric_ref_from(graph_edge_ref(edge)),
		.level = edge->level,
		.is_open = (edge->flags & GRAPH_EDGE_OPEN) != 0,
	};
}

/** Place of a party in the metric's lists. */
static inline struct metric_ref
circle_world_ref(const struct party *p)
{
	return metric_ref_from(party_ref(p));
}

/** The same for a node; {0} for GRAPH_NONE. */
static inline struct metric_ref
circle_world_node_ref(const struct circle *circle, graph_node node)
{
	return metric_ref_from(graph_ref_of(circle->graph, node));
}

#endif

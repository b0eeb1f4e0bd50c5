/* Two lists of one decision side by side: what they have in common, without a call per record. */
#include <assert.h>

#include "common/scan/circle_world_private.h"
#include "common/statement/statement.h"

static_assert(METRIC_EXPECT_MAX <= GRAPH_EXPECT_MAX, "what the metric expects fits");

void
circle_world_expect(void *ctx, enum metric_list kind, const struct metric_ref *of, size_t count)
{
	const struct circle_world *w = ctx;
	graph_node nodes[METRIC_EXPECT_MAX];

	if (kind != METRIC_LIST_VOUCHERS && kind != METRIC_LIST_VOUCHES) {
		return;
	}
	for (size_t i = 0; i < count; i++) {
		nodes[i] = of[i].node;
	}
	graph_expect(w->circle->graph, kind == METRIC_LIST_VOUCHERS ? GRAPH_IN : GRAPH_OUT,
		nodes, count);
}

void
circle_world_expect_digests(void *ctx, const struct metric_ref *who, size_t count)
{
	const struct circle_world *w = ctx;
	graph_node nodes[METRIC_EXPECT_MAX];

	for (size_t i = 0; i < count; i++) {
		nodes[i] = who[i].node;
	}
	graph_expect_digests(w->circle->graph, nodes, count);
}

/* What metric_common_fn wants, of what graph_list_common() finds. */
struct common {
	struct circle_world *world;
	struct world_list *list;
	metric_common_fn *visit;
	void *ctx;
};

static bool
on_common(void *ctx, size_t index, const struct graph_edge *edge)
{
	struct common *common = ctx;
	struct circle_world *w = common->world;
	struct metric_edge vouch = metric_edge_from(edge);
	struct metric_edge friend_edge = {.ref = vouch.ref};
	unsigned int level = index < w->friends.count ? w->friends.levels[index] : 0;

	if (!circle_list_counts(&common->list->list, edge)) {
		return true;
	}
	if (level < TRUST_LEVEL_STRONG && (edge->flags & GRAPH_EDGE_HOSTED) != 0 &&
		edge->peer != w->circle->site.node) {
		level = circle_stronger(level, circle_world_hosted_level(w, edge->peer));
	}
	friend_edge.level = (uint8_t)level;
	return level == 0 || common->visit(common->ctx, &friend_edge, &vouch);
}

/*
 * circle_world_common - for the usual kind of list: one set, of a recipient whose friends are
 * all listed
 */
bool
circle_world_common(void *ctx, enum metric_list kind, struct metric_ref of, size_t *steps_left,
	metric_common_fn *visit, void *visit_ctx)
{
	struct circle_world *w = ctx;
	struct world_list *l = circle_world_list(w, kind, of);
	struct graph_cursor *cursor = circle_list_single(&l->list);
	struct common common = {w, l, visit, visit_ctx};
	const struct friends *friends = circle_world_friends(w);
	const struct graph_wanted wanted = {
		.refs = friends->refs,
		.count = friends->count,
		.filter = &friends->filter,
		.or_hosted = w->hosted_count > 0,
	};

	if (cursor == NULL || w->circle->is_site ||
		(wanted.or_hosted && l->list.count > METRIC_STEPS_MAX)) {
		l->is_spare = true;
		return false;
	}
	graph_list_common(cursor, &wanted, steps_left, on_common, &common);
	circle_world_finish(l);
	return true;
}

static void
fill_voucher_filter(struct circle_world *w)
{
	w->voucher_filter = (struct order_filter){0};
	for (size_t i = 0; i < w->voucher_count; i++) {
		order_filter_add(&w->voucher_filter, w->vouchers[i].order);
	}
}

/* load_vouchers - once. False where there are too many, or in more than one set */
static bool
load_vouchers(struct circle_world *w)
{
	struct world_list *l;
	struct graph_cursor *cursor;

	if (w->voucher_count != SIZE_MAX) {
		return true;
	}
	if (w->has_formers || w->sender_vouchers > CIRCLE_WORLD_VOUCHERS_MAX) {
		return false;
	}
	l = circle_world_list(w, METRIC_LIST_SENDER_VOUCHERS, (struct metric_ref){0});
	cursor = circle_list_single(&l->list);
	if (cursor != NULL) {
		w->voucher_of = cursor->node;
		w->voucher_count =
			graph_list_refs(cursor, w->vouchers, CIRCLE_WORLD_VOUCHERS_MAX);
		fill_voucher_filter(w);
	}
	circle_world_finish(l);
	return cursor != NULL;
}

static bool
on_middleman(void *ctx, size_t index, const struct graph_edge *edge)
{
	struct common *common = ctx;
	struct circle_world *w = common->world;
	struct circle_list *l = &common->list->list;
	struct metric_edge vouch = metric_edge_from(edge);
	struct graph_edge last;
	struct metric_edge last_vouch;

	(void)index;
	if (!circle_list_counts(l, edge) ||
		!graph_edge_get(w->circle->graph, GRAPH_IN, w->voucher_of, graph_edge_ref(edge),
			&last) ||
		!circle_list_counts(l, &last)) {
		return true;
	}
	last_vouch = metric_edge_from(&last);
	circle_world_remember(w, last_vouch.ref, &last);
	return common->visit(common->ctx, &vouch, &last_vouch);
}

/* circle_world_middlemen - the friend's list beside the array of the sender's vouchers */
bool
circle_world_middlemen(void *ctx, struct metric_ref f, size_t *steps_left,
	metric_common_fn *visit, void *visit_ctx)
{
	struct circle_world *w = ctx;
	struct common common = {w, NULL, visit, visit_ctx};
	struct graph_wanted wanted = {.refs = w->vouchers, .filter = &w->voucher_filter};
	struct graph_cursor *cursor;

	if (!load_vouchers(w)) {
		return false;
	}
	wanted.count = w->voucher_count;
	common.list = circle_world_list(w, METRIC_LIST_VOUCHES, f);
	cursor = circle_list_single(&common.list->list);
	if (cursor != NULL) {
		graph_list_common(cursor, &wanted, steps_left, on_middleman, &common);
	}
	circle_world_finish(common.list);
	return cursor != NULL || common.list->list.count == 0;
}

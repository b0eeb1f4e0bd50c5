/* The metric's view of a replay's graph. */
#include "common/replay/replay_node.h"

/* A mark: the round in which it was made, and the level. */
#define MARK_LEVEL_BITS 2
#define ROUND_MAX       (UINT32_MAX >> MARK_LEVEL_BITS)

/* Lists of vouchers up to so many times as long as the recipient's are walked, not sought in. */
#define WALK_FACTOR 8

static const struct replay_list *
list_of(const struct replay_view *v, enum metric_list list, struct metric_ref of)
{
	static const struct replay_list none;

	switch (list) {
	case METRIC_LIST_FRIENDS:
		return &v->graph->nodes[v->recipient.node].out;
	case METRIC_LIST_SENDER_VOUCHERS:
		return &v->graph->nodes[v->sender.node].in;
	case METRIC_LIST_VOUCHERS:
		return &v->graph->nodes[of.node].in;
	case METRIC_LIST_VOUCHES:
		return &v->graph->nodes[of.node].out;
	case METRIC_LIST_WARNERS:
		break;
	}
	return &none;
}

static uint64_t
view_count(void *ctx, enum metric_list list, struct metric_ref of)
{
	return list_of(ctx, list, of)->count;
}

/* Cursor: the list, which edges it shows (word[0]: flags they must have), and the position. */
static void
view_open(void *ctx, enum metric_list list, struct metric_ref of, struct metric_cursor *c)
{
	c->list = list_of(ctx, list, of);
	c->word[0] = list == METRIC_LIST_FRIENDS ? 0 : REPLAY_EDGE_COUNTED;
	c->word[1] = 0;
}

static bool
shows(const struct metric_cursor *c, const struct replay_edge *edge)
{
	return edge->level > 0 && (edge->flags & c->word[0]) == c->word[0];
}

/* take - the first edge from `edge` on that the list shows */
static bool
take(struct metric_cursor *c, struct replay_edge *edge, struct replay_position *at,
	struct metric_edge *out)
{
	while (edge != NULL && !shows(c, edge)) {
		edge = replay_list_next(c->list, at);
	}
	c->word[1] = (uint64_t)at->chunk << 32 | at->item;
	if (edge == NULL) {
		return false;
	}
	*out = (struct metric_edge){
		.ref = ref_of(edge),
		.level = edge->level,
		.is_open = true,
	};
	return true;
}

static struct replay_position
position_of(const struct metric_cursor *c)
{
	return (struct replay_position){
		.chunk = (uint32_t)(c->word[1] >> 32),
		.item = (uint32_t)c->word[1],
	};
}

static bool
view_next(void *ctx, struct metric_cursor *c, struct metric_edge *out)
{
	struct replay_position at = position_of(c);

	(void)ctx;
	return take(c, replay_list_next(c->list, &at), &at, out);
}

static bool
view_seek(void *ctx, struct metric_cursor *c, struct metric_ref ref, struct metric_edge *out)
{
	struct replay_position at = position_of(c);

	(void)ctx;
	return take(c, replay_list_seek(c->list, ref, &at), &at, out);
}

static void
view_close(void *ctx, struct metric_cursor *c)
{
	(void)ctx;
	(void)c;
}

static void
next_round(struct replay_graph *g)
{
	if (g->round < ROUND_MAX) {
		g->round++;
		return;
	}
	for (uint32_t i = 1; i <= g->names.count; i++) {
		g->nodes[i].mark = 0;
	}
	g->round = 1;
}

/* mark_friends - once a view, so that asking who is a friend costs one look */
static void
mark_friends(struct replay_view *v)
{
	struct replay_graph *g = v->graph;
	struct replay_position at = {0};
	const struct replay_edge *edge = NULL;

	v->is_marked = true;
	v->friends = (struct order_filter){0};
	next_round(g);
	while ((edge = replay_list_next(&g->nodes[v->recipient.node].out, &at)) != NULL) {
		g->nodes[edge->node].mark = g->round << MARK_LEVEL_BITS | edge->level;
		order_filter_add(&v->friends, edge->order);
	}
}

static unsigned int
marked_level(const struct replay_graph *g, uint32_t node)
{
	uint32_t mark = g->nodes[node].mark;

	return mark >> MARK_LEVEL_BITS == g->round ? mark & ((1U << MARK_LEVEL_BITS) - 1) : 0;
}

static unsigned int
view_friend_level(void *ctx, struct metric_ref who)
{
	struct replay_view *v = ctx;

	if (!v->is_marked && v->graph->nodes[v->recipient.node].out.count > METRIC_STEPS_MAX) {
		return replay_graph_level(v->graph, v->recipient, who);
	}
	if (!v->is_marked) {
		mark_friends(v);
	}
	return marked_level(v->graph, who.node);
}

/* view_expect - a list is three steps away: its principal, his chunks, the first of these */
static void
view_expect(void *ctx, enum metric_list list, const struct metric_ref *of, size_t count)
{
	const struct replay_view *v = ctx;

	for (size_t i = 0; i < count; i++) {
		__builtin_prefetch(list_of(v, list, of[i]));
	}
	for (size_t i = 0; i < count; i++) {
		__builtin_prefetch(list_of(v, list, of[i])->chunks);
	}
	for (size_t i = 0; i < count; i++) {
		replay_list_call(list_of(v, list, of[i]));
	}
}

static struct metric_edge
edge_of(const struct replay_edge *edge, unsigned int level)
{
	return (struct metric_edge){
		.ref = ref_of(edge),
		.level = (uint8_t)level,
		.is_open = true,
	};
}

/* Two lists side by side: one is walked, and what the filter lets through is looked at. */
struct beside {
	struct replay_view *view;
	metric_common_fn *visit;
	void *ctx;
};

/* on_voucher - visits a voucher who is a friend. False to stop */
static bool
on_voucher(const struct beside *b, const struct replay_edge *edge)
{
	unsigned int level = marked_level(b->view->graph, edge->node);
	struct metric_edge friend_edge = edge_of(edge, level);
	struct metric_edge vouch = edge_of(edge, edge->level);

	return level == 0 || b->visit(b->ctx, &friend_edge, &vouch);
}

/* on_vouch - visits a middleman, of whom the friend's list told. False to stop */
static bool
on_vouch(const struct beside *b, const struct replay_edge *edge)
{
	const struct replay_view *v = b->view;
	const struct replay_edge *last =
		replay_list_find(&v->graph->nodes[v->sender.node].in, ref_of(edge));
	struct metric_edge vouch;
	struct metric_edge last_vouch;

	if (last == NULL || edge->level == 0 || last->level == 0 ||
		(edge->flags & last->flags & REPLAY_EDGE_COUNTED) == 0) {
		return true;
	}
	vouch = edge_of(edge, edge->level);
	last_vouch = edge_of(last, last->level);
	return b->visit(b->ctx, &vouch, &last_vouch);
}

/* walk_beside - a list, and of each that may be wanted what `each` makes of it */
static void
walk_beside(const struct beside *b, const struct replay_list *list,
	const struct order_filter *wanted, size_t *steps_left,
	bool (*each)(const struct beside *b, const struct replay_edge *edge))
{
	struct replay_position at = {0};
	const struct replay_edge *run = NULL;
	uint32_t count = 0;

	while (*steps_left > 0 && (run = replay_list_run(list, &at, &count)) != NULL) {
		for (uint32_t i = 0; i<count && * steps_left> 0; i++) {
			(*steps_left)--;
			if (order_filter_may_have(wanted, run[i].order) && !each(b, &run[i])) {
				return;
			}
		}
	}
}

/* view_common - walks the vouchers, unless the recipient's list is much shorter */
static bool
view_common(void *ctx, enum metric_list list, struct metric_ref of, size_t *steps_left,
	metric_common_fn *visit, void *visit_ctx)
{
	struct replay_view *v = ctx;
	const struct beside b = {v, visit, visit_ctx};
	const struct replay_list *vouchers = list_of(v, list, of);
	uint32_t friends = v->graph->nodes[v->recipient.node].out.count;

	if (friends > METRIC_STEPS_MAX || vouchers->count / WALK_FACTOR > friends) {
		return false;
	}
	if (!v->is_marked) {
		mark_friends(v);
	}
	walk_beside(&b, vouchers, &v->friends, steps_left, on_voucher);
	return true;
}

static void
load_vouchers(struct replay_view *v)
{
	struct replay_position at = {0};
	const struct replay_edge *edge = NULL;

	v->has_vouchers = true;
	v->vouchers = (struct order_filter){0};
	while ((edge = replay_list_next(&v->graph->nodes[v->sender.node].in, &at)) != NULL) {
		order_filter_add(&v->vouchers, edge->order);
	}
}

/* view_middlemen - walks the friend's list, unless either is too long */
static bool
view_middlemen(void *ctx, struct metric_ref f, size_t *steps_left, metric_common_fn *visit,
	void *visit_ctx)
{
	struct replay_view *v = ctx;
	const struct beside b = {v, visit, visit_ctx};
	const struct replay_list *vouches = &v->graph->nodes[f.node].out;
	uint32_t vouchers = v->graph->nodes[v->sender.node].in.count;

	if (vouchers > METRIC_STEPS_MAX || vouches->count / WALK_FACTOR > vouchers) {
		return false;
	}
	if (!v->has_vouchers) {
		load_vouchers(v);
	}
	walk_beside(&b, vouches, &v->vouchers, steps_left, on_vouch);
	return true;
}

static bool
view_resolve(void *ctx, const struct metric_party *who, struct metric_ref *out)
{
	const struct replay_view *v = ctx;

	if (who->ref.node == 0) {
		return false;
	}
	*out = replay_names_ref(&v->graph->names, who->ref.node);
	return true;
}

static uint64_t
view_vouch_count(void *ctx, struct metric_ref who)
{
	const struct replay_view *v = ctx;

	return v->graph->nodes[who.node].vouches;
}

static const struct metric_world_ops view_ops = {
	.count = view_count,
	.open = view_open,
	.next = view_next,
	.seek = view_seek,
	.close = view_close,
	.expect = view_expect,
	.common = view_common,
	.middlemen = view_middlemen,
	.friend_level = view_friend_level,
	.resolve = view_resolve,
	.vouch_count = view_vouch_count,
};

struct metric_world
replay_view_world(struct replay_view *view)
{
	return (struct metric_world){
		.ops = &view_ops,
		.ctx = view,
		.lists_all_friends = true,
	};
}

#include "common/replay/replay_graph.h"

#include <stdlib.h>

#include "common/base/err.h"
#include "common/metric/metric_rules.h"

#define NODES_FIRST 256

/* A mark: the round in which it was made, and the level. */
#define MARK_LEVEL_BITS 2
#define ROUND_MAX       (UINT32_MAX >> MARK_LEVEL_BITS)

/* Lists of vouchers up to so many times as long as the recipient's are walked, not sought in. */
#define WALK_FACTOR 8

struct replay_node {
	struct replay_list out; /* all edges, withdrawn and not counted ones too */
	struct replay_list in;  /* live, counted edges */
	uint32_t vouches;       /* live, counted edges out */
	uint32_t fresh_count;
	uint32_t mark; /* level as a friend of the recipient of a view, behind its round */
	uint64_t *
		fresh; /* first-seen of his newest counted edges, newest first, fresh_vouches at most */
};

void
replay_graph_init(struct replay_graph *g, const struct metric_config *config)
{
	*g = (struct replay_graph){.config = config};
	replay_names_init(&g->names);
}

void
replay_graph_fini(struct replay_graph *g)
{
	for (uint32_t i = 1; g->nodes != NULL && i <= g->names.count; i++) {
		replay_list_fini(&g->nodes[i].out);
		replay_list_fini(&g->nodes[i].in);
		free(g->nodes[i].fresh);
	}
	free(g->nodes);
	replay_names_fini(&g->names);
}

static int
grow_nodes(struct replay_graph *g)
{
	uint32_t capacity = g->node_capacity == 0 ? NODES_FIRST : 2 * g->node_capacity;
	struct replay_node *nodes = NULL;

	if (capacity <= g->node_capacity) {
		return ERR_NOMEM;
	}
	nodes = realloc(g->nodes, capacity * sizeof(*nodes));
	if (nodes == NULL) {
		return ERR_NOMEM;
	}
	memset(nodes + g->node_capacity, 0, (capacity - g->node_capacity) * sizeof(*nodes));
	g->nodes = nodes;
	g->node_capacity = capacity;
	return 0;
}

int
replay_graph_intern(struct replay_graph *g, struct slice name, struct metric_ref *out)
{
	if (g->names.count + 1 >= g->node_capacity && grow_nodes(g) != 0) {
		return ERR_NOMEM;
	}
	return replay_names_intern(&g->names, name, out);
}

static int
make_fresh(const struct replay_graph *g, struct replay_node *issuer)
{
	if (issuer->fresh == NULL) {
		issuer->fresh = calloc((size_t)g->config->fresh_vouches + 1, sizeof(uint64_t));
	}
	return issuer->fresh == NULL ? ERR_NOMEM : 0;
}

/* admit - may an edge count from now on? Takes its place if so. */
static bool
admit(const struct replay_graph *g, struct replay_node *issuer, uint64_t at_s)
{
	uint32_t kept = issuer->fresh_count;

	if (at_s == 0) {
		return true;
	}
	if (!metric_fresh_has_room(g->config, issuer->fresh, issuer->fresh_count, at_s)) {
		return false;
	}
	if (kept == g->config->fresh_vouches) {
		kept--;
	}
	memmove(&issuer->fresh[1], &issuer->fresh[0], kept * sizeof(issuer->fresh[0]));
	issuer->fresh[0] = at_s;
	issuer->fresh_count = kept + 1;
	return true;
}

static struct metric_ref
ref_of(const struct replay_edge *edge)
{
	return (struct metric_ref){.order = edge->order, .node = edge->node};
}

/* set_in - the subject's side of a counted edge */
static int
set_in(struct replay_node *subject, struct metric_ref issuer, unsigned int level)
{
	struct replay_edge edge = {
		.order = issuer.order,
		.node = issuer.node,
		.level = (uint8_t)level,
		.flags = REPLAY_EDGE_COUNTED,
	};
	struct replay_edge *have = replay_list_find(&subject->in, issuer);

	if (level == 0) {
		replay_list_remove(&subject->in, issuer);
		return 0;
	}
	if (have == NULL) {
		return replay_list_insert(&subject->in, &edge);
	}
	have->level = (uint8_t)level;
	return 0;
}

static struct replay_edge *
find_or_add(struct replay_node *issuer, struct metric_ref subject)
{
	struct replay_edge edge = {.order = subject.order, .node = subject.node};
	struct replay_edge *have = replay_list_find(&issuer->out, subject);

	if (have == NULL && replay_list_insert(&issuer->out, &edge) == 0) {
		have = replay_list_find(&issuer->out, subject);
	}
	return have;
}

int
replay_graph_vouch(struct replay_graph *g, struct metric_ref issuer, struct metric_ref subject,
	unsigned int level, uint64_t at_s)
{
	struct replay_node *from = &g->nodes[issuer.node];
	struct replay_edge *edge = NULL;
	bool was_live = false;

	if (issuer.node == subject.node) {
		return 0;
	}
	edge = level == 0 ? replay_list_find(&from->out, subject) : find_or_add(from, subject);
	if (edge == NULL) {
		return level == 0 ? 0 : ERR_NOMEM;
	}
	if (make_fresh(g, from) != 0) {
		return ERR_NOMEM;
	}
	was_live = edge->level > 0 && (edge->flags & REPLAY_EDGE_COUNTED) != 0;
	edge->level = (uint8_t)level;
	if (level > 0 && (edge->flags & REPLAY_EDGE_COUNTED) == 0 && admit(g, from, at_s)) {
		edge->flags |= REPLAY_EDGE_COUNTED;
	}
	if ((edge->flags & REPLAY_EDGE_COUNTED) == 0) {
		return 0;
	}
	from->vouches += (level > 0 ? 1U : 0U) - (was_live ? 1U : 0U);
	return set_in(&g->nodes[subject.node], issuer, level);
}

unsigned int
replay_graph_level(
	const struct replay_graph *g, struct metric_ref issuer, struct metric_ref subject)
{
	const struct replay_edge *edge = replay_list_find(&g->nodes[issuer.node].out, subject);

	return edge == NULL ? 0 : edge->level;
}

/* The metric's view. */

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
	next_round(g);
	while ((edge = replay_list_next(&g->nodes[v->recipient.node].out, &at)) != NULL) {
		g->nodes[edge->node].mark = g->round << MARK_LEVEL_BITS | edge->level;
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

/* view_common - walks the vouchers, unless the recipient's list is much shorter */
static bool
view_common(void *ctx, enum metric_list list, struct metric_ref of, size_t *steps_left,
	metric_common_fn *visit, void *visit_ctx)
{
	struct replay_view *v = ctx;
	const struct replay_list *vouchers = list_of(v, list, of);
	uint32_t friends = v->graph->nodes[v->recipient.node].out.count;
	struct replay_position at = {0};
	const struct replay_edge *edge = NULL;

	if (friends > METRIC_STEPS_MAX || vouchers->count / WALK_FACTOR > friends) {
		return false;
	}
	if (!v->is_marked) {
		mark_friends(v);
	}
	while (*steps_left > 0 && (edge = replay_list_next(vouchers, &at)) != NULL) {
		unsigned int level = marked_level(v->graph, edge->node);
		struct metric_edge friend_edge = {.ref = ref_of(edge), .level = (uint8_t)level};
		struct metric_edge vouch = {
			.ref = ref_of(edge),
			.level = edge->level,
			.is_open = true,
		};

		(*steps_left)--;
		if (level > 0 && !visit(visit_ctx, &friend_edge, &vouch)) {
			break;
		}
	}
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
	.common = view_common,
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

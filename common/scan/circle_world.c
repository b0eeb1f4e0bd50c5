#include "common/scan/circle_world.h"

#include <assert.h>

#include "common/scan/circle_world_private.h"
#include "common/statement/statement.h"

const struct friends *
circle_world_friends(struct circle_world *w)
{
	if (!w->has_friends) {
		friends_load(w->circle, &w->friends);
		w->cut = w->friends.cut;
		w->has_friends = true;
	}
	return &w->friends;
}

unsigned int
circle_world_hosted_level(struct circle_world *w, graph_node identity)
{
	if (w->colleague_count == 0) {
		return circle_voucher_level(w->circle, identity);
	}
	if (w->friends.has_strong && !w->friends.has_colleagues) {
		friends_load_colleagues(w->circle, &w->friends);
		w->cut = w->cut || w->friends.cut;
	}
	return w->friends.has_strong && friends_is_strong_colleague(&w->friends, identity)
		       ? TRUST_LEVEL_STRONG
		       : TRUST_LEVEL_ORDINARY;
}

/* next_colleague - becomes the head; the site is nobody's colleague */
static void
next_colleague(const struct circle_world *w, struct world_list *l)
{
	do {
		if (!circle_list_next(&l->list, &l->head)) {
			l->head.peer = GRAPH_NONE;
		}
	} while (l->head.peer != GRAPH_NONE && l->head.peer == w->circle->site.node);
}

/* friends_take - the nearer of the array's next and the next colleague */
static bool
friends_take(struct circle_world *w, struct world_list *l, struct metric_edge *out)
{
	bool has_friend = l->at < w->friends.count;
	int order = -1;

	if (!has_friend && l->head.peer == GRAPH_NONE) {
		return false;
	}
	if (l->head.peer != GRAPH_NONE) {
		order = !has_friend ? 1
				    : graph_ref_cmp(
					      w->friends.refs[l->at], graph_edge_ref(&l->head));
	}
	*out = (struct metric_edge){0};
	if (order >= 0) {
		out->ref = metric_ref_from(graph_edge_ref(&l->head));
		out->level = (uint8_t)circle_world_hosted_level(w, l->head.peer);
		next_colleague(w, l);
	}
	if (order <= 0) {
		out->ref = metric_ref_from(w->friends.refs[l->at]);
		out->level = (uint8_t)circle_stronger(out->level, w->friends.levels[l->at]);
		l->at++;
	}
	return true;
}

static void
friends_skip(const struct circle_world *w, struct world_list *l, struct graph_ref ref)
{
	l->at = friends_seek(&w->friends, l->at, ref);
	if (l->head.peer == GRAPH_NONE || graph_ref_cmp(graph_edge_ref(&l->head), ref) >= 0) {
		return;
	}
	if (!circle_list_seek(&l->list, ref, &l->head)) {
		l->head.peer = GRAPH_NONE;
	} else if (l->head.peer == w->circle->site.node) {
		next_colleague(w, l);
	}
}

static bool
is_hosted(const struct circle_world *w, struct metric_ref who)
{
	struct graph_edge edge;
	size_t kept = w->recent_count < CIRCLE_WORLD_RECENT_MAX ? w->recent_count
								: CIRCLE_WORLD_RECENT_MAX;

	for (size_t i = 0; i < kept; i++) {
		if (metric_ref_eq(who, w->recent[i])) {
			return w->recent_is_hosted[i];
		}
	}
	return graph_edge_get(
		w->circle->graph, GRAPH_COLLEAGUES, GRAPH_NONE, graph_ref_from(who), &edge);
}

static unsigned int
world_friend_level(void *ctx, struct metric_ref who)
{
	struct circle_world *w = ctx;
	unsigned int level = friends_level(circle_world_friends(w), graph_ref_from(who));

	if (level < TRUST_LEVEL_STRONG && w->hosted_count > 0 &&
		who.node != w->circle->site.node && is_hosted(w, who)) {
		level = circle_stronger(level, circle_world_hosted_level(w, who.node));
	}
	if (level == 0 && w->circle->is_site) {
		level = circle_voucher_level(w->circle, who.node);
	}
	return level;
}

/* --- lists --------------------------------------------------------------------------------- */

static void
add_senders(const struct circle_world *w, struct circle_list *l, enum graph_direction dir)
{
	for (size_t i = 0; i < w->sender_count; i++) {
		circle_list_add_all(l, dir, w->senders[i]);
	}
}

/* start - looks the list up */
static void
start(struct circle_world *w, struct world_list *l)
{
	uint64_t now_s = w->circle->now_s;
	uint64_t life_s = w->config->warning_life_s;
	uint64_t since_s =
		l->kind == METRIC_LIST_WARNERS && now_s > life_s ? now_s - life_s : 0;

	circle_list_begin(&l->list, w->circle->graph, now_s, since_s,
		w->has_formers && l->kind != METRIC_LIST_FRIENDS);
	switch (l->kind) {
	case METRIC_LIST_FRIENDS:
		(void)circle_world_friends(w);
		l->at = 0;
		if (w->colleague_count > 0) {
			circle_list_add(&l->list, GRAPH_COLLEAGUES, GRAPH_NONE);
		}
		break;
	case METRIC_LIST_SENDER_VOUCHERS:
		add_senders(w, &l->list, GRAPH_IN);
		break;
	case METRIC_LIST_VOUCHERS:
		circle_list_add_all(&l->list, GRAPH_IN, l->of.node);
		break;
	case METRIC_LIST_VOUCHES:
		circle_list_add_all(&l->list, GRAPH_OUT, l->of.node);
		break;
	case METRIC_LIST_WARNERS:
		add_senders(w, &l->list, GRAPH_BLOCKS_IN);
		add_senders(w, &l->list, GRAPH_WARNS_IN);
		break;
	}
	circle_list_seal(&l->list);
	if (l->kind == METRIC_LIST_FRIENDS) {
		next_colleague(w, l);
	}
}

void
circle_world_finish(struct world_list *l)
{
	circle_list_end(&l->list);
	l->in_use = false;
	l->is_spare = false;
}

struct world_list *
circle_world_list(struct circle_world *w, enum metric_list kind, struct metric_ref of)
{
	struct world_list *found = NULL;

	for (size_t i = 0; i < CIRCLE_WORLD_LISTS_MAX; i++) {
		struct world_list *l = &w->lists[i];

		if (l->in_use && l->is_spare) {
			if (l->kind == kind && metric_ref_eq(l->of, of)) {
				l->is_spare = false;
				return l;
			}
			circle_world_finish(l);
		}
		if (!l->in_use) {
			found = l;
		}
	}
	assert(found != NULL);
	found->in_use = true;
	found->is_spare = false;
	found->kind = kind;
	found->of = of;
	start(w, found);
	return found;
}

static uint64_t
world_count(void *ctx, enum metric_list kind, struct metric_ref of)
{
	struct circle_world *w = ctx;
	struct world_list *l;

	if (kind == METRIC_LIST_FRIENDS) {
		return circle_world_friends(w)->count + w->colleague_count;
	}
	if (kind == METRIC_LIST_SENDER_VOUCHERS && w->sender_vouchers != UINT64_MAX) {
		return w->sender_vouchers;
	}
	l = circle_world_list(w, kind, of);
	l->is_spare = true;
	if (kind == METRIC_LIST_SENDER_VOUCHERS) {
		w->sender_vouchers = l->list.count;
	}
	return l->list.count;
}

static void
world_open(void *ctx, enum metric_list kind, struct metric_ref of, struct metric_cursor *c)
{
	c->space.pointer = circle_world_list(ctx, kind, of);
}

void
circle_world_remember(
	struct circle_world *w, struct metric_ref ref, const struct graph_edge *edge)
{
	size_t at = w->recent_count++ % CIRCLE_WORLD_RECENT_MAX;

	w->recent[at] = ref;
	w->recent_is_hosted[at] = (edge->flags & GRAPH_EDGE_HOSTED) != 0;
}

static struct metric_edge
handed_out(struct circle_world *w, const struct world_list *l, const struct graph_edge *edge)
{
	struct metric_edge out = metric_edge_from(edge);

	if (l->kind != METRIC_LIST_VOUCHES) {
		circle_world_remember(w, out.ref, edge);
	}
	return out;
}

static bool
world_next(void *ctx, struct metric_cursor *c, struct metric_edge *out)
{
	struct world_list *l = c->space.pointer;
	struct graph_edge edge;

	if (l->kind == METRIC_LIST_FRIENDS) {
		return friends_take(ctx, l, out);
	}
	if (!circle_list_next(&l->list, &edge)) {
		return false;
	}
	*out = handed_out(ctx, l, &edge);
	return true;
}

static bool
world_seek(void *ctx, struct metric_cursor *c, struct metric_ref ref, struct metric_edge *out)
{
	struct world_list *l = c->space.pointer;
	struct graph_edge edge;

	if (l->kind == METRIC_LIST_FRIENDS) {
		friends_skip(ctx, l, graph_ref_from(ref));
		return friends_take(ctx, l, out);
	}
	if (!circle_list_seek(&l->list, graph_ref_from(ref), &edge)) {
		return false;
	}
	*out = handed_out(ctx, l, &edge);
	return true;
}

static void
world_close(void *ctx, struct metric_cursor *c)
{
	(void)ctx;
	circle_world_finish(c->space.pointer);
	c->space.pointer = NULL;
}

static bool
world_resolve(void *ctx, const struct metric_party *who, struct metric_ref *out)
{
	const struct circle_world *w = ctx;
	struct graph_reader *graph = w->circle->graph;
	struct party party = {.node = who->ref.node};
	graph_node identity;

	if (who->digest != NULL) {
		party.digest = *who->digest;
		party.node = graph_find_digest(graph, who->digest);
	} else if (!graph_digest_of(graph, party.node, &party.digest)) {
		return false;
	}
	identity = circle_identity_of(w->circle, &party);
	identity = graph_current(graph, identity == GRAPH_NONE ? party.node : identity);
	*out = metric_ref_from(graph_ref_of(graph, identity));
	return out->node != 0;
}

/* world_vouch_count - those that count, where the hub rule asks for it; else all */
static uint64_t
world_vouch_count(void *ctx, struct metric_ref who)
{
	struct circle_world *w = ctx;
	struct world_list *l = circle_world_list(w, METRIC_LIST_VOUCHES, who);
	uint64_t count = l->list.count;

	if (count > w->config->hub_vouches) {
		count = circle_list_rest(&l->list);
	}
	circle_world_finish(l);
	return count;
}

static uint32_t
world_credit(void *ctx, struct metric_ref who)
{
	const struct circle_world *w = ctx;
	uint32_t credit = w->config->introduction_credit;

	if (w->friends.has_credits) {
		(void)circle_credit(w->circle, who.node, &credit);
	}
	return credit;
}

static bool
world_digest(void *ctx, struct metric_ref who, struct digest *out)
{
	const struct circle_world *w = ctx;

	return graph_digest_of(w->circle->graph, who.node, out);
}

static const struct metric_world_ops world_ops = {
	.count = world_count,
	.open = world_open,
	.next = world_next,
	.seek = world_seek,
	.close = world_close,
	.expect = circle_world_expect,
	.expect_digests = circle_world_expect_digests,
	.common = circle_world_common,
	.middlemen = circle_world_middlemen,
	.friend_level = world_friend_level,
	.resolve = world_resolve,
	.vouch_count = world_vouch_count,
	.credit = world_credit,
	.digest = world_digest,
};

void
circle_world_init(struct circle_world *w, const struct circle *circle,
	const struct metric_config *config, const struct party *senders, size_t sender_count)
{
	assert(sender_count <= METRIC_SENDER_REFS_MAX);
	w->circle = circle;
	w->config = config;
	w->has_formers = !graph_has_no_formers(circle->graph);
	w->sender_count = 0;
	w->sender_vouchers = UINT64_MAX;
	w->voucher_count = SIZE_MAX;
	w->recent_count = 0;
	for (size_t i = 0; i < CIRCLE_WORLD_LISTS_MAX; i++) {
		w->lists[i].in_use = false;
	}
	for (size_t i = 0; i < sender_count; i++) {
		if (senders[i].node != GRAPH_NONE) {
			w->senders[w->sender_count++] = senders[i].node;
		}
	}
	w->hosted_count = graph_degree(circle->graph, GRAPH_COLLEAGUES, GRAPH_NONE);
	w->colleague_count = circle->colleagues || circle->is_site ? w->hosted_count : 0;
	w->cut = false;
	w->has_friends = false;
}

struct metric_world
circle_world_metric(struct circle_world *w)
{
	bool lists_all = !w->circle->is_site && w->colleague_count == w->hosted_count;

	return (struct metric_world){&world_ops, w, lists_all};
}

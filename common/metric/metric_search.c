/* Who vouches: friends of r directly, and friends who know a middleman. */
#include <stdlib.h>

#include "common/metric/metric_private.h"

bool
metric_is_excluded(const struct metric_question *q, struct metric_ref ref)
{
	if (metric_ref_eq(ref, q->recipient_ref)) {
		return true;
	}
	for (size_t i = 0; i < q->sender_ref_count; i++) {
		if (metric_ref_eq(ref, q->sender_refs[i])) {
			return true;
		}
	}
	return false;
}

bool
metric_step(struct metric_search *s)
{
	if (s->steps_left == 0) {
		s->out->cut |= METRIC_CUT_STEPS;
		return false;
	}
	s->steps_left--;
	return true;
}

/* walk_asking - every voucher of the list is asked about: is he a friend? */
static void
walk_asking(
	struct metric_search *s, struct metric_cursor *c, metric_common_fn *visit, void *ctx)
{
	const struct metric_world *world = s->world;
	struct metric_edge edge;

	while (metric_step(s) && world->ops->next(world->ctx, c, &edge)) {
		struct metric_edge friend_edge = {
			.ref = edge.ref,
			.level = (uint8_t)world->ops->friend_level(world->ctx, edge.ref),
		};

		if (friend_edge.level > 0 && !visit(ctx, &friend_edge, &edge)) {
			return;
		}
	}
}

/*
 * metric_walk_both - each list seeks what the other has: never more moves than twice the
 * shorter one's length
 */
void
metric_walk_both(struct metric_search *s, struct metric_cursor *a, struct metric_cursor *b,
	metric_common_fn *visit, void *ctx)
{
	const struct metric_world_ops *ops = s->world->ops;
	void *world = s->world->ctx;
	struct metric_edge x;
	struct metric_edge y;
	bool more = metric_step(s) && ops->next(world, a, &x) && metric_step(s) &&
		    ops->seek(world, b, x.ref, &y);

	while (more) {
		int order = metric_ref_cmp(x.ref, y.ref);

		if (order == 0) {
			if (!visit(ctx, &x, &y)) {
				return;
			}
			more = metric_step(s) && ops->next(world, a, &x);
		} else if (order < 0) {
			more = metric_step(s) && ops->seek(world, a, y.ref, &x);
		} else {
			more = metric_step(s) && ops->seek(world, b, x.ref, &y);
		}
	}
}

/* metric_common - lets the world do it. False where it cannot */
static bool
metric_common(struct metric_search *s, enum metric_list list, struct metric_ref of,
	metric_common_fn *visit, void *ctx)
{
	const struct metric_world *world = s->world;

	if (world->ops->common == NULL ||
		!world->ops->common(world->ctx, list, of, &s->steps_left, visit, ctx)) {
		return false;
	}
	if (s->steps_left == 0) {
		s->out->cut |= METRIC_CUT_STEPS;
	}
	return true;
}

/*
 * metric_walk_common - the shorter list is walked, the longer one sought in
 *
 * Friends that no list holds can only be asked about, so then the vouchers are walked; unless
 * those are more than the budget, where the friends of the list are better than nothing.
 */
void
metric_walk_common(struct metric_search *s, enum metric_list list, struct metric_ref of,
	metric_common_fn *visit, void *ctx)
{
	const struct metric_world *world = s->world;
	const struct metric_ref none = {0};
	uint64_t vouchers = world->ops->count(world->ctx, list, of);
	struct metric_cursor c = {0};
	struct metric_cursor friends = {0};
	bool asks = false;

	if (vouchers == 0 || metric_common(s, list, of, visit, ctx)) {
		return;
	}
	asks = world->lists_all_friends
		       ? vouchers <= world->ops->count(world->ctx, METRIC_LIST_FRIENDS, none)
		       : vouchers <= METRIC_STEPS_MAX;
	world->ops->open(world->ctx, list, of, &c);
	if (asks) {
		walk_asking(s, &c, visit, ctx);
	} else {
		if (!world->lists_all_friends) {
			s->out->cut |= METRIC_CUT_STEPS;
		}
		world->ops->open(world->ctx, METRIC_LIST_FRIENDS, none, &friends);
		metric_walk_both(s, &friends, &c, visit, ctx);
		world->ops->close(world->ctx, &friends);
	}
	world->ops->close(world->ctx, &c);
}

static void
note_broke(struct metric_decision *out, const struct metric_edge *friend_edge,
	const struct metric_edge *vouch, const struct metric_account *account)
{
	if (out->broke_count < METRIC_BROKE_MAX) {
		out->broke[out->broke_count++] = (struct metric_broke){
			.ref = friend_edge->ref,
			.friend_level = friend_edge->level,
			.vouch_level = vouch->level,
			.is_open = vouch->is_open,
			.account = *account,
		};
	}
}

/*
 * Friends who were found; their accounts are computed a few at a time, so that they are looked
 * up together.
 */
struct batch {
	struct metric_search *search;
	size_t count;
	struct metric_edge friends[METRIC_EXPECT_MAX];
	struct metric_edge vouches[METRIC_EXPECT_MAX];
};

static bool
add_friend(struct metric_search *s, const struct metric_edge *friend_edge,
	const struct metric_edge *vouch)
{
	struct metric_decision *out = s->out;
	struct metric_account account;

	if (out->payer_count == METRIC_PAYERS_MAX) {
		out->cut |= METRIC_CUT_PAYERS;
		return false;
	}
	metric_account_compute(s, friend_edge->ref, &account, &out->cut);
	if (account.credit == 0) {
		note_broke(out, friend_edge, vouch, &account);
		return true;
	}
	out->payers[out->payer_count++] = (struct metric_payer){
		.ref = friend_edge->ref,
		.friend_level = friend_edge->level,
		.vouch_level = vouch->level,
		.is_open = vouch->is_open,
		.credit = account.credit,
		.renews_s = account.renews_s,
		.cap = account.credit,
	};
	return true;
}

/* add_batch - false when no more can pay */
static bool
add_batch(struct batch *b)
{
	struct metric_ref refs[METRIC_EXPECT_MAX] = {0};
	size_t count = b->count;
	bool more = true;

	for (size_t i = 0; i < count; i++) {
		refs[i] = b->friends[i].ref;
	}
	metric_expect_accounts(b->search, refs, NULL, count);
	b->count = 0;
	for (size_t i = 0; more && i < count; i++) {
		more = add_friend(b->search, &b->friends[i], &b->vouches[i]);
	}
	return more;
}

static bool
on_friend(void *ctx, const struct metric_edge *friend_edge, const struct metric_edge *vouch)
{
	struct batch *b = ctx;

	if (metric_is_excluded(b->search->question, friend_edge->ref)) {
		return true;
	}
	b->friends[b->count] = *friend_edge;
	b->vouches[b->count] = *vouch;
	b->count++;
	return b->count < METRIC_EXPECT_MAX || add_batch(b);
}

void
metric_find_friends(struct metric_search *s)
{
	UNINITIALIZED struct batch batch;

	batch.search = s;
	batch.count = 0;
	s->steps_left = METRIC_STEPS_MAX;
	metric_walk_common(
		s, METRIC_LIST_SENDER_VOUCHERS, (struct metric_ref){0}, on_friend, &batch);
	(void)add_batch(&batch);
}

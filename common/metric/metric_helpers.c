/* Helpers: friends of r who vouch for a middleman who vouches for s (METRIC, step 2). */
#include <stdlib.h>

#include "common/metric/metric_private.h"

/* Friends of all pairs, looked up once each; a power of two, twice the pairs. */
#define MEMO_SLOTS (2 * METRIC_PAIRS_MAX)

struct pair {
	struct metric_ref middleman;
	struct metric_ref helper;
	uint8_t friend_level; /* r -> f */
	uint8_t vouch_level;  /* f -> g */
	uint8_t last_level;   /* g -> s */
	bool is_open;         /* the vouch f -> g */
};

struct memo {
	struct metric_ref ref;
	uint32_t credit;
	uint64_t renews_s;
	bool helps;
};

struct hunt {
	struct metric_search *search;
	struct metric_edge fixed; /* the end of the pair that stays while the other is walked */
	size_t pair_count;
	size_t memo_count;
	struct pair pairs[METRIC_PAIRS_MAX];
	struct memo memos[METRIC_PAIRS_MAX];
	uint16_t slots[MEMO_SLOTS]; /* index into memos, plus one */
};

/* pays_directly - is he one of V? Payers are ascending. */
static bool
pays_directly(const struct metric_decision *out, struct metric_ref ref)
{
	size_t low = 0;
	size_t high = out->payer_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (metric_ref_cmp(out->payers[middle].ref, ref) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < out->payer_count && metric_ref_eq(out->payers[low].ref, ref);
}

static bool
may_help(const struct hunt *h, struct metric_ref f)
{
	return !metric_is_excluded(h->search->question, f) && !pays_directly(h->search->out, f);
}

static bool
may_be_middleman(const struct hunt *h, struct metric_ref g)
{
	const struct metric_world *world = h->search->world;

	return !metric_is_excluded(h->search->question, g) &&
	       world->ops->friend_level(world->ctx, g) == 0;
}

static bool
add_pair(struct hunt *h, const struct pair *pair)
{
	if (h->pair_count == METRIC_PAIRS_MAX) {
		h->search->out->cut |= METRIC_CUT_PAIRS;
		return false;
	}
	h->pairs[h->pair_count++] = *pair;
	return true;
}

/* on_helper - a friend who vouches for the middleman at hand */
static bool
on_helper(void *ctx, const struct metric_edge *friend_edge, const struct metric_edge *vouch)
{
	struct hunt *h = ctx;
	struct pair pair = {
		.middleman = h->fixed.ref,
		.helper = friend_edge->ref,
		.friend_level = friend_edge->level,
		.vouch_level = vouch->level,
		.last_level = h->fixed.level,
		.is_open = vouch->is_open,
	};

	return !may_help(h, friend_edge->ref) || add_pair(h, &pair);
}

/* on_middleman - somebody the friend at hand vouches for, and who vouches for the sender */
static bool
on_middleman(void *ctx, const struct metric_edge *vouch, const struct metric_edge *last)
{
	struct hunt *h = ctx;
	struct pair pair = {
		.middleman = last->ref,
		.helper = h->fixed.ref,
		.friend_level = h->fixed.level,
		.vouch_level = vouch->level,
		.last_level = last->level,
		.is_open = vouch->is_open,
	};

	return !may_be_middleman(h, last->ref) || add_pair(h, &pair);
}

/* Which side is walked, and what is looked up for each of it. */
struct side {
	enum metric_list list;
	enum metric_list lists_of_each;
	void (*each)(struct hunt *h);
	struct metric_cursor cursor;
	struct metric_edge ahead[METRIC_EXPECT_MAX]; /* read, and not looked at yet */
	size_t count;
	size_t at; /* in ahead */
};

/* side_read - the next ones, whose lists the world hears of. False when there are none */
static bool
side_read(const struct metric_world *world, struct side *side)
{
	struct metric_ref refs[METRIC_EXPECT_MAX];

	side->at = 0;
	side->count = 0;
	while (side->count < METRIC_EXPECT_MAX &&
		world->ops->next(world->ctx, &side->cursor, &side->ahead[side->count])) {
		refs[side->count] = side->ahead[side->count].ref;
		side->count++;
	}
	if (side->count > 1 && world->ops->expect != NULL) {
		world->ops->expect(world->ctx, side->lists_of_each, refs, side->count);
	}
	return side->count > 0;
}

/* hunt_side - walks one side, and for each of it what `each` makes of it */
static void
hunt_side(struct hunt *h, struct side *side)
{
	struct metric_search *s = h->search;
	const struct metric_world *world = s->world;
	size_t walked = 0;

	world->ops->open(world->ctx, side->list, (struct metric_ref){0}, &side->cursor);
	while ((s->out->cut & METRIC_CUT_PAIRS) == 0 && metric_step(s) &&
		(side->at < side->count || side_read(world, side))) {
		if (walked++ == METRIC_SIDE_MAX) {
			s->out->cut |= METRIC_CUT_SIDE;
			break;
		}
		h->fixed = side->ahead[side->at++];
		side->each(h);
	}
	world->ops->close(world->ctx, &side->cursor);
}

static void
from_middleman(struct hunt *h)
{
	if (may_be_middleman(h, h->fixed.ref)) {
		metric_walk_common(h->search, METRIC_LIST_VOUCHERS, h->fixed.ref, on_helper, h);
	}
}

static void
from_friend(struct hunt *h)
{
	const struct metric_world *world = h->search->world;
	struct metric_cursor vouches = {0};
	struct metric_cursor vouchers = {0};

	if (!may_help(h, h->fixed.ref)) {
		return;
	}
	if (world->ops->middlemen != NULL && world->ops->middlemen(world->ctx, h->fixed.ref,
						     &h->search->steps_left, on_middleman, h)) {
		if (h->search->steps_left == 0) {
			h->search->out->cut |= METRIC_CUT_STEPS;
		}
		return;
	}
	world->ops->open(world->ctx, METRIC_LIST_VOUCHES, h->fixed.ref, &vouches);
	world->ops->open(
		world->ctx, METRIC_LIST_SENDER_VOUCHERS, (struct metric_ref){0}, &vouchers);
	metric_walk_both(h->search, &vouches, &vouchers, on_middleman, h);
	world->ops->close(world->ctx, &vouchers);
	world->ops->close(world->ctx, &vouches);
}

static int
by_middleman(const void *a, const void *b)
{
	const struct pair *x = a;
	const struct pair *y = b;
	int order = metric_ref_cmp(x->middleman, y->middleman);

	return order != 0 ? order : metric_ref_cmp(x->helper, y->helper);
}

/* memo_of - the friend's credit, computed when he is first met */
static struct memo *
memo_of(struct hunt *h, struct metric_ref f)
{
	size_t slot = (size_t)(f.order ^ (f.order >> 32) ^ (uint64_t)f.node * 0x9e3779b1U) &
		      (MEMO_SLOTS - 1);
	struct metric_account account;

	while (h->slots[slot] != 0) {
		struct memo *memo = &h->memos[h->slots[slot] - 1];

		if (metric_ref_eq(memo->ref, f)) {
			return memo;
		}
		slot = (slot + 1) & (MEMO_SLOTS - 1);
	}
	metric_account_compute(h->search, f, &account, &h->search->out->cut);
	h->memos[h->memo_count] = (struct memo){
		.ref = f,
		.credit = account.credit,
		.renews_s = account.renews_s,
	};
	h->memo_count++;
	h->slots[slot] = (uint16_t)h->memo_count;
	return &h->memos[h->memo_count - 1];
}

static uint32_t
smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/*
 * expect_pairs - the first pair of each of the next middlemen, which is the one most likely
 * taken.
 * @return where the ones after these begin
 */
static size_t
expect_pairs(const struct hunt *h, size_t from)
{
	struct metric_ref friends[METRIC_EXPECT_MAX / 2];
	struct metric_ref middlemen[METRIC_EXPECT_MAX / 2];
	size_t count = 0;
	size_t i = from;

	for (; i < h->pair_count && count < ARRAY_LEN(friends); i++) {
		const struct pair *p = &h->pairs[i];

		if (i == 0 || !metric_ref_eq(p->middleman, h->pairs[i - 1].middleman)) {
			friends[count] = p->helper;
			middlemen[count] = p->middleman;
			count++;
		}
	}
	metric_expect_accounts(h->search, friends, middlemen, count);
	return i;
}

/* match - every middleman his first friend with credit, every friend one middleman */
static void
match(struct hunt *h)
{
	struct metric_decision *out = h->search->out;
	uint32_t room = 0;
	size_t ahead = 0;

	for (size_t i = 0; i < h->pair_count; i++) {
		const struct pair *p = &h->pairs[i];
		struct memo *memo = NULL;

		if (i == ahead) {
			ahead = expect_pairs(h, i);
		}
		if (i == 0 || !metric_ref_eq(p->middleman, h->pairs[i - 1].middleman)) {
			room = metric_middleman_room(h->search, p->middleman, &out->cut);
		}
		if (room == 0) {
			continue;
		}
		memo = memo_of(h, p->helper);
		if (memo->helps || memo->credit == 0) {
			continue;
		}
		if (out->payer_count == METRIC_PAYERS_MAX) {
			out->cut |= METRIC_CUT_PAYERS;
			return;
		}
		memo->helps = true;
		out->helper_count++;
		out->payers[out->payer_count++] = (struct metric_payer){
			.ref = p->helper,
			.middleman = p->middleman,
			.friend_level = p->friend_level,
			.vouch_level = p->vouch_level,
			.last_level = p->last_level,
			.is_open = p->is_open,
			.credit = memo->credit,
			.renews_s = memo->renews_s,
			.cap = smaller(memo->credit, room),
		};
		room = 0; /* the next friend needs a middleman of his own */
	}
}

void
metric_find_helpers(struct metric_search *s)
{
	const struct metric_world *world = s->world;
	const struct metric_ref none = {0};
	UNINITIALIZED struct hunt h;
	struct side side;
	uint64_t friends = world->ops->count(world->ctx, METRIC_LIST_FRIENDS, none);
	uint64_t vouchers = world->ops->count(world->ctx, METRIC_LIST_SENDER_VOUCHERS, none);

	if (vouchers == 0) {
		return;
	}
	h.search = s;
	h.pair_count = 0;
	h.memo_count = 0;
	s->steps_left = METRIC_STEPS_MAX;
	if (world->lists_all_friends && friends < vouchers) {
		side = (struct side){
			.list = METRIC_LIST_FRIENDS,
			.lists_of_each = METRIC_LIST_VOUCHES,
			.each = from_friend,
		};
		hunt_side(&h, &side);
		qsort(h.pairs, h.pair_count, sizeof(h.pairs[0]), by_middleman);
	} else {
		side = (struct side){
			.list = METRIC_LIST_SENDER_VOUCHERS,
			.lists_of_each = METRIC_LIST_VOUCHERS,
			.each = from_middleman,
		};
		hunt_side(&h, &side);
	}
	if (h.pair_count > 0) {
		memset(h.slots, 0, sizeof(h.slots));
		match(&h);
	}
}

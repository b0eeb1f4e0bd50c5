#include "gossip/offer.h"

#include <stdlib.h>

void
offer_init(struct offer *o)
{
	*o = (struct offer){0};
	item_tree_init(&o->trees[GRAPH_PEER_FRIEND]);
	item_tree_init(&o->trees[GRAPH_PEER_SITE]);
}

void
offer_fini(struct offer *o)
{
	item_tree_fini(&o->trees[GRAPH_PEER_FRIEND]);
	item_tree_fini(&o->trees[GRAPH_PEER_SITE]);
}

bool
offer_includes(const struct graph_item *item, enum graph_peer_class class, uint64_t now_s)
{
	if (offer_is_expired(item->exp_s, now_s)) {
		return false;
	}
	return class == GRAPH_PEER_SITE ||
	       (!item->is_waiting && (item->is_open || item->is_hosted));
}

/* A walk over what the graph has. */
struct walk {
	struct offer *offer;
	uint64_t now_s;
	offer_new_fn *arrived;
	void *ctx;
	struct item *bulk[2]; /* first load: items in order of number */
	size_t count[2];
	size_t cap;
	size_t left; /* of a sweep */
};

static struct item
item_of(const struct graph_item *item)
{
	return (struct item){item->iat_s, item->id};
}

static int
insert(struct item_tree *tree, const struct item *item)
{
	int rc = item_tree_insert(tree, item);

	return rc == ERR_EXISTS ? 0 : rc;
}

static void
take_out(struct offer *o, const struct item *item)
{
	for (size_t i = 0; i < ARRAY_LEN(o->trees); i++) {
		bool was_there = item_tree_remove(&o->trees[i], item) == 0;

		(void)was_there;
	}
}

static int
take_in(void *ctx, const struct graph_item *item)
{
	struct walk *walk = ctx;
	struct item key = item_of(item);
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(walk->offer->trees) && rc == 0; i++) {
		if (offer_includes(item, (enum graph_peer_class)i, walk->now_s)) {
			rc = insert(&walk->offer->trees[i], &key);
		}
	}
	walk->offer->last_number = item->number;
	if (rc == 0 && walk->arrived != NULL) {
		walk->arrived(walk->ctx, item);
	}
	return rc;
}

static int
leave(void *ctx, const struct graph_departure *gone)
{
	struct walk *walk = ctx;
	struct item key = {gone->iat_s, gone->id};

	take_out(walk->offer, &key);
	walk->offer->last_departure = gone->number;
	return 0;
}

static int
collect(void *ctx, const struct graph_item *item)
{
	struct walk *walk = ctx;

	for (size_t i = 0; i < ARRAY_LEN(walk->bulk); i++) {
		if (offer_includes(item, (enum graph_peer_class)i, walk->now_s) &&
			walk->count[i] < walk->cap) {
			walk->bulk[i][walk->count[i]++] = item_of(item);
		}
	}
	if (walk->arrived != NULL) {
		walk->arrived(walk->ctx, item);
	}
	return 0;
}

static int
compare_items(const void *a, const void *b)
{
	return item_cmp(a, b);
}

/* load - both trees from nothing; sorting all at once is much faster than inserting each */
static int
load(struct walk *walk, struct graph_reader *r)
{
	struct graph_stats stats;
	int rc = graph_stats(r, &stats);

	offer_fini(walk->offer);
	walk->offer->last_departure = graph_last_departure(r);
	walk->cap = (size_t)stats.statements;
	for (size_t i = 0; i < ARRAY_LEN(walk->bulk); i++) {
		walk->bulk[i] = calloc(walk->cap + 1, sizeof(**walk->bulk));
		rc = walk->bulk[i] == NULL ? ERR_NOMEM : rc;
	}
	rc = rc == 0 ? graph_items_visit(r, 0, collect, walk) : rc;
	for (size_t i = 0; i < ARRAY_LEN(walk->bulk); i++) {
		if (rc == 0 && walk->count[i] > 0) {
			qsort(walk->bulk[i], walk->count[i], sizeof(**walk->bulk),
				compare_items);
			rc = item_tree_build(
				&walk->offer->trees[i], walk->bulk[i], walk->count[i]);
		}
		free(walk->bulk[i]);
	}
	walk->offer->last_number = graph_last_number(r);
	walk->offer->is_loaded = rc == 0;
	return rc;
}

int
offer_follow(struct offer *o, struct graph_reader *r, uint64_t now_s, offer_new_fn *arrived,
	void *ctx)
{
	struct walk walk = {.offer = o, .now_s = now_s, .arrived = arrived, .ctx = ctx};
	int rc = ERR_RANGE;

	if (o->is_loaded) {
		rc = graph_departures_visit(r, o->last_departure, leave, &walk);
	}
	if (rc == ERR_RANGE) {
		return load(&walk, r);
	}
	return rc == 0 ? graph_items_visit(r, o->last_number, take_in, &walk) : rc;
}

static int
sweep_one(void *ctx, const struct graph_item *item)
{
	struct walk *walk = ctx;
	struct item key = item_of(item);

	walk->offer->swept = item->number;
	if (offer_is_expired(item->exp_s, walk->now_s)) {
		take_out(walk->offer, &key);
	}
	return --walk->left == 0 ? ERR_TIMEOUT : 0;
}

int
offer_sweep(struct offer *o, struct graph_reader *r, uint64_t now_s)
{
	struct walk walk = {.offer = o, .now_s = now_s, .left = OFFER_SWEEP_ITEMS};
	int rc = graph_items_visit(r, o->swept, sweep_one, &walk);

	if (rc == ERR_TIMEOUT) {
		return 0; /* the next one goes on from there */
	}
	o->swept = 0;
	return rc;
}

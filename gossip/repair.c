#include <stdlib.h>

#include "common/base/array.h"
#include "gossip/reconcile.h"
#include "gossip/sync.h"

/* Messages of one run: 1,000,000 ids in frames of 128 KiB are 250. */
#define MESSAGES_MAX 512
/** Runs of one repair, each of which fetches up to SYNC_NEEDS_MAX. */
#define RUNS_MAX     64
#define FRAME_MAX    ((size_t)128 * 1024)

static const struct reconcile_limits limits = {
	.frame_max = FRAME_MAX, .message_max = NODE_BODY_MAX};

/* run - one reconciliation from its beginning */
static void
run(struct node *node, struct peer *peer)
{
	struct sync *sync = &peer->sync;
	struct dynbuf message;

	sync->needs.count = 0;
	sync->have_count = 0;
	sync->messages = 0;
	sync->is_progress = false;
	sync->is_more = false;
	sync->runs++;
	dynbuf_init(&message, NODE_BODY_MAX);
	(void)!reconcile_initiate(&peer->items, &message);
	sync_ask(node, peer, SYNC_RECONCILE, TARGET_RECONCILE, NULL, dynbuf_slice(&message));
	dynbuf_fini(&message);
}

struct lost {
	struct node *node;
	struct peer *peer;
};

/* forget_lost - what was held once: if the peer still offers it, it is asked for once more */
static int
forget_lost(void *ctx, const struct graph_exchange *passed)
{
	struct lost *lost = ctx;
	struct item item = {passed->iat_s, passed->id};

	if ((passed->flags & (GRAPH_EXCHANGE_RECEIVED | GRAPH_EXCHANGE_OFFERED)) != 0 &&
		!graph_has(lost->node->reader, &passed->id)) {
		peer_forget(lost->node, lost->peer, &item);
	}
	return 0;
}

void
repair_begin(struct node *node, struct peer *peer)
{
	struct lost lost = {node, peer};

	node_flush(node);
	if (node_begin(node) == 0) {
		(void)!graph_exchange_visit(node->reader, peer->rec.number, forget_lost, &lost);
		node_end(node);
	}
	peer->sync.is_repairing = true;
	peer->sync.runs = 0;
	run(node, peer);
}

/* finish - both have the same, as far as they may: the feed goes on from what it had before */
static void
finish(struct node *node, struct peer *peer)
{
	struct sync *sync = &peer->sync;

	if (sync->is_repairing) {
		if (peer->rec.epoch != sync->info.epoch || peer->rec.after < sync->info.last) {
			peer->rec.after = sync->info.last;
		}
		peer->rec.epoch = sync->info.epoch;
		peer->rec.last_repair_s = node->now.wall_s;
		sync->want_repair = false;
		sync->is_repairing = false;
		peer->is_dirty = true;
	}
	free(sync->haves);
	sync->haves = NULL;
	sync_go_on(node, peer);
}

/* --- what a message finds ------------------------------------------------------------------- */

/* Items that are here already, though not from this peer. */
struct found {
	struct node *node;
	struct peer *peer;
	struct item *known; /* owned */
	size_t known_count;
	size_t known_cap;
};

static int
on_have(void *ctx, const struct item *item)
{
	struct found *found = ctx;
	struct sync *sync = &found->peer->sync;

	if (sync->haves == NULL) {
		sync->haves = calloc(SYNC_HAVES_MAX, sizeof(*sync->haves));
	}
	if (sync->haves == NULL || sync->have_count == SYNC_HAVES_MAX) {
		sync->is_more = true;
		return 0;
	}
	sync->haves[sync->have_count++] = *item;
	return 0;
}

static void
remember_known(struct found *found, const struct graph_item *item)
{
	struct item *known = ARRAY_ROOM(found->known, found->known_count, &found->known_cap);

	if (known == NULL) {
		found->peer->sync.is_more = true;
		return;
	}
	found->known = known;
	found->known[found->known_count++] = (struct item){item->iat_s, item->id};
}

static int
on_need(void *ctx, const struct digest *id)
{
	struct found *found = ctx;
	struct sync *sync = &found->peer->sync;
	struct graph_item item;

	if (graph_item_get(found->node->reader, id, &item) == 0) {
		remember_known(found, &item);
	} else if (digest_list_add(&sync->needs, id) != 0) {
		sync->is_more = true;
	}
	return 0;
}

/* settle_known - into the tree, after the message, which must not be changed under */
static void
settle_known(struct found *found)
{
	for (size_t i = 0; i < found->known_count; i++) {
		peer_note(found->node, found->peer, &found->known[i], GRAPH_EXCHANGE_RECEIVED);
	}
	found->peer->sync.is_progress |= found->known_count > 0;
	free(found->known);
}

bool
repair_message(struct node *node, struct peer *peer, struct slice body)
{
	struct sync *sync = &peer->sync;
	struct found found = {.node = node, .peer = peer};
	struct reconcile_found told = {on_have, on_need, &found};
	struct dynbuf next;
	bool is_done = false;
	int rc;

	if (++sync->messages > MESSAGES_MAX || node_begin(node) != 0) {
		return false;
	}
	dynbuf_init(&next, NODE_BODY_MAX);
	rc = reconcile_continue(&peer->items, &limits, body, &told, &next, &is_done, NULL);
	node_end(node);
	settle_known(&found);
	/* Enough for one run; the next one finds the rest. */
	if (rc == 0 && (is_done || sync->needs.count == SYNC_NEEDS_MAX)) {
		repair_fetch(node, peer);
	} else if (rc == 0) {
		sync_ask(node, peer, SYNC_RECONCILE, TARGET_RECONCILE, NULL,
			dynbuf_slice(&next));
	}
	dynbuf_fini(&next);
	return rc == 0;
}

/* --- fetching -------------------------------------------------------------------------------- */

static void give_back(struct node *node, struct peer *peer);

void
repair_fetch(struct node *node, struct peer *peer)
{
	struct sync *sync = &peer->sync;
	struct dynbuf body;

	if (sync->needs.count == 0) {
		give_back(node, peer);
		return;
	}
	dynbuf_init(&body, NODE_BODY_MAX);
	sync->asked = 0;
	while (sync->needs.count > 0 && sync->asked < LINES_MAX) {
		ids_add(&body, &sync->needs.list[--sync->needs.count]);
		sync->asked++;
	}
	sync_ask(node, peer, SYNC_FETCH, TARGET_FETCH, NULL, dynbuf_slice(&body));
	dynbuf_fini(&body);
}

bool
repair_fetched(struct node *node, struct peer *peer, struct slice body)
{
	struct batch_source source = {.peer = peer, .origin = BATCH_FETCH};
	struct lines lines;

	if (lines_parse(body, &lines) != 0 || lines.count > peer->sync.asked) {
		return false;
	}
	peer->sync.state = SYNC_MERGE;
	peer->sync.then = SYNC_FETCH;
	/* Refused ones count as well: they are remembered, so the next run is shorter. */
	peer->sync.is_progress |= lines.count > 0;
	if (admission_start(node, &source, body, &lines) != 0) {
		sync_merged(node, peer, false, 0);
	}
	return true;
}

/* --- returning what the peer lost ------------------------------------------------------------- */

/* next_run - again, until one finds nothing */
static void
next_run(struct node *node, struct peer *peer)
{
	struct sync *sync = &peer->sync;

	/* Who offers more than is remembered is never level: once is enough then. */
	bool is_full = item_tree_count(&peer->items) >= node->config.limits.items_max;

	if (sync->is_repairing && sync->is_progress && !is_full && sync->runs < RUNS_MAX &&
		peer_is_open(node, peer)) {
		run(node, peer);
	} else {
		finish(node, peer);
	}
}

/* fill - those the peer may have, into sync->returned; what is not offered any more is forgotten */
static void
fill(struct node *node, struct peer *peer, struct dynbuf *body)
{
	struct sync *sync = &peer->sync;
	struct graph_item item;

	sync->asked = 0;
	while (sync->have_count > 0 && sync->asked < LINES_MAX) {
		struct item have = sync->haves[--sync->have_count];

		if (graph_item_get(node->reader, &have.id, &item) != 0 ||
			!offer_includes(&item, peer->rec.class, node->now.wall_s)) {
			peer_forget(node, peer, &have);
			sync->is_progress = true;
			continue;
		}
		lines_add(body, item.jws, peer->rec.class, item.first_seen_s);
		sync->returned[sync->asked++] = have;
	}
}

static void
give_back(struct node *node, struct peer *peer)
{
	struct sync *sync = &peer->sync;
	struct dynbuf body;

	if (sync->have_count == 0 || node_begin(node) != 0) {
		next_run(node, peer);
		return;
	}
	dynbuf_init(&body, NODE_BODY_MAX);
	fill(node, peer, &body);
	node_end(node);
	if (sync->asked == 0) {
		next_run(node, peer);
	} else {
		sync_ask(node, peer, SYNC_RETURN, TARGET_STATEMENTS, NULL, dynbuf_slice(&body));
	}
	dynbuf_fini(&body);
}

bool
repair_returned(struct node *node, struct peer *peer, struct slice body)
{
	struct sync *sync = &peer->sync;
	unsigned int outcomes[LINES_MAX];

	if (pushed_parse(body, outcomes, sync->asked) != 0) {
		return false;
	}
	for (size_t i = 0; i < sync->asked; i++) {
		/* What it has, and still does not offer, is not between us. */
		if (outcomes[i] != PUSHED_ADDED && outcomes[i] != PUSHED_REPLACED) {
			peer_forget(node, peer, &sync->returned[i]);
		}
	}
	peer->rec.sent += sync->asked;
	sync->is_progress = true;
	give_back(node, peer);
	return true;
}

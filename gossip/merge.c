#include <assert.h>

#include "gossip/batch.h"

/*
 * settle_signatures - nothing stays open but what was verified. Forged ones are the peer's fault;
 * when the library failed, or the hour's checks were spent, it is nobody's.
 */
static void
settle_signatures(struct node *node, struct peer *peer, struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct entry *entry = &batch->entries[i];

		if (entry->state != ENTRY_OPEN || entry->signature == 0) {
			continue;
		}
		if (entry->signature == ERR_SIGNATURE) {
			entry_refuse(entry, GRAPH_REFUSED_MALFORMED);
			peer_strike(node, peer, "a statement that its key did not sign");
		} else {
			entry_refuse(entry, GRAPH_REFUSED_BUDGET);
			batch->is_spent = true;
		}
	}
}

static unsigned int
outcome_of(enum graph_outcome outcome)
{
	switch (outcome) {
	case GRAPH_ADDED:
		return PUSHED_ADDED;
	case GRAPH_REPLACED:
		return PUSHED_REPLACED;
	case GRAPH_KNOWN:
		return PUSHED_KNOWN;
	case GRAPH_STALE:
		return PUSHED_REFUSED + GRAPH_REFUSED_STALE;
	case GRAPH_TOMBSTONED:
		return PUSHED_REFUSED + GRAPH_REFUSED_TOMBSTONE;
	case GRAPH_OVER_QUOTA:
		return PUSHED_REFUSED + GRAPH_REFUSED_QUOTA;
	case GRAPH_CONFLICT:
		return PUSHED_REFUSED + GRAPH_REFUSED_CONFLICT;
	}
	return PUSHED_REFUSED + GRAPH_REFUSED_MALFORMED;
}

#define TURN_LAST 3

struct merge {
	struct node *node;
	struct batch *batch;
	struct peer *peer;
};

/* wanted_put - under which names a refused statement is found again when it may come in */
static void
wanted_put(struct graph_txn *g, const struct merge *m, const struct entry *entry)
{
	struct graph_exchange item = {m->peer->rec.number, entry->st.iat, entry->st.id, 0};
	struct digest names[ENTRY_NAMES_MAX];
	size_t count;

	if (!entry_is_wanted_later(entry) || m->peer->wanted_count >= PEER_WANTED_MAX) {
		return;
	}
	count = entry_names(m->node, entry, names);
	for (size_t i = 0; i < count; i++) {
		graph_wanted_put(g, &names[i], &item);
	}
}

/* merge_one - with the time it was first seen, by us or by another host of the site */
static int
merge_one(struct graph_txn *g, uint64_t now_s, struct entry *entry, struct err_msg *msg)
{
	bool is_earlier = entry->line.has_first_seen && entry->line.first_seen_s < now_s;
	uint64_t first_seen_s = is_earlier ? entry->line.first_seen_s : now_s;
	enum graph_outcome outcome;
	int rc = entry->is_first_fetch ? graph_add_exempt(g, entry->line.jws, &entry->st,
						 first_seen_s, &outcome, msg)
				       : graph_add(g, entry->line.jws, &entry->st, first_seen_s,
						 &outcome, msg);

	if (rc == 0) {
		entry->outcome = outcome_of(outcome);
		entry->is_merged = outcome == GRAPH_ADDED || outcome == GRAPH_REPLACED;
	}
	return rc;
}

/*
 * turn_of - certificates before what would wait for them, and binds, which bring their issuer into
 * scope, before others take the few places there are to wait in
 */
static unsigned int
turn_of(enum statement_act act)
{
	switch (act) {
	case STATEMENT_IDENTITY:
		return 0;
	case STATEMENT_DEVICE:
		return 1;
	case STATEMENT_BIND:
		return 2;
	default:
		return TURN_LAST;
	}
}

static int
merge_entries(const struct merge *m, struct graph_txn *g, struct err_msg *msg)
{
	int rc = 0;

	for (unsigned int turn = 0; turn <= TURN_LAST; turn++) {
		for (size_t i = 0; i < m->batch->count && rc == 0; i++) {
			struct entry *entry = &m->batch->entries[i];

			if (turn_of(entry->st.act) != turn) {
				continue;
			}
			if (entry->state != ENTRY_DONE) {
				rc = merge_one(g, m->node->now.wall_s, entry, msg);
			}
			if (rc == 0) {
				wanted_put(g, m, entry);
			}
		}
	}
	return rc;
}

/* is_welcome_later - well signed, in its time, or in another hour: so its id is not remembered */
static bool
is_welcome_later(unsigned int outcome)
{
	return outcome == PUSHED_REFUSED + GRAPH_REFUSED_MALFORMED ||
	       outcome == PUSHED_REFUSED + GRAPH_REFUSED_FUTURE ||
	       outcome == PUSHED_REFUSED + GRAPH_REFUSED_BUDGET;
}

/* count_outcomes - into the peer's record, and what passed into its tree */
static void
count_outcomes(struct node *node, struct peer *peer, const struct batch *batch)
{
	peer->is_dirty = true;
	for (size_t i = 0; i < batch->count; i++) {
		const struct entry *entry = &batch->entries[i];
		struct item item = {entry->st.iat, entry->st.id};
		bool is_held = pushed_is_held(entry->outcome);
		uint8_t flags = is_held ? GRAPH_EXCHANGE_RECEIVED : GRAPH_EXCHANGE_REFUSED;

		peer->rec.received++;
		peer->rec.stored += entry->is_merged;
		if (!entry->is_decoded) {
			continue;
		}
		if (!is_held && entry->outcome != PUSHED_REFUSED + GRAPH_REFUSED_MALFORMED) {
			peer->rec.refused[entry->outcome - PUSHED_REFUSED]++;
		}
		if (is_welcome_later(entry->outcome)) {
			continue;
		}
		if (entry_is_wanted_later(entry) && peer->wanted_count < PEER_WANTED_MAX) {
			flags |= GRAPH_EXCHANGE_WANTED;
		}
		peer_note(node, peer, &item, flags);
		if (entry->outcome == PUSHED_REFUSED + GRAPH_REFUSED_CONFLICT) {
			node_say(node, peer, WORD_CONFLICT,
				"offers another successor of %s than the first one seen",
				entry->st.iss.text);
		}
	}
}

static void
answer(struct node *node, struct peer *peer, const struct batch *batch, bool is_stored)
{
	unsigned int outcomes[LINES_MAX];

	if (!is_stored) {
		serve_answer(node, batch->request, 503, (struct slice){0});
		return;
	}
	for (size_t i = 0; i < batch->count; i++) {
		outcomes[i] = batch->entries[i].outcome;
	}
	serve_outcomes(node, peer, batch->request, outcomes, batch->count);
}

static size_t
count_merged(const struct batch *batch)
{
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++) {
		count += batch->entries[i].is_merged;
	}
	return count;
}

/* Batches whose signatures are there, oldest first; what they bring goes into one transaction. */
struct group {
	struct node *node;
	size_t count;
	struct {
		struct batch *batch;
		struct peer *peer; /* NULL: it was removed meanwhile */
		struct graph_peer before;
	} list[ADMISSION_GROUP_MAX];
	bool is_stored;
};

/* gather - those that are ready, out of the list of all, in which the newest comes first */
static void
gather(struct node *node, struct group *g)
{
	size_t at = node->ready;

	*g = (struct group){.node = node, .count = node->ready};
	for (struct batch *b = node->batches; b != NULL; b = b->next) {
		if (b->is_ready) {
			g->list[--at].batch = b;
		}
	}
	for (size_t i = 0; i < g->count; i++) {
		assert(g->list[i].batch != NULL); /* as many as node->ready says */
		g->list[i].peer = peer_by_number(node, g->list[i].batch->peer);
		batch_unlink(node, g->list[i].batch);
	}
	node->ready = 0;
}

/*
 * judge - by what the signatures say: a forged bind brings nobody in. False when the store
 * cannot be read
 */
static bool
judge(struct group *g)
{
	for (size_t i = 0; i < g->count; i++) {
		if (g->list[i].peer != NULL) {
			settle_signatures(g->node, g->list[i].peer, g->list[i].batch);
		}
	}
	if (node_begin(g->node) != 0) {
		return false;
	}
	for (size_t i = 0; i < g->count; i++) {
		if (g->list[i].peer != NULL) {
			checks_scope(g->node, g->list[i].peer, g->list[i].batch);
			checks_recall(g->node, g->list[i].batch);
		}
	}
	node_end(g->node);
	return true;
}

/*
 * pass_on - what was verified and is refused here, for those who may know its issuer; also
 * while the store cannot be written, as none of it goes there
 */
static void
pass_on(struct node *node, const struct peer *from, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct entry *entry = &batch->entries[i];

		if (entry->is_passing && entry->signature == 0 &&
			entry->outcome == PUSHED_REFUSED + GRAPH_REFUSED_SCOPE) {
			push_pass(node, from, &entry->st, entry->line.jws);
		}
	}
}

static int
merge_group(void *ctx, struct graph_txn *txn, struct err_msg *msg)
{
	const struct group *g = ctx;
	int rc = 0;

	for (size_t i = 0; i < g->count && rc == 0; i++) {
		const struct merge m = {g->node, g->list[i].batch, g->list[i].peer};

		if (m.peer != NULL) {
			rc = merge_entries(&m, txn, msg);
		}
	}
	return rc;
}

/*
 * advance - the peers' records, which are written with the statements: how far their feeds were
 * read
 */
static void
advance(struct group *g)
{
	for (size_t i = 0; i < g->count; i++) {
		const struct batch *batch = g->list[i].batch;
		struct peer *peer = g->list[i].peer;

		if (peer == NULL) {
			continue;
		}
		g->list[i].before = peer->rec;
		peer->is_dirty = true;
		if (batch->origin == BATCH_FEED && !batch->is_spent) {
			peer->rec.after = batch->end.next;
			peer->rec.lag = batch->end.last - batch->end.next;
		}
	}
}

/* retreat - the last change first, as several may be of one peer */
static void
retreat(struct group *g)
{
	for (size_t i = g->count; i > 0; i--) {
		if (g->list[i - 1].peer != NULL) {
			g->list[i - 1].peer->rec = g->list[i - 1].before;
		}
	}
}

/* take - everything into the graph, and the cursors with it; then what that brings into scope */
static void
take(struct group *g)
{
	struct node *node = g->node;

	advance(g);
	if (node_write(node, merge_group, g) != 0) {
		retreat(g);
		return;
	}
	g->is_stored = true;
	follow_begin(node);
	for (size_t i = 0; i < g->count; i++) {
		const struct batch *batch = g->list[i].batch;

		if (g->list[i].peer != NULL) {
			count_outcomes(node, g->list[i].peer, batch);
		}
		for (size_t j = 0; j < batch->count; j++) {
			if (batch->entries[j].is_merged) {
				follow_add(node, &batch->entries[j].st);
			}
		}
	}
	follow_changes(node);
}

/* conclude - tells whoever waits for the batch */
static void
conclude(struct group *g, size_t i)
{
	struct batch *batch = g->list[i].batch;
	struct peer *peer = g->list[i].peer;
	bool is_stored = g->is_stored && peer != NULL;

	if (batch->wants_answer) {
		answer(g->node, peer, batch, is_stored);
	}
	if (peer != NULL && batch->origin != BATCH_PUSH) {
		sync_merged(g->node, peer, is_stored && !batch->is_spent, count_merged(batch));
	}
	batch_free(batch);
}

/*
 * merge_ready - the batches whose signatures are there. Committing costs a disk's time whatever
 * is in it, so they wait for each other as long as others are being checked, but no more than a
 * group.
 */
void
merge_ready(struct node *node)
{
	struct group g;

	if (node->ready == 0 || (node->checking > 0 && node->ready < ADMISSION_GROUP_MAX)) {
		return;
	}
	gather(node, &g);
	if (judge(&g)) {
		for (size_t i = 0; i < g.count; i++) {
			if (g.list[i].peer != NULL) {
				pass_on(node, g.list[i].peer, g.list[i].batch);
			}
		}
		take(&g);
	}
	for (size_t i = 0; i < g.count; i++) {
		conclude(&g, i);
	}
}

#include <stdlib.h>

#include "gossip/batch.h"
#include "gossip/budget.h"

static struct batch *
batch_new(const struct batch_source *source, struct slice body, const struct lines *lines)
{
	struct batch *batch =
		calloc(1, sizeof(*batch) + lines->count * sizeof(batch->entries[0]));

	if (batch == NULL) {
		return NULL;
	}
	batch->body = malloc(body.len + 1);
	if (batch->body == NULL) {
		free(batch);
		return NULL;
	}
	memcpy(batch->body, body.data, body.len);
	batch->peer = source->peer->rec.number;
	batch->origin = source->origin;
	batch->request = source->request;
	batch->wants_answer = source->origin == BATCH_PUSH;
	batch->end = source->end;
	batch->count = lines->count;
	for (size_t i = 0; i < lines->count; i++) {
		struct line *line = &batch->entries[i].line;

		*line = lines->line[i];
		line->jws.data = batch->body + (lines->line[i].jws.data - body.data);
		/* Only our own hosts are believed when they saw something. */
		line->has_first_seen &= source->peer->rec.class == GRAPH_PEER_SITE;
		batch->entries[i].signature = ERR_NOTREADY;
	}
	return batch;
}

static void
batch_free(struct batch *batch)
{
	free(batch->body);
	free(batch);
}

void
admission_free_all(struct node *node)
{
	while (node->batches != NULL) {
		struct batch *next = node->batches->next;

		batch_free(node->batches);
		node->batches = next;
	}
}

void
admission_request_gone(struct node *node, uint64_t id)
{
	for (struct batch *b = node->batches; b != NULL; b = b->next) {
		if (b->wants_answer && b->request == id) {
			b->wants_answer = false;
			node->deferred--;
		}
	}
}

static void
unlink_batch(struct node *node, struct batch *batch)
{
	struct batch **at = &node->batches;

	while (*at != batch) {
		at = &(*at)->next;
	}
	*at = batch->next;
	if (batch->wants_answer) {
		node->deferred--;
	}
}

void
node_job_run(struct node_job *job)
{
	struct verifier v = {0};

	for (size_t i = job->from; i < job->to; i++) {
		struct entry *entry = &job->batch->entries[job->batch->order[i]];

		entry->signature = statement_verify_next(&v, entry->line.jws, &entry->st);
	}
	verifier_fini(&v);
}

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
merge_entries(void *ctx, struct graph_txn *g, struct err_msg *msg)
{
	const struct merge *m = ctx;
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

/* follow - what the merged statements bring into scope */
static void
follow(struct node *node, const struct batch *batch)
{
	struct follow f = {0};

	for (size_t i = 0; i < batch->count; i++) {
		const struct entry *entry = &batch->entries[i];

		if (entry->is_merged) {
			follow_add(node, &f, &entry->st);
		}
	}
	follow_changes(node, &f);
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

/* take - everything into the graph, and the cursor with it. False when the store failed */
static bool
take(struct node *node, struct peer *peer, struct batch *batch)
{
	struct merge m = {node, batch, peer};
	struct graph_peer before = peer->rec;

	peer->is_dirty = true;
	if (batch->origin == BATCH_FEED && !batch->is_spent) {
		peer->rec.after = batch->end.next;
		peer->rec.lag = batch->end.last - batch->end.next;
	}
	if (node_write(node, merge_entries, &m) != 0) {
		peer->rec = before;
		return false;
	}
	count_outcomes(node, peer, batch);
	follow(node, batch);
	return true;
}

/* finish - all signatures are there */
static void
finish(struct node *node, struct batch *batch)
{
	struct peer *peer = peer_by_number(node, batch->peer);
	bool is_stored = false;

	if (peer != NULL) {
		settle_signatures(node, peer, batch);
		if (node_begin(node) == 0) {
			/* A forged bind brings nobody in. */
			checks_scope(node, peer, batch);
			checks_recall(node, batch);
			node_end(node);
			is_stored = take(node, peer, batch);
		}
	}
	if (batch->wants_answer) {
		answer(node, peer, batch, is_stored);
	}
	if (peer != NULL && batch->origin != BATCH_PUSH) {
		sync_merged(node, peer, is_stored && !batch->is_spent, count_merged(batch));
	}
	unlink_batch(node, batch);
	batch_free(batch);
}

static bool
hand_out(struct node *node, struct batch *batch)
{
	for (size_t from = 0; from < batch->order_count; from += NODE_JOB_MAX) {
		struct actions_entry *action = actions_add(&node->actions, NODE_VERIFY);
		struct node_job *job = &batch->jobs[batch->jobs_out];
		size_t left = batch->order_count - from;

		if (action == NULL) {
			return false;
		}
		*job = (struct node_job){
			batch, from, from + (left < NODE_JOB_MAX ? left : NODE_JOB_MAX)};
		action->action.verify = job;
		batch->jobs_out++;
	}
	return true;
}

void
node_job_done(struct node *node, struct node_time now, struct node_job *job)
{
	struct batch *batch = job->batch;

	node->now = now;
	if (--batch->jobs_out == 0) {
		finish(node, batch);
	}
}

int
admission_start(struct node *node, const struct batch_source *source, struct slice body,
	const struct lines *lines)
{
	struct batch *batch = batch_new(source, body, lines);

	if (batch == NULL) {
		return ERR_NOMEM;
	}
	if (node_begin(node) != 0) {
		batch_free(batch);
		return ERR_IO;
	}
	checks_run(node, source->peer, batch);
	node_end(node);
	batch->next = node->batches;
	node->batches = batch;
	node->deferred += batch->wants_answer;
	if (!hand_out(node, batch) && batch->jobs_out == 0) {
		unlink_batch(node, batch);
		batch_free(batch);
		return ERR_NOMEM;
	}
	if (batch->jobs_out == 0) {
		finish(node, batch);
	}
	return 0;
}

#include <assert.h>
#include <stdlib.h>

#include "common/graph/graph_reader.h"
#include "common/graph/graph_txn.h"

/*
 * Who guards an identity is remembered as a short list of records, in the order they were first
 * seen: the one in effect, and those that are to come. Every other can never take effect again
 * and is let go, so that the list is the same whatever the order of arrivals.
 */

/** Changes that wait to take effect; of more within 30 days the latest replaces the one before. */
#define CHANGES_MAX 8
#define RECORDS_MAX (1 + CHANGES_MAX)

static_assert(RECORDS_MAX == GRAPH_GUARD_LISTS_MAX, "graph_guard_lists shows all");

struct guardians_list {
	size_t count;
	struct graph_guardians
		records[RECORDS_MAX + 1]; /* room for one more before it is cut */
};

static void
load_list(struct store_txn *txn, const struct digest *issuer, struct guardians_list *out)
{
	struct store_cursor *c = store_cursor_open(txn, GRAPH_T_GUARDIANS);
	struct slice value;

	out->count = 0;
	for (bool more = store_set_first(c, digest_slice(issuer), &value); more;
		more = store_set_next(c, &value)) {
		if (out->count == RECORDS_MAX ||
			graph_guardians_decode(value, &out->records[out->count]) != 0) {
			store_txn_fail(txn, ERR_CORRUPT);
			break;
		}
		out->count++;
	}
	store_cursor_close(c);
}

/* replaces - whether a is the later word: greater seq, then greater id */
static bool
replaces(const struct graph_guardians *a, const struct graph_guardians *b)
{
	return a->seq > b->seq || (a->seq == b->seq && digest_cmp(&a->id, &b->id) > 0);
}

/* is_settled - the first one seen is in effect at once, changes after the delay */
static bool
is_settled(const struct guardians_list *list, size_t i, uint64_t at_s)
{
	return i == 0 || list->records[i].first_seen_s + GRAPH_GUARDIANS_DELAY_S <= at_s;
}

/* in_effect - the record that counts at a time; NULL before the first */
static const struct graph_guardians *
in_effect(const struct guardians_list *list, uint64_t at_s)
{
	const struct graph_guardians *best = NULL;

	for (size_t i = 0; i < list->count; i++) {
		if (is_settled(list, i, at_s) &&
			(best == NULL || replaces(&list->records[i], best))) {
			best = &list->records[i];
		}
	}
	return best;
}

/* by_first_seen - of those seen at once the later word first, so that it hides the others */
static int
by_first_seen(const void *a, const void *b)
{
	const struct graph_guardians *x = a;
	const struct graph_guardians *y = b;

	if (x->first_seen_s != y->first_seen_s) {
		return x->first_seen_s < y->first_seen_s ? -1 : 1;
	}
	return replaces(x, y) ? -1 : 1;
}

/*
 * forget_leading_nobody - until guardians were named for the first time, there is nobody whom a
 * thief could dismiss: the first ones count at once
 */
static void
forget_leading_nobody(struct guardians_list *list)
{
	size_t empty = 0;

	while (empty < list->count && list->records[empty].count == 0) {
		empty++;
	}
	list->count -= empty;
	memmove(list->records, list->records + empty, list->count * sizeof(list->records[0]));
}

/*
 * prune - keeps the one in effect when the last was seen, and what replaces it later. Where the
 * guardians had stopped the identity before that, the one in effect at that time stays.
 */
static void
prune(struct guardians_list *list, uint64_t stopped_s)
{
	struct guardians_list kept = {0};
	const struct graph_guardians *now = NULL;
	uint64_t at_s;

	qsort(list->records, list->count, sizeof(list->records[0]), by_first_seen);
	forget_leading_nobody(list);
	if (list->count == 0) {
		return;
	}
	at_s = list->records[list->count - 1].first_seen_s;
	at_s = stopped_s < at_s ? stopped_s : at_s;
	now = in_effect(list, at_s);
	kept.records[kept.count++] = *now;
	for (size_t i = 0; i < list->count; i++) {
		if (&list->records[i] != now && !is_settled(list, i, at_s) &&
			replaces(&list->records[i], &kept.records[kept.count - 1])) {
			kept.records[kept.count++] = list->records[i];
		}
	}
	if (kept.count > RECORDS_MAX) {
		kept.records[RECORDS_MAX - 1] = kept.records[kept.count - 1];
		kept.count = RECORDS_MAX;
	}
	*list = kept;
}

static void
store_list(struct graph_txn *g, const struct digest *issuer, const struct guardians_list *list)
{
	uint8_t buf[GRAPH_GUARDIANS_LEN];

	(void)store_delete(g->txn, GRAPH_T_GUARDIANS, digest_slice(issuer));
	for (size_t i = 0; i < list->count; i++) {
		store_put(g->txn, GRAPH_T_GUARDIANS, digest_slice(issuer),
			graph_guardians_encode(&list->records[i], buf));
	}
}

static void
record_of(const struct graph_fact *fact, const struct statement_identity_body *body,
	struct graph_guardians *out)
{
	*out = (struct graph_guardians){
		.first_seen_s = fact->first_seen_s,
		.seq = fact->seq,
		.id = fact->id,
		.needed = body->needed,
		.count = body->guardian_count,
	};
	for (size_t i = 0; i < body->guardian_count; i++) {
		/* The statement module has checked them. */
		(void)!graph_raw_of(thumbprint_slice(&body->guardians[i]), &out->who[i]);
	}
}

static void
remember(struct graph_txn *g, const struct graph_fact *fact, const struct statement *st)
{
	struct guardians_list list;
	struct graph_guardians fresh;
	struct graph_belief self;
	uint64_t stopped_s = UINT64_MAX;

	graph_belief_load(&self, g->txn, &fact->issuer, UINT64_MAX);
	(void)graph_guardians_stop(&self, &stopped_s);
	record_of(fact, &st->body.identity, &fresh);
	load_list(g->txn, &fact->issuer, &list);
	for (size_t i = 0; i < list.count; i++) {
		if (digest_eq(&list.records[i].id, &fresh.id)) {
			if (list.records[i].first_seen_s <= fresh.first_seen_s) {
				return;
			}
			list.records[i] = list.records[--list.count];
			break;
		}
	}
	list.records[list.count++] = fresh;
	prune(&list, stopped_s);
	store_list(g, &fact->issuer, &list);
	graph_mark_dirty(g, &fact->issuer);
}

void
graph_guardians_remember(
	struct graph_txn *g, const struct graph_fact *fact, const struct statement *st)
{
	/* On its own, as the lists take 15 KiB of stack, which are cleared. */
	if (fact->class == GRAPH_CLASS_IDENTITY) {
		remember(g, fact, st);
	}
}

/* --- whether they stopped it ---------------------------------------------------------------- */

#define SPEAKERS_MAX (RECORDS_MAX * STATEMENT_GUARDIANS_MAX)

/* Who says that the identity is to be stopped, from when, and until when he said so. */
struct speaker {
	struct digest who;
	uint64_t from_s;
	uint64_t until_s; /* UINT64_MAX: to this day */
};

struct speakers {
	size_t count;
	struct speaker list[SPEAKERS_MAX];
};

/* taken_back - when the guardian, if he is to be believed, took his word back */
static uint64_t
taken_back(const struct graph_belief *guardian, const struct digest *reg)
{
	struct graph_fact fact;
	struct digest id;
	uint64_t seq;

	if (!graph_register_get(guardian->txn, reg, &id, &seq) ||
		!graph_fact_get(guardian->txn, &id, &fact) || fact.level != TRUST_LEVEL_NONE ||
		!graph_believes(guardian, &fact.signer, &id, fact.first_seen_s)) {
		return UINT64_MAX;
	}
	return fact.first_seen_s;
}

/* hear - one guardian about the identity, if he said anything */
static void
hear(struct store_txn *txn, const struct digest *guardian, const char *subject,
	struct speakers *out)
{
	struct graph_belief belief;
	struct speaker *speaker = &out->list[out->count];
	struct thumbprint iss;
	struct digest reg;

	for (size_t i = 0; i < out->count; i++) {
		if (digest_eq(&out->list[i].who, guardian)) {
			return;
		}
	}
	graph_thumbprint_of(guardian, &iss);
	graph_register_key(&iss, STATEMENT_GUARD, slice_str(subject), &reg);
	graph_belief_load(&belief, txn, guardian, UINT64_MAX);
	if (graph_believed_since(&belief, &reg, &speaker->from_s)) {
		speaker->who = *guardian;
		speaker->until_s = taken_back(&belief, &reg);
		out->count++;
	}
}

static void
hear_all(const struct graph_belief *self, const struct guardians_list *list,
	struct speakers *out)
{
	char subject[3 + IDENTITY_THUMBPRINT_LEN + 1] = "id:";
	struct thumbprint text;

	graph_thumbprint_of(&self->issuer, &text);
	memcpy(subject + 3, text.text, sizeof(text.text));
	out->count = 0;
	for (size_t i = 0; i < list->count; i++) {
		for (size_t j = 0; j < list->records[i].count; j++) {
			hear(self->txn, &list->records[i].who[j], subject, out);
		}
	}
}

static bool
is_guardian(const struct graph_guardians *set, const struct digest *who)
{
	for (size_t i = 0; i < set->count; i++) {
		if (digest_eq(&set->who[i], who)) {
			return true;
		}
	}
	return false;
}

/* is_stop - whether enough guardians spoke within the window before at_s, and held to it */
static bool
is_stop(const struct graph_guardians *set, const struct speakers *all, uint64_t at_s)
{
	size_t held = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct speaker *s = &all->list[i];

		if (is_guardian(set, &s->who) && s->from_s <= at_s &&
			at_s - s->from_s <= GRAPH_GUARD_WINDOW_S &&
			s->until_s > at_s + GRAPH_GUARD_SOFT_S) {
			held++;
		}
	}
	return set->needed > 0 && held >= set->needed;
}

bool
graph_guardians_stop(const struct graph_belief *self, uint64_t *since_out)
{
	struct guardians_list list;
	struct speakers speakers;
	bool found = false;

	load_list(self->txn, &self->issuer, &list);
	hear_all(self, &list, &speakers);
	for (size_t i = 0; i < speakers.count; i++) {
		uint64_t at_s = speakers.list[i].from_s;
		const struct graph_guardians *set = in_effect(&list, at_s);

		/* A set that was named after the root was revoked is nobody's. */
		if (set != NULL && set->first_seen_s < self->revoked_since_s &&
			is_stop(set, &speakers, at_s) && (!found || at_s < *since_out)) {
			*since_out = at_s;
			found = true;
		}
	}
	return found;
}

size_t
graph_guard_lists(struct graph_reader *r, const struct thumbprint *identity, uint64_t now_s,
	struct graph_guard_list out[GRAPH_GUARD_LISTS_MAX])
{
	struct guardians_list list;
	const struct graph_guardians *now;
	struct digest raw;
	size_t count = 0;

	if (graph_raw_of(thumbprint_slice(identity), &raw) != 0) {
		return 0;
	}
	load_list(r->txn, &raw, &list);
	now = in_effect(&list, now_s);
	for (size_t i = 0; i < list.count; i++) {
		const struct graph_guardians *set = &list.records[i];

		if (set != now && (is_settled(&list, i, now_s) || !replaces(set, now))) {
			continue;
		}
		out[count] = (struct graph_guard_list){.count = set->count,
			.needed = set->needed,
			.effective_s =
				set == now ? 0 : set->first_seen_s + GRAPH_GUARDIANS_DELAY_S};
		for (size_t j = 0; j < set->count; j++) {
			graph_thumbprint_of(&set->who[j], &out[count].who[j]);
		}
		count++;
	}
	return count;
}

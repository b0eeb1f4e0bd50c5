#include "common/graph/graph_txn.h"

/*
 * Room is asked for in every window that the time is in, not only in the one that ends with
 * it, since a vouch that waited for its certificate keeps the time it was first seen at. Slots
 * are let go when no window of a time that may still come reaches them.
 */
#define SLOT_LIFETIME_WINDOWS 2

static uint64_t
distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* oldest_slot - the first of an issuer's slots. False where there is none */
static bool
oldest_slot(struct graph_txn *g, const struct digest *issuer, struct graph_slot *out)
{
	struct store_cursor *c = store_cursor_open(g->txn, GRAPH_T_FRESH);
	struct slice value;
	bool found = store_set_first(c, digest_slice(issuer), &value);

	store_cursor_close(c);
	if (found && graph_slot_decode(value, out) != 0) {
		store_txn_fail(g->txn, ERR_CORRUPT);
		found = false;
	}
	return found;
}

static void
drop_old_slots(struct graph_txn *g, const struct digest *issuer, uint64_t now_s)
{
	struct graph_slot slot;
	uint8_t buf[GRAPH_SLOT_LEN];

	while (oldest_slot(g, issuer, &slot) && now_s > slot.first_seen_s &&
		now_s - slot.first_seen_s > SLOT_LIFETIME_WINDOWS * g->fresh_window_s) {
		(void)store_delete_value(g->txn, GRAPH_T_FRESH, digest_slice(issuer),
			graph_slot_encode(&slot, buf));
	}
}

/* has_room - whether fewer vouches than the limit were given room around that time */
static bool
has_room(struct graph_txn *g, const struct digest *issuer, uint64_t at_s)
{
	struct store_cursor *c = store_cursor_open(g->txn, GRAPH_T_FRESH);
	struct graph_slot slot;
	struct slice value;
	uint32_t taken = 0;

	for (bool more = store_set_first(c, digest_slice(issuer), &value); more;
		more = store_set_next(c, &value)) {
		if (graph_slot_decode(value, &slot) != 0) {
			store_txn_fail(g->txn, ERR_CORRUPT);
			break;
		}
		taken += distance(slot.first_seen_s, at_s) < g->fresh_window_s ? 1 : 0;
	}
	store_cursor_close(c);
	return taken < g->fresh_vouches;
}

static bool
is_held(struct store_txn *txn, const struct digest *reg)
{
	struct slice value;

	return store_get(txn, GRAPH_T_HELD, digest_slice(reg), &value);
}

/* was_attested - whether the register ever vouched for anything */
static bool
was_attested(struct store_txn *txn, const struct digest *reg)
{
	struct slice value;

	return store_get(txn, GRAPH_T_HISTORY, digest_slice(reg), &value);
}

void
graph_fresh_attest(struct graph_txn *g, const struct graph_fact *fact)
{
	struct graph_slot slot = {.first_seen_s = fact->first_seen_s};
	uint8_t buf[GRAPH_SLOT_LEN];
	struct slice reg;
	bool held;

	if (fact->class != GRAPH_CLASS_VOUCH || fact->level == TRUST_LEVEL_NONE) {
		return;
	}
	graph_fact_register(fact, &slot.reg);
	reg = digest_slice(&slot.reg);
	held = is_held(g->txn, &slot.reg);
	if (!held && was_attested(g->txn, &slot.reg)) {
		return; /* it has its room */
	}
	graph_mark_dirty(g, &fact->issuer);
	drop_old_slots(g, &fact->issuer, fact->first_seen_s);
	if (!g->is_exempt && !has_room(g, &fact->issuer, fact->first_seen_s)) {
		store_put(g->txn, GRAPH_T_HELD, reg, slice_of("", 0));
		return;
	}
	if (!g->is_exempt) {
		store_put(g->txn, GRAPH_T_FRESH, digest_slice(&fact->issuer),
			graph_slot_encode(&slot, buf));
	}
	if (held) {
		(void)store_delete(g->txn, GRAPH_T_HELD, reg);
	}
}

bool
graph_fresh_is_held(struct store_txn *txn, const struct graph_fact *fact)
{
	struct digest reg;

	if (fact->class != GRAPH_CLASS_VOUCH) {
		return false;
	}
	graph_fact_register(fact, &reg);
	return is_held(txn, &reg);
}

bool
graph_is_held(struct graph_txn *g, const struct statement *st)
{
	struct graph_fact fact;

	graph_fact_of(st, 0, &fact);
	return graph_fresh_is_held(g->txn, &fact);
}

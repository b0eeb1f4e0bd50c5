#include "common/graph/graph_foresee.h"

#include "common/graph/graph_reader.h"
#include "common/graph/graph_txn.h"

/* is_beyond_quota - whether the list is full of what ranks above it */
static bool
is_beyond_quota(struct store_txn *txn, const struct graph_fact *fact)
{
	uint8_t key[GRAPH_ISSUED_KEY_LEN];
	uint8_t rank[GRAPH_RANK_LEN];
	struct store_cursor *c = store_cursor_open(txn, graph_class_table(fact->class));
	struct slice list = graph_list_key(fact, key);
	struct slice lowest;
	bool is_beyond = store_set_count(c, list) >= graph_quota(fact->class) &&
			 store_set_first(c, list, &lowest) &&
			 slice_cmp(graph_rank_encode(fact, rank), lowest) < 0;

	store_cursor_close(c);
	return is_beyond;
}

static bool
is_conflict(struct store_txn *txn, const struct statement *st, const struct graph_fact *fact)
{
	struct slice frozen;

	return fact->class == GRAPH_CLASS_IDENTITY &&
	       store_get(txn, GRAPH_T_FROZEN, digest_slice(&fact->issuer), &frozen) &&
	       !slice_eq(frozen, slice_str(st->body.identity.next.text));
}

static enum graph_outcome
foresee_waiting(struct store_txn *txn, struct graph_fact *fact)
{
	struct graph_txn g = {.txn = txn}; /* for reading alone */

	fact->class = graph_waiting_class(fact);
	return !graph_waiting_has_room(&g, fact) || is_beyond_quota(txn, fact)
		       ? GRAPH_OVER_QUOTA
		       : GRAPH_ADDED;
}

enum graph_outcome
graph_foresee(struct graph_reader *r, const struct statement *st, uint64_t now_s)
{
	struct graph_fact fact;
	struct slice value;
	struct digest reg;
	struct digest id;
	uint64_t seq;

	if (store_get(r->txn, GRAPH_T_TOMBSTONES, digest_slice(&st->id), &value)) {
		return GRAPH_TOMBSTONED;
	}
	if (store_get(r->txn, GRAPH_T_STATEMENTS, digest_slice(&st->id), &value)) {
		return GRAPH_KNOWN;
	}
	graph_fact_of(st, now_s, &fact);
	if (is_conflict(r->txn, st, &fact)) {
		return GRAPH_CONFLICT;
	}
	if (!graph_fact_is_by_root(&fact) &&
		!graph_is_certified(r->txn, &fact.issuer, &fact.signer)) {
		return foresee_waiting(r->txn, &fact);
	}
	graph_fact_register(&fact, &reg);
	if (fact.class != GRAPH_CLASS_REVOKE && graph_register_get(r->txn, &reg, &id, &seq)) {
		return graph_is_newer(&fact, &id, seq) ? GRAPH_REPLACED : GRAPH_STALE;
	}
	return is_beyond_quota(r->txn, &fact) ? GRAPH_OVER_QUOTA : GRAPH_ADDED;
}

bool
graph_has_issuer(struct graph_reader *r, const struct thumbprint *issuer)
{
	uint8_t buf[GRAPH_ISSUED_KEY_LEN];
	struct digest raw;
	bool found = false;

	if (graph_raw_of(thumbprint_slice(issuer), &raw) != 0) {
		return false;
	}
	for (unsigned int i = 0; i < GRAPH_CLASS_COUNT && !found; i++) {
		enum graph_class class = (enum graph_class)i;
		struct slice key = graph_issued_key(&raw, class, buf);
		struct slice value;

		found = store_get(r->txn, graph_class_table(class), key, &value);
	}
	return found;
}

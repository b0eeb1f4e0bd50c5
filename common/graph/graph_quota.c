#include "common/graph/graph_txn.h"

static const uint64_t quotas[GRAPH_CLASS_COUNT] = {
	[GRAPH_CLASS_VOUCH] = GRAPH_QUOTA_VOUCHES,
	[GRAPH_CLASS_BLOCK] = GRAPH_QUOTA_BLOCKS,
	[GRAPH_CLASS_DEVICE] = GRAPH_QUOTA_DEVICES,
	[GRAPH_CLASS_BIND] = GRAPH_QUOTA_BINDINGS,
	[GRAPH_CLASS_IDENTITY] = 1,
	[GRAPH_CLASS_OTHER] = GRAPH_QUOTA_OTHERS,
	[GRAPH_CLASS_REVOKE] = GRAPH_QUOTA_REVOCATIONS,
	[GRAPH_CLASS_WAITING] = GRAPH_QUOTA_WAITING,
	[GRAPH_CLASS_WAITING_REVOKE] = GRAPH_QUOTA_WAITING_REVOKES,
	[GRAPH_CLASS_GUARD] = GRAPH_QUOTA_GUARDS,
	[GRAPH_CLASS_SUCCEED] = GRAPH_QUOTA_SUCCESSIONS,
};

uint64_t graph_quota(enum graph_class class)
{
	return quotas[class];
}

/* is_of_key - whether a revocation kills a key, and not a statement */
static bool
is_of_key(const struct graph_fact *revoke)
{
	return !slice_starts_with(graph_fact_subject(revoke), SLICE("stmt:"));
}

/*
 * Revocations of one kind by one signer. Those of keys ascend by rank, so the first is the one
 * whose `since` is the latest, which adds least.
 */
struct own_revocations {
	uint64_t count;
	struct graph_fact first;
};

static struct own_revocations
count_own(struct graph_txn *g, const struct graph_fact *fact)
{
	uint8_t buf[GRAPH_ISSUED_KEY_LEN];
	struct store_cursor *c = store_cursor_open(g->txn, GRAPH_T_REVOCATIONS);
	struct own_revocations own = {0};
	struct graph_fact other;
	struct digest id;
	struct slice value;

	for (bool more = store_set_first(c, graph_list_key(fact, buf), &value); more;
		more = store_set_next(c, &value)) {
		if (graph_rank_decode(value, &id) != 0 ||
			!graph_fact_get(g->txn, &id, &other)) {
			store_txn_fail(g->txn, ERR_CORRUPT);
			break;
		}
		if (digest_eq(&other.signer, &fact->signer) &&
			is_of_key(&other) == is_of_key(fact) && own.count++ == 0) {
			own.first = other;
		}
	}
	store_cursor_close(c);
	return own;
}

/*
 * own_excess - what a device has revoked too much. Of itself, the latest `since` goes: the
 * earliest alone counts. Of statements, those that are there stay: a thief who revokes one
 * statement after the other must not bring one back that was revoked before.
 */
static bool
own_excess(struct graph_txn *g, const struct graph_fact *fact, struct graph_fact *victim)
{
	struct own_revocations own;

	if (fact->class != GRAPH_CLASS_REVOKE || graph_fact_is_by_root(fact)) {
		return false;
	}
	own = count_own(g, fact);
	if (is_of_key(fact)) {
		*victim = own.first;
		return own.count > GRAPH_QUOTA_KEY_REVOCATIONS;
	}
	*victim = *fact;
	return own.count > GRAPH_QUOTA_STATEMENT_REVOCATIONS;
}

/* excess - what the whole list has no room for: the first by rank */
static bool
excess(struct graph_txn *g, const struct graph_fact *fact, struct graph_fact *victim)
{
	enum graph_table table = graph_class_table(fact->class);
	uint8_t buf[GRAPH_ISSUED_KEY_LEN];
	struct slice key = graph_list_key(fact, buf);
	struct store_cursor *c = store_cursor_open(g->txn, table);
	struct digest id;
	struct slice value;
	bool is_full = store_set_count(c, key) > quotas[fact->class] &&
		       store_set_first(c, key, &value);

	if (is_full && graph_rank_decode(value, &id) != 0) {
		store_txn_fail(g->txn, ERR_CORRUPT);
	}
	store_cursor_close(c);
	return is_full && graph_fact_get(g->txn, &id, victim);
}

bool
graph_quota_evict(struct graph_txn *g, const struct graph_fact *fact)
{
	struct graph_fact victim;

	if (!own_excess(g, fact, &victim) && !excess(g, fact, &victim)) {
		return false;
	}
	graph_index_forget(g, &victim);
	graph_note_dropped(g, &victim);
	return digest_eq(&victim.id, &fact->id);
}

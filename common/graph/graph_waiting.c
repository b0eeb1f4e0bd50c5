#include "common/graph/graph_txn.h"

/* waiter_encode - a key with waiting statements, in the size of the table's values */
static struct slice
waiter_encode(const struct digest *signer, uint8_t buf[GRAPH_RANK_LEN])
{
	memset(buf, 0, GRAPH_RANK_LEN - DIGEST_LEN);
	memcpy(buf + GRAPH_RANK_LEN - DIGEST_LEN, signer->bytes, DIGEST_LEN);
	return slice_of(buf, GRAPH_RANK_LEN);
}

/* count_of - how many values a list has */
static uint64_t
count_of(struct graph_txn *g, struct slice key)
{
	struct store_cursor *c = store_cursor_open(g->txn, GRAPH_T_ISSUED);
	uint64_t count = store_set_count(c, key);

	store_cursor_close(c);
	return count;
}

static uint64_t
count_waiting(struct graph_txn *g, const struct graph_fact *fact)
{
	uint8_t buf[GRAPH_ISSUED_KEY_LEN];

	return count_of(g, graph_list_key(fact, buf));
}

/* is_of_own_key - whether a key revokes itself, which needs nobody's leave */
static bool
is_of_own_key(const struct graph_fact *fact)
{
	struct slice subject = graph_fact_subject(fact);
	struct digest key;

	return fact->act == STATEMENT_REVOKE && slice_starts_with(subject, SLICE("key:")) &&
	       graph_raw_of(slice_skip(subject, strlen("key:")), &key) == 0 &&
	       digest_eq(&key, &fact->signer);
}

enum graph_class
graph_waiting_class(const struct graph_fact *fact)
{
	return is_of_own_key(fact) ? GRAPH_CLASS_WAITING_REVOKE : GRAPH_CLASS_WAITING;
}

bool
graph_waiting_has_room(struct graph_txn *g, const struct graph_fact *fact)
{
	bool is_revoke = fact->class == GRAPH_CLASS_WAITING_REVOKE;
	uint64_t keys_max =
		is_revoke ? GRAPH_QUOTA_WAITING_REVOKE_KEYS : GRAPH_QUOTA_WAITING_KEYS;
	uint8_t buf[GRAPH_ISSUED_KEY_LEN];
	uint64_t count;

	if (!graph_class_is_waiting(fact->class)) {
		return true;
	}
	count = count_waiting(g, fact);
	if (count == 0) {
		return count_of(g, graph_issued_key(&fact->issuer, fact->class, buf)) <
		       keys_max;
	}
	return is_revoke || count < GRAPH_QUOTA_WAITING;
}

void
graph_waiting_enter(struct graph_txn *g, const struct graph_fact *fact)
{
	uint8_t buf[GRAPH_ISSUED_KEY_LEN];
	uint8_t waiter[GRAPH_RANK_LEN];

	if (graph_class_is_waiting(fact->class)) {
		store_put(g->txn, GRAPH_T_ISSUED,
			graph_issued_key(&fact->issuer, fact->class, buf),
			waiter_encode(&fact->signer, waiter));
	}
}

void
graph_waiting_drop(struct graph_txn *g, const struct graph_fact *fact)
{
	uint8_t buf[GRAPH_ISSUED_KEY_LEN];
	uint8_t waiter[GRAPH_RANK_LEN];

	if (graph_class_is_waiting(fact->class) && count_waiting(g, fact) == 0) {
		(void)store_delete_value(g->txn, GRAPH_T_ISSUED,
			graph_issued_key(&fact->issuer, fact->class, buf),
			waiter_encode(&fact->signer, waiter));
	}
}

size_t
graph_waiting_list(struct graph_txn *g, const struct digest *issuer, const struct digest *key,
	enum graph_class class, struct digest out[GRAPH_QUOTA_WAITING])
{
	struct graph_fact of = {.class = class, .issuer = *issuer, .signer = *key};
	uint8_t buf[GRAPH_ISSUED_KEY_LEN];
	struct slice list = graph_list_key(&of, buf);
	struct store_cursor *c = store_cursor_open(g->txn, GRAPH_T_ISSUED);
	struct slice value;
	size_t count = 0;

	for (bool more = store_set_first(c, list, &value); more && count < GRAPH_QUOTA_WAITING;
		more = store_set_next(c, &value)) {
		if (graph_rank_decode(value, &out[count]) != 0) {
			store_txn_fail(g->txn, ERR_CORRUPT);
			break;
		}
		count++;
	}
	store_cursor_close(c);
	return count;
}

#include "common/base/encoding.h"
#include "common/graph/graph_txn.h"

/* A statement taken out of the store, as writing ends what is borrowed. */
struct kept {
	struct digest id;
	enum graph_class class;
	uint64_t number;
	uint64_t first_seen_s;
	size_t jws_len;
	uint8_t jws[STATEMENT_MAX];
};

static int
copy_kept(struct slice key, struct slice value, struct kept *out)
{
	struct graph_statement record;

	if (key.len != DIGEST_LEN || graph_statement_decode(value, &record) != 0) {
		return ERR_CORRUPT;
	}
	memcpy(out->id.bytes, key.data, DIGEST_LEN);
	out->class = record.class;
	out->number = record.number;
	out->first_seen_s = record.first_seen_s;
	out->jws_len = record.jws.len;
	memcpy(out->jws, record.jws.data, record.jws.len);
	return 0;
}

/*
 * rebuild_one - the id is a hash over what is decoded, so damage shows without checking
 * signatures again
 */
static int
rebuild_one(struct graph_txn *g, const struct kept *kept, struct err_msg *msg)
{
	struct statement st;
	struct graph_fact fact;
	char hex[2 * DIGEST_LEN + 1];
	int rc = statement_decode(slice_of(kept->jws, kept->jws_len), &st, msg);

	if (rc != 0 || !digest_eq(&st.id, &kept->id)) {
		hex_encode(digest_slice(&kept->id), hex);
		store_txn_fail(g->txn, ERR_CORRUPT);
		return err_set(msg, ERR_CORRUPT,
			"the stored statement %s is damaged: restore a backup", hex);
	}
	graph_fact_of(&st, kept->first_seen_s, &fact);
	/* Of the stored class only this is not in the statement, and older schemas had fewer. */
	if (graph_class_is_waiting(kept->class)) {
		fact.class = kept->class;
	}
	graph_index_describe(g, &fact, kept->number);
	graph_index_enter(g, &fact);
	return 0;
}

static int
rebuild_statements(struct graph_txn *g, struct err_msg *msg)
{
	struct store_cursor *c = store_cursor_open(g->txn, GRAPH_T_STATEMENTS);
	struct kept kept;
	struct slice key;
	struct slice value;
	int rc = 0;

	for (bool more = store_cursor_seek(c, slice_of("", 0), &key, &value); more && rc == 0;
		more = rc == 0 && store_cursor_next(c, &key, &value)) {
		rc = copy_kept(key, value, &kept);
		if (rc != 0) {
			store_txn_fail(g->txn, rc);
			rc = graph_txn_check(g, msg);
		} else {
			rc = rebuild_one(g, &kept, msg);
		}
	}
	store_cursor_close(c);
	return rc;
}

int
graph_rebuild(struct graph_txn *g, struct err_msg *msg)
{
	int rc;

	for (unsigned int t = GRAPH_T_NUMBERS; t < GRAPH_T_COUNT; t++) {
		store_clear(g->txn, t);
	}
	g->last_node = GRAPH_NONE;
	g->has_dirty = false;
	rc = rebuild_statements(g, msg);
	if (rc != 0) {
		return rc;
	}
	/* Hosted identities are there even without a statement. */
	graph_each_issuer(g, GRAPH_T_HOSTED, graph_mark_dirty);
	graph_derive_dirty(g);
	return graph_txn_check(g, msg);
}

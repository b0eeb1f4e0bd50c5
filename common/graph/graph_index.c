#include "common/base/wire_reader.h"
#include "common/base/wire_writer.h"
#include "common/graph/graph_txn.h"

#define NUMBER_KEY_LEN      8
#define REGISTER_LEN        (DIGEST_LEN + 8)
#define PRINCIPAL_VALUE_MAX (DIGEST_LEN + PRINCIPAL_TEXT_MAX)

enum graph_class
graph_class_of(enum statement_act act)
{
	switch (act) {
	case STATEMENT_VOUCH:
		return GRAPH_CLASS_VOUCH;
	case STATEMENT_BLOCK:
		return GRAPH_CLASS_BLOCK;
	case STATEMENT_DEVICE:
		return GRAPH_CLASS_DEVICE;
	case STATEMENT_BIND:
		return GRAPH_CLASS_BIND;
	case STATEMENT_IDENTITY:
		return GRAPH_CLASS_IDENTITY;
	case STATEMENT_REVOKE:
		return GRAPH_CLASS_REVOKE;
	case STATEMENT_GUARD:
		return GRAPH_CLASS_GUARD;
	case STATEMENT_SUCCEED:
		return GRAPH_CLASS_SUCCEED;
	case STATEMENT_WARN:
	case STATEMENT_INTRODUCE:
		return GRAPH_CLASS_OTHER;
	}
	return GRAPH_CLASS_OTHER;
}

void
graph_fact_of(const struct statement *st, uint64_t first_seen_s, struct graph_fact *out)
{
	struct thumbprint signer;

	*out = (struct graph_fact){
		.id = st->id,
		.class = graph_class_of(st->act),
		.act = st->act,
		.level = st->lvl,
		.seq = st->seq,
		.iat_s = st->iat,
		.exp_s = st->exp,
		.since_s = st->since,
		.first_seen_s = first_seen_s,
		.subject_len = st->sub.len,
	};
	memcpy(out->subject, st->sub.text, st->sub.len);
	if (st->aud == STATEMENT_OPEN) {
		out->flags |= GRAPH_FACT_OPEN;
	}
	if (st->act == STATEMENT_IDENTITY && st->body.identity.signs_always) {
		out->flags |= GRAPH_FACT_SIGNS_ALWAYS;
	}
	public_key_thumbprint(&st->key, &signer);
	/* Both are thumbprints the statement module has checked or made. */
	(void)!graph_raw_of(slice_str(st->iss.text), &out->issuer);
	(void)!graph_raw_of(slice_str(signer.text), &out->signer);
	graph_fact_keep_register(out);
}

bool
graph_fact_get(struct store_txn *txn, const struct digest *id, struct graph_fact *out)
{
	struct slice value;

	if (!store_get(txn, GRAPH_T_FACTS, digest_slice(id), &value)) {
		return false;
	}
	if (graph_fact_decode(id, value, out) != 0) {
		store_txn_fail(txn, ERR_CORRUPT);
		return false;
	}
	return true;
}

bool
graph_register_get(struct store_txn *txn, const struct digest *reg, struct digest *id_out,
	uint64_t *seq_out)
{
	struct wire_reader r;
	struct slice value;

	if (!store_get(txn, GRAPH_T_REGISTERS, digest_slice(reg), &value)) {
		return false;
	}
	wire_reader_init(&r, value);
	wire_read_copy(&r, id_out->bytes, DIGEST_LEN);
	*seq_out = wire_read_u64(&r);
	if (wire_reader_finish(&r) != 0) {
		store_txn_fail(txn, ERR_CORRUPT);
		return false;
	}
	return true;
}

bool
graph_is_newer(const struct graph_fact *fact, const struct digest *id, uint64_t seq)
{
	return fact->seq > seq || (fact->seq == seq && digest_cmp(&fact->id, id) > 0);
}

static void
register_put(struct graph_txn *g, const struct digest *reg, const struct graph_fact *fact)
{
	uint8_t value[REGISTER_LEN];
	struct wire_writer w;

	wire_writer_init(&w, value, sizeof(value));
	wire_write_bytes(&w, digest_slice(&fact->id));
	wire_write_u64(&w, fact->seq);
	store_put(g->txn, GRAPH_T_REGISTERS, digest_slice(reg), slice_of(value, sizeof(value)));
}

static struct slice
number_key(uint64_t number, uint8_t buf[NUMBER_KEY_LEN])
{
	struct wire_writer w;

	wire_writer_init(&w, buf, NUMBER_KEY_LEN);
	wire_write_u64(&w, number);
	return slice_of(buf, NUMBER_KEY_LEN);
}

void
graph_index_store(
	struct graph_txn *g, const struct graph_fact *fact, struct slice jws, uint64_t number)
{
	struct graph_statement record = {fact->class, number, fact->first_seen_s, jws};
	uint8_t buf[GRAPH_STATEMENT_LEN + STATEMENT_MAX];
	struct slice value;

	if (graph_statement_encode(&record, buf, &value) != 0) {
		store_txn_fail(g->txn, ERR_TOOBIG);
		return;
	}
	store_put(g->txn, GRAPH_T_STATEMENTS, digest_slice(&fact->id), value);
	graph_index_describe(g, fact, number);
}

void
graph_index_describe(struct graph_txn *g, const struct graph_fact *fact, uint64_t number)
{
	uint8_t fact_buf[GRAPH_FACT_MAX];
	uint8_t number_buf[NUMBER_KEY_LEN];
	struct slice id = digest_slice(&fact->id);
	struct slice value;

	if (graph_fact_encode(fact, fact_buf, &value) != 0) {
		store_txn_fail(g->txn, ERR_TOOBIG);
		return;
	}
	store_put(g->txn, GRAPH_T_FACTS, id, value);
	store_put(g->txn, GRAPH_T_NUMBERS, number_key(number, number_buf), id);
}

/* mark_dirty - the issuer, and whom he guards or continues */
static void
mark_dirty(struct graph_txn *g, const struct graph_fact *fact)
{
	struct slice subject = graph_fact_subject(fact);
	struct digest who;

	graph_mark_dirty(g, &fact->issuer);
	if ((fact->class == GRAPH_CLASS_GUARD || fact->class == GRAPH_CLASS_SUCCEED) &&
		graph_raw_of(slice_skip(subject, strlen("id:")), &who) == 0) {
		graph_mark_dirty(g, &who);
	}
}

void
graph_index_enter(struct graph_txn *g, const struct graph_fact *fact)
{
	uint8_t key[GRAPH_ISSUED_KEY_LEN];
	uint8_t rank[GRAPH_RANK_LEN];
	struct digest reg;
	struct digest id;
	uint64_t seq;

	store_put(g->txn, graph_class_table(fact->class), graph_list_key(fact, key),
		graph_rank_encode(fact, rank));
	graph_waiting_enter(g, fact);
	mark_dirty(g, fact);
	if (graph_class_is_waiting(fact->class)) {
		return;
	}
	graph_fact_register(fact, &reg);
	/* Revocations, which all stay, have a register for their seq alone. */
	if (!graph_register_get(g->txn, &reg, &id, &seq) || graph_is_newer(fact, &id, seq)) {
		register_put(g, &reg, fact);
	}
}

void
graph_index_redate(struct graph_txn *g, struct graph_fact *fact, uint64_t first_seen_s)
{
	enum graph_table table = graph_class_table(fact->class);
	uint8_t key_buf[GRAPH_ISSUED_KEY_LEN];
	uint8_t rank[GRAPH_RANK_LEN];
	struct slice key = graph_list_key(fact, key_buf);

	/* The rank of a revocation depends on when it was seen. */
	(void)store_delete_value(g->txn, table, key, graph_rank_encode(fact, rank));
	fact->first_seen_s = first_seen_s;
	store_put(g->txn, table, key, graph_rank_encode(fact, rank));
	mark_dirty(g, fact);
}

void
graph_index_drop(struct graph_txn *g, const struct graph_fact *fact)
{
	uint8_t key[GRAPH_ISSUED_KEY_LEN];
	uint8_t rank[GRAPH_RANK_LEN];
	uint8_t number[NUMBER_KEY_LEN];
	struct slice id = digest_slice(&fact->id);
	struct graph_statement record;
	struct slice value;

	if (!store_get(g->txn, GRAPH_T_STATEMENTS, id, &value) ||
		graph_statement_decode(value, &record) != 0) {
		store_txn_fail(g->txn, ERR_CORRUPT);
		return;
	}
	(void)store_delete(g->txn, GRAPH_T_NUMBERS, number_key(record.number, number));
	(void)store_delete(g->txn, GRAPH_T_STATEMENTS, id);
	(void)store_delete(g->txn, GRAPH_T_FACTS, id);
	(void)store_delete_value(g->txn, graph_class_table(fact->class),
		graph_list_key(fact, key), graph_rank_encode(fact, rank));
	graph_waiting_drop(g, fact);
	mark_dirty(g, fact);
}

/* device_of - the raw thumbprint of the key a certificate or a revocation is about */
static bool
device_of(const struct graph_fact *fact, struct digest *out)
{
	return graph_raw_of(slice_skip(graph_fact_subject(fact), strlen("key:")), out) == 0;
}

void
graph_index_forget(struct graph_txn *g, const struct graph_fact *fact)
{
	uint8_t key[GRAPH_CERT_KEY_LEN];
	struct digest device;
	struct digest reg;
	struct digest id;
	uint64_t seq;

	graph_index_drop(g, fact);
	if (graph_class_is_waiting(fact->class)) {
		return;
	}
	graph_fact_register(fact, &reg);
	if (!graph_register_get(g->txn, &reg, &id, &seq) || !digest_eq(&id, &fact->id)) {
		return;
	}
	(void)store_delete(g->txn, GRAPH_T_REGISTERS, digest_slice(&reg));
	(void)store_delete(g->txn, GRAPH_T_HISTORY, digest_slice(&reg));
	(void)store_delete(g->txn, GRAPH_T_HELD, digest_slice(&reg));
	if (fact->class == GRAPH_CLASS_DEVICE && device_of(fact, &device)) {
		(void)store_delete(
			g->txn, GRAPH_T_CERTS, graph_cert_key(&fact->issuer, &device, key));
	}
}

/* trim - lets go the last values of a set beyond max */
static void
trim(struct graph_txn *g, enum graph_table table, struct slice key, uint64_t max, bool from_end)
{
	struct store_cursor *c = store_cursor_open(g->txn, table);
	uint8_t victim[GRAPH_HISTORY_LEN];
	struct slice value;
	uint64_t count = store_set_count(c, key);
	bool found = count > max && store_set_first(c, key, &value);

	for (uint64_t i = 1; found && from_end && i < count; i++) {
		found = store_set_next(c, &value);
	}
	store_cursor_close(c);
	if (found && value.len <= sizeof(victim)) {
		memcpy(victim, value.data, value.len);
		(void)store_delete_value(g->txn, table, key, slice_of(victim, value.len));
	}
}

/*
 * forget_later_certificate - one of a device's set, if it was first seen later than fresh. @return
 * false when it is there with the same or an earlier time, which stays
 */
static bool
forget_later_certificate(struct graph_txn *g, struct slice key, const struct graph_cert *fresh)
{
	struct store_cursor *c = store_cursor_open(g->txn, GRAPH_T_CERTS);
	uint8_t victim[GRAPH_CERT_LEN];
	struct graph_cert cert;
	struct slice value;
	bool more = store_set_first(c, key, &value);
	bool found = false;

	while (more && !found && graph_cert_decode(value, &cert) == 0) {
		found = digest_eq(&cert.id, &fresh->id);
		more = store_set_next(c, &value);
	}
	store_cursor_close(c);
	if (found && cert.first_seen_s <= fresh->first_seen_s) {
		return false;
	}
	if (found) {
		(void)store_delete_value(
			g->txn, GRAPH_T_CERTS, key, graph_cert_encode(&cert, victim));
	}
	return true;
}

static void
remember_certificate(struct graph_txn *g, const struct graph_fact *fact)
{
	struct graph_cert cert = {fact->iat_s, fact->exp_s, fact->first_seen_s, fact->id};
	uint8_t key_buf[GRAPH_CERT_KEY_LEN];
	uint8_t value[GRAPH_CERT_LEN];
	struct digest device;
	struct slice key;

	if (!device_of(fact, &device)) {
		return;
	}
	key = graph_cert_key(&fact->issuer, &device, key_buf);
	if (!forget_later_certificate(g, key, &cert)) {
		return;
	}
	store_put(g->txn, GRAPH_T_CERTS, key, graph_cert_encode(&cert, value));
	/* The oldest certificates matter least. */
	trim(g, GRAPH_T_CERTS, key, GRAPH_CERT_MAX, false);
}

/* find_history - the record of one signer in a register's memory */
static bool
find_history(struct store_txn *txn, struct slice reg, const struct digest *signer,
	struct graph_history *out)
{
	struct store_cursor *c = store_cursor_open(txn, GRAPH_T_HISTORY);
	struct slice value;
	bool more = store_set_first(c, reg, &value);
	bool found = false;

	while (more && !found) {
		if (graph_history_decode(value, out) != 0) {
			store_txn_fail(txn, ERR_CORRUPT);
			break;
		}
		found = digest_eq(&out->signer, signer);
		more = store_set_next(c, &value);
	}
	store_cursor_close(c);
	return found;
}

static void
remember_edge(struct graph_txn *g, const struct graph_fact *fact)
{
	struct graph_history fresh = {fact->first_seen_s, fact->signer, fact->id};
	struct graph_history known;
	uint8_t value[GRAPH_HISTORY_LEN];
	uint8_t old[GRAPH_HISTORY_LEN];
	struct digest reg;
	struct slice key;

	graph_fact_register(fact, &reg);
	key = digest_slice(&reg);
	(void)graph_history_encode(&fresh, value);
	if (find_history(g->txn, key, &fact->signer, &known)) {
		/* The earliest stays; of two at once the one with the smaller id. */
		(void)graph_history_encode(&known, old);
		if (memcmp(old, value, sizeof(value)) <= 0) {
			return;
		}
		(void)store_delete_value(
			g->txn, GRAPH_T_HISTORY, key, slice_of(old, sizeof(old)));
	}
	store_put(g->txn, GRAPH_T_HISTORY, key, slice_of(value, sizeof(value)));
	trim(g, GRAPH_T_HISTORY, key, GRAPH_HISTORY_MAX, true);
}

void
graph_index_remember(struct graph_txn *g, const struct graph_fact *fact)
{
	switch (fact->class) {
	case GRAPH_CLASS_DEVICE:
		remember_certificate(g, fact);
		break;
	case GRAPH_CLASS_VOUCH:
	case GRAPH_CLASS_BLOCK:
	case GRAPH_CLASS_BIND:
	case GRAPH_CLASS_GUARD:
		/* A withdrawn vouch must not date a later one back. */
		if (fact->level != TRUST_LEVEL_NONE) {
			remember_edge(g, fact);
		}
		break;
	case GRAPH_CLASS_SUCCEED:
		remember_edge(g, fact);
		break;
	case GRAPH_CLASS_OTHER:
		/* A warning that is renewed ends with its first day all the same. */
		if (fact->act == STATEMENT_WARN && fact->level != TRUST_LEVEL_NONE) {
			remember_edge(g, fact);
		}
		break;
	case GRAPH_CLASS_IDENTITY:
	case GRAPH_CLASS_REVOKE:
	case GRAPH_CLASS_WAITING:
	case GRAPH_CLASS_WAITING_REVOKE:
	case GRAPH_CLASS_COUNT:
		break;
	}
}

void
graph_mark_dirty(struct graph_txn *g, const struct digest *issuer)
{
	if (g->has_dirty && digest_eq(&g->last_dirty, issuer)) {
		return; /* one statement marks its issuer several times, and the next is often his */
	}
	store_put(g->txn, GRAPH_T_DIRTY, digest_slice(issuer), slice_of("", 0));
	g->last_dirty = *issuer;
	g->has_dirty = true;
}

bool
graph_is_certified(struct store_txn *txn, const struct digest *issuer, const struct digest *key)
{
	uint8_t buf[GRAPH_CERT_KEY_LEN];
	struct slice value;

	return store_get(txn, GRAPH_T_CERTS, graph_cert_key(issuer, key, buf), &value);
}

bool
graph_identity_is_hosted(struct store_txn *txn, const struct digest *issuer)
{
	struct slice value;

	return store_get(txn, GRAPH_T_HOSTED, digest_slice(issuer), &value);
}

struct graph_ref
graph_intern(struct graph_txn *g, const struct principal *p)
{
	uint8_t key[GRAPH_NODE_KEY_LEN];
	uint8_t record[GRAPH_NODE_LEN];
	uint8_t text[PRINCIPAL_VALUE_MAX];
	const struct graph_ref none = {0, GRAPH_NONE};
	struct wire_writer w;
	struct digest digest;
	struct slice value;
	graph_node node = GRAPH_NONE;

	principal_digest(p, &digest);
	if (store_get(g->txn, GRAPH_T_NODES, digest_slice(&digest), &value)) {
		if (graph_node_decode(&digest, value, &node) != 0) {
			store_txn_fail(g->txn, ERR_CORRUPT);
			return none;
		}
		return (struct graph_ref){graph_order_of(&digest), node};
	}
	if (g->last_node == UINT32_MAX) {
		store_txn_fail(g->txn, ERR_FULL);
		return none;
	}
	node = ++g->last_node;
	wire_writer_init(&w, text, sizeof(text));
	wire_write_bytes(&w, digest_slice(&digest));
	wire_write_bytes(&w, principal_slice(p));
	if (wire_writer_finish(&w, &value) != 0) {
		store_txn_fail(g->txn, ERR_TOOBIG);
		return none;
	}
	store_put(g->txn, GRAPH_T_PRINCIPALS, graph_node_key(node, key), value);
	store_put(g->txn, GRAPH_T_NODES, digest_slice(&digest),
		graph_node_encode(&digest, node, record));
	return (struct graph_ref){graph_order_of(&digest), node};
}

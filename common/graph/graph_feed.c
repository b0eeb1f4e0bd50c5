#include "common/graph/graph_feed.h"

#include "common/base/wire_reader.h"
#include "common/base/wire_writer.h"
#include "common/graph/graph_reader.h"
#include "common/graph/graph_txn.h"

#define NUMBER_LEN  8
#define DROPPED_LEN (DIGEST_LEN + 8)

static struct slice
number_key(uint64_t number, uint8_t buf[NUMBER_LEN])
{
	struct wire_writer w;

	wire_writer_init(&w, buf, NUMBER_LEN);
	wire_write_u64(&w, number);
	return slice_of(buf, NUMBER_LEN);
}

static uint64_t
number_of(struct slice key)
{
	struct wire_reader r;

	wire_reader_init(&r, key);
	return wire_read_u64(&r);
}

/* trim - lets the oldest departure go */
static void
trim(struct store_txn *txn)
{
	struct store_cursor *c = store_cursor_open(txn, GRAPH_T_DROPPED);
	uint8_t buf[NUMBER_LEN];
	uint64_t number = 0;
	struct slice key;
	struct slice value;
	bool found = store_cursor_seek(c, slice_of("", 0), &key, &value);

	if (found) {
		number = number_of(key);
	}
	store_cursor_close(c);
	if (found) {
		(void)store_delete(txn, GRAPH_T_DROPPED, number_key(number, buf));
		graph_state_put(txn, GRAPH_STATE_TRIMMED, number);
	}
}

void
graph_note_dropped(struct graph_txn *g, const struct graph_fact *fact)
{
	uint8_t key[NUMBER_LEN];
	uint8_t value[DROPPED_LEN];
	struct wire_writer w;
	uint64_t last = 0;

	(void)graph_state_get(g->txn, GRAPH_STATE_DEPARTED, &last);
	graph_state_put(g->txn, GRAPH_STATE_DEPARTED, last + 1);
	wire_writer_init(&w, value, sizeof(value));
	wire_write_bytes(&w, digest_slice(&fact->id));
	wire_write_u64(&w, fact->iat_s);
	store_put(g->txn, GRAPH_T_DROPPED, number_key(last + 1, key),
		slice_of(value, sizeof(value)));
	if (store_count(g->txn, GRAPH_T_DROPPED) > GRAPH_DROPPED_MAX) {
		trim(g->txn);
	}
}

int
graph_get(struct graph_reader *r, const struct digest *id, struct graph_record *out)
{
	struct graph_statement record;
	struct slice value;

	if (!store_get(r->txn, GRAPH_T_STATEMENTS, digest_slice(id), &value)) {
		int code = graph_error(r);

		return code != 0 ? code : ERR_NOTFOUND;
	}
	if (graph_statement_decode(value, &record) != 0) {
		store_txn_fail(r->txn, ERR_CORRUPT);
		return ERR_CORRUPT;
	}
	*out = (struct graph_record){*id, record.number, record.first_seen_s, record.jws};
	return 0;
}

int
graph_item_get(struct graph_reader *r, const struct digest *id, struct graph_item *out)
{
	struct store_txn *txn = r->txn;
	struct graph_record record;
	struct graph_fact fact;
	struct slice value;
	int rc = graph_get(r, id, &record);

	if (rc != 0) {
		return rc;
	}
	if (!graph_fact_get(txn, id, &fact)) {
		store_txn_fail(txn, ERR_CORRUPT);
		return graph_error(r);
	}
	*out = (struct graph_item){
		.id = *id,
		.number = record.number,
		.first_seen_s = record.first_seen_s,
		.iat_s = fact.iat_s,
		.exp_s = fact.exp_s,
		.act = fact.act,
		.is_open = (fact.flags & GRAPH_FACT_OPEN) != 0,
		.is_waiting = graph_class_is_waiting(fact.class),
		.is_hosted = store_get(txn, GRAPH_T_HOSTED, digest_slice(&fact.issuer), &value),
		.issuer = fact.issuer,
		.jws = record.jws,
	};
	return 0;
}

int
graph_items_visit(struct graph_reader *r, uint64_t after, graph_item_fn *visit, void *ctx)
{
	struct store_txn *txn = r->txn;
	struct store_cursor *c;
	uint8_t start[NUMBER_LEN];
	struct graph_item item;
	struct digest id;
	struct slice key;
	struct slice value;
	int rc = 0;

	if (after == UINT64_MAX) {
		return graph_error(r);
	}
	c = store_cursor_open(txn, GRAPH_T_NUMBERS);
	for (bool more = store_cursor_seek(c, number_key(after + 1, start), &key, &value);
		more && rc == 0; more = rc == 0 && store_cursor_next(c, &key, &value)) {
		if (value.len != DIGEST_LEN) {
			store_txn_fail(txn, ERR_CORRUPT);
			break;
		}
		memcpy(id.bytes, value.data, DIGEST_LEN);
		rc = graph_item_get(r, &id, &item);
		if (rc == ERR_NOTFOUND) {
			store_txn_fail(txn, ERR_CORRUPT);
			break;
		}
		rc = rc != 0 ? rc : visit(ctx, &item);
	}
	store_cursor_close(c);
	return rc != 0 ? rc : graph_error(r);
}

struct plain_visit {
	graph_visit_fn *visit;
	void *ctx;
};

static int
visit_plain(void *ctx, const struct graph_item *item)
{
	const struct plain_visit *plain = ctx;
	struct graph_record record = {item->id, item->number, item->first_seen_s, item->jws};

	return plain->visit(plain->ctx, &record);
}

int
graph_visit(struct graph_reader *r, uint64_t after, graph_visit_fn *visit, void *ctx)
{
	struct plain_visit plain = {visit, ctx};

	return graph_items_visit(r, after, visit_plain, &plain);
}

static int
departure_decode(struct slice key, struct slice value, struct graph_departure *out)
{
	struct wire_reader r;

	if (key.len != NUMBER_LEN) {
		return ERR_CORRUPT;
	}
	out->number = number_of(key);
	wire_reader_init(&r, value);
	wire_read_copy(&r, out->id.bytes, DIGEST_LEN);
	out->iat_s = wire_read_u64(&r);
	return wire_reader_finish(&r) == 0 ? 0 : ERR_CORRUPT;
}

int
graph_departures_visit(
	struct graph_reader *r, uint64_t after, graph_departure_fn *visit, void *ctx)
{
	struct store_txn *txn = r->txn;
	struct store_cursor *c;
	uint8_t start[NUMBER_LEN];
	struct graph_departure gone;
	uint64_t trimmed = 0;
	struct slice key;
	struct slice value;
	int rc = 0;

	(void)graph_state_get(txn, GRAPH_STATE_TRIMMED, &trimmed);
	if (after < trimmed) {
		return ERR_RANGE;
	}
	if (after == UINT64_MAX) {
		return graph_error(r);
	}
	c = store_cursor_open(txn, GRAPH_T_DROPPED);
	for (bool more = store_cursor_seek(c, number_key(after + 1, start), &key, &value);
		more && rc == 0; more = rc == 0 && store_cursor_next(c, &key, &value)) {
		rc = departure_decode(key, value, &gone);
		if (rc != 0) {
			store_txn_fail(txn, rc);
		} else {
			rc = visit(ctx, &gone);
		}
	}
	store_cursor_close(c);
	return rc != 0 ? rc : graph_error(r);
}

uint64_t
graph_last_departure(struct graph_reader *r)
{
	uint64_t number = 0;

	(void)graph_state_get(r->txn, GRAPH_STATE_DEPARTED, &number);
	return number;
}

uint64_t
graph_last_number(struct graph_reader *r)
{
	uint64_t number = 0;

	(void)graph_state_get(r->txn, GRAPH_STATE_NUMBER, &number);
	return number;
}

bool
graph_is_buried(struct graph_reader *r, const struct digest *id)
{
	struct slice value;

	return store_get(r->txn, GRAPH_T_TOMBSTONES, digest_slice(id), &value);
}

bool
graph_has(struct graph_reader *r, const struct digest *id)
{
	struct slice value;

	return store_get(r->txn, GRAPH_T_STATEMENTS, digest_slice(id), &value);
}

#include "common/graph/graph_exchange.h"

#include "common/base/wire_reader.h"
#include "common/base/wire_writer.h"
#include "common/graph/graph_reader.h"
#include "common/graph/graph_txn.h"

/* peer u32, iat u64, id 32: key of `exchange`, value of `wanted` */
#define ITEM_LEN (4 + 8 + DIGEST_LEN)

static struct slice
item_encode(const struct graph_exchange *item, uint8_t buf[ITEM_LEN])
{
	struct wire_writer w;

	wire_writer_init(&w, buf, ITEM_LEN);
	wire_write_u32(&w, item->peer);
	wire_write_u64(&w, item->iat_s);
	wire_write_bytes(&w, digest_slice(&item->id));
	return slice_of(buf, ITEM_LEN);
}

/* item_decode - damage sticks */
static bool
item_decode(struct store_txn *txn, struct slice in, struct graph_exchange *out)
{
	struct wire_reader r;

	wire_reader_init(&r, in);
	out->peer = wire_read_u32(&r);
	out->iat_s = wire_read_u64(&r);
	wire_read_copy(&r, out->id.bytes, DIGEST_LEN);
	out->flags = 0;
	if (wire_reader_finish(&r) != 0) {
		store_txn_fail(txn, ERR_CORRUPT);
		return false;
	}
	return true;
}

void
graph_exchange_put(struct graph_txn *g, const struct graph_exchange *item)
{
	uint8_t key[ITEM_LEN];

	store_put(g->txn, GRAPH_T_EXCHANGE, item_encode(item, key), slice_of(&item->flags, 1));
}

void
graph_exchange_delete(struct graph_txn *g, const struct graph_exchange *item)
{
	uint8_t key[ITEM_LEN];

	(void)store_delete(g->txn, GRAPH_T_EXCHANGE, item_encode(item, key));
}

int
graph_exchange_visit(struct graph_reader *r, uint32_t peer, graph_exchange_fn *visit, void *ctx)
{
	struct store_txn *txn = r->txn;
	struct store_cursor *c = store_cursor_open(txn, GRAPH_T_EXCHANGE);
	struct graph_exchange item = {.peer = peer};
	uint8_t start[ITEM_LEN];
	struct slice key;
	struct slice value;
	int rc = 0;

	for (bool more = store_cursor_seek(c, item_encode(&item, start), &key, &value); more;
		more = rc == 0 && store_cursor_next(c, &key, &value)) {
		if (!item_decode(txn, key, &item) || item.peer != peer) {
			break;
		}
		if (value.len != 1) {
			store_txn_fail(txn, ERR_CORRUPT);
			break;
		}
		item.flags = value.data[0];
		rc = visit(ctx, &item);
	}
	store_cursor_close(c);
	return rc != 0 ? rc : graph_error(r);
}

void
graph_wanted_put(
	struct graph_txn *g, const struct digest *principal, const struct graph_exchange *item)
{
	uint8_t value[ITEM_LEN];

	store_put(g->txn, GRAPH_T_WANTED, digest_slice(principal), item_encode(item, value));
}

size_t
graph_wanted_take(struct graph_txn *g, const struct digest *principal,
	struct graph_exchange out[GRAPH_WANTED_MAX])
{
	struct store_cursor *c = store_cursor_open(g->txn, GRAPH_T_WANTED);
	uint8_t buf[ITEM_LEN];
	struct slice value;
	size_t count = 0;

	for (bool more = store_set_first(c, digest_slice(principal), &value);
		more && count < GRAPH_WANTED_MAX && item_decode(g->txn, value, &out[count]);
		more = store_set_next(c, &value)) {
		count++;
	}
	store_cursor_close(c);
	for (size_t i = 0; i < count; i++) {
		(void)store_delete_value(g->txn, GRAPH_T_WANTED, digest_slice(principal),
			item_encode(&out[i], buf));
	}
	return count;
}

bool
graph_is_wanted(struct graph_reader *r, const struct digest *principal)
{
	struct slice value;

	return store_get(r->txn, GRAPH_T_WANTED, digest_slice(principal), &value);
}

#include <stdlib.h>

#include "common/base/wire_reader.h"
#include "common/base/wire_writer.h"
#include "common/graph/graph_reader.h"

/* More claims on one address than this are not even looked at. */
#define BINDINGS_SCAN_MAX 64

static const enum graph_table table_of[] = {
	[GRAPH_OUT] = GRAPH_T_OUT,
	[GRAPH_IN] = GRAPH_T_IN,
	[GRAPH_BLOCKS_OUT] = GRAPH_T_BLOCKS_OUT,
	[GRAPH_BLOCKS_IN] = GRAPH_T_BLOCKS_IN,
};

int
graph_reader_new(struct store *store, struct graph_reader **out, struct err_msg *msg)
{
	struct graph_reader *r = calloc(1, sizeof(*r));
	struct slice value;
	int rc;

	*out = NULL;
	if (r == NULL) {
		return err_set(msg, ERR_NOMEM, "out of memory");
	}
	rc = store_begin_read(store, &r->txn);
	if (rc != 0) {
		free(r);
		return err_set(msg, rc, "the graph cannot be read: %s", err_text(rc));
	}
	if (!store_get(r->txn, GRAPH_T_STATE, GRAPH_STATE_EPOCH, &value)) {
		rc = store_txn_error(r->txn) != 0 ? ERR_CORRUPT : ERR_NOTFOUND;
		graph_reader_free(r);
		return err_set(msg, rc,
			"the store holds no graph: make one with "
			"`trustctl init`, or restore a backup");
	}
	store_pause(r->txn);
	*out = r;
	return 0;
}

void
graph_reader_free(struct graph_reader *r)
{
	if (r != NULL) {
		store_abort(r->txn);
		free(r);
	}
}

int
graph_begin(struct graph_reader *r)
{
	r->begin_error = store_renew(r->txn);
	return r->begin_error;
}

void
graph_end(struct graph_reader *r)
{
	store_pause(r->txn);
}

int
graph_error(const struct graph_reader *r)
{
	return r->begin_error != 0 ? r->begin_error : store_txn_error(r->txn);
}

graph_node
graph_find_digest(struct graph_reader *r, const struct digest *digest)
{
	graph_node node = GRAPH_NONE;
	struct slice value;

	if (!store_get(r->txn, GRAPH_T_NODES, digest_slice(digest), &value)) {
		return GRAPH_NONE;
	}
	if (graph_node_decode(digest, value, &node) != 0) {
		store_txn_fail(r->txn, ERR_CORRUPT);
		return GRAPH_NONE;
	}
	return node;
}

graph_node
graph_find(struct graph_reader *r, const struct principal *p)
{
	struct digest digest;

	principal_digest(p, &digest);
	return graph_find_digest(r, &digest);
}

/* principal_get - the record of a node; false where there is none */
static bool
principal_get(struct graph_reader *r, graph_node node, struct digest *digest_out,
	struct slice *text_out)
{
	uint8_t key[GRAPH_NODE_KEY_LEN];
	struct wire_reader reader;
	struct slice value;

	if (!store_get(r->txn, GRAPH_T_PRINCIPALS, graph_node_key(node, key), &value)) {
		return false;
	}
	wire_reader_init(&reader, value);
	wire_read_copy(&reader, digest_out->bytes, DIGEST_LEN);
	*text_out = wire_reader_rest(&reader);
	if (wire_reader_error(&reader) != 0 || text_out->len == 0) {
		store_txn_fail(r->txn, ERR_CORRUPT);
		return false;
	}
	return true;
}

bool
graph_digest_of(struct graph_reader *r, graph_node node, struct digest *out)
{
	struct slice text;

	return principal_get(r, node, out, &text);
}

bool
graph_text_of(struct graph_reader *r, graph_node node, struct slice *out)
{
	struct digest digest;

	return principal_get(r, node, &digest, out);
}

/* edge_of - decodes; damage sticks and is no edge */
static bool
edge_of(struct graph_reader *r, enum graph_table table, graph_node node, struct slice value,
	struct graph_edge *out)
{
	if (graph_edge_decode(table, node, value, out) != 0) {
		store_txn_fail(r->txn, ERR_CORRUPT);
		return false;
	}
	return true;
}

bool
graph_edge_get(struct graph_reader *r, enum graph_direction dir, graph_node from, graph_node to,
	struct graph_edge *out)
{
	uint8_t key[GRAPH_NODE_KEY_LEN];
	uint8_t prefix[GRAPH_NODE_KEY_LEN];
	struct store_cursor *c = store_cursor_open(r->txn, table_of[dir]);
	struct slice value;
	bool found = store_set_seek(c, graph_node_key(from, key), graph_node_key(to, prefix),
			     &value) &&
		     edge_of(r, table_of[dir], from, value, out) && out->peer == to;

	store_cursor_close(c);
	return found;
}

uint64_t
graph_degree(struct graph_reader *r, enum graph_direction dir, graph_node node)
{
	uint8_t key[GRAPH_NODE_KEY_LEN];
	struct store_cursor *c = store_cursor_open(r->txn, table_of[dir]);
	uint64_t count = store_set_count(c, graph_node_key(node, key));

	store_cursor_close(c);
	return count;
}

void
graph_list(struct graph_reader *r, enum graph_direction dir, graph_node node,
	struct graph_cursor *c)
{
	*c = (struct graph_cursor){
		.reader = r,
		.cursor = store_cursor_open(r->txn, table_of[dir]),
		.dir = dir,
		.node = node,
	};
}

/* load_run - the records around the store's position. False, and damage, when they are none of ours */
static bool
load_run(struct graph_cursor *c)
{
	c->at = 0;
	c->run.len = 0;
	if (!store_set_run(c->cursor, &c->run)) {
		return false;
	}
	if (c->run.len % GRAPH_EDGE_LEN != 0) {
		c->run.len = 0;
		store_txn_fail(c->reader->txn, ERR_CORRUPT);
	}
	return c->run.len > 0;
}

/* take - the record at the cursor, which then stands behind it */
static bool
take(struct graph_cursor *c, struct graph_edge *out)
{
	struct slice record = slice_of(c->run.data + c->at, GRAPH_EDGE_LEN);

	c->at += GRAPH_EDGE_LEN;
	return edge_of(c->reader, table_of[c->dir], c->node, record, out);
}

bool
graph_next(struct graph_cursor *c, struct graph_edge *out)
{
	uint8_t key[GRAPH_NODE_KEY_LEN];
	struct slice value;

	if (c->at >= c->run.len) {
		bool more = c->started ? store_set_next(c->cursor, &value)
				       : store_set_first(c->cursor,
						 graph_node_key(c->node, key), &value);

		c->started = true;
		if (!more || !load_run(c)) {
			c->run.len = 0;
			return false;
		}
	}
	return take(c, out);
}

/* search_run - moves to the first record of the run whose peer is at least that; there is one */
static void
search_run(struct graph_cursor *c, graph_node peer)
{
	size_t low = c->at / GRAPH_EDGE_LEN;
	size_t high = c->run.len / GRAPH_EDGE_LEN - 1;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (graph_edge_peer(c->run.data + middle * GRAPH_EDGE_LEN) < peer) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	c->at = low * GRAPH_EDGE_LEN;
}

bool
graph_seek(struct graph_cursor *c, graph_node peer, struct graph_edge *out)
{
	uint8_t key[GRAPH_NODE_KEY_LEN];
	uint8_t prefix[GRAPH_NODE_KEY_LEN];
	struct slice value;
	bool is_at_hand = c->at < c->run.len &&
			  graph_edge_peer(c->run.data + c->run.len - GRAPH_EDGE_LEN) >= peer;

	if (!is_at_hand) {
		c->started = true;
		if (!store_set_seek(c->cursor, graph_node_key(c->node, key),
			    graph_node_key(peer, prefix), &value) ||
			!load_run(c)) {
			c->run.len = 0;
			return false;
		}
	}
	search_run(c, peer);
	return take(c, out);
}

void
graph_cursor_close(struct graph_cursor *c)
{
	store_cursor_close(c->cursor);
	c->cursor = NULL;
}

size_t
graph_bindings(struct graph_reader *r, graph_node address,
	struct graph_binding out[GRAPH_BINDINGS_MAX])
{
	uint8_t key[GRAPH_NODE_KEY_LEN];
	struct store_cursor *c = store_cursor_open(r->txn, GRAPH_T_BINDS_IN);
	struct graph_edge edge;
	struct slice value;
	size_t count = 0;
	bool more = store_set_first(c, graph_node_key(address, key), &value);

	for (int i = 0; more && i < BINDINGS_SCAN_MAX; i++) {
		struct graph_binding binding;

		if (!edge_of(r, GRAPH_T_BINDS_IN, address, value, &edge)) {
			count = 0;
			break;
		}
		binding = (struct graph_binding){
			edge.peer, graph_is_hosted(r, edge.peer), edge.exp_s};
		/* Our own word is never crowded out by claims of others. */
		if (count < GRAPH_BINDINGS_MAX) {
			out[count++] = binding;
		} else if (binding.hosted) {
			out[GRAPH_BINDINGS_MAX - 1] = binding;
		}
		more = store_set_next(c, &value);
	}
	store_cursor_close(c);
	return count;
}

size_t
graph_bound_addresses(struct graph_reader *r, graph_node identity, graph_node *out, size_t cap)
{
	uint8_t key[GRAPH_NODE_KEY_LEN];
	struct store_cursor *c = store_cursor_open(r->txn, GRAPH_T_BINDS_OUT);
	struct graph_edge edge;
	struct slice value;
	size_t count = 0;
	bool more = store_set_first(c, graph_node_key(identity, key), &value);

	while (more && count < cap) {
		if (!edge_of(r, GRAPH_T_BINDS_OUT, identity, value, &edge)) {
			count = 0;
			break;
		}
		out[count++] = edge.peer;
		more = store_set_next(c, &value);
	}
	store_cursor_close(c);
	return count;
}

graph_node
graph_site(struct graph_reader *r)
{
	struct principal self;
	struct slice value;

	if (!store_get(r->txn, GRAPH_T_STATE, GRAPH_STATE_SITE, &value)) {
		return GRAPH_NONE;
	}
	if (principal_from_thumbprint(value, &self) != 0) {
		store_txn_fail(r->txn, ERR_CORRUPT);
		return GRAPH_NONE;
	}
	return graph_find(r, &self);
}

uint64_t
graph_epoch(struct graph_reader *r)
{
	struct wire_reader reader;
	struct slice value;
	uint64_t epoch;

	if (!store_get(r->txn, GRAPH_T_STATE, GRAPH_STATE_EPOCH, &value)) {
		return 0;
	}
	wire_reader_init(&reader, value);
	epoch = wire_read_u64(&reader);
	if (wire_reader_finish(&reader) != 0) {
		store_txn_fail(r->txn, ERR_CORRUPT);
	}
	return epoch;
}

bool
graph_is_empty(struct graph_reader *r)
{
	return store_count(r->txn, GRAPH_T_OUT) == 0;
}

int
graph_stats(struct graph_reader *r, struct graph_stats *out)
{
	*out = (struct graph_stats){
		.statements = store_count(r->txn, GRAPH_T_STATEMENTS),
		.principals = store_count(r->txn, GRAPH_T_PRINCIPALS),
		.edges = store_count(r->txn, GRAPH_T_OUT),
		.blocks = store_count(r->txn, GRAPH_T_BLOCKS_OUT),
		.revocations = store_count(r->txn, GRAPH_T_REVOCATIONS),
		.tombstones = store_count(r->txn, GRAPH_T_TOMBSTONES),
	};
	return graph_error(r);
}

#include "common/graph/graph_reader.h"

static const enum graph_table table_of[] = {
	[GRAPH_OUT] = GRAPH_T_OUT,
	[GRAPH_IN] = GRAPH_T_IN,
	[GRAPH_BLOCKS_OUT] = GRAPH_T_BLOCKS_OUT,
	[GRAPH_BLOCKS_IN] = GRAPH_T_BLOCKS_IN,
	[GRAPH_COLLEAGUES] = GRAPH_T_COLLEAGUES,
};

bool
graph_edge_read(struct graph_reader *r, enum graph_table table, graph_node node,
	struct slice value, struct graph_edge *out)
{
	if (graph_edge_decode(table, node, value, out) != 0) {
		store_txn_fail(r->txn, ERR_CORRUPT);
		return false;
	}
	return true;
}

bool
graph_edge_get(struct graph_reader *r, enum graph_direction dir, graph_node from,
	struct graph_ref to, struct graph_edge *out)
{
	uint8_t key[GRAPH_NODE_KEY_LEN];
	uint8_t prefix[GRAPH_EDGE_REF_LEN];
	struct store_cursor *c = store_cursor_open(r->txn, table_of[dir]);
	struct slice value;
	bool found = store_set_seek(c, graph_node_key(from, key), graph_edge_key(to, prefix),
			     &value) &&
		     graph_edge_read(r, table_of[dir], from, value, out) &&
		     out->peer == to.node;

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
	return graph_edge_read(c->reader, table_of[c->dir], c->node, record, out);
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
search_run(struct graph_cursor *c, struct graph_ref peer)
{
	size_t low = c->at / GRAPH_EDGE_LEN;
	size_t high = c->run.len / GRAPH_EDGE_LEN - 1;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (graph_ref_cmp(
			    graph_edge_peer(c->run.data + middle * GRAPH_EDGE_LEN), peer) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	c->at = low * GRAPH_EDGE_LEN;
}

bool
graph_seek(struct graph_cursor *c, struct graph_ref peer, struct graph_edge *out)
{
	uint8_t key[GRAPH_NODE_KEY_LEN];
	uint8_t prefix[GRAPH_EDGE_REF_LEN];
	struct slice value;
	bool is_at_hand =
		c->at < c->run.len &&
		graph_ref_cmp(
			graph_edge_peer(c->run.data + c->run.len - GRAPH_EDGE_LEN), peer) >= 0;

	if (!is_at_hand) {
		c->started = true;
		if (!store_set_seek(c->cursor, graph_node_key(c->node, key),
			    graph_edge_key(peer, prefix), &value) ||
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

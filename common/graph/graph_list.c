#include <assert.h>

#include "common/graph/graph_reader.h"

static const enum graph_table table_of[] = {
	[GRAPH_OUT] = GRAPH_T_OUT,
	[GRAPH_IN] = GRAPH_T_IN,
	[GRAPH_BLOCKS_OUT] = GRAPH_T_BLOCKS_OUT,
	[GRAPH_BLOCKS_IN] = GRAPH_T_BLOCKS_IN,
	[GRAPH_WARNS_IN] = GRAPH_T_WARNS_IN,
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

/* edge_get - one edge of any table */
static bool
edge_get(struct graph_reader *r, enum graph_table table, graph_node from, struct graph_ref to,
	struct graph_edge *out)
{
	uint8_t key[GRAPH_NODE_KEY_LEN];
	uint8_t prefix[GRAPH_EDGE_REF_LEN];
	struct store_cursor *c = store_cursor_open(r->txn, table);
	struct slice value;
	bool found = store_set_seek(c, graph_node_key(from, key), graph_edge_key(to, prefix),
			     &value) &&
		     graph_edge_read(r, table, from, value, out) && out->peer == to.node;

	store_cursor_close(c);
	return found;
}

bool
graph_edge_get(struct graph_reader *r, enum graph_direction dir, graph_node from,
	struct graph_ref to, struct graph_edge *out)
{
	return edge_get(r, table_of[dir], from, to, out);
}

bool
graph_claims(struct graph_reader *r, graph_node identity, graph_node address, uint64_t now_s)
{
	struct graph_edge edge;

	return identity != GRAPH_NONE && address != GRAPH_NONE &&
	       edge_get(r, GRAPH_T_BINDS_OUT, identity, graph_ref_of(r, address), &edge) &&
	       graph_edge_is_live(&edge, now_s);
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

/* take_run - a run of records. False, and damage, when they are none of ours */
static bool
take_run(struct graph_cursor *c, struct slice run)
{
	c->at = 0;
	c->run = run;
	if (run.len % GRAPH_EDGE_LEN != 0) {
		c->run.len = 0;
		store_txn_fail(c->reader->txn, ERR_CORRUPT);
	}
	return c->run.len > 0;
}

/* expect - has them looked up together */
static void
expect(struct graph_reader *r, struct graph_expected *e, enum graph_table table,
	const graph_node *nodes, size_t count)
{
	assert(count <= GRAPH_EXPECT_MAX);
	e->table = table;
	e->count = count;
	e->next = 0;
	memcpy(e->nodes, nodes, count * sizeof(*nodes));
	store_sets_peek(r->txn, table, nodes, count, e->found);
}

void
graph_expect(
	struct graph_reader *r, enum graph_direction dir, const graph_node *nodes, size_t count)
{
	expect(r, &r->lists, table_of[dir], nodes, count);
}

void
graph_expect_digests(struct graph_reader *r, const graph_node *nodes, size_t count)
{
	expect(r, &r->principals, GRAPH_T_PRINCIPALS, nodes, count);
}

const struct store_peek *
graph_expected_find(struct graph_reader *r, struct graph_expected *e, enum graph_table table,
	graph_node node)
{
	for (size_t i = 0; e->table == table && i < e->count; i++) {
		size_t at = e->next + i < e->count ? e->next + i : e->next + i - e->count;

		if (e->nodes[at] == node) {
			e->next = at;
			return e->found[at].is_known && store_txn_error(r->txn) == 0
				       ? &e->found[at]
				       : NULL;
		}
	}
	return NULL;
}

void
graph_list(struct graph_reader *r, enum graph_direction dir, graph_node node,
	struct graph_cursor *c)
{
	const struct store_peek *known = graph_expected_find(r, &r->lists, table_of[dir], node);
	uint8_t key[GRAPH_NODE_KEY_LEN];
	struct slice run;

	*c = (struct graph_cursor){
		.reader = r,
		.dir = dir,
		.node = node,
		.is_whole = true,
	};
	if (known != NULL) {
		c->count = known->values.len / GRAPH_EDGE_LEN;
		(void)take_run(c, known->values);
		return;
	}
	c->cursor = store_cursor_open(r->txn, table_of[dir]);
	if (store_set_open(c->cursor, graph_node_key(node, key), &run, &c->count) &&
		take_run(c, run)) {
		c->is_whole = run.len / GRAPH_EDGE_LEN == c->count;
	}
}

/* load_run - the records around the store's position */
static bool
load_run(struct graph_cursor *c)
{
	struct slice run;

	c->run.len = 0;
	return store_set_run(c->cursor, &run) && take_run(c, run);
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
	struct slice value;

	if (c->at >= c->run.len &&
		(c->is_whole || !store_set_next(c->cursor, &value) || !load_run(c))) {
		return false;
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

/* run_reaches - whether the run at hand has a record at or after peer */
static bool
run_reaches(const struct graph_cursor *c, struct graph_ref peer)
{
	return c->at < c->run.len &&
	       graph_ref_cmp(
		       graph_edge_peer(c->run.data + c->run.len - GRAPH_EDGE_LEN), peer) >= 0;
}

/* seek_run - stands at the first record at or after peer. False when there is none */
static bool
seek_run(struct graph_cursor *c, struct graph_ref peer)
{
	uint8_t key[GRAPH_NODE_KEY_LEN];
	uint8_t prefix[GRAPH_EDGE_REF_LEN];
	struct slice value;

	if (!run_reaches(c, peer) &&
		(c->is_whole ||
			!store_set_seek(c->cursor, graph_node_key(c->node, key),
				graph_edge_key(peer, prefix), &value) ||
			!load_run(c))) {
		c->at = c->run.len;
		c->is_whole = true; /* nothing comes after the end */
		return false;
	}
	search_run(c, peer);
	return true;
}

bool
graph_seek(struct graph_cursor *c, struct graph_ref peer, struct graph_edge *out)
{
	return seek_run(c, peer) && take(c, out);
}

/* Lists up to so many times as long as the array are walked, longer ones are searched in. */
#define WALK_FACTOR 4

/* more_at_hand - whether there is a record, after loading the next run where that is due */
static bool
more_at_hand(struct graph_cursor *c)
{
	struct slice value;

	return c->at < c->run.len ||
	       (!c->is_whole && store_set_next(c->cursor, &value) && load_run(c));
}

size_t
graph_list_refs(struct graph_cursor *c, struct graph_ref *out, size_t cap)
{
	size_t count = 0;

	for (; count < cap && more_at_hand(c); c->at += GRAPH_EDGE_LEN) {
		out[count++] = graph_edge_peer(c->run.data + c->at);
	}
	return count;
}

static inline bool
record_is_hosted(const uint8_t *record)
{
	return (record[GRAPH_EDGE_AT_FLAGS] & GRAPH_EDGE_HOSTED) != 0;
}

/* Where a walk beside an array stands. */
struct walk {
	const struct graph_wanted *wanted;
	size_t at; /* in the array */
};

/* find_wanted - the index of the first one at or behind ref, from `low` on */
static size_t
find_wanted(const struct graph_wanted *wanted, size_t low, struct graph_ref ref)
{
	size_t high = wanted->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (graph_ref_cmp(wanted->refs[middle], ref) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/* is_in_array - asked of the few that the filter lets through */
static bool
is_in_array(struct walk *w, const uint8_t *record)
{
	struct graph_ref peer = graph_edge_peer(record);

	w->at = find_wanted(w->wanted, w->at, peer);
	return w->at < w->wanted->count && graph_ref_cmp(w->wanted->refs[w->at], peer) == 0;
}

/*
 * next_wanted - moves over the records of the run that nobody wants. False at the end of the run
 *
 * Nearly all records are such: one bit decides, in a branch that the processor foresees.
 */
static bool
next_wanted(struct graph_cursor *c, struct walk *w, size_t *index_out)
{
	const struct graph_wanted *wanted = w->wanted;
	const uint8_t *end = c->run.data + c->run.len;

	for (const uint8_t *record = c->run.data + c->at; record < end;
		record += GRAPH_EDGE_LEN) {
		bool found =
			order_filter_may_have(wanted->filter, graph_edge_peer(record).order) &&
			is_in_array(w, record);

		if (found || (wanted->or_hosted && record_is_hosted(record))) {
			c->at = (size_t)(record - c->run.data);
			*index_out = found ? w->at : wanted->count;
			return true;
		}
	}
	c->at = c->run.len;
	return false;
}

/* is_past - whether nothing wanted comes behind what was walked over */
static bool
is_past(const struct graph_cursor *c, const struct graph_wanted *wanted)
{
	const uint8_t *last = c->run.data + c->run.len - GRAPH_EDGE_LEN;

	return !wanted->or_hosted &&
	       (wanted->count == 0 || graph_ref_cmp(graph_edge_peer(last),
					      wanted->refs[wanted->count - 1]) >= 0);
}

/* walk_common - both side by side */
static void
walk_common(struct graph_cursor *c, const struct graph_wanted *wanted, size_t *steps_left,
	graph_common_fn *visit, void *ctx)
{
	struct walk w = {.wanted = wanted};
	struct graph_edge edge;
	size_t index;

	while (*steps_left > 0 && more_at_hand(c)) {
		size_t before = c->at;
		bool found = next_wanted(c, &w, &index);
		size_t steps = (c->at - before) / GRAPH_EDGE_LEN + (found ? 1 : 0);

		c->is_whole = c->is_whole || (!found && is_past(c, wanted));
		*steps_left -= steps < *steps_left ? steps : *steps_left;
		if (found && (!take(c, &edge) || !visit(ctx, index, &edge))) {
			return;
		}
	}
}

/* search_common - the array's in the list */
static void
search_common(struct graph_cursor *c, const struct graph_wanted *wanted, size_t *steps_left,
	graph_common_fn *visit, void *ctx)
{
	struct graph_edge edge;

	for (size_t i = 0; i < wanted->count; i++) {
		if (*steps_left == 0 || !seek_run(c, wanted->refs[i])) {
			return;
		}
		(*steps_left)--;
		if (graph_ref_cmp(graph_edge_peer(c->run.data + c->at), wanted->refs[i]) == 0 &&
			(!take(c, &edge) || !visit(ctx, i, &edge))) {
			return;
		}
	}
}

void
graph_list_common(struct graph_cursor *c, const struct graph_wanted *wanted, size_t *steps_left,
	graph_common_fn *visit, void *ctx)
{
	if (wanted->or_hosted || c->count / WALK_FACTOR <= wanted->count) {
		walk_common(c, wanted, steps_left, visit, ctx);
	} else {
		search_common(c, wanted, steps_left, visit, ctx);
	}
}

void
graph_cursor_close(struct graph_cursor *c)
{
	store_cursor_close(c->cursor);
	c->cursor = NULL;
}

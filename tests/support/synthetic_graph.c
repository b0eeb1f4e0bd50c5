#include "tests/support/synthetic_graph.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/rng.h"
#include "common/graph/graph_schema.h"

#define FIRST_SEEN_S 1700000000U
#define EXP_S        2000000000U

/* Edges written in one transaction. */
#define LOAD_BATCH ((uint64_t)2000000)

static void *
must_alloc(size_t count, size_t size)
{
	void *out = calloc(count, size);

	if (out == NULL) {
		(void)fprintf(stderr, "synthetic_graph: out of memory\n");
		abort();
	}
	return out;
}

static int
compare_ranks(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int
compare_refs(const void *a, const void *b)
{
	return graph_ref_cmp(*(const struct graph_ref *)a, *(const struct graph_ref *)b);
}

void
synthetic_graph_principal(graph_node number, struct principal *out)
{
	int len = snprintf(out->text, sizeof(out->text), "addr:u%u@example.org", number - 1);

	out->kind = PRINCIPAL_ADDR;
	out->len = (uint16_t)len;
}

/* make_refs - of all principals in ascending order, and their ranks */
static void
make_refs(struct synthetic_graph *g)
{
	g->ranks = must_alloc((size_t)g->nodes + 1, sizeof(*g->ranks));
	g->refs = must_alloc((size_t)g->nodes + 1, sizeof(*g->refs));
	for (graph_node number = 1; number <= g->nodes; number++) {
		struct principal p;
		struct digest digest;

		synthetic_graph_principal(number, &p);
		principal_digest(&p, &digest);
		g->refs[number] = (struct graph_ref){graph_order_of(&digest), number};
	}
	qsort(g->refs + 1, g->nodes, sizeof(*g->refs), compare_refs);
	for (uint32_t rank = 1; rank <= g->nodes; rank++) {
		g->ranks[g->refs[rank].node] = rank;
	}
}

/* How subjects are drawn. */
struct draw {
	uint32_t degree;
	bool is_star; /* number 1 is in every row */
};

/* draw_row - the subjects of one identity, ascending, each once. @return how many */
static size_t
draw_row(const struct synthetic_graph *g, const struct rng *rng, const struct draw *how,
	uint32_t self, uint32_t *row)
{
	size_t wanted = 1 + (size_t)rng_below(rng, 2 * (uint64_t)how->degree - 1);
	size_t kept = 0;

	for (size_t i = 0; i < wanted; i++) {
		uint64_t u = rng_below(rng, g->nodes);

		/* Squaring a uniform fraction favours small numbers. */
		row[i] = g->ranks[(graph_node)(u * u / g->nodes) + 1];
	}
	if (how->is_star) {
		row[wanted++] = g->ranks[1];
	}
	qsort(row, wanted, sizeof(*row), compare_ranks);
	for (size_t i = 0; i < wanted; i++) {
		if (row[i] != self && (kept == 0 || row[i] != row[kept - 1])) {
			row[kept++] = row[i];
		}
	}
	return kept;
}

/* transpose - fills `in` from `out`; rows come out ascending as issuers are taken in order */
static void
transpose(struct synthetic_graph *g)
{
	uint64_t *at = must_alloc((size_t)g->nodes + 2, sizeof(*at));

	for (uint64_t i = 0; i < g->edges; i++) {
		g->in.start[g->out.peers[i] + 1]++;
	}
	for (uint32_t n = 1; n <= g->nodes; n++) {
		g->in.start[n + 1] += g->in.start[n];
		at[n] = g->in.start[n];
	}
	for (uint32_t n = 1; n <= g->nodes; n++) {
		for (uint64_t i = g->out.start[n]; i < g->out.start[n + 1]; i++) {
			g->in.peers[at[g->out.peers[i]]++] = n;
		}
	}
	free(at);
}

static void
make(struct synthetic_graph *g, uint32_t nodes, const struct draw *how, uint64_t seed)
{
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, seed);
	size_t most = (size_t)nodes * 2 * how->degree;

	*g = (struct synthetic_graph){.nodes = nodes};
	make_refs(g);
	g->out.start = must_alloc((size_t)nodes + 2, sizeof(*g->out.start));
	g->in.start = must_alloc((size_t)nodes + 2, sizeof(*g->in.start));
	g->out.peers = must_alloc(most, sizeof(*g->out.peers));
	for (uint32_t n = 1; n <= nodes; n++) {
		g->out.start[n] = g->edges;
		g->edges += draw_row(g, &rng, how, n, g->out.peers + g->edges);
	}
	g->out.start[nodes + 1] = g->edges;
	g->in.peers = must_alloc(g->edges, sizeof(*g->in.peers));
	transpose(g);
}

void
synthetic_graph_make(struct synthetic_graph *g, uint32_t nodes, uint32_t degree, uint64_t seed)
{
	make(g, nodes, &(struct draw){.degree = degree}, seed);
}

void
synthetic_graph_make_star(
	struct synthetic_graph *g, uint32_t nodes, uint32_t degree, uint64_t seed)
{
	make(g, nodes, &(struct draw){.degree = degree, .is_star = true}, seed);
}

void
synthetic_graph_fini(struct synthetic_graph *g)
{
	free(g->out.start);
	free(g->out.peers);
	free(g->in.start);
	free(g->in.peers);
	free(g->refs);
	free(g->ranks);
}

/* What one transaction of the load writes. */
struct batch {
	const struct synthetic_graph *graph;
	const struct csr *rows;
	enum graph_table table;
	uint8_t *row;     /* records of one set */
	graph_node first; /* numbers, inclusive */
	graph_node last;
};

static int
load_texts(void *ctx, struct store_txn *txn)
{
	const struct batch *b = ctx;
	uint8_t value[DIGEST_LEN + PRINCIPAL_TEXT_MAX];
	uint8_t key[GRAPH_NODE_KEY_LEN];

	for (graph_node number = b->first; number <= b->last; number++) {
		struct principal p;
		struct digest digest;

		synthetic_graph_principal(number, &p);
		principal_digest(&p, &digest);
		memcpy(value, digest.bytes, DIGEST_LEN);
		memcpy(value + DIGEST_LEN, p.text, p.len);
		store_append(txn, GRAPH_T_PRINCIPALS, graph_node_key(number, key),
			slice_of(value, (size_t)DIGEST_LEN + p.len));
	}
	return store_txn_error(txn);
}

/* load_numbers - first and last are ranks here */
static int
load_numbers(void *ctx, struct store_txn *txn)
{
	const struct batch *b = ctx;
	uint8_t record[GRAPH_NODE_LEN];

	for (uint32_t rank = b->first; rank <= b->last; rank++) {
		graph_node number = b->graph->refs[rank].node;
		struct principal p;
		struct digest digest;

		synthetic_graph_principal(number, &p);
		principal_digest(&p, &digest);
		store_append(txn, GRAPH_T_NODES, digest_slice(&digest),
			graph_node_encode(&digest, number, record));
	}
	return store_txn_error(txn);
}

/* is_hosted - the issuer of an edge, which is its row in one table and its peer in the other */
static bool
is_hosted(const struct batch *b, graph_node row, graph_node peer)
{
	return synthetic_graph_is_hosted(b->graph, b->table == GRAPH_T_OUT ? row : peer);
}

/* load_colleagues - in ascending order; all in one batch */
static int
load_colleagues(void *ctx, struct store_txn *txn)
{
	const struct synthetic_graph *g = ctx;
	uint8_t key[GRAPH_NODE_KEY_LEN];
	uint8_t record[GRAPH_EDGE_LEN];

	for (uint32_t rank = 1; rank <= g->nodes; rank++) {
		const struct graph_edge edge = {
			.order = g->refs[rank].order,
			.peer = g->refs[rank].node,
			.level = 2,
			.flags = GRAPH_EDGE_HOSTED,
			.exp_s = UINT32_MAX,
		};

		if (synthetic_graph_is_hosted(g, edge.peer)) {
			store_append(txn, GRAPH_T_COLLEAGUES, graph_node_key(GRAPH_NONE, key),
				graph_edge_encode(
					GRAPH_T_COLLEAGUES, GRAPH_NONE, &edge, record));
		}
	}
	return store_txn_error(txn);
}

/* load_rows - an edge's level follows from its ends, so that both directions agree */
static int
load_rows(void *ctx, struct store_txn *txn)
{
	const struct batch *b = ctx;
	uint8_t key[GRAPH_NODE_KEY_LEN];

	for (graph_node number = b->first; number <= b->last; number++) {
		uint32_t rank = b->graph->ranks[number];
		uint8_t *at = b->row;

		for (uint64_t i = b->rows->start[rank]; i < b->rows->start[rank + 1]; i++) {
			struct graph_ref peer = b->graph->refs[b->rows->peers[i]];
			struct graph_edge edge = {
				.order = peer.order,
				.peer = peer.node,
				.level = synthetic_graph_level(number, peer.node),
				.flags =
					is_hosted(b, number, peer.node) ? GRAPH_EDGE_HOSTED : 0,
				.first_seen_s = FIRST_SEEN_S,
				.exp_s = EXP_S,
			};

			(void)graph_edge_encode(b->table, number, &edge, at);
			at += GRAPH_EDGE_LEN;
		}
		if (at > b->row) {
			store_append_set(txn, b->table, graph_node_key(number, key),
				slice_of(b->row, (size_t)(at - b->row)), GRAPH_EDGE_LEN);
		}
	}
	return store_txn_error(txn);
}

/* load_all - everything of one kind, in transactions of a bounded size */
static int
load_all(struct batch *b, struct store *store, store_update_fn *work)
{
	uint64_t per_node = b->graph->edges / b->graph->nodes + 1;
	graph_node step = (graph_node)(LOAD_BATCH / per_node);
	int rc = 0;

	for (b->first = 1; rc == 0 && b->first <= b->graph->nodes; b->first = b->last + 1) {
		b->last = b->graph->nodes - b->first < step ? b->graph->nodes : b->first + step;
		rc = store_update(store, work, b);
	}
	return rc;
}

/* longest_row - edges of the largest set */
static size_t
longest_row(const struct synthetic_graph *g)
{
	uint64_t longest = 1;

	for (uint32_t n = 1; n <= g->nodes; n++) {
		uint64_t out = g->out.start[n + 1] - g->out.start[n];
		uint64_t in = g->in.start[n + 1] - g->in.start[n];

		longest = out > longest ? out : longest;
		longest = in > longest ? in : longest;
	}
	return longest;
}

int
synthetic_graph_load(const struct synthetic_graph *g, struct store *store)
{
	struct batch b = {.graph = g};
	struct synthetic_graph borrowed = *g;
	int rc = load_all(&b, store, load_texts);

	b.row = must_alloc(longest_row(g), GRAPH_EDGE_LEN);
	rc = rc == 0 ? load_all(&b, store, load_numbers) : rc;
	b.rows = &g->out;
	b.table = GRAPH_T_OUT;
	rc = rc == 0 ? load_all(&b, store, load_rows) : rc;
	b.rows = &g->in;
	b.table = GRAPH_T_IN;
	rc = rc == 0 ? load_all(&b, store, load_rows) : rc;
	free(b.row);
	return rc == 0 ? store_update(store, load_colleagues, &borrowed) : rc;
}

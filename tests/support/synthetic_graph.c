#include "tests/support/synthetic_graph.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/rng.h"
#include "common/base/wire_writer.h"
#include "common/graph/graph_schema.h"

#define FIRST_SEEN_S 1700000000U
#define EXP_S        2000000000U
#define LEVELS       3

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
compare_nodes(const void *a, const void *b)
{
	graph_node x = *(const graph_node *)a;
	graph_node y = *(const graph_node *)b;

	return x < y ? -1 : x > y;
}

/* draw_row - the subjects of one node, ascending, each once. @return how many */
static size_t
draw_row(const struct rng *rng, uint32_t nodes, uint32_t degree, graph_node self,
	graph_node *row)
{
	size_t wanted = 1 + (size_t)rng_below(rng, 2 * (uint64_t)degree - 1);
	size_t kept = 0;

	for (size_t i = 0; i < wanted; i++) {
		uint64_t u = rng_below(rng, nodes);

		/* Squaring a uniform fraction favours small numbers. */
		row[i] = (graph_node)(u * u / nodes) + 1;
	}
	qsort(row, wanted, sizeof(*row), compare_nodes);
	for (size_t i = 0; i < wanted; i++) {
		if (row[i] != self && (kept == 0 || row[i] != row[kept - 1])) {
			row[kept++] = row[i];
		}
	}
	return kept;
}

/* transpose - fills `in` from `out`; rows come out ascending as nodes are taken in order */
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
	for (graph_node n = 1; n <= g->nodes; n++) {
		for (uint64_t i = g->out.start[n]; i < g->out.start[n + 1]; i++) {
			g->in.peers[at[g->out.peers[i]]++] = n;
		}
	}
	free(at);
}

void
synthetic_graph_make(struct synthetic_graph *g, uint32_t nodes, uint32_t degree, uint64_t seed)
{
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, seed);
	size_t most = (size_t)nodes * 2 * degree;

	*g = (struct synthetic_graph){.nodes = nodes};
	g->out.start = must_alloc((size_t)nodes + 2, sizeof(*g->out.start));
	g->in.start = must_alloc((size_t)nodes + 2, sizeof(*g->in.start));
	g->out.peers = must_alloc(most, sizeof(*g->out.peers));
	for (graph_node n = 1; n <= nodes; n++) {
		g->out.start[n] = g->edges;
		g->edges += draw_row(&rng, nodes, degree, n, g->out.peers + g->edges);
	}
	g->out.start[nodes + 1] = g->edges;
	g->in.peers = must_alloc(g->edges, sizeof(*g->in.peers));
	transpose(g);
}

void
synthetic_graph_fini(struct synthetic_graph *g)
{
	free(g->out.start);
	free(g->out.peers);
	free(g->in.start);
	free(g->in.peers);
}

void
synthetic_graph_principal(graph_node n, struct principal *out)
{
	int len = snprintf(out->text, sizeof(out->text), "addr:u%u@example.org", n - 1);

	out->kind = PRINCIPAL_ADDR;
	out->len = (uint16_t)len;
}

/* A principal's digest with its number, to be put in the order of digests. */
struct interned {
	struct digest digest;
	graph_node node;
};

static int
compare_interned(const void *a, const void *b)
{
	return digest_cmp(
		&((const struct interned *)a)->digest, &((const struct interned *)b)->digest);
}

static void
load_principals(const struct synthetic_graph *g, struct store_txn *txn)
{
	struct interned *all = must_alloc(g->nodes, sizeof(*all));
	uint8_t value[DIGEST_LEN + PRINCIPAL_TEXT_MAX];
	uint8_t key[GRAPH_NODE_KEY_LEN];
	uint8_t record[GRAPH_NODE_LEN];

	for (uint32_t i = 0; i < g->nodes; i++) {
		struct principal p;

		synthetic_graph_principal(i + 1, &p);
		principal_digest(&p, &all[i].digest);
		all[i].node = i + 1;
		memcpy(value, all[i].digest.bytes, DIGEST_LEN);
		memcpy(value + DIGEST_LEN, p.text, p.len);
		store_append(txn, GRAPH_T_PRINCIPALS, graph_node_key(i + 1, key),
			slice_of(value, (size_t)DIGEST_LEN + p.len));
	}
	qsort(all, g->nodes, sizeof(*all), compare_interned);
	for (uint32_t i = 0; i < g->nodes; i++) {
		store_append(txn, GRAPH_T_NODES, digest_slice(&all[i].digest),
			graph_node_encode(&all[i].digest, all[i].node, record));
	}
	free(all);
}

/* load_rows - an edge's level follows from its ends, so that both directions agree */
static void
load_rows(const struct synthetic_graph *g, const struct csr *rows, enum graph_table table,
	struct store_txn *txn)
{
	uint8_t key[GRAPH_NODE_KEY_LEN];
	uint8_t record[GRAPH_EDGE_LEN];

	for (graph_node n = 1; n <= g->nodes; n++) {
		for (uint64_t i = rows->start[n]; i < rows->start[n + 1]; i++) {
			struct graph_edge edge = {
				.peer = rows->peers[i],
				.level = (uint8_t)(1 + (n + rows->peers[i]) % LEVELS),
				.first_seen_s = FIRST_SEEN_S,
				.exp_s = EXP_S,
			};

			store_append(txn, table, graph_node_key(n, key),
				graph_edge_encode(table, n, &edge, record));
		}
	}
}

static int
load(void *ctx, struct store_txn *txn)
{
	const struct synthetic_graph *g = ctx;

	load_principals(g, txn);
	load_rows(g, &g->out, GRAPH_T_OUT, txn);
	load_rows(g, &g->in, GRAPH_T_IN, txn);
	return store_txn_error(txn);
}

int
synthetic_graph_load(const struct synthetic_graph *g, struct store *store)
{
	struct synthetic_graph borrowed = *g;

	return store_update(store, load, &borrowed);
}

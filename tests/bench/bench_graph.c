/*
 * bench_graph.c - how fast the graph is read, beside the same work on arrays in memory.
 *
 * usage: bench_graph [IDENTITIES]      (100,000 when left out; mean degree 20, fixed seed)
 *
 * The graph is loaded into an LMDB environment in a temporary directory and into compressed
 * sparse rows. Each measurement alternates between the two for several rounds, warm, and
 * the medians are printed, one `name value unit` a line. Checked on the way: both find
 * the same.
 *
 *	find_and_edge  address text -> digest -> number, then one edge
 *	two_hop        out(recipient) with in(sender): walk the shorter, seek in the longer
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/rng.h"
#include "common/base/strnum.h"
#include "common/graph/graph_merge.h"
#include "tests/support/csr_world.h"
#include "tests/support/temp_dir.h"

#define IDENTITIES_DEFAULT 100000
#define IDENTITIES_MAX     10000000
#define DEGREE             20
#define SEED               20261123
#define QUERIES            100000
#define ROUNDS             5
#define MAP_BYTES          ((size_t)16 << 30)

/* Ranks; in the store their refs. */
struct query {
	uint32_t recipient;
	uint32_t sender;
	struct principal sender_text;
};

struct bench {
	struct synthetic_graph graph;
	struct graph_reader *reader;
	struct query *queries;
};

/* A measured piece of work over all queries; returns a number both sides must agree on. */
typedef uint64_t work_fn(const struct bench *b);

static void
print(const char *name, double value, const char *unit)
{
	(void)printf("%s %.3f %s\n", name, value, unit);
}

static bool
csr_has(const struct csr *csr, uint32_t row, uint32_t peer)
{
	uint64_t at = csr_find(csr, row, csr->start[row], peer);

	return at < csr->start[row + 1] && csr->peers[at] == peer;
}

static uint64_t
floor_edge(const struct bench *b)
{
	uint64_t found = 0;

	for (size_t i = 0; i < QUERIES; i++) {
		const struct query *q = &b->queries[i];

		found += csr_has(&b->graph.out, q->recipient, q->sender) ? 1 : 0;
	}
	return found;
}

static uint64_t
graph_edge(const struct bench *b)
{
	uint64_t found = 0;

	for (size_t i = 0; i < QUERIES; i++) {
		const struct query *q = &b->queries[i];
		graph_node recipient = b->graph.refs[q->recipient].node;
		struct graph_ref sender;
		struct graph_edge edge;
		struct digest digest;

		principal_digest(&q->sender_text, &digest);
		sender.order = graph_order_of(&digest);
		sender.node = graph_find_digest(b->reader, &digest);
		found += graph_edge_get(b->reader, GRAPH_OUT, recipient, sender, &edge) ? 1 : 0;
	}
	return found;
}

static uint64_t
floor_two_hop(const struct bench *b)
{
	uint64_t found = 0;

	for (size_t i = 0; i < QUERIES; i++) {
		const struct query *q = &b->queries[i];

		found += csr_count_between(&b->graph, q->recipient, q->sender);
	}
	return found;
}

/* merge - how many nodes stand in both lists */
static uint64_t
merge(struct graph_cursor *walk, struct graph_cursor *seek)
{
	struct graph_edge a;
	struct graph_edge b = {0};
	uint64_t found = 0;

	while (graph_next(walk, &a)) {
		if (graph_ref_cmp(graph_edge_ref(&b), graph_edge_ref(&a)) < 0 &&
			!graph_seek(seek, graph_edge_ref(&a), &b)) {
			break;
		}
		found += a.peer == b.peer ? 1 : 0;
	}
	return found;
}

static uint64_t
graph_two_hop(const struct bench *b)
{
	uint64_t found = 0;

	for (size_t i = 0; i < QUERIES; i++) {
		const struct query *q = &b->queries[i];
		graph_node recipient = b->graph.refs[q->recipient].node;
		graph_node sender = b->graph.refs[q->sender].node;
		bool out_is_shorter = graph_degree(b->reader, GRAPH_OUT, recipient) <=
				      graph_degree(b->reader, GRAPH_IN, sender);
		struct graph_cursor out;
		struct graph_cursor in;

		graph_list(b->reader, GRAPH_OUT, recipient, &out);
		graph_list(b->reader, GRAPH_IN, sender, &in);
		found += out_is_shorter ? merge(&out, &in) : merge(&in, &out);
		graph_cursor_close(&out);
		graph_cursor_close(&in);
	}
	return found;
}

static uint64_t
renew(const struct bench *b)
{
	for (size_t i = 0; i < QUERIES; i++) {
		graph_end(b->reader);
		if (graph_begin(b->reader) != 0) {
			errx(1, "renewing a snapshot failed");
		}
	}
	return 0;
}

static int
compare_times(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* median_ns - of one query's time; sorts */
static double
median_ns(uint64_t times[ROUNDS])
{
	const size_t middle = ROUNDS / 2;

	qsort(times, ROUNDS, sizeof(*times), compare_times);
	return (double)times[middle] / QUERIES;
}

static uint64_t
timed(const struct bench *b, work_fn *work, uint64_t *time_out)
{
	uint64_t start = clock_mono_ns();
	uint64_t result = work(b);

	*time_out = clock_mono_ns() - start;
	return result;
}

/* compare - the work on the store and on arrays, in turn; the first round of each only warms up */
static void
compare(const struct bench *b, const char *name, work_fn *ours, work_fn *floor)
{
	uint64_t our_times[ROUNDS];
	uint64_t floor_times[ROUNDS];
	char label[64];
	double our_ns;
	double floor_ns;

	if (ours(b) != floor(b)) {
		errx(1, "%s: store and arrays disagree", name);
	}
	for (int i = 0; i < ROUNDS; i++) {
		(void)timed(b, ours, &our_times[i]);
		(void)timed(b, floor, &floor_times[i]);
	}
	our_ns = median_ns(our_times);
	floor_ns = median_ns(floor_times);
	(void)snprintf(label, sizeof(label), "graph_%s", name);
	print(label, our_ns, "ns");
	(void)snprintf(label, sizeof(label), "graph_%s_rate", name);
	print(label, 1e9 / our_ns, "lookups/s");
	(void)snprintf(label, sizeof(label), "graph_%s_floor", name);
	print(label, floor_ns, "ns");
	(void)snprintf(label, sizeof(label), "graph_%s_ratio", name);
	print(label, our_ns / floor_ns, "times");
}

/* make_queries - senders uniformly and by edge, half and half */
static void
make_queries(struct bench *b)
{
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, SEED + 1);

	b->queries = calloc(QUERIES, sizeof(*b->queries));
	if (b->queries == NULL) {
		errx(1, "out of memory");
	}
	for (size_t i = 0; i < QUERIES; i++) {
		struct query *q = &b->queries[i];

		q->recipient = (uint32_t)rng_below(&rng, b->graph.nodes) + 1;
		q->sender = i % 2 == 0 ? (uint32_t)rng_below(&rng, b->graph.nodes) + 1
				       : b->graph.out.peers[rng_below(&rng, b->graph.edges)];
		synthetic_graph_principal(b->graph.refs[q->sender].node, &q->sender_text);
	}
}

static void
load(const struct bench *b, struct store *store)
{
	struct err_msg msg = {0};
	struct store_usage usage;
	uint64_t start = clock_mono_ns();
	double seconds;

	if (graph_create(store, 1, &msg) != 0) {
		errx(1, "%s", msg.text);
	}
	if (synthetic_graph_load(&b->graph, store) != 0 || store_usage(store, &usage) != 0) {
		errx(1, "the graph could not be loaded");
	}
	seconds = (double)(clock_mono_ns() - start) / 1e9;
	print("graph_identities", b->graph.nodes, "identities");
	print("graph_edges", (double)b->graph.edges, "edges");
	print("graph_load_rate", (double)b->graph.edges / seconds, "edges/s");
	print("graph_size", (double)usage.bytes_used / (double)b->graph.edges, "bytes/edge");
}

static void
measure(struct bench *b, struct store *store)
{
	struct err_msg msg = {0};
	uint64_t times[ROUNDS];

	if (graph_reader_new(store, &b->reader, &msg) != 0 || graph_begin(b->reader) != 0) {
		errx(1, "%s", msg.text);
	}
	compare(b, "find_and_edge", graph_edge, floor_edge);
	compare(b, "two_hop", graph_two_hop, floor_two_hop);
	for (int i = 0; i < ROUNDS; i++) {
		(void)timed(b, renew, &times[i]);
	}
	print("graph_renew", median_ns(times), "ns");
	if (graph_error(b->reader) != 0) {
		errx(1, "reading failed: %s", err_text(graph_error(b->reader)));
	}
	graph_end(b->reader);
	graph_reader_free(b->reader);
}

int
main(int argc, char **argv)
{
	uint32_t identities = IDENTITIES_DEFAULT;
	struct bench b = {0};
	struct store *store = NULL;
	struct err_msg msg = {0};
	struct temp_dir dir;

	if (argc > 2 || (argc == 2 && (strnum_u32(slice_str(argv[1]), IDENTITIES_MAX,
					       &identities) != 0 ||
					      identities == 0))) {
		errx(64, "usage: bench_graph [IDENTITIES]");
	}
	synthetic_graph_make(&b.graph, identities, DEGREE, SEED);
	make_queries(&b);
	temp_dir_make(&dir);

	struct store_config config = {
		.path = dir.path,
		.mode = STORE_CREATE,
		.tables = graph_tables,
		.table_count = graph_table_count,
		.schema_version = GRAPH_SCHEMA_VERSION,
		.map_initial_bytes = MAP_BYTES,
	};

	if (store_lmdb_open(&config, &store, &msg) != 0) {
		errx(1, "%s", msg.text);
	}
	load(&b, store);
	measure(&b, store);
	store_close(store);
	temp_dir_remove(&dir);
	free(b.queries);
	synthetic_graph_fini(&b.graph);
	return 0;
}

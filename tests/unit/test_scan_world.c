#include <criterion/criterion.h>

#include <inttypes.h>

#include "common/base/rng.h"
#include "common/graph/graph_schema.h"
#include "common/scan/circle_world.h"
#include "tests/support/csr_world.h"
#include "tests/support/graph_world.h"

#define NOW     1750000000U
#define SEEDS   12
#define QUERIES 800

static struct store *private_store;
static struct private_reader *private_reader;
static struct circle_world world;
static struct csr_world arrays;

static void
open_private(void)
{
	const struct store_config config = {
		.mode = STORE_CREATE,
		.tables = private_tables,
		.table_count = PRIVATE_TABLE_COUNT,
		.schema_version = PRIVATE_SCHEMA_VERSION,
	};
	struct err_msg msg = {0};

	cr_assert_eq(store_mem_open(&config, &private_store, &msg), 0, "%s", msg.text);
	cr_assert_eq(private_create(private_store, &msg), 0, "%s", msg.text);
	cr_assert_eq(private_reader_new(private_store, &private_reader, &msg), 0);
	cr_assert_eq(private_begin(private_reader), 0);
}

static void
close_private(void)
{
	private_end(private_reader);
	private_reader_free(private_reader);
	store_close(private_store);
}

TestSuite(scan_world, .init = open_private, .fini = close_private);

static void
decide(const struct synthetic_graph *g, struct graph_reader *r, uint32_t recipient,
	uint32_t sender, struct metric_decision out[2])
{
	const struct metric_config config = metric_config_default();
	const struct metric_ledger ledger = {0};
	struct circle circle = {
		.graph = r,
		.private_store = private_reader,
		.colleagues = true,
		.now_s = NOW,
		.self = {.node = g->refs[recipient].node},
	};
	struct party from = {.node = g->refs[sender].node};
	struct metric_question q = {
		.recipient_ref = csr_ref(g, recipient),
		.sender_refs = {csr_ref(g, sender)},
		.sender_ref_count = 1,
		.now_s = NOW,
		.proven = true,
	};
	struct metric_world metric;

	cr_assert(graph_digest_of(r, circle.self.node, &circle.self.digest));
	circle_world_init(&world, &circle, &config, &from, 1);
	metric = circle_world_metric(&world);
	metric_decide(&config, &metric, &ledger, &q, &out[0]);
	csr_world_init(&arrays, g, recipient, sender);
	metric_decide(&config, &arrays.world, &ledger, &q, &out[1]);
}

static void
assert_alike(const struct metric_decision out[2], uint64_t seed)
{
	const struct metric_decision *a = &out[0];
	const struct metric_decision *b = &out[1];

	cr_assert_eq(a->rule, b->rule, "seed %" PRIu64, seed);
	cr_assert_eq(a->refusal, b->refusal, "seed %" PRIu64, seed);
	cr_assert_eq(a->strength, b->strength, "seed %" PRIu64, seed);
	cr_assert_eq(a->cut, b->cut, "seed %" PRIu64, seed);
	cr_assert_eq(a->payer_count, b->payer_count, "seed %" PRIu64, seed);
	for (size_t i = 0; i < a->payer_count; i++) {
		const struct metric_payer *x = &a->payers[i];
		const struct metric_payer *y = &b->payers[i];

		cr_assert(metric_ref_eq(x->ref, y->ref), "seed %" PRIu64, seed);
		cr_assert(metric_ref_eq(x->middleman, y->middleman), "seed %" PRIu64, seed);
		cr_assert_eq(x->amount, y->amount, "seed %" PRIu64, seed);
	}
}

/* compare_graph - many questions to the store and to arrays; counts what was found */
static void
compare_graph(uint64_t seed, enum world_backend backend, size_t found[3])
{
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, seed);
	uint32_t nodes = 30 + (uint32_t)rng_below(&rng, 600);
	uint32_t degree = 2 + (uint32_t)rng_below(&rng, 20);
	struct metric_decision out[2];
	struct synthetic_graph g;
	struct graph_reader *r;
	struct world w;

	synthetic_graph_make(&g, nodes, degree, seed);
	world_make(&w, backend);
	cr_assert_eq(synthetic_graph_load(&g, w.store), 0);
	r = world_read(&w);
	for (int i = 0; i < QUERIES; i++) {
		decide(&g, r, 1 + (uint32_t)rng_below(&rng, nodes),
			1 + (uint32_t)rng_below(&rng, nodes), out);
		assert_alike(out, seed);
		found[out[0].rule != METRIC_RULE_PAYABLE ? 0
			: out[0].helper_count > 0        ? 1
							 : 2]++;
	}
	world_read_end(r);
	world_fini(&w);
	synthetic_graph_fini(&g);
}

Test(scan_world, the_stores_and_arrays_decide_alike)
{
	size_t found[3] = {0};

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		compare_graph(seed, seed % 2 == 0 ? WORLD_MEM : WORLD_LMDB, found);
	}
	for (int i = 0; i < 3; i++) {
		cr_assert_gt(found[i], 20, "kind %d is too rare", i);
	}
}

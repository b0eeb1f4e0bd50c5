#include <criterion/criterion.h>

#include <inttypes.h>
#include <stdio.h>

#include "common/base/rng.h"
#include "common/graph/graph_schema.h"
#include "common/scan/circle_world.h"
#include "tests/support/csr_world.h"
#include "tests/support/graph_world.h"

#define NOW     1750000000U
#define PEOPLE  14
#define LOCALS  4 /* the first of them are hosted here; number 0 is the recipient */
#define WORLDS  40
#define SKIP    UINT32_MAX
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
	world_read_only(&w);
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

/* --- a small site, with all that makes somebody a friend ------------------------------------ */

static struct person people[PEOPLE];
static struct world site;
static struct digest recipient_digest;

static struct principal
address_of(size_t number)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "addr:p%zu@example.org", number);
	return principal_of(text);
}

/* any_subject - somebody, by identity or by address */
static struct principal
any_subject(const struct rng *rng)
{
	size_t number = (size_t)rng_below(rng, PEOPLE);

	return rng_below(rng, 3) == 0 ? address_of(number) : people[number].self;
}

static void
fill_private(const struct rng *rng)
{
	struct principal self = address_of(0);
	struct private_txn *txn = NULL;
	struct err_msg msg = {0};

	cr_assert_eq(private_txn_begin(private_store, &txn, &msg), 0);
	for (size_t i = 0; i < LOCALS; i++) {
		struct principal address = address_of(i);

		cr_assert_eq(
			private_user_add(txn, &address, &people[i].identity, NOW, &msg), 0);
	}
	principal_digest(&self, &recipient_digest);
	for (size_t i = 0; i < 6; i++) {
		struct private_entry entry = {.level = (uint8_t)rng_below(rng, 4)};
		size_t number = (size_t)rng_below(rng, PEOPLE);
		struct principal subject =
			rng_below(rng, 2) == 0 ? address_of(number) : people[number].self;

		if (subject.kind == PRINCIPAL_ADDR && rng_below(rng, 2) == 0) {
			entry.has_identity = true;
			entry.identity = people[number].identity;
		}
		cr_assert_eq(private_put(txn, &recipient_digest, &subject, &entry, &msg), 0);
	}
	cr_assert_eq(private_txn_commit(txn, &msg), 0);
	cr_assert_eq(private_begin(private_reader), 0);
}

static void
fill_graph(const struct rng *rng, bool succeed)
{
	struct graph_txn *txn = world_begin(&site);
	struct err_msg msg = {0};

	for (size_t i = 0; i < PEOPLE; i++) {
		const struct person *next =
			i + 1 < PEOPLE && i % 5 == 4 ? &people[i + 1] : NULL;
		struct issued made = person_identity(&people[i], 1, NOW, next, false);
		struct principal address = address_of(i);

		(void)world_put(txn, &made, NOW);
		made = person_bind(&people[i], BY_ROOT, 1, NOW, address.text);
		(void)world_put(txn, &made, NOW);
		if (i < LOCALS) {
			cr_assert_eq(graph_set_hosted(txn, &people[i].identity, &msg), 0);
		}
		for (size_t j = rng_below(rng, 6); j > 0; j--) {
			struct principal subject = any_subject(rng);

			made = person_vouch(&people[i], BY_ROOT, 1, NOW, subject.text,
				(enum trust_level)(1 + rng_below(rng, 3)));
			(void)world_put(txn, &made, NOW);
		}
		if (next != NULL && succeed) {
			made = person_succeed(next, 1, NOW, &people[i]);
			(void)world_put(txn, &made, NOW + 1);
		}
	}
	world_commit(txn);
}

/* slow_level - from an edge, the long way; SKIP: the asker does not ask about himself */
static unsigned int
slow_level(const struct circle *c, graph_node node)
{
	return node == c->self.node ? SKIP : circle_voucher_level(c, node);
}

/* assert_friends - the list and the single questions agree with the circle */
static void
assert_friends(struct metric_world *m, const struct circle *c, uint64_t seed)
{
	struct metric_cursor cursor = {0};
	struct metric_edge edge = {0};
	struct metric_ref last = {0};
	size_t listed = 0;
	size_t wanted = 0;

	m->ops->open(m->ctx, METRIC_LIST_FRIENDS, (struct metric_ref){0}, &cursor);
	while (m->ops->next(m->ctx, &cursor, &edge)) {
		struct slice text;

		cr_assert_gt(metric_ref_cmp(edge.ref, last), 0, "seed %" PRIu64, seed);
		last = edge.ref;
		cr_assert(graph_text_of(c->graph, edge.ref.node, &text));
		if (edge.ref.node != c->self.node && slice_starts_with(text, SLICE("id:"))) {
			listed++;
			cr_assert_eq(edge.level, slow_level(c, edge.ref.node),
				"seed %" PRIu64 " %.*s", seed, SLICE_ARG(text));
		}
	}
	m->ops->close(m->ctx, &cursor);
	for (size_t i = 0; i < PEOPLE; i++) {
		graph_node node = graph_find(c->graph, &people[i].self);
		struct metric_ref ref = circle_world_node_ref(c, node);
		unsigned int level = slow_level(c, node);

		if (level == SKIP || graph_current(c->graph, node) != node) {
			continue;
		}
		wanted += level > 0 ? 1 : 0;
		cr_assert_eq(m->ops->friend_level(m->ctx, ref), level,
			"seed %" PRIu64 " person %zu", seed, i);
	}
	cr_assert(!m->lists_all_friends || listed == wanted, "seed %" PRIu64, seed);
}

/* seen - who was visited by the bulk calls, and in walks */
struct seen {
	size_t count;
	struct metric_edge first[PEOPLE];
	struct metric_edge second[PEOPLE];
};

static bool
see(void *ctx, const struct metric_edge *first, const struct metric_edge *second)
{
	struct seen *seen = ctx;

	cr_assert_lt(seen->count, PEOPLE);
	seen->first[seen->count] = *first;
	seen->second[seen->count] = *second;
	seen->count++;
	return true;
}

/* assert_common - the bulk call visits what walking and asking would */
static void
assert_common(
	struct metric_world *m, enum metric_list list, struct metric_ref of, uint64_t seed)
{
	struct metric_cursor cursor = {0};
	struct metric_edge edge = {0};
	struct seen bulk = {0};
	size_t steps = SIZE_MAX;
	size_t at = 0;

	if (m->ops->count(m->ctx, list, of) == 0 ||
		!m->ops->common(m->ctx, list, of, &steps, see, &bulk)) {
		return;
	}
	m->ops->open(m->ctx, list, of, &cursor);
	while (m->ops->next(m->ctx, &cursor, &edge)) {
		unsigned int level = m->ops->friend_level(m->ctx, edge.ref);

		if (level == 0) {
			continue;
		}
		cr_assert_lt(at, bulk.count, "seed %" PRIu64, seed);
		cr_assert(metric_ref_eq(bulk.second[at].ref, edge.ref), "seed %" PRIu64, seed);
		cr_assert_eq(bulk.second[at].level, edge.level, "seed %" PRIu64, seed);
		cr_assert_eq(bulk.first[at].level, level, "seed %" PRIu64, seed);
		at++;
	}
	cr_assert_eq(at, bulk.count, "seed %" PRIu64, seed);
	m->ops->close(m->ctx, &cursor);
}

/* compare_site - everything a world is asked, for one random site */
static void
compare_site(uint64_t seed, bool colleagues, bool succeed)
{
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, seed);
	const struct metric_config config = metric_config_default();
	struct private_user user;
	struct graph_reader *r;
	struct circle circle;

	world_make(&site, seed % 2 == 0 ? WORLD_MEM : WORLD_LMDB);
	fill_graph(&rng, succeed);
	fill_private(&rng);
	r = world_read(&site);
	cr_assert(private_user_by_digest(private_reader, &recipient_digest, &user));
	circle_init(&circle, r, private_reader, &user, colleagues, NOW + 10);
	for (size_t i = 1; i < PEOPLE; i++) {
		struct principal address = address_of(i);
		struct party senders[2] = {circle_party(&circle, &people[i].self),
			circle_party(&circle, &address)};
		struct metric_world m;

		circle_world_init(&world, &circle, &config, senders, 2);
		m = circle_world_metric(&world);
		assert_friends(&m, &circle, seed);
		assert_common(&m, METRIC_LIST_SENDER_VOUCHERS, (struct metric_ref){0}, seed);
		assert_common(&m, METRIC_LIST_VOUCHERS, circle_world_ref(&senders[0]), seed);
	}
	world_read_end(r);
	world_fini(&site);
}

Test(scan_world, friends_are_those_the_circle_knows_one_by_one)
{
	for (uint8_t i = 0; i < PEOPLE; i++) {
		person_make(&people[i], (uint8_t)(i + 1));
	}
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		compare_site(seed, seed % 3 != 0, seed % 4 == 0);
		close_private();
		open_private();
	}
	for (size_t i = 0; i < PEOPLE; i++) {
		person_fini(&people[i]);
	}
}

/*
 * bench_metric.c - decisions by the trust metric over the store, and over arrays in memory.
 *
 * usage: bench_metric [IDENTITIES...]      (100,000 and 1,000,000 and 5,000,000 when left out)
 *
 * For each size a graph of mean degree 20 (tests/support/synthetic_graph.h, fixed seed) is
 * loaded into an LMDB environment below $TMPDIR or /tmp: 1.6 GB for a million identities, 8 GB
 * for five, and as much memory if it is to stay warm. Senders are drawn uniformly and by edge,
 * half and half, recipients uniformly. A decision starts with the text of the address and ends
 * with the metric's answer on an empty ledger; `ledger` lines have one in LMDB, as the
 * daemon's, with half a million payments, half of them by friends of the recipients asked
 * about. These are older than the window, so that each is read, and decides nothing. Times are
 * the thread's own. Lines are `name value unit`; names end in the number of identities.
 *
 *	decide     all of them, and by what was found: direct (friends vouch), helpers, none
 *	ledger     the same with a ledger that is not empty
 *	two_hop    friends and the sender's vouchers intersected alone
 *	csr_*      the same over compressed sparse rows: the floor
 *	star       a sender for whom everybody vouches
 *	list       a recipient with 5,000 private friends
 *	colleagues one with 50,000 colleagues, in a graph of twice as many identities
 *
 * Checked on the way: store and arrays decide alike.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/base/rng.h"
#include "common/base/strnum.h"
#include "common/graph/graph_merge.h"
#include "common/ledger/ledger_entry.h"
#include "common/ledger/ledger_view.h"
#include "common/scan/circle_world.h"
#include "tests/support/csr_world.h"
#include "tests/support/temp_dir.h"

#define IDENTITIES_MAX 10000000
#define DEGREE         20
#define SEED           20261123
#define QUERIES        10000
#define ROUNDS         3
#define COLLEAGUES     50000
#define LIST_LENGTH    5000
#define NOW_S          1750000000U
#define MAP_BYTES      ((size_t)48 << 30)
#define PAYMENTS       500000
#define PAID_S         (NOW_S - 40U * 86400) /* out of the window */

struct query {
	uint32_t recipient; /* ranks */
	uint32_t sender;
};

struct bench {
	struct synthetic_graph graph;
	struct store *store;
	struct store *private_store;
	struct store *ledger_store;
	struct ledger_view ledger; /* txn NULL: the empty one */
	struct graph_reader *reader;
	struct private_reader *private_reader;
	struct private_user listed; /* a user with a long private list */
	struct metric_config config;
	struct query queries[QUERIES];
	uint64_t times[QUERIES];
	enum found {
		FOUND_DIRECT,
		FOUND_HELPERS,
		FOUND_NONE,
		FOUND_COUNT,
	} found[QUERIES];
	bool colleagues;
	bool is_listed; /* the recipient has the long private list, too */
};

static struct bench bench;
static struct circle_world world;
static struct csr_world floor_world;
static struct metric_decision decision;
static struct metric_decision floor_decision;

/* cpu_ns - of this thread: what others do on the machine costs us caches, but no time */
static uint64_t
cpu_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static void
print(const char *name, const char *what, double value, const char *unit)
{
	(void)printf("metric_%s%s_%u %.3f %s\n", name, what, bench.graph.nodes, value, unit);
	(void)fflush(stdout);
}

static int
compare_times(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static const double to_us = 1e-3;

/* print_times - rate and percentiles of some decisions; sorts */
static void
print_times(const char *name, uint64_t *times, size_t count)
{
	uint64_t sum = 0;
	uint64_t p50 = 0;
	uint64_t p99 = 0;

	if (count == 0) {
		return;
	}
	for (size_t i = 0; i < count; i++) {
		sum += times[i];
	}
	qsort(times, count, sizeof(*times), compare_times);
	print(name, "_rate", (double)count * 1e9 / (double)sum, "decisions/s");
	p50 = times[count / 2];
	p99 = times[count * 99 / 100];
	print(name, "_p50", (double)p50 * to_us, "us");
	print(name, "_p99", (double)p99 * to_us, "us");
	print(name, "_max", (double)times[count - 1] * to_us, "us");
}

static void
question_of(const struct query *q, struct metric_question *out)
{
	struct metric_ref sender = csr_ref(&bench.graph, q->sender);

	*out = (struct metric_question){
		.recipient_ref = csr_ref(&bench.graph, q->recipient),
		.sender = {.ref = sender},
		.sender_refs = {sender},
		.sender_ref_count = 1,
		.now_s = NOW_S,
		.proven = true,
	};
	out->recipient = (struct metric_party){.ref = out->recipient_ref};
}

static void
circle_of(const struct query *q, struct circle *out)
{
	*out = (struct circle){
		.graph = bench.reader,
		.private_store = bench.private_reader,
		.colleagues = bench.colleagues,
		.now_s = NOW_S,
	};
	out->self.node = bench.graph.refs[q->recipient].node;
	if (bench.is_listed) {
		out->self.digest = bench.listed.digest;
	} else {
		(void)graph_digest_of(bench.reader, out->self.node, &out->self.digest);
	}
}

/* decide_store - from the text of the address on */
static void
decide_store(const struct circle *circle, const struct query *q)
{
	struct metric_question question;
	struct metric_ledger ledger = {0};
	struct metric_world metric;
	struct principal text;
	struct party sender;

	question_of(q, &question);
	synthetic_graph_principal(bench.graph.refs[q->sender].node, &text);
	sender = circle_party(circle, &text);
	if (bench.ledger.txn != NULL) {
		ledger = ledger_view_metric(&bench.ledger);
		question.recipient.digest = &circle->self.digest;
		question.sender.digest = &sender.digest;
	}
	question.level = circle_level(circle, &sender);
	circle_world_init(&world, circle, &bench.config, &sender, 1);
	metric = circle_world_metric(&world);
	metric_decide(&bench.config, &metric, &ledger, &question, &decision);
}

static void
decide_floor(const struct query *q)
{
	const struct metric_ledger ledger = {0};
	struct metric_question question;

	question_of(q, &question);
	csr_world_init(&floor_world, &bench.graph, q->recipient, q->sender);
	question.level = floor_world.world.ops->friend_level(&floor_world, question.sender.ref);
	metric_decide(&bench.config, &floor_world.world, &ledger, &question, &floor_decision);
}

static enum found
found_of(const struct metric_decision *d)
{
	if (d->rule != METRIC_RULE_PAYABLE) {
		return FOUND_NONE;
	}
	return d->helper_count > 0 ? FOUND_HELPERS : FOUND_DIRECT;
}

static void
check_alike(const struct query *q)
{
	bool alike = decision.rule == floor_decision.rule &&
		     decision.payer_count == floor_decision.payer_count &&
		     decision.strength == floor_decision.strength &&
		     decision.cut == floor_decision.cut;

	for (size_t i = 0; alike && i < decision.payer_count; i++) {
		const struct metric_payer *a = &decision.payers[i];
		const struct metric_payer *b = &floor_decision.payers[i];

		alike = metric_ref_eq(a->ref, b->ref) &&
			metric_ref_eq(a->middleman, b->middleman) && a->amount == b->amount;
	}
	if (!alike) {
		errx(1, "store and arrays decide differently: recipient %u, sender %u",
			bench.graph.refs[q->recipient].node, bench.graph.refs[q->sender].node);
	}
}

/* print_by_class - of what was found */
static void
print_by_class(const char *name)
{
	static const char *const classes[] = {
		[FOUND_DIRECT] = "direct", [FOUND_HELPERS] = "helpers", [FOUND_NONE] = "none"};
	static uint64_t some[QUERIES];
	char label[64];

	for (int class = 0; class < FOUND_COUNT; class ++) {
		size_t count = 0;

		for (size_t i = 0; i < QUERIES; i++) {
			if ((int)bench.found[i] == class) {
				some[count++] = bench.times[i];
			}
		}
		(void)snprintf(label, sizeof(label), "%s_%s", name, classes[class]);
		print(label, "_share", 100.0 * (double)count / QUERIES, "%");
		print_times(label, some, count);
	}
}

static void
measure_floor(void)
{
	for (size_t i = 0; i < QUERIES; i++) {
		uint64_t start = cpu_ns();

		decide_floor(&bench.queries[i]);
		bench.times[i] = cpu_ns() - start;
	}
	print_times("csr_decide", bench.times, QUERIES);
}

/* measure_decisions - warm: the first rounds only warm up */
static void
measure_decisions(const char *name)
{
	static struct circle circles[QUERIES];

	for (size_t i = 0; i < QUERIES; i++) {
		circle_of(&bench.queries[i], &circles[i]);
		decide_store(&circles[i], &bench.queries[i]);
		decide_floor(&bench.queries[i]);
		check_alike(&bench.queries[i]);
		bench.found[i] = found_of(&decision);
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < QUERIES; i++) {
			uint64_t start = cpu_ns();

			decide_store(&circles[i], &bench.queries[i]);
			bench.times[i] = cpu_ns() - start;
		}
	}
	print_by_class(name);
	print_times(name, bench.times, QUERIES);
}

/* measure_ledger - the same decisions with a ledger that is not empty */
static void
measure_ledger(void)
{
	if (store_begin_read(bench.ledger_store, &bench.ledger.txn) != 0) {
		errx(1, "the ledger cannot be read");
	}
	measure_decisions("ledger");
	if (store_txn_error(bench.ledger.txn) != 0) {
		errx(1, "reading the ledger failed");
	}
	store_abort(bench.ledger.txn);
	bench.ledger.txn = NULL;
}

static bool
count_common(void *ctx, const struct metric_edge *friend_edge, const struct metric_edge *vouch)
{
	uint64_t *found = ctx;

	(void)friend_edge;
	(void)vouch;
	(*found)++;
	return true;
}

/* two_hop_store - how many friends vouch */
static uint64_t
two_hop_store(void)
{
	const struct metric_world_ops *ops;
	uint64_t found = 0;

	for (size_t i = 0; i < QUERIES; i++) {
		const struct query *q = &bench.queries[i];
		struct party sender = {.node = bench.graph.refs[q->sender].node};
		size_t steps = SIZE_MAX;
		struct circle circle = {
			.graph = bench.reader,
			.private_store = bench.private_reader,
			.now_s = NOW_S,
			.self = {.node = bench.graph.refs[q->recipient].node},
		};

		circle_world_init(&world, &circle, &bench.config, &sender, 1);
		ops = circle_world_metric(&world).ops;
		if (ops->count(&world, METRIC_LIST_SENDER_VOUCHERS, (struct metric_ref){0}) >
				0 &&
			!ops->common(&world, METRIC_LIST_SENDER_VOUCHERS,
				(struct metric_ref){0}, &steps, count_common, &found)) {
			errx(1, "two hops: the world does not intersect");
		}
	}
	return found;
}

static uint64_t
two_hop_floor(void)
{
	uint64_t found = 0;

	for (size_t i = 0; i < QUERIES; i++) {
		const struct query *q = &bench.queries[i];

		found += csr_count_between(&bench.graph, q->recipient, q->sender);
	}
	return found;
}

/* measure_two_hop - in turn, the best of the rounds each */
static void
measure_two_hop(void)
{
	uint64_t best = UINT64_MAX;
	uint64_t best_floor = UINT64_MAX;

	for (int round = 0; round < 2 * ROUNDS; round++) {
		uint64_t start = cpu_ns();
		uint64_t found = two_hop_store();
		uint64_t middle = cpu_ns();

		if (two_hop_floor() != found) {
			errx(1, "two hops: store and arrays disagree");
		}
		uint64_t end = cpu_ns();

		best = middle - start < best ? middle - start : best;
		best_floor = end - middle < best_floor ? end - middle : best_floor;
	}
	print("two_hop", "", (double)best / QUERIES * to_us, "us");
	print("csr_two_hop", "", (double)best_floor / QUERIES * to_us, "us");
	print("two_hop_ratio", "", (double)best / (double)best_floor, "times");
}

/* measure_special - one kind of query, 1000 times over all recipients */
static void
measure_special(const char *name, uint32_t sender_number)
{
	const size_t count = QUERIES / 10;

	for (size_t i = 0; i < 2 * count; i++) {
		struct query q = bench.queries[i % count];
		struct circle circle;
		uint64_t start;

		q.sender = sender_number == 0 ? q.sender : bench.graph.ranks[sender_number];
		circle_of(&q, &circle);
		start = cpu_ns();
		decide_store(&circle, &q);
		bench.times[i % count] = cpu_ns() - start;
	}
	print_times(name, bench.times, count);
}

static void
make_queries(void)
{
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, SEED + 1);

	for (size_t i = 0; i < QUERIES; i++) {
		struct query *q = &bench.queries[i];

		q->recipient = (uint32_t)rng_below(&rng, bench.graph.nodes) + 1;
		q->sender = i % 2 == 0
				    ? (uint32_t)rng_below(&rng, bench.graph.nodes) + 1
				    : bench.graph.out.peers[rng_below(&rng, bench.graph.edges)];
	}
}

static struct store *
open_store(const struct store_config *config)
{
	struct store *store = NULL;
	struct err_msg msg = {0};

	if (store_lmdb_open(config, &store, &msg) != 0) {
		errx(1, "%s", msg.text);
	}
	return store;
}

static void
load_graph(const char *path)
{
	struct store_config config = {
		.path = path,
		.mode = STORE_CREATE,
		.tables = graph_tables,
		.table_count = graph_table_count,
		.schema_version = GRAPH_SCHEMA_VERSION,
		.map_initial_bytes = MAP_BYTES,
	};
	struct err_msg msg = {0};
	struct store_usage usage;
	uint64_t start = cpu_ns();

	bench.store = open_store(&config);
	if (graph_create(bench.store, 1, &msg) != 0 ||
		synthetic_graph_load(&bench.graph, bench.store) != 0 ||
		store_usage(bench.store, &usage) != 0) {
		errx(1, "the graph could not be loaded: %s", msg.text);
	}
	print("edges", "", (double)bench.graph.edges, "edges");
	print("load_rate", "", (double)bench.graph.edges * 1e9 / (double)(cpu_ns() - start),
		"edges/s");
	print("size", "", (double)usage.bytes_used / (double)bench.graph.edges, "bytes/edge");
	store_close(bench.store);
	config.mode = STORE_READ; /* as the daemon has it */
	bench.store = open_store(&config);
}

/* load_private - one user with a long list of friends, by address as such lists are */
static void
load_private(const char *path)
{
	const struct store_config config = {
		.path = path,
		.mode = STORE_CREATE,
		.tables = private_tables,
		.table_count = PRIVATE_TABLE_COUNT,
		.schema_version = PRIVATE_SCHEMA_VERSION,
		.map_initial_bytes = (size_t)1 << 30,
	};
	const struct private_entry entry = {.level = 2, .added_s = NOW_S};
	struct private_txn *txn = NULL;
	struct err_msg msg = {0};
	struct principal p;
	int rc;

	bench.private_store = open_store(&config);
	synthetic_graph_principal(bench.graph.nodes, &p);
	principal_digest(&p, &bench.listed.digest);
	rc = private_create(bench.private_store, &msg);
	rc = rc == 0 ? private_txn_begin(bench.private_store, &txn, &msg) : rc;
	for (graph_node i = 2; rc == 0 && i < LIST_LENGTH + 2 && i < bench.graph.nodes; i++) {
		synthetic_graph_principal(i, &p);
		rc = private_put(txn, &bench.listed.digest, &p, &entry, &msg);
	}
	if (rc != 0 || private_txn_commit(txn, &msg) != 0) {
		errx(1, "the private list could not be written: %s", msg.text);
	}
}

static void
digest_of_rank(uint32_t rank, struct digest *out)
{
	struct principal p;

	synthetic_graph_principal(bench.graph.refs[rank].node, &p);
	principal_digest(&p, out);
}

/*
 * put_payments - every second one by a friend of somebody asked about, the others by and to
 * anybody
 */
static int
put_payments(void *ctx, struct store_txn *txn)
{
	const struct metric_entry entry = {.amount = METRIC_ONE / 10};
	const struct csr *out = &bench.graph.out;
	const struct rng *rng = ctx;

	for (uint32_t i = 0; i < PAYMENTS; i++) {
		uint32_t r = i % 2 == 0 ? bench.queries[rng_below(rng, QUERIES)].recipient
					: (uint32_t)rng_below(rng, bench.graph.nodes) + 1;
		uint64_t degree = out->start[r + 1] - out->start[r];
		uint64_t edge = out->start[r] + (degree == 0 ? 0 : rng_below(rng, degree));
		struct digest recipient;
		struct digest payer;
		const struct ledger_entry_key key = {
			METRIC_SPENT, &recipient, &payer, PAID_S, i};

		digest_of_rank(r, &recipient);
		digest_of_rank(out->peers[edge], &payer);
		ledger_entry_put(txn, &key, &entry);
	}
	return store_txn_error(txn);
}

static void
load_ledger(const char *path)
{
	struct store_config config = {
		.path = path,
		.mode = STORE_CREATE,
		.tables = ledger_tables,
		.table_count = LEDGER_TABLE_COUNT,
		.schema_version = LEDGER_SCHEMA_VERSION,
		.map_initial_bytes = (size_t)4 << 30,
	};
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, SEED + 2);

	bench.ledger_store = open_store(&config);
	if (store_update(bench.ledger_store, put_payments, &rng) != 0) {
		errx(1, "the ledger could not be written");
	}
}

static void
begin(void)
{
	struct err_msg msg = {0};

	if (graph_reader_new(bench.store, &bench.reader, &msg) != 0 ||
		private_reader_new(bench.private_store, &bench.private_reader, &msg) != 0 ||
		graph_begin(bench.reader) != 0 || private_begin(bench.private_reader) != 0) {
		errx(1, "%s", msg.text);
	}
}

static void
end(void)
{
	if (graph_error(bench.reader) != 0 || private_error(bench.private_reader) != 0) {
		errx(1, "reading failed: %s", err_text(graph_error(bench.reader)));
	}
	private_end(bench.private_reader);
	private_reader_free(bench.private_reader);
	graph_end(bench.reader);
	graph_reader_free(bench.reader);
	store_close(bench.ledger_store);
	store_close(bench.private_store);
	store_close(bench.store);
}

static void
measure_all(void)
{
	measure_decisions("decide");
	measure_floor();
	measure_ledger();
	measure_two_hop();
	measure_special("star", 1);
	bench.is_listed = true;
	measure_special("list", 0);
}

/* measure_colleagues - of a site whose users are half of the graph */
static void
measure_colleagues(void)
{
	measure_special("colleagues", 0);
	measure_special("colleagues_star", 1);
}

static void
run(uint32_t identities, uint32_t hosted_every, void (*measure)(void))
{
	struct temp_dir graph_dir;
	struct temp_dir private_dir;
	struct temp_dir ledger_dir;

	bench = (struct bench){.config = metric_config_default(), .colleagues = true};
	synthetic_graph_make_star(&bench.graph, identities, DEGREE, SEED);
	bench.graph.hosted_every = hosted_every;
	make_queries();
	temp_dir_make(&graph_dir);
	temp_dir_make(&private_dir);
	temp_dir_make(&ledger_dir);
	load_graph(graph_dir.path);
	load_private(private_dir.path);
	load_ledger(ledger_dir.path);
	begin();
	measure();
	end();
	temp_dir_remove(&ledger_dir);
	temp_dir_remove(&private_dir);
	temp_dir_remove(&graph_dir);
	synthetic_graph_fini(&bench.graph);
}

int
main(int argc, char **argv)
{
	static const uint32_t usual[] = {100000, 1000000, 5000000};

	for (size_t i = 0; argc == 1 && i < ARRAY_LEN(usual); i++) {
		run(usual[i], 0, measure_all);
	}
	for (int i = 1; i < argc; i++) {
		uint32_t identities = 0;

		if (strnum_u32(slice_str(argv[i]), IDENTITIES_MAX, &identities) != 0 ||
			identities < DEGREE) {
			errx(64, "usage: bench_metric [IDENTITIES...]");
		}
		run(identities, 0, measure_all);
	}
	run(2 * COLLEAGUES, 2, measure_colleagues);
	return 0;
}

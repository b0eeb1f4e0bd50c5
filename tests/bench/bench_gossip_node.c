/*
 * bench_gossip_node.c - how many statements a second a gossip node takes in, durably.
 *
 * usage: bench_gossip_node [STATEMENTS]      (9,000 when left out)
 *
 * A peer pushes statements of issuers in scope, 256 to a request, into a node over an LMDB
 * store in a temporary directory: they are parsed, checked, verified, merged into the graph and
 * committed (with fsync) before each answer. Four requests are on their way at a time, as from
 * several peers, and may share a commit. Once with the signatures checked in the same thread,
 * once by a second thread beside it, as the daemon does. Beside them the floor: the same
 * signatures, checked with the key at hand, and nothing else. One `name value unit` a line;
 * medians of three rounds, of the ratios too, as what else runs differs from round to round.
 * The rate per second of CPU time is there for the same reason.
 *
 *	gossip_verify_floor         signatures checked, nothing else
 *	gossip_verify_cpu           the same per second of CPU time
 *	gossip_admit_1_core         everything in one thread
 *	gossip_admit_cpu            the same per second of CPU time
 *	gossip_admit_1_by_1         with one request at a time, each with a commit of its own
 *	gossip_admit_1_core_ratio   over the floor of its round
 *	gossip_admit_cpu_ratio      the same by CPU time
 *	gossip_admit_2_cores        signatures in a second thread
 *	gossip_refuse_scope         well-formed statements of issuers nobody knows
 *	gossip_node_memory          heap of the node with its store, after all were admitted
 */
#include <err.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/strnum.h"
#include "common/graph/graph_interest.h"
#include "gossip/lines.h"
#include "gossip/node.h"
#include "tests/support/figures.h"
#include "tests/support/people.h"
#include "tests/support/temp_dir.h"

#define STATEMENTS_DEFAULT 9000
#define STATEMENTS_MAX     1000000
#define PER_ISSUER         20
#define ROUNDS             3
#define NOW_S              1700000000
#define JOBS_MAX           64
#define IN_FLIGHT          4

static const struct graph_options options = {.fold_local_part = true};

struct bench {
	struct issued *made;
	size_t count;
	struct digest *issuers; /* sorted */
	size_t issuer_count;
};

/* A second thread for signatures: one job after the other. */
struct helper {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct node_job *todo[JOBS_MAX];
	size_t todo_count;
	struct node_job *done[JOBS_MAX];
	size_t done_count;
	bool is_over;
};

static void
must(int rc, const struct err_msg *msg)
{
	if (rc != 0) {
		errx(1, "%s: %s", err_text(rc), msg == NULL ? "" : msg->text);
	}
}

static struct keypair *
key_of(size_t issuer)
{
	uint8_t seed[IDENTITY_KEY_LEN] = {
		(uint8_t)issuer, (uint8_t)(issuer >> 8), (uint8_t)(issuer >> 16), 9};
	struct keypair *pair = NULL;

	must(keypair_from_seed(seed, &pair), NULL);
	return pair;
}

static int
compare_digests(const void *a, const void *b)
{
	return digest_cmp(a, b);
}

static void
make(struct bench *b, size_t count)
{
	struct keypair *pair = NULL;
	struct issuer by = {.now_s = NOW_S, .aud = STATEMENT_OPEN};
	struct err_msg msg = {0};

	b->count = count;
	b->made = calloc(count, sizeof(*b->made));
	b->issuers = calloc(count / PER_ISSUER + 1, sizeof(*b->issuers));
	if (b->made == NULL || b->issuers == NULL) {
		errx(1, "out of memory");
	}
	for (size_t i = 0; i < count; i++) {
		char text[64];
		struct principal subject;

		if (i % PER_ISSUER == 0) {
			keypair_free(pair);
			pair = key_of(i / PER_ISSUER);
			by.signer = pair;
			public_key_thumbprint(keypair_public(pair), &by.identity);
			must(principal_from_thumbprint(
				     thumbprint_slice(&by.identity), &subject),
				NULL);
			principal_digest(&subject, &b->issuers[b->issuer_count++]);
		}
		(void)snprintf(text, sizeof(text), "addr:u%zu@example.net", i * 7919 % count);
		subject = principal_of(text);
		must(issue_vouch(&by, 1, &subject, TRUST_LEVEL_ORDINARY, &b->made[i], &msg),
			&msg);
	}
	keypair_free(pair);
	qsort(b->issuers, b->issuer_count, sizeof(*b->issuers), compare_digests);
}

/* --- a node --------------------------------------------------------------------------------- */

struct fixture {
	struct temp_dir dir;
	struct store *store;
	struct rng_seeded_state rng;
	struct node *node;
	struct node_time now;
	const struct bench *bench;
	bool in_scope;
	size_t heap_before;
};

static size_t
heap_bytes(void)
{
	const struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static int
set_interest(void *ctx, struct graph_txn *g, struct err_msg *msg)
{
	const struct fixture *f = ctx;

	return f->in_scope
		       ? graph_interest_set(g, f->bench->issuers, f->bench->issuer_count, msg)
		       : 0;
}

static void
fixture_make(struct fixture *f, const struct bench *b, bool in_scope)
{
	struct err_msg msg = {0};
	struct node_config config = {.options = options};
	struct node_peer_spec spec = {.pin = {{1}}, .name = SLICE("bench")};
	struct store_config store = {
		.mode = STORE_CREATE,
		.tables = graph_tables,
		.table_count = graph_table_count,
		.schema_version = GRAPH_SCHEMA_VERSION,
	};

	*f = (struct fixture){.now = {NOW_S + 10, 1000},
		.bench = b,
		.in_scope = in_scope,
		.heap_before = heap_bytes()};
	temp_dir_make(&f->dir);
	store.path = f->dir.path;
	must(store_lmdb_open(&store, &f->store, &msg), &msg);
	must(graph_create(f->store, 1, &msg), &msg);
	must(graph_update(f->store, &options, set_interest, f, &msg), &msg);
	node_limits_default(&config.limits);
	config.limits.signatures_per_hour = STATEMENTS_MAX;
	config.limits.bytes_per_hour = UINT64_MAX;
	config.graph = f->store;
	config.rng = rng_seeded(&f->rng, 1);
	must(node_new(&config, f->now, &f->node, &msg), &msg);
	must(node_peer_add(f->node, f->now, &spec, &msg), &msg);
}

static uint64_t
fixture_end(struct fixture *f)
{
	struct graph_reader *r = NULL;
	struct graph_stats stats = {0};
	struct err_msg msg = {0};

	node_free(f->node);
	must(graph_reader_new(f->store, &r, &msg), &msg);
	must(graph_begin(r), NULL);
	must(graph_stats(r, &stats), NULL);
	graph_end(r);
	graph_reader_free(r);
	store_close(f->store);
	temp_dir_remove(&f->dir);
	return stats.statements;
}

/* submit - one request of up to LINES_MAX statements */
static void
submit(struct fixture *f, size_t from, size_t to)
{
	struct node_request request = {.id = from,
		.pin = {{1}},
		.method = NODE_POST,
		.target = SLICE("/v1/statements")};
	struct dynbuf body;

	dynbuf_init(&body, NODE_BODY_MAX);
	for (size_t i = from; i < to; i++) {
		(void)dynbuf_add(&body, issued_slice(&f->bench->made[i]));
		(void)dynbuf_add_byte(&body, '\n');
	}
	must(dynbuf_error(&body), NULL);
	request.body = dynbuf_slice(&body);
	node_request(f->node, f->now, &request);
	dynbuf_fini(&body);
}

/* --- one thread ------------------------------------------------------------------------------- */

static void
drain_alone(struct fixture *f)
{
	struct node_action action;

	while (node_next(f->node, &action)) {
		if (action.kind == NODE_VERIFY) {
			node_job_run(action.verify);
			node_job_done(f->node, f->now, action.verify);
		} else if (action.kind == NODE_RESPOND && action.respond.status != 200) {
			errx(1, "a push was answered by %u", action.respond.status);
		}
	}
}

static void
admit_in_flight(struct fixture *f, size_t requests)
{
	size_t count = f->bench->count;

	for (size_t i = 0; i < count;) {
		for (size_t n = 0; n < requests && i < count; n++, i += LINES_MAX) {
			submit(f, i, i + LINES_MAX < count ? i + LINES_MAX : count);
		}
		drain_alone(f);
	}
}

static void
admit_alone(struct fixture *f)
{
	admit_in_flight(f, IN_FLIGHT);
}

static void
admit_one_by_one(struct fixture *f)
{
	admit_in_flight(f, 1);
}

/* --- two threads ------------------------------------------------------------------------------ */

static void *
help(void *arg)
{
	struct helper *h = arg;

	(void)pthread_mutex_lock(&h->lock);
	while (!h->is_over) {
		struct node_job *job;

		if (h->todo_count == 0) {
			(void)pthread_cond_wait(&h->changed, &h->lock);
			continue;
		}
		job = h->todo[0];
		h->todo_count--;
		/* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are moved */
		memmove(h->todo, h->todo + 1, h->todo_count * sizeof(h->todo[0]));
		(void)pthread_mutex_unlock(&h->lock);
		node_job_run(job);
		(void)pthread_mutex_lock(&h->lock);
		h->done[h->done_count++] = job;
		(void)pthread_cond_broadcast(&h->changed);
	}
	(void)pthread_mutex_unlock(&h->lock);
	return NULL;
}

/* take - a job that is done; while none is and `wait`, works on one itself. NULL without any */
static struct node_job *
take(struct helper *h, bool wait, size_t *out)
{
	struct node_job *job = NULL;

	(void)pthread_mutex_lock(&h->lock);
	while (h->done_count == 0 && wait && *out > 0) {
		if (h->todo_count > 0) {
			struct node_job *own = h->todo[--h->todo_count];

			(void)pthread_mutex_unlock(&h->lock);
			node_job_run(own);
			(void)pthread_mutex_lock(&h->lock);
			h->done[h->done_count++] = own;
		} else {
			(void)pthread_cond_wait(&h->changed, &h->lock);
		}
	}
	if (h->done_count > 0) {
		job = h->done[--h->done_count];
		(*out)--;
	}
	(void)pthread_mutex_unlock(&h->lock);
	return job;
}

static void
hand_out(struct fixture *f, struct helper *h, size_t *out)
{
	struct node_action action;

	while (node_next(f->node, &action)) {
		if (action.kind == NODE_VERIFY) {
			(void)pthread_mutex_lock(&h->lock);
			h->todo[h->todo_count++] = action.verify;
			(*out)++;
			(void)pthread_cond_broadcast(&h->changed);
			(void)pthread_mutex_unlock(&h->lock);
		} else if (action.kind == NODE_RESPOND && action.respond.status != 200) {
			errx(1, "a push was answered by %u", action.respond.status);
		}
	}
}

static void
admit_together(struct fixture *f)
{
	struct helper h = {
		.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
	struct node_job *job;
	size_t out = 0;

	if (pthread_create(&h.thread, NULL, help, &h) != 0) {
		errx(1, "no thread");
	}
	for (size_t i = 0; i < f->bench->count || out > 0;) {
		/* Some requests on their way keep both busy. */
		bool is_full = out > 12 || i >= f->bench->count;

		if (!is_full) {
			size_t end = i + LINES_MAX;

			submit(f, i, end < f->bench->count ? end : f->bench->count);
			hand_out(f, &h, &out);
			i += LINES_MAX;
		}
		job = take(&h, is_full, &out);
		if (job != NULL) {
			node_job_done(f->node, f->now, job);
			hand_out(f, &h, &out);
		}
	}
	(void)pthread_mutex_lock(&h.lock);
	h.is_over = true;
	(void)pthread_cond_broadcast(&h.changed);
	(void)pthread_mutex_unlock(&h.lock);
	(void)pthread_join(h.thread, NULL);
}

/* --- measuring --------------------------------------------------------------------------- */

static double
rate(size_t count, uint64_t begin_ns)
{
	return (double)count * 1e9 / (double)(clock_mono_ns() - begin_ns);
}

/* cpu_ns - CPU time of this process so far */
static uint64_t
cpu_ns(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0) {
		err(1, "clock_gettime");
	}
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Of one round. */
struct rates {
	double wall;
	double cpu;
	double heap_kib;
};

static struct rates
floor_once(const struct bench *b)
{
	uint64_t begin_ns = clock_mono_ns();
	uint64_t begin_cpu_ns = cpu_ns();
	struct verifier v = {0};

	for (size_t i = 0; i < b->count; i++) {
		must(statement_verify_next(&v, issued_slice(&b->made[i]), &b->made[i].st),
			NULL);
	}
	verifier_fini(&v);
	return (struct rates){rate(b->count, begin_ns),
		(double)b->count * 1e9 / (double)(cpu_ns() - begin_cpu_ns), 0};
}

static struct rates
admit_once(const struct bench *b, void (*admit)(struct fixture *f), bool in_scope)
{
	struct fixture f;
	uint64_t begin_ns;
	uint64_t begin_cpu_ns;
	struct rates result;

	fixture_make(&f, b, in_scope);
	begin_ns = clock_mono_ns();
	begin_cpu_ns = cpu_ns();
	admit(&f);
	result = (struct rates){rate(b->count, begin_ns),
		(double)b->count * 1e9 / (double)(cpu_ns() - begin_cpu_ns),
		(double)(heap_bytes() - f.heap_before) / 1024};
	if (fixture_end(&f) != (in_scope ? b->count : 0)) {
		errx(1, "not all statements, or too many, were stored");
	}
	return result;
}

/* What is measured, each in every round. */
enum figure {
	VERIFY,
	VERIFY_CPU,
	ADMIT,
	ADMIT_CPU,
	ADMIT_SERIAL,
	ADMIT_RATIO,
	ADMIT_CPU_RATIO,
	ADMIT_TWO,
	REFUSE,
	HEAP,
	FIGURES,
};

static const struct {
	const char *name;
	const char *unit;
	int digits;
} figures[FIGURES] = {
	[VERIFY] = {"gossip_verify_floor", "statements/s", 0},
	[VERIFY_CPU] = {"gossip_verify_cpu", "statements/s", 0},
	[ADMIT] = {"gossip_admit_1_core", "statements/s", 0},
	[ADMIT_CPU] = {"gossip_admit_cpu", "statements/s", 0},
	[ADMIT_SERIAL] = {"gossip_admit_1_by_1", "statements/s", 0},
	[ADMIT_RATIO] = {"gossip_admit_1_core_ratio", "x", 2},
	[ADMIT_CPU_RATIO] = {"gossip_admit_cpu_ratio", "x", 2},
	[ADMIT_TWO] = {"gossip_admit_2_cores", "statements/s", 0},
	[REFUSE] = {"gossip_refuse_scope", "statements/s", 0},
	[HEAP] = {"gossip_node_memory", "KiB", 0},
};

static void
measure(const struct bench *b, double values[FIGURES][ROUNDS], size_t round)
{
	struct rates floor = floor_once(b);
	struct rates alone = admit_once(b, admit_alone, true);

	values[VERIFY][round] = floor.wall;
	values[VERIFY_CPU][round] = floor.cpu;
	values[ADMIT][round] = alone.wall;
	values[ADMIT_CPU][round] = alone.cpu;
	values[ADMIT_RATIO][round] = alone.wall / floor.wall;
	values[ADMIT_CPU_RATIO][round] = alone.cpu / floor.cpu;
	values[ADMIT_SERIAL][round] = admit_once(b, admit_one_by_one, true).wall;
	values[HEAP][round] = alone.heap_kib;
	values[ADMIT_TWO][round] = admit_once(b, admit_together, true).wall;
	values[REFUSE][round] = admit_once(b, admit_alone, false).wall;
}

int
main(int argc, char **argv)
{
	struct bench b = {0};
	size_t count = STATEMENTS_DEFAULT;
	double values[FIGURES][ROUNDS];

	if (argc > 1 && strnum_size(slice_str(argv[1]), STATEMENTS_MAX, &count) != 0) {
		errx(64, "usage: bench_gossip_node [STATEMENTS]");
	}
	make(&b, count);
	for (size_t i = 0; i < ROUNDS; i++) {
		measure(&b, values, i);
	}
	for (size_t i = 0; i < FIGURES; i++) {
		(void)printf("%s %.*f %s\n", figures[i].name, figures[i].digits,
			figures_median(values[i], ROUNDS), figures[i].unit);
	}
	free(b.made);
	free(b.issuers);
	return 0;
}

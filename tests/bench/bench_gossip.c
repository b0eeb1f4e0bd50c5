/*
 * bench_gossip.c - what reconciliation costs: bytes, round trips, time and memory.
 *
 * One line per measurement, `name value unit`. One thread, warm caches, no network. Times are CPU
 * time of the thread; those of the server are the sum of its answers in one exchange, median
 * of several. Differences are items that the client lacks, unless the name says otherwise.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/base/rng.h"
#include "tests/support/exchange.h"

#define MILLION ((size_t)1000000)
#define RUNS    9
#define YEAR_S  31536000

static void
fail(const char *what)
{
	fprintf(stderr, "bench_gossip: %s\n", what);
	exit(EXIT_FAILURE);
}

static void
check(int ret, const char *what)
{
	if (ret != 0) {
		fail(what);
	}
}

static double
cpu_s(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int
cmp_items(const void *a, const void *b)
{
	return item_cmp(a, b);
}

/* make_items - n sorted items in so many seconds */
static struct item *
make_items(size_t n, uint64_t seconds)
{
	struct rng_seeded_state state;
	const struct rng rng = rng_seeded(&state, n);
	struct item *items = calloc(n, sizeof(*items));

	if (items == NULL) {
		fail("no memory");
	}
	for (size_t i = 0; i < n; i++) {
		items[i].timestamp = 1700000000 + rng_below(&rng, seconds);
		check(rng_bytes(&rng, items[i].id.bytes, DIGEST_LEN), "rng");
	}
	qsort(items, n, sizeof(*items), cmp_items);
	return items;
}

static int
cmp_ns(const void *a, const void *b)
{
	const uint64_t *left = a;
	const uint64_t *right = b;

	return (*left > *right) - (*left < *right);
}

/* measure - an exchange of the two: bytes, round trips, and CPU of the server */
static void
measure(const char *name, const struct item_tree *client, const struct item_tree *server,
	size_t differences)
{
	uint64_t ns[RUNS];
	struct exchange x = {0};

	for (size_t i = 0; i < RUNS; i++) {
		exchange_fini(&x);
		x = (struct exchange){.client = client, .server = server};
		check(exchange_run(&x, NULL), "an exchange failed");
		ns[i] = x.server_ns;
	}
	if (x.have_n + x.need_n != differences) {
		fail("an exchange found something else");
	}
	qsort(ns, RUNS, sizeof(ns[0]), cmp_ns);
	const uint64_t median = ns[RUNS / 2];
	printf("gossip.reconcile.%s.bytes %zu bytes\n", name, x.bytes);
	printf("gossip.reconcile.%s.round_trips %zu trips\n", name, x.round_trips);
	printf("gossip.reconcile.%s.server_cpu %.1f us\n", name, (double)median / 1e3);
	exchange_fini(&x);
}

/* remove_some - d items out of n, scattered evenly by chance, or the newest */
static void
remove_some(struct item_tree *tree, const struct item *items, size_t n, size_t d, bool newest)
{
	struct rng_seeded_state state;
	const struct rng rng = rng_seeded(&state, d);

	while (d > 0) {
		const size_t at = newest ? n - d : rng_below(&rng, n);
		d -= item_tree_remove(tree, &items[at]) == 0;
	}
}

/* measure_differences - d items that only one side has */
static void
measure_differences(const char *name, const struct item_tree *full, const struct item *items,
	size_t n, size_t d, bool newest)
{
	struct item_tree part;
	char text[96];

	item_tree_init(&part);
	check(item_tree_build(&part, items, n), "build");
	remove_some(&part, items, n, d, newest);
	measure(name, &part, full, d);
	if (d > 0) {
		(void)snprintf(text, sizeof(text), "%s.at_client", name);
		measure(text, full, &part, d);
	}
	item_tree_fini(&part);
}

static size_t
heap_bytes(void)
{
	const struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* table - a row for each number of differences */
static void
table(size_t n)
{
	static const size_t differences[] = {0, 1, 10, 100, 1000};
	struct item *items = make_items(n, YEAR_S);
	const size_t before = heap_bytes();
	struct item_tree full;
	char name[64];

	item_tree_init(&full);
	check(item_tree_build(&full, items, n), "build");
	printf("gossip.item_tree.%zu.memory %zu bytes\n", n, heap_bytes() - before);
	for (size_t i = 0; i < ARRAY_LEN(differences); i++) {
		(void)snprintf(name, sizeof(name), "%zu.differ_%zu", n, differences[i]);
		measure_differences(name, &full, items, n, differences[i], false);
	}
	(void)snprintf(name, sizeof(name), "%zu.newest_100", n);
	measure_differences(name, &full, items, n, 100, true);
	item_tree_fini(&full);
	free(items);
}

static void
one_second(void)
{
	struct item *items = make_items(MILLION, 1);
	struct item_tree tree;

	item_tree_init(&tree);
	check(item_tree_build(&tree, items, MILLION), "build");
	measure("1000000.one_second.differ_0", &tree, &tree, 0);
	item_tree_fini(&tree);
	free(items);
}

/* shuffle - any order */
static void
shuffle(struct item *items, size_t n)
{
	struct rng_seeded_state state;
	const struct rng rng = rng_seeded(&state, 3);

	for (size_t i = n; i > 1; i--) {
		const size_t other = rng_below(&rng, i);
		const struct item item = items[i - 1];
		items[i - 1] = items[other];
		items[other] = item;
	}
}

/* insert_all - a million in the order they lie in */
static void
insert_all(const char *name, const struct item *items)
{
	const size_t before = heap_bytes();
	struct item_tree tree;

	item_tree_init(&tree);
	double begin = cpu_s();
	for (size_t i = 0; i < MILLION; i++) {
		check(item_tree_insert(&tree, &items[i]), "insert");
	}
	printf("gossip.item_tree.insert_%s %.0f items/s\n", name, MILLION / (cpu_s() - begin));
	printf("gossip.item_tree.memory_%s %.1f bytes/item\n", name,
		(double)(heap_bytes() - before) / MILLION);
	begin = cpu_s();
	for (size_t i = 0; i < MILLION; i++) {
		check(item_tree_remove(&tree, &items[i]), "remove");
	}
	printf("gossip.item_tree.remove_%s %.0f items/s\n", name, MILLION / (cpu_s() - begin));
	item_tree_fini(&tree);
}

static void
tree_costs(void)
{
	struct item *items = make_items(MILLION, YEAR_S);
	const size_t before = heap_bytes();
	struct item_tree tree;
	struct id_sum sum;
	const size_t sums = 100000;

	item_tree_init(&tree);
	double begin = cpu_s();
	check(item_tree_build(&tree, items, MILLION), "build");
	printf("gossip.item_tree.build %.0f items/s\n", MILLION / (cpu_s() - begin));
	printf("gossip.item_tree.memory_built %.1f bytes/item\n",
		(double)(heap_bytes() - before) / MILLION);
	begin = cpu_s();
	for (size_t i = 0; i < sums; i++) {
		item_tree_sum(&tree, i, MILLION - 3 * i, &sum);
	}
	printf("gossip.item_tree.sum %.2f us\n", (cpu_s() - begin) / (double)sums * 1e6);
	item_tree_fini(&tree);
	insert_all("in_order", items);
	shuffle(items, MILLION);
	insert_all("shuffled", items);
	free(items);
}

int
main(void)
{
	tree_costs();
	one_second();
	table(10000);
	table(100000);
	table(MILLION);
	return EXIT_SUCCESS;
}

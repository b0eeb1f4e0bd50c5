/*
 * The tree of items against a plain sorted array: after each step both say the same.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/base/rng.h"
#include "gossip/item_tree.h"
#include "gossip/item_tree_node.h"

#define ITEMS_MAX 6000

static struct rng_seeded_state rng_state;
static struct rng rng;

/* How items are made: what is the same in all of them. */
enum flavour {
	SPREAD_OVER_TIME,
	ALL_IN_ONE_SECOND,
	LONG_COMMON_PREFIX,
	FEW_SECONDS,
	FLAVOURS,
};

static const char *const flavour_names[] = {
	[SPREAD_OVER_TIME] = "spread over time",
	[ALL_IN_ONE_SECOND] = "all in one second",
	[LONG_COMMON_PREFIX] = "ids with a long common prefix",
	[FEW_SECONDS] = "in a few seconds",
};

static struct item
make_item(enum flavour flavour)
{
	struct item item = {.timestamp = 1700000000};

	cr_assert_eq(rng_bytes(&rng, item.id.bytes, DIGEST_LEN), 0);
	if (flavour == SPREAD_OVER_TIME) {
		item.timestamp += rng_below(&rng, 10000000);
	} else if (flavour == FEW_SECONDS) {
		item.timestamp += rng_below(&rng, 3);
	} else if (flavour == LONG_COMMON_PREFIX) {
		memset(item.id.bytes, 0, DIGEST_LEN - 4);
	}
	return item;
}

/* The naive twin: a sorted array. */
struct naive {
	struct item items[ITEMS_MAX];
	size_t n;
};

static struct naive naive;

static size_t
naive_rank(const struct item *bound)
{
	size_t at = 0;

	while (at < naive.n && item_cmp(&naive.items[at], bound) < 0) {
		at++;
	}
	return at;
}

static bool
naive_insert(const struct item *item)
{
	const size_t at = naive_rank(item);

	if (at < naive.n && item_cmp(&naive.items[at], item) == 0) {
		return false;
	}
	memmove(&naive.items[at + 1], &naive.items[at], (naive.n - at) * sizeof(*item));
	naive.items[at] = *item;
	naive.n++;
	return true;
}

static void
naive_remove(size_t at)
{
	naive.n--;
	memmove(&naive.items[at], &naive.items[at + 1], (naive.n - at) * sizeof(struct item));
}

/* naive_sum - byte by byte, as one would on paper */
static void
naive_sum(size_t from, size_t to, uint8_t out[DIGEST_LEN])
{
	memset(out, 0, DIGEST_LEN);
	for (size_t i = from; i < to; i++) {
		unsigned carry = 0;
		for (size_t b = 0; b < DIGEST_LEN; b++) {
			carry += (unsigned)out[b] + naive.items[i].id.bytes[b];
			out[b] = (uint8_t)carry;
			carry >>= 8;
		}
	}
}

static void
expect_sum(const struct item_tree *tree, size_t from, size_t to, const char *label)
{
	uint8_t expected[DIGEST_LEN];
	uint8_t actual[DIGEST_LEN];
	struct id_sum sum;

	naive_sum(from, to, expected);
	item_tree_sum(tree, from, to, &sum);
	for (size_t i = 0; i < ID_SUM_LIMBS; i++) {
		const uint64_t limb = htole64(sum.limb[i]);
		memcpy(actual + i * sizeof(limb), &limb, sizeof(limb));
	}
	cr_expect_arr_eq(actual, expected, DIGEST_LEN, "%s: sum of %zu..%zu of %zu", label,
		from, to, naive.n);
}

/*
 * check_node - what must hold below a branch: order, counts, sums, sizes. Returns the items of
 * it.
 */
static void
check_node(const struct item_branch *branch, unsigned level, const char *label)
{
	struct id_sum sum = {0};
	uint64_t count = 0;

	if (level == 0) {
		const struct item_leaf *leaf = branch->node.leaf;
		cr_assert(leaf->len > 0 && leaf->len <= leaf->cap, "%s: a leaf's size", label);
		cr_assert_leq(leaf->len, ITEM_TREE_LEAF_MAX, "%s: a leaf is too large", label);
		cr_assert_lt(leaf->cap - leaf->len, 3 * ITEM_LEAF_STEP, "%s: waste", label);
		for (size_t i = 1; i < leaf->len; i++) {
			cr_assert_lt(
				item_cmp(&leaf->items[i - 1], &leaf->items[i]), 0, "%s", label);
		}
		item_sum_add(&sum, leaf->items, leaf->len);
		count = leaf->len;
	} else {
		const struct item_inner *inner = branch->node.inner;
		cr_assert(inner->len > 0 && inner->len <= ITEM_TREE_BRANCH_MAX, "%s", label);
		for (size_t i = 0; i < inner->len; i++) {
			check_node(&inner->branch[i], level - 1, label);
			id_sum_add(&sum, &inner->branch[i].sum);
			count += inner->branch[i].count;
		}
	}
	cr_assert_eq(count, branch->count, "%s: count at level %u", label, level);
	cr_assert_arr_eq(&sum, &branch->sum, sizeof(sum), "%s: sum at level %u", label, level);
}

/* expect_same - everything that can be asked, whole or at some places */
static void
expect_same(const struct item_tree *tree, const char *label)
{
	size_t at = 0;

	cr_assert_eq(item_tree_count(tree), naive.n, "%s: count", label);
	if (naive.n > 0) {
		check_node(&tree->root, tree->height, label);
	}
	while (at < naive.n) {
		size_t len = 0;
		const struct item *run = item_tree_run(tree, at, &len);
		cr_assert(len > 0 && at + len <= naive.n, "%s: a run at %zu", label, at);
		cr_assert_arr_eq(run, &naive.items[at], len * sizeof(*run), "%s: run", label);
		at += len;
	}
	for (size_t i = 0; i < 20; i++) {
		const struct item bound = make_item((enum flavour)(i % FLAVOURS));
		const size_t to = rng_below(&rng, naive.n + 1);
		const size_t from = rng_below(&rng, to + 1);
		cr_expect_eq(
			item_tree_rank(tree, &bound), naive_rank(&bound), "%s: rank", label);
		expect_sum(tree, from, to, label);
		if (from < naive.n) {
			const struct item *item = item_tree_select(tree, from);
			cr_expect_eq(
				item_cmp(item, &naive.items[from]), 0, "%s: select", label);
			cr_expect_eq(
				item_tree_rank(tree, item), from, "%s: rank of select", label);
		}
	}
	expect_sum(tree, 0, naive.n, label);
}

/* begin - a seed that is printed, and other items in each run when SEED is set */
static void
begin(struct item_tree *tree, uint64_t seed)
{
	const char *text = getenv("SEED");

	seed += text == NULL ? 0 : strtoull(text, NULL, 10);
	fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
	rng = rng_seeded(&rng_state, seed);
	naive.n = 0;
	item_tree_init(tree);
}

Test(item_tree, is_empty_at_first)
{
	const struct item any = {.timestamp = 1};
	const struct item infinity = {.timestamp = ITEM_TIMESTAMP_INFINITY};
	struct item_tree tree;
	struct id_sum sum = {.limb = {1, 2, 3, 4}};

	item_tree_init(&tree);
	cr_expect_eq(item_tree_count(&tree), 0);
	cr_expect_eq(item_tree_rank(&tree, &any), 0);
	cr_expect_eq(item_tree_rank(&tree, &infinity), 0);
	item_tree_sum(&tree, 0, 0, &sum);
	cr_expect_eq(sum.limb[0] | sum.limb[1] | sum.limb[2] | sum.limb[3], 0);
	cr_expect_eq(item_tree_remove(&tree, &any), ERR_NOTFOUND);
	item_tree_fini(&tree);
}

Test(item_tree, refuses_an_item_twice_and_one_at_infinity)
{
	const struct item item = {.timestamp = 7, .id = {{1}}};
	const struct item same_id = {.timestamp = 8, .id = {{1}}};
	const struct item infinity = {.timestamp = ITEM_TIMESTAMP_INFINITY};
	struct item_tree tree;

	item_tree_init(&tree);
	cr_expect_eq(item_tree_insert(&tree, &item), 0);
	cr_expect_eq(item_tree_insert(&tree, &item), ERR_EXISTS);
	cr_expect_eq(item_tree_insert(&tree, &same_id), 0);
	cr_expect_eq(item_tree_insert(&tree, &infinity), ERR_RANGE);
	cr_expect_eq(item_tree_count(&tree), 2);
	item_tree_fini(&tree);
}

Test(item_tree, says_what_a_sorted_array_says)
{
	for (enum flavour flavour = 0; flavour < FLAVOURS; flavour++) {
		const char *label = flavour_names[flavour];
		struct item_tree tree;

		begin(&tree, 100 + flavour);
		for (size_t step = 0; step < 12000; step++) {
			/* Grows, then shrinks to nothing. */
			const bool grow = rng_below(&rng, 10) < (step < 6000 ? 8 : 1);
			if (grow && naive.n < ITEMS_MAX) {
				const struct item item = make_item(flavour);
				const bool is_new = naive_insert(&item);
				cr_assert_eq(item_tree_insert(&tree, &item),
					is_new ? 0 : ERR_EXISTS, "%s", label);
			} else if (naive.n > 0) {
				const size_t at = rng_below(&rng, naive.n);
				const struct item item = naive.items[at];
				naive_remove(at);
				cr_assert_eq(item_tree_remove(&tree, &item), 0, "%s", label);
				cr_assert_eq(item_tree_remove(&tree, &item), ERR_NOTFOUND);
			}
			if (step % 500 == 0) {
				expect_same(&tree, label);
			}
		}
		while (naive.n > 0) {
			const struct item item = naive.items[naive.n / 2];
			naive_remove(naive.n / 2);
			cr_assert_eq(item_tree_remove(&tree, &item), 0);
		}
		expect_same(&tree, label);
		cr_expect_null(tree.root.node.leaf, "%s: memory is kept", label);
		cr_expect_eq(tree.height, 0);
		item_tree_fini(&tree);
	}
}

/* How items come that are in order already, and how they go. */
static const struct {
	const char *label;
	bool from_above;
	bool drop_from_above;
} ordered[] = {
	{"oldest first in, oldest first out", false, false},
	{"oldest first in, newest first out", false, true},
	{"newest first in, oldest first out", true, false},
	{"newest first in, newest first out", true, true},
};

Test(item_tree, takes_items_in_any_order)
{
	for (size_t row = 0; row < ARRAY_LEN(ordered); row++) {
		const char *label = ordered[row].label;
		struct item_tree tree;

		begin(&tree, 200 + row);
		for (size_t i = 0; i < 5000; i++) {
			struct item item = make_item(ALL_IN_ONE_SECOND);
			item.timestamp = ordered[row].from_above ? 10000 - i : i;
			naive_insert(&item);
			cr_assert_eq(item_tree_insert(&tree, &item), 0, "%s", label);
		}
		expect_same(&tree, label);
		for (size_t i = 0; i < 5000; i++) {
			const size_t at = ordered[row].drop_from_above ? naive.n - 1 : 0;
			const struct item item = naive.items[at];
			naive_remove(at);
			cr_assert_eq(item_tree_remove(&tree, &item), 0, "%s", label);
			if (i % 1000 == 0) {
				expect_same(&tree, label);
			}
		}
		cr_expect_eq(item_tree_count(&tree), 0);
		item_tree_fini(&tree);
	}
}

Test(item_tree, leaves_stay_full_when_items_come_in_order)
{
	const size_t n = 20000;
	struct item_tree tree;
	size_t leaves = 0;

	begin(&tree, 300);
	for (size_t i = 0; i < n; i++) {
		struct item item = make_item(ALL_IN_ONE_SECOND);
		item.timestamp = i;
		cr_assert_eq(item_tree_insert(&tree, &item), 0);
	}
	for (size_t at = 0; at < n; leaves++) {
		size_t len = 0;
		(void)item_tree_run(&tree, at, &len);
		at += len;
	}
	cr_expect_leq(leaves, n / (ITEM_TREE_LEAF_MAX - 1) + 1, "%zu leaves", leaves);
	item_tree_fini(&tree);
}

Test(item_tree, is_built_from_sorted_items)
{
	static const size_t sizes[] = {0, 1, 31, 32, 447, 448, 449, 512, 513, 896, 897, 5000};

	for (size_t row = 0; row < ARRAY_LEN(sizes); row++) {
		struct item_tree tree;
		char label[64];

		begin(&tree, 400 + row);
		(void)snprintf(label, sizeof(label), "built from %zu", sizes[row]);
		while (naive.n < sizes[row]) {
			const struct item item = make_item((enum flavour)(row % FLAVOURS));
			naive_insert(&item);
		}
		cr_assert_eq(item_tree_build(&tree, naive.items, naive.n), 0, "%s", label);
		expect_same(&tree, label);
		for (size_t i = 0; i < 600; i++) {
			const struct item item = make_item((enum flavour)(row % FLAVOURS));
			if (naive_insert(&item)) {
				cr_assert_eq(item_tree_insert(&tree, &item), 0, "%s", label);
			}
		}
		expect_same(&tree, label);
		item_tree_fini(&tree);
	}
}

Test(item_tree, is_built_of_nothing_else)
{
	const struct item twice[] = {{.timestamp = 1}, {.timestamp = 1}};
	const struct item falling[] = {{.timestamp = 2}, {.timestamp = 1}};
	const struct item infinity[] = {{.timestamp = ITEM_TIMESTAMP_INFINITY}};
	struct item_tree tree;

	item_tree_init(&tree);
	cr_expect_eq(item_tree_build(&tree, twice, 2), ERR_EXISTS);
	cr_expect_eq(item_tree_build(&tree, falling, 2), ERR_INVALID);
	cr_expect_eq(item_tree_build(&tree, infinity, 1), ERR_RANGE);
	cr_expect_eq(item_tree_count(&tree), 0);
	cr_expect_eq(item_tree_build(&tree, twice, 1), 0);
	cr_expect_eq(item_tree_build(&tree, falling, 1), ERR_NOTREADY);
	cr_expect_eq(item_tree_count(&tree), 1);
	item_tree_fini(&tree);
}

Test(item_tree, stays_flat)
{
	const size_t n = 300000;
	struct item *items = calloc(n, sizeof(*items));
	struct item_tree tree;

	begin(&tree, 500);
	cr_assert_not_null(items);
	for (size_t i = 0; i < n; i++) {
		items[i] = make_item(ALL_IN_ONE_SECOND);
		cr_assert_eq(item_tree_insert(&tree, &items[i]), 0);
	}
	cr_expect_leq(tree.height, 2, "height %u for %zu items", tree.height, n);
	check_node(&tree.root, tree.height, "300,000");
	for (size_t i = 0; i < n - 1000; i++) {
		cr_assert_eq(item_tree_remove(&tree, &items[i]), 0);
	}
	cr_expect_leq(tree.height, 1, "height %u for 1,000 items", tree.height);
	check_node(&tree.root, tree.height, "1,000");
	item_tree_fini(&tree);
	free(items);
}

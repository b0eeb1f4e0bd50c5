/*
 * The tree and the client with failing allocations: a clean error, the same set as before, no leak.
 */
#include <criterion/criterion.h>

#include "common/base/rng.h"
#include "gossip/item_tree_node.h"
#include "gossip/reconcile.h"
#include "tests/support/failing_alloc.h"

#define ITEMS 4000

static struct item items[ITEMS];

static void
make_items(void)
{
	struct rng_seeded_state state;
	const struct rng rng = rng_seeded(&state, 9);

	for (size_t i = 0; i < ITEMS; i++) {
		items[i].timestamp = i;
		cr_assert_eq(rng_bytes(&rng, items[i].id.bytes, DIGEST_LEN), 0);
	}
}

/* expect_exactly - the tree holds every `step`th of the first n items and nothing else */
static void
expect_exactly(const struct item_tree *tree, size_t n, size_t step)
{
	struct id_sum sum = {0};
	struct id_sum all;
	uint64_t at = 0;

	for (size_t i = 0; i < n; i += step) {
		cr_assert_eq(item_cmp(item_tree_select(tree, at), &items[i]), 0);
		item_sum_add(&sum, &items[i], 1);
		at++;
	}
	cr_assert_eq(item_tree_count(tree), at);
	item_tree_sum(tree, 0, at, &all);
	cr_assert_arr_eq(&sum, &all, sizeof(sum));
}

/* insert_at_last - the next allocation fails, as often as there is one; then it succeeds */
static size_t
insert_at_last(struct item_tree *tree, size_t at)
{
	size_t failures = 0;

	for (size_t nth = 1;; nth++) {
		failing_alloc_arm(nth);
		const int ret = item_tree_insert(tree, &items[at]);
		const bool fired = failing_alloc_has_fired();
		failing_alloc_arm(0);
		if (!fired || ret == 0) {
			cr_assert_eq(ret, 0);
			return failures;
		}
		cr_assert_eq(ret, ERR_NOMEM);
		expect_exactly(tree, at, 1);
		failures++;
	}
}

Test(gossip_alloc, a_failed_insert_leaves_the_set_as_it_was)
{
	const size_t live = failing_alloc_live();
	struct item_tree tree;
	size_t failures = 0;

	make_items();
	item_tree_init(&tree);
	for (size_t i = 0; i < ITEMS; i++) {
		failures += insert_at_last(&tree, i);
	}
	cr_expect_gt(failures, ITEMS / ITEM_LEAF_STEP);
	expect_exactly(&tree, ITEMS, 1);
	item_tree_fini(&tree);
	cr_expect_eq(failing_alloc_live(), live);
}

Test(gossip_alloc, a_failed_build_leaves_the_tree_empty)
{
	const size_t live = failing_alloc_live();
	struct item_tree tree;
	int ret = ERR_NOMEM;

	make_items();
	item_tree_init(&tree);
	for (size_t nth = 1; ret != 0; nth++) {
		failing_alloc_arm(nth);
		ret = item_tree_build(&tree, items, ITEMS);
		cr_assert(ret == 0 || (ret == ERR_NOMEM && item_tree_count(&tree) == 0));
		cr_assert(ret == 0 || failing_alloc_live() == live, "allocation %zu", nth);
		cr_assert(ret != 0 || nth > ITEMS / ITEM_TREE_LEAF_MAX);
	}
	failing_alloc_arm(0);
	expect_exactly(&tree, ITEMS, 1);
	item_tree_fini(&tree);
	cr_expect_eq(failing_alloc_live(), live);
}

Test(gossip_alloc, removing_needs_no_memory)
{
	const size_t live = failing_alloc_live();
	struct item_tree tree;

	make_items();
	item_tree_init(&tree);
	cr_assert_eq(item_tree_build(&tree, items, ITEMS), 0);
	for (size_t i = 0; i < ITEMS; i++) {
		if (i % 16 != 0) {
			failing_alloc_arm(1);
			cr_assert_eq(item_tree_remove(&tree, &items[i]), 0);
		}
	}
	failing_alloc_arm(0);
	expect_exactly(&tree, ITEMS, 16);
	item_tree_fini(&tree);
	cr_expect_eq(failing_alloc_live(), live);
}

static int
ignore_have(void *ctx, const struct item *item)
{
	(void)ctx;
	(void)item;
	return 0;
}

static int
ignore_need(void *ctx, const struct digest *id)
{
	(void)ctx;
	(void)id;
	return 0;
}

Test(gossip_alloc, a_client_without_memory_says_so)
{
	static const struct reconcile_found found = {.have = ignore_have, .need = ignore_need};
	static const struct reconcile_limits none;
	const size_t live = failing_alloc_live();
	struct item_tree tree;
	struct dynbuf list;
	int ret = ERR_NOMEM;
	size_t nth = 0;

	make_items();
	item_tree_init(&tree);
	cr_assert_eq(item_tree_build(&tree, items, ITEMS), 0);
	const size_t with_tree = failing_alloc_live();
	dynbuf_init(&list, SIZE_MAX);
	cr_assert_eq(reconcile_answer(&tree, &none, SLICE("a\0\0\2\0"), &list, NULL), 0);
	while (ret != 0) {
		struct dynbuf out;
		bool done = true;

		dynbuf_init(&out, SIZE_MAX);
		failing_alloc_arm(++nth);
		ret = reconcile_continue(
			&tree, &none, dynbuf_slice(&list), &found, &out, &done, NULL);
		failing_alloc_arm(0);
		cr_assert(ret == 0 || ret == ERR_NOMEM);
		cr_assert_eq(done, ret == 0);
		dynbuf_fini(&out);
		cr_assert_eq(failing_alloc_live(), with_tree + 1, "allocation %zu", nth);
	}
	cr_expect_gt(nth, 2);
	dynbuf_fini(&list);
	item_tree_fini(&tree);
	cr_expect_eq(failing_alloc_live(), live);
}

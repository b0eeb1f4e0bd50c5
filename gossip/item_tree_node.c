#include "gossip/item_tree_node.h"

#include <assert.h>
#include <stdlib.h>

/*
 * Two nodes are joined at three quarters of one, so that the next few inserts do not split it
 * again.
 */
#define LEAF_JOIN_MAX  (ITEM_TREE_LEAF_MAX / 4 * 3)
#define INNER_JOIN_MAX (ITEM_TREE_BRANCH_MAX / 4 * 3)

void
item_sum_add(struct id_sum *sum, const struct item *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct id_sum id = id_sum_of(&items[i].id);
		id_sum_add(sum, &id);
	}
}

size_t
item_leaf_find(const struct item_leaf *leaf, const struct item *item)
{
	size_t low = 0;
	size_t high = leaf->len;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (item_cmp(&leaf->items[middle], item) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/* resize - gives a leaf room for n items, rounded up to whole steps */
static int
resize(struct item_branch *branch, size_t n)
{
	const size_t cap = (n + ITEM_LEAF_STEP - 1) / ITEM_LEAF_STEP * ITEM_LEAF_STEP;
	struct item_leaf *old = branch->node.leaf;
	struct item_leaf *leaf = realloc(old, sizeof(*leaf) + cap * sizeof(leaf->items[0]));

	if (leaf == NULL) {
		return ERR_NOMEM;
	}
	if (old == NULL) {
		leaf->len = 0;
	}
	leaf->cap = (uint32_t)cap;
	branch->node.leaf = leaf;
	return 0;
}

int
item_leaf_fit(struct item_branch *branch, size_t n)
{
	assert(n <= ITEM_TREE_LEAF_MAX);
	if (branch->node.leaf != NULL && n <= branch->node.leaf->cap) {
		return 0;
	}
	return resize(branch, n);
}

void
item_leaf_shrink(struct item_branch *branch)
{
	const struct item_leaf *leaf = branch->node.leaf;

	if (leaf->len > 0 && leaf->cap - leaf->len >= 2 * ITEM_LEAF_STEP) {
		(void)resize(branch, leaf->len); /* where it fails, the leaf stays as it is */
	}
}

void
item_leaf_put(struct item_leaf *leaf, size_t at, const struct item *item)
{
	assert(leaf->len < leaf->cap && at <= leaf->len);
	memmove(&leaf->items[at + 1], &leaf->items[at], (leaf->len - at) * sizeof(*item));
	leaf->items[at] = *item;
	leaf->len++;
}

void
item_leaf_take(struct item_leaf *leaf, size_t at)
{
	assert(at < leaf->len);
	leaf->len--;
	memmove(&leaf->items[at], &leaf->items[at + 1],
		(leaf->len - at) * sizeof(leaf->items[0]));
}

/*
 * account - hands `count` items with this sum, which may be the whole of `from`, to the other
 * branch
 */
static void
account(struct item_branch *from, struct item_branch *to, uint64_t count,
	const struct id_sum *sum)
{
	to->count += count;
	from->count -= count;
	id_sum_add(&to->sum, sum);
	id_sum_sub(&from->sum, sum);
}

/* append_leaf - copies n items behind those of `to`, which has room */
static void
append_leaf(struct item_leaf *to, const struct item *items, size_t n)
{
	assert(to->len + n <= to->cap);
	memcpy(&to->items[to->len], items, n * sizeof(*items));
	to->len += (uint32_t)n;
}

void
item_leaf_move(struct item_branch *from, size_t keep, struct item_branch *to)
{
	struct item_leaf *leaf = from->node.leaf;
	const size_t n = leaf->len - keep;
	struct id_sum sum = {0};

	item_sum_add(&sum, leaf->items + keep, n);
	append_leaf(to->node.leaf, leaf->items + keep, n);
	leaf->len = (uint32_t)keep;
	account(from, to, n, &sum);
	item_leaf_shrink(from);
}

struct item_inner *
item_inner_new(void)
{
	struct item_inner *inner = malloc(sizeof(*inner));

	if (inner != NULL) {
		inner->len = 0;
	}
	return inner;
}

void
item_inner_free(struct item_inner *inner)
{
	free(inner);
}

size_t
item_inner_find(const struct item_inner *inner, const struct item *item)
{
	/*
	 * The first branch takes whatever is below the second, so its `low` is not looked at.
	 */
	size_t low = 1;
	size_t high = inner->len;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (item_cmp(&inner->branch[middle].low, item) <= 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low - 1;
}

void
item_inner_put(struct item_inner *inner, size_t at, const struct item_branch *branch)
{
	assert(inner->len < ITEM_TREE_BRANCH_MAX && at <= inner->len);
	memmove(&inner->branch[at + 1], &inner->branch[at],
		(inner->len - at) * sizeof(*branch));
	inner->branch[at] = *branch;
	inner->len++;
}

/* take_branch - removes it from its node, and releases nothing */
static void
take_branch(struct item_inner *inner, size_t at)
{
	inner->len--;
	memmove(&inner->branch[at], &inner->branch[at + 1],
		(inner->len - at) * sizeof(inner->branch[0]));
}

/* append_inner - copies branches behind those of `to`, which has room */
static void
append_inner(struct item_inner *to, const struct item_branch *branches, size_t n)
{
	assert(to->len + n <= ITEM_TREE_BRANCH_MAX);
	memcpy(&to->branch[to->len], branches, n * sizeof(*branches));
	to->len += (uint32_t)n;
}

void
item_inner_move(struct item_branch *from, size_t keep, struct item_branch *to)
{
	struct item_inner *inner = from->node.inner;
	const size_t n = inner->len - keep;
	struct id_sum sum = {0};
	uint64_t count = 0;

	for (size_t i = keep; i < inner->len; i++) {
		id_sum_add(&sum, &inner->branch[i].sum);
		count += inner->branch[i].count;
	}
	append_inner(to->node.inner, inner->branch + keep, n);
	inner->len = (uint32_t)keep;
	account(from, to, count, &sum);
}

/*
 * join_leaves - moves what is in the right leaf to the left one. Returns false where it does
 * not fit.
 */
static bool
join_leaves(struct item_branch *left, struct item_branch *right)
{
	const size_t n = left->count + right->count;

	if (n > LEAF_JOIN_MAX || item_leaf_fit(left, n) != 0) {
		return false;
	}
	append_leaf(left->node.leaf, right->node.leaf->items, right->node.leaf->len);
	free(right->node.leaf);
	return true;
}

static bool
join_inners(struct item_branch *left, struct item_branch *right)
{
	struct item_inner *inner = right->node.inner;

	if (left->node.inner->len + inner->len > INNER_JOIN_MAX) {
		return false;
	}
	/* No longer the first of its node, so its `low` counts from now on. */
	inner->branch[0].low = right->low;
	append_inner(left->node.inner, inner->branch, inner->len);
	free(inner);
	return true;
}

/* try_join - joins branches at and at + 1. Returns whether it did. */
static bool
try_join(struct item_inner *inner, size_t at, unsigned level)
{
	struct item_branch *left = &inner->branch[at];
	struct item_branch *right = left + 1;

	if (!(level > 0 ? join_inners(left, right) : join_leaves(left, right))) {
		return false;
	}
	account(right, left, right->count, &right->sum);
	take_branch(inner, at + 1);
	return true;
}

void
item_inner_tidy(struct item_inner *inner, size_t at, unsigned level)
{
	if (inner->branch[at].count == 0) {
		item_branch_free(&inner->branch[at], level);
		take_branch(inner, at);
		return;
	}
	if (at + 1 < inner->len && try_join(inner, at, level)) {
		return;
	}
	if (at > 0) {
		(void)try_join(inner, at - 1, level);
	}
}

void
item_branch_free(struct item_branch *branch, unsigned level)
{
	if (level == 0) {
		free(branch->node.leaf);
		return;
	}
	for (size_t i = 0; i < branch->node.inner->len; i++) {
		item_branch_free(&branch->node.inner->branch[i], level - 1);
	}
	free(branch->node.inner);
}

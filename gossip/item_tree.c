#include "gossip/item_tree.h"

#include <assert.h>

#include "gossip/item_tree_node.h"

void
item_tree_init(struct item_tree *tree)
{
	*tree = (struct item_tree){0};
}

void
item_tree_fini(struct item_tree *tree)
{
	item_branch_free(&tree->root, tree->height);
	item_tree_init(tree);
}

uint64_t
item_tree_count(const struct item_tree *tree)
{
	return tree->root.count;
}

uint64_t
item_tree_rank(const struct item_tree *tree, const struct item *bound)
{
	const struct item_branch *branch = &tree->root;
	uint64_t rank = 0;

	if (branch->count == 0) {
		return 0;
	}
	for (unsigned level = tree->height; level > 0; level--) {
		const struct item_inner *inner = branch->node.inner;
		const size_t at = item_inner_find(inner, bound);
		for (size_t i = 0; i < at; i++) {
			rank += inner->branch[i].count;
		}
		branch = &inner->branch[at];
	}
	return rank + item_leaf_find(branch->node.leaf, bound);
}

const struct item *
item_tree_run(const struct item_tree *tree, uint64_t index, size_t *len_out)
{
	const struct item_branch *branch = &tree->root;

	assert(index < branch->count);
	for (unsigned level = tree->height; level > 0; level--) {
		const struct item_branch *child = branch->node.inner->branch;
		while (index >= child->count) {
			index -= child->count;
			child++;
		}
		branch = child;
	}
	*len_out = branch->node.leaf->len - index;
	return &branch->node.leaf->items[index];
}

const struct item *
item_tree_select(const struct item_tree *tree, uint64_t index)
{
	size_t len = 0;

	return item_tree_run(tree, index, &len);
}

/* add_first - adds the first n ids of a leaf, or takes those behind them from the sum of all */
static void
add_first(const struct item_branch *branch, uint64_t n, struct id_sum *sum)
{
	const struct item_leaf *leaf = branch->node.leaf;

	if (n <= branch->count / 2) {
		item_sum_add(sum, leaf->items, n);
		return;
	}
	struct id_sum behind = {0};
	item_sum_add(&behind, leaf->items + n, branch->count - n);
	id_sum_add(sum, &branch->sum);
	id_sum_sub(sum, &behind);
}

void
item_tree_sum_first(const struct item_tree *tree, uint64_t n, struct id_sum *out)
{
	const struct item_branch *branch = &tree->root;

	assert(n <= branch->count);
	*out = (struct id_sum){0};
	if (n == branch->count) {
		*out = branch->sum;
		return;
	}
	for (unsigned level = tree->height; level > 0; level--) {
		const struct item_branch *child = branch->node.inner->branch;
		while (n >= child->count) {
			n -= child->count;
			id_sum_add(out, &child->sum);
			child++;
		}
		branch = child;
	}
	add_first(branch, n, out);
}

void
item_tree_sum(const struct item_tree *tree, uint64_t from, uint64_t to, struct id_sum *out)
{
	struct id_sum before;

	assert(from <= to);
	item_tree_sum_first(tree, from, &before);
	item_tree_sum_first(tree, to, out);
	id_sum_sub(out, &before);
}

/* node_is_full - has no room for one more item or branch */
static bool
node_is_full(const struct item_branch *branch, unsigned level)
{
	if (level > 0) {
		return branch->node.inner->len == ITEM_TREE_BRANCH_MAX;
	}
	return branch->count == ITEM_TREE_LEAF_MAX;
}

/* raise_root - puts an inner node with one branch above a full root, so that it can be split */
static int
raise_root(struct item_tree *tree)
{
	struct item_inner *inner = NULL;

	if (tree->height == ITEM_TREE_HEIGHT_MAX) {
		return ERR_FULL;
	}
	inner = item_inner_new();
	if (inner == NULL) {
		return ERR_NOMEM;
	}
	inner->len = 1;
	inner->branch[0] = tree->root;
	tree->root.node.inner = inner;
	tree->height++;
	return 0;
}

/*
 * split_leaf - moves the upper half into a new leaf. Where the item to come is above all of
 * them, as when items arrive in order, the left one keeps all but one and so stays full.
 */
static int
split_leaf(struct item_branch *left, const struct item *coming, struct item_branch *right_out)
{
	struct item_leaf *leaf = left->node.leaf;
	const bool appends = item_cmp(coming, &leaf->items[leaf->len - 1]) > 0;
	const size_t keep = appends ? leaf->len - 1 : leaf->len / 2;
	struct item_branch right = {.low = leaf->items[keep]};

	if (item_leaf_fit(&right, leaf->len - keep + 1) != 0) {
		return ERR_NOMEM;
	}
	item_leaf_move(left, keep, &right);
	*right_out = right;
	return 0;
}

static int
split_inner(struct item_branch *left, struct item_branch *right_out)
{
	struct item_inner *inner = left->node.inner;
	const size_t keep = inner->len / 2;
	struct item_branch right = {.low = inner->branch[keep].low};

	right.node.inner = item_inner_new();
	if (right.node.inner == NULL) {
		return ERR_NOMEM;
	}
	item_inner_move(left, keep, &right);
	*right_out = right;
	return 0;
}

/* split_branch - makes two of branch `at`, which is full and whose node has this level */
static int
split_branch(struct item_inner *inner, size_t at, unsigned level, const struct item *coming)
{
	struct item_branch right = {0};
	struct item_branch *left = &inner->branch[at];
	const int ret =
		level > 0 ? split_inner(left, &right) : split_leaf(left, coming, &right);

	if (ret == 0) {
		item_inner_put(inner, at + 1, &right);
	}
	return ret;
}

/*
 * find_way - the branches from the root to the leaf where the item belongs, and makes room for
 * one more branch in each node on the way, so that a split below never runs up again. Returns
 * 0, or an error with the same items in the tree as before.
 */
static int
find_way(struct item_tree *tree, const struct item *item, struct item_branch **way)
{
	struct item_branch *branch = &tree->root;
	int ret = 0;

	if (branch->count > 0 && node_is_full(branch, tree->height)) {
		ret = raise_root(tree);
	}
	for (unsigned level = tree->height; ret == 0 && level > 0; level--) {
		struct item_inner *inner = branch->node.inner;
		size_t at = item_inner_find(inner, item);
		way[level] = branch;
		if (node_is_full(&inner->branch[at], level - 1)) {
			ret = split_branch(inner, at, level - 1, item);
			at = item_inner_find(inner, item);
		}
		branch = &inner->branch[at];
	}
	way[0] = branch;
	return ret;
}

int
item_tree_insert(struct item_tree *tree, const struct item *item)
{
	const struct item copy = *item;
	const struct id_sum sum = id_sum_of(&copy.id);
	struct item_branch *way[ITEM_TREE_HEIGHT_MAX + 2] = {NULL}; /* the last stays NULL */
	size_t at = 0;
	int ret = 0;

	if (copy.timestamp == ITEM_TIMESTAMP_INFINITY) {
		return ERR_RANGE;
	}
	ret = find_way(tree, &copy, way);
	if (ret == 0 && way[0]->count > 0) {
		at = item_leaf_find(way[0]->node.leaf, &copy);
		if (at < way[0]->count && item_cmp(&way[0]->node.leaf->items[at], &copy) == 0) {
			return ERR_EXISTS;
		}
	}
	if (ret == 0) {
		ret = item_leaf_fit(way[0], way[0]->count + 1);
	}
	if (ret != 0) {
		return ret;
	}
	item_leaf_put(way[0]->node.leaf, at, &copy);
	for (unsigned level = 0; way[level] != NULL; level++) {
		way[level]->count++;
		id_sum_add(&way[level]->sum, &sum);
	}
	return 0;
}

/* lower_root - drops inner nodes with a single branch, and the last empty leaf */
static void
lower_root(struct item_tree *tree)
{
	if (tree->root.count == 0) {
		item_tree_fini(tree);
	}
	while (tree->height > 0 && tree->root.node.inner->len == 1) {
		struct item_inner *inner = tree->root.node.inner;
		tree->root = inner->branch[0];
		tree->height--;
		item_inner_free(inner);
	}
}

int
item_tree_remove(struct item_tree *tree, const struct item *item)
{
	const struct id_sum sum = id_sum_of(&item->id);
	struct item_branch *way[ITEM_TREE_HEIGHT_MAX + 1] = {NULL};
	size_t which[ITEM_TREE_HEIGHT_MAX + 1] = {0};
	const unsigned height = tree->height;
	struct item_branch *branch = &tree->root;
	size_t at = 0;

	if (branch->count == 0) {
		return ERR_NOTFOUND;
	}
	for (unsigned level = height; level > 0; level--) {
		way[level] = branch;
		which[level] = item_inner_find(branch->node.inner, item);
		branch = &branch->node.inner->branch[which[level]];
	}
	way[0] = branch;
	at = item_leaf_find(branch->node.leaf, item);
	if (at == branch->count || item_cmp(&branch->node.leaf->items[at], item) != 0) {
		return ERR_NOTFOUND;
	}
	item_leaf_take(branch->node.leaf, at);
	for (unsigned level = 0; level <= height; level++) {
		way[level]->count--;
		id_sum_sub(&way[level]->sum, &sum);
	}
	item_leaf_shrink(branch);
	for (unsigned level = 1; level <= height; level++) {
		item_inner_tidy(way[level]->node.inner, which[level], level - 1);
	}
	lower_root(tree);
	return 0;
}

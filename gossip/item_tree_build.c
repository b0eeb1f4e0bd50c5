#include "gossip/item_tree.h"
#include "gossip/item_tree_node.h"

/* Seven eighths: what comes next finds room, and the memory is still near the data. */
#define LEAF_FILL   (ITEM_TREE_LEAF_MAX / 8 * 7)
#define BRANCH_FILL (ITEM_TREE_BRANCH_MAX / 8 * 7)

/* check_order - strictly ascending, and nothing at infinity */
static int
check_order(const struct item *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (items[i].timestamp == ITEM_TIMESTAMP_INFINITY) {
			return ERR_RANGE;
		}
		const int order = i == 0 ? -1 : item_cmp(&items[i - 1], &items[i]);
		if (order >= 0) {
			return order == 0 ? ERR_EXISTS : ERR_INVALID;
		}
	}
	return 0;
}

/* capacity - how many items a node of this level is to hold */
static size_t
capacity(unsigned level)
{
	size_t items = LEAF_FILL;

	while (level-- > 0) {
		if (__builtin_mul_overflow(items, BRANCH_FILL, &items)) {
			return SIZE_MAX;
		}
	}
	return items;
}

static int
build_leaf(const struct item *items, size_t n, struct item_branch *branch)
{
	if (item_leaf_fit(branch, n) != 0) {
		return ERR_NOMEM;
	}
	memcpy(branch->node.leaf->items, items, n * sizeof(*items));
	branch->node.leaf->len = (uint32_t)n;
	item_sum_add(&branch->sum, items, n);
	branch->count = n;
	return 0;
}

/* build_branch - a node of this level and all below it, from n > 0 items shared out evenly */
static int
build_branch(const struct item *items, size_t n, unsigned level, struct item_branch *branch)
{
	*branch = (struct item_branch){.low = items[0]};
	if (level == 0) {
		return build_leaf(items, n, branch);
	}
	struct item_inner *inner = item_inner_new();
	if (inner == NULL) {
		return ERR_NOMEM;
	}
	branch->node.inner = inner;
	const size_t children = (n - 1) / capacity(level - 1) + 1;
	for (size_t i = 0; i < children; i++) {
		const size_t share = n / children + (i < n % children ? 1 : 0);
		struct item_branch *child = &inner->branch[i];
		if (build_branch(items, share, level - 1, child) != 0) {
			item_branch_free(branch, level);
			return ERR_NOMEM;
		}
		inner->len++;
		branch->count += child->count;
		id_sum_add(&branch->sum, &child->sum);
		items += share;
	}
	return 0;
}

int
item_tree_build(struct item_tree *tree, const struct item *items, size_t n)
{
	struct item_branch root;
	unsigned height = 0;
	int ret = check_order(items, n);

	if (ret != 0) {
		return ret;
	}
	if (tree->root.count != 0) {
		return ERR_NOTREADY;
	}
	if (n == 0) {
		return 0;
	}
	while (capacity(height) < n) {
		height++;
	}
	ret = build_branch(items, n, height, &root);
	if (ret == 0) {
		tree->root = root;
		tree->height = height;
	}
	return ret;
}

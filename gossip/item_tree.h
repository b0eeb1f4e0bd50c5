/*
 * item_tree.h - an ordered set of items that knows where each stands and what any run of them
 * sums to.
 *
 * A B+ tree. Items lie in leaves ("buckets") of at most 512, sorted; an inner node has at most
 * 64 branches, and each branch carries the number of items below it and the sum of their ids:
 *
 *              inner   | count sum low | count sum low | ...
 *                          |               |
 *              leaf    | item item ... | item item ... |
 *
 * So insert, remove, rank, select and the sum of any range by index take a number of steps
 * logarithmic in the number of items, whether the items spread over years or share one second:
 * only the order of the pairs (timestamp, id) matters. A tree of 1,000,000 items has two levels
 * of inner nodes. Neighbours that together fill at most three quarters of one node are joined
 * when an item is removed, so a tree that has shrunk is small and flat again. Leaves grow and
 * shrink in steps of 64 items: about 45 bytes for each item of 40.
 *
 * A tree is changed by one thread, and read by any number while nobody changes it. Pointers
 * into it are good until the next change.
 */
#ifndef GOSSIP_ITEM_TREE_H
#define GOSSIP_ITEM_TREE_H

#include "common/base/attr.h"
#include "common/base/err.h"
#include "gossip/id_sum.h"
#include "gossip/item.h"

#define ITEM_TREE_LEAF_MAX   512
#define ITEM_TREE_BRANCH_MAX 64

/** Levels of inner nodes. A node splits into halves: 32^12 leaves are more than memory has. */
#define ITEM_TREE_HEIGHT_MAX 12

struct item_leaf;
struct item_inner;

/** Private. Which of the two a node is follows from its level. */
union item_node {
	struct item_leaf *leaf;
	struct item_inner *inner;
};

/**
 * Private. `low` is not above any item of this branch, and above every item of the one before.
 */
struct item_branch {
	union item_node node;
	uint64_t count;
	struct id_sum sum;
	struct item low;
};

/** Fields are private. */
struct item_tree {
	struct item_branch root;
	unsigned height;
};

/** Starts empty, without allocating. */
void item_tree_init(struct item_tree *tree);

/** Releases all and leaves an empty tree. */
void item_tree_fini(struct item_tree *tree);

/**
 * Fills an empty tree with n items in strictly ascending order; copies. Much faster than
 * inserting them.
 * @return 0; ERR_INVALID when they are not in order, ERR_EXISTS when two are the same,
 *         ERR_RANGE when one is at infinity, ERR_NOTREADY when the tree is not empty,
 *         ERR_NOMEM. The tree stays empty then.
 */
NODISCARD int item_tree_build(struct item_tree *tree, const struct item *items, size_t n);

/**
 * Copies one item into the set.
 * @return 0; ERR_EXISTS when it is there already, ERR_RANGE when it is at infinity, ERR_NOMEM,
 *         ERR_FULL at the greatest height. The set is unchanged then.
 */
NODISCARD int item_tree_insert(struct item_tree *tree, const struct item *item);

/**
 * Takes one item out of the set; never fails for want of memory. `item` must not point into the
 * tree.
 * @return 0, or ERR_NOTFOUND.
 */
NODISCARD int item_tree_remove(struct item_tree *tree, const struct item *item);

/** Number of items. */
uint64_t item_tree_count(const struct item_tree *tree);

/** Number of items below `bound`, which is also the index of the first that is not. */
uint64_t item_tree_rank(const struct item_tree *tree, const struct item *bound);

/** The item with this index, 0 the lowest; borrowed. The index must be below the count. */
const struct item *item_tree_select(const struct item_tree *tree, uint64_t index);

/**
 * To walk over items: those from `index` on that lie side by side, at least one; borrowed.
 * Continue at index + *len_out. The index must be below the count.
 */
const struct item *item_tree_run(const struct item_tree *tree, uint64_t index, size_t *len_out);

/** Sum of the ids of the first n items; n must not be above the count. */
void item_tree_sum_first(const struct item_tree *tree, uint64_t n, struct id_sum *out);

/** Sum of the ids of the items with index from..to-1; from <= to <= count. */
void item_tree_sum(
	const struct item_tree *tree, uint64_t from, uint64_t to, struct id_sum *out);

#endif

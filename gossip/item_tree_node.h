/*
 * item_tree_node.h - the nodes of an item_tree: for item_tree*.c alone.
 *
 * A leaf holds sorted items, an inner node branches in order. A branch is the pointer to a node
 * with what its parent knows of it; functions that move items or branches between nodes keep
 * counts and sums of both branches right. Level 0 is that of leaves.
 */
#ifndef GOSSIP_ITEM_TREE_NODE_H
#define GOSSIP_ITEM_TREE_NODE_H

#include "gossip/item_tree.h"

/**
 * Leaves grow and shrink by so many items: 2.5 kB, so that a leaf wastes 32 items on average.
 */
#define ITEM_LEAF_STEP 64

struct item_leaf {
	uint32_t len;
	uint32_t cap;
	struct item items[];
};

struct item_inner {
	uint32_t len;
	struct item_branch branch[ITEM_TREE_BRANCH_MAX];
};

/** Adds the ids of n items. */
void item_sum_add(struct id_sum *sum, const struct item *items, size_t n);

/** Index of the first item not below `item`. */
size_t item_leaf_find(const struct item_leaf *leaf, const struct item *item);

/**
 * Makes room for n items in all; the leaf may move, and is made where there is none.
 * @return 0, or ERR_NOMEM.
 */
NODISCARD int item_leaf_fit(struct item_branch *branch, size_t n);

/** Gives back memory where two steps are unused. */
void item_leaf_shrink(struct item_branch *branch);

/**
 * Puts an item at an index, for which there is room; takes one away. The branches are the
 * caller's.
 */
void item_leaf_put(struct item_leaf *leaf, size_t at, const struct item *item);
void item_leaf_take(struct item_leaf *leaf, size_t at);

/** Moves the items from `keep` on to the front of `to`, an empty leaf with room. */
void item_leaf_move(struct item_branch *from, size_t keep, struct item_branch *to);

/** Without branches; NULL when there is no memory. */
struct item_inner *item_inner_new(void);
void item_inner_free(struct item_inner *inner);

/** Index of the branch where `item` is or belongs. */
size_t item_inner_find(const struct item_inner *inner, const struct item *item);

/** Puts a branch at an index, for which there is room. */
void item_inner_put(struct item_inner *inner, size_t at, const struct item_branch *branch);

/** Moves the branches from `keep` on into `to`, an empty inner node. */
void item_inner_move(struct item_branch *from, size_t keep, struct item_branch *to);

/**
 * After branch `at`, with a node of this level, lost something: drops it when it is empty, or
 * joins it with a neighbour when one node holds both and stays a quarter empty. Without memory
 * it leaves them apart.
 */
void item_inner_tidy(struct item_inner *inner, size_t at, unsigned level);

/** Releases the node of a branch, whose level this is, and all below it. */
void item_branch_free(struct item_branch *branch, unsigned level);

#endif

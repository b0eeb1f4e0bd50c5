/*
 * store_tree.h - the persistent ordered tree behind store_mem; private to common/store.
 *
 * A weight-balanced tree (Adams 1993; balance parameters of Hirai and Yamamoto 2011) whose
 * nodes never change: inserting and removing copy the nodes on the path and share the rest.
 * So a snapshot is one counted reference to a root, and running out of memory half-way leaves
 * the old tree as it was. Nodes know the size of their subtree, which gives ranks, and so the
 * size of a set, in O(log n), as everything here is. NULL is the empty tree.
 *
 * Plain tables are ordered by key, tables of sets by (key, value); which it is follows from
 * whether positions carry a value, and must be the same for all changes of a tree.
 */
#ifndef COMMON_STORE_STORE_TREE_H
#define COMMON_STORE_STORE_TREE_H

#include "common/base/err.h"
#include "common/base/slice.h"

struct store_tree;

/** An entry; shared by all versions of the tree that hold it. */
struct store_item;

/** Where something is in the order; without a value it stands for all entries of its key. */
struct store_position {
	struct slice key;
	const struct slice *value; /**< borrowed, may be NULL */
};

/** Both are borrowed from the item. */
struct slice store_item_key(const struct store_item *item);
struct slice store_item_value(const struct store_item *item);

/** One more reference to a root, from any thread. Returns it. */
struct store_tree *store_tree_ref(struct store_tree *tree);
void store_tree_unref(struct store_tree *tree);

size_t store_tree_size(const struct store_tree *tree);

/** Puts in an entry, instead of the one at the same position. @return 0 or ERR_NOMEM. */
NODISCARD int store_tree_insert(
	struct store_tree **root, const struct store_position *where, struct slice value);

/** Takes out the first entry at the position. @return 0, ERR_NOTFOUND, ERR_NOMEM. */
NODISCARD int store_tree_remove(struct store_tree **root, const struct store_position *where);

/**
 * The first entry at or after the position; is_after: behind all that are at it. NULL where
 * there is none.
 */
const struct store_item *store_tree_find(
	const struct store_tree *tree, const struct store_position *where, bool is_after);

/** How many entries lie before what store_tree_find finds. */
size_t store_tree_rank(
	const struct store_tree *tree, const struct store_position *where, bool is_after);

/** The last entry, NULL where there is none. */
const struct store_item *store_tree_last(const struct store_tree *tree);

#endif

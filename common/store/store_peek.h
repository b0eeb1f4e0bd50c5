/*
 * store_peek.h - sets of several keys, looked up together in the mapped pages of an LMDB file.
 *
 * A look-up in a large table costs little work and much waiting: each level of the tree is a
 * page that is in no cache, and so is each node on the way of a search in it. LMDB looks up one
 * key at a time, so it waits for each. Here the keys of a batch go down side by side, one step
 * of each in turn: what a step will look at is called for (prefetch), and comes while the
 * others make theirs. For the twenty lists of one decision of the metric that takes a fraction
 * of the time.
 *
 * Pure reading of pages that a snapshot keeps from reuse (store_format.h). Sees sets that lie
 * in one node, which are nearly all. At anything else, large sets and what looks damaged, it
 * says that it does not know, and the caller asks LMDB, so nothing depends on it but time.
 * Private to common/store.
 */
#ifndef COMMON_STORE_STORE_PEEK_H
#define COMMON_STORE_STORE_PEEK_H

#include "common/store/store.h"
#include "common/store/store_format.h"

/** A file's pages in memory, as far as a snapshot may refer to them. */
struct store_map {
	const uint8_t *bytes;
	size_t page_size;
	size_t page_count;
};

/** The tree of a table from its record in the main tree. False when it is none. */
bool store_peek_tree(struct slice record, struct format_tree *out);

/** Looks up sets; keys and out as in store_sets_peek(). */
void store_peek_sets(const struct store_map *map, const struct format_tree *tree,
	const uint32_t *keys, size_t count, struct store_peek *out);

#endif

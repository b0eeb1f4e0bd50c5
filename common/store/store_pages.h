/*
 * store_pages.h - the pages of an LMDB file, looked at before LMDB trusts them.
 *
 * LMDB maps the file and believes what it reads: a page size of 0 divides by it, a page
 * behind the end of the file is SIGBUS, an offset that leaves its page reads anywhere. So
 * the header pages are checked before the file is mapped, and after that, under a snapshot
 * that keeps its pages from reuse, every page that can be reached. Pure reading with
 * pread(2): nothing is mapped here. Private to common/store.
 *
 * A file may be shorter than its last used page says: pages that were taken and given back
 * in one transaction are never written. Whether a short file is whole, only its trees tell.
 *
 * LMDB's format 1, native byte order, sizes for 64 bit. A header page (page 0 and page 1):
 *
 *	 0  page head                 16
 *	16  magic 0xbeefc0de           4
 *	20  format version 1           4
 *	24  fixed address              8
 *	32  map size                   8
 *	40  tree of free pages        48, of which the first 4 are the page size
 *	88  main tree                 48
 *	136 last page used             8
 *	144 transaction                8
 *
 * A page head, after which come offsets of nodes, 2 bytes each, or values of one size:
 *
 *	 0  page number                8
 *	 8  size of the values         2   pages of values of one size only
 *	10  flags                      2   1 branch, 2 leaf, 4 overflow, 8 header, 0x20 values of one size
 *	12  end of the offsets         2   overflow pages: their count, 4
 *	14  start of the nodes         2
 *
 * A tree: page size (sets: size of the values) 4, flags 2, depth 2, four counts 32, root page 8. A node: size of the data
 * (branches: child page, with the flags as its highest bits) 4, flags 2, size of the key 2,
 * key, data. Flags of a node: 1 data on overflow pages, 2 data is a tree, 4 data is a set.
 */
#ifndef COMMON_STORE_STORE_PAGES_H
#define COMMON_STORE_STORE_PAGES_H

#include "common/base/attr.h"
#include "common/base/slice.h"

enum store_pages {
	STORE_PAGES_GOOD,
	STORE_PAGES_FOREIGN, /**< not LMDB's */
	STORE_PAGES_VERSION, /**< of another version of its format */
	STORE_PAGES_DAMAGED,
	STORE_PAGES_CUT, /**< the file is shorter than what it refers to */
	STORE_PAGES_CHANGED, /**< no header page is of that transaction any more: take a new snapshot */
	STORE_PAGES_NOMEM,
};

/** Looks at the two header pages. */
NODISCARD enum store_pages store_pages_check_headers(int fd, uint64_t file_size);

/**
 * Follows all trees of the transaction, which must be held open. Costs one read a page, so
 * files above full_max_bytes are only followed when they are shorter than their last page.
 */
NODISCARD enum store_pages store_pages_check_trees(
	int fd, uint64_t file_size, uint64_t txn, uint64_t full_max_bytes);

#endif

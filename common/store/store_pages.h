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
 * What pages look like: store_format.h.
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

/*
 * store_format.h - LMDB's file format 1, native byte order, sizes for 64 bit; private to
 * common/store.
 *
 * A header page (page 0 and page 1):
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
 * A tree: page size (sets: size of the values) 4, flags 2, depth 2, four counts 32, root page
 * 8. A node: size of the data (branches: child page, with the flags as its highest bits) 4,
 * flags 2, size of the key 2, key, data. Flags of a node: 1 data on overflow pages, 2 data is a
 * tree, 4 data is a set. The nodes of a page are in order of their keys; the first of a branch
 * stands for all below the second.
 */
#ifndef COMMON_STORE_STORE_FORMAT_H
#define COMMON_STORE_STORE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define FORMAT_MAGIC      0xbeefc0deU
#define FORMAT_VERSION    1
#define FORMAT_PAGE_MIN   512 /* sizes of a page */
#define FORMAT_PAGE_MAX   32768
#define FORMAT_PAGE_FIRST 2 /* behind the header pages */
#define FORMAT_ROOT_NONE  SIZE_MAX

/* LMDB's own cursors are no deeper. */
#define FORMAT_DEPTH_MAX 32

#define FORMAT_BRANCH   0x01
#define FORMAT_LEAF     0x02
#define FORMAT_OVERFLOW 0x04
#define FORMAT_META     0x08
#define FORMAT_KINDS    (FORMAT_BRANCH | FORMAT_LEAF | FORMAT_OVERFLOW | FORMAT_META)
#define FORMAT_FIXED    0x20 /* values of one size */
#define FORMAT_SUB      0x40 /* a small set inside a node */

#define FORMAT_NODE_BIG  0x01
#define FORMAT_NODE_TREE 0x02
#define FORMAT_NODE_SET  0x04

/* These four are native to the machine. */

struct format_page {
	size_t number;
	uint16_t value_size;
	uint16_t flags;
	uint16_t lower;
	uint16_t upper;
};

struct format_tree {
	uint32_t page_size; /* of the tree of free pages; of a set: the size of its values */
	uint16_t flags;
	uint16_t depth;
	size_t branch_pages;
	size_t leaf_pages;
	size_t overflow_pages;
	size_t entries;
	size_t root;
};

struct format_meta {
	struct format_page head;
	uint32_t magic;
	uint32_t version;
	size_t address;
	size_t map_size;
	struct format_tree free_tree;
	struct format_tree main_tree;
	size_t last_page;
	size_t txn;
};

struct format_node {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint16_t low;
	uint16_t high;
#else
	uint16_t high;
	uint16_t low;
#endif
	uint16_t flags;
	uint16_t key_size;
};

/** The page below a node of a branch. */
static inline size_t
format_node_child(const struct format_node *node)
{
	return (size_t)node->flags << 32 | (size_t)node->high << 16 | node->low;
}

/** The size of the data of a node of a leaf. */
static inline size_t
format_node_size(const struct format_node *node)
{
	return (size_t)node->high << 16 | node->low;
}

#endif

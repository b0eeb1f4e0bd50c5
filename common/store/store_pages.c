#include "common/store/store_pages.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/store/store_format.h"

/* Its keys are integers. */
#define FREE_TREE_FLAGS 0x08

/* What a tree's leaves hold. */
enum content {
	CONTENT_TABLES, /* the main tree: records of tables */
	CONTENT_ROWS,   /* a table: values, or sets of them */
	CONTENT_VALUES, /* one set: values alone */
	CONTENT_FREE,   /* lists of free pages */
};

struct walk {
	int fd;
	uint64_t file_size;
	size_t page_size;
	size_t last_page;
	size_t value_size; /* of the set that is followed at the moment */
	size_t visited;    /* more than there are pages: they refer in a circle */
};

static enum store_pages
check_meta(const struct format_meta *m, uint64_t file_size)
{
	size_t page_size = m->free_tree.page_size;
	const struct format_tree *trees[] = {&m->free_tree, &m->main_tree};

	if ((m->head.flags & FORMAT_META) == 0 || m->magic != FORMAT_MAGIC) {
		return STORE_PAGES_FOREIGN;
	}
	if (m->version != FORMAT_VERSION) {
		return STORE_PAGES_VERSION;
	}
	if (page_size < FORMAT_PAGE_MIN || page_size > FORMAT_PAGE_MAX ||
		(page_size & (page_size - 1)) != 0) {
		return STORE_PAGES_DAMAGED;
	}
	/* Other flags would have LMDB map at a fixed address, or compare in other ways. */
	if (m->free_tree.flags != FREE_TREE_FLAGS || m->main_tree.flags != 0) {
		return STORE_PAGES_DAMAGED;
	}
	for (size_t i = 0; i < ARRAY_LEN(trees); i++) {
		if (trees[i]->root == FORMAT_ROOT_NONE) {
			continue;
		}
		if (trees[i]->root < FORMAT_PAGE_FIRST || trees[i]->root > m->last_page) {
			return STORE_PAGES_DAMAGED;
		}
		if (trees[i]->root >= file_size / page_size) {
			return STORE_PAGES_CUT;
		}
	}
	return file_size / page_size < 2 ? STORE_PAGES_CUT : STORE_PAGES_GOOD;
}

/* read_metas - both header pages */
static enum store_pages
read_metas(int fd, struct format_meta metas[2])
{
	if (pread(fd, &metas[0], sizeof(metas[0]), 0) != (ssize_t)sizeof(metas[0])) {
		return STORE_PAGES_FOREIGN;
	}
	if (pread(fd, &metas[1], sizeof(metas[1]), (off_t)metas[0].free_tree.page_size) !=
		(ssize_t)sizeof(metas[1])) {
		return STORE_PAGES_CUT;
	}
	return STORE_PAGES_GOOD;
}

enum store_pages
store_pages_check_headers(int fd, uint64_t file_size)
{
	struct format_meta metas[2];
	enum store_pages can_read = read_metas(fd, metas);
	enum store_pages state;

	if (can_read == STORE_PAGES_FOREIGN) {
		return can_read;
	}
	state = check_meta(&metas[0], file_size);
	if (state != STORE_PAGES_GOOD || can_read != STORE_PAGES_GOOD) {
		return state != STORE_PAGES_GOOD ? state : can_read;
	}
	if (metas[1].free_tree.page_size != metas[0].free_tree.page_size) {
		return STORE_PAGES_DAMAGED;
	}
	state = check_meta(&metas[1], file_size);
	return state == STORE_PAGES_FOREIGN ? STORE_PAGES_DAMAGED : state;
}

/* read_page - head and bytes of one page, into a buffer of its size */
static enum store_pages
read_page(struct walk *w, size_t number, uint8_t *buf, struct format_page *head)
{
	if (number < FORMAT_PAGE_FIRST || number > w->last_page ||
		++w->visited > w->last_page) {
		return STORE_PAGES_DAMAGED;
	}
	if (number >= w->file_size / w->page_size ||
		pread(w->fd, buf, w->page_size, (off_t)(number * w->page_size)) !=
			(ssize_t)w->page_size) {
		return STORE_PAGES_CUT;
	}
	memcpy(head, buf, sizeof(*head));
	return head->number == number ? STORE_PAGES_GOOD : STORE_PAGES_DAMAGED;
}

/* check_big - data on overflow pages: enough of them, and in the file */
static enum store_pages
check_big(struct walk *w, const uint8_t *data, size_t size, enum content content)
{
	struct format_page head;
	uint8_t *buf = malloc(w->page_size);
	enum store_pages state = STORE_PAGES_NOMEM;
	size_t number;
	size_t count;
	uint32_t pages;

	memcpy(&number, data, sizeof(number));
	if (buf != NULL) {
		state = read_page(w, number, buf, &head);
	}
	if (state == STORE_PAGES_GOOD) {
		memcpy(&pages, buf + offsetof(struct format_page, lower), sizeof(pages));
		memcpy(&count, buf + sizeof(head), sizeof(count));
		if ((head.flags & FORMAT_OVERFLOW) == 0 || pages > w->last_page ||
			(size_t)pages * w->page_size < sizeof(head) + size ||
			(content == CONTENT_FREE && count >= size / sizeof(count))) {
			state = STORE_PAGES_DAMAGED;
		} else if (number + pages > w->file_size / w->page_size) {
			state = STORE_PAGES_CUT;
		}
	}
	free(buf);
	return state;
}

/* is_fixed_good - the values of a page, or small set, of values of one size */
static bool
is_fixed_good(const struct format_page *head, size_t room)
{
	size_t count = (head->lower - sizeof(*head)) / 2;

	return head->value_size > 0 && sizeof(*head) + count * head->value_size <= room;
}

/* read_node - the i-th of a page; its key, and data where it is a leaf's, lie within room bytes */
static bool
read_node(const uint8_t *page, const struct format_page *head, size_t room, size_t i,
	struct format_node *node, struct slice *data)
{
	uint16_t offset;
	size_t end;
	size_t size;

	memcpy(&offset, page + sizeof(*head) + i * sizeof(offset), sizeof(offset));
	if (offset < head->lower || offset + sizeof(*node) > room) {
		return false;
	}
	memcpy(node, page + offset, sizeof(*node));
	end = offset + sizeof(*node) + node->key_size;
	if (end > room) {
		return false;
	}
	if ((head->flags & FORMAT_BRANCH) != 0) {
		*data = slice_of(page + end, 0);
		return true;
	}
	size = format_node_size(node);
	*data = slice_of(page + end, size);
	if ((node->flags & FORMAT_NODE_BIG) != 0) {
		return room - end >= sizeof(size_t);
	}
	return size <= room - end;
}

/* is_head_good - offsets lie between the head and the nodes, and there are some */
static bool
is_head_good(const struct format_page *head, size_t room, size_t nodes_min)
{
	return head->lower >= sizeof(*head) + nodes_min * sizeof(uint16_t) &&
	       head->lower <= head->upper && head->upper <= room;
}

/* is_small_set_good - a set inside a node */
static bool
is_small_set_good(struct slice data)
{
	struct format_page head;
	struct format_node node;
	struct slice ignored;

	if (data.len < sizeof(head)) {
		return false;
	}
	memcpy(&head, data.data, sizeof(head));
	if ((head.flags & (FORMAT_LEAF | FORMAT_SUB)) != (FORMAT_LEAF | FORMAT_SUB) ||
		!is_head_good(&head, data.len, 1)) {
		return false;
	}
	if ((head.flags & FORMAT_FIXED) != 0) {
		return is_fixed_good(&head, data.len);
	}
	for (size_t i = 0; i < (head.lower - sizeof(head)) / 2; i++) {
		if (!read_node(data.data, &head, data.len, i, &node, &ignored)) {
			return false;
		}
	}
	return true;
}

static enum store_pages check_tree(
	struct walk *w, const struct format_tree *tree, enum content content);

/* check_leaf_node - what the data of one entry refers to */
static enum store_pages
check_leaf_node(
	struct walk *w, const struct format_node *node, struct slice data, enum content content)
{
	struct format_tree tree;
	size_t count;

	if ((node->flags & FORMAT_NODE_BIG) != 0) {
		return check_big(w, data.data, data.len, content);
	}
	if ((node->flags & FORMAT_NODE_TREE) != 0) {
		if (data.len != sizeof(tree) ||
			(content != CONTENT_TABLES && content != CONTENT_ROWS)) {
			return STORE_PAGES_DAMAGED;
		}
		memcpy(&tree, data.data, sizeof(tree));
		w->value_size = tree.page_size;
		return check_tree(
			w, &tree, content == CONTENT_TABLES ? CONTENT_ROWS : CONTENT_VALUES);
	}
	if ((node->flags & FORMAT_NODE_SET) != 0) {
		return is_small_set_good(data) ? STORE_PAGES_GOOD : STORE_PAGES_DAMAGED;
	}
	if (content == CONTENT_FREE) {
		if (data.len < sizeof(count)) {
			return STORE_PAGES_DAMAGED;
		}
		memcpy(&count, data.data, sizeof(count));
		return count < data.len / sizeof(count) ? STORE_PAGES_GOOD
							: STORE_PAGES_DAMAGED;
	}
	return STORE_PAGES_GOOD;
}

static enum store_pages check_page(
	struct walk *w, size_t number, unsigned int levels, enum content content);

/* check_nodes - of a branch or leaf, `levels` above the leaves */
static enum store_pages
check_nodes(struct walk *w, const uint8_t *page, const struct format_page *head,
	unsigned int levels, enum content content)
{
	enum store_pages state = STORE_PAGES_GOOD;
	size_t count = (head->lower - sizeof(*head)) / 2;
	struct format_node node;
	struct slice data;

	for (size_t i = 0; state == STORE_PAGES_GOOD && i < count; i++) {
		if (!read_node(page, head, w->page_size, i, &node, &data)) {
			return STORE_PAGES_DAMAGED;
		}
		if (levels == 0) {
			state = check_leaf_node(w, &node, data, content);
		} else {
			size_t child = format_node_child(&node);

			state = check_page(w, child, levels - 1, content);
		}
	}
	return state;
}

/* is_page_good - the head of a branch or leaf, and all of a page of values */
static bool
is_page_good(const struct walk *w, const struct format_page *head, unsigned int levels,
	enum content content)
{
	uint16_t kind = levels > 0 ? FORMAT_BRANCH : FORMAT_LEAF;

	/* A branch of one child makes LMDB stop the process. */
	if ((head->flags & FORMAT_KINDS) != kind ||
		!is_head_good(head, w->page_size, levels > 0 ? 2 : 1)) {
		return false;
	}
	return (head->flags & FORMAT_FIXED) == 0 ||
	       (levels == 0 && content == CONTENT_VALUES && head->value_size == w->value_size &&
		       is_fixed_good(head, w->page_size));
}

static enum store_pages
check_page(struct walk *w, size_t number, unsigned int levels, enum content content)
{
	uint8_t *buf = malloc(w->page_size);
	enum store_pages state = STORE_PAGES_NOMEM;
	struct format_page head;

	if (buf != NULL) {
		state = read_page(w, number, buf, &head);
	}
	if (state == STORE_PAGES_GOOD) {
		state = is_page_good(w, &head, levels, content) ? STORE_PAGES_GOOD
								: STORE_PAGES_DAMAGED;
	}
	if (state == STORE_PAGES_GOOD && (head.flags & FORMAT_FIXED) == 0) {
		state = check_nodes(w, buf, &head, levels, content);
	}
	free(buf);
	return state;
}

static enum store_pages
check_tree(struct walk *w, const struct format_tree *tree, enum content content)
{
	if (tree->root == FORMAT_ROOT_NONE) {
		return STORE_PAGES_GOOD;
	}
	if (tree->depth < 1 || tree->depth > FORMAT_DEPTH_MAX) {
		return STORE_PAGES_DAMAGED;
	}
	return check_page(w, tree->root, tree->depth - 1U, content);
}

enum store_pages
store_pages_check_trees(int fd, uint64_t file_size, uint64_t txn, uint64_t full_max_bytes)
{
	struct format_meta metas[2];
	enum store_pages state = read_metas(fd, metas);
	const struct format_meta *meta = NULL;
	struct walk w = {.fd = fd, .file_size = file_size};

	for (size_t i = 0; state == STORE_PAGES_GOOD && i < ARRAY_LEN(metas); i++) {
		state = check_meta(&metas[i], file_size);
		if (metas[i].txn == txn) {
			meta = &metas[i];
		}
	}
	if (state != STORE_PAGES_GOOD) {
		return state;
	}
	if (meta == NULL) {
		return STORE_PAGES_CHANGED;
	}
	w.page_size = meta->free_tree.page_size;
	w.last_page = meta->last_page;
	if (file_size > full_max_bytes && meta->last_page < file_size / w.page_size) {
		return STORE_PAGES_GOOD;
	}
	state = check_tree(&w, &meta->main_tree, CONTENT_TABLES);
	return state == STORE_PAGES_GOOD ? check_tree(&w, &meta->free_tree, CONTENT_FREE)
					 : state;
}

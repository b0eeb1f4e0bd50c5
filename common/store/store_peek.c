#include "common/store/store_peek.h"

#include <endian.h>

#define KEY_LEN sizeof(uint32_t)

/* Where the search of one key stands. */
struct probe {
	const uint8_t *page; /* NULL: lost */
	uint32_t key;
};

static const uint8_t *
page_at(const struct store_map *map, size_t number)
{
	return number >= FORMAT_PAGE_FIRST && number < map->page_count
		       ? map->bytes + number * map->page_size
		       : NULL;
}

/* page_nodes - the number of nodes of a page of that kind; 0 when it is no such page */
static size_t
page_nodes(const struct store_map *map, const uint8_t *page, uint16_t kind)
{
	struct format_page head;

	memcpy(&head, page, sizeof(head));
	if (head.number * map->page_size != (size_t)(page - map->bytes) ||
		(head.flags & (FORMAT_KINDS | FORMAT_FIXED)) != kind ||
		head.lower < sizeof(head) || head.lower > head.upper ||
		head.upper > map->page_size) {
		return 0;
	}
	return (head.lower - sizeof(head)) / sizeof(uint16_t);
}

/* node_at - the i-th node of a page. NULL when it has not a key of four bytes, in the page */
static inline const uint8_t *
node_at(const uint8_t *page, size_t page_size, size_t i)
{
	const uint8_t *node;
	uint16_t offset;
	uint16_t key_size;

	memcpy(&offset, page + sizeof(struct format_page) + i * sizeof(offset), sizeof(offset));
	if (offset > page_size - sizeof(struct format_node) - KEY_LEN) {
		return NULL;
	}
	node = page + offset;
	memcpy(&key_size, node + offsetof(struct format_node, key_size), sizeof(key_size));
	return key_size == KEY_LEN ? node : NULL;
}

static inline uint32_t
key_of(const uint8_t *node)
{
	uint32_t key;

	memcpy(&key, node + sizeof(struct format_node), sizeof(key));
	return be32toh(key);
}

/*
 * last_at_most - the last of count nodes whose key is not above, the first one if there is none
 *
 * Of a branch the first node has no key and stands for all below the second. False when a node
 * is not as it should be.
 */
static bool
last_at_most(const uint8_t *page, size_t page_size, size_t count, uint32_t key, size_t *out)
{
	size_t base = 0;

	while (count > 1) {
		size_t half = count / 2;
		const uint8_t *node = node_at(page, page_size, base + half);

		if (node == NULL) {
			return false;
		}
		/* No branch: which way it goes cannot be foreseen. */
		base += half * (size_t)(key_of(node) <= key);
		count -= half;
	}
	*out = base;
	return true;
}

/* step_down - from a branch to the page below, which is called for */
static void
step_down(const struct store_map *map, struct probe *p)
{
	size_t count = page_nodes(map, p->page, FORMAT_BRANCH);
	struct format_node node;
	uint16_t offset;
	size_t i = 0;

	if (count == 0 || !last_at_most(p->page, map->page_size, count, p->key, &i)) {
		p->page = NULL;
		return;
	}
	memcpy(&offset, p->page + sizeof(struct format_page) + i * sizeof(offset),
		sizeof(offset));
	if (offset > map->page_size - sizeof(node)) {
		p->page = NULL;
		return;
	}
	memcpy(&node, p->page + offset, sizeof(node));
	p->page = page_at(map, format_node_child(&node));
	if (p->page != NULL) {
		__builtin_prefetch(p->page);
	}
}

/* small_set - the values of a set that lies in its node */
static bool
small_set(struct slice data, struct slice *out)
{
	const uint16_t set = FORMAT_LEAF | FORMAT_SUB | FORMAT_FIXED;
	struct format_page head;
	size_t len;

	if (data.len < sizeof(head)) {
		return false;
	}
	memcpy(&head, data.data, sizeof(head));
	if ((head.flags & set) != set || head.lower < sizeof(head)) {
		return false;
	}
	len = (head.lower - sizeof(head)) / sizeof(uint16_t) * head.value_size;
	if (len > data.len - sizeof(head)) {
		return false;
	}
	*out = slice_of(data.data + sizeof(head), len);
	return true;
}

/* node_values - the set of a node that ends within the page */
static bool
node_values(
	const struct store_map *map, const uint8_t *page, const uint8_t *at, struct slice *out)
{
	struct format_node node;
	struct slice data;

	memcpy(&node, at, sizeof(node));
	data = slice_of(at + sizeof(node) + KEY_LEN, format_node_size(&node));
	if (data.len > map->page_size - (size_t)(data.data - page)) {
		return false;
	}
	if (node.flags == 0) {
		*out = data; /* a single value */
		return true;
	}
	return node.flags == FORMAT_NODE_SET && small_set(data, out);
}

/* read_leaf - what the leaf has of the key */
static void
read_leaf(const struct store_map *map, const struct probe *p, struct store_peek *out)
{
	size_t count = page_nodes(map, p->page, FORMAT_LEAF);
	const uint8_t *node;
	size_t i = 0;

	if (count == 0 || !last_at_most(p->page, map->page_size, count, p->key, &i)) {
		return;
	}
	node = node_at(p->page, map->page_size, i);
	if (node == NULL) {
		return;
	}
	out->is_known = key_of(node) != p->key || node_values(map, p->page, node, &out->values);
	if (out->values.len > 0) {
		__builtin_prefetch(out->values.data);
		__builtin_prefetch(out->values.data + 64);
		__builtin_prefetch(out->values.data + 128);
	}
}

bool
store_peek_tree(struct slice record, struct format_tree *out)
{
	if (record.len != sizeof(*out)) {
		return false;
	}
	memcpy(out, record.data, sizeof(*out));
	return true;
}

void
store_peek_sets(const struct store_map *map, const struct format_tree *tree,
	const uint32_t *keys, size_t count, struct store_peek *out)
{
	struct probe probes[STORE_PEEK_MAX];
	const uint8_t *root = page_at(map, tree->root);

	for (size_t i = 0; i < count; i++) {
		probes[i] = (struct probe){root, keys[i]};
		out[i] = (struct store_peek){.is_known = tree->root == FORMAT_ROOT_NONE};
	}
	for (uint16_t level = 1; level < tree->depth; level++) {
		for (size_t i = 0; i < count; i++) {
			if (probes[i].page != NULL) {
				step_down(map, &probes[i]);
			}
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (probes[i].page != NULL) {
			read_leaf(map, &probes[i], &out[i]);
		}
	}
}

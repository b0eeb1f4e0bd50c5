#include "common/store/store_peek.h"

#include <endian.h>

#define KEY_LEN sizeof(uint32_t)

/* Of the values so much is called for; the processor sees the rest coming. */
#define PREFETCH_MAX 256
#define CACHE_LINE   64

/* Where the search of one key stands. */
struct probe {
	const uint8_t *page; /* NULL: lost */
	const uint8_t *node; /* the one to be looked at next, which is called for */
	size_t base;         /* the wanted node is this one or one of the count - 1 behind it */
	size_t count;
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

/*
 * node_at - the i-th node of a page, which is not touched. NULL when head and key would leave
 * the page
 */
static inline const uint8_t *
node_at(const uint8_t *page, size_t page_size, size_t i)
{
	uint16_t offset;

	memcpy(&offset, page + sizeof(struct format_page) + i * sizeof(offset), sizeof(offset));
	return offset > page_size - sizeof(struct format_node) - KEY_LEN ? NULL : page + offset;
}

static inline bool
has_key(const uint8_t *node)
{
	uint16_t key_size;

	memcpy(&key_size, node + offsetof(struct format_node, key_size), sizeof(key_size));
	return key_size == KEY_LEN;
}

static inline uint32_t
key_of(const uint8_t *node)
{
	uint32_t key;

	memcpy(&key, node + sizeof(struct format_node), sizeof(key));
	return be32toh(key);
}

/* aim - at the node in the middle */
static inline void
aim(const struct store_map *map, struct probe *p)
{
	if (p->count > 1) {
		p->node = node_at(p->page, map->page_size, p->base + p->count / 2);
		__builtin_prefetch(p->node);
	}
}

/*
 * halve - the nodes that it may be. False when it is one
 *
 * Ends at the last one whose key is not above, or the first one if there is none. Of a branch the
 * first one has no key and stands for all below the second.
 */
static inline bool
halve(const struct store_map *map, struct probe *p)
{
	size_t half = p->count / 2;

	if (p->page == NULL || half == 0) {
		return false;
	}
	if (p->node == NULL || !has_key(p->node)) {
		p->page = NULL;
		return false;
	}
	/* No branch: which way it goes cannot be foreseen. */
	p->base += half * (size_t)(key_of(p->node) <= p->key);
	p->count -= half;
	aim(map, p);
	return true;
}

/* search_pages - one step of each in turn, so that the memory of all others comes meanwhile */
static void
search_pages(const struct store_map *map, struct probe *probes, size_t count, uint16_t kind)
{
	bool is_searching = true;

	for (size_t i = 0; i < count; i++) {
		struct probe *p = &probes[i];

		p->base = 0;
		p->count = p->page == NULL ? 0 : page_nodes(map, p->page, kind);
		if (p->count == 0) {
			p->page = NULL;
		}
		aim(map, p);
	}
	while (is_searching) {
		is_searching = false;
		for (size_t i = 0; i < count; i++) {
			is_searching |= halve(map, &probes[i]);
		}
	}
}

/* step_down - from the node of a branch to the page below, which is called for */
static void
step_down(const struct store_map *map, struct probe *p)
{
	struct format_node node;
	uint16_t offset;

	memcpy(&offset, p->page + sizeof(struct format_page) + p->base * sizeof(offset),
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

/* call_for - the first of the values, which are walked over soon */
static void
call_for(struct slice values)
{
	for (size_t at = 0; at < values.len && at < PREFETCH_MAX; at += CACHE_LINE) {
		__builtin_prefetch(values.data + at);
	}
}

/* read_leaf - what the leaf has of the key */
static void
read_leaf(const struct store_map *map, const struct probe *p, struct store_peek *out)
{
	const uint8_t *node = node_at(p->page, map->page_size, p->base);

	if (node == NULL || !has_key(node)) {
		return;
	}
	out->is_known = key_of(node) != p->key || node_values(map, p->page, node, &out->values);
	call_for(out->values);
}

bool
store_peek_tree(struct slice record, struct format_tree *out)
{
	if (record.len != sizeof(*out)) {
		return false;
	}
	memcpy(out, record.data, sizeof(*out));
	return out->depth <= FORMAT_DEPTH_MAX;
}

void
store_peek_sets(const struct store_map *map, const struct format_tree *tree,
	const uint32_t *keys, size_t count, struct store_peek *out)
{
	struct probe probes[STORE_PEEK_MAX];
	const uint8_t *root = page_at(map, tree->root);

	for (size_t i = 0; i < count; i++) {
		probes[i] = (struct probe){.page = root, .key = keys[i]};
		out[i] = (struct store_peek){.is_known = tree->root == FORMAT_ROOT_NONE};
	}
	for (uint16_t level = 1; level < tree->depth; level++) {
		search_pages(map, probes, count, FORMAT_BRANCH);
		for (size_t i = 0; i < count; i++) {
			if (probes[i].page != NULL) {
				step_down(map, &probes[i]);
			}
		}
	}
	search_pages(map, probes, count, FORMAT_LEAF);
	for (size_t i = 0; i < count; i++) {
		if (probes[i].page != NULL) {
			read_leaf(map, &probes[i], &out[i]);
		}
	}
}

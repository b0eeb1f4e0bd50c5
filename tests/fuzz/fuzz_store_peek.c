/*
 * Pages of an LMDB file that anybody may have written: what is found lies within them.
 *
 * The input: the page size (512 shifted left by the first byte, modulo 4), a table's record in
 * the main tree, then the file's pages. The numbers 0 to 13 are looked up in it, and what the
 * last bytes name.
 */
#include <assert.h>
#include <stdlib.h>

#include "common/store/store_peek.h"

#define KEYS STORE_PEEK_MAX

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
lies_within(struct slice values, const struct store_map *map)
{
	size_t len = map->page_size * map->page_count;

	return values.len == 0 ||
	       (values.data >= map->bytes && (size_t)(values.data - map->bytes) <= len &&
		       values.len <= len - (size_t)(values.data - map->bytes));
}

static void
look_up(const struct store_map *map, const struct format_tree *tree, struct slice input)
{
	struct store_peek found[KEYS];
	uint32_t keys[KEYS];

	for (uint32_t i = 0; i < KEYS; i++) {
		keys[i] = i;
	}
	for (size_t i = 0; i < 2 && input.len >= sizeof(keys[0]); i++) {
		input.len -= sizeof(keys[0]);
		memcpy(&keys[KEYS - 1 - i], input.data + input.len, sizeof(keys[0]));
	}
	store_peek_sets(map, tree, keys, KEYS, found);
	for (size_t i = 0; i < KEYS; i++) {
		assert(lies_within(found[i].values, map));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_of(data, size);
	struct format_tree tree;
	struct slice pages = slice_skip(input, 1 + sizeof(tree));
	struct store_map map = {0};
	uint8_t *copy = NULL;

	if (size < 1 + sizeof(tree) ||
		!store_peek_tree(slice_take(slice_skip(input, 1), sizeof(tree)), &tree)) {
		return 0;
	}
	map.page_size = (size_t)FORMAT_PAGE_MIN << (data[0] % 4);
	map.page_count = pages.len / map.page_size;
	/* At a page's alignment, as they are mapped, and not a byte longer. */
	copy = aligned_alloc(FORMAT_PAGE_MIN, map.page_count * map.page_size);
	if (copy == NULL) {
		return 0;
	}
	memcpy(copy, pages.data, map.page_count * map.page_size);
	map.bytes = copy;
	look_up(&map, &tree, input);
	free(copy);
	return 0;
}

#include "common/conf/strlist.h"

#include <assert.h>

#include "common/base/err.h"
#include "common/conf/glob.h"

#define LIST_CAPACITY_MIN 8

/*
 * new_capacity - how many entries a list must be moved to have room for; 0 when it may stay
 * where it is: it is in this arena already and has room
 */
static size_t
new_capacity(size_t count, size_t extra, size_t capacity, bool is_ours)
{
	size_t wanted = extra == 0 ? count : count * 2 + extra;

	if (is_ours && count + extra <= capacity) {
		return 0;
	}
	return wanted < LIST_CAPACITY_MIN ? LIST_CAPACITY_MIN : wanted;
}

/* move_items - copies entries to memory of the arena for `capacity` of them; NULL on failure */
static void *
move_items(
	const void *items, size_t item_size, size_t count, size_t capacity, struct arena *arena)
{
	void *copy = arena_alloc_array(arena, capacity, item_size);

	if (copy != NULL && count > 0) {
		memcpy(copy, items, count * item_size);
	}
	return copy;
}

static int
strlist_own(struct strlist *list, struct arena *arena, size_t extra)
{
	size_t capacity =
		new_capacity(list->count, extra, list->capacity, list->arena == arena);
	struct slice *items = NULL;

	if (capacity == 0) {
		return 0;
	}
	items = move_items(list->items, sizeof(*items), list->count, capacity, arena);
	if (items == NULL) {
		return ERR_NOMEM;
	}
	list->items = items;
	list->capacity = capacity;
	list->arena = arena;
	return 0;
}

/* append - takes a text that is in the arena already; NULL data is the failure of the copy */
static int
append(struct strlist *list, struct arena *arena, struct slice copy)
{
	if (copy.data == NULL || strlist_own(list, arena, 1) != 0) {
		return ERR_NOMEM;
	}
	assert(list->count < list->capacity);
	list->items[list->count++] = copy;
	return 0;
}

int
strlist_add(struct strlist *list, struct arena *arena, struct slice text)
{
	return append(list, arena, arena_copy(arena, text));
}

int
strlist_add_lower(struct strlist *list, struct arena *arena, struct slice text)
{
	uint8_t *copy = arena_alloc(arena, text.len);

	for (size_t i = 0; copy != NULL && i < text.len; i++) {
		copy[i] = ascii_lower(text.data[i]);
	}
	return append(list, arena, slice_of(copy, text.len));
}

int
strlist_remove(struct strlist *list, struct arena *arena, struct slice text)
{
	size_t kept = 0;

	if (!strlist_has(list, text)) {
		return 0;
	}
	if (strlist_own(list, arena, 0) != 0) {
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (!slice_eq_nocase(list->items[i], text)) {
			list->items[kept++] = list->items[i];
		}
	}
	list->count = kept;
	return 0;
}

void
strlist_clear(struct strlist *list)
{
	*list = (struct strlist){0};
}

bool
strlist_has(const struct strlist *list, struct slice text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (slice_eq_nocase(list->items[i], text)) {
			return true;
		}
	}
	return false;
}

bool
strlist_has_glob_match(const struct strlist *list, struct slice text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (glob_match(list->items[i], text)) {
			return true;
		}
	}
	return false;
}

static int
strpairs_own(struct strpairs *list, struct arena *arena, size_t extra)
{
	size_t capacity =
		new_capacity(list->count, extra, list->capacity, list->arena == arena);
	struct strpair *items = NULL;

	if (capacity == 0) {
		return 0;
	}
	items = move_items(list->items, sizeof(*items), list->count, capacity, arena);
	if (items == NULL) {
		return ERR_NOMEM;
	}
	list->items = items;
	list->capacity = capacity;
	list->arena = arena;
	return 0;
}

int
strpairs_add(struct strpairs *list, struct arena *arena, struct slice name, struct slice value)
{
	struct strpair pair = {arena_copy(arena, name), arena_copy(arena, value)};

	if (pair.name.data == NULL || pair.value.data == NULL ||
		strpairs_own(list, arena, 1) != 0) {
		return ERR_NOMEM;
	}
	assert(list->count < list->capacity);
	list->items[list->count++] = pair;
	return 0;
}

int
strpairs_remove(struct strpairs *list, struct arena *arena, struct slice name)
{
	size_t kept = 0;

	if (!strpairs_has(list, name)) {
		return 0;
	}
	if (strpairs_own(list, arena, 0) != 0) {
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (!slice_eq_nocase(list->items[i].name, name)) {
			list->items[kept++] = list->items[i];
		}
	}
	list->count = kept;
	return 0;
}

bool
strpairs_has(const struct strpairs *list, struct slice name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (slice_eq_nocase(list->items[i].name, name)) {
			return true;
		}
	}
	return false;
}

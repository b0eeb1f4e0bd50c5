#include "common/conf/strlist.h"

#include <assert.h>

#include "common/base/err.h"
#include "common/conf/glob.h"

#define LIST_CAPACITY_MIN 8

/*
 * Both lists are (items, count, capacity, arena) with items of different size, so one helper
 * makes room for both: it returns where the items are to live, `items` itself when it is ours
 * and has room, or NULL.
 */
static void *
own_items(void *items, size_t item_size, size_t count, size_t extra, size_t *capacity,
	const struct arena *owner, struct arena *arena)
{
	size_t wanted = extra == 0 ? count : count * 2 + extra;
	void *copy = NULL;

	if (owner == arena && count + extra <= *capacity) {
		return items;
	}
	if (wanted < LIST_CAPACITY_MIN) {
		wanted = LIST_CAPACITY_MIN;
	}
	copy = arena_alloc_array(arena, wanted, item_size);
	if (copy == NULL) {
		return NULL;
	}
	if (count > 0) {
		memcpy(copy, items, count * item_size);
	}
	*capacity = wanted;
	return copy;
}

static int
strlist_own(struct strlist *list, struct arena *arena, size_t extra)
{
	struct slice *items = own_items(list->items, sizeof(*items), list->count, extra,
		&list->capacity, list->arena, arena);

	if (items == NULL) {
		return ERR_NOMEM;
	}
	list->items = items;
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
	struct strpair *items = own_items(list->items, sizeof(*items), list->count, extra,
		&list->capacity, list->arena, arena);

	if (items == NULL) {
		return ERR_NOMEM;
	}
	list->items = items;
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

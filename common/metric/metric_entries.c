#include "common/metric/metric_entries.h"

#include <stdlib.h>

#include "common/base/err.h"

/* A table is at most half full, so searches stay short. */
#define SLOTS_FIRST   64
#define ENTRIES_FIRST 2

static uint64_t
hash_of(const struct metric_key *key)
{
	uint64_t h = ((uint64_t)key->a << 32 | key->b) ^ (uint64_t)key->table << 60;

	/* Finaliser of MurmurHash3. */
	h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdULL;
	h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53ULL;
	return h ^ (h >> 33);
}

static bool
key_eq(const struct metric_key *x, const struct metric_key *y)
{
	return x->a == y->a && x->b == y->b && x->table == y->table;
}

void
metric_entries_init(struct metric_entries *e)
{
	*e = (struct metric_entries){0};
}

void
metric_entries_fini(struct metric_entries *e, void (*release)(void *attached))
{
	for (size_t i = 0; i < e->list_count; i++) {
		free(e->lists[i].entries);
		if (e->lists[i].attached != NULL) {
			release(e->lists[i].attached);
		}
	}
	free(e->lists);
	free(e->keys);
	free(e->slots);
	*e = (struct metric_entries){0};
}

/* slot_of - where a key is, or would go */
static size_t
slot_of(const struct metric_key *keys, const uint32_t *slots, size_t slot_count,
	const struct metric_key *key)
{
	size_t slot = (size_t)hash_of(key) & (slot_count - 1);

	while (slots[slot] != 0 && !key_eq(&keys[slot], key)) {
		slot = (slot + 1) & (slot_count - 1);
	}
	return slot;
}

struct metric_entry_list *
metric_entries_find(const struct metric_entries *e, const struct metric_key *key)
{
	size_t slot = 0;

	if (e->slot_count == 0) {
		return NULL;
	}
	slot = slot_of(e->keys, e->slots, e->slot_count, key);
	return e->slots[slot] == 0 ? NULL : &e->lists[e->slots[slot] - 1];
}

static int
grow_slots(struct metric_entries *e)
{
	size_t count = e->slot_count == 0 ? SLOTS_FIRST : 2 * e->slot_count;
	struct metric_key *keys = calloc(count, sizeof(*keys));
	uint32_t *slots = calloc(count, sizeof(*slots));

	if (keys == NULL || slots == NULL) {
		free(keys);
		free(slots);
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < e->slot_count; i++) {
		if (e->slots[i] != 0) {
			size_t slot = slot_of(keys, slots, count, &e->keys[i]);

			keys[slot] = e->keys[i];
			slots[slot] = e->slots[i];
		}
	}
	free(e->keys);
	free(e->slots);
	e->keys = keys;
	e->slots = slots;
	e->slot_count = count;
	return 0;
}

static int
grow_lists(struct metric_entries *e)
{
	size_t capacity = e->list_capacity == 0 ? SLOTS_FIRST : 2 * e->list_capacity;
	struct metric_entry_list *lists = NULL;

	if (capacity > UINT32_MAX) {
		return ERR_NOMEM;
	}
	lists = realloc(e->lists, capacity * sizeof(*lists));
	if (lists == NULL) {
		return ERR_NOMEM;
	}
	e->lists = lists;
	e->list_capacity = capacity;
	return 0;
}

static int
add_list(struct metric_entries *e, const struct metric_key *key, struct metric_entry_list **out)
{
	size_t slot = 0;

	if (2 * (e->list_count + 1) > e->slot_count && grow_slots(e) != 0) {
		return ERR_NOMEM;
	}
	if (e->list_count == e->list_capacity && grow_lists(e) != 0) {
		return ERR_NOMEM;
	}
	slot = slot_of(e->keys, e->slots, e->slot_count, key);
	*out = &e->lists[e->list_count++];
	**out = (struct metric_entry_list){0};
	e->keys[slot] = *key;
	e->slots[slot] = (uint32_t)e->list_count;
	return 0;
}

/* drop_old - what can matter no more; the oldest come first */
static void
drop_old(struct metric_entry_list *list, uint64_t now_s, uint64_t life_s)
{
	size_t old = 0;

	while (old < list->count && list->entries[old].at_s < now_s &&
		now_s - list->entries[old].at_s > life_s) {
		old++;
	}
	if (old > 0) {
		list->count -= old;
		memmove(list->entries, list->entries + old,
			list->count * sizeof(*list->entries));
	}
}

static int
make_room(struct metric_entry_list *list, uint64_t now_s, uint64_t life_s)
{
	size_t capacity = list->capacity == 0 ? ENTRIES_FIRST : 2 * list->capacity;
	struct metric_small_entry *entries = NULL;

	if (list->count < list->capacity) {
		return 0;
	}
	drop_old(list, now_s, life_s);
	if (list->count < list->capacity) {
		return 0;
	}
	entries = realloc(list->entries, capacity * sizeof(*entries));
	if (entries == NULL) {
		return ERR_NOMEM;
	}
	list->entries = entries;
	list->capacity = capacity;
	return 0;
}

int
metric_entries_reserve(
	struct metric_entries *e, const struct metric_key *key, uint64_t now_s, uint64_t life_s)
{
	struct metric_entry_list *list = metric_entries_find(e, key);

	if (list == NULL && add_list(e, key, &list) != 0) {
		return ERR_NOMEM;
	}
	return make_room(list, now_s, life_s);
}

static int
entry_cmp(const struct metric_small_entry *x, uint64_t at_s, uint64_t tag)
{
	if (x->at_s != at_s) {
		return x->at_s < at_s ? -1 : 1;
	}
	return (x->tag > tag) - (x->tag < tag);
}

void
metric_entry_list_put(struct metric_entry_list *list, const struct metric_small_entry *entry)
{
	size_t at = list->count;

	while (at > 0 && entry_cmp(&list->entries[at - 1], entry->at_s, entry->tag) > 0) {
		list->entries[at] = list->entries[at - 1];
		at--;
	}
	list->entries[at] = *entry;
	list->count++;
}

bool
metric_entry_list_remove(struct metric_entry_list *list, uint64_t at_s, uint64_t tag)
{
	for (size_t i = list->count; i > 0; i--) {
		int order = entry_cmp(&list->entries[i - 1], at_s, tag);

		if (order < 0) {
			return false;
		}
		if (order == 0) {
			memmove(&list->entries[i - 1], &list->entries[i],
				(list->count - i) * sizeof(*list->entries));
			list->count--;
			return true;
		}
	}
	return false;
}

#include "common/replay/replay_list.h"

#include <stdlib.h>

#include "common/base/err.h"

/* Most principals have few edges. */
#define CHUNK_FIRST 4

struct replay_chunk {
	uint32_t count;
	uint32_t capacity;
	struct replay_edge items[];
};

void
replay_list_fini(struct replay_list *list)
{
	for (uint32_t i = 0; i < list->chunk_count; i++) {
		free(list->chunks[i]);
	}
	free(list->chunks);
	*list = (struct replay_list){0};
}

static struct metric_ref
ref_of(const struct replay_edge *item)
{
	return (struct metric_ref){.order = item->order, .node = item->node};
}

static bool
is_before(const struct replay_edge *item, struct metric_ref ref)
{
	return metric_ref_cmp(ref_of(item), ref) < 0;
}

/* chunk_of - the first chunk, from `low` on, whose last item is at or behind ref */
static uint32_t
chunk_of(const struct replay_list *list, struct metric_ref ref, uint32_t low)
{
	uint32_t high = list->chunk_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct replay_chunk *c = list->chunks[middle];

		if (is_before(&c->items[c->count - 1], ref)) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/* item_of - the first item of a chunk, from `low` on, at or behind ref */
static uint32_t
item_of(const struct replay_chunk *c, struct metric_ref ref, uint32_t low)
{
	uint32_t high = c->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (is_before(&c->items[middle], ref)) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

struct replay_edge *
replay_list_seek(
	const struct replay_list *list, struct metric_ref ref, struct replay_position *from)
{
	uint32_t chunk = chunk_of(list, ref, from->chunk);

	if (chunk != from->chunk) {
		*from = (struct replay_position){.chunk = chunk};
	}
	if (chunk == list->chunk_count) {
		return NULL;
	}
	from->item = item_of(list->chunks[chunk], ref, from->item);
	return replay_list_next(list, from);
}

struct replay_edge *
replay_list_next(const struct replay_list *list, struct replay_position *from)
{
	struct replay_chunk *c = NULL;

	if (from->chunk < list->chunk_count && from->item == list->chunks[from->chunk]->count) {
		*from = (struct replay_position){.chunk = from->chunk + 1};
	}
	if (from->chunk >= list->chunk_count) {
		return NULL;
	}
	c = list->chunks[from->chunk];
	return &c->items[from->item++];
}

const struct replay_edge *
replay_list_run(
	const struct replay_list *list, struct replay_position *from, uint32_t *count_out)
{
	const struct replay_edge *first = replay_list_next(list, from);

	if (first != NULL) {
		*count_out = list->chunks[from->chunk]->count - from->item + 1;
		from->item = list->chunks[from->chunk]->count;
	}
	return first;
}

void
replay_list_call(const struct replay_list *list)
{
	if (list->chunk_count > 0) {
		const uint8_t *chunk = (const uint8_t *)list->chunks[0];

		__builtin_prefetch(chunk);
		__builtin_prefetch(chunk + 64);
		__builtin_prefetch(chunk + 128);
		__builtin_prefetch(chunk + 192);
	}
}

struct replay_edge *
replay_list_find(const struct replay_list *list, struct metric_ref ref)
{
	struct replay_position start = {0};
	struct replay_edge *item = replay_list_seek(list, ref, &start);

	return item != NULL && metric_ref_eq(ref_of(item), ref) ? item : NULL;
}

/* chunk_room - the chunk with room for one more item; it may move */
static int
chunk_room(struct replay_chunk **chunk)
{
	struct replay_chunk *c = *chunk;
	uint32_t capacity = 2 * c->capacity;

	if (c->count < c->capacity) {
		return 0;
	}
	c = realloc(c, sizeof(*c) + capacity * sizeof(c->items[0]));
	if (c == NULL) {
		return ERR_NOMEM;
	}
	c->capacity = capacity;
	*chunk = c;
	return 0;
}

static int
list_room(struct replay_list *list)
{
	uint32_t capacity = list->chunk_capacity == 0 ? 1 : 2 * list->chunk_capacity;
	struct replay_chunk **chunks = NULL;

	if (list->chunk_count < list->chunk_capacity) {
		return 0;
	}
	chunks = realloc(list->chunks, capacity * sizeof(struct replay_chunk *));
	if (chunks == NULL) {
		return ERR_NOMEM;
	}
	list->chunks = chunks;
	list->chunk_capacity = capacity;
	return 0;
}

/* add_chunk - an empty chunk at `at`, of full size unless it is the only one */
static int
add_chunk(struct replay_list *list, uint32_t at, uint32_t capacity)
{
	struct replay_chunk *c = NULL;

	if (list_room(list) != 0) {
		return ERR_NOMEM;
	}
	c = malloc(sizeof(*c) + capacity * sizeof(c->items[0]));
	if (c == NULL) {
		return ERR_NOMEM;
	}
	c->count = 0;
	c->capacity = capacity;
	memmove(&list->chunks[at + 1], &list->chunks[at],
		(list->chunk_count - at) * sizeof(struct replay_chunk *));
	list->chunks[at] = c;
	list->chunk_count++;
	return 0;
}

/* split - the upper half of a full chunk becomes the next one */
static int
split(struct replay_list *list, uint32_t at)
{
	struct replay_chunk *low = NULL;
	struct replay_chunk *high = NULL;
	uint32_t half = REPLAY_CHUNK_MAX / 2;

	if (add_chunk(list, at + 1, REPLAY_CHUNK_MAX) != 0) {
		return ERR_NOMEM;
	}
	low = list->chunks[at];
	high = list->chunks[at + 1];
	high->count = low->count - half;
	memcpy(high->items, &low->items[half], high->count * sizeof(high->items[0]));
	low->count = half;
	return 0;
}

int
replay_list_insert(struct replay_list *list, const struct replay_edge *item)
{
	struct metric_ref ref = ref_of(item);
	struct replay_chunk *c = NULL;
	uint32_t chunk = 0;
	uint32_t at = 0;

	if (list->chunk_count == 0 && add_chunk(list, 0, CHUNK_FIRST) != 0) {
		return ERR_NOMEM;
	}
	/* The only chunk that may be empty is the one just added. */
	if (list->count > 0) {
		chunk = chunk_of(list, ref, 0);
	}
	if (chunk == list->chunk_count) {
		chunk--;
	}
	if (list->chunks[chunk]->count == REPLAY_CHUNK_MAX) {
		if (split(list, chunk) != 0) {
			return ERR_NOMEM;
		}
		c = list->chunks[chunk];
		chunk += is_before(&c->items[c->count - 1], ref) ? 1 : 0;
	}
	if (chunk_room(&list->chunks[chunk]) != 0) {
		return ERR_NOMEM;
	}
	c = list->chunks[chunk];
	at = item_of(c, ref, 0);
	memmove(&c->items[at + 1], &c->items[at], (c->count - at) * sizeof(c->items[0]));
	c->items[at] = *item;
	c->count++;
	list->count++;
	return 0;
}

void
replay_list_remove(struct replay_list *list, struct metric_ref ref)
{
	struct replay_position start = {0};
	struct replay_edge *item = replay_list_seek(list, ref, &start);
	struct replay_chunk *c = NULL;

	if (item == NULL || !metric_ref_eq(ref_of(item), ref)) {
		return;
	}
	c = list->chunks[start.chunk];
	memmove(item, item + 1, (c->count - start.item) * sizeof(c->items[0]));
	c->count--;
	list->count--;
	if (c->count == 0) {
		free(c);
		memmove(&list->chunks[start.chunk], &list->chunks[start.chunk + 1],
			(list->chunk_count - start.chunk - 1) * sizeof(struct replay_chunk *));
		list->chunk_count--;
	}
}

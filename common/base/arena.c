#include "common/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Most requests need a few kilobytes; one block of this size serves them all. */
#define ARENA_BLOCK_SIZE ((size_t)16 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t size;
	size_t used;
	alignas(max_align_t) uint8_t bytes[];
};

void
arena_init(struct arena *a, size_t max)
{
	*a = (struct arena){.block_size = ARENA_BLOCK_SIZE, .max = max};
}

static void
free_from(struct arena_block *block)
{
	while (block != NULL) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
}

void
arena_fini(struct arena *a)
{
	free_from(a->first);
	arena_init(a, a->max);
}

void
arena_reset(struct arena *a)
{
	if (a->first != NULL && (a->first->next != NULL || a->first->size > ARENA_KEEP_MAX)) {
		/* One block did not do: next time, one that holds all of this request. */
		if (a->used_total > a->block_size && a->used_total <= ARENA_KEEP_MAX) {
			a->block_size = a->used_total;
		}
		free_from(a->first);
		a->first = NULL;
	}
	if (a->first != NULL) {
		a->first->used = 0;
	}
	a->current = a->first;
	a->used_total = 0;
	a->exhausted = false;
}

static struct arena_block *
grow(struct arena *a, size_t size)
{
	size_t room = size > a->block_size ? size : a->block_size;
	struct arena_block *block = malloc(sizeof(*block) + room);

	if (block == NULL) {
		return NULL;
	}
	*block = (struct arena_block){.size = room};
	if (a->current == NULL) {
		a->first = block;
	} else {
		a->current->next = block;
	}
	a->current = block;
	return block;
}

bool
arena_is_exhausted(const struct arena *a)
{
	return a->exhausted;
}

static void *
fail(struct arena *a)
{
	a->exhausted = true;
	return NULL;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct arena_block *block = a->current;
	size_t rounded = 0;
	void *out = NULL;

	if (size > a->max || size > SIZE_MAX - align) {
		return fail(a);
	}
	rounded = (size + align - 1) / align * align;
	if (rounded > a->max - a->used_total) {
		return fail(a);
	}
	if (block == NULL || block->size - block->used < rounded) {
		block = grow(a, rounded);
		if (block == NULL) {
			return fail(a);
		}
	}
	out = block->bytes + block->used;
	block->used += rounded;
	a->used_total += rounded;
	memset(out, 0, size);
	return out;
}

void *
arena_alloc_array(struct arena *a, size_t count, size_t size)
{
	size_t total = 0;

	if (__builtin_mul_overflow(count, size, &total)) {
		return fail(a);
	}
	return arena_alloc(a, total);
}

char *
arena_strdup(struct arena *a, struct slice s)
{
	char *out = s.len == SIZE_MAX ? fail(a) : arena_alloc(a, s.len + 1);

	if (out != NULL && s.len > 0) {
		memcpy(out, s.data, s.len);
	}
	return out;
}

struct slice
arena_copy(struct arena *a, struct slice s)
{
	char *copy = arena_strdup(a, s);

	return slice_of(copy, copy == NULL ? 0 : s.len);
}

struct slice
arena_join(struct arena *a, const struct slice *parts, size_t count)
{
	size_t len = 0;
	uint8_t *to = NULL;

	for (size_t i = 0; i < count; i++) {
		if (__builtin_add_overflow(len, parts[i].len, &len)) {
			len = SIZE_MAX;
			break;
		}
	}
	to = arena_alloc(
		a, len == SIZE_MAX ? len : len + 1); /* what cannot be had is noted there */
	if (to == NULL) {
		return slice_of(NULL, 0);
	}
	len = 0;
	for (size_t i = 0; i < count; i++) {
		if (parts[i].len > 0) {
			memcpy(to + len, parts[i].data, parts[i].len);
		}
		len += parts[i].len;
	}
	return slice_of(to, len);
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	char small[256]; /* holds most of them, which are then printed only once */
	va_list ap;
	va_list again;
	char *out = NULL;
	int n = 0;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	if (n >= 0) {
		out = arena_alloc(a, (size_t)n + 1);
	}
	if (out != NULL && (size_t)n < sizeof(small)) {
		memcpy(out, small, (size_t)n + 1);
	} else if (out != NULL) {
		(void)vsnprintf(out, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	va_end(ap);
	return out;
}

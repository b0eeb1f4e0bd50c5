/*
 * arena.h - memory that lives as long as one request.
 *
 * A chain of blocks; objects have no free of their own, everything vanishes at
 * arena_reset() or arena_fini(). Reset keeps one block, as large as the last request was
 * (within ARENA_KEEP_MAX), so a worker that serves request after request stops calling
 * malloc. The total is bounded by the
 * maximum given at arena_init(): a hostile message runs into ERR_NOMEM (a NULL
 * from arena_alloc), never into the machine's memory.
 */
#ifndef COMMON_BASE_ARENA_H
#define COMMON_BASE_ARENA_H

#include "common/base/attr.h"
#include "common/base/slice.h"

/** What reset keeps at most, bytes: one huge message must not cost memory for ever. */
#define ARENA_KEEP_MAX ((size_t)256 * 1024)

struct arena_block;

/** Fields are private. */
struct arena {
	struct arena_block *first; /* kept by reset */
	struct arena_block *current;
	size_t used_total;
	size_t block_size; /* of the next block */
	size_t max;
	bool exhausted; /* an allocation failed since the last reset */
};

/** Starts empty, without allocating; hands out at most max bytes until the next reset. */
void arena_init(struct arena *a, size_t max);
void arena_fini(struct arena *a);
void arena_reset(struct arena *a);

/**
 * Did any allocation fail since the last reset? So code that treats a failed copy as "absent"
 * can be checked once, at its end.
 */
bool arena_is_exhausted(const struct arena *a);

/**
 * Zeroed memory, aligned for any object; NULL at the maximum or out of memory. Zero bytes give
 * a valid pointer.
 */
void *arena_alloc(struct arena *a, size_t size);

/** Zeroed array; NULL also when count * size overflows. */
void *arena_alloc_array(struct arena *a, size_t count, size_t size);

/** Copies the bytes and a closing NUL (not counted in the slice); data is NULL on failure. */
struct slice arena_copy(struct arena *a, struct slice s);

/** Copies as a C string; NULL on failure. A NUL inside ends what C functions see. */
char *arena_strdup(struct arena *a, struct slice s);

/** The parts one behind the other, and a closing NUL (not counted); data is NULL on failure. */
struct slice arena_join(struct arena *a, const struct slice *parts, size_t count);

/** Formats into the arena; NULL on failure. */
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif

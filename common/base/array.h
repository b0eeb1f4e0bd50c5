/*
 * array.h - arrays that grow an item at a time.
 *
 * The owner keeps pointer, count and capacity where he likes, all zero for an empty one, and frees
 * the pointer in the end. Bounds are his, too.
 */
#ifndef COMMON_BASE_ARRAY_H
#define COMMON_BASE_ARRAY_H

#include <stddef.h>

#include "common/base/attr.h"

/**
 * Room for one more item of `size` bytes behind `count`. @param cap is raised where it is full.
 * @return the array, which may have moved; NULL when out of memory: then it is as it was.
 */
NODISCARD void *array_room(void *items, size_t count, size_t *cap, size_t size);

/** The same for an array whose items have a type. */
#define ARRAY_ROOM(items, count, cap) array_room((items), (count), (cap), sizeof(*(items)))

#endif

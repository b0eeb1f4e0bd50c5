#include "common/base/array.h"

#include <stdint.h>
#include <stdlib.h>

#define FIRST_CAP 16

void *
array_room(void *items, size_t count, size_t *cap, size_t size)
{
	size_t more = *cap == 0 ? FIRST_CAP : 2 * *cap;
	void *grown = NULL;

	if (count < *cap) {
		return items;
	}
	if (*cap > SIZE_MAX / 2) {
		return NULL;
	}
	grown = reallocarray(items, more, size);
	if (grown != NULL) {
		*cap = more;
	}
	return grown;
}

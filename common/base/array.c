#include "common/base/array.h"

#include <stdlib.h>

#define FIRST_CAP 16

void *
array_room(void *items, size_t count, size_t *cap, size_t size)
{
	size_t more = FIRST_CAP;
	size_t bytes = 0;
	void *grown = NULL;

	if (count < *cap) {
		return items;
	}
	if ((*cap > 0 && __builtin_mul_overflow(*cap, 2, &more)) ||
		__builtin_mul_overflow(more, size, &bytes)) {
		return NULL;
	}
	grown = realloc(items, bytes);
	if (grown != NULL) {
		*cap = more;
	}
	return grown;
}

#include <criterion/criterion.h>

#include <stdint.h>
#include <stdlib.h>

#include "common/base/array.h"

Test(base_array, keeps_its_items_while_it_grows)
{
	uint32_t *items = NULL;
	size_t count = 0;
	size_t cap = 0;

	while (count < 5000) {
		uint32_t *room = ARRAY_ROOM(items, count, &cap);

		cr_assert_not_null(room);
		cr_assert_gt(cap, count);
		items = room;
		items[count] = (uint32_t)count;
		count++;
	}
	for (size_t i = 0; i < count; i++) {
		cr_assert_eq(items[i], i);
	}
	free(items);
}

Test(base_array, stays_in_its_place_while_there_is_room)
{
	size_t cap = 0;
	uint64_t *items = ARRAY_ROOM((uint64_t *)NULL, 0, &cap);
	size_t first_cap = cap;

	cr_assert_not_null(items);
	for (size_t count = 0; count < first_cap; count++) {
		cr_expect_eq(ARRAY_ROOM(items, count, &cap), items);
	}
	cr_expect_eq(cap, first_cap);
	free(items);
}

Test(base_array, is_left_as_it_was_where_it_would_be_too_large)
{
	size_t caps[] = {SIZE_MAX, SIZE_MAX / 2 + 1, SIZE_MAX / 2, SIZE_MAX / 16};

	for (size_t i = 0; i < ARRAY_LEN(caps); i++) {
		size_t cap = caps[i];

		cr_expect_null(array_room(NULL, cap, &cap, 16));
		cr_expect_eq(cap, caps[i]);
	}
}

#include <criterion/criterion.h>

#include <stdalign.h>
#include <stdint.h>

#include "common/base/arena.h"

Test(arena, gives_zeroed_aligned_memory)
{
	struct arena a;

	arena_init(&a, 1 << 20);
	for (size_t size = 1; size < 100000; size = size * 3 + 1) {
		uint8_t *p = arena_alloc(&a, size);

		cr_assert_not_null(p, "size %zu", size);
		cr_assert_eq((uintptr_t)p % alignof(max_align_t), 0, "size %zu", size);
		for (size_t i = 0; i < size; i++) {
			cr_assert_eq(p[i], 0);
			p[i] = 0xff;
		}
	}
	arena_fini(&a);
}

Test(arena, stops_at_its_maximum_and_starts_over_after_reset)
{
	struct arena a;

	arena_init(&a, 1024);
	cr_assert_not_null(arena_alloc(&a, 1000));
	cr_assert_null(arena_alloc(&a, 100));
	arena_reset(&a);
	cr_assert_not_null(arena_alloc(&a, 1024));
	cr_assert_null(arena_alloc(&a, 1));
	cr_assert_null(arena_alloc(&a, SIZE_MAX));
	cr_assert_null(arena_alloc_array(&a, SIZE_MAX / 2, 4), "the product overflows");
	arena_fini(&a);
}

Test(arena, memory_is_zeroed_again_after_reset)
{
	struct arena a;
	uint8_t *p = NULL;

	arena_init(&a, 4096);
	p = arena_alloc(&a, 64);
	memset(p, 0xaa, 64);
	arena_reset(&a);
	p = arena_alloc(&a, 64);
	for (size_t i = 0; i < 64; i++) {
		cr_assert_eq(p[i], 0);
	}
	arena_fini(&a);
}

Test(arena, copies_bytes_and_formats)
{
	struct arena a;

	arena_init(&a, 4096);
	cr_assert(slice_eq(arena_copy(&a, SLICE("a\0b")), SLICE("a\0b")));
	cr_assert_str_eq(arena_strdup(&a, SLICE("xyz")), "xyz");
	cr_assert_str_eq(arena_printf(&a, "%s=%d", "k", 7), "k=7");
	arena_fini(&a);
}

Test(arena, joins_parts)
{
	const struct slice parts[] = {SLICE("a"), SLICE(""), {0}, SLICE("b\0c")};
	const struct slice huge[] = {{(const uint8_t *)"", SIZE_MAX}, SLICE("x")};
	struct slice got;
	struct arena a;

	arena_init(&a, 4096);
	got = arena_join(&a, parts, 4);
	cr_expect(slice_eq(got, SLICE("ab\0c")));
	cr_expect_eq(got.data[got.len], '\0');
	got = arena_join(&a, parts, 0);
	cr_expect_eq(got.len, 0);
	cr_expect_not_null(got.data);
	cr_expect_null(arena_join(&a, huge, 2).data);
	cr_expect(arena_is_exhausted(&a), "a failed copy shows at the end");
	arena_fini(&a);
}

Test(arena, a_request_that_comes_again_fits_the_one_block_that_is_kept)
{
	struct arena a;

	arena_init(&a, 1 << 20);
	for (int round = 0; round < 3; round++) {
		arena_reset(&a);
		for (int i = 0; i < 50; i++) {
			cr_assert_not_null(arena_alloc(&a, 1000));
		}
	}
	cr_assert_eq(a.first, a.current, "the third round needed one block only");
	cr_assert_not_null(arena_alloc(&a, 2 * ARENA_KEEP_MAX));
	arena_reset(&a);
	cr_assert_leq(a.block_size, ARENA_KEEP_MAX, "a huge request is not kept");
	arena_fini(&a);
}

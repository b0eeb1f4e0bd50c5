#include <criterion/criterion.h>

#include "common/base/dynbuf.h"
#include "common/base/err.h"

Test(dynbuf, collects_pieces_of_every_kind)
{
	struct dynbuf b;

	dynbuf_init(&b, 1000);
	(void)dynbuf_add(&b, SLICE("ab"));
	(void)dynbuf_add_byte(&b, 'c');
	(void)dynbuf_add_str(&b, "de");
	(void)dynbuf_printf(&b, "%d-%s", 42, "x");
	(void)dynbuf_add_u64(&b, 0);
	(void)dynbuf_add_u64(&b, UINT64_MAX);
	cr_assert_eq(dynbuf_error(&b), 0);
	cr_assert_str_eq(dynbuf_cstr(&b), "abcde42-x018446744073709551615");
	cr_assert_eq(dynbuf_slice(&b).len, 30, "the NUL is not part of the bytes");
	dynbuf_fini(&b);
}

Test(dynbuf, formats_text_longer_than_its_scratch_space)
{
	struct dynbuf b;

	dynbuf_init(&b, 2000);
	(void)dynbuf_printf(&b, "%01000d", 7);
	cr_assert_eq(dynbuf_error(&b), 0);
	cr_assert_eq(dynbuf_slice(&b).len, 1000);
	cr_assert_eq(dynbuf_slice(&b).data[999], '7');
	dynbuf_fini(&b);
}

Test(dynbuf, an_overrun_is_sticky_and_keeps_what_was_there)
{
	struct dynbuf b;

	dynbuf_init(&b, 4);
	cr_assert_eq(dynbuf_add(&b, SLICE("abcd")), 0);
	cr_assert_eq(dynbuf_add(&b, SLICE("e")), ERR_TOOBIG);
	cr_assert_eq(dynbuf_add(&b, SLICE("")), ERR_TOOBIG, "even a fitting append fails now");
	cr_assert_eq(dynbuf_error(&b), ERR_TOOBIG);
	cr_assert(slice_eq(dynbuf_slice(&b), SLICE("abcd")));
	dynbuf_reset(&b);
	cr_assert_eq(dynbuf_add(&b, SLICE("xy")), 0, "reset forgets the error");
	dynbuf_fini(&b);
}

Test(dynbuf, consume_and_truncate_stay_inside)
{
	struct dynbuf b;

	dynbuf_init(&b, 100);
	(void)dynbuf_add(&b, SLICE("hello world"));
	dynbuf_consume(&b, 6);
	cr_assert(slice_eq(dynbuf_slice(&b), SLICE("world")));
	dynbuf_truncate(&b, 99);
	dynbuf_truncate(&b, 2);
	cr_assert(slice_eq(dynbuf_slice(&b), SLICE("wo")));
	dynbuf_consume(&b, 99);
	cr_assert_eq(dynbuf_slice(&b).len, 0);
	dynbuf_fini(&b);
}

Test(dynbuf, overwrite_changes_bytes_in_place)
{
	struct dynbuf b;

	dynbuf_init(&b, 16);
	cr_assert_eq(dynbuf_add_str(&b, "xxx body"), 0);
	dynbuf_overwrite(&b, 1, SLICE("ab"));
	cr_assert(slice_eq(dynbuf_slice(&b), SLICE("xab body")));
	dynbuf_overwrite(&b, 8, SLICE(""));
	cr_assert(slice_eq(dynbuf_slice(&b), SLICE("xab body")));
	dynbuf_fini(&b);
}

/*
 * docs/CONFIGURATION.md holds the table of settings between two marks; this keeps it
 * current. UPDATE_GOLDEN=1 rewrites it.
 */
#include <criterion/criterion.h>

#include <stdio.h>

#include "common/conf/settings.h"
#include "tests/support/golden.h"

#define BEGIN_MARK SLICE("<!-- settings begin: written by the tests, see CONTRIBUTING.md -->\n")
#define END_MARK   SLICE("<!-- settings end -->")

#define DOCUMENT_MAX ((size_t)32 * 1024 * 1024)

Test(conf_reference, the_document_is_current)
{
	const char *path = TESTS_DIR "/../docs/CONFIGURATION.md";
	struct slice begin_mark = BEGIN_MARK;
	struct slice document = {0};
	struct arena arena;
	struct dynbuf wanted;
	size_t begin = 0;
	size_t end = 0;

	arena_init(&arena, DOCUMENT_MAX);
	dynbuf_init(&wanted, DOCUMENT_MAX);
	document = golden_read(&arena, path);
	begin = slice_find(document, begin_mark);
	end = slice_find(document, END_MARK);
	cr_assert(begin < end && end < document.len, "%s has lost its marks", path);

	(void)dynbuf_add(&wanted, slice_take(document, begin + begin_mark.len));
	cr_assert_eq(settings_print_reference(&wanted), 0);
	(void)dynbuf_add_byte(&wanted, '\n');
	(void)dynbuf_add(&wanted, slice_skip(document, end));
	cr_assert_eq(dynbuf_error(&wanted), 0);
	cr_assert(golden_matches(path, dynbuf_slice(&wanted)),
		"run this test with UPDATE_GOLDEN=1 and look at the difference");
	dynbuf_fini(&wanted);
	arena_fini(&arena);
}

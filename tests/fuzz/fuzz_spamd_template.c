/* Tags in any template, and any text as a header value: no fold ends a header. */
#include <assert.h>
#include <stdlib.h>

#include "common/conf/settings.h"
#include "spamd-trust/header_text.h"
#include "spamd-trust/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings settings = {.report_wrap_width = 75};
	struct arena arena;
	struct verdict verdict = {.score = 6, .required = 5, .is_spam = true};
	struct presentation p = {
		.settings = &settings,
		.verdict = &verdict,
		.message = slice_of(data, size),
		.arena = &arena,
	};
	struct dynbuf text;
	struct dynbuf folded;
	struct slice rest = {0};

	arena_init(&arena, 1 << 24);
	dynbuf_init(&text, 1 << 24);
	dynbuf_init(&folded, 1 << 24);
	template_expand(&p, slice_of(data, size), &text);
	header_text_fold(&folded, dynbuf_slice(&text), 15);
	dynbuf_reset(&text);
	header_text_encode(&text, dynbuf_slice(&folded));
	rest = slice_skip(dynbuf_slice(&text), slice_find_byte(dynbuf_slice(&text), '\n') + 1);
	while (rest.len > 0) {
		size_t end = slice_find_byte(rest, '\n');

		assert(rest.data[0] == '\t');
		rest = slice_skip(rest, end + 1);
	}
	dynbuf_fini(&text);
	dynbuf_fini(&folded);
	arena_fini(&arena);
	return 0;
}

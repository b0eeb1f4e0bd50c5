/*
 * Any text as the lines of the harness: it ends with an error that has a text, or goes on.
 */
#include <assert.h>

#include "tests/support/negentropy_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of(data, size);
	struct negentropy_lines lines;
	struct err_msg msg = {0};
	struct dynbuf out;
	int ret = 0;

	negentropy_lines_init(&lines, RECONCILE_FRAME_MIN);
	dynbuf_init(&out, SIZE_MAX);
	while (ret == 0 && !slice_is_empty(rest)) {
		const size_t end = slice_find_byte(rest, '\n');
		ret = negentropy_lines_feed(&lines, slice_take(rest, end), &out, &msg);
		rest = slice_skip(rest, end + 1);
	}
	assert(ret == 0 || msg.text[0] != '\0');
	assert(out.len == 0 || out.data[out.len - 1] == '\n');
	dynbuf_fini(&out);
	negentropy_lines_fini(&lines);
	return 0;
}

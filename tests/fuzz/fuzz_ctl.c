/*
 * What comes over a control socket: the bytes cut into lines must not depend on how they arrive,
 * and every line that is a message must come back as it was when written again.
 */
#include <stdlib.h>

#include "common/ctl/ctl_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_line(struct slice line)
{
	struct ctl_message *m = NULL;
	struct ctl_message *again = NULL;
	struct dynbuf first;
	struct dynbuf second;

	if (ctl_message_decode(line, &m, NULL) != 0) {
		return;
	}
	dynbuf_init(&first, 8 * CTL_LINE_MAX);
	dynbuf_init(&second, 8 * CTL_LINE_MAX);
	if (slice_is_empty(ctl_message_op(m)) && ctl_message_result(m, NULL) > 0) {
		abort();
	}
	if (ctl_message_encode(m, &first) == 0) {
		struct slice written = slice_without_line_end(dynbuf_slice(&first));

		if (ctl_message_decode(written, &again, NULL) != 0 ||
			ctl_message_encode(again, &second) != 0 ||
			!slice_eq(dynbuf_slice(&first), dynbuf_slice(&second))) {
			abort();
		}
	}
	ctl_message_free(again);
	ctl_message_free(m);
	dynbuf_fini(&first);
	dynbuf_fini(&second);
}

/*
 * count_lines - fed in pieces of at most `step` bytes; how many lines, -1 at the end of a line
 * too long
 */
static long
count_lines(struct slice in, size_t step, bool check)
{
	struct ctl_lines lines;
	struct slice line;
	long count = 0;
	int found = 0;

	ctl_lines_init(&lines);
	while (in.len > 0 && found >= 0) {
		size_t n = ctl_lines_room(&lines);

		n = n < step ? n : step;
		n = n < in.len ? n : in.len;
		if (ctl_lines_feed(&lines, slice_take(in, n)) != 0) {
			abort();
		}
		in = slice_skip(in, n);
		while ((found = ctl_lines_next(&lines, &line)) == 1) {
			count++;
			if (check) {
				check_line(line);
			}
		}
	}
	ctl_lines_fini(&lines);
	return found < 0 ? -1 - count : count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);

	if (count_lines(in, SIZE_MAX, true) != count_lines(in, 1, false)) {
		abort();
	}
	return 0;
}

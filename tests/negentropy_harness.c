/*
 * negentropy_harness.c - our reconciliation, driven line by line beside other implementations.
 *
 * usage: [FRAMESIZELIMIT=BYTES] negentropy-harness <LINES >LINES
 *
 * The lines are those of support/negentropy_lines.h, as the harnesses of the reference speak
 * them. What a line answers is written out before the next is read. The first error ends it: a
 * text on standard error, and status 1.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "common/base/strnum.h"
#include "tests/support/negentropy_lines.h"

/* frame_limit - from the environment; 0 where it is not set */
static int
frame_limit(size_t *limit_out)
{
	const char *text = getenv("FRAMESIZELIMIT");

	*limit_out = 0;
	if (text == NULL || *text == '\0') {
		return 0;
	}
	if (strnum_size(slice_str(text), SIZE_MAX, limit_out) != 0 ||
		(*limit_out != 0 && *limit_out < RECONCILE_FRAME_MIN)) {
		fprintf(stderr, "FRAMESIZELIMIT is not 0 or a number of at least %d\n",
			RECONCILE_FRAME_MIN);
		return ERR_INVALID;
	}
	return 0;
}

/* write_out - and empties the buffer */
static int
write_out(struct dynbuf *out)
{
	const struct slice text = dynbuf_slice(out);

	if (!slice_is_empty(text) &&
		(fwrite(text.data, 1, text.len, stdout) != text.len || fflush(stdout) != 0)) {
		fprintf(stderr, "cannot write: %s\n", strerror(errno));
		return ERR_IO;
	}
	dynbuf_reset(out);
	return 0;
}

/* run - all lines of standard input */
static int
run(struct negentropy_lines *lines)
{
	struct dynbuf out;
	struct err_msg msg = {0};
	char *text = NULL;
	size_t cap = 0;
	size_t number = 0;
	int ret = 0;

	dynbuf_init(&out, SIZE_MAX);
	while (ret == 0) {
		const ssize_t len = getline(&text, &cap, stdin);
		if (len < 0) {
			break;
		}
		number++;
		ret = negentropy_lines_feed(
			lines, slice_without_line_end(slice_of(text, (size_t)len)), &out, &msg);
		if (ret != 0) {
			fprintf(stderr, "line %zu: %s\n", number, msg.text);
		} else {
			ret = write_out(&out);
		}
	}
	if (ret == 0 && ferror(stdin) != 0) {
		fprintf(stderr, "cannot read: %s\n", strerror(errno));
		ret = ERR_IO;
	}
	free(text);
	dynbuf_fini(&out);
	return ret;
}

int
main(void)
{
	struct negentropy_lines lines;
	size_t limit = 0;
	int ret = frame_limit(&limit);

	if (ret != 0) {
		return EXIT_FAILURE;
	}
	negentropy_lines_init(&lines, limit);
	ret = run(&lines);
	negentropy_lines_fini(&lines);
	return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

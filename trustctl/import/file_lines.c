#include "trustctl/import/file_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define READ_SIZE ((size_t)64 * 1024)

/* feed_piece - all lines of one piece */
static int
feed_piece(struct lines *lines, struct slice piece, file_lines_fn *take, void *ctx)
{
	int rc = 0;

	while (rc == 0 && piece.len > 0) {
		struct line line;
		size_t used;

		if (lines_feed(lines, piece, &used, &line)) {
			rc = take(ctx, &line);
		}
		piece = slice_skip(piece, used);
	}
	return rc;
}

/* read_lines - until the end of the file, or until `take` returns anything but 0 */
static int
read_lines(int fd, const char *path, struct progress *bar, file_lines_fn *take, void *ctx,
	struct err_msg *msg)
{
	struct lines *lines = malloc(sizeof(*lines));
	uint8_t *piece = malloc(READ_SIZE);
	uint64_t done = 0;
	struct line line;
	ssize_t n = 1;
	int rc = lines == NULL || piece == NULL ? err_set(msg, ERR_NOMEM, "out of memory") : 0;

	if (rc == 0) {
		lines_init(lines);
	}
	while (rc == 0 && n > 0) {
		n = read(fd, piece, READ_SIZE);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		rc = n < 0 ? err_set_errno(msg, "cannot read %s", path)
			   : feed_piece(lines, slice_of(piece, (size_t)n), take, ctx);
		done += n > 0 ? (uint64_t)n : 0;
		if (bar != NULL) {
			progress_update(bar, done);
		}
	}
	if (rc == 0 && lines_finish(lines, &line)) {
		rc = take(ctx, &line);
	}
	free(lines);
	free(piece);
	return rc;
}

int
file_lines_read(const char *path, struct progress *bar, file_lines_fn *take, void *ctx,
	struct err_msg *msg)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		return err_set_errno(msg, "cannot read %s", path);
	}
	int rc = read_lines(fd, is_stdin ? "standard input" : path, bar, take, ctx, msg);

	if (!is_stdin) {
		(void)close(fd);
	}
	return rc;
}

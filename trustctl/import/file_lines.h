/*
 * file_lines.h - hands the lines of a file to a function: the I/O glue around lines.h.
 */
#ifndef TRUSTCTL_IMPORT_FILE_LINES_H
#define TRUSTCTL_IMPORT_FILE_LINES_H

#include "common/base/err.h"
#include "trustctl/import/lines.h"
#include "trustctl/progress.h"

/** @return 0 to go on, anything else stops and is returned. */
typedef int file_lines_fn(void *ctx, const struct line *line);

/**
 * Reads piece by piece, whatever the size; "-" is standard input. The bar counts bytes and
 * may be NULL.
 * @return 0, what `take` returned, or why the file cannot be read.
 */
NODISCARD int file_lines_read(const char *path, struct progress *bar, file_lines_fn *take,
	void *ctx, struct err_msg *msg);

#endif

/*
 * temp_dir.h - a directory of its own for a test, removed with everything in it.
 *
 * Below $TMPDIR or /tmp. Failures abort: a test cannot go on without it.
 */
#ifndef TESTS_SUPPORT_TEMP_DIR_H
#define TESTS_SUPPORT_TEMP_DIR_H

#include <limits.h>

/** Fields may be read. */
struct temp_dir {
	char path[PATH_MAX / 2];
};

void temp_dir_make(struct temp_dir *dir);

/** Removes the directory with everything below it, following no links. */
void temp_dir_remove(struct temp_dir *dir);

/** Writes PATH/NAME to out, which has PATH_MAX bytes; returns out. */
const char *temp_dir_path(const struct temp_dir *dir, const char *name, char *out);

#endif

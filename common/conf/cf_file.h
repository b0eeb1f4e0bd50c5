/*
 * cf_file.h - the file I/O of configuration: one file, or those of a directory.
 *
 * The thin part below cf.h. Everything read lives in the arena of the caller.
 */
#ifndef COMMON_CONF_CF_FILE_H
#define COMMON_CONF_CF_FILE_H

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/conf/strlist.h"

/** Most files taken from one directory; the rules of the distribution are some 80. */
#define CF_DIR_FILES_MAX 4096

/**
 * Reads a regular file (or a symbolic link to one) of at most CF_FILE_MAX bytes.
 * @return 0; ERR_INVALID when it is no regular file; ERR_TOOBIG; ERR_NOMEM; what the system
 *   said. msg names the path.
 */
NODISCARD int cf_file_read(
	const char *path, struct arena *arena, struct slice *bytes_out, struct err_msg *msg);

/**
 * Adds the paths of the files in a directory whose names end in suffix (".cf", any case),
 * sorted bytewise by name. Hidden files, directories and dangling links are passed over.
 * @return 0; ERR_TOOBIG beyond CF_DIR_FILES_MAX; ERR_NOMEM; what the system said.
 */
NODISCARD int cf_file_list(const char *directory, const char *suffix, struct arena *arena,
	struct strlist *paths_out, struct err_msg *msg);

bool cf_file_is_directory(const char *path);

#endif

/*
 * files.h - whole files and directories, durably.
 */
#ifndef TRUSTCTL_FILES_H
#define TRUSTCTL_FILES_H

#include <sys/types.h>

#include "common/base/dynbuf.h"
#include "common/base/err.h"

/** Appends a whole file to out; "-" is standard input. ERR_TOOBIG at the maximum of out. */
NODISCARD int files_read(const char *path, struct dynbuf *out, struct err_msg *msg);

/** Replaces a file: either the old or the new content is there, also after a crash. */
NODISCARD int files_write(
	const char *path, mode_t mode, struct slice content, struct err_msg *msg);

/**
 * Copies every regular file of a directory into another (made with `directory_mode`), with mode
 * `file_mode`, synced.
 */
NODISCARD int files_copy_directory(const char *from, const char *to, mode_t directory_mode,
	mode_t file_mode, struct err_msg *msg);

/** Removes a directory with the files in it; one that is not there is fine. */
NODISCARD int files_remove_directory(const char *path, struct err_msg *msg);

/**
 * Removes the files of a directory whose names end like that; a directory that is not there is
 * fine.
 */
NODISCARD int files_remove_ending(const char *path, const char *ending, struct err_msg *msg);

/** Makes renames and new names in a directory durable. */
NODISCARD int files_sync_directory(const char *path, struct err_msg *msg);

/**
 * Gives a file or directory the owner and group that `like` has; does nothing unless run by
 * root.
 */
NODISCARD int files_adopt(const char *path, const char *like, struct err_msg *msg);

#endif

/*
 * store_file.h - the files of an LMDB environment, looked at before LMDB opens them.
 *
 * Knows where data.mdb and lock.mdb lie, whom they belong to, which modes they have, and the
 * words for what may be wrong with them; what is in data.mdb is the business of
 * store_pages.h. Private to common/store.
 */
#ifndef COMMON_STORE_STORE_FILE_H
#define COMMON_STORE_STORE_FILE_H

#include <limits.h>
#include <sys/types.h>

#include "common/store/store.h"
#include "common/store/store_pages.h"

#define STORE_FILE_PATH_MAX (PATH_MAX + 16)

#define STORE_FILE_DATA_MODE 0640
#define STORE_FILE_LOCK_MODE 0660

/** Fields are private, but for the paths. */
struct store_file {
	char directory[PATH_MAX];
	char data_path[STORE_FILE_PATH_MAX];
	char lock_path[STORE_FILE_PATH_MAX];
	dev_t device;
	ino_t inode;
	off_t size;    /* when it was opened */
	bool had_data; /* at the time of the check */
	bool had_lock;
};

/**
 * Looks at directory and files before they are opened in `mode`.
 * @return 0; ERR_NOTFOUND, ERR_DENIED, ERR_CORRUPT, ERR_VERSION, ERR_BUSY, ERR_TOOBIG (path),
 * ERR_IO, each with path and remedy.
 */
NODISCARD int store_file_check(struct store_file *file, const char *directory,
	enum store_mode mode, struct err_msg *msg);

/** After opening: gives files that are new their mode and owner, and remembers which file it is. */
NODISCARD int store_file_settle(struct store_file *file, struct err_msg *msg);

/** Words for an error of opening; returns code. */
int store_file_explain(const struct store_file *file, int code, const char *reason,
	enum store_mode mode, struct err_msg *msg);

/**
 * Words for what was found in data.mdb.
 * @return 0, ERR_CORRUPT, ERR_VERSION, ERR_BUSY, ERR_NOMEM.
 */
NODISCARD int store_file_explain_pages(
	const struct store_file *file, enum store_pages state, struct err_msg *msg);

/**
 * False when data.mdb was replaced, removed, or is shorter than it was. A process that has
 * given up the right to go there since it opened the file looks at `open_fd`, the descriptor
 * it has: it sees all of that but a replacement by renaming a directory.
 */
bool store_file_is_same(const struct store_file *file, int open_fd);

/** Tells a short write at the end of the disk, or of a file size limit, from a broken disk. */
bool store_file_disk_is_full(const struct store_file *file);

/**
 * Makes a new data.mdb in a directory.
 * @return 0 with path and an open descriptor; ERR_EXISTS, ERR_DENIED, ERR_IO.
 */
NODISCARD int store_file_create(const char *directory, char path_out[STORE_FILE_PATH_MAX],
	int *fd_out, struct err_msg *msg);

#endif

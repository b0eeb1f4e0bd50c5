#include "common/store/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

/* Others hold the lock file exclusively only while they open or close; then it is free at once. */
#define LOCK_PATIENCE_MS 2000
#define LOCK_POLL_MS     10

/* A short write near the end of the disk comes back from LMDB as EIO; so little left is "full". */
#define DISK_FULL_BYTES 65536

int
store_file_explain_pages(
	const struct store_file *file, enum store_pages state, struct err_msg *msg)
{
	switch (state) {
	case STORE_PAGES_GOOD:
		return 0;
	case STORE_PAGES_FOREIGN:
		return err_set(msg, ERR_CORRUPT,
			"%s: not an LMDB file: check the path, or restore a backup",
			file->data_path);
	case STORE_PAGES_VERSION:
		return err_set(msg, ERR_VERSION,
			"%s: written by another version of LMDB: use the one that wrote it, "
			"or restore a backup",
			file->data_path);
	case STORE_PAGES_DAMAGED:
		return err_set(msg, ERR_CORRUPT,
			"%s: the file is damaged: restore a backup with `trustctl restore`",
			file->data_path);
	case STORE_PAGES_CUT:
		return err_set(msg, ERR_CORRUPT,
			"%s: the file is truncated: restore a backup with `trustctl restore`",
			file->data_path);
	case STORE_PAGES_CHANGED:
		return err_set(
			msg, ERR_BUSY, "%s: changes all the time: try again", file->data_path);
	case STORE_PAGES_NOMEM:
		return err_set(msg, ERR_NOMEM, "%s: out of memory", file->data_path);
	}
	return err_set(msg, ERR_CORRUPT, "%s: damaged", file->data_path);
}

/*
 * check_data - that data.mdb can be opened and is whole; a missing or empty one is fine for
 * STORE_CREATE
 */
static int
check_data(struct store_file *file, enum store_mode mode, struct err_msg *msg)
{
	int flags = mode == STORE_READ ? O_RDONLY : O_RDWR;
	int fd = open(file->data_path, flags | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int rc = 0;

	if (fd < 0 && errno == ENOENT && mode == STORE_CREATE) {
		return 0;
	}
	if (fd < 0) {
		rc = err_from_errno(errno);
		return store_file_explain(file, rc, strerrordesc_np(errno), mode, msg);
	}
	if (fstat(fd, &st) != 0) {
		rc = err_set_errno(msg, "%s", file->data_path);
	} else if (!S_ISREG(st.st_mode)) {
		rc = err_set(msg, ERR_CORRUPT, "%s: not a regular file", file->data_path);
	} else if (st.st_size > 0) {
		file->had_data = true;
		rc = store_file_explain_pages(
			file, store_pages_check_headers(fd, (uint64_t)st.st_size), msg);
	} else if (mode != STORE_CREATE) {
		rc = err_set(msg, ERR_NOTFOUND,
			"%s: the file is empty: make the store with `trustctl init`, or "
			"restore a backup",
			file->data_path);
	}
	(void)close(fd);
	return rc;
}

/*
 * check_lock - that lock.mdb may be written and nobody keeps it locked exclusively: LMDB
 * would wait for that without end.
 */
static int
check_lock(struct store_file *file, enum store_mode mode, struct err_msg *msg)
{
	int fd = open(file->lock_path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1};
	bool is_locked = true;

	if (fd < 0) {
		/* A read-only file system has no lock file and needs none. */
		return errno == ENOENT || (errno == EROFS && mode == STORE_READ)
			       ? 0
			       : store_file_explain(file, err_from_errno(errno),
					 strerrordesc_np(errno), mode, msg);
	}
	file->had_lock = true;
	for (int waited_ms = 0; is_locked && waited_ms <= LOCK_PATIENCE_MS;
		waited_ms += LOCK_POLL_MS) {
		if (waited_ms > 0) {
			(void)nanosleep(
				&(struct timespec){.tv_nsec = LOCK_POLL_MS * 1000000L}, NULL);
		}
		lock.l_type = F_RDLCK;
		is_locked = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK;
	}
	(void)close(fd);
	if (is_locked) {
		return err_set(msg, ERR_BUSY,
			"%s: locked by process %ld: wait for it, or stop it and try again",
			file->lock_path, (long)lock.l_pid);
	}
	return 0;
}

int
store_file_check(struct store_file *file, const char *directory, enum store_mode mode,
	struct err_msg *msg)
{
	struct stat st;
	int n = snprintf(file->directory, sizeof(file->directory), "%s", directory);
	int rc;

	if (n < 0 || (size_t)n >= sizeof(file->directory)) {
		return err_set(msg, ERR_TOOBIG,
			"the path of the store is longer than %zu bytes",
			sizeof(file->directory) - 1);
	}
	(void)snprintf(file->data_path, sizeof(file->data_path), "%s/data.mdb", directory);
	(void)snprintf(file->lock_path, sizeof(file->lock_path), "%s/lock.mdb", directory);
	file->had_data = false;
	file->had_lock = false;
	if (stat(directory, &st) != 0) {
		rc = err_from_errno(errno);
		return store_file_explain(file, rc, strerrordesc_np(errno), mode, msg);
	}
	if (!S_ISDIR(st.st_mode)) {
		return err_set(msg, ERR_NOTFOUND,
			"%s: not a directory: a store is a directory with data.mdb in it",
			directory);
	}
	rc = check_data(file, mode, msg);
	return rc != 0 ? rc : check_lock(file, mode, msg);
}

int
store_file_explain(const struct store_file *file, int code, const char *reason,
	enum store_mode mode, struct err_msg *msg)
{
	const char *path = file->data_path;

	switch (code) {
	case ERR_NOTFOUND:
		return err_set(msg, code,
			"%s: no store here: make one with `trustctl init`, or check --store",
			file->directory);
	case ERR_DENIED:
		if (access(file->data_path, F_OK) == 0 &&
			faccessat(AT_FDCWD, file->data_path,
				mode == STORE_READ ? R_OK : R_OK | W_OK, AT_EACCESS) == 0) {
			path = file->lock_path;
		}
		return err_set(msg, code,
			"%s: permission denied: readers must be able to read data.mdb (mode "
			"0640) and write lock.mdb (0660), by its group or owner",
			path);
	case ERR_VERSION:
		return err_set(msg, code,
			"%s: written or in use by another version of LMDB: stop the others, "
			"or restore a backup",
			path);
	case ERR_CORRUPT:
		return err_set(msg, code,
			"%s: damaged (%s): restore a backup with `trustctl restore`", path,
			reason);
	case ERR_FULL:
		return err_set(msg, code, "%s: no space left on the device: make room", path);
	default:
		return err_set(msg, code, "%s: cannot be opened: %s", path, reason);
	}
}

/* settle_one - mode, and the directory's owner where root made the file */
static int
settle_one(const char *path, mode_t mode, const struct stat *directory, struct err_msg *msg)
{
	if (geteuid() == 0 && chown(path, directory->st_uid, directory->st_gid) != 0) {
		return err_set_errno(msg, "%s: cannot be given to the directory's owner", path);
	}
	if (chmod(path, mode) != 0) {
		return err_set_errno(msg, "%s: cannot be given mode %03o", path, mode);
	}
	return 0;
}

int
store_file_settle(struct store_file *file, struct err_msg *msg)
{
	struct stat directory;
	struct stat st;
	int rc = 0;

	if (stat(file->directory, &directory) != 0 || stat(file->data_path, &st) != 0) {
		return err_set_errno(msg, "%s", file->data_path);
	}
	file->device = st.st_dev;
	file->inode = st.st_ino;
	file->size = st.st_size;
	if (!file->had_data) {
		rc = settle_one(file->data_path, STORE_FILE_DATA_MODE, &directory, msg);
	}
	if (rc == 0 && !file->had_lock && access(file->lock_path, F_OK) == 0) {
		rc = settle_one(file->lock_path, STORE_FILE_LOCK_MODE, &directory, msg);
	}
	return rc;
}

/*
 * is_intact - the file of old, not removed and not cut; LMDB's files never get shorter by
 * themselves
 */
static bool
is_intact(const struct store_file *file, int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_dev == file->device && st.st_ino == file->inode &&
	       st.st_nlink > 0 && st.st_size >= file->size &&
	       store_pages_check_headers(fd, (uint64_t)st.st_size) == STORE_PAGES_GOOD;
}

bool
store_file_is_same(const struct store_file *file, int open_fd)
{
	int fd = open(file->data_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool is_same = false;

	if (fd < 0) {
		return errno == EACCES && is_intact(file, open_fd);
	}
	is_same = is_intact(file, fd);
	(void)close(fd);
	return is_same;
}

bool
store_file_disk_is_full(const struct store_file *file)
{
	struct statvfs fs;
	struct stat st;
	struct rlimit limit;

	if (statvfs(file->directory, &fs) == 0 &&
		(uint64_t)fs.f_bavail * fs.f_frsize < DISK_FULL_BYTES) {
		return true;
	}
	return stat(file->data_path, &st) == 0 && getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
	       limit.rlim_cur != RLIM_INFINITY &&
	       (uint64_t)st.st_size + DISK_FULL_BYTES > limit.rlim_cur;
}

int
store_file_create(const char *directory, char path_out[STORE_FILE_PATH_MAX], int *fd_out,
	struct err_msg *msg)
{
	(void)snprintf(path_out, STORE_FILE_PATH_MAX, "%s/data.mdb", directory);
	*fd_out = open(path_out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, STORE_FILE_DATA_MODE);
	if (*fd_out < 0) {
		return err_set_errno(msg, "%s: cannot be created", path_out);
	}
	return 0;
}

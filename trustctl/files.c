#include "trustctl/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_SIZE ((size_t)64 * 1024)

/* read_some - at most READ_SIZE bytes; *count 0 at the end */
static int
read_some(int fd, const char *path, struct dynbuf *out, size_t *count, struct err_msg *msg)
{
	uint8_t piece[READ_SIZE];
	ssize_t n = read(fd, piece, sizeof(piece));

	*count = 0;
	if (n < 0) {
		return errno == EINTR ? read_some(fd, path, out, count, msg)
				      : err_set_errno(msg, "cannot read %s", path);
	}
	*count = (size_t)n;

	int rc = dynbuf_add(out, slice_of(piece, (size_t)n));

	return rc == 0 ? 0 : err_set(msg, rc, "%s: %s", path, err_text(rc));
}

int
files_read(const char *path, struct dynbuf *out, struct err_msg *msg)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	size_t count = 1;
	int rc = 0;

	if (fd < 0) {
		return err_set_errno(msg, "cannot open %s", path);
	}
	while (rc == 0 && count > 0) {
		rc = read_some(fd, is_stdin ? "standard input" : path, out, &count, msg);
	}
	if (!is_stdin) {
		(void)close(fd);
	}
	return rc;
}

static int
write_all(int fd, const char *path, struct slice content, struct err_msg *msg)
{
	while (content.len > 0) {
		ssize_t n = write(fd, content.data, content.len);

		if (n < 0 && errno != EINTR) {
			return err_set_errno(msg, "cannot write %s", path);
		}
		content = slice_skip(content, n > 0 ? (size_t)n : 0);
	}
	return 0;
}

/* close_synced - the last chance to hear of a full disk */
static int
close_synced(int fd, const char *path, int rc, struct err_msg *msg)
{
	if (rc == 0 && fsync(fd) != 0) {
		rc = err_set_errno(msg, "cannot write %s to disk", path);
	}
	if (close(fd) != 0 && rc == 0) {
		rc = err_set_errno(msg, "cannot write %s to disk", path);
	}
	return rc;
}

int
files_sync_directory(const char *path, struct err_msg *msg)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		return err_set_errno(msg, "cannot open %s", path);
	}
	return close_synced(fd, path, 0, msg);
}

/* parent_of - the directory a path is in */
static void
parent_of(const char *path, char out[PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL) {
		(void)snprintf(out, PATH_MAX, ".");
	} else {
		(void)snprintf(
			out, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	}
}

int
files_write(const char *path, mode_t mode, struct slice content, struct err_msg *msg)
{
	char temporary[PATH_MAX];
	char parent[PATH_MAX];
	int n = snprintf(temporary, sizeof(temporary), "%s.new", path);

	if (n < 0 || n >= PATH_MAX) {
		return err_set(msg, ERR_RANGE, "the path is too long: %s", path);
	}
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0) {
		return err_set_errno(msg, "cannot make %s", temporary);
	}
	int rc = write_all(fd, temporary, content, msg);

	rc = close_synced(fd, temporary, rc, msg);
	if (rc == 0 && rename(temporary, path) != 0) {
		rc = err_set_errno(msg, "cannot rename %s to %s", temporary, path);
	}
	if (rc != 0) {
		(void)unlink(temporary);
		return rc;
	}
	parent_of(path, parent);
	return files_sync_directory(parent, msg);
}

static int
copy_file(const char *from, const char *to, mode_t mode, struct err_msg *msg)
{
	uint8_t piece[READ_SIZE];
	int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (in < 0) {
		return err_set_errno(msg, "cannot open %s", from);
	}
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (out < 0) {
		int rc = err_set_errno(msg, "cannot make %s", to);

		(void)close(in);
		return rc;
	}
	int rc = fchmod(out, mode) == 0 ? 0
					: err_set_errno(msg, "cannot set the mode of %s", to);
	ssize_t n = 1;

	while (rc == 0 && n > 0) {
		n = read(in, piece, sizeof(piece));
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		rc = n < 0 ? err_set_errno(msg, "cannot read %s", from)
			   : write_all(out, to, slice_of(piece, (size_t)n), msg);
	}
	(void)close(in);
	return close_synced(out, to, rc, msg);
}

/* join - "directory/name" */
static int
join(const char *directory, const char *name, char out[PATH_MAX], struct err_msg *msg)
{
	int n = snprintf(out, PATH_MAX, "%s/%s", directory, name);

	if (n < 0 || n >= PATH_MAX) {
		return err_set(msg, ERR_RANGE, "the path is too long: %s/%s", directory, name);
	}
	return 0;
}

/* copy_entry - one name of a directory; only regular files are copied */
static int
copy_entry(const char *from, const char *to, const char *name, mode_t mode, struct err_msg *msg)
{
	char source[PATH_MAX];
	char target[PATH_MAX];
	struct stat st;
	int rc = join(from, name, source, msg);

	if (rc == 0) {
		rc = join(to, name, target, msg);
	}
	if (rc != 0) {
		return rc;
	}
	if (lstat(source, &st) != 0) {
		return err_set_errno(msg, "cannot look at %s", source);
	}
	return S_ISREG(st.st_mode) ? copy_file(source, target, mode, msg) : 0;
}

int
files_copy_directory(const char *from, const char *to, mode_t directory_mode, mode_t file_mode,
	struct err_msg *msg)
{
	struct dirent *entry;
	DIR *dir = opendir(from);
	int rc = 0;

	if (dir == NULL) {
		return err_set_errno(msg, "cannot open %s", from);
	}
	if (mkdir(to, directory_mode) != 0 || chmod(to, directory_mode) != 0) {
		rc = err_set_errno(msg, "cannot make %s", to);
	}
	/* Nobody else reads this stream. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while (rc == 0 && (entry = readdir(dir)) != NULL) {
		rc = copy_entry(from, to, entry->d_name, file_mode, msg);
	}
	(void)closedir(dir);
	return rc == 0 ? files_sync_directory(to, msg) : rc;
}

int
files_remove_ending(const char *path, const char *ending, struct err_msg *msg)
{
	struct dirent *entry;
	DIR *dir = opendir(path);
	int rc = 0;

	if (dir == NULL) {
		return errno == ENOENT ? 0 : err_set_errno(msg, "cannot open %s", path);
	}
	/* Nobody else reads this stream. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while (rc == 0 && (entry = readdir(dir)) != NULL) {
		bool wanted = strcmp(entry->d_name, ".") != 0 &&
			      strcmp(entry->d_name, "..") != 0 &&
			      slice_ends_with(slice_str(entry->d_name), slice_str(ending));

		if (wanted && unlinkat(dirfd(dir), entry->d_name, 0) != 0) {
			rc = err_set_errno(msg, "cannot remove %s/%s", path, entry->d_name);
		}
	}
	(void)closedir(dir);
	return rc;
}

int
files_remove_directory(const char *path, struct err_msg *msg)
{
	int rc = files_remove_ending(path, "", msg);

	if (rc == 0 && rmdir(path) != 0 && errno != ENOENT) {
		rc = err_set_errno(msg, "cannot remove %s", path);
	}
	return rc;
}

int
files_adopt(const char *path, const char *like, struct err_msg *msg)
{
	struct stat st;

	if (geteuid() != 0) {
		return 0;
	}
	if (stat(like, &st) != 0) {
		return err_set_errno(msg, "cannot look at %s", like);
	}
	if (lchown(path, st.st_uid, st.st_gid) != 0) {
		return err_set_errno(msg, "cannot set the owner of %s", path);
	}
	return 0;
}

#include "common/conf/cf_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conf/cf.h"

/* read_all - reads to the end of the file, at most as much as there is room for */
static int
read_all(int fd, const char *path, uint8_t *data, size_t room, size_t *len_out,
	struct err_msg *msg)
{
	size_t len = 0;

	while (len < room) {
		ssize_t n = read(fd, data + len, room - len);

		if (n == 0) {
			break;
		}
		if (n < 0 && errno != EINTR) {
			return err_set_errno(msg, "cannot read %s", path);
		}
		len += n > 0 ? (size_t)n : 0;
	}
	*len_out = len;
	return 0;
}

static int
read_open_file(int fd, const char *path, struct arena *arena, struct slice *bytes_out,
	struct err_msg *msg)
{
	struct stat st = {0};
	uint8_t *data = NULL;
	size_t len = 0;
	int ret = 0;

	if (fstat(fd, &st) != 0) {
		return err_set_errno(msg, "cannot examine %s", path);
	}
	if (!S_ISREG(st.st_mode)) {
		return err_set(msg, ERR_INVALID, "%s is not a regular file", path);
	}
	if (st.st_size > CF_FILE_MAX) {
		return err_set(
			msg, ERR_TOOBIG, "%s is larger than %d bytes", path, CF_FILE_MAX);
	}
	data = arena_alloc(arena, (size_t)st.st_size);
	if (data == NULL) {
		return err_set(msg, ERR_NOMEM, "out of memory for %s", path);
	}
	ret = read_all(fd, path, data, (size_t)st.st_size, &len, msg);
	if (ret == 0) {
		*bytes_out = slice_of(data, len);
	}
	return ret;
}

int
cf_file_read(
	const char *path, struct arena *arena, struct slice *bytes_out, struct err_msg *msg)
{
	/* O_NONBLOCK: a pipe with nobody behind it must not hold up the start. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int ret = 0;

	if (fd < 0) {
		return err_set_errno(msg, "cannot open %s", path);
	}
	ret = read_open_file(fd, path, arena, bytes_out, msg);
	(void)close(fd);
	return ret;
}

bool
cf_file_is_directory(const char *path)
{
	struct stat st = {0};

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool
is_wanted(const char *directory, const char *name, const char *suffix, struct arena *arena,
	char **path_out)
{
	struct slice text = slice_str(name);
	struct slice tail = slice_str(suffix);
	struct stat st = {0};

	*path_out = NULL;
	if (text.len <= tail.len || name[0] == '.' ||
		!slice_eq_nocase(slice_skip(text, text.len - tail.len), tail)) {
		return false;
	}
	*path_out = arena_printf(arena, "%s/%s", directory, name);
	/* Out of memory counts as wanted: the caller sees the NULL. */
	return *path_out == NULL || (stat(*path_out, &st) == 0 && S_ISREG(st.st_mode));
}

static int
compare_paths(const void *a, const void *b)
{
	const struct slice *left = a;
	const struct slice *right = b;

	return slice_cmp(*left, *right);
}

static int
list_open_directory(DIR *dir, const char *directory, const char *suffix, struct arena *arena,
	struct strlist *paths, struct err_msg *msg)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is ours alone */
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		char *path = NULL;

		if (!is_wanted(directory, entry->d_name, suffix, arena, &path)) {
			continue;
		}
		if (paths->count == CF_DIR_FILES_MAX) {
			return err_set(msg, ERR_TOOBIG, "more than %d files in %s",
				CF_DIR_FILES_MAX, directory);
		}
		if (path == NULL || strlist_add(paths, arena, slice_str(path)) != 0) {
			return err_set(msg, ERR_NOMEM, "out of memory for %s", directory);
		}
	}
	return 0;
}

int
cf_file_list(const char *directory, const char *suffix, struct arena *arena,
	struct strlist *paths_out, struct err_msg *msg)
{
	struct strlist paths = {0};
	DIR *dir = opendir(directory);
	int ret = 0;

	if (dir == NULL) {
		return err_set_errno(msg, "cannot open the directory %s", directory);
	}
	ret = list_open_directory(dir, directory, suffix, arena, &paths, msg);
	(void)closedir(dir);
	if (ret != 0) {
		return ret;
	}
	if (paths.count > 0) {
		qsort(paths.items, paths.count, sizeof(*paths.items), compare_paths);
	}
	for (size_t i = 0; i < paths.count; i++) {
		if (strlist_add(paths_out, arena, paths.items[i]) != 0) {
			return err_set(msg, ERR_NOMEM, "out of memory for %s", directory);
		}
	}
	return 0;
}

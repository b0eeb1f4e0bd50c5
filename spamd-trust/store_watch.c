#include "spamd-trust/store_watch.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/graph/store_layout.h"

static const enum store_layout_part parts[] = {STORE_LAYOUT_GRAPH, STORE_LAYOUT_PRIVATE};

static bool
is_roots_directory(const char *path, bool may_be_sticky)
{
	struct stat st = {0};

	if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != 0) {
		return false;
	}
	return (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 ||
	       (may_be_sticky && (st.st_mode & S_ISVTX) != 0);
}

/* is_roots_way - the directory and all above it; `path` has no links in it */
static bool
is_roots_way(const char *path)
{
	char prefix[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(prefix) || !is_roots_directory("/", false)) {
		return false;
	}
	memcpy(prefix, path, len + 1);
	for (size_t i = 1; i < len; i++) {
		if (prefix[i] == '/') {
			prefix[i] = '\0';
			if (!is_roots_directory(prefix, true)) {
				return false;
			}
			prefix[i] = '/';
		}
	}
	return is_roots_directory(path, false);
}

/* is_roots_file - a plain file of root's with one name, or none at all */
static bool
is_roots_file(const char *directory, const char *name)
{
	char path[PATH_MAX];
	struct stat st = {0};
	int n = snprintf(path, sizeof(path), "%s/%s", directory, name);

	if (n < 0 || (size_t)n >= sizeof(path)) {
		return false;
	}
	if (lstat(path, &st) != 0) {
		return true;
	}
	return S_ISREG(st.st_mode) && st.st_uid == 0 && st.st_nlink == 1;
}

static bool
is_roots_store(const char *root, enum store_layout_part part)
{
	char path[PATH_MAX];
	struct stat st = {0};

	if (store_layout_path(root, part, path, NULL) != 0) {
		return false;
	}
	if (lstat(path, &st) != 0) {
		return true;
	}
	return is_roots_directory(path, false) && is_roots_file(path, "data.mdb") &&
	       is_roots_file(path, "lock.mdb");
}

bool
store_watch_is_roots_own(const char *directory)
{
	char path[PATH_MAX];

	if (realpath(directory, path) == NULL || !is_roots_way(path)) {
		return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (!is_roots_store(path, parts[i])) {
			return false;
		}
	}
	return true;
}

bool
store_watch_is_roots_ledger(const char *directory)
{
	char path[PATH_MAX];

	return realpath(directory, path) != NULL && is_roots_way(path) &&
	       is_roots_store(path, STORE_LAYOUT_LEDGER);
}

/* look - the data file that is there now */
static struct store_watch_file
look(const char *directory, enum store_layout_part part)
{
	struct store_watch_file file = {0};
	char path[PATH_MAX];
	char data[PATH_MAX];
	struct stat st = {0};
	int n = -1;

	if (store_layout_path(directory, part, path, NULL) == 0) {
		n = snprintf(data, sizeof(data), "%s/data.mdb", path);
	}
	if (n > 0 && (size_t)n < sizeof(data) && stat(data, &st) == 0) {
		file.device = st.st_dev;
		file.inode = st.st_ino;
		file.modified = st.st_mtim;
	}
	return file;
}

static bool
is_same(const struct store_watch_file *a, const struct store_watch_file *b)
{
	return a->device == b->device && a->inode == b->inode;
}

static bool
is_untouched(const struct store_watch_file *a, const struct store_watch_file *b)
{
	return a->modified.tv_sec == b->modified.tv_sec &&
	       a->modified.tv_nsec == b->modified.tv_nsec;
}

bool
store_watch_has_news(struct store_watch *w)
{
	bool is_open = atomic_load(w->is_open);
	bool news = false;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct store_watch_file now = look(w->directory, parts[i]);

		news = news || !is_same(&now, &w->seen[i]) ||
		       (!is_open && !is_untouched(&now, &w->seen[i]));
		w->seen[i] = now;
	}
	return news;
}

int
store_watch_init(struct store_watch *w, const char *directory, struct err_msg *msg)
{
	void *shared = mmap(NULL, sizeof(*w->is_open), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	*w = (struct store_watch){.directory = directory};
	if (shared == MAP_FAILED) {
		return err_set_errno(msg, "cannot share memory with the worker process");
	}
	w->is_open = shared;
	atomic_store(w->is_open, false);
	(void)store_watch_has_news(w);
	return 0;
}

void
store_watch_fini(struct store_watch *w)
{
	if (w->is_open != NULL) {
		(void)munmap(w->is_open, sizeof(*w->is_open));
		w->is_open = NULL;
	}
}

void
store_watch_report(const struct store_watch *w, bool is_open)
{
	atomic_store(w->is_open, is_open);
}

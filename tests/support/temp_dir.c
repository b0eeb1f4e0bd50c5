#include "tests/support/temp_dir.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Open directories nftw(3) may use at once. */
#define WALK_FDS 8

void
temp_dir_make(struct temp_dir *dir)
{
	const char *base = getenv("TMPDIR");

	(void)snprintf(dir->path, sizeof(dir->path), "%s/spamd-trust-test.XXXXXX",
		base == NULL ? "/tmp" : base);
	if (mkdtemp(dir->path) == NULL) {
		perror(dir->path);
		abort();
	}
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *place)
{
	(void)st;
	(void)type;
	(void)place;
	return remove(path);
}

void
temp_dir_remove(struct temp_dir *dir)
{
	if (nftw(dir->path, remove_one, WALK_FDS, FTW_DEPTH | FTW_PHYS) != 0) {
		perror(dir->path);
	}
}

const char *
temp_dir_path(const struct temp_dir *dir, const char *name, char *out)
{
	(void)snprintf(out, PATH_MAX, "%s/%s", dir->path, name);
	return out;
}

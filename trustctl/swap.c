#include "trustctl/swap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trustctl/files.h"

#define STAGING "restoring"
#define READY   "restored"
#define MARK    ".restored"

static const char *const parts[] = {"graph", "private", "keys", "ledger"};

static int
join(const char *a, const char *b, const char *c, char out[PATH_MAX], struct err_msg *msg)
{
	int n = snprintf(out, PATH_MAX, "%s/%s%s%s", a, b, c[0] != '\0' ? "/" : "", c);

	if (n < 0 || n >= PATH_MAX) {
		return err_set(msg, ERR_RANGE, "the path of the store is too long");
	}
	return 0;
}

/* remove_tree - a directory of ours with its parts */
static int
remove_tree(const char *root, const char *name, struct err_msg *msg)
{
	char path[PATH_MAX];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(parts); i++) {
		rc = join(root, name, parts[i], path, msg);
		rc = rc == 0 ? files_remove_directory(path, msg) : rc;
	}
	rc = rc == 0 ? join(root, name, "", path, msg) : rc;
	return rc == 0 ? files_remove_directory(path, msg) : rc;
}

static int
mark_path(const char *directory, char out[PATH_MAX], struct err_msg *msg)
{
	return join(directory, MARK, "", out, msg);
}

static bool
is_marked(const char *directory)
{
	char mark[PATH_MAX];

	return mark_path(directory, mark, NULL) == 0 && access(mark, F_OK) == 0;
}

int
swap_prepare(const char *root, char staging_out[PATH_MAX], struct err_msg *msg)
{
	int rc = join(root, STAGING, "", staging_out, msg);

	rc = rc == 0 ? remove_tree(root, STAGING, msg) : rc;
	if (rc == 0 && mkdir(staging_out, 0700) != 0) {
		rc = err_set_errno(msg, "cannot make %s", staging_out);
	}
	return rc;
}

int
swap_abandon(const char *root, struct err_msg *msg)
{
	return remove_tree(root, STAGING, msg);
}

/* place - the new part and the one in ROOT change places, or it moves in where there is none */
static int
place(const char *from, const char *to, struct err_msg *msg)
{
	unsigned int flags = access(to, F_OK) == 0 ? RENAME_EXCHANGE : RENAME_NOREPLACE;

	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, flags) != 0) {
		return err_set_errno(msg, "cannot move %s to %s", from, to);
	}
	return 0;
}

static int
swap_part(const char *root, const char *part, struct err_msg *msg)
{
	char from[PATH_MAX];
	char to[PATH_MAX];
	int rc = join(root, READY, part, from, msg);

	rc = rc == 0 ? join(root, part, "", to, msg) : rc;
	return rc == 0 && is_marked(from) ? place(from, to, msg) : rc;
}

static int
unmark_part(const char *root, const char *part, struct err_msg *msg)
{
	char directory[PATH_MAX];
	char mark[PATH_MAX];
	int rc = join(root, part, "", directory, msg);

	rc = rc == 0 ? mark_path(directory, mark, msg) : rc;
	if (rc == 0 && unlink(mark) != 0 && errno != ENOENT) {
		rc = err_set_errno(msg, "cannot remove %s", mark);
	}
	return rc;
}

/* finish - from ROOT/restored to the end; may be run again at any point */
static int
finish(const char *root, struct err_msg *msg)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(parts); i++) {
		rc = swap_part(root, parts[i], msg);
	}
	rc = rc == 0 ? files_sync_directory(root, msg) : rc;
	rc = rc == 0 ? remove_tree(root, READY, msg) : rc;
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(parts); i++) {
		rc = unmark_part(root, parts[i], msg);
	}
	return rc;
}

static int
mark_part(const char *staging, const char *part, struct err_msg *msg)
{
	char directory[PATH_MAX];
	char mark[PATH_MAX];
	int rc = join(staging, part, "", directory, msg);

	if (rc == 0 && access(directory, F_OK) != 0) {
		return 0; /* a backup without a ledger leaves the one that is there */
	}
	rc = rc == 0 ? mark_path(directory, mark, msg) : rc;
	return rc == 0 ? files_write(mark, 0600, (struct slice){0}, msg) : rc;
}

int
swap_commit(const char *root, struct err_msg *msg)
{
	char staging[PATH_MAX];
	char ready[PATH_MAX];
	int rc = join(root, STAGING, "", staging, msg);

	rc = rc == 0 ? join(root, READY, "", ready, msg) : rc;
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(parts); i++) {
		/* A mark left by an earlier crash would be taken for one of ours. */
		rc = unmark_part(root, parts[i], msg);
		rc = rc == 0 ? mark_part(staging, parts[i], msg) : rc;
	}
	rc = rc == 0 ? files_sync_directory(staging, msg) : rc;
	if (rc == 0 && rename(staging, ready) != 0) {
		rc = err_set_errno(msg, "cannot rename %s to %s", staging, ready);
	}
	rc = rc == 0 ? files_sync_directory(root, msg) : rc;
	return rc == 0 ? finish(root, msg) : rc;
}

int
swap_recover(const char *root, struct err_msg *msg)
{
	char ready[PATH_MAX];
	int rc = join(root, READY, "", ready, msg);

	if (rc == 0 && access(ready, F_OK) == 0) {
		rc = finish(root, msg);
	}
	return rc == 0 ? remove_tree(root, STAGING, msg) : rc;
}

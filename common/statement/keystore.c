#include "common/statement/keystore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORY_NAME "keys"
#define SUFFIX         ".pem"

static const char *const kind_names[] = {
	[KEYSTORE_ROOT] = "root",
	[KEYSTORE_NEXT] = "next",
	[KEYSTORE_DEVICE] = "device",
};

int
keystore_open(
	struct keystore *ks, const char *store_directory, bool create, struct err_msg *msg)
{
	struct stat st;
	int n = snprintf(
		ks->directory, sizeof(ks->directory), "%s/%s", store_directory, DIRECTORY_NAME);

	if (n < 0 || (size_t)n >= sizeof(ks->directory)) {
		return err_set(msg, ERR_RANGE, "the path of the key store is too long: %s",
			store_directory);
	}
	if (create && mkdir(ks->directory, 0700) != 0 && errno != EEXIST) {
		return err_set_errno(msg, "cannot create %s", ks->directory);
	}
	if (stat(ks->directory, &st) != 0) {
		return err_set_errno(msg, "no key store at %s", ks->directory);
	}
	if (!S_ISDIR(st.st_mode)) {
		return err_set(msg, ERR_INVALID, "%s is not a directory", ks->directory);
	}
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		return err_set(msg, ERR_DENIED,
			"%s is open to others (mode %04o); chmod 700 it", ks->directory,
			(unsigned int)(st.st_mode & 07777));
	}
	return 0;
}

/* put_path - the file of an entry; KEYSTORE_DIRECTORY_MAX leaves room for it */
static void
put_path(const struct keystore *ks, const struct keystore_entry *entry, char path[PATH_MAX])
{
	bool is_root = entry->kind == KEYSTORE_ROOT;

	(void)snprintf(path, PATH_MAX, "%s/%s-%s%s%s%s", ks->directory, kind_names[entry->kind],
		entry->identity.text, is_root ? "" : "-", is_root ? "" : entry->key.text,
		SUFFIX);
}

/* parse_name - the entry a file name stands for; false for other files */
static bool
parse_name(struct slice name, struct keystore_entry *out)
{
	size_t dash = slice_find_byte(name, '-');
	struct slice rest = slice_skip(name, dash + 1);
	size_t kind = 0;

	while (kind < ARRAY_LEN(kind_names) &&
		!slice_eq(slice_take(name, dash), slice_str(kind_names[kind]))) {
		kind++;
	}
	if (kind == ARRAY_LEN(kind_names) || !slice_ends_with(rest, SLICE(SUFFIX))) {
		return false;
	}
	rest.len -= strlen(SUFFIX);
	out->kind = (enum keystore_kind)kind;
	if (thumbprint_parse(slice_take(rest, IDENTITY_THUMBPRINT_LEN), &out->identity) != 0) {
		return false;
	}
	rest = slice_skip(rest, IDENTITY_THUMBPRINT_LEN);
	if (out->kind == KEYSTORE_ROOT) {
		out->key = out->identity;
		return rest.len == 0;
	}
	return slice_starts_with(rest, SLICE("-")) &&
	       thumbprint_parse(slice_skip(rest, 1), &out->key) == 0;
}

int
keystore_add(const struct keystore *ks, enum keystore_kind kind,
	const struct thumbprint *identity, const struct keypair *pair, struct err_msg *msg)
{
	struct keystore_entry entry = {.kind = kind, .identity = *identity};
	char path[PATH_MAX];

	public_key_thumbprint(keypair_public(pair), &entry.key);
	if ((kind == KEYSTORE_ROOT) != thumbprint_eq(&entry.key, identity)) {
		return err_set(msg, ERR_INVALID,
			"the key is not of the kind it is to be kept as (%s)",
			kind_names[kind]);
	}
	put_path(ks, &entry, path);
	return keypair_save(pair, path, msg);
}

int
keystore_load(const struct keystore *ks, const struct keystore_entry *entry,
	struct keypair **out, struct err_msg *msg)
{
	struct keypair *pair = NULL;
	struct thumbprint found;
	char path[PATH_MAX];
	int ret = 0;

	put_path(ks, entry, path);
	ret = keypair_load(path, &pair, msg);
	if (ret != 0) {
		return ret;
	}
	public_key_thumbprint(keypair_public(pair), &found);
	if (!thumbprint_eq(&found, &entry->key)) {
		keypair_free(pair);
		return err_set(msg, ERR_CORRUPT, "%s holds another key (%s) than its name says",
			path, found.text);
	}
	*out = pair;
	return 0;
}

int
keystore_load_root(const struct keystore *ks, const struct thumbprint *identity,
	struct keypair **out, struct err_msg *msg)
{
	const struct keystore_entry entry = {KEYSTORE_ROOT, *identity, *identity};

	return keystore_load(ks, &entry, out, msg);
}

bool
keystore_has(const struct keystore *ks, const struct keystore_entry *entry)
{
	char path[PATH_MAX];

	put_path(ks, entry, path);
	return access(path, F_OK) == 0;
}

/* sync_directory - makes the disappearance of a name durable */
static int
sync_directory(const struct keystore *ks, struct err_msg *msg)
{
	int fd = open(ks->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret = fd < 0 || fsync(fd) != 0 ? err_set_errno(msg, "cannot sync %s", ks->directory)
					   : 0;

	if (fd >= 0) {
		(void)close(fd);
	}
	return ret;
}

int
keystore_remove(
	const struct keystore *ks, const struct keystore_entry *entry, struct err_msg *msg)
{
	char path[PATH_MAX];

	put_path(ks, entry, path);
	if (unlink(path) != 0) {
		return err_set_errno(msg, "cannot remove %s", path);
	}
	return sync_directory(ks, msg);
}

/* What keystore_load_device looks for, and the newest found so far. */
struct device_search {
	const struct keystore *ks;
	const struct thumbprint *identity;
	bool found;
	struct timespec newest;
	struct keystore_entry entry;
};

static bool
is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

static int
consider_device(void *ctx, const struct keystore_entry *entry)
{
	struct device_search *search = ctx;
	char path[PATH_MAX];
	struct stat st;

	if (entry->kind != KEYSTORE_DEVICE ||
		!thumbprint_eq(&entry->identity, search->identity)) {
		return 0;
	}
	put_path(search->ks, entry, path);
	if (stat(path, &st) != 0 ||
		(search->found && is_before(&st.st_mtim, &search->newest))) {
		return 0;
	}
	search->found = true;
	search->newest = st.st_mtim;
	search->entry = *entry;
	return 0;
}

int
keystore_load_device(const struct keystore *ks, const struct thumbprint *identity,
	struct keypair **out, struct err_msg *msg)
{
	struct device_search search = {.ks = ks, .identity = identity};
	int ret = keystore_visit(ks, consider_device, &search, msg);

	if (ret != 0) {
		return ret;
	}
	if (!search.found) {
		return err_set(msg, ERR_NOTFOUND, "no device key of identity %s in %s",
			identity->text, ks->directory);
	}
	return keystore_load(ks, &search.entry, out, msg);
}

/* by_name - bytewise, unlike alphasort(3), which follows the locale */
static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int
keystore_visit(
	const struct keystore *ks, keystore_visit_fn *visit, void *ctx, struct err_msg *msg)
{
	struct dirent **files = NULL;
	int n = scandir(ks->directory, &files, NULL, by_name);
	int ret = 0;

	if (n < 0) {
		return err_set_errno(msg, "cannot read %s", ks->directory);
	}
	for (int i = 0; i < n; i++) {
		struct keystore_entry entry;

		if (ret == 0 && parse_name(slice_str(files[i]->d_name), &entry)) {
			ret = visit(ctx, &entry);
		}
		free(files[i]);
	}
	free(files);
	return ret;
}

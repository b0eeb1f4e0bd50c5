#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/graph/store_layout.h"
#include "trustctl/cmd.h"
#include "trustctl/files.h"
#include "trustctl/swap.h"

#define MODE_DIRECTORY 0700
#define MODE_STORE     0640
#define MODE_KEY       0600

static const char *const part_names[] = {"graph", "private", "keys", "ledger"};

/* --- backup -------------------------------------------------------------------------------- */

/* copy_store - a hot copy of one store into target/name */
static int
copy_store(struct store *store, const char *target, const char *name, struct err_msg *msg)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", target, name);

	if (n < 0 || n >= PATH_MAX) {
		return err_set(msg, ERR_RANGE, "the path is too long: %s", target);
	}
	if (mkdir(path, MODE_DIRECTORY) != 0) {
		return err_set_errno(msg, "cannot make %s", path);
	}
	return store_copy(store, path, msg);
}

static int
copy_keys(const struct site *site, const char *target, struct err_msg *msg)
{
	char from[PATH_MAX];
	char to[PATH_MAX];
	int rc = store_layout_path(site->root, STORE_LAYOUT_KEYS, from, msg);

	rc = rc == 0 ? store_layout_path(target, STORE_LAYOUT_KEYS, to, msg) : rc;
	return rc == 0 ? files_copy_directory(from, to, MODE_DIRECTORY, MODE_KEY, msg) : rc;
}

/* copy_ledger - users' reports, where the daemon keeps any */
static int
copy_ledger(const struct site *site, const char *target, struct err_msg *msg)
{
	struct store *store = NULL;
	int rc = store_layout_open(STORE_LAYOUT_LEDGER, site->root, STORE_READ, &store, msg);

	if (rc != 0) {
		return rc == ERR_NOTFOUND ? 0 : rc;
	}
	rc = copy_store(store, target, part_names[3], msg);
	store_close(store);
	return rc;
}

static int
fill(struct site *site, const char *target, struct err_msg *msg)
{
	int rc = copy_store(site->graph_store, target, part_names[0], msg);

	rc = rc == 0 ? copy_store(site->private_store, target, part_names[1], msg) : rc;
	rc = rc == 0 ? copy_keys(site, target, msg) : rc;
	rc = rc == 0 ? copy_ledger(site, target, msg) : rc;
	return rc == 0 ? files_sync_directory(target, msg) : rc;
}

/* discard - an unfinished copy; what cannot be removed is left under its .partial name */
static void
discard(const char *partial)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_LEN(part_names); i++) {
		int n = snprintf(path, sizeof(path), "%s/%s", partial, part_names[i]);

		if (n > 0 && n < PATH_MAX) {
			(void)!files_remove_directory(path, NULL);
		}
	}
	(void)rmdir(partial);
}

/* backup - made under another name first, so that half a backup never looks like one */
static int
backup(struct ctl *ctl, struct site *site, void *arg)
{
	const char *target = ctl->args[0];
	char partial[PATH_MAX];
	struct err_msg msg;
	int n = snprintf(partial, sizeof(partial), "%s.partial", target);

	(void)arg;
	if (n < 0 || n >= PATH_MAX) {
		return command_fail(ctl, EX_USAGE, "the path is too long: %s", target);
	}
	if (mkdir(partial, MODE_DIRECTORY) != 0) {
		(void)err_set_errno(&msg, "cannot make %s", partial);
		return command_fail(ctl, EX_CANTCREAT, "%s", msg.text);
	}
	int rc = fill(site, partial, &msg);

	/* Onto an empty directory is fine, onto anything else is not. */
	if (rc == 0 && rename(partial, target) != 0) {
		rc = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR
			     ? err_set(&msg, ERR_EXISTS,
				       "%s exists and is not an empty directory", target)
			     : err_set_errno(&msg, "cannot rename %s to %s", partial, target);
	}
	if (rc != 0) {
		discard(partial);
		return command_fail_msg(ctl, &msg);
	}
	return EX_OK;
}

static int
locked_backup(struct ctl *ctl, struct site *site, void *arg)
{
	struct err_msg msg;

	/* The lock keeps graph, private and keys of one moment together. */
	return site_lock(site, &msg) == 0 ? backup(ctl, site, arg)
					  : command_fail_msg(ctl, &msg);
}

int
cmd_backup(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_READ, locked_backup, NULL);
}

/* --- restore ------------------------------------------------------------------------------- */

static int
put_data_path(const char *directory, char out[PATH_MAX], struct err_msg *msg)
{
	int n = snprintf(out, PATH_MAX, "%s/data.mdb", directory);

	return n > 0 && n < PATH_MAX
		       ? 0
		       : err_set(msg, ERR_RANGE, "the path is too long: %s", directory);
}

/* copy_part - from the backup into the staging directory, owned as what it replaces */
static int
copy_part(const char *source, const char *staging, const char *root,
	enum store_layout_part part, struct err_msg *msg)
{
	bool is_keys = part == STORE_LAYOUT_KEYS;
	char from[PATH_MAX];
	char to[PATH_MAX];
	char present[PATH_MAX];
	char data[PATH_MAX];
	int rc = store_layout_path(source, part, from, msg);

	rc = rc == 0 ? store_layout_path(staging, part, to, msg) : rc;
	rc = rc == 0 ? store_layout_path(root, part, present, msg) : rc;
	if (rc == 0) {
		rc = files_copy_directory(from, to, is_keys ? 0700 : SITE_MODE_STORE,
			is_keys ? MODE_KEY : MODE_STORE, msg);
	}
	if (rc != 0 || is_keys) {
		return rc;
	}
	rc = files_adopt(to, access(present, F_OK) == 0 ? present : root, msg);
	rc = rc == 0 ? put_data_path(to, data, msg) : rc;
	return rc == 0 ? files_adopt(data, to, msg) : rc;
}

/* What a restored graph gets. */
struct renewal {
	uint64_t epoch;
	bool rebuild;
};

static int
renew(void *ctx, struct graph_txn *txn, struct err_msg *msg)
{
	const struct renewal *renewal = ctx;
	int rc = graph_set_epoch(txn, renewal->epoch, msg);

	return rc == 0 && renewal->rebuild ? graph_rebuild(txn, msg) : rc;
}

/*
 * renew_graph - opens the copy, which checks it, gives it a new epoch and, if it is older, the
 * present schema
 */
static int
renew_graph(const struct ctl *ctl, const struct site *site, const char *staging,
	struct err_msg *msg)
{
	const struct graph_options options = site_graph_options(site);
	struct store *store = NULL;
	struct renewal renewal = {0};
	int rc = store_layout_open(STORE_LAYOUT_GRAPH, staging, STORE_UPGRADE, &store, msg);

	if (rc == 0) {
		renewal.rebuild = store_is_outdated(store);
		rc = rng_bytes(&ctl->rng, (uint8_t *)&renewal.epoch, sizeof(renewal.epoch));
		rc = rc == 0 ? 0 : err_set(msg, rc, "no random bytes: %s", err_text(rc));
	}
	rc = rc == 0 ? graph_update(store, &options, renew, &renewal, msg) : rc;
	store_close(store);
	return rc;
}

static int
check_private(const char *staging, struct err_msg *msg)
{
	struct store *store = NULL;
	int rc = store_layout_open(STORE_LAYOUT_PRIVATE, staging, STORE_WRITE, &store, msg);

	store_close(store);
	return rc;
}

static const enum store_layout_part always[] = {
	STORE_LAYOUT_GRAPH, STORE_LAYOUT_PRIVATE, STORE_LAYOUT_KEYS};

/* require_backup - a slip in the name is to be told before anything else is complained of */
static int
require_backup(const char *source, struct err_msg *msg)
{
	char path[PATH_MAX];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(always); i++) {
		rc = store_layout_path(source, always[i], path, msg);
		if (rc == 0 && access(path, F_OK) != 0) {
			rc = err_set(msg, ERR_NOTFOUND, "%s is no backup: there is no %s",
				source, path);
		}
	}
	return rc;
}

/* stage_ledger - from a backup that has one; the present one stays with any other */
static int
stage_ledger(const struct ctl *ctl, const char *root, const char *staging, struct err_msg *msg)
{
	struct store *store = NULL;
	char path[PATH_MAX];
	int rc = store_layout_path(ctl->args[0], STORE_LAYOUT_LEDGER, path, msg);

	if (rc != 0 || access(path, F_OK) != 0) {
		return rc;
	}
	rc = copy_part(ctl->args[0], staging, root, STORE_LAYOUT_LEDGER, msg);
	rc = rc == 0 ? store_layout_open(STORE_LAYOUT_LEDGER, staging, STORE_WRITE, &store, msg)
		     : rc;
	store_close(store);
	return rc;
}

static int
stage(const struct ctl *ctl, const struct site *site, const char *staging, struct err_msg *msg)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(always); i++) {
		rc = copy_part(ctl->args[0], staging, site->root, always[i], msg);
	}
	rc = rc == 0 ? stage_ledger(ctl, site->root, staging, msg) : rc;
	rc = rc == 0 ? renew_graph(ctl, site, staging, msg) : rc;
	return rc == 0 ? check_private(staging, msg) : rc;
}

/* refuse_existing - a store is only replaced when that is said */
static int
refuse_existing(const struct ctl *ctl, const char *root, struct err_msg *msg)
{
	char path[PATH_MAX];
	char data[PATH_MAX];
	int rc = store_layout_path(root, STORE_LAYOUT_GRAPH, path, msg);

	rc = rc == 0 ? put_data_path(path, data, msg) : rc;
	if (rc != 0 || options_has(ctl->options, OPTION_FORCE) || access(data, F_OK) != 0) {
		return rc;
	}
	return err_set(msg, ERR_EXISTS,
		"there is a store at %s; make a backup of it first (trustctl backup DIR), "
		"then --force replaces it",
		root);
}

static int
restore(const struct ctl *ctl, const struct site *site, struct err_msg *msg)
{
	const char *root = site->root;
	char staging[PATH_MAX];
	int rc = swap_recover(root, msg);

	rc = rc == 0 ? require_backup(ctl->args[0], msg) : rc;
	rc = rc == 0 ? refuse_existing(ctl, root, msg) : rc;
	rc = rc == 0 ? swap_prepare(root, staging, msg) : rc;
	if (rc != 0) {
		return rc;
	}
	rc = stage(ctl, site, staging, msg);
	if (rc != 0) {
		(void)!swap_abandon(root, NULL);
		return rc;
	}
	return swap_commit(root, msg);
}

int
cmd_restore(struct ctl *ctl)
{
	struct err_msg msg;
	struct site site;
	int rc = site_open_directory(&site, ctl, &msg);

	rc = rc == 0 ? restore(ctl, &site, &msg) : rc;
	site_close(&site);
	return rc == 0 ? EX_OK : command_fail_msg(ctl, &msg);
}

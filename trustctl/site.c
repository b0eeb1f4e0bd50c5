#include "trustctl/site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/graph/store_layout.h"
#include "trustctl/interest.h"
#include "trustctl/swap.h"

/** A map that has to grow doubles each time: more rounds than 64 bits have none. */
#define UPDATE_ROUNDS_MAX 64

int
site_path(const struct site *site, const char *name, char out[PATH_MAX], struct err_msg *msg)
{
	int n = snprintf(out, PATH_MAX, "%s/%s", site->root, name);

	if (n < 0 || n >= PATH_MAX) {
		return err_set(msg, ERR_RANGE, "the path of the store is too long");
	}
	return 0;
}

int
site_keys(const struct site *site, struct keystore *out, struct err_msg *msg)
{
	return keystore_open(out, site->root, true, msg);
}

static int
fail_missing(const struct site *site, struct err_msg *msg)
{
	return err_set(msg, ERR_NOTFOUND,
		"there is no store at %s; make one with: trustctl --store %s init --domain DOMAIN",
		site->root, site->root);
}

/* tell_error - warnings are for `spamd-trust --check-config`; errors also stand here */
static void
tell_error(void *ctx, const struct cf_diagnostic *d)
{
	const struct ctl *ctl = ctx;

	if (d->severity == CF_ERROR) {
		command_warn(ctl, "%.*s:%u: %s", SLICE_ARG(d->file), d->line, d->text);
	}
}

/* config_path - of --config, else the daemon's own directory; NULL where there is none */
static const char *
config_path(const struct ctl *ctl)
{
	static const char *const usual[] = SETTINGS_SITE_DIRS;

	if (options_has(ctl->options, OPTION_CONFIG)) {
		return ctl->options->value[OPTION_CONFIG];
	}
	for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
		if (access(usual[i], F_OK) == 0) {
			return usual[i];
		}
	}
	return NULL;
}

static int
load_settings(struct site *site, struct ctl *ctl, struct err_msg *msg)
{
	const struct settings_source source = {
		.kind = SETTINGS_SOURCE_PATH, .value = config_path(ctl)};
	const struct settings_load_options options = {
		.local_tests_only = true, .diagnose = tell_error, .ctx = ctl};

	if (source.value == NULL) {
		int rc = settings_new(&site->settings);

		return rc == 0 ? 0 : err_set(msg, rc, "%s", err_text(rc));
	}
	return settings_load(&source, 1, &options, &site->settings, msg);
}

/* make_directory - existing ones stay as they are; made by root, it gets the owner of the root */
static int
make_directory(const char *path, mode_t mode, const struct stat *owner, struct err_msg *msg)
{
	if (mkdir(path, mode) != 0) {
		return errno == EEXIST ? 0 : err_set_errno(msg, "cannot make %s", path);
	}
	/* mkdir obeys the umask. */
	if (chmod(path, mode) != 0) {
		return err_set_errno(msg, "cannot set the mode of %s", path);
	}
	if (owner != NULL && geteuid() == 0 && chown(path, owner->st_uid, owner->st_gid) != 0) {
		return err_set_errno(msg, "cannot set the owner of %s", path);
	}
	return 0;
}

static int
make_directories(const struct site *site, struct err_msg *msg)
{
	static const enum store_layout_part parts[] = {
		STORE_LAYOUT_GRAPH, STORE_LAYOUT_PRIVATE, STORE_LAYOUT_LEDGER};
	char path[PATH_MAX];
	struct stat root;
	int rc = make_directory(site->root, SITE_MODE_ROOT, NULL, msg);

	if (rc != 0) {
		return rc;
	}
	if (stat(site->root, &root) != 0) {
		return err_set_errno(msg, "cannot look at %s", site->root);
	}
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(parts); i++) {
		rc = store_layout_path(site->root, parts[i], path, msg);
		if (rc == 0) {
			rc = make_directory(path, SITE_MODE_STORE, &root, msg);
		}
	}
	return rc;
}

int
site_lock(struct site *site, struct err_msg *msg)
{
	site->lock = open(site->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (site->lock < 0) {
		return err_set_errno(msg, "cannot open %s", site->root);
	}
	while (flock(site->lock, LOCK_EX) != 0) {
		if (errno != EINTR) {
			return err_set_errno(msg, "cannot lock %s", site->root);
		}
	}
	return 0;
}

/* create_stores - empty ones get their tables; existing ones stay as they are */
static int
create_stores(struct site *site, const struct rng *rng, struct err_msg *msg)
{
	uint64_t epoch;
	int rc = rng_bytes(rng, (uint8_t *)&epoch, sizeof(epoch));

	if (rc != 0) {
		return err_set(msg, rc, "no random bytes: %s", err_text(rc));
	}
	rc = graph_create(site->graph_store, epoch, msg);
	return rc == 0 ? private_create(site->private_store, msg) : rc;
}

static int
open_stores(struct site *site, const struct rng *rng, enum site_mode mode, struct err_msg *msg)
{
	static const enum store_mode store_modes[] = {
		[SITE_READ] = STORE_READ,
		[SITE_WRITE] = STORE_WRITE,
		[SITE_REBUILD] = STORE_WRITE,
		[SITE_CREATE] = STORE_CREATE,
	};
	int rc = store_layout_open(STORE_LAYOUT_GRAPH, site->root,
		mode == SITE_REBUILD ? STORE_UPGRADE : store_modes[mode], &site->graph_store,
		msg);

	if (rc == 0) {
		rc = store_layout_open(STORE_LAYOUT_PRIVATE, site->root, store_modes[mode],
			&site->private_store, msg);
	}
	if (rc == 0 && mode == SITE_CREATE) {
		rc = create_stores(site, rng, msg);
	}
	if (rc == 0) {
		rc = graph_reader_new(site->graph_store, &site->graph, msg);
	}
	if (rc == 0) {
		rc = private_reader_new(site->private_store, &site->private_reader, msg);
	}
	return rc;
}

/* start - an empty handle that knows its place */
static int
start(struct site *site, const struct ctl *ctl, struct err_msg *msg)
{
	*site = (struct site){.lock = -1};
	int n = snprintf(site->root, sizeof(site->root), "%s", ctl->root);

	if (n < 0 || n >= PATH_MAX) {
		return err_set(msg, ERR_RANGE, "the path of the store is too long");
	}
	return 0;
}

int
site_open_directory(struct site *site, struct ctl *ctl, struct err_msg *msg)
{
	int rc = start(site, ctl, msg);

	rc = rc == 0 ? load_settings(site, ctl, msg) : rc;
	rc = rc == 0 ? make_directories(site, msg) : rc;
	return rc == 0 ? site_lock(site, msg) : rc;
}

int
site_open(struct site *site, struct ctl *ctl, enum site_mode mode, struct err_msg *msg)
{
	int rc = start(site, ctl, msg);

	rc = rc == 0 ? load_settings(site, ctl, msg) : rc;

	if (rc == 0 && mode == SITE_CREATE) {
		rc = make_directories(site, msg);
	}
	if (rc == 0 && access(site->root, F_OK) != 0) {
		rc = fail_missing(site, msg);
	}
	if (rc == 0 && mode != SITE_READ) {
		rc = site_lock(site, msg);
		rc = rc == 0 ? swap_recover(site->root, msg) : rc;
	}
	return rc == 0 ? open_stores(site, &ctl->rng, mode, msg) : rc;
}

struct graph_options
site_graph_options(const struct site *site)
{
	return (struct graph_options){
		.fold_local_part = site->settings->fold_local_part,
		.fresh_vouches = site->settings->metric.fresh_vouches,
		.fresh_window_s = site->settings->metric.fresh_window_s,
		.warnings = graph_warnings_option(site->settings->metric.reporter_warnings),
		.warn_window_s = site->settings->metric.reporter_window_s,
	};
}

void
site_close(struct site *site)
{
	if (site->reading) {
		private_end(site->private_reader);
		graph_end(site->graph);
		site->reading = false;
	}
	private_reader_free(site->private_reader);
	graph_reader_free(site->graph);
	store_close(site->private_store);
	store_close(site->graph_store);
	settings_free(site->settings);
	if (site->lock >= 0) {
		(void)close(site->lock);
	}
	*site = (struct site){.lock = -1};
}

int
site_begin(struct site *site, struct err_msg *msg)
{
	int rc = graph_begin(site->graph);

	if (rc != 0) {
		return err_set(
			msg, rc, "cannot read the graph in %s: %s", site->root, err_text(rc));
	}
	rc = private_begin(site->private_reader);
	if (rc != 0) {
		graph_end(site->graph);
		return err_set(msg, rc, "cannot read the private store in %s: %s", site->root,
			err_text(rc));
	}
	site->reading = true;
	return 0;
}

int
site_end(struct site *site, struct err_msg *msg)
{
	if (!site->reading) {
		return 0;
	}
	int rc = graph_error(site->graph);

	rc = rc != 0 ? rc : private_error(site->private_reader);
	private_end(site->private_reader);
	graph_end(site->graph);
	site->reading = false;
	if (rc != 0) {
		return err_set(msg, rc, "reading the store in %s failed: %s", site->root,
			err_text(rc));
	}
	return 0;
}

/* update_once - one round of site_update; ERR_BUSY asks for another */
static int
update_once(struct site *site, site_work_fn *work, void *ctx, struct err_msg *msg)
{
	struct site_txn txn = {.site = site};
	const struct graph_options options = site_graph_options(site);
	int rc = graph_txn_begin(site->graph_store, &options, &txn.graph, msg);

	if (rc == 0) {
		rc = private_txn_begin(site->private_store, &txn.private_txn, msg);
	}
	if (rc == 0) {
		rc = work(ctx, &txn, msg);
	}
	if (rc == 0) {
		rc = graph_txn_commit(txn.graph, msg);
		txn.graph = NULL;
	}
	if (rc == 0) {
		rc = private_txn_commit(txn.private_txn, msg);
		txn.private_txn = NULL;
	}
	private_txn_abort(txn.private_txn);
	graph_txn_abort(txn.graph);
	return rc;
}

int
site_update(struct site *site, site_work_fn *work, void *ctx, struct err_msg *msg)
{
	int rc = ERR_BUSY;

	for (int round = 0; rc == ERR_BUSY && round < UPDATE_ROUNDS_MAX; round++) {
		rc = update_once(site, work, ctx, msg);
	}
	return rc == 0 ? interest_refresh(site, msg) : rc;
}

/*
 * site.h - the store directory as trustctl works on it.
 *
 * STORE/graph and STORE/private are the two stores, STORE/keys the private keys, STORE/ledger
 * the daemon's own. Programs of one host change them at the same time: LMDB arbitrates within
 * a store, and what touches several of them (adding a user, backup, restore) holds a lock on
 * the directory itself, which the system gives back however the holder ends.
 *
 * A change of both stores commits graph first, then private. Between the two a crash may
 * come, so whoever changes both must be able to run again from there: work given to
 * site_update() looks before it adds.
 *
 * New files get the owner of the directory they are made in where trustctl runs as root,
 * except keys, which stay with who made them.
 */
#ifndef TRUSTCTL_SITE_H
#define TRUSTCTL_SITE_H

#include <limits.h>

#include "common/conf/settings.h"
#include "common/graph/graph_merge.h"
#include "common/graph/private.h"
#include "common/statement/keystore.h"
#include "trustctl/command.h"

#define SITE_MODE_ROOT  0755 /**< everybody may pass; what is inside is closed */
#define SITE_MODE_STORE 0750

enum site_mode {
	SITE_READ,
	SITE_WRITE,   /**< holds the lock until site_close */
	SITE_REBUILD, /**< as SITE_WRITE, and a graph of an older schema, to be rebuilt at once */
	SITE_CREATE, /**< as SITE_WRITE, making what is missing */
};

/** An open store directory. Fields are to be read only. */
struct site {
	char root[PATH_MAX];
	int lock; /**< descriptor of the directory, -1 without the lock */
	struct settings *settings;
	struct store *graph_store;
	struct store *private_store;
	struct graph_reader *graph;
	struct private_reader *private_reader;
	bool reading; /**< between site_begin and site_end */
};

/**
 * Opens the store of ctl->root, with the settings of --config or of the daemon's usual place.
 * Settings are NULL after a failure that came from them.
 * @return 0; ERR_NOTFOUND with the remedy when there is no store; what stores and settings say.
 */
NODISCARD int site_open(
	struct site *site, struct ctl *ctl, enum site_mode mode, struct err_msg *msg);

/**
 * Only reads the settings, makes the directories where they are missing, and takes the lock:
 * for restore.
 */
NODISCARD int site_open_directory(struct site *site, struct ctl *ctl, struct err_msg *msg);

/** What the settings say for changes of the graph. */
struct graph_options site_graph_options(const struct site *site);

/** Takes the lock of a store that was opened with SITE_READ. */
NODISCARD int site_lock(struct site *site, struct err_msg *msg);

/** Gives everything back; fine after a failed site_open, and twice. */
void site_close(struct site *site);

/** Takes a snapshot of both stores. */
NODISCARD int site_begin(struct site *site, struct err_msg *msg);

/** Gives it back. @return 0, or the first error a look-up met since site_begin. */
NODISCARD int site_end(struct site *site, struct err_msg *msg);

/** Both stores, open for writing. */
struct site_txn {
	struct site *site;
	struct graph_txn *graph;
	struct private_txn *private_txn;
};

/**
 * @return 0 to commit, an error with msg to change nothing. May run more than once, and
 * not between site_begin and site_end: a snapshot would keep a full map from growing.
 */
typedef int site_work_fn(void *ctx, struct site_txn *txn, struct err_msg *msg);

/**
 * Runs work in one transaction of each store, again where a map had to grow, and brings what
 * gossip may know of the friend lists up to date (interest.h).
 */
NODISCARD int site_update(
	struct site *site, site_work_fn *work, void *ctx, struct err_msg *msg);

/** "ROOT/name"; ERR_RANGE when that is too long. */
NODISCARD int site_path(
	const struct site *site, const char *name, char out[PATH_MAX], struct err_msg *msg);

/** Opens STORE/keys, made where it is missing. */
NODISCARD int site_keys(const struct site *site, struct keystore *out, struct err_msg *msg);

#endif

/*
 * store_watch.h - stores that only root may read, for workers that are not root.
 *
 * An administrator who makes the stores as root and starts the daemon as root, as the original is
 * started, has stores that the account of the worker process cannot open. LMDB needs a path
 * once and descriptors from then on, so the worker process opens such stores while it still is
 * root, just before it gives that up. That is only safe where nobody else could have put a link
 * or a file of his own in the way; stores that belong to another account (gossip's, say) are
 * opened afterwards, with that account's rights.
 *
 * For the same reason the worker process cannot open what appears later, or was put in place by
 * `trustctl restore`: the supervisor looks, and replaces the worker process.
 */
#ifndef SPAMD_TRUST_STORE_WATCH_H
#define SPAMD_TRUST_STORE_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "common/base/err.h"

/** How often store_watch_has_changed() is worth asking. */
#define STORE_WATCH_MS 1000

/** A data file as it was; all zero where there was none. */
struct store_watch_file {
	dev_t device;
	ino_t inode;
	struct timespec modified;
};

/** What was there; fields are private. */
struct store_watch {
	const char *directory;
	struct store_watch_file seen[2];
	atomic_bool *is_open; /* in memory shared with the worker process */
};

/**
 * True when the store directory, all that lead to it and the stores in it belong to root
 * and nobody else may write there (sticky directories on the way apart); files that do not exist
 * do no harm.
 */
bool store_watch_is_roots_own(const char *directory);

/** The same for the ledger, which the worker process writes. */
bool store_watch_is_roots_ledger(const char *directory);

/** Notes what is there now. Borrows the path. @return 0 or what the system said. */
NODISCARD int store_watch_init(
	struct store_watch *w, const char *directory, struct err_msg *msg);
void store_watch_fini(struct store_watch *w);

/** For the worker process: it has all stores open, or not. */
void store_watch_report(const struct store_watch *w, bool is_open);

/**
 * For the supervisor: is there something that a new worker process would find and this one did
 * not? Other files than at the last call; or, while it lacks a store, files that were written
 * to since (a store that is just being made).
 */
bool store_watch_has_news(struct store_watch *w);

#endif

/*
 * store.h - a transactional, ordered key-value store with two backends.
 *
 * An environment holds named tables; keys and values are bytes, ordered bytewise. A table is
 * plain (one value a key), or a set table, where a key has a sorted set of values of one fixed
 * size (LMDB's DUPFIXED), which is how adjacency lists are kept. One writer at a time, any
 * number of readers, each on its own snapshot. store_lmdb.c is the only module that knows
 * LMDB; store_mem.c keeps the same promises in memory for tests and replays.
 *
 * Transactions carry their own error, as in Knot's journal: after a failure every call answers
 * that error (reads find nothing), and store_commit() returns it, so a sequence is checked
 * once. Slices handed out point into the store and are good until the transaction ends or,
 * in a write transaction, until the next write. Map-full grows the map and is retried by the
 * caller on ERR_BUSY; a full reader table is cleaned of dead readers once by itself.
 */
#ifndef COMMON_STORE_STORE_H
#define COMMON_STORE_STORE_H

#include "common/base/err.h"
#include "common/base/slice.h"

#define STORE_TABLES_MAX 24
#define STORE_KEY_MAX    511

enum store_table_kind {
	STORE_PLAIN,
	STORE_SET, /**< sorted set of fixed-size values per key */
};

/** A table of the schema; the index in the array given at opening is its number. */
struct store_table {
	const char *name;
	enum store_table_kind kind;
};

enum store_mode {
	STORE_READ,   /**< must exist; no writes possible */
	STORE_WRITE,  /**< must exist */
	STORE_CREATE, /**< made when missing */
};

struct store_config {
	const char *path; /**< directory of the LMDB environment */
	enum store_mode mode;
	const struct store_table *tables; /**< borrowed for the life of the store */
	size_t table_count;
	uint32_t schema_version;  /**< refused when the stored one is greater (ERR_VERSION) */
	size_t map_initial_bytes; /**< 0: 64 MiB */
	size_t map_max_bytes;     /**< 0: 64 GiB; beyond, ERR_FULL */
};

struct store;
struct store_txn;
struct store_cursor;

/**
 * Opens an LMDB environment. @return 0; ERR_NOTFOUND (no environment at path), ERR_DENIED,
 * ERR_VERSION (schema newer than ours), ERR_CORRUPT (not an LMDB file, truncated), ERR_BUSY, ERR_FULL;
 * msg names the path and the remedy.
 */
NODISCARD int store_lmdb_open(
	const struct store_config *config, struct store **out, struct err_msg *msg);

/** The twin in memory; config->path is ignored. Gone at store_close. */
NODISCARD int store_mem_open(
	const struct store_config *config, struct store **out, struct err_msg *msg);

/** All transactions must be over; NULL is fine. */
void store_close(struct store *store);

/** True when the environment's file was replaced under us (restore): close and open again. */
bool store_is_stale(const struct store *store);

/** A consistent copy while in use, into an existing empty directory. */
NODISCARD int store_copy(struct store *store, const char *directory, struct err_msg *msg);

struct store_usage {
	uint64_t bytes_used;
	uint64_t bytes_mapped;
	uint64_t readers;
};
NODISCARD int store_usage(struct store *store, struct store_usage *out);

/** A read transaction. Cheap to reuse: store_pause() keeps the handle without a snapshot, store_renew() takes a new one. */
NODISCARD int store_begin_read(struct store *store, struct store_txn **out);
void store_pause(struct store_txn *txn);
NODISCARD int store_renew(struct store_txn *txn);

/** The one write transaction; waits for another writer. */
NODISCARD int store_begin_write(struct store *store, struct store_txn **out);

/** Commits and frees; returns the sticky error (having aborted) if there was one. ERR_BUSY after growing a full map: do the work again. */
NODISCARD int store_commit(struct store_txn *txn);

/** Drops the transaction (read or write) and frees it; NULL is fine. */
void store_abort(struct store_txn *txn);

NODISCARD int store_txn_error(const struct store_txn *txn);

/** True and the value (a set table: the first of the set). */
bool store_get(
	struct store_txn *txn, unsigned int table, struct slice key, struct slice *value_out);

void store_put(struct store_txn *txn, unsigned int table, struct slice key, struct slice value);

/** As store_put for keys greater than all that are there (bulk load). */
void store_append(
	struct store_txn *txn, unsigned int table, struct slice key, struct slice value);

/** Removes the key with all its values. True when something was there. */
bool store_delete(struct store_txn *txn, unsigned int table, struct slice key);

/** Removes one value of a set. */
bool store_delete_value(
	struct store_txn *txn, unsigned int table, struct slice key, struct slice value);

/** Empties a table. */
void store_clear(struct store_txn *txn, unsigned int table);

/** Number of entries (set tables: values). */
uint64_t store_count(struct store_txn *txn, unsigned int table);

/**
 * A cursor of the transaction; kept in a small pool with it, so that opening and closing does
 * not allocate after the first time. NULL with a sticky error on failure.
 */
struct store_cursor *store_cursor_open(struct store_txn *txn, unsigned int table);
void store_cursor_close(struct store_cursor *cursor);

/** First entry with a key at or after `key`. Values of sets follow each other through store_cursor_next. */
bool store_cursor_seek(struct store_cursor *c, struct slice key, struct slice *key_out,
	struct slice *value_out);
bool store_cursor_next(struct store_cursor *c, struct slice *key_out, struct slice *value_out);
bool store_cursor_last(struct store_cursor *c, struct slice *key_out, struct slice *value_out);

/* Within the set of one key. */
bool store_set_first(struct store_cursor *c, struct slice key, struct slice *value_out);
/** First value at or after `at_least` (a prefix will do). */
bool store_set_seek(struct store_cursor *c, struct slice key, struct slice at_least,
	struct slice *value_out);
bool store_set_next(struct store_cursor *c, struct slice *value_out);
/** Size of the set of one key; O(1) in LMDB. */
uint64_t store_set_count(struct store_cursor *c, struct slice key);

#endif

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
 * in a write transaction, until the next write. A transaction stays in the thread that began
 * it; a read transaction may be handed to another thread between uses.
 *
 * An environment may be open only once in a process: POSIX record locks, by which LMDB knows
 * its readers, are dropped for the whole process when any descriptor of the lock file is
 * closed. So close a stale store before opening its successor.
 *
 * Map size. A reader (STORE_READ) reserves map_max_bytes of address space from the start,
 * which costs nothing on 64 bit, so a file that a writer grows never outgrows its map and its
 * threads never have to stop for a new one. A writer starts at map_initial_bytes; a full map
 * makes the transaction fail with ERR_BUSY, the map is doubled (up to map_max_bytes, then it
 * is ERR_FULL) as soon as no transaction of this process is open, and the work is done
 * again: store_update() does all that. A full reader table is cleaned of dead readers once.
 *
 * What a damaged file can do. Opening checks the header pages before anything is mapped, and
 * then every page that is in use, in files above 64 MiB only where the file is shorter than it
 * should be. A file that is damaged or cut while it is open ends in SIGBUS, as with every mapped
 * file: replace stores by renaming whole directories (as `trustctl restore` does), never by
 * writing over them. store_is_stale() notices replaced and cut files.
 */
#ifndef COMMON_STORE_STORE_H
#define COMMON_STORE_STORE_H

#include "common/base/err.h"
#include "common/base/slice.h"

#define STORE_TABLES_MAX 48
#define STORE_KEY_MAX    511

enum store_table_kind {
	STORE_PLAIN,
	STORE_SET, /**< sorted set of fixed-size values per key */
};

/**
 * A table of the schema; the index in the array given at opening is its number. The name "meta"
 * is the store's own.
 */
struct store_table {
	const char *name;
	enum store_table_kind kind;
};

enum store_mode {
	STORE_READ,   /**< must exist; no writes possible */
	STORE_WRITE,  /**< must exist */
	STORE_CREATE, /**< made when missing */
	/**
	 * As STORE_WRITE, and a store of an older schema too, if it is one that can be rebuilt:
	 * tables it lacks are made, and the first transaction that commits makes it one of the
	 * present schema, so that is the one in which all is made anew.
	 */
	STORE_UPGRADE,
};

struct store_config {
	const char *path; /**< directory of the LMDB environment */
	enum store_mode mode;
	const struct store_table *tables; /**< borrowed for the life of the store */
	size_t table_count;
	uint32_t schema_version; /**< from 1; a store of another version is ERR_VERSION */
	bool can_rebuild; /**< what its tables hold can be made anew: see STORE_UPGRADE */
	/**
	 * From this older version on all records are still good; opened for writing, a store
	 * gets the tables it lacks and becomes one of the present schema. 0: none.
	 */
	uint32_t schema_oldest;
	size_t map_initial_bytes; /**< 0: 64 MiB */
	size_t map_max_bytes;     /**< 0: 64 GiB; beyond, ERR_FULL */
};

struct store;
struct store_txn;
struct store_cursor;

/**
 * Opens an LMDB environment: a directory with data.mdb (mode 0640) and lock.mdb (0660, as
 * readers write it too). Files made by root get the owner and group of the directory.
 * @return 0; ERR_NOTFOUND (no environment at path, or an empty one), ERR_DENIED, ERR_VERSION
 * (schema or LMDB format of another version), ERR_CORRUPT (not an LMDB file, not one of ours,
 * truncated), ERR_BUSY (another process keeps the lock file locked for 2 seconds), ERR_FULL,
 * ERR_NOMEM, ERR_IO; msg names the path and the remedy.
 */
NODISCARD int store_lmdb_open(
	const struct store_config *config, struct store **out, struct err_msg *msg);

/** The twin in memory; config->path is ignored. Gone at store_close. */
NODISCARD int store_mem_open(
	const struct store_config *config, struct store **out, struct err_msg *msg);

/** All transactions must be over; NULL is fine. */
void store_close(struct store *store);

/**
 * True for a store of an older schema, opened with STORE_UPGRADE, into which nothing was
 * committed yet.
 */
bool store_is_outdated(const struct store *store);

/**
 * True when the environment's file was replaced, removed or cut under us, or broke in use:
 * close and open again.
 */
bool store_is_stale(const struct store *store);

/**
 * Writes a consistent copy while in use, as data.mdb (mode 0640) in an existing directory;
 * nothing stays behind on failure.
 * @return 0; ERR_EXISTS when there is one already; ERR_FULL; ERR_DENIED; ERR_IO;
 * ERR_UNSUPPORTED in memory.
 */
NODISCARD int store_copy(struct store *store, const char *directory, struct err_msg *msg);

/** In memory only the readers are counted. */
struct store_usage {
	uint64_t bytes_used; /**< of the file, free pages within it included */
	uint64_t bytes_mapped;
	uint64_t readers; /**< slots of the reader table that were ever in use */
	uint64_t commits; /**< grows with every write of any process: has anything changed? */
};
NODISCARD int store_usage(struct store *store, struct store_usage *out);

/**
 * A read transaction. Cheap to reuse: store_pause() keeps the handle without a snapshot and
 * ends its cursors, store_renew() takes a new one and clears the error. A snapshot that was not
 * given back is kept, without its cursors, where it is still the newest; that costs next to
 * nothing.
 * @return 0; ERR_BUSY (table of readers full, or the map has to grow first), ERR_NOMEM, ERR_IO.
 */
NODISCARD int store_begin_read(struct store *store, struct store_txn **out);
void store_pause(struct store_txn *txn);
NODISCARD int store_renew(struct store_txn *txn);

/**
 * True when the last store_renew() took the very snapshot of the one before: nobody committed in
 * between, and everything borrowed from the former is still there.
 */
bool store_is_unchanged(const struct store_txn *txn);

/**
 * The one write transaction; waits for another writer.
 * @return as store_begin_read, ERR_DENIED in STORE_READ.
 */
NODISCARD int store_begin_write(struct store *store, struct store_txn **out);

/**
 * Commits and frees; returns the sticky error (having aborted) if there was one. ERR_BUSY
 * means the map was full: do the work again. ERR_FULL: disk or map are at their end, what
 * was there is untouched.
 */
NODISCARD int store_commit(struct store_txn *txn);

/** Drops the transaction (read or write) and frees it; NULL is fine. */
void store_abort(struct store_txn *txn);

/** The sticky error, 0 where there is none. */
NODISCARD int store_txn_error(const struct store_txn *txn);

/**
 * Makes the transaction fail with `error`: for records that are there but damaged. The first
 * error stays.
 */
void store_txn_fail(struct store_txn *txn, int error);

/** Work inside a write transaction; may run more than once, each time from the same start. */
typedef int store_update_fn(void *ctx, struct store_txn *txn);

/**
 * Runs work and commits, again where the map had to grow. The calling thread must hold no
 * other transaction of the store.
 * @return 0, what work returned (having aborted), or what store_commit says.
 */
NODISCARD int store_update(struct store *store, store_update_fn *work, void *ctx);

/** True and the value (a set table: the first of the set). */
bool store_get(
	struct store_txn *txn, unsigned int table, struct slice key, struct slice *value_out);

void store_put(struct store_txn *txn, unsigned int table, struct slice key, struct slice value);

/**
 * As store_put for keys (sets: values of the key) greater than all that are there (bulk load);
 * ERR_RANGE when they are not.
 */
void store_append(
	struct store_txn *txn, unsigned int table, struct slice key, struct slice value);

/**
 * As store_append for a whole set of values of one size, ascending, one behind the other; the key
 * is greater than all that are there.
 */
void store_append_set(struct store_txn *txn, unsigned int table, struct slice key,
	struct slice values, size_t value_len);

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
 * not allocate after the first time. A write to the cursor's own table ends its position:
 * seek again. NULL with a sticky error on failure; NULL is fine in all functions below.
 */
struct store_cursor *store_cursor_open(struct store_txn *txn, unsigned int table);
void store_cursor_close(struct store_cursor *cursor);

/**
 * First entry with a key at or after `key` (an empty one: the first of all). Values of sets
 * follow each other through store_cursor_next.
 */
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

/**
 * The run of values around the cursor's position, one after the other as an array of the
 * set's fixed-size values: in LMDB all that share a page with it, in memory the one value.
 * The cursor moves to the end of the run, so that store_set_next() gives the first value of
 * the next one. For walking and searching lists without a call per value.
 */
bool store_set_run(struct store_cursor *c, struct slice *values_out);

/**
 * The first run of the set of one key and the set's size, in one look-up: a small set is there
 * as a whole. The cursor stands as after store_set_run(). False where there is no such set.
 */
bool store_set_open(struct store_cursor *c, struct slice key, struct slice *values_out,
	uint64_t *count_out);

/** Keys of one store_sets_peek(). */
#define STORE_PEEK_MAX 16

/** What store_sets_peek() knows of a set. */
struct store_peek {
	bool is_known;       /**< else it must be opened to know */
	struct slice values; /**< all of it, one after the other; empty: there is no such set */
};

/**
 * Looks up the sets of several keys, numbers of four bytes big-endian, which takes much less
 * time together than one after the other; in a plain table the set of a key is its value. Knows
 * small sets only, in a store opened with STORE_READ and in LMDB; what was written to out is
 * good as long as the snapshot.
 */
void store_sets_peek(struct store_txn *txn, unsigned int table, const uint32_t *keys,
	size_t count, struct store_peek *out);

/** Size of the set of one key; O(1) in LMDB. */
uint64_t store_set_count(struct store_cursor *c, struct slice key);

#endif

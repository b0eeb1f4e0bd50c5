/*
 * store_backend.h - what a storage backend gives to store.c; private to common/store.
 *
 * store.c keeps the promises that are the same everywhere (sticky errors, the pool of
 * cursors, retries); a backend embeds the structs below as the first member of its own and
 * supplies the operations. Every operation returns 0 or an error; ERR_NOTFOUND is an answer
 * and never made sticky. Backends are called with valid tables, active transactions and,
 * for writes, write transactions only.
 */
#ifndef COMMON_STORE_STORE_BACKEND_H
#define COMMON_STORE_STORE_BACKEND_H

#include "common/store/store.h"
#include "common/store/store_memo.h"

struct store_ops;

struct store {
	const struct store_ops *ops;
	const struct store_table *tables;
	size_t table_count;
	bool is_outdated; /* of an older schema, until the first commit */
};

struct store_txn {
	struct store *store;
	bool is_write;
	bool is_active; /* false while paused */
	int error;
	uint32_t snapshot;       /* counts renewals; older cursors are renewed */
	uint64_t snapshot_id;    /* of the last renewal; 0 where a backend has none */
	bool is_unchanged;       /* the last renewal found the snapshot of the one before */
	struct store_memo *memo; /* from the first renewal on, where the backend has ids */
	uint32_t writes
		[STORE_TABLES_MAX];   /* count of changes, by which cursors know to be lost */
	struct store_cursor *cursors; /* the pool, in use or not */
};

struct store_cursor {
	struct store_txn *txn;
	struct store_cursor *next; /* in the pool */
	unsigned int table;
	bool in_use;
	uint32_t snapshot;
	uint32_t writes; /* of the table when it was positioned */
};

/** How a cursor is to move. */
enum store_move {
	STORE_MOVE_SEEK,      /**< to the first entry at or after *key */
	STORE_MOVE_NEXT,      /**< to the next entry */
	STORE_MOVE_LAST,      /**< to the last entry */
	STORE_MOVE_SET_FIRST, /**< to the first value of exactly *key */
	STORE_MOVE_SET_SEEK,  /**< to the first value of exactly *key at or after *value */
	STORE_MOVE_SET_NEXT,  /**< to the next value of the same key */
	STORE_MOVE_SET_RUN,   /**< to the end of the run; *value is the whole of it */
};

struct store_ops {
	void (*close)(struct store *store);
	bool (*is_stale)(const struct store *store);
	int (*copy)(struct store *store, const char *directory, struct err_msg *msg);
	int (*usage)(struct store *store, struct store_usage *out);

	int (*txn_begin)(struct store *store, bool is_write, struct store_txn **out);
	void (*txn_pause)(struct store_txn *txn);
	int (*txn_renew)(struct store_txn *txn);
	/**
	 * Of the last commit that the transaction sees, never 0; NULL where nothing tells
	 * snapshots apart.
	 */
	uint64_t (*txn_snapshot_id)(const struct store_txn *txn);
	/** Has nobody committed since its snapshot was taken? NULL where that cannot be told. */
	bool (*txn_is_newest)(const struct store_txn *txn);
	/** Both end and free the transaction, whatever they return; its cursors are gone before. */
	int (*txn_commit)(struct store_txn *txn);
	void (*txn_abort)(struct store_txn *txn);

	int (*get)(
		struct store_txn *txn, unsigned int table, struct slice key, struct slice *out);
	int (*put)(struct store_txn *txn, unsigned int table, struct slice key,
		struct slice value, bool is_append);
	int (*append_set)(struct store_txn *txn, unsigned int table, struct slice key,
		struct slice values, size_t value_len);
	/** value NULL: the key with all its values. */
	int (*remove)(struct store_txn *txn, unsigned int table, struct slice key,
		const struct slice *value);
	int (*clear)(struct store_txn *txn, unsigned int table);
	int (*count)(struct store_txn *txn, unsigned int table, uint64_t *out);

	int (*cursor_new)(struct store_txn *txn, unsigned int table, struct store_cursor **out);
	int (*cursor_renew)(struct store_cursor *cursor);
	void (*cursor_free)(struct store_cursor *cursor);
	/** Reads *key and *value where the move needs them, and sets both. */
	int (*cursor_move)(struct store_cursor *cursor, enum store_move move, struct slice *key,
		struct slice *value);
	int (*set_count)(struct store_cursor *cursor, struct slice key, uint64_t *out);
	int (*set_open)(struct store_cursor *cursor, struct slice key, struct slice *values_out,
		uint64_t *count_out);
	/**
	 * Of a read transaction; writes what it knows over out, which is all unknown. NULL:
	 * nothing ever.
	 */
	void (*sets_peek)(struct store_txn *txn, unsigned int table, const uint32_t *keys,
		size_t count, struct store_peek *out);
};

/** Fills the shared part of a new store. */
void store_init(
	struct store *store, const struct store_ops *ops, const struct store_config *config);

#endif

/*
 * store_lmdb.h - the LMDB backend from the inside; private to store_lmdb*.c, which are the
 * only files that know LMDB.
 *
 *	store_lmdb.c        transactions, tables, cursors, the size of the map
 *	store_lmdb_peek.c   where the pages are, for store_peek.c
 *	store_lmdb_env.c    opening, checking, copying, closing an environment
 *	store_file.c        the files, without LMDB
 *	store_peek.c        look-ups in the map, without LMDB
 */
#ifndef COMMON_STORE_STORE_LMDB_H
#define COMMON_STORE_STORE_LMDB_H

#include <pthread.h>
#include <stdatomic.h>

#include <lmdb.h>

#include "common/store/store_backend.h"
#include "common/store/store_file.h"
#include "common/store/store_peek.h"

struct lmdb_store {
	struct store base;
	MDB_env *env;
	MDB_dbi dbis[STORE_TABLES_MAX];
	MDB_dbi meta;
	MDB_dbi main;            /* the records of the tables */
	struct store_map map;    /* bytes NULL: not known, or it may change */
	uint32_t schema_version; /* of the program */
	enum store_mode mode;
	size_t map_max;
	struct store_file file;
	atomic_bool
		is_broken; /* a failed write of its header: LMDB refuses all until opened anew */

	/*
	 * Writers only: the map may be exchanged when no transaction of this process is open.
	 * Guarded by lock; readers never touch it.
	 */
	pthread_mutex_t lock;
	size_t active;
	bool must_grow;
	bool must_adopt;    /* another process made the map larger */
	unsigned int moves; /* of the map */
};

/* A table's tree in a snapshot. */
struct lmdb_tree {
	bool is_loaded;
	uint32_t snapshot; /* in which it was */
	struct store_map map;
	struct format_tree tree;
};

struct lmdb_txn {
	struct store_txn base;
	MDB_txn *txn;
	struct lmdb_tree trees[STORE_TABLES_MAX];
};

/* store_lmdb_env.c */
int lmdb_usage(struct store *base, struct store_usage *out);
bool lmdb_is_stale(const struct store *base);
int lmdb_copy(struct store *base, const char *directory, struct err_msg *msg);
void lmdb_close(struct store *base);

/** LMDB's or the system's error as ours. */
int lmdb_code_of(int rc);

/** The table with the schema's version. */
#define META_TABLE "meta"

/* store_lmdb_peek.c */

/** Finds out where LMDB mapped a reader's file; leaves `map` as it is when it cannot. */
void lmdb_find_map(struct lmdb_store *store, MDB_txn *txn);

void lmdb_sets_peek(struct store_txn *txn, unsigned int table, const uint32_t *keys,
	size_t count, struct store_peek *out);

/* store_lmdb.c */

extern const struct store_ops lmdb_ops;

/**
 * lmdb_code_of for what came from writing: a full map is noted, so that it grows before the
 * next transaction, and a short write on a full disk is told from a broken one.
 */
int lmdb_write_error(struct lmdb_store *store, int rc);

/** Stores the program's schema version. @return LMDB's code. */
int lmdb_put_schema(struct lmdb_store *store, MDB_txn *txn);

/** Borrows. */
MDB_val lmdb_val_of(struct slice s);

#endif

#include "common/store/store_lmdb.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct lmdb_cursor {
	struct store_cursor base;
	MDB_cursor *cursor;
};

static struct lmdb_store *
store_of(const struct store_txn *txn)
{
	return (struct lmdb_store *)txn->store;
}

static MDB_txn *
txn_of(const struct store_txn *txn)
{
	return ((const struct lmdb_txn *)txn)->txn;
}

MDB_val
lmdb_val_of(struct slice s)
{
	MDB_val out = {.mv_size = s.len};

	/* LMDB takes non-const pointers and writes through none of them. */
	memcpy(&out.mv_data, &s.data, sizeof(out.mv_data));
	return out;
}

static struct slice
slice_of_val(MDB_val v)
{
	return slice_of(v.mv_data, v.mv_size);
}

/*
 * lmdb_write_error - code_of for what came from writing: a full map is noted, so that it grows
 * before the next transaction
 */
int
lmdb_write_error(struct lmdb_store *store, int rc)
{
	MDB_envinfo info;

	if (rc == EIO && store_file_disk_is_full(&store->file)) {
		return ERR_FULL;
	}
	if (rc == MDB_PANIC) {
		store->is_broken = true;
	}
	if (rc != MDB_MAP_FULL) {
		return lmdb_code_of(rc);
	}
	if (mdb_env_info(store->env, &info) != 0 || info.me_mapsize >= store->map_max) {
		return ERR_FULL;
	}
	(void)pthread_mutex_lock(&store->lock);
	store->must_grow = true;
	(void)pthread_mutex_unlock(&store->lock);
	return ERR_BUSY;
}

/* resize_map - with the lock held and nothing active */
static int
resize_map(struct lmdb_store *store)
{
	MDB_envinfo info;
	size_t size = 0; /* what the file says */
	int rc;

	if (store->must_grow) {
		int dead;

		/* A dead reader may be what keeps old pages from reuse. */
		(void)mdb_reader_check(store->env, &dead);
		rc = mdb_env_info(store->env, &info);
		if (rc != 0) {
			return lmdb_code_of(rc);
		}
		size = info.me_mapsize > store->map_max / 2 ? store->map_max
							    : info.me_mapsize * 2;
	}
	rc = mdb_env_set_mapsize(store->env, size);
	store->moves++;
	if (rc == 0) {
		store->must_grow = false;
		store->must_adopt = false;
	}
	return lmdb_code_of(rc);
}

/* enter - counts a transaction of a writer's process, after changing the map where that is due */
static int
enter(struct lmdb_store *store)
{
	int rc = 0;

	if (store->mode == STORE_READ) {
		return 0;
	}
	(void)pthread_mutex_lock(&store->lock);
	if (store->must_grow || store->must_adopt) {
		rc = store->active == 0 ? resize_map(store) : ERR_BUSY;
	}
	if (rc == 0) {
		store->active++;
	}
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}

static void
leave(struct lmdb_store *store)
{
	if (store->mode == STORE_READ) {
		return;
	}
	(void)pthread_mutex_lock(&store->lock);
	assert(store->active > 0);
	store->active--;
	(void)pthread_mutex_unlock(&store->lock);
}

/*
 * begin_error - undoes enter(); another process's larger map is adopted by the next one who
 * enters
 */
static int
begin_error(struct lmdb_store *store, int rc)
{
	leave(store);
	if (rc == MDB_PANIC) {
		store->is_broken = true;
	}
	if (rc == MDB_MAP_RESIZED && store->mode != STORE_READ) {
		(void)pthread_mutex_lock(&store->lock);
		store->must_adopt = true;
		(void)pthread_mutex_unlock(&store->lock);
	}
	return lmdb_code_of(rc);
}

static int
begin_raw(struct lmdb_store *store, bool is_write, MDB_txn **out)
{
	int rc = mdb_txn_begin(store->env, NULL, is_write ? 0 : MDB_RDONLY, out);

	if (rc == MDB_READERS_FULL) {
		int dead;

		(void)mdb_reader_check(store->env, &dead);
		rc = mdb_txn_begin(store->env, NULL, is_write ? 0 : MDB_RDONLY, out);
	}
	return rc;
}

static int
lmdb_begin(struct store *base, bool is_write, struct store_txn **out)
{
	struct lmdb_store *store = (struct lmdb_store *)base;
	struct lmdb_txn *txn;
	int rc = ERR_OK;

	if (is_write && store->mode == STORE_READ) {
		return ERR_DENIED;
	}
	txn = calloc(1, sizeof(*txn));
	if (txn == NULL) {
		return ERR_NOMEM;
	}
	/* Twice, as the first may find that another process made the map larger. */
	for (int i = 0; i < 2; i++) {
		int raw;

		rc = enter(store);
		if (rc != 0) {
			break;
		}
		raw = begin_raw(store, is_write, &txn->txn);
		if (raw == 0) {
			*out = &txn->base;
			return 0;
		}
		rc = begin_error(store, raw);
		if (raw != MDB_MAP_RESIZED) {
			break;
		}
	}
	free(txn);
	return rc;
}

static void
lmdb_pause(struct store_txn *txn)
{
	mdb_txn_reset(txn_of(txn));
	leave(store_of(txn));
}

static int
lmdb_renew(struct store_txn *txn)
{
	struct lmdb_store *store = store_of(txn);
	int rc = enter(store);
	int raw;

	if (rc != 0) {
		return rc;
	}
	raw = mdb_txn_renew(txn_of(txn));
	return raw == 0 ? 0 : begin_error(store, raw);
}

/* lmdb_snapshot_id - a map that moved counts as another snapshot: its bytes are elsewhere */
static uint64_t
lmdb_snapshot_id(const struct store_txn *txn)
{
	return mdb_txn_id(txn_of(txn)) + ((uint64_t)store_of(txn)->moves << 48);
}

/* lmdb_is_newest - going by the newer meta page, which a commit writes last */
static bool
lmdb_is_newest(const struct store_txn *txn)
{
	MDB_envinfo info;

	return mdb_env_info(store_of(txn)->env, &info) == 0 &&
	       info.me_last_txnid == mdb_txn_id(txn_of(txn));
}

static int
lmdb_commit(struct store_txn *txn)
{
	struct lmdb_store *store = store_of(txn);
	bool is_upgrade = store->base.is_outdated && txn->is_write;
	int rc = is_upgrade ? lmdb_put_schema(store, txn_of(txn)) : 0;

	if (rc == 0) {
		rc = mdb_txn_commit(txn_of(txn));
	} else {
		mdb_txn_abort(txn_of(txn));
	}
	if (rc == 0 && is_upgrade) {
		store->base.is_outdated = false;
	}
	leave(store);
	free(txn);
	return lmdb_write_error(store, rc);
}

static void
lmdb_abort(struct store_txn *txn)
{
	mdb_txn_abort(txn_of(txn));
	if (txn->is_active) {
		leave(store_of(txn));
	}
	free(txn);
}

static int
lmdb_get(struct store_txn *txn, unsigned int table, struct slice key, struct slice *out)
{
	MDB_val k = lmdb_val_of(key);
	MDB_val v;
	int rc = mdb_get(txn_of(txn), store_of(txn)->dbis[table], &k, &v);

	if (rc != 0) {
		return lmdb_code_of(rc);
	}
	*out = slice_of_val(v);
	return 0;
}

static int
lmdb_put(struct store_txn *txn, unsigned int table, struct slice key, struct slice value,
	bool is_append)
{
	struct lmdb_store *store = store_of(txn);
	MDB_val k = lmdb_val_of(key);
	MDB_val v = lmdb_val_of(value);
	unsigned int flags = 0;

	if (is_append) {
		flags = txn->store->tables[table].kind == STORE_SET ? MDB_APPENDDUP
								    : MDB_APPEND;
	}
	return lmdb_write_error(store, mdb_put(txn_of(txn), store->dbis[table], &k, &v, flags));
}

static int
lmdb_append_set(struct store_txn *txn, unsigned int table, struct slice key,
	struct slice values, size_t value_len)
{
	struct lmdb_store *store = store_of(txn);
	MDB_val k = lmdb_val_of(key);
	MDB_cursor *c = NULL;
	unsigned int flags = MDB_APPEND; /* the key; then the values within it */
	int rc = mdb_cursor_open(txn_of(txn), store->dbis[table], &c);

	for (size_t at = 0; rc == 0 && at < values.len; at += value_len) {
		MDB_val v = lmdb_val_of(slice_of(values.data + at, value_len));

		rc = mdb_cursor_put(c, &k, &v, flags);
		flags = MDB_APPENDDUP;
	}
	if (c != NULL) {
		mdb_cursor_close(c);
	}
	return lmdb_write_error(store, rc);
}

static int
lmdb_remove(
	struct store_txn *txn, unsigned int table, struct slice key, const struct slice *value)
{
	struct lmdb_store *store = store_of(txn);
	MDB_val k = lmdb_val_of(key);
	MDB_val v = lmdb_val_of(value == NULL ? (struct slice){0} : *value);

	return lmdb_write_error(
		store, mdb_del(txn_of(txn), store->dbis[table], &k, value == NULL ? NULL : &v));
}

static int
lmdb_clear(struct store_txn *txn, unsigned int table)
{
	struct lmdb_store *store = store_of(txn);

	return lmdb_write_error(store, mdb_drop(txn_of(txn), store->dbis[table], 0));
}

static int
lmdb_count(struct store_txn *txn, unsigned int table, uint64_t *out)
{
	MDB_stat stat;
	int rc = mdb_stat(txn_of(txn), store_of(txn)->dbis[table], &stat);

	*out = rc == 0 ? stat.ms_entries : 0;
	return lmdb_code_of(rc);
}

static int
lmdb_cursor_new(struct store_txn *txn, unsigned int table, struct store_cursor **out)
{
	struct lmdb_cursor *c = calloc(1, sizeof(*c));
	int rc;

	if (c == NULL) {
		return ERR_NOMEM;
	}
	rc = mdb_cursor_open(txn_of(txn), store_of(txn)->dbis[table], &c->cursor);
	if (rc != 0) {
		free(c);
		return lmdb_code_of(rc);
	}
	*out = &c->base;
	return 0;
}

static int
lmdb_cursor_renew(struct store_cursor *cursor)
{
	return lmdb_code_of(
		mdb_cursor_renew(txn_of(cursor->txn), ((struct lmdb_cursor *)cursor)->cursor));
}

static void
lmdb_cursor_free(struct store_cursor *cursor)
{
	mdb_cursor_close(((struct lmdb_cursor *)cursor)->cursor);
	free(cursor);
}

static MDB_cursor *
cursor_of(const struct store_cursor *cursor)
{
	return ((const struct lmdb_cursor *)cursor)->cursor;
}

static const MDB_cursor_op cursor_ops[] = {
	[STORE_MOVE_SEEK] = MDB_SET_RANGE,
	[STORE_MOVE_NEXT] = MDB_NEXT,
	[STORE_MOVE_LAST] = MDB_LAST,
	[STORE_MOVE_SET_FIRST] = MDB_SET,
	[STORE_MOVE_SET_SEEK] = MDB_GET_BOTH_RANGE,
	[STORE_MOVE_SET_NEXT] = MDB_NEXT_DUP,
	[STORE_MOVE_SET_RUN] = MDB_GET_MULTIPLE,
};

static int
lmdb_cursor_move(struct store_cursor *cursor, enum store_move move, struct slice *key,
	struct slice *value)
{
	bool reads_key = move == STORE_MOVE_SEEK || move == STORE_MOVE_SET_FIRST ||
			 move == STORE_MOVE_SET_SEEK;
	MDB_val k = lmdb_val_of(reads_key ? *key : (struct slice){0});
	MDB_val v = lmdb_val_of(move == STORE_MOVE_SET_SEEK ? *value : (struct slice){0});
	MDB_cursor_op op = cursor_ops[move];
	int rc;

	/*
	 * Of a set of one value MDB_GET_MULTIPLE leaves `v` as it is, so it has to be there
	 * before.
	 */
	if (move == STORE_MOVE_SET_RUN) {
		rc = mdb_cursor_get(cursor_of(cursor), &k, &v, MDB_GET_CURRENT);
		if (rc != 0) {
			return lmdb_code_of(rc);
		}
	}
	/* LMDB refuses empty keys, which to us come before all others. */
	if (move == STORE_MOVE_SEEK && k.mv_size == 0) {
		op = MDB_FIRST;
	}
	rc = mdb_cursor_get(cursor_of(cursor), &k, &v, op);
	if (rc != 0) {
		return lmdb_code_of(rc);
	}
	*key = slice_of_val(k);
	*value = slice_of_val(v);
	return 0;
}

static int
lmdb_set_count(struct store_cursor *cursor, struct slice key, uint64_t *out)
{
	MDB_cursor *c = ((struct lmdb_cursor *)cursor)->cursor;
	MDB_val k = lmdb_val_of(key);
	MDB_val v;
	size_t count = 0;
	int rc = mdb_cursor_get(c, &k, &v, MDB_SET);

	if (rc == 0) {
		rc = mdb_cursor_count(c, &count);
	}
	*out = count;
	return lmdb_code_of(rc);
}

static int
lmdb_set_open(struct store_cursor *cursor, struct slice key, struct slice *values_out,
	uint64_t *count_out)
{
	MDB_cursor *c = cursor_of(cursor);
	MDB_val k = lmdb_val_of(key);
	MDB_val v;
	size_t count = 0;
	int rc = mdb_cursor_get(c, &k, &v, MDB_SET);

	if (rc == 0) {
		rc = mdb_cursor_count(c, &count);
	}
	if (rc == 0 && count > 1) {
		rc = mdb_cursor_get(c, &k, &v, MDB_GET_MULTIPLE);
	}
	if (rc == 0) {
		*values_out = slice_of_val(v);
		*count_out = count;
	}
	return lmdb_code_of(rc);
}

const struct store_ops lmdb_ops = {
	.close = lmdb_close,
	.is_stale = lmdb_is_stale,
	.copy = lmdb_copy,
	.usage = lmdb_usage,
	.txn_begin = lmdb_begin,
	.txn_pause = lmdb_pause,
	.txn_renew = lmdb_renew,
	.txn_snapshot_id = lmdb_snapshot_id,
	.txn_is_newest = lmdb_is_newest,
	.txn_commit = lmdb_commit,
	.txn_abort = lmdb_abort,
	.get = lmdb_get,
	.put = lmdb_put,
	.append_set = lmdb_append_set,
	.remove = lmdb_remove,
	.clear = lmdb_clear,
	.count = lmdb_count,
	.cursor_new = lmdb_cursor_new,
	.cursor_renew = lmdb_cursor_renew,
	.cursor_free = lmdb_cursor_free,
	.cursor_move = lmdb_cursor_move,
	.set_count = lmdb_set_count,
	.set_open = lmdb_set_open,
	.sets_peek = lmdb_sets_peek,
};

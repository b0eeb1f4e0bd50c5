#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include <lmdb.h>

#include "common/base/wire_reader.h"
#include "common/base/wire_writer.h"
#include "common/store/store_backend.h"
#include "common/store/store_file.h"

#define MAP_INITIAL_DEFAULT ((size_t)64 << 20)
#define MAP_MAX_DEFAULT     ((size_t)64 << 30)

/* Slots in lock.mdb, 64 bytes each: threads of the daemon, tools beside it, and room. */
#define READERS_MAX 512

#define META_TABLE "meta"
#define SCHEMA_KEY SLICE("schema")
#define SCHEMA_LEN 4

struct lmdb_store {
	struct store base;
	MDB_env *env;
	MDB_dbi dbis[STORE_TABLES_MAX];
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
	bool must_adopt; /* another process made the map larger */
};

struct lmdb_txn {
	struct store_txn base;
	MDB_txn *txn;
};

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

static MDB_val
val_of(struct slice s)
{
	/* LMDB takes non-const pointers and writes through none of them. */
	return (MDB_val){.mv_size = s.len, .mv_data = (void *)(uintptr_t)s.data};
}

static struct slice
slice_of_val(MDB_val v)
{
	return slice_of(v.mv_data, v.mv_size);
}

/* code_of - LMDB's or the system's error as ours */
static int
code_of(int rc)
{
	switch (rc) {
	case MDB_SUCCESS:
		return 0;
	case MDB_NOTFOUND:
		return ERR_NOTFOUND;
	case MDB_KEYEXIST:
		return ERR_RANGE;
	case MDB_VERSION_MISMATCH:
		return ERR_VERSION;
	case MDB_PAGE_NOTFOUND:
	case MDB_CORRUPTED:
	case MDB_INVALID:
	case MDB_INCOMPATIBLE:
	case MDB_BAD_DBI:
	case MDB_BAD_TXN:
		return ERR_CORRUPT;
	case MDB_MAP_FULL:
	case MDB_MAP_RESIZED:
	case MDB_READERS_FULL:
		return ERR_BUSY;
	case MDB_TXN_FULL:
	case MDB_CURSOR_FULL:
	case MDB_PAGE_FULL:
	case MDB_DBS_FULL:
		return ERR_TOOBIG;
	case MDB_BAD_VALSIZE:
		return ERR_RANGE;
	case MDB_PANIC:
		return ERR_IO;
	case EFBIG:
		return ERR_FULL;
	default:
		return rc > 0 ? err_from_errno(rc) : ERR_IO;
	}
}

/* write_error - code_of for what came from writing: a full map is noted, so that it grows before the next transaction */
static int
write_error(struct lmdb_store *store, int rc)
{
	MDB_envinfo info;

	if (rc == EIO && store_file_disk_is_full(&store->file)) {
		return ERR_FULL;
	}
	if (rc == MDB_PANIC) {
		store->is_broken = true;
	}
	if (rc != MDB_MAP_FULL) {
		return code_of(rc);
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
			return code_of(rc);
		}
		size = info.me_mapsize > store->map_max / 2 ? store->map_max
							    : info.me_mapsize * 2;
	}
	rc = mdb_env_set_mapsize(store->env, size);
	if (rc == 0) {
		store->must_grow = false;
		store->must_adopt = false;
	}
	return code_of(rc);
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

/* begin_error - undoes enter(); another process's larger map is adopted by the next one who enters */
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
	return code_of(rc);
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

static int
lmdb_commit(struct store_txn *txn)
{
	struct lmdb_store *store = store_of(txn);
	int rc = mdb_txn_commit(txn_of(txn));

	leave(store);
	free(txn);
	return write_error(store, rc);
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
	MDB_val k = val_of(key);
	MDB_val v;
	int rc = mdb_get(txn_of(txn), store_of(txn)->dbis[table], &k, &v);

	if (rc != 0) {
		return code_of(rc);
	}
	*out = slice_of_val(v);
	return 0;
}

static int
lmdb_put(struct store_txn *txn, unsigned int table, struct slice key, struct slice value,
	bool is_append)
{
	struct lmdb_store *store = store_of(txn);
	MDB_val k = val_of(key);
	MDB_val v = val_of(value);
	unsigned int flags = 0;

	if (is_append) {
		flags = txn->store->tables[table].kind == STORE_SET ? MDB_APPENDDUP
								    : MDB_APPEND;
	}
	return write_error(store, mdb_put(txn_of(txn), store->dbis[table], &k, &v, flags));
}

static int
lmdb_remove(
	struct store_txn *txn, unsigned int table, struct slice key, const struct slice *value)
{
	struct lmdb_store *store = store_of(txn);
	MDB_val k = val_of(key);
	MDB_val v = val_of(value == NULL ? (struct slice){0} : *value);

	return write_error(
		store, mdb_del(txn_of(txn), store->dbis[table], &k, value == NULL ? NULL : &v));
}

static int
lmdb_clear(struct store_txn *txn, unsigned int table)
{
	struct lmdb_store *store = store_of(txn);

	return write_error(store, mdb_drop(txn_of(txn), store->dbis[table], 0));
}

static int
lmdb_count(struct store_txn *txn, unsigned int table, uint64_t *out)
{
	MDB_stat stat;
	int rc = mdb_stat(txn_of(txn), store_of(txn)->dbis[table], &stat);

	*out = rc == 0 ? stat.ms_entries : 0;
	return code_of(rc);
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
		return code_of(rc);
	}
	*out = &c->base;
	return 0;
}

static int
lmdb_cursor_renew(struct store_cursor *cursor)
{
	return code_of(
		mdb_cursor_renew(txn_of(cursor->txn), ((struct lmdb_cursor *)cursor)->cursor));
}

static void
lmdb_cursor_free(struct store_cursor *cursor)
{
	mdb_cursor_close(((struct lmdb_cursor *)cursor)->cursor);
	free(cursor);
}

static const MDB_cursor_op cursor_ops[] = {
	[STORE_MOVE_SEEK] = MDB_SET_RANGE,
	[STORE_MOVE_NEXT] = MDB_NEXT,
	[STORE_MOVE_LAST] = MDB_LAST,
	[STORE_MOVE_SET_FIRST] = MDB_SET,
	[STORE_MOVE_SET_SEEK] = MDB_GET_BOTH_RANGE,
	[STORE_MOVE_SET_NEXT] = MDB_NEXT_DUP,
};

static int
lmdb_cursor_move(struct store_cursor *cursor, enum store_move move, struct slice *key,
	struct slice *value)
{
	bool reads_key = move == STORE_MOVE_SEEK || move == STORE_MOVE_SET_FIRST ||
			 move == STORE_MOVE_SET_SEEK;
	MDB_val k = val_of(reads_key ? *key : (struct slice){0});
	MDB_val v = val_of(move == STORE_MOVE_SET_SEEK ? *value : (struct slice){0});
	MDB_cursor_op op = cursor_ops[move];
	int rc;

	/* LMDB refuses empty keys, which to us come before all others. */
	if (move == STORE_MOVE_SEEK && k.mv_size == 0) {
		op = MDB_FIRST;
	}
	rc = mdb_cursor_get(((struct lmdb_cursor *)cursor)->cursor, &k, &v, op);
	if (rc != 0) {
		return code_of(rc);
	}
	*key = slice_of_val(k);
	*value = slice_of_val(v);
	return 0;
}

static int
lmdb_set_count(struct store_cursor *cursor, struct slice key, uint64_t *out)
{
	MDB_cursor *c = ((struct lmdb_cursor *)cursor)->cursor;
	MDB_val k = val_of(key);
	MDB_val v;
	size_t count = 0;
	int rc = mdb_cursor_get(c, &k, &v, MDB_SET);

	if (rc == 0) {
		rc = mdb_cursor_count(c, &count);
	}
	*out = count;
	return code_of(rc);
}

static int
lmdb_usage(struct store *base, struct store_usage *out)
{
	struct lmdb_store *store = (struct lmdb_store *)base;
	MDB_envinfo info;
	MDB_stat stat;
	int rc = mdb_env_info(store->env, &info);

	*out = (struct store_usage){0};
	if (rc == 0) {
		rc = mdb_env_stat(store->env, &stat);
	}
	if (rc == 0) {
		out->bytes_used = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
		out->bytes_mapped = info.me_mapsize;
		out->readers = info.me_numreaders;
	}
	return code_of(rc);
}

static bool
lmdb_is_stale(const struct store *base)
{
	const struct lmdb_store *store = (const struct lmdb_store *)base;
	MDB_envinfo info;
	MDB_stat stat;

	if (store->is_broken || !store_file_is_same(&store->file)) {
		return true;
	}
	if (mdb_env_info(store->env, &info) != 0 || mdb_env_stat(store->env, &stat) != 0) {
		return true;
	}
	/* A reader that could not reserve the largest map is outgrown by the file. */
	return store->mode == STORE_READ &&
	       info.me_last_pgno >= info.me_mapsize / stat.ms_psize;
}

static int
lmdb_copy(struct store *base, const char *directory, struct err_msg *msg)
{
	struct lmdb_store *store = (struct lmdb_store *)base;
	char path[STORE_FILE_PATH_MAX];
	int fd = -1;
	int rc = store_file_create(directory, path, &fd, msg);

	if (rc != 0) {
		return rc;
	}
	rc = mdb_env_copyfd2(store->env, fd, 0);
	if (rc == 0 && fsync(fd) != 0) {
		rc = errno;
	}
	if (close(fd) != 0 && rc == 0) {
		rc = errno;
	}
	if (rc != 0) {
		(void)unlink(path);
		return err_set(msg, code_of(rc), "%s: copying %s failed: %s", path,
			store->file.data_path, mdb_strerror(rc));
	}
	return 0;
}

static void
lmdb_close(struct store *base)
{
	struct lmdb_store *store = (struct lmdb_store *)base;

	assert(store->active == 0);
	if (store->env != NULL) {
		mdb_env_close(store->env);
	}
	(void)pthread_mutex_destroy(&store->lock);
	free(store);
}

static const struct store_ops lmdb_ops = {
	.close = lmdb_close,
	.is_stale = lmdb_is_stale,
	.copy = lmdb_copy,
	.usage = lmdb_usage,
	.txn_begin = lmdb_begin,
	.txn_pause = lmdb_pause,
	.txn_renew = lmdb_renew,
	.txn_commit = lmdb_commit,
	.txn_abort = lmdb_abort,
	.get = lmdb_get,
	.put = lmdb_put,
	.remove = lmdb_remove,
	.clear = lmdb_clear,
	.count = lmdb_count,
	.cursor_new = lmdb_cursor_new,
	.cursor_renew = lmdb_cursor_renew,
	.cursor_free = lmdb_cursor_free,
	.cursor_move = lmdb_cursor_move,
	.set_count = lmdb_set_count,
};

/* check_schema - compares the stored version with ours, or stores ours in a new environment */
static int
check_schema(const struct store_config *config, MDB_txn *txn, MDB_dbi meta, bool is_new,
	struct err_msg *msg)
{
	MDB_val k = val_of(SCHEMA_KEY);
	MDB_val v;
	uint8_t bytes[SCHEMA_LEN];
	struct wire_reader reader;
	uint32_t version;
	int rc;

	if (is_new) {
		struct wire_writer writer;

		wire_writer_init(&writer, bytes, sizeof(bytes));
		wire_write_u32(&writer, config->schema_version);
		v = val_of(slice_of(bytes, sizeof(bytes)));
		return mdb_put(txn, meta, &k, &v, 0);
	}
	rc = mdb_get(txn, meta, &k, &v);
	if (rc != 0) {
		return rc;
	}
	wire_reader_init(&reader, slice_of_val(v));
	version = wire_read_u32(&reader);
	if (wire_reader_finish(&reader) != 0 || version == 0) {
		return MDB_CORRUPTED;
	}
	if (version > config->schema_version) {
		return err_set(msg, ERR_VERSION,
			"%s: schema %u is newer than this program's %u: upgrade the program, "
			"or restore a backup made with this version",
			config->path, version, config->schema_version);
	}
	if (version < config->schema_version) {
		return err_set(msg, ERR_VERSION,
			"%s: schema %u is older than this program's %u: restore it with the "
			"version that made it, or export and import its statements",
			config->path, version, config->schema_version);
	}
	return 0;
}

/* open_tables - all handles, in one transaction; ours and LMDB's errors may come back */
static int
open_tables(struct lmdb_store *store, const struct store_config *config, MDB_txn *txn,
	bool is_new, struct err_msg *msg)
{
	unsigned int create = is_new ? MDB_CREATE : 0;
	MDB_dbi meta;
	int rc = mdb_dbi_open(txn, META_TABLE, create, &meta);

	if (rc == 0) {
		rc = check_schema(config, txn, meta, is_new, msg);
	}
	for (size_t i = 0; rc == 0 && i < config->table_count; i++) {
		unsigned int flags =
			config->tables[i].kind == STORE_SET ? MDB_DUPSORT | MDB_DUPFIXED : 0;
		unsigned int found = 0;

		rc = mdb_dbi_open(txn, config->tables[i].name, create | flags, &store->dbis[i]);
		if (rc == 0) {
			rc = mdb_dbi_flags(txn, store->dbis[i], &found);
		}
		if (rc == 0 && found != flags) {
			rc = MDB_INCOMPATIBLE;
		}
	}
	return rc;
}

/* is_empty - an environment without any table: made, but never begun */
static int
is_empty(MDB_txn *txn, bool *out)
{
	MDB_dbi main_dbi;
	MDB_stat stat;
	int rc = mdb_dbi_open(txn, NULL, 0, &main_dbi);

	if (rc == 0) {
		rc = mdb_stat(txn, main_dbi, &stat);
	}
	*out = rc == 0 && stat.ms_entries == 0;
	return rc;
}

static int
open_schema(struct lmdb_store *store, const struct store_config *config, struct err_msg *msg)
{
	unsigned int flags = config->mode == STORE_READ ? MDB_RDONLY : 0;
	MDB_txn *txn = NULL;
	bool is_new = false;
	int rc = mdb_txn_begin(store->env, NULL, flags, &txn);

	if (rc == 0) {
		rc = is_empty(txn, &is_new);
	}
	if (rc == 0 && is_new && config->mode != STORE_CREATE) {
		mdb_txn_abort(txn);
		return err_set(msg, ERR_NOTFOUND,
			"%s: the store is empty: make it with `trustctl init`, or restore a "
			"backup",
			config->path);
	}
	if (rc == 0) {
		rc = open_tables(store, config, txn, is_new, msg);
	}
	if (rc != 0) {
		mdb_txn_abort(txn);
	} else {
		rc = mdb_txn_commit(txn);
	}
	if (rc == ERR_VERSION) {
		return rc;
	}
	if (rc == MDB_NOTFOUND || rc == MDB_CORRUPTED || rc == MDB_INCOMPATIBLE) {
		return err_set(msg, ERR_CORRUPT,
			"%s: data.mdb is not a store of this kind (tables are missing or "
			"damaged): check the path, or restore a backup",
			config->path);
	}
	return rc == 0 ? 0
		       : err_set(msg, write_error(store, rc), "%s: cannot read the tables: %s",
				 config->path, mdb_strerror(rc));
}

static int
env_open(struct lmdb_store *store, const struct store_config *config, size_t map_bytes)
{
	unsigned int flags = MDB_NOTLS | (config->mode == STORE_READ ? MDB_RDONLY : 0);
	int rc = mdb_env_create(&store->env);

	if (rc == 0) {
		rc = mdb_env_set_maxdbs(store->env, STORE_TABLES_MAX + 1);
	}
	if (rc == 0) {
		rc = mdb_env_set_maxreaders(store->env, READERS_MAX);
	}
	if (rc == 0 && map_bytes > 0) {
		rc = mdb_env_set_mapsize(store->env, map_bytes);
	}
	if (rc == 0) {
		rc = mdb_env_open(store->env, config->path, flags, STORE_FILE_DATA_MODE);
	}
	if (rc != 0 && store->env != NULL) {
		mdb_env_close(store->env);
		store->env = NULL;
	}
	return rc;
}

/* open_env - with the map of its mode; where address space is limited a reader makes do with the file's own */
static int
open_env(struct lmdb_store *store, const struct store_config *config, struct err_msg *msg)
{
	size_t initial = config->map_initial_bytes == 0 ? MAP_INITIAL_DEFAULT
							: config->map_initial_bytes;
	int rc;

	if (config->mode == STORE_READ) {
		rc = env_open(store, config, store->map_max);
		if (rc == ENOMEM) {
			rc = env_open(store, config, 0);
		}
	} else {
		rc = env_open(
			store, config, initial < store->map_max ? initial : store->map_max);
	}
	if (rc != 0) {
		return store_file_explain(
			&store->file, code_of(rc), mdb_strerror(rc), config->mode, msg);
	}
	return 0;
}

int
store_lmdb_open(const struct store_config *config, struct store **out, struct err_msg *msg)
{
	struct lmdb_store *store = calloc(1, sizeof(*store));
	int rc;

	*out = NULL;
	if (store == NULL) {
		return err_set(msg, ERR_NOMEM, "%s: out of memory", config->path);
	}
	store_init(&store->base, &lmdb_ops, config);
	store->mode = config->mode;
	store->map_max = config->map_max_bytes == 0 ? MAP_MAX_DEFAULT : config->map_max_bytes;
	(void)pthread_mutex_init(&store->lock, NULL);

	rc = store_file_check(&store->file, config->path, config->mode, msg);
	if (rc == 0) {
		rc = open_env(store, config, msg);
	}
	if (rc == 0) {
		rc = store_file_settle(&store->file, msg);
	}
	if (rc == 0) {
		int dead;

		(void)mdb_reader_check(store->env, &dead);
		rc = open_schema(store, config, msg);
	}
	if (rc != 0) {
		lmdb_close(&store->base);
		return rc;
	}
	*out = &store->base;
	return 0;
}

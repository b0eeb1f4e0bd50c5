#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/wire_reader.h"
#include "common/base/wire_writer.h"
#include "common/store/store_lmdb.h"

#define MAP_INITIAL_DEFAULT ((size_t)64 << 20)
#define MAP_MAX_DEFAULT     ((size_t)64 << 30)

/* Slots in lock.mdb, 64 bytes each: threads of the daemon, tools beside it, and room. */
#define READERS_MAX 512

/*
 * Files up to this size are read through at opening (some 50 ms); of larger ones only the
 * headers and the length are checked, which finds truncation, the damage that happens.
 */
#define CHECK_FULL_MAX ((uint64_t)64 << 20)

/* A writer would have to commit twice between two of our system calls, each time. */
#define CHECK_ATTEMPTS_MAX 16

#define SCHEMA_KEY SLICE("schema")
#define SCHEMA_LEN 4

/* lmdb_code_of - LMDB's or the system's error as ours */
int
lmdb_code_of(int rc)
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

int
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
		out->commits = info.me_last_txnid;
	}
	return lmdb_code_of(rc);
}

bool
lmdb_is_stale(const struct store *base)
{
	const struct lmdb_store *store = (const struct lmdb_store *)base;
	MDB_envinfo info;
	MDB_stat stat;
	mdb_filehandle_t fd = -1;

	if (store->is_broken || mdb_env_get_fd(store->env, &fd) != 0 ||
		!store_file_is_same(&store->file, fd)) {
		return true;
	}
	if (mdb_env_info(store->env, &info) != 0 || mdb_env_stat(store->env, &stat) != 0) {
		return true;
	}
	/* A reader that could not reserve the largest map is outgrown by the file. */
	return store->mode == STORE_READ &&
	       info.me_last_pgno >= info.me_mapsize / stat.ms_psize;
}

int
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
		return err_set(msg, lmdb_code_of(rc), "%s: copying %s failed: %s", path,
			store->file.data_path, mdb_strerror(rc));
	}
	return 0;
}

void
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

int
lmdb_put_schema(struct lmdb_store *store, MDB_txn *txn)
{
	uint8_t bytes[SCHEMA_LEN];
	struct wire_writer writer;
	MDB_val k = lmdb_val_of(SCHEMA_KEY);
	MDB_val v;

	wire_writer_init(&writer, bytes, sizeof(bytes));
	wire_write_u32(&writer, store->schema_version);
	v = lmdb_val_of(slice_of(bytes, sizeof(bytes)));
	return mdb_put(txn, store->meta, &k, &v, 0);
}

/* can_extend - is a store of that version good but for tables it lacks? */
static bool
can_extend(const struct store_config *config, uint32_t version)
{
	return config->schema_oldest != 0 && version >= config->schema_oldest;
}

/* refuse_older - with the remedy */
static int
refuse_older(const struct store_config *config, uint32_t version, struct err_msg *msg)
{
	const char *remedy = "restore it with the version that made it, or export and import "
			     "its statements";

	if (config->can_rebuild) {
		remedy = "run `trustctl rebuild`";
	} else if (can_extend(config, version)) {
		remedy = "start spamd-trust of this version once";
	}
	return err_set(msg, ERR_VERSION, "%s: schema %u is older than this program's %u: %s",
		config->path, version, config->schema_version, remedy);
}

/*
 * check_schema - compares the stored version with ours; stores ours where *create_tables says
 * it is new
 */
static int
check_schema(struct lmdb_store *store, const struct store_config *config, MDB_txn *txn,
	bool *create_tables, struct err_msg *msg)
{
	MDB_val k = lmdb_val_of(SCHEMA_KEY);
	MDB_val v;
	struct wire_reader reader;
	uint32_t version;
	int rc;

	if (*create_tables) {
		return lmdb_put_schema(store, txn);
	}
	rc = mdb_get(txn, store->meta, &k, &v);
	if (rc != 0) {
		return rc;
	}
	wire_reader_init(&reader, slice_of(v.mv_data, v.mv_size));
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
	if (version == config->schema_version) {
		return 0;
	}
	if (can_extend(config, version) && config->mode != STORE_READ) {
		*create_tables = true;
		return lmdb_put_schema(store, txn);
	}
	store->base.is_outdated = config->can_rebuild && config->mode == STORE_UPGRADE;
	*create_tables = store->base.is_outdated;
	return store->base.is_outdated ? 0 : refuse_older(config, version, msg);
}

/* open_tables - all handles, in one transaction; ours and LMDB's errors may come back */
static int
open_tables(struct lmdb_store *store, const struct store_config *config, MDB_txn *txn,
	bool is_new, struct err_msg *msg)
{
	bool create_tables = is_new;
	int rc = mdb_dbi_open(txn, META_TABLE, is_new ? MDB_CREATE : 0, &store->meta);

	if (rc == 0) {
		rc = check_schema(store, config, txn, &create_tables, msg);
	}
	for (size_t i = 0; rc == 0 && i < config->table_count; i++) {
		unsigned int create = create_tables ? MDB_CREATE : 0;
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
is_empty(struct lmdb_store *store, MDB_txn *txn, bool *out)
{
	MDB_stat stat;
	int rc = mdb_dbi_open(txn, NULL, 0, &store->main);

	if (rc == 0) {
		rc = mdb_stat(txn, store->main, &stat);
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
		rc = is_empty(store, txn, &is_new);
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
		lmdb_find_map(store, txn);
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
		       : err_set(msg, lmdb_write_error(store, rc),
				 "%s: cannot read the tables: %s", config->path,
				 mdb_strerror(rc));
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

/*
 * open_env - with the map of its mode; where address space is limited a reader makes do with
 * the file's own
 */
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
			&store->file, lmdb_code_of(rc), mdb_strerror(rc), config->mode, msg);
	}
	return 0;
}

/* check_once - the pages of the newest transaction, which a snapshot keeps from reuse meanwhile */
static int
check_once(struct lmdb_store *store, enum store_pages *state_out)
{
	MDB_txn *txn = NULL;
	struct stat st;
	int fd = -1;
	int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);

	if (rc != 0) {
		return rc;
	}
	rc = mdb_env_get_fd(store->env, &fd);
	if (rc == 0 && fstat(fd, &st) != 0) {
		rc = errno;
	}
	if (rc == 0) {
		*state_out = store_pages_check_trees(
			fd, (uint64_t)st.st_size, mdb_txn_id(txn), CHECK_FULL_MAX);
	}
	mdb_txn_abort(txn);
	return rc;
}

static int
check_pages(struct lmdb_store *store, struct err_msg *msg)
{
	enum store_pages state = STORE_PAGES_CHANGED;

	for (int i = 0; state == STORE_PAGES_CHANGED && i < CHECK_ATTEMPTS_MAX; i++) {
		int rc = check_once(store, &state);

		if (rc != 0) {
			return err_set(msg, lmdb_code_of(rc), "%s: cannot be read: %s",
				store->file.data_path, mdb_strerror(rc));
		}
	}
	return store_file_explain_pages(&store->file, state, msg);
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
	store->schema_version = config->schema_version;
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
		rc = check_pages(store, msg);
	}
	if (rc == 0) {
		rc = open_schema(store, config, msg);
	}
	if (rc != 0) {
		lmdb_close(&store->base);
		return rc;
	}
	*out = &store->base;
	return 0;
}

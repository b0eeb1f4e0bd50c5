/* Where LMDB has the pages of a snapshot: what store_peek.h needs to know. */
#include <unistd.h>

#include "common/store/store_lmdb.h"

/*
 * lmdb_find_map - LMDB does not tell where; of a reader it stays there
 *
 * The page with the schema knows its number. That the file has the very same page there shows
 * that it is what we take it for; if not, nothing is ever looked up without LMDB.
 */
void
lmdb_find_map(struct lmdb_store *store, MDB_txn *txn)
{
	uint8_t in_file[FORMAT_PAGE_MAX];
	struct format_page head;
	const uint8_t *page;
	MDB_envinfo info;
	MDB_stat stat;
	MDB_val k = lmdb_val_of(slice_str(META_TABLE));
	MDB_val v;
	mdb_filehandle_t fd = -1;

	if (store->mode != STORE_READ || mdb_get(txn, store->main, &k, &v) != 0 ||
		mdb_env_info(store->env, &info) != 0 ||
		mdb_stat(txn, store->main, &stat) != 0 ||
		mdb_env_get_fd(store->env, &fd) != 0 || stat.ms_psize > sizeof(in_file)) {
		return;
	}
	page = (const uint8_t *)v.mv_data - (uintptr_t)v.mv_data % stat.ms_psize;
	memcpy(&head, page, sizeof(head));
	if (head.number >= info.me_mapsize / stat.ms_psize ||
		pread(fd, in_file, stat.ms_psize, (off_t)(head.number * stat.ms_psize)) !=
			(ssize_t)stat.ms_psize ||
		memcmp(in_file, page, stat.ms_psize) != 0) {
		return;
	}
	store->map = (struct store_map){
		.bytes = page - head.number * stat.ms_psize,
		.page_size = stat.ms_psize,
		.page_count = info.me_mapsize / stat.ms_psize,
	};
}

/* load_tree - of the present snapshot, looked up once in it */
static const struct lmdb_tree *
load_tree(struct lmdb_txn *txn, unsigned int table)
{
	const struct lmdb_store *store = (const struct lmdb_store *)txn->base.store;
	struct lmdb_tree *tree = &txn->trees[table];
	MDB_val k = lmdb_val_of(slice_str(store->base.tables[table].name));
	MDB_envinfo info;
	MDB_val v;

	if (tree->is_loaded && tree->snapshot == txn->base.snapshot) {
		return tree;
	}
	tree->is_loaded = store->map.bytes != NULL && mdb_env_info(store->env, &info) == 0 &&
			  mdb_get(txn->txn, store->main, &k, &v) == 0 &&
			  store_peek_tree(slice_of(v.mv_data, v.mv_size), &tree->tree);
	if (!tree->is_loaded) {
		return NULL;
	}
	tree->snapshot = txn->base.snapshot;
	tree->map = store->map;
	if (info.me_last_pgno < tree->map.page_count) {
		tree->map.page_count = info.me_last_pgno + 1;
	}
	return tree;
}

void
lmdb_sets_peek(struct store_txn *txn, unsigned int table, const uint32_t *keys, size_t count,
	struct store_peek *out)
{
	const struct lmdb_tree *tree = load_tree((struct lmdb_txn *)txn, table);

	if (tree != NULL) {
		store_peek_sets(&tree->map, &tree->tree, keys, count, out);
	}
}

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/store/store_backend.h"
#include "common/store/store_tree.h"

struct mem_store {
	struct store base;
	enum store_mode mode;
	pthread_mutex_t writer; /* held during a write transaction */
	pthread_mutex_t lock;   /* guards roots and numbers */
	struct store_tree *roots[STORE_TABLES_MAX];
	uint64_t readers;
	uint64_t commits;
};

struct mem_txn {
	struct store_txn base;
	struct store_tree *roots[STORE_TABLES_MAX];
};

struct mem_cursor {
	struct store_cursor base;
	const struct store_item
		*at; /* alive as long as the snapshot; NULL before the first move */
};

static void
take_snapshot(struct mem_txn *txn, struct mem_store *store)
{
	(void)pthread_mutex_lock(&store->lock);
	for (size_t i = 0; i < store->base.table_count; i++) {
		txn->roots[i] = store_tree_ref(store->roots[i]);
	}
	store->readers++;
	(void)pthread_mutex_unlock(&store->lock);
}

static void
drop_snapshot(struct mem_txn *txn, struct mem_store *store)
{
	(void)pthread_mutex_lock(&store->lock);
	store->readers--;
	(void)pthread_mutex_unlock(&store->lock);
	for (size_t i = 0; i < store->base.table_count; i++) {
		store_tree_unref(txn->roots[i]);
		txn->roots[i] = NULL;
	}
}

static int
mem_begin(struct store *base, bool is_write, struct store_txn **out)
{
	struct mem_store *store = (struct mem_store *)base;
	struct mem_txn *txn;

	if (is_write && store->mode == STORE_READ) {
		return ERR_DENIED;
	}
	txn = calloc(1, sizeof(*txn));
	if (txn == NULL) {
		return ERR_NOMEM;
	}
	if (is_write) {
		(void)pthread_mutex_lock(&store->writer);
	}
	take_snapshot(txn, store);
	*out = &txn->base;
	return 0;
}

static void
mem_pause(struct store_txn *base)
{
	drop_snapshot((struct mem_txn *)base, (struct mem_store *)base->store);
}

static int
mem_renew(struct store_txn *base)
{
	take_snapshot((struct mem_txn *)base, (struct mem_store *)base->store);
	return 0;
}

static void
mem_abort(struct store_txn *base)
{
	struct mem_store *store = (struct mem_store *)base->store;

	if (base->is_active) {
		drop_snapshot((struct mem_txn *)base, store);
	}
	if (base->is_write) {
		(void)pthread_mutex_unlock(&store->writer);
	}
	free(base);
}

static int
mem_commit(struct store_txn *base)
{
	struct mem_txn *txn = (struct mem_txn *)base;
	struct mem_store *store = (struct mem_store *)base->store;

	(void)pthread_mutex_lock(&store->lock);
	for (size_t i = 0; base->is_write && i < store->base.table_count; i++) {
		struct store_tree *old = store->roots[i];

		store->roots[i] = txn->roots[i];
		txn->roots[i] = old;
	}
	store->commits += base->is_write ? 1 : 0;
	(void)pthread_mutex_unlock(&store->lock);
	mem_abort(base);
	return 0;
}

static struct store_tree **
root_of(struct store_txn *txn, unsigned int table)
{
	return &((struct mem_txn *)txn)->roots[table];
}

static int
answer(const struct store_item *item, struct slice *key_out, struct slice *value_out)
{
	if (item == NULL) {
		return ERR_NOTFOUND;
	}
	*key_out = store_item_key(item);
	*value_out = store_item_value(item);
	return 0;
}

static int
mem_get(struct store_txn *txn, unsigned int table, struct slice key, struct slice *out)
{
	const struct store_item *item = store_tree_find(
		*root_of(txn, table), &(struct store_position){key, NULL}, false);
	struct slice found;

	if (item == NULL || !slice_eq(store_item_key(item), key)) {
		return ERR_NOTFOUND;
	}
	return answer(item, &found, out);
}

static int
mem_put(struct store_txn *txn, unsigned int table, struct slice key, struct slice value,
	bool is_append)
{
	bool is_set = txn->store->tables[table].kind == STORE_SET;
	struct store_position where = {key, is_set ? &value : NULL};
	struct store_tree **root = root_of(txn, table);

	if (is_append) {
		const struct store_item *next = store_tree_find(*root, &where, false);

		if (next != NULL && (!is_set || slice_eq(store_item_key(next), key))) {
			return ERR_RANGE;
		}
	}
	return store_tree_insert(root, &where, value);
}

static int
mem_append_set(struct store_txn *txn, unsigned int table, struct slice key, struct slice values,
	size_t value_len)
{
	struct store_position where = {key, NULL};
	int rc = store_tree_find(*root_of(txn, table), &where, false) == NULL ? 0 : ERR_RANGE;

	for (size_t at = 0; rc == 0 && at < values.len; at += value_len) {
		rc = mem_put(txn, table, key, slice_of(values.data + at, value_len), true);
	}
	return rc;
}

static int
mem_remove(
	struct store_txn *txn, unsigned int table, struct slice key, const struct slice *value)
{
	struct store_tree **root = root_of(txn, table);
	struct store_position where = {key, value};
	int rc = store_tree_remove(root, &where);

	if (value != NULL || txn->store->tables[table].kind == STORE_PLAIN || rc != 0) {
		return rc;
	}
	while (rc == 0) {
		rc = store_tree_remove(root, &where);
	}
	return rc == ERR_NOTFOUND ? 0 : rc;
}

static int
mem_clear(struct store_txn *txn, unsigned int table)
{
	struct store_tree **root = root_of(txn, table);

	store_tree_unref(*root);
	*root = NULL;
	return 0;
}

static int
mem_count(struct store_txn *txn, unsigned int table, uint64_t *out)
{
	*out = store_tree_size(*root_of(txn, table));
	return 0;
}

static int
mem_cursor_new(struct store_txn *txn, unsigned int table, struct store_cursor **out)
{
	struct mem_cursor *c = calloc(1, sizeof(*c));

	(void)txn;
	(void)table;
	if (c == NULL) {
		return ERR_NOMEM;
	}
	*out = &c->base;
	return 0;
}

static int
mem_cursor_renew(struct store_cursor *cursor)
{
	((struct mem_cursor *)cursor)->at = NULL;
	return 0;
}

static void
mem_cursor_free(struct store_cursor *cursor)
{
	free(cursor);
}

static const struct store_item *
after_current(const struct store_tree *root, const struct mem_cursor *c)
{
	struct slice value;

	if (c->at == NULL) {
		return NULL;
	}
	value = store_item_value(c->at);
	return store_tree_find(
		root, &(struct store_position){store_item_key(c->at), &value}, true);
}

/* same_key - the item if its key is `key`, else NULL */
static const struct store_item *
same_key(const struct store_item *item, struct slice key)
{
	return item != NULL && slice_eq(store_item_key(item), key) ? item : NULL;
}

static int
mem_cursor_move(struct store_cursor *cursor, enum store_move move, struct slice *key,
	struct slice *value)
{
	struct mem_cursor *c = (struct mem_cursor *)cursor;
	const struct store_tree *root = *root_of(cursor->txn, cursor->table);
	const struct store_item *found = NULL;

	switch (move) {
	case STORE_MOVE_SEEK:
		found = store_tree_find(root, &(struct store_position){*key, NULL}, false);
		break;
	case STORE_MOVE_NEXT:
		found = after_current(root, c);
		break;
	case STORE_MOVE_LAST:
		found = store_tree_last(root);
		break;
	case STORE_MOVE_SET_FIRST:
		found = same_key(
			store_tree_find(root, &(struct store_position){*key, NULL}, false),
			*key);
		break;
	case STORE_MOVE_SET_SEEK:
		found = same_key(
			store_tree_find(root, &(struct store_position){*key, value}, false),
			*key);
		break;
	case STORE_MOVE_SET_NEXT:
		found = after_current(root, c);
		found = found == NULL ? NULL : same_key(found, store_item_key(c->at));
		break;
	case STORE_MOVE_SET_RUN:
		found = c->at;
		break;
	}
	if (found != NULL) {
		c->at = found;
	}
	return answer(found, key, value);
}

static int
mem_set_count(struct store_cursor *cursor, struct slice key, uint64_t *out)
{
	const struct store_tree *root = *root_of(cursor->txn, cursor->table);
	struct store_position where = {key, NULL};

	*out = store_tree_rank(root, &where, true) - store_tree_rank(root, &where, false);
	return 0;
}

static int
mem_set_open(struct store_cursor *cursor, struct slice key, struct slice *values_out,
	uint64_t *count_out)
{
	int rc = mem_cursor_move(cursor, STORE_MOVE_SET_FIRST, &key, values_out);

	return rc == 0 ? mem_set_count(cursor, key, count_out) : rc;
}

static bool
mem_is_stale(const struct store *store)
{
	(void)store;
	return false;
}

static int
mem_copy(struct store *store, const char *directory, struct err_msg *msg)
{
	(void)store;
	return err_set(msg, ERR_UNSUPPORTED, "%s: a store in memory cannot be copied to disk",
		directory);
}

static int
mem_usage(struct store *base, struct store_usage *out)
{
	struct mem_store *store = (struct mem_store *)base;

	(void)pthread_mutex_lock(&store->lock);
	*out = (struct store_usage){.readers = store->readers, .commits = store->commits};
	(void)pthread_mutex_unlock(&store->lock);
	return 0;
}

static void
mem_close(struct store *base)
{
	struct mem_store *store = (struct mem_store *)base;

	assert(store->readers == 0);
	for (size_t i = 0; i < base->table_count; i++) {
		store_tree_unref(store->roots[i]);
	}
	(void)pthread_mutex_destroy(&store->writer);
	(void)pthread_mutex_destroy(&store->lock);
	free(store);
}

static const struct store_ops mem_ops = {
	.close = mem_close,
	.is_stale = mem_is_stale,
	.copy = mem_copy,
	.usage = mem_usage,
	.txn_begin = mem_begin,
	.txn_pause = mem_pause,
	.txn_renew = mem_renew,
	.txn_commit = mem_commit,
	.txn_abort = mem_abort,
	.get = mem_get,
	.put = mem_put,
	.append_set = mem_append_set,
	.remove = mem_remove,
	.clear = mem_clear,
	.count = mem_count,
	.cursor_new = mem_cursor_new,
	.cursor_renew = mem_cursor_renew,
	.cursor_free = mem_cursor_free,
	.cursor_move = mem_cursor_move,
	.set_count = mem_set_count,
	.set_open = mem_set_open,
};

int
store_mem_open(const struct store_config *config, struct store **out, struct err_msg *msg)
{
	struct mem_store *store = calloc(1, sizeof(*store));

	*out = NULL;
	if (store == NULL) {
		return err_set(msg, ERR_NOMEM, "out of memory");
	}
	store_init(&store->base, &mem_ops, config);
	store->mode = config->mode;
	(void)pthread_mutex_init(&store->writer, NULL);
	(void)pthread_mutex_init(&store->lock, NULL);
	*out = &store->base;
	return 0;
}

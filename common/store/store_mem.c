#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/store/store_backend.h"

/*
 * Each table is a persistent weight-balanced tree (Adams 1993; balance parameters of Hirai
 * and Yamamoto 2011): a change copies the nodes on its path and shares the rest, so a
 * snapshot is one counted reference to each root, a commit swaps roots, and running out of
 * memory half-way leaves the old tree as it was. Nodes know the size of their subtree, which
 * gives ranks and so the size of a set in O(log n). Tables of sets are ordered by (key,
 * value), plain ones by key.
 */

#define BALANCE_DELTA 3
#define BALANCE_GAMMA 2

/* An entry; shared by all versions of the tree that hold it. */
struct item {
	atomic_uint refs;
	size_t key_len;
	size_t value_len;
	uint8_t bytes[]; /* key, then value */
};

struct node {
	atomic_uint refs;
	size_t size;
	struct item *item;
	struct node *left;
	struct node *right;
};

struct mem_store {
	struct store base;
	enum store_mode mode;
	pthread_mutex_t writer; /* held during a write transaction */
	pthread_mutex_t lock;   /* guards roots and readers */
	struct node *roots[STORE_TABLES_MAX];
	uint64_t readers;
};

struct mem_txn {
	struct store_txn base;
	struct node *roots[STORE_TABLES_MAX];
};

struct mem_cursor {
	struct store_cursor base;
	const struct item *at; /* alive as long as the snapshot; NULL before the first move */
};

/* Where something is in the order of a table; value NULL sorts before all values of the key. */
struct position {
	struct slice key;
	const struct slice *value;
};

static struct slice
item_key(const struct item *item)
{
	return slice_of(item->bytes, item->key_len);
}

static struct slice
item_value(const struct item *item)
{
	return slice_of(item->bytes + item->key_len, item->value_len);
}

static struct item *
item_new(struct slice key, struct slice value)
{
	struct item *item = malloc(sizeof(*item) + key.len + value.len);

	if (item == NULL) {
		return NULL;
	}
	atomic_init(&item->refs, 1);
	item->key_len = key.len;
	item->value_len = value.len;
	memcpy(item->bytes, key.data, key.len);
	if (value.len > 0) {
		memcpy(item->bytes + key.len, value.data, value.len);
	}
	return item;
}

static void
item_unref(struct item *item)
{
	if (item != NULL && atomic_fetch_sub(&item->refs, 1) == 1) {
		free(item);
	}
}

static struct node *
node_ref(struct node *n)
{
	if (n != NULL) {
		atomic_fetch_add(&n->refs, 1);
	}
	return n;
}

static void
node_unref(struct node *n)
{
	if (n == NULL || atomic_fetch_sub(&n->refs, 1) != 1) {
		return;
	}
	node_unref(n->left);
	node_unref(n->right);
	item_unref(n->item);
	free(n);
}

static size_t
node_size(const struct node *n)
{
	return n == NULL ? 0 : n->size;
}

static size_t
weight(const struct node *n)
{
	return node_size(n) + 1;
}

/* One change of a tree; a failure makes its result worthless, not the tree it began with. */
struct change {
	int error;
};

/* node_make - takes left and right, refers to the item */
static struct node *
node_make(struct change *change, struct item *item, struct node *left, struct node *right)
{
	struct node *n = change->error == 0 ? malloc(sizeof(*n)) : NULL;

	if (n == NULL) {
		change->error = ERR_NOMEM;
		node_unref(left);
		node_unref(right);
		return NULL;
	}
	atomic_init(&n->refs, 1);
	n->size = node_size(left) + node_size(right) + 1;
	n->item = item;
	n->left = left;
	n->right = right;
	atomic_fetch_add(&item->refs, 1);
	return n;
}

/* rotate_left - joins left, item and a right side that is too heavy; takes both sides */
static struct node *
rotate_left(struct change *change, struct item *item, struct node *left, struct node *right)
{
	struct node *inner = right->left;
	struct node *out;

	if (weight(inner) < BALANCE_GAMMA * weight(right->right)) {
		out = node_make(change, item, left, node_ref(inner));
		out = node_make(change, right->item, out, node_ref(right->right));
	} else {
		struct node *a = node_make(change, item, left, node_ref(inner->left));
		struct node *b = node_make(
			change, right->item, node_ref(inner->right), node_ref(right->right));

		out = node_make(change, inner->item, a, b);
	}
	node_unref(right);
	return out;
}

/* rotate_right - the mirror image */
static struct node *
rotate_right(struct change *change, struct item *item, struct node *left, struct node *right)
{
	struct node *inner = left->right;
	struct node *out;

	if (weight(inner) < BALANCE_GAMMA * weight(left->left)) {
		out = node_make(change, item, node_ref(inner), right);
		out = node_make(change, left->item, node_ref(left->left), out);
	} else {
		struct node *a = node_make(
			change, left->item, node_ref(left->left), node_ref(inner->left));
		struct node *b = node_make(change, item, node_ref(inner->right), right);

		out = node_make(change, inner->item, a, b);
	}
	node_unref(left);
	return out;
}

/* join - a balanced node of sides that differ by one change at most; takes both sides */
static struct node *
join(struct change *change, struct item *item, struct node *left, struct node *right)
{
	if (weight(right) > BALANCE_DELTA * weight(left) && node_size(right) > 1) {
		return rotate_left(change, item, left, right);
	}
	if (weight(left) > BALANCE_DELTA * weight(right) && node_size(left) > 1) {
		return rotate_right(change, item, left, right);
	}
	return node_make(change, item, left, right);
}

static int
compare(const struct position *p, const struct item *item)
{
	int c = slice_cmp(p->key, item_key(item));

	if (c != 0) {
		return c;
	}
	return p->value == NULL ? 0 : slice_cmp(*p->value, item_value(item));
}

static struct node *
tree_insert(struct change *change, const struct node *n, const struct position *where,
	struct item *item)
{
	int c;

	if (n == NULL) {
		return node_make(change, item, NULL, NULL);
	}
	c = compare(where, n->item);
	if (c == 0) {
		return node_make(change, item, node_ref(n->left), node_ref(n->right));
	}
	if (c < 0) {
		struct node *left = tree_insert(change, n->left, where, item);

		return join(change, n->item, left, node_ref(n->right));
	}
	return join(
		change, n->item, node_ref(n->left), tree_insert(change, n->right, where, item));
}

/* tree_without_first - the first item (borrowed) and the tree without it */
static struct node *
tree_without_first(struct change *change, const struct node *n, struct item **first_out)
{
	if (n->left == NULL) {
		*first_out = n->item;
		return node_ref(n->right);
	}
	return join(change, n->item, tree_without_first(change, n->left, first_out),
		node_ref(n->right));
}

/* tree_remove - the tree without the entry at `where`, which is there */
static struct node *
tree_remove(struct change *change, const struct node *n, const struct position *where)
{
	int c = compare(where, n->item);
	struct item *successor;
	struct node *right;

	if (c < 0) {
		return join(change, n->item, tree_remove(change, n->left, where),
			node_ref(n->right));
	}
	if (c > 0) {
		return join(change, n->item, node_ref(n->left),
			tree_remove(change, n->right, where));
	}
	if (n->left == NULL || n->right == NULL) {
		return node_ref(n->left != NULL ? n->left : n->right);
	}
	right = tree_without_first(change, n->right, &successor);
	return join(change, successor, node_ref(n->left), right);
}

/*
 * tree_find - the first item at or after the position (is_after: strictly after, where a
 * position without value lies before and behind all values of its key).
 */
static const struct item *
tree_find(const struct node *n, const struct position *where, bool is_after)
{
	const struct item *found = NULL;

	while (n != NULL) {
		int c = compare(where, n->item);

		if (c < 0 || (c == 0 && !is_after)) {
			found = n->item;
			n = n->left;
		} else {
			n = n->right;
		}
	}
	return found;
}

/* tree_rank - how many items lie before what tree_find with the same arguments finds */
static size_t
tree_rank(const struct node *n, const struct position *where, bool is_after)
{
	size_t rank = 0;

	while (n != NULL) {
		int c = compare(where, n->item);

		if (c < 0 || (c == 0 && !is_after)) {
			n = n->left;
		} else {
			rank += node_size(n->left) + 1;
			n = n->right;
		}
	}
	return rank;
}

static const struct item *
tree_last(const struct node *n)
{
	while (n != NULL && n->right != NULL) {
		n = n->right;
	}
	return n == NULL ? NULL : n->item;
}

static void
take_snapshot(struct mem_txn *txn, struct mem_store *store)
{
	(void)pthread_mutex_lock(&store->lock);
	for (size_t i = 0; i < store->base.table_count; i++) {
		txn->roots[i] = node_ref(store->roots[i]);
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
		node_unref(txn->roots[i]);
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
		struct node *old = store->roots[i];

		store->roots[i] = txn->roots[i];
		txn->roots[i] = old;
	}
	(void)pthread_mutex_unlock(&store->lock);
	mem_abort(base);
	return 0;
}

static struct node **
root_of(struct store_txn *txn, unsigned int table)
{
	return &((struct mem_txn *)txn)->roots[table];
}

static int
answer(const struct item *item, struct slice *key_out, struct slice *value_out)
{
	if (item == NULL) {
		return ERR_NOTFOUND;
	}
	*key_out = item_key(item);
	*value_out = item_value(item);
	return 0;
}

static int
mem_get(struct store_txn *txn, unsigned int table, struct slice key, struct slice *out)
{
	const struct item *item =
		tree_find(*root_of(txn, table), &(struct position){key, NULL}, false);
	struct slice found;

	if (item == NULL || !slice_eq(item_key(item), key)) {
		return ERR_NOTFOUND;
	}
	return answer(item, &found, out);
}

/* replace_root - puts the result of a change in place, or drops it */
static int
replace_root(struct node **root, struct node *changed, const struct change *change)
{
	if (change->error != 0) {
		node_unref(changed);
		return change->error;
	}
	node_unref(*root);
	*root = changed;
	return 0;
}

static int
mem_put(struct store_txn *txn, unsigned int table, struct slice key, struct slice value,
	bool is_append)
{
	bool is_set = txn->store->tables[table].kind == STORE_SET;
	struct position where = {key, is_set ? &value : NULL};
	struct node **root = root_of(txn, table);
	struct change change = {0};
	struct item *item;
	int rc;

	if (is_append) {
		const struct item *next = tree_find(*root, &where, false);

		if (next != NULL && (!is_set || slice_eq(item_key(next), key))) {
			return ERR_RANGE;
		}
	}
	item = item_new(key, value);
	if (item == NULL) {
		return ERR_NOMEM;
	}
	rc = replace_root(root, tree_insert(&change, *root, &where, item), &change);
	item_unref(item);
	return rc;
}

/* remove_at - removes the first entry at or after the position if it equals it */
static int
remove_at(struct node **root, const struct position *where)
{
	const struct item *item = tree_find(*root, where, false);
	struct change change = {0};

	if (item == NULL || compare(where, item) != 0) {
		return ERR_NOTFOUND;
	}
	return replace_root(root, tree_remove(&change, *root, where), &change);
}

static int
mem_remove(
	struct store_txn *txn, unsigned int table, struct slice key, const struct slice *value)
{
	struct node **root = root_of(txn, table);
	struct position where = {key, value};
	int rc = remove_at(root, &where);

	if (value != NULL || txn->store->tables[table].kind == STORE_PLAIN || rc != 0) {
		return rc;
	}
	while (rc == 0) {
		rc = remove_at(root, &where);
	}
	return rc == ERR_NOTFOUND ? 0 : rc;
}

static int
mem_clear(struct store_txn *txn, unsigned int table)
{
	struct node **root = root_of(txn, table);

	node_unref(*root);
	*root = NULL;
	return 0;
}

static int
mem_count(struct store_txn *txn, unsigned int table, uint64_t *out)
{
	*out = node_size(*root_of(txn, table));
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

static const struct item *
after_current(const struct node *root, const struct mem_cursor *c)
{
	struct slice value;

	if (c->at == NULL) {
		return NULL;
	}
	value = item_value(c->at);
	return tree_find(root, &(struct position){item_key(c->at), &value}, true);
}

/* same_key - the item if its key is `key`, else NULL */
static const struct item *
same_key(const struct item *item, struct slice key)
{
	return item != NULL && slice_eq(item_key(item), key) ? item : NULL;
}

static int
mem_cursor_move(struct store_cursor *cursor, enum store_move move, struct slice *key,
	struct slice *value)
{
	struct mem_cursor *c = (struct mem_cursor *)cursor;
	const struct node *root = *root_of(cursor->txn, cursor->table);
	const struct item *found = NULL;

	switch (move) {
	case STORE_MOVE_SEEK:
		found = tree_find(root, &(struct position){*key, NULL}, false);
		break;
	case STORE_MOVE_NEXT:
		found = after_current(root, c);
		break;
	case STORE_MOVE_LAST:
		found = tree_last(root);
		break;
	case STORE_MOVE_SET_FIRST:
		found = same_key(tree_find(root, &(struct position){*key, NULL}, false), *key);
		break;
	case STORE_MOVE_SET_SEEK:
		found = same_key(tree_find(root, &(struct position){*key, value}, false), *key);
		break;
	case STORE_MOVE_SET_NEXT:
		found = after_current(root, c);
		found = found == NULL ? NULL : same_key(found, item_key(c->at));
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
	const struct node *root = *root_of(cursor->txn, cursor->table);
	struct position where = {key, NULL};

	*out = tree_rank(root, &where, true) - tree_rank(root, &where, false);
	return 0;
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

	*out = (struct store_usage){0};
	(void)pthread_mutex_lock(&store->lock);
	out->readers = store->readers;
	for (size_t i = 0; i < base->table_count; i++) {
		out->bytes_used += node_size(store->roots[i]) *
				   (sizeof(struct node) + sizeof(struct item));
	}
	(void)pthread_mutex_unlock(&store->lock);
	out->bytes_mapped = out->bytes_used;
	return 0;
}

static void
mem_close(struct store *base)
{
	struct mem_store *store = (struct mem_store *)base;

	assert(store->readers == 0);
	for (size_t i = 0; i < base->table_count; i++) {
		node_unref(store->roots[i]);
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
	.remove = mem_remove,
	.clear = mem_clear,
	.count = mem_count,
	.cursor_new = mem_cursor_new,
	.cursor_renew = mem_cursor_renew,
	.cursor_free = mem_cursor_free,
	.cursor_move = mem_cursor_move,
	.set_count = mem_set_count,
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

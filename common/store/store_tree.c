#include "common/store/store_tree.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#define BALANCE_DELTA 3
#define BALANCE_GAMMA 2

/* An entry; shared by all versions of the tree that hold it. */
struct store_item {
	atomic_uint refs;
	size_t key_len;
	size_t value_len;
	uint8_t bytes[]; /* key, then value */
};

struct store_tree {
	atomic_uint refs;
	size_t size;
	struct store_item *item;
	struct store_tree *left;
	struct store_tree *right;
};

struct slice
store_item_key(const struct store_item *item)
{
	return slice_of(item->bytes, item->key_len);
}

struct slice
store_item_value(const struct store_item *item)
{
	return slice_of(item->bytes + item->key_len, item->value_len);
}

static struct store_item *
item_new(struct slice key, struct slice value)
{
	struct store_item *item = malloc(sizeof(*item) + key.len + value.len);

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
item_unref(struct store_item *item)
{
	if (item != NULL && atomic_fetch_sub(&item->refs, 1) == 1) {
		free(item);
	}
}

struct store_tree *
store_tree_ref(struct store_tree *tree)
{
	if (tree != NULL) {
		atomic_fetch_add(&tree->refs, 1);
	}
	return tree;
}

void
store_tree_unref(struct store_tree *tree)
{
	if (tree == NULL || atomic_fetch_sub(&tree->refs, 1) != 1) {
		return;
	}
	store_tree_unref(tree->left);
	store_tree_unref(tree->right);
	item_unref(tree->item);
	free(tree);
}

size_t
store_tree_size(const struct store_tree *tree)
{
	return tree == NULL ? 0 : tree->size;
}

static size_t
weight(const struct store_tree *n)
{
	return store_tree_size(n) + 1;
}

/* One change of a tree; a failure makes its result worthless, not the tree it began with. */
struct change {
	int error;
};

/* node_make - takes left and right, refers to the item */
static struct store_tree *
node_make(struct change *change, struct store_item *item, struct store_tree *left,
	struct store_tree *right)
{
	struct store_tree *n = change->error == 0 ? malloc(sizeof(*n)) : NULL;

	if (n == NULL) {
		change->error = ERR_NOMEM;
		store_tree_unref(left);
		store_tree_unref(right);
		return NULL;
	}
	atomic_init(&n->refs, 1);
	n->size = store_tree_size(left) + store_tree_size(right) + 1;
	n->item = item;
	n->left = left;
	n->right = right;
	atomic_fetch_add(&item->refs, 1);
	return n;
}

/* rotate_left - joins left, item and a right side that is too heavy; takes both sides */
static struct store_tree *
rotate_left(struct change *change, struct store_item *item, struct store_tree *left,
	struct store_tree *right)
{
	struct store_tree *inner = right->left;
	struct store_tree *out;

	if (weight(inner) < BALANCE_GAMMA * weight(right->right)) {
		out = node_make(change, item, left, store_tree_ref(inner));
		out = node_make(change, right->item, out, store_tree_ref(right->right));
	} else {
		assert(inner != NULL); /* as it is the heavier one */
		struct store_tree *a =
			node_make(change, item, left, store_tree_ref(inner->left));
		struct store_tree *b = node_make(change, right->item,
			store_tree_ref(inner->right), store_tree_ref(right->right));

		out = node_make(change, inner->item, a, b);
	}
	store_tree_unref(right);
	return out;
}

/* rotate_right - the mirror image */
static struct store_tree *
rotate_right(struct change *change, struct store_item *item, struct store_tree *left,
	struct store_tree *right)
{
	struct store_tree *inner = left->right;
	struct store_tree *out;

	if (weight(inner) < BALANCE_GAMMA * weight(left->left)) {
		out = node_make(change, item, store_tree_ref(inner), right);
		out = node_make(change, left->item, store_tree_ref(left->left), out);
	} else {
		assert(inner != NULL); /* as it is the heavier one */
		struct store_tree *a = node_make(change, left->item, store_tree_ref(left->left),
			store_tree_ref(inner->left));
		struct store_tree *b =
			node_make(change, item, store_tree_ref(inner->right), right);

		out = node_make(change, inner->item, a, b);
	}
	store_tree_unref(left);
	return out;
}

/* join - a balanced node of sides that differ by one change at most; takes both sides */
static struct store_tree *
join(struct change *change, struct store_item *item, struct store_tree *left,
	struct store_tree *right)
{
	if (weight(right) > BALANCE_DELTA * weight(left) && store_tree_size(right) > 1) {
		return rotate_left(change, item, left, right);
	}
	if (weight(left) > BALANCE_DELTA * weight(right) && store_tree_size(left) > 1) {
		return rotate_right(change, item, left, right);
	}
	return node_make(change, item, left, right);
}

static int
compare(const struct store_position *p, const struct store_item *item)
{
	int c = slice_cmp(p->key, store_item_key(item));

	if (c != 0) {
		return c;
	}
	return p->value == NULL ? 0 : slice_cmp(*p->value, store_item_value(item));
}

static struct store_tree *
tree_insert(struct change *change, const struct store_tree *n,
	const struct store_position *where, struct store_item *item)
{
	int c;

	if (n == NULL) {
		return node_make(change, item, NULL, NULL);
	}
	c = compare(where, n->item);
	if (c == 0) {
		return node_make(
			change, item, store_tree_ref(n->left), store_tree_ref(n->right));
	}
	if (c < 0) {
		struct store_tree *left = tree_insert(change, n->left, where, item);

		return join(change, n->item, left, store_tree_ref(n->right));
	}
	return join(change, n->item, store_tree_ref(n->left),
		tree_insert(change, n->right, where, item));
}

/* tree_without_first - the first item (borrowed) and the tree without it */
static struct store_tree *
tree_without_first(
	struct change *change, const struct store_tree *n, struct store_item **first_out)
{
	if (n->left == NULL) {
		*first_out = n->item;
		return store_tree_ref(n->right);
	}
	return join(change, n->item, tree_without_first(change, n->left, first_out),
		store_tree_ref(n->right));
}

/* tree_remove - the tree without the entry at `where`, which is there */
static struct store_tree *
tree_remove(
	struct change *change, const struct store_tree *n, const struct store_position *where)
{
	int c = compare(where, n->item);
	struct store_item *successor;
	struct store_tree *right;

	if (c < 0) {
		return join(change, n->item, tree_remove(change, n->left, where),
			store_tree_ref(n->right));
	}
	if (c > 0) {
		return join(change, n->item, store_tree_ref(n->left),
			tree_remove(change, n->right, where));
	}
	if (n->left == NULL || n->right == NULL) {
		return store_tree_ref(n->left != NULL ? n->left : n->right);
	}
	right = tree_without_first(change, n->right, &successor);
	return join(change, successor, store_tree_ref(n->left), right);
}

const struct store_item *
store_tree_find(
	const struct store_tree *tree, const struct store_position *where, bool is_after)
{
	const struct store_item *found = NULL;

	while (tree != NULL) {
		int c = compare(where, tree->item);

		if (c < 0 || (c == 0 && !is_after)) {
			found = tree->item;
			tree = tree->left;
		} else {
			tree = tree->right;
		}
	}
	return found;
}

size_t
store_tree_rank(
	const struct store_tree *tree, const struct store_position *where, bool is_after)
{
	size_t rank = 0;

	while (tree != NULL) {
		int c = compare(where, tree->item);

		if (c < 0 || (c == 0 && !is_after)) {
			tree = tree->left;
		} else {
			rank += store_tree_size(tree->left) + 1;
			tree = tree->right;
		}
	}
	return rank;
}

const struct store_item *
store_tree_last(const struct store_tree *tree)
{
	while (tree != NULL && tree->right != NULL) {
		tree = tree->right;
	}
	return tree == NULL ? NULL : tree->item;
}

/* replace_root - puts the result of a change in place, or drops it */
static int
replace_root(struct store_tree **root, struct store_tree *changed, const struct change *change)
{
	if (change->error != 0) {
		store_tree_unref(changed);
		return change->error;
	}
	store_tree_unref(*root);
	*root = changed;
	return 0;
}

int
store_tree_insert(
	struct store_tree **root, const struct store_position *where, struct slice value)
{
	struct change change = {0};
	struct store_item *item = item_new(where->key, value);
	int rc;

	if (item == NULL) {
		return ERR_NOMEM;
	}
	rc = replace_root(root, tree_insert(&change, *root, where, item), &change);
	item_unref(item);
	return rc;
}

int
store_tree_remove(struct store_tree **root, const struct store_position *where)
{
	const struct store_item *item = store_tree_find(*root, where, false);
	struct change change = {0};

	if (item == NULL || compare(where, item) != 0) {
		return ERR_NOTFOUND;
	}
	return replace_root(root, tree_remove(&change, *root, where), &change);
}

#include "common/conf/rule_table.h"

/*
 * AA tree: the level of a node is that of its black height; a right child may share the
 * level of its parent (once), a left child may not. skew and split restore that on the
 * way up. Depth is at most 2 * log2(n + 1), so recursion is shallow.
 */
struct rule_node {
	struct rule_node *left;
	struct rule_node *right;
	unsigned int level;
	struct slice name;
	struct rule_settings rule;
};

static struct rule_node *
skew(struct rule_node *n)
{
	struct rule_node *left = n->left;

	if (left == NULL || left->level != n->level) {
		return n;
	}
	n->left = left->right;
	left->right = n;
	return left;
}

static struct rule_node *
split(struct rule_node *n)
{
	struct rule_node *right = n->right;

	if (right == NULL || right->right == NULL || right->right->level != n->level) {
		return n;
	}
	n->right = right->left;
	right->left = n;
	right->level++;
	return right;
}

/* insert - puts `fresh`, whose name is not in the tree, below n */
static struct rule_node *
insert(struct rule_node *n, struct rule_node *fresh)
{
	if (n == NULL) {
		return fresh;
	}
	if (slice_cmp(fresh->name, n->name) < 0) {
		n->left = insert(n->left, fresh);
	} else {
		n->right = insert(n->right, fresh);
	}
	return split(skew(n));
}

static struct rule_node *
find_here(const struct rule_table *t, struct slice name)
{
	struct rule_node *n = t->root;

	while (n != NULL) {
		int order = slice_cmp(name, n->name);

		if (order == 0) {
			return n;
		}
		n = order < 0 ? n->left : n->right;
	}
	return NULL;
}

const struct rule_settings *
rule_table_find(const struct rule_table *t, struct slice name)
{
	for (; t != NULL; t = t->base) {
		const struct rule_node *n = find_here(t, name);

		if (n != NULL) {
			return &n->rule;
		}
	}
	return NULL;
}

struct rule_settings *
rule_table_edit(struct rule_table *t, struct arena *arena, struct slice name)
{
	struct rule_node *n = find_here(t, name);
	const struct rule_settings *below = NULL;

	if (n != NULL) {
		return &n->rule;
	}
	n = arena_alloc(arena, sizeof(*n));
	if (n == NULL) {
		return NULL;
	}
	*n = (struct rule_node){.level = 1, .name = arena_copy(arena, name)};
	if (n->name.data == NULL) {
		return NULL;
	}
	below = rule_table_find(t, name);
	if (below != NULL) {
		n->rule = *below;
	}
	t->root = insert(t->root, n);
	t->count++;
	return &n->rule;
}

static void
walk(const struct rule_node *n,
	void (*visit)(void *ctx, struct slice name, const struct rule_settings *rule),
	void *ctx)
{
	if (n == NULL) {
		return;
	}
	walk(n->left, visit, ctx);
	visit(ctx, n->name, &n->rule);
	walk(n->right, visit, ctx);
}

void
rule_table_each(const struct rule_table *t,
	void (*visit)(void *ctx, struct slice name, const struct rule_settings *rule),
	void *ctx)
{
	walk(t->root, visit, ctx);
}

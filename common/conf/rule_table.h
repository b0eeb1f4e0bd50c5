/*
 * rule_table.h - scores and descriptions by rule name.
 *
 * A balanced search tree (an AA tree: Andersson, "Balanced search trees made simple", 1993)
 * on an arena: a site's own rule files bring thousands of names, a user's preferences come
 * from a stranger, so both filling and asking are logarithmic whatever the names are. An
 * overlay is an empty table that looks through to another.
 */
#ifndef COMMON_CONF_RULE_TABLE_H
#define COMMON_CONF_RULE_TABLE_H

#include "common/base/arena.h"
#include "common/base/attr.h"
#include "common/base/slice.h"

struct rule_node;

struct rule_settings {
	double score;
	bool has_score;
	bool score_is_configured; /**< by a file, not a default */
	bool is_nice;             /**< without a score of its own it takes points off */
	struct slice describe;
};

/** A configured 0 leaves a rule out; NULL: nothing is known of it, so it is not. */
static inline bool
rule_is_off(const struct rule_settings *rule)
{
	return rule != NULL && rule->score_is_configured && rule->score == 0;
}

/** Fields are private. A zeroed one is empty. */
struct rule_table {
	struct rule_node *root;
	const struct rule_table *base; /* asked when a name is not here; may be NULL */
	size_t count;
};

/** What is known of a rule, here or below; NULL where nothing is. Names are case-sensitive. */
const struct rule_settings *rule_table_find(const struct rule_table *t, struct slice name);

/**
 * Its entry here, to be changed: made when there is none, with what the base says. The
 * name is copied. NULL when out of memory.
 */
struct rule_settings *rule_table_edit(
	struct rule_table *t, struct arena *arena, struct slice name);

/** Calls `visit` for each entry in bytewise order of names; the base is not walked. */
void rule_table_each(const struct rule_table *t,
	void (*visit)(void *ctx, struct slice name, const struct rule_settings *rule),
	void *ctx);

#endif

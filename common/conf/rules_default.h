/*
 * rules_default.h - our own rules, as they are before any file changes them (DESIGN 7).
 */
#ifndef COMMON_CONF_RULES_DEFAULT_H
#define COMMON_CONF_RULES_DEFAULT_H

#include "common/base/arena.h"
#include "common/conf/rule_table.h"

struct rule_default {
	const char *name;
	const char *old_name; /**< SpamAssassin's former name, accepted in files; or NULL */
	bool is_computed; /**< no fixed score: the scan computes it unless a file sets one */
	double score;
	const char *describe;
};

extern const struct rule_default rules_default[];
extern const size_t rules_default_count;

/** Score of TRUST_UNKNOWN with unknown_is_spam, unless a file sets one. */
#define RULES_UNKNOWN_IS_SPAM_SCORE 6.5

/** Puts all of them into an empty table. @return 0 or ERR_NOMEM. */
NODISCARD int rules_default_fill(struct rule_table *table, struct arena *arena);

/** Is it one of our own? (Present names only.) */
bool rules_default_is_ours(struct slice name);

/** The present name of a rule that was renamed, else the name itself. */
struct slice rules_default_name(struct slice name);

#endif

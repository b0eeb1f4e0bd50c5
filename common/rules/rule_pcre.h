/*
 * rule_pcre.h - PCRE2 for the patterns of rules, with its limits; for rule_set.c alone.
 *
 * All memory of the contexts and of compiled patterns is the arena's. The limits are those of
 * rule_set.h.
 */
#ifndef COMMON_RULES_RULE_PCRE_H
#define COMMON_RULES_RULE_PCRE_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "common/base/arena.h"
#include "common/base/attr.h"

struct rule_pcre {
	pcre2_compile_context *compiling;
	pcre2_match_context *matching;
	pcre2_match_context *trying; /**< with RULE_FREE_STEPS_MAX */
};

/** @return 0 or ERR_NOMEM. */
NODISCARD int rule_pcre_make(struct rule_pcre *pcre, struct arena *arena);

/**
 * What pcre2_match() says. A match that needs more than RULE_FREE_STEPS_MAX pays out of
 * *steps_left, and runs into its limit where too few are left.
 */
int rule_pcre_match(const struct rule_pcre *pcre, const pcre2_code *code, struct slice text,
	pcre2_match_data *match, unsigned int *steps_left);

#endif

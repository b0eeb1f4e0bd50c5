/*
 * rule_expr.h - the expression of a `meta` rule: rule names, numbers, && || ! and arithmetic.
 *
 * Kept as a row of steps in reverse Polish order, so evaluating it is one bounded loop. Values are
 * numbers; a rule counts 1 where it hit and 0 else. As in Perl, && and || give one of their
 * operands and comparisons 1 or 0. A division by zero gives 0.
 */
#ifndef COMMON_RULES_RULE_EXPR_H
#define COMMON_RULES_RULE_EXPR_H

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/slice.h"

/** Names, numbers and operators of one expression; SpamAssassin's longest have about 200. */
#define RULE_EXPR_STEPS_MAX 1024

/** Parentheses and operators that wait for an operand. */
#define RULE_EXPR_DEPTH_MAX 64

struct rule_step;

/** Fields are private. */
struct rule_expr {
	struct rule_step *steps;
	size_t count;
};

/**
 * Reads an expression; steps and names go into the arena.
 * @return 0; ERR_UNSUPPORTED for functions such as rules_matching(); ERR_INVALID or ERR_TOOBIG with
 * msg; ERR_NOMEM.
 */
NODISCARD int rule_expr_parse(
	struct slice text, struct arena *arena, struct rule_expr *out, struct err_msg *msg);

/** The value of an expression; `value_of` tells that of a rule by name. */
double rule_expr_value(
	const struct rule_expr *e, double (*value_of)(void *ctx, struct slice name), void *ctx);

#endif

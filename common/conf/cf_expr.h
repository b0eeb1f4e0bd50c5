/*
 * cf_expr.h - the expressions of `if` in a .cf file (SPEC 13).
 *
 *     or      = and *("||" and)
 *     and     = compare *("&&" compare)
 *     compare = not [("<" / "<=" / ">" / ">=" / "==" / "!=") not]
 *     not     = *"!" primary
 *     primary = "(" or ")" / number / "version" / "perl_version" / "local_tests_only"
 *             / ("plugin" / "has" / "can") "(" class-name ")"
 *
 * Values are numbers, true is anything but 0. Both sides of || and && are always read, so
 * that an error on the right is found.
 */
#ifndef COMMON_CONF_CF_EXPR_H
#define COMMON_CONF_CF_EXPR_H

#include "common/base/attr.h"
#include "common/base/err.h"
#include "common/base/slice.h"

/** Deepest nesting of parentheses and negations; rule files of the distribution need three. */
#define CF_EXPR_DEPTH_MAX 32

struct cf_expr_env {
	double version;
	double perl_version;
	bool local_tests_only;
	/** plugin(NAME), and has(NAME) or can(NAME). */
	bool (*has_plugin)(const void *ctx, struct slice name);
	bool (*has_feature)(const void *ctx, struct slice name);
	const void *ctx;
};

/**
 * @return 0 and the truth; ERR_INVALID or ERR_TOOBIG (nested too deeply) with msg and the byte
 * offset.
 */
NODISCARD int cf_expr_eval(
	struct slice text, const struct cf_expr_env *env, bool *truth_out, struct err_msg *msg);

#endif

/*
 * cf_if.h - the open conditions of one .cf file; private to common/conf.
 *
 * A stack with a bound: conditions nested deeper are counted, so that their endifs pair up,
 * and everything inside them is skipped.
 */
#ifndef COMMON_CONF_CF_IF_H
#define COMMON_CONF_CF_IF_H

#include "common/conf/cf.h"

/** One open `if`. */
struct cf_if_frame {
	uint32_t line;
	bool outer; /* was the text around it read? */
	bool is_bad; /* its condition could not be read, or a second else came: no branch counts */
	bool has_else; /* the else was seen */
	bool active;
};

/**
 * Fields are private but for `frames` and `count`, which tell what is open. A zeroed one is
 * empty.
 */
struct cf_if_stack {
	struct cf_if_frame frames[CF_IF_DEPTH_MAX];
	size_t count;
	size_t overflow;
};

enum cf_if_result {
	CF_IF_OK,
	CF_IF_TOO_DEEP,    /**< the first beyond the bound; skipped */
	CF_IF_NOT_OPEN,    /**< else or endif without if; nothing changed */
	CF_IF_SECOND_ELSE, /**< what follows is skipped until endif */
};

/** Is the text at this place read? */
bool cf_if_is_active(const struct cf_if_stack *stack);

/** Opens a condition; a bad one skips both its branches. */
enum cf_if_result cf_if_push(struct cf_if_stack *stack, uint32_t line, bool truth, bool is_bad);
enum cf_if_result cf_if_else(struct cf_if_stack *stack);
enum cf_if_result cf_if_end(struct cf_if_stack *stack);

#endif

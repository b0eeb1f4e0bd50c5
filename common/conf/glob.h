/*
 * glob.h - the patterns of welcomelist_from and its relatives (SPEC 13).
 *
 * `*` stands for any run of bytes, `?` for any one byte, everything else for itself; ASCII
 * case does not matter and the whole text must match. There are no escapes and no classes.
 */
#ifndef COMMON_CONF_GLOB_H
#define COMMON_CONF_GLOB_H

#include "common/base/slice.h"

/** Worst case pattern.len * text.len steps, without recursion or memory. */
bool glob_match(struct slice pattern, struct slice text);

#endif

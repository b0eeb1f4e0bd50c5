/*
 * utf8.h - whether bytes are UTF-8 (RFC 3629), and fit to be shown.
 */
#ifndef COMMON_BASE_UTF8_H
#define COMMON_BASE_UTF8_H

#include "common/base/slice.h"

/** Strict: no overlong forms, surrogates, or values above U+10FFFF. Empty and NUL are valid. */
bool utf8_is_valid(struct slice text);

/** Whether there is a C0 control (NUL, TAB and line endings too), DEL, or a C1 control. */
bool utf8_has_control(struct slice text);

#endif

/*
 * utf8.h - whether bytes are UTF-8 (RFC 3629).
 */
#ifndef COMMON_BASE_UTF8_H
#define COMMON_BASE_UTF8_H

#include "common/base/slice.h"

/** Strict: no overlong forms, no surrogates, nothing above U+10FFFF. Empty and NUL are valid. */
bool utf8_is_valid(struct slice text);

#endif

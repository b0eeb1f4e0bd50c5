/*
 * utf8.h - just enough UTF-8 (RFC 3629) to show foreign text on a terminal and in JSON.
 */
#ifndef TRUSTCTL_UTF8_H
#define TRUSTCTL_UTF8_H

#include "common/base/slice.h"

/**
 * Reads the first character. Overlong forms, surrogates and values above U+10FFFF are not
 * characters.
 * @return the bytes used, 0 where the text does not start with one (or is empty).
 */
size_t utf8_decode(struct slice text, uint32_t *code_out);

/**
 * True for what must not reach a terminal: C0, DEL, C1, and the characters that turn the
 * direction of writing (U+202A to U+202E, U+2066 to U+2069), which can make one address
 * look like another.
 */
bool utf8_is_control(uint32_t code);

/** Characters of valid UTF-8; wide and combining ones count as one. */
size_t utf8_width(struct slice text);

#endif

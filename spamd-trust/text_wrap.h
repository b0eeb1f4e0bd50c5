/*
 * text_wrap.h - line breaking as in the reports of the original (SPEC 10), byte for byte.
 */
#ifndef SPAMD_TRUST_TEXT_WRAP_H
#define SPAMD_TRUST_TEXT_WRAP_H

#include "common/base/dynbuf.h"

struct text_wrap {
	size_t start;        /**< columns taken on the first line */
	size_t width;        /**< columns of a line at most, unless a single word is longer */
	struct slice prefix; /**< of each further line */
};

/**
 * Appends text, less blanks in front, broken at its blanks. Words and single blanks are
 * elements of their own, so that a blank which does not fit starts the next line.
 */
void text_wrap_add(struct dynbuf *out, const struct text_wrap *wrap, struct slice text);

/** Cuts blanks off the end of `out`, but nothing before `floor`. */
void text_trim_end(struct dynbuf *out, size_t floor);

#endif

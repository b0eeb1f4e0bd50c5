/*
 * text_wrap.h - line breaking as the original does it in reports and headers (SPEC 9.3, 10).
 *
 * Text is a sequence of elements. The first element of a line is taken whatever its length,
 * each further one if the line stays within the width; blanks at the end of a broken line are
 * cut. A tab counts eight columns.
 */
#ifndef SPAMD_TRUST_TEXT_WRAP_H
#define SPAMD_TRUST_TEXT_WRAP_H

#include "common/base/dynbuf.h"

/** What the elements are. */
enum text_wrap_elements {
	TEXT_WRAP_WORDS,  /**< words and single blanks */
	TEXT_WRAP_PIECES, /**< runs that end after one blank or comma */
};

struct text_wrap {
	size_t start; /**< columns of the first line that are taken already */
	size_t width;
	struct slice prefix; /**< of each further line */
	enum text_wrap_elements elements;
	bool overflows; /**< a line is broken only after it became longer than the width */
};

/** Appends the text in lines. */
void text_wrap_add(struct dynbuf *out, const struct text_wrap *wrap, struct slice text);

/** Cuts blanks off the end of `out`, but nothing before `floor`. */
void text_trim_end(struct dynbuf *out, size_t floor);

#endif

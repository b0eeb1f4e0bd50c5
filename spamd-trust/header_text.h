/*
 * header_text.h - values of added header fields: RFC 2047 encoding and folding (SPEC 9.3).
 */
#ifndef SPAMD_TRUST_HEADER_TEXT_H
#define SPAMD_TRUST_HEADER_TEXT_H

#include "common/base/dynbuf.h"

/**
 * Appends the value with every run of words that holds a byte outside printable ASCII as
 * encoded words (RFC 2047, Q encoding); blanks and line ends between other words stay.
 */
void header_text_encode(struct dynbuf *out, struct slice value, struct slice charset);

/**
 * Appends a value behind a name that took `start` columns with its colon and blank. Without
 * a line end in it, it is broken at blanks and commas to lines of 79 columns; with one, each
 * line end and the blanks around it become a line end and a tab.
 * @param eol the line end of the message.
 */
void header_text_fold(struct dynbuf *out, struct slice value, size_t start, struct slice eol);

/** Appends it on one line: line ends become blanks (`fold_headers 0`). */
void header_text_flat(struct dynbuf *out, struct slice value);

#endif

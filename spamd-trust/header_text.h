/*
 * header_text.h - values of added header fields: folding and RFC 2047 encoding (SPEC 9.3).
 *
 * Lines end in LF here; the caller turns them into the line end of the message.
 */
#ifndef SPAMD_TRUST_HEADER_TEXT_H
#define SPAMD_TRUST_HEADER_TEXT_H

#include "common/base/dynbuf.h"

/**
 * Appends a value behind a name that took `start` columns with its colon and blank. Without
 * a line end in it, it is broken at blanks and commas to lines of 79 columns; with one, each
 * line end and the blanks around it become LF and a tab.
 */
void header_text_fold(struct dynbuf *out, struct slice value, size_t start);

/** Appends it on one line: line ends become blanks (`fold_headers 0`). */
void header_text_flat(struct dynbuf *out, struct slice value);

/**
 * Appends a folded value with foreign bytes, those outside printable ASCII, encoded: in each
 * line everything from the first word with one to the last becomes one encoded word, Q or
 * B, whichever is shorter.
 */
void header_text_encode(struct dynbuf *out, struct slice value);

#endif

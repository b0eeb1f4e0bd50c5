/*
 * preview.h - the first words of a message's text, for the report (`_PREVIEW_`, SPEC 10).
 */
#ifndef SPAMD_TRUST_PREVIEW_H
#define SPAMD_TRUST_PREVIEW_H

#include "common/base/dynbuf.h"

/**
 * Appends about three paragraphs or 200 characters of the body on lines of at most 75
 * columns, two of indent from the second on; the first has room for "Content preview:  ". Blanks
 * are squeezed, rows of ornaments left out. Bodies that are not text (other types, base64)
 * give nothing; of a multipart message the first part is taken.
 */
void preview_write(struct slice message, struct dynbuf *out);

#endif

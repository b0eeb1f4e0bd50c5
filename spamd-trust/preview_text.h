/*
 * preview_text.h - the text of a message that a person would see, for the content preview.
 *
 * The text parts in their order, transfer encodings decoded, in UTF-8, tags of HTML left out. A
 * rough reading for people, with bounds on everything: nothing is decided by it.
 */
#ifndef SPAMD_TRUST_PREVIEW_TEXT_H
#define SPAMD_TRUST_PREVIEW_TEXT_H

#include "common/base/dynbuf.h"

/** Text is looked for until there is this much. */
#define PREVIEW_TEXT_MAX ((size_t)8 * 1024)

/** What a buffer for it needs to hold. */
#define PREVIEW_BUFFER_MAX ((size_t)256 * 1024)

/** Appends the text of a message; parts are apart by an empty line. */
void preview_text(struct slice message, struct dynbuf *out);

#endif

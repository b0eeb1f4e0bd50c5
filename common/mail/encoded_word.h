/*
 * encoded_word.h - the text of a header field in UTF-8: encoded words (RFC 2047) decoded.
 *
 * As SpamAssassin reads fields before its rules see them: UTF-8, US-ASCII, ISO-8859-1 and
 * Windows-1252 become UTF-8 (ISO-8859-1 is taken for Windows-1252, as mail programs do); words of
 * another character set stay encoded where they hold more than ASCII, so nothing is guessed.
 * Blanks between two words vanish. Bytes outside ASCII that are no UTF-8 count as Windows-1252.
 *
 * For patterns and for display, not for addresses: who sent a message is never read from this.
 */
#ifndef COMMON_MAIL_ENCODED_WORD_H
#define COMMON_MAIL_ENCODED_WORD_H

#include "common/base/slice.h"

/** A byte becomes three at most. */
#define ENCODED_WORD_GROWTH 3

/** False for a text that decoding would leave as it is. */
bool encoded_word_is_needed(struct slice text);

/**
 * Decodes an unfolded text into out, which has room for ENCODED_WORD_GROWTH * text.len bytes.
 * @return the length.
 */
size_t encoded_word_decode(struct slice text, uint8_t *out);

/** The same of a text in which no words are encoded: bytes that are no UTF-8 as Windows-1252. */
size_t encoded_word_plain(struct slice text, uint8_t *out);

#endif

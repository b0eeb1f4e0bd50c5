/*
 * transfer_encoding.h - base64 and quoted-printable as mail has them (RFC 2045 section 6),
 * leniently.
 *
 * What is no base64 is passed over, a `=` that no hex digits follow stays: mail programs show
 * such text, so whoever looks at it should see the same. For names and keys there is
 * common/base/encoding.h.
 */
#ifndef COMMON_MAIL_TRANSFER_ENCODING_H
#define COMMON_MAIL_TRANSFER_ENCODING_H

#include "common/base/slice.h"

/** Bits of base64 characters that are no whole byte yet. Start with zeros. */
struct base64_bits {
	unsigned int held;
	unsigned int count;
};

/** Takes a character. @return whether there is a byte in *byte_out now. */
bool base64_take(struct base64_bits *bits, uint8_t c, uint8_t *byte_out);

/** The byte that `=XX` at the start of the text stands for. @return false where it is none. */
bool quoted_byte(struct slice text, uint8_t *byte_out);

/** Decodes into out, which has room for text.len bytes. @return the length. */
size_t transfer_decode_base64(struct slice text, uint8_t *out);
size_t transfer_decode_quoted(struct slice text, uint8_t *out);

#endif

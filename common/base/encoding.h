/*
 * encoding.h - base64url (RFC 4648 section 5, without padding, as RFC 7515 uses it) and hex.
 *
 * Decoding is strict: no padding, no white space, no foreign characters, and the
 * unused low bits of the last character must be zero, so that every byte string has
 * exactly one spelling and an identifier cannot be written in two ways.
 */
#ifndef COMMON_BASE_ENCODING_H
#define COMMON_BASE_ENCODING_H

#include "common/base/attr.h"
#include "common/base/slice.h"

/** Characters base64url needs for n bytes, without a NUL. */
#define BASE64URL_LEN(n) (((n)*4 + 2) / 3)

/** Writes BASE64URL_LEN(in.len) characters and a NUL to out. */
void base64url_encode(struct slice in, char *out);

/**
 * Decodes into out, which has room for cap bytes.
 * @return 0; ERR_INVALID for a bad character, length or non-zero spare bits; ERR_TOOBIG above cap.
 */
NODISCARD int base64url_decode(struct slice text, uint8_t *out, size_t cap, size_t *len_out);

/** Lower-case hex: 2 * in.len characters and a NUL. */
void hex_encode(struct slice in, char *out);

/** Either case. @return 0, ERR_INVALID or ERR_TOOBIG. */
NODISCARD int hex_decode(struct slice text, uint8_t *out, size_t cap, size_t *len_out);

#endif

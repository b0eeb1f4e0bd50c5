/*
 * wire_reader.h - bounded reading of binary records with a sticky error.
 *
 * After Knot's wire_ctx: a decoder reads its fields one after the other and asks
 * wire_reader_finish() once at the end. After the first failure every accessor
 * returns zero or an empty slice and changes nothing. Integers are big-endian.
 */
#ifndef COMMON_BASE_WIRE_READER_H
#define COMMON_BASE_WIRE_READER_H

#include "common/base/attr.h"
#include "common/base/slice.h"

/** Fields are private. Borrows the input. */
struct wire_reader {
	struct slice rest;
	int error;
};

void wire_reader_init(struct wire_reader *r, struct slice in);

uint8_t wire_read_u8(struct wire_reader *r);
uint16_t wire_read_u16(struct wire_reader *r);
uint32_t wire_read_u32(struct wire_reader *r);
uint64_t wire_read_u64(struct wire_reader *r);

/** Exactly n bytes, borrowed from the input. */
struct slice wire_read_bytes(struct wire_reader *r, size_t n);

/** A u16 length and that many bytes, borrowed from the input. */
struct slice wire_read_string(struct wire_reader *r);

/** Copies exactly n bytes to out, which is untouched on failure. */
void wire_read_copy(struct wire_reader *r, uint8_t *out, size_t n);

/** What has not been read. */
struct slice wire_reader_rest(const struct wire_reader *r);

/**
 * @return 0, or ERR_TRUNCATED. Bytes left over are not an error here: newer writers may append
 * fields.
 */
NODISCARD int wire_reader_error(const struct wire_reader *r);

/** As wire_reader_error, and ERR_INVALID when bytes are left over. */
NODISCARD int wire_reader_finish(const struct wire_reader *r);

#endif

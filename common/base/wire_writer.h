/*
 * wire_writer.h - bounded writing of binary records with a sticky error.
 *
 * The twin of wire_reader: writes into memory of the caller (keys and small records
 * live on the stack), big-endian, and is checked once by wire_writer_finish().
 */
#ifndef COMMON_BASE_WIRE_WRITER_H
#define COMMON_BASE_WIRE_WRITER_H

#include "common/base/attr.h"
#include "common/base/slice.h"

/** Fields are private. Borrows the memory. */
struct wire_writer {
	uint8_t *data;
	size_t len;
	size_t cap;
	int error;
};

void wire_writer_init(struct wire_writer *w, uint8_t *data, size_t cap);

void wire_write_u8(struct wire_writer *w, uint8_t value);
void wire_write_u16(struct wire_writer *w, uint16_t value);
void wire_write_u32(struct wire_writer *w, uint32_t value);
void wire_write_u64(struct wire_writer *w, uint64_t value);
void wire_write_bytes(struct wire_writer *w, struct slice bytes);

/** A u16 length and the bytes; more than 65,535 is an error. */
void wire_write_string(struct wire_writer *w, struct slice bytes);

/** @return 0 and what was written (borrowed), or ERR_TOOBIG. */
NODISCARD int wire_writer_finish(const struct wire_writer *w, struct slice *out);

#endif

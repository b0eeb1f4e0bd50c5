/*
 * record.h - the frame of small stored records: a version in front, a check behind.
 *
 *	offset size
 *	     0    1  version 1
 *	     1    n  the fields, integers big-endian
 *	   1+n    8  check: the first 8 bytes of SHA-256 over key and everything before
 *
 * LMDB has no check of its own, and a flipped bit of a damaged disk must not change what a
 * record says. As the key is part of it, a record does not count under another key either.
 */
#ifndef COMMON_STORE_RECORD_H
#define COMMON_STORE_RECORD_H

#include "common/base/wire_reader.h"
#include "common/base/wire_writer.h"

/** What the frame adds to the fields. */
#define RECORD_FRAME_LEN (1 + 8)

/** Starts a record in `buf` with its version; write the fields next. */
void record_begin(struct wire_writer *w, uint8_t *buf, size_t cap);

/** Adds the check. @return 0 and the record, or ERR_TOOBIG. */
NODISCARD int record_end(struct wire_writer *w, struct slice key, struct slice *out);

/**
 * Verifies the frame; the reader is left on the fields.
 * @return 0; ERR_CORRUPT; ERR_VERSION for a record of a newer version.
 */
NODISCARD int record_open(struct wire_reader *r, struct slice key, struct slice record);

#endif

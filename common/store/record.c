#include "common/store/record.h"

#include "common/base/digest.h"
#include "common/base/err.h"

#define RECORD_VERSION 1

#define CHECK_LEN (RECORD_FRAME_LEN - 1)

/* check_of - what a record with these bytes under this key ends with */
static struct slice
check_of(struct slice key, struct slice bytes, struct digest *digest)
{
	digest_sha256_parts((const struct slice[]){key, bytes}, 2, digest);
	return slice_of(digest->bytes, CHECK_LEN);
}

void
record_begin(struct wire_writer *w, uint8_t *buf, size_t cap)
{
	wire_writer_init(w, buf, cap);
	wire_write_u8(w, RECORD_VERSION);
}

int
record_end(struct wire_writer *w, struct slice key, struct slice *out)
{
	struct digest digest;
	struct slice bytes;
	int ret = wire_writer_finish(w, &bytes);

	if (ret != 0) {
		return ret;
	}
	wire_write_bytes(w, check_of(key, bytes, &digest));
	return wire_writer_finish(w, out);
}

int
record_open(struct wire_reader *r, struct slice key, struct slice record)
{
	struct digest digest;
	struct slice bytes;

	if (record.len < RECORD_FRAME_LEN) {
		return ERR_CORRUPT;
	}
	bytes = slice_take(record, record.len - CHECK_LEN);
	if (!slice_eq(slice_skip(record, bytes.len), check_of(key, bytes, &digest))) {
		return ERR_CORRUPT;
	}
	wire_reader_init(r, bytes);
	return wire_read_u8(r) == RECORD_VERSION ? 0 : ERR_VERSION;
}

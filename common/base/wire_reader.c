#include "common/base/wire_reader.h"

#include <endian.h>

#include "common/base/err.h"

void
wire_reader_init(struct wire_reader *r, struct slice in)
{
	*r = (struct wire_reader){.rest = in};
}

struct slice
wire_read_bytes(struct wire_reader *r, size_t n)
{
	struct slice out = {0};

	if (r->error != 0 || n > r->rest.len) {
		r->error = ERR_TRUNCATED;
		return out;
	}
	out = slice_take(r->rest, n);
	r->rest = slice_skip(r->rest, n);
	return out;
}

void
wire_read_copy(struct wire_reader *r, uint8_t *out, size_t n)
{
	struct slice bytes = wire_read_bytes(r, n);

	if (bytes.len > 0) {
		memcpy(out, bytes.data, bytes.len);
	}
}

uint8_t
wire_read_u8(struct wire_reader *r)
{
	uint8_t value = 0;

	wire_read_copy(r, &value, sizeof(value));
	return value;
}

uint16_t
wire_read_u16(struct wire_reader *r)
{
	uint16_t value = 0;

	wire_read_copy(r, (uint8_t *)&value, sizeof(value));
	return be16toh(value);
}

uint32_t
wire_read_u32(struct wire_reader *r)
{
	uint32_t value = 0;

	wire_read_copy(r, (uint8_t *)&value, sizeof(value));
	return be32toh(value);
}

uint64_t
wire_read_u64(struct wire_reader *r)
{
	uint64_t value = 0;

	wire_read_copy(r, (uint8_t *)&value, sizeof(value));
	return be64toh(value);
}

struct slice
wire_read_string(struct wire_reader *r)
{
	return wire_read_bytes(r, wire_read_u16(r));
}

struct slice
wire_reader_rest(const struct wire_reader *r)
{
	return r->rest;
}

int
wire_reader_error(const struct wire_reader *r)
{
	return r->error;
}

int
wire_reader_finish(const struct wire_reader *r)
{
	if (r->error != 0) {
		return r->error;
	}
	return r->rest.len == 0 ? 0 : ERR_INVALID;
}

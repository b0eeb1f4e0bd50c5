#include "common/base/wire_writer.h"

#include <endian.h>

#include "common/base/err.h"

void
/* NOLINTNEXTLINE(readability-non-const-parameter): written to through the writer */
wire_writer_init(struct wire_writer *w, uint8_t *data, size_t cap)
{
	*w = (struct wire_writer){.data = data, .cap = cap};
}

void
wire_write_bytes(struct wire_writer *w, struct slice bytes)
{
	if (w->error != 0 || bytes.len > w->cap - w->len) {
		w->error = ERR_TOOBIG;
		return;
	}
	if (bytes.len > 0) {
		memcpy(w->data + w->len, bytes.data, bytes.len);
	}
	w->len += bytes.len;
}

void
wire_write_u8(struct wire_writer *w, uint8_t value)
{
	wire_write_bytes(w, slice_of(&value, sizeof(value)));
}

void
wire_write_u16(struct wire_writer *w, uint16_t value)
{
	value = htobe16(value);
	wire_write_bytes(w, slice_of(&value, sizeof(value)));
}

void
wire_write_u32(struct wire_writer *w, uint32_t value)
{
	value = htobe32(value);
	wire_write_bytes(w, slice_of(&value, sizeof(value)));
}

void
wire_write_u64(struct wire_writer *w, uint64_t value)
{
	value = htobe64(value);
	wire_write_bytes(w, slice_of(&value, sizeof(value)));
}

void
wire_write_string(struct wire_writer *w, struct slice bytes)
{
	if (bytes.len > UINT16_MAX) {
		w->error = ERR_TOOBIG;
		return;
	}
	wire_write_u16(w, (uint16_t)bytes.len);
	wire_write_bytes(w, bytes);
}

int
wire_writer_finish(const struct wire_writer *w, struct slice *out)
{
	if (w->error != 0) {
		return w->error;
	}
	*out = slice_of(w->data, w->len);
	return 0;
}

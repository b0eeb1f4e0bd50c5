#include <criterion/criterion.h>

#include "common/base/err.h"
#include "common/base/wire_reader.h"
#include "common/base/wire_writer.h"

static const uint8_t record[] = {
	0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 'h', 'i', 0xaa};

static int
write_record(uint8_t *buf, size_t cap, struct slice *out)
{
	struct wire_writer w;

	wire_writer_init(&w, buf, cap);
	wire_write_u8(&w, 1);
	wire_write_u16(&w, 0x0203);
	wire_write_u32(&w, 0x04050607);
	wire_write_u64(&w, 9);
	wire_write_string(&w, SLICE("hi"));
	wire_write_bytes(&w, SLICE("\xaa"));
	return wire_writer_finish(&w, out);
}

Test(wire, integers_are_big_endian)
{
	uint8_t buf[64];
	struct slice out;

	cr_assert_eq(write_record(buf, sizeof(buf), &out), 0);
	cr_assert(slice_eq(out, slice_of(record, sizeof(record))));
}

Test(wire, writing_stops_at_the_capacity)
{
	uint8_t buf[sizeof(record)];
	struct slice out;

	for (size_t cap = 0; cap < sizeof(record); cap++) {
		cr_assert_eq(write_record(buf, cap, &out), ERR_TOOBIG, "capacity %zu", cap);
	}
}

Test(wire, reads_back_what_was_written)
{
	struct wire_reader r;
	uint8_t last = 0;

	wire_reader_init(&r, slice_of(record, sizeof(record)));
	cr_assert_eq(wire_read_u8(&r), 1);
	cr_assert_eq(wire_read_u16(&r), 0x0203);
	cr_assert_eq(wire_read_u32(&r), 0x04050607);
	cr_assert_eq(wire_read_u64(&r), 9);
	cr_assert(slice_eq(wire_read_string(&r), SLICE("hi")));
	cr_assert_eq(wire_reader_finish(&r), ERR_INVALID, "one byte is left");
	wire_read_copy(&r, &last, 1);
	cr_assert_eq(last, 0xaa);
	cr_assert_eq(wire_reader_finish(&r), 0);
}

Test(wire, every_truncation_is_noticed_once_at_the_end)
{
	for (size_t len = 0; len < sizeof(record); len++) {
		struct wire_reader r;
		uint8_t last = 7;

		wire_reader_init(&r, slice_of(record, len));
		(void)wire_read_u8(&r);
		(void)wire_read_u16(&r);
		(void)wire_read_u32(&r);
		(void)wire_read_u64(&r);
		(void)wire_read_string(&r);
		wire_read_copy(&r, &last, 1);
		cr_assert_eq(wire_reader_finish(&r), ERR_TRUNCATED, "length %zu", len);
		cr_assert_eq(last, 7, "untouched on failure");
	}
}

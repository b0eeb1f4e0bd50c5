#include <criterion/criterion.h>

#include "common/base/attr.h"
#include "common/mail/transfer_encoding.h"

static const struct {
	const char *label;
	const char *in;
	const char *base64;
	const char *quoted;
} rows[] = {
	{"nothing", "", "", ""},
	{"base64", "SGVsbG8=", "Hello", "SGVsbG8="},
	{"in lines", "SGVs\r\nbG8\n", "Hello", "SGVs\r\nbG8\n"},
	{"bits that are no byte", "SGV", "He", "SGV"},
	{"quoted", "=41=3d", "\xe3]\xdd", "A="},
	{"a soft break", "=\n=41", "\xe3", "A"},
	{"with blanks and CRLF", "= \t\r\n=41", "\xe3", "A"},
	{"no hex digits", "=", "", "="},
	{"one hex digit", "=4", "", "=4"},
	{"other letters", "=4G", "\xe0", "=4G"},
};

Test(mail_transfer_encoding, decodes_leniently)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slice in = slice_str(rows[i].in);
		uint8_t out[32];
		size_t len = transfer_decode_base64(in, out);

		cr_expect(slice_eq(slice_of(out, len), slice_str(rows[i].base64)),
			"%s, base64: %.*s", rows[i].label, (int)len, (const char *)out);
		len = transfer_decode_quoted(in, out);
		cr_expect(slice_eq(slice_of(out, len), slice_str(rows[i].quoted)),
			"%s, quoted: %.*s", rows[i].label, (int)len, (const char *)out);
	}
}

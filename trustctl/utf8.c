#include "trustctl/utf8.h"

/* lead_length - bytes of the sequence a lead byte announces, 0 for none */
static size_t
lead_length(uint8_t lead)
{
	if (lead < 0x80) {
		return 1;
	}
	if (lead >= 0xc2 && lead <= 0xdf) {
		return 2;
	}
	if (lead >= 0xe0 && lead <= 0xef) {
		return 3;
	}
	return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

size_t
utf8_decode(struct slice text, uint32_t *code_out)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	static const uint8_t lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};

	if (text.len == 0) {
		return 0;
	}
	size_t len = lead_length(text.data[0]);

	if (len == 0 || len > text.len) {
		return 0;
	}
	uint32_t code = text.data[0] & lead_bits[len];

	for (size_t i = 1; i < len; i++) {
		if ((text.data[i] & 0xc0) != 0x80) {
			return 0;
		}
		code = code << 6 | (text.data[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
		return 0;
	}
	*code_out = code;
	return len;
}

bool
utf8_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) ||
	       (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

size_t
utf8_width(struct slice text)
{
	size_t width = 0;

	for (size_t i = 0; i < text.len; i++) {
		width += (text.data[i] & 0xc0) != 0x80 ? 1 : 0;
	}
	return width;
}

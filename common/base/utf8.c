#include "common/base/utf8.h"

/* sequence_len - length by the first byte (0: none), and the range of the second */
static size_t
sequence_len(uint8_t first, uint8_t *low_out, uint8_t *high_out)
{
	*low_out = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	*high_out = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	if (first < 0x80) {
		return 1;
	}
	if (first >= 0xc2 && first <= 0xdf) {
		return 2;
	}
	if (first >= 0xe0 && first <= 0xef) {
		return 3;
	}
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

bool
utf8_is_valid(struct slice text)
{
	size_t at = 0;

	while (at < text.len) {
		uint8_t low;
		uint8_t high;
		size_t len = sequence_len(text.data[at], &low, &high);

		if (len == 0 || len > text.len - at) {
			return false;
		}
		for (size_t i = 1; i < len; i++) {
			uint8_t c = text.data[at + i];

			if (c < low || c > high) {
				return false;
			}
			low = 0x80;
			high = 0xbf;
		}
		at += len;
	}
	return true;
}

bool
utf8_has_control(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];
		bool is_c1 = c == 0xc2 && i + 1 < text.len && text.data[i + 1] < 0xa0;

		if (c < ' ' || c == 0x7f || is_c1) {
			return true;
		}
	}
	return false;
}

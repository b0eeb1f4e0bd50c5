#include "tests/golden_spamd/recorded.h"

#include "spamd-trust/template.h"

struct slice
recorded_after(struct slice text, struct slice mark, uint8_t end)
{
	struct slice rest = slice_skip(text, slice_find(text, mark) + mark.len);

	return slice_take(rest, slice_find_byte(rest, end));
}

/* without_cr - less a final CR */
static struct slice
without_cr(struct slice text)
{
	text.len -= slice_ends_with(text, SLICE("\r"));
	return text;
}

struct slice
recorded_hostname(struct slice response)
{
	struct slice name = without_cr(
		recorded_after(response, SLICE("Received: from localhost by "), '\n'));

	if (name.len == 0) {
		name = recorded_after(response, SLICE("running on the system \""), '"');
	}
	if (name.len == 0) {
		name = without_cr(
			recorded_after(response, SLICE("(" COMPAT_SUBVERSION ") on "), '\n'));
	}
	return name;
}

uint32_t
recorded_hex_word(struct slice text)
{
	uint32_t word = 0;

	for (size_t i = 0; i < 8 && i < text.len; i++) {
		uint8_t c = ascii_lower(text.data[i]);

		if (!ascii_is_digit(c) && (c < 'a' || c > 'f')) {
			return 0;
		}
		word = word << 4 | (uint32_t)(ascii_is_digit(c) ? c - '0' : c - 'a' + 10);
	}
	return word;
}

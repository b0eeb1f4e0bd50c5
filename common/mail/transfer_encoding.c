#include "common/mail/transfer_encoding.h"

/* sextet - the value of a base64 character, or -1 */
static int
sextet(uint8_t c)
{
	if (c >= 'A' && c <= 'Z') {
		return c - 'A';
	}
	if (c >= 'a' && c <= 'z') {
		return c - 'a' + 26;
	}
	if (ascii_is_digit(c)) {
		return c - '0' + 52;
	}
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool
base64_take(struct base64_bits *bits, uint8_t c, uint8_t *byte_out)
{
	int value = sextet(c);

	if (value < 0) {
		return false;
	}
	bits->held = (bits->held << 6 | (unsigned int)value) & 0xfff;
	bits->count += 6;
	if (bits->count < 8) {
		return false;
	}
	bits->count -= 8;
	*byte_out = (uint8_t)(bits->held >> bits->count);
	return true;
}

/* hex_digit - its value, or -1 */
static int
hex_digit(uint8_t c)
{
	uint8_t low = ascii_lower(c);

	if (ascii_is_digit(c)) {
		return c - '0';
	}
	return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

bool
quoted_byte(struct slice text, uint8_t *byte_out)
{
	int high = 0;
	int low = 0;

	if (text.len < 3 || text.data[0] != '=') {
		return false;
	}
	high = hex_digit(text.data[1]);
	low = hex_digit(text.data[2]);
	if (high < 0 || low < 0) {
		return false;
	}
	*byte_out = (uint8_t)(high << 4 | low);
	return true;
}

size_t
transfer_decode_base64(struct slice text, uint8_t *out)
{
	struct base64_bits bits = {0};
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		len += base64_take(&bits, text.data[i], &out[len]);
	}
	return len;
}

/* soft_break - bytes of a `=` at the end of a line, blanks behind it included; 0 for none */
static size_t
soft_break(struct slice text)
{
	size_t len = 1;

	if (text.data[0] != '=') {
		return 0;
	}
	while (len < text.len && (ascii_is_wsp(text.data[len]) || text.data[len] == '\r')) {
		len++;
	}
	return len < text.len && text.data[len] == '\n' ? len + 1 : 0;
}

size_t
transfer_decode_quoted(struct slice text, uint8_t *out)
{
	size_t len = 0;

	while (text.len > 0) {
		size_t skip = soft_break(text);

		if (skip > 0) {
			text = slice_skip(text, skip);
			continue;
		}
		skip = quoted_byte(text, &out[len]) ? 3 : 1;
		out[len] = skip == 3 ? out[len] : text.data[0];
		len++;
		text = slice_skip(text, skip);
	}
	return len;
}

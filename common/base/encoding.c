#include "common/base/encoding.h"

#include "common/base/err.h"

static const char b64_alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void
base64url_encode(struct slice in, char *out)
{
	uint32_t bits = 0;
	unsigned int have = 0;

	for (size_t i = 0; i < in.len; i++) {
		bits = bits << 8 | in.data[i];
		have += 8;
		while (have >= 6) {
			have -= 6;
			*out++ = b64_alphabet[bits >> have & 63];
		}
	}
	if (have > 0) {
		*out++ = b64_alphabet[bits << (6 - have) & 63];
	}
	*out = '\0';
}

/* b64_value - the six bits a character stands for, or -1 */
static int
b64_value(uint8_t c)
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
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

int
base64url_decode(struct slice text, uint8_t *out, size_t cap, size_t *len_out)
{
	size_t len = text.len / 4 * 3 + text.len % 4 * 3 / 4;
	uint32_t bits = 0;
	unsigned int have = 0;
	size_t at = 0;

	if (text.len % 4 == 1) {
		return ERR_INVALID;
	}
	if (len > cap) {
		return ERR_TOOBIG;
	}
	for (size_t i = 0; i < text.len; i++) {
		int value = b64_value(text.data[i]);

		if (value < 0) {
			return ERR_INVALID;
		}
		bits = bits << 6 | (uint32_t)value;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[at++] = (uint8_t)(bits >> have);
		}
	}
	if ((bits & ((1U << have) - 1)) != 0) {
		return ERR_INVALID;
	}
	*len_out = at;
	return 0;
}

void
hex_encode(struct slice in, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < in.len; i++) {
		*out++ = digits[in.data[i] >> 4];
		*out++ = digits[in.data[i] & 15];
	}
	*out = '\0';
}

static int
hex_value(uint8_t c)
{
	if (ascii_is_digit(c)) {
		return c - '0';
	}
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
hex_decode(struct slice text, uint8_t *out, size_t cap, size_t *len_out)
{
	if (text.len % 2 != 0) {
		return ERR_INVALID;
	}
	if (text.len / 2 > cap) {
		return ERR_TOOBIG;
	}
	for (size_t i = 0; i < text.len / 2; i++) {
		int high = hex_value(text.data[2 * i]);
		int low = hex_value(text.data[2 * i + 1]);

		if (high < 0 || low < 0) {
			return ERR_INVALID;
		}
		out[i] = (uint8_t)(high << 4 | low);
	}
	*len_out = text.len / 2;
	return 0;
}

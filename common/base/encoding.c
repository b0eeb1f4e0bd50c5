#include "common/base/encoding.h"

#include "common/base/err.h"

static const char b64_alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* What a character of ASCII stands for in the alphabet, plus one; 0: it is none of it. */
static const uint8_t b64_values[UINT8_MAX + 1] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 63, 0, 0, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5,
	6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 0, 0, 0,
	0, 64, 0, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45,
	46, 47, 48, 49, 50, 51, 52};

void
base64url_encode(struct slice in, char *out)
{
	uint32_t bits = 0;
	size_t at = 0;

	for (; in.len - at >= 3; at += 3) {
		bits = (uint32_t)in.data[at] << 16 | (uint32_t)in.data[at + 1] << 8 |
		       in.data[at + 2];
		*out++ = b64_alphabet[bits >> 18];
		*out++ = b64_alphabet[bits >> 12 & 63];
		*out++ = b64_alphabet[bits >> 6 & 63];
		*out++ = b64_alphabet[bits & 63];
	}
	if (in.len - at == 1) {
		*out++ = b64_alphabet[in.data[at] >> 2];
		*out++ = b64_alphabet[in.data[at] << 4 & 63];
	} else if (in.len - at == 2) {
		*out++ = b64_alphabet[in.data[at] >> 2];
		*out++ = b64_alphabet[(in.data[at] << 4 | in.data[at + 1] >> 4) & 63];
		*out++ = b64_alphabet[in.data[at + 1] << 2 & 63];
	}
	*out = '\0';
}

/* b64_quad - three bytes of four characters. False when one is none of the alphabet */
static bool
b64_quad(const uint8_t in[4], uint8_t out[3])
{
	const uint32_t a = b64_values[in[0]];
	const uint32_t b = b64_values[in[1]];
	const uint32_t c = b64_values[in[2]];
	const uint32_t d = b64_values[in[3]];
	const uint32_t bits = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);

	out[0] = (uint8_t)(bits >> 16);
	out[1] = (uint8_t)(bits >> 8);
	out[2] = (uint8_t)bits;
	return a != 0 && b != 0 && c != 0 && d != 0;
}

int
base64url_decode(struct slice text, uint8_t *out, size_t cap, size_t *len_out)
{
	size_t len = text.len / 4 * 3 + text.len % 4 * 3 / 4;
	const size_t whole = text.len / 4;
	uint8_t rest[4] = {'A', 'A', 'A', 'A'}; /* zero bits */
	uint8_t last[3];

	if (text.len % 4 == 1) {
		return ERR_INVALID;
	}
	if (len > cap) {
		return ERR_TOOBIG;
	}
	for (size_t i = 0; i < whole; i++) {
		if (!b64_quad(text.data + 4 * i, out + 3 * i)) {
			return ERR_INVALID;
		}
	}
	if (text.len % 4 != 0) {
		const size_t tail = text.len % 4;

		memcpy(rest, text.data + 4 * whole, tail);
		/* Of the last characters the bits beyond whole bytes are zero. */
		if (!b64_quad(rest, last) || last[tail - 1] != 0) {
			return ERR_INVALID;
		}
		memcpy(out + 3 * whole, last, tail - 1);
	}
	*len_out = len;
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

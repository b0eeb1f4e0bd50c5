#include "common/mail/encoded_word.h"

#include "common/base/attr.h"
#include "common/base/utf8.h"
#include "common/mail/transfer_encoding.h"

enum charset {
	CHARSET_UTF8, /* US-ASCII too: its bytes are the same */
	CHARSET_WINDOWS_1252,
	CHARSET_OTHER,
};

/* =?charset?encoding?text?= */
struct word {
	enum charset charset;
	bool is_base64;
	struct slice text;
	size_t len; /* of all of it */
};

struct out {
	uint8_t *bytes;
	size_t len;
};

static void
put(struct out *out, uint8_t c)
{
	out->bytes[out->len++] = c;
}

/* put_code - a code point below U+10000 in UTF-8 */
static void
put_code(struct out *out, unsigned int code)
{
	if (code < 0x80) {
		put(out, (uint8_t)code);
		return;
	}
	if (code < 0x800) {
		put(out, (uint8_t)(0xc0 | code >> 6));
	} else {
		put(out, (uint8_t)(0xe0 | code >> 12));
		put(out, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
	}
	put(out, (uint8_t)(0x80 | (code & 0x3f)));
}

/* put_1252 - a byte of Windows-1252; for those without a character, the replacement character */
static void
put_1252(struct out *out, uint8_t c)
{
	static const uint16_t high[32] = {0x20ac, 0xfffd, 0x201a, 0x192, 0x201e, 0x2026, 0x2020,
		0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0xfffd, 0x17d, 0xfffd, 0xfffd,
		0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161,
		0x203a, 0x153, 0xfffd, 0x17e, 0x178};

	put_code(out, c >= 0x80 && c < 0xa0 ? high[c - 0x80] : c);
}

/* put_decoded - a byte that a word stands for */
static void
put_decoded(struct out *out, enum charset charset, uint8_t c)
{
	if (charset == CHARSET_WINDOWS_1252) {
		put_1252(out, c);
	} else {
		put(out, c);
	}
}

/* charset_of - by its name, without the language of RFC 2231 */
static enum charset
charset_of(struct slice name)
{
	static const struct {
		const char *name;
		enum charset charset;
	} known[] = {
		{"utf-8", CHARSET_UTF8},
		{"utf8", CHARSET_UTF8},
		{"us-ascii", CHARSET_UTF8},
		{"ascii", CHARSET_UTF8},
		{"iso-8859-1", CHARSET_WINDOWS_1252},
		{"iso8859-1", CHARSET_WINDOWS_1252},
		{"windows-1252", CHARSET_WINDOWS_1252},
		{"cp1252", CHARSET_WINDOWS_1252},
	};

	name = slice_take(name, slice_find_byte(name, '*'));
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (slice_eq_nocase(name, slice_str(known[i].name))) {
			return known[i].charset;
		}
	}
	return CHARSET_OTHER;
}

static bool
is_charset_byte(uint8_t c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '*' || c == '_' || c == '-';
}

/* read_word - is there one at the start of the text? */
static bool
read_word(struct slice text, struct word *out)
{
	struct slice rest = slice_skip(text, 2);
	size_t name = 0;

	if (!slice_starts_with(text, SLICE("=?"))) {
		return false;
	}
	while (name < rest.len && is_charset_byte(rest.data[name])) {
		name++;
	}
	if (name == 0 || rest.len < name + 3 || rest.data[name] != '?' ||
		rest.data[name + 2] != '?') {
		return false;
	}
	switch (ascii_lower(rest.data[name + 1])) {
	case 'b':
		out->is_base64 = true;
		break;
	case 'q':
		out->is_base64 = false;
		break;
	default:
		return false;
	}
	out->charset = charset_of(slice_take(rest, name));
	rest = slice_skip(rest, name + 3);
	out->text = slice_take(rest, slice_find_byte(rest, '?'));
	rest = slice_skip(rest, out->text.len);
	out->len = text.len - rest.len + 2;
	return slice_starts_with(rest, SLICE("?="));
}

static void
put_base64(struct out *out, const struct word *word)
{
	struct base64_bits bits = {0};
	uint8_t c = 0;

	for (size_t i = 0; i < word->text.len; i++) {
		if (base64_take(&bits, word->text.data[i], &c)) {
			put_decoded(out, word->charset, c);
		}
	}
}

static void
put_quoted(struct out *out, const struct word *word)
{
	struct slice text = word->text;

	while (text.len > 0) {
		uint8_t c = text.data[0] == '_' ? ' ' : text.data[0];
		size_t len = quoted_byte(text, &c) ? 3 : 1;

		put_decoded(out, word->charset, c);
		text = slice_skip(text, len);
	}
}

/* put_word - decoded, or as it is where that says more than we know */
static void
put_word(struct out *out, struct slice whole, const struct word *word)
{
	size_t start = out->len;

	if (word->is_base64) {
		put_base64(out, word);
	} else {
		put_quoted(out, word);
	}
	for (size_t i = start; word->charset == CHARSET_OTHER && i < out->len; i++) {
		if (out->bytes[i] >= 0x80) {
			memcpy(out->bytes + start, whole.data, word->len);
			out->len = start + word->len;
			return;
		}
	}
}

/* blanks_before_word - how many blanks are in front of another word; 0 where there is none */
static size_t
blanks_before_word(struct slice text)
{
	struct word next;
	size_t len = 0;

	while (len < text.len && ascii_is_space(text.data[len])) {
		len++;
	}
	return read_word(slice_skip(text, len), &next) ? len : 0;
}

bool
encoded_word_is_needed(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] >= 0x80 ||
			(text.data[i] == '=' && i + 1 < text.len && text.data[i + 1] == '?')) {
			return true;
		}
	}
	return false;
}

size_t
encoded_word_decode(struct slice text, uint8_t *out)
{
	struct out to = {0};
	enum charset plain = utf8_is_valid(text) ? CHARSET_UTF8 : CHARSET_WINDOWS_1252;
	struct word word;

	to.bytes = out;
	while (text.len > 0) {
		if (read_word(text, &word)) {
			put_word(&to, text, &word);
			text = slice_skip(text, word.len);
			text = slice_skip(text, blanks_before_word(text));
		} else {
			put_decoded(&to, plain, text.data[0]);
			text = slice_skip(text, 1);
		}
	}
	return to.len;
}

size_t
encoded_word_plain(struct slice text, uint8_t *out)
{
	struct out to = {0};
	enum charset plain = utf8_is_valid(text) ? CHARSET_UTF8 : CHARSET_WINDOWS_1252;

	to.bytes = out;
	for (size_t i = 0; i < text.len; i++) {
		put_decoded(&to, plain, text.data[i]);
	}
	return to.len;
}

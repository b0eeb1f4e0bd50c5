#include "spamd-trust/header_text.h"

#include <openssl/evp.h>

#include "spamd-trust/text_wrap.h"

/* Columns of a folded line. */
#define FOLD_COLUMNS 79

/* Bytes that become base64 at a time: a multiple of three, so that pieces join. */
#define BASE64_CHUNK 48

/* skip_blanks - in front of a text */
static struct slice
skip_blanks(struct slice text)
{
	while (text.len > 0 && ascii_is_space(text.data[0])) {
		text = slice_skip(text, 1);
	}
	return text;
}

/* fold_lines - a value of several lines: nothing but their ends is changed */
static void
fold_lines(struct dynbuf *out, struct slice value)
{
	size_t end = slice_find_byte(value, '\n');

	while (end < value.len) {
		size_t floor = dynbuf_slice(out).len;

		(void)dynbuf_add(out, slice_take(value, end));
		text_trim_end(out, floor);
		(void)dynbuf_add_str(out, "\n\t");
		value = skip_blanks(slice_skip(value, end + 1));
		end = slice_find_byte(value, '\n');
	}
	(void)dynbuf_add(out, value);
}

/*
 * add_without_empty_lines - lines of blanks would end the header; the first has the name in
 * front
 */
static void
add_without_empty_lines(struct dynbuf *out, struct slice text)
{
	bool is_first = true;

	while (text.len > 0) {
		struct slice line = slice_take(text, slice_find_byte(text, '\n') + 1);

		text = slice_skip(text, line.len);
		if (is_first || text.len == 0 || slice_trim(line).len > 0) {
			(void)dynbuf_add(out, line);
		}
		is_first = false;
	}
}

void
header_text_fold(struct dynbuf *out, struct slice value, size_t start)
{
	struct text_wrap wrap = {
		.start = start,
		.width = FOLD_COLUMNS,
		.prefix = SLICE("\t"),
		.elements = TEXT_WRAP_PIECES,
	};
	struct dynbuf folded;

	if (slice_find_byte(value, '\n') < value.len) {
		fold_lines(out, value);
		return;
	}
	if (slice_printable_len(value) == value.len && start + value.len <= FOLD_COLUMNS) {
		(void)dynbuf_add(out, value); /* nothing to break, and nearly all values */
		return;
	}
	dynbuf_init(&folded, SIZE_MAX);
	text_wrap_add(&folded, &wrap, value);
	add_without_empty_lines(out, dynbuf_slice(&folded));
	dynbuf_join_error(out, &folded);
	dynbuf_fini(&folded);
}

void
header_text_flat(struct dynbuf *out, struct slice value)
{
	for (size_t i = 0; i < value.len; i++) {
		(void)dynbuf_add_byte(out, value.data[i] == '\n' ? ' ' : value.data[i]);
	}
}

/* is_foreign - must not stand in a header as it is */
static bool
is_foreign(uint8_t c)
{
	return (c < 0x20 && c != '\t') || c > 0x7e;
}

/* needs_q - is written as =XX in Q encoding (RFC 2047 section 4.2) */
static bool
needs_q(uint8_t c)
{
	return c < 0x20 || c > 0x7e || c == '=' || c == '?' || c == '_';
}

static void
add_q(struct dynbuf *out, struct slice text)
{
	(void)dynbuf_add_str(out, "=?UTF-8?Q?");
	for (size_t i = 0; i < text.len; i++) {
		if (needs_q(text.data[i])) {
			(void)dynbuf_printf(out, "=%02X", text.data[i]);
		} else {
			(void)dynbuf_add_byte(out, text.data[i] == ' ' ? '_' : text.data[i]);
		}
	}
	(void)dynbuf_add_str(out, "?=");
}

static void
add_b(struct dynbuf *out, struct slice text)
{
	unsigned char piece[BASE64_CHUNK / 3 * 4 + 1];

	(void)dynbuf_add_str(out, "=?UTF-8?B?");
	while (text.len > 0) {
		struct slice chunk = slice_take(text, BASE64_CHUNK);
		int len = EVP_EncodeBlock(piece, chunk.data, (int)chunk.len);

		(void)dynbuf_add(out, slice_of(piece, (size_t)len));
		text = slice_skip(text, chunk.len);
	}
	(void)dynbuf_add_str(out, "?=");
}

/* add_encoded - the shorter of the two, counted as the original does */
static void
add_encoded(struct dynbuf *out, struct slice text)
{
	size_t escaped = 0;

	for (size_t i = 0; i < text.len; i++) {
		escaped += needs_q(text.data[i]);
	}
	if (text.len + 2 * escaped <= 4 * (text.len + 2) / 3) {
		add_q(out, text);
	} else {
		add_b(out, text);
	}
}

/* encode_line - a line without its end */
static void
encode_line(struct dynbuf *out, struct slice line)
{
	size_t first = slice_printable_len(line);
	size_t last = line.len;

	while (first < line.len && !is_foreign(line.data[first])) {
		first++;
	}
	if (first == line.len) {
		(void)dynbuf_add(out, line);
		return;
	}
	while (first > 0 && !ascii_is_wsp(line.data[first - 1])) {
		first--;
	}
	while (!is_foreign(line.data[last - 1])) {
		last--;
	}
	while (last < line.len && !ascii_is_wsp(line.data[last])) {
		last++;
	}
	(void)dynbuf_add(out, slice_take(line, first));
	add_encoded(out, slice_skip(slice_take(line, last), first));
	(void)dynbuf_add(out, slice_skip(line, last));
}

void
header_text_encode(struct dynbuf *out, struct slice value)
{
	while (value.len > 0) {
		size_t end = slice_find_byte(value, '\n');

		encode_line(out, slice_take(value, end));
		(void)dynbuf_add_str(out, end < value.len ? "\n" : "");
		value = slice_skip(value, end + 1);
	}
}

#include "spamd-trust/header_text.h"

#include "spamd-trust/text_wrap.h"

/* Columns of a folded line, a tab counting as eight. */
#define FOLD_COLUMNS 79
#define TAB_COLUMNS  8

/* Longest encoded word (RFC 2047 section 2). */
#define ENCODED_WORD_MAX 75

static bool
is_plain(uint8_t c)
{
	return c >= 0x20 && c <= 0x7e;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* is_utf8_tail - a byte that must not start an encoded word */
static bool
is_utf8_tail(uint8_t c)
{
	return (c & 0xc0) == 0x80;
}

/* q_len - columns of one byte in Q encoding (RFC 2047 section 4.2, as in a phrase) */
static size_t
q_len(uint8_t c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == ' ' ? 1 : 3;
}

static void
add_q(struct dynbuf *out, uint8_t c)
{
	if (c == ' ') {
		(void)dynbuf_add_byte(out, '_');
	} else if (q_len(c) == 1) {
		(void)dynbuf_add_byte(out, c);
	} else {
		(void)dynbuf_printf(out, "=%02X", c);
	}
}

/* char_len - bytes of the character at the start: a lead byte and its tail */
static size_t
char_len(struct slice text)
{
	size_t len = 1;

	while (len < text.len && len < 4 && is_utf8_tail(text.data[len])) {
		len++;
	}
	return len;
}

/* add_encoded - a run of text as encoded words, none cut inside a character */
static void
add_encoded(struct dynbuf *out, struct slice run, struct slice charset)
{
	size_t room = ENCODED_WORD_MAX - (charset.len + 7);
	size_t used = 0;

	(void)dynbuf_printf(out, "=?%.*s?Q?", SLICE_ARG(charset));
	while (run.len > 0) {
		size_t n = char_len(run);
		size_t len = 0;

		for (size_t i = 0; i < n; i++) {
			len += q_len(run.data[i]);
		}
		if (used + len > room && used > 0) {
			(void)dynbuf_printf(out, "?= =?%.*s?Q?", SLICE_ARG(charset));
			used = 0;
		}
		for (size_t i = 0; i < n; i++) {
			add_q(out, run.data[i]);
		}
		used += len;
		run = slice_skip(run, n);
	}
	(void)dynbuf_add_str(out, "?=");
}

/* word_len - bytes up to a blank; tells whether they must be encoded */
static size_t
word_len(struct slice text, bool *is_foreign_out)
{
	size_t len = 0;

	*is_foreign_out = false;
	while (len < text.len && !is_blank(text.data[len])) {
		*is_foreign_out = *is_foreign_out || !is_plain(text.data[len]);
		len++;
	}
	return len;
}

/*
 * run_len - bytes of the words at the start that are encoded as one
 *
 * Blanks between two encoded words are not shown (RFC 2047 section 6.2), so a blank that
 * counts is encoded with them.
 */
static size_t
run_len(struct slice text)
{
	bool is_foreign = false;
	size_t len = word_len(text, &is_foreign);

	while (len < text.len && text.data[len] == ' ') {
		size_t next = word_len(slice_skip(text, len + 1), &is_foreign);

		if (!is_foreign) {
			break;
		}
		len += 1 + next;
	}
	return len;
}

void
header_text_encode(struct dynbuf *out, struct slice value, struct slice charset)
{
	struct slice name = slice_is_empty(charset) ? SLICE("UTF-8") : slice_take(charset, 30);

	while (value.len > 0) {
		bool is_foreign = false;
		size_t len = word_len(value, &is_foreign);

		if (is_foreign) {
			len = run_len(value);
			add_encoded(out, slice_take(value, len), name);
		} else {
			len += len < value.len;
			(void)dynbuf_add(out, slice_take(value, len));
		}
		value = slice_skip(value, len);
	}
}

/* fold_lines - a value of several lines: nothing but their ends is changed */
static void
fold_lines(struct dynbuf *out, struct slice value, struct slice eol)
{
	size_t end = slice_find_byte(value, '\n');

	while (end < value.len) {
		size_t floor = dynbuf_slice(out).len;

		(void)dynbuf_add(out, slice_take(value, end));
		text_trim_end(out, floor);
		(void)dynbuf_add(out, eol);
		(void)dynbuf_add_byte(out, '\t');
		value = slice_skip(value, end + 1);
		while (value.len > 0 && ascii_is_space(value.data[0])) {
			value = slice_skip(value, 1);
		}
		end = slice_find_byte(value, '\n');
	}
	(void)dynbuf_add(out, value);
}

void
header_text_fold(struct dynbuf *out, struct slice value, size_t start, struct slice eol)
{
	size_t column = start;
	size_t floor = dynbuf_slice(out).len;
	bool is_first = true;

	if (slice_find_byte(value, '\n') < value.len) {
		fold_lines(out, value, eol);
		return;
	}
	while (value.len > 0) {
		size_t len = 0;

		while (len < value.len && !ascii_is_wsp(value.data[len]) &&
			value.data[len] != ',') {
			len++;
		}
		len += len < value.len;
		if (!is_first && column + len > FOLD_COLUMNS) {
			text_trim_end(out, floor);
			/* A line of nothing but blanks would end the header: it is used again. */
			if (dynbuf_slice(out).len > floor) {
				(void)dynbuf_add(out, eol);
				(void)dynbuf_add_byte(out, '\t');
				floor = dynbuf_slice(out).len;
			}
			column = TAB_COLUMNS;
		}
		(void)dynbuf_add(out, slice_take(value, len));
		column += len;
		is_first = false;
		value = slice_skip(value, len);
	}
}

void
header_text_flat(struct dynbuf *out, struct slice value)
{
	for (size_t i = 0; i < value.len; i++) {
		(void)dynbuf_add_byte(out, value.data[i] == '\n' ? ' ' : value.data[i]);
	}
}

#include "spamd-trust/preview.h"

#include "spamd-trust/message_split.h"
#include "spamd-trust/text_wrap.h"

#define PARAGRAPHS_MAX 3
#define PREVIEW_MAX    200

/* Parts within parts that are entered to find a text. */
#define NESTING_MAX 4

/* This many ornaments in a row are a line drawn by the sender, not text. */
#define ORNAMENTS_MIN 10

/* What is in front of the preview in the template of the original. */
#define LABEL_COLUMNS 18

#define WRAP_COLUMNS 75

/* has_nocase - the word (lower case) is somewhere in the text */
static bool
has_nocase(struct slice text, struct slice word)
{
	for (size_t i = 0; i + word.len <= text.len; i++) {
		if (slice_starts_with_nocase(slice_skip(text, i), word)) {
			return true;
		}
	}
	return false;
}

/* field_or_empty - the last field of that name */
static struct slice
field_or_empty(struct slice header, struct slice name)
{
	struct slice value = {0};

	(void)message_last_field(header, name, &value);
	return value;
}

/* first_part - behind the first line of a multipart body that looks like a boundary */
static struct slice
first_part(struct slice body)
{
	struct slice rest = body;
	struct slice line = {0};

	while (message_next_line(&rest, &line)) {
		if (slice_starts_with(line, SLICE("--")) && slice_trim(line).len > 2) {
			return rest;
		}
	}
	return rest;
}

/* text_of - the text a person would see first; empty where there is none */
static struct slice
text_of(struct slice message)
{
	for (int depth = 0; depth < NESTING_MAX; depth++) {
		struct message_split split = message_split(message);
		struct slice type = field_or_empty(split.header, SLICE("Content-Type"));
		struct slice encoding =
			field_or_empty(split.header, SLICE("Content-Transfer-Encoding"));

		if (slice_starts_with_nocase(type, SLICE("multipart/"))) {
			message = first_part(split.body);
			continue;
		}
		if ((type.len > 0 && !slice_starts_with_nocase(type, SLICE("text/"))) ||
			has_nocase(encoding, SLICE("base64"))) {
			break;
		}
		return split.body;
	}
	return slice_of(NULL, 0);
}

/* next_paragraph - lines up to an empty one */
static struct slice
next_paragraph(struct slice *rest)
{
	struct slice line = {0};
	struct slice start = *rest;
	size_t len = 0;

	while (message_next_line(rest, &line)) {
		bool is_blank = slice_trim(line).len == 0;

		if (!is_blank || len > 0) {
			len += line.len;
		} else {
			start = *rest;
		}
		if (is_blank && len > 0) {
			break;
		}
	}
	return slice_take(start, len);
}

static bool
is_ornament(uint8_t c)
{
	return c == '-' || c == '_' || c == '*' || c == '.';
}

/* ornaments - length of a row of them at the start, 0 where it is short enough for text */
static size_t
ornaments(struct slice text)
{
	size_t len = 0;

	while (len < text.len && is_ornament(text.data[len])) {
		len++;
	}
	return len >= ORNAMENTS_MIN ? len : 0;
}

/* add_squeezed - appends with runs of blanks and control bytes as one blank */
static void
add_squeezed(struct dynbuf *out, struct slice text)
{
	while (text.len > 0) {
		struct slice all = dynbuf_slice(out);
		size_t skip = ornaments(text);
		uint8_t c = text.data[0];

		if (skip > 0) {
			text = slice_skip(text, skip);
			continue;
		}
		if (c > ' ' && c != 0x7f) {
			(void)dynbuf_add_byte(out, c);
		} else if (all.len > 0 && all.data[all.len - 1] != ' ') {
			(void)dynbuf_add_byte(out, ' ');
		}
		text = slice_skip(text, 1);
	}
}

void
preview_write(struct slice message, struct dynbuf *out)
{
	static const struct text_wrap wrap = {
		.start = LABEL_COLUMNS,
		.width = WRAP_COLUMNS,
		.prefix = {(const uint8_t *)"  ", 2},
	};
	struct slice rest = text_of(message);
	struct dynbuf text;

	dynbuf_init(&text, PARAGRAPHS_MAX * (PREVIEW_MAX + 8));
	for (int i = 0; i < PARAGRAPHS_MAX && dynbuf_slice(&text).len < PREVIEW_MAX; i++) {
		struct slice paragraph = next_paragraph(&rest);

		add_squeezed(&text, slice_take(paragraph, PREVIEW_MAX));
		if (paragraph.len > PREVIEW_MAX) {
			(void)dynbuf_add_str(&text, " [...]");
		}
		add_squeezed(&text, SLICE(" "));
	}
	text_wrap_add(out, &wrap, dynbuf_slice(&text));
	dynbuf_join_error(out, &text);
	dynbuf_fini(&text);
}

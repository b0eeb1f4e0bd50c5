#include "spamd-trust/preview.h"

#include "common/mail/message_split.h"
#include "spamd-trust/preview_text.h"
#include "spamd-trust/text_wrap.h"

#define PARAGRAPHS_MAX 3
#define PREVIEW_MAX    200

/* This many ornaments in a row are a line drawn by the sender, not text. */
#define ORNAMENTS_MIN 10

/* What is in front of the preview in the template of the original. */
#define LABEL_COLUMNS 18

#define WRAP_COLUMNS 75

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

/* add_paragraph - blanks squeezed, cut after PREVIEW_MAX bytes, ended by a line end */
static void
add_paragraph(struct dynbuf *out, struct slice text)
{
	size_t count = 0;
	bool is_blank = false;

	for (size_t i = 0; i < text.len && count <= PREVIEW_MAX; i++) {
		uint8_t c = text.data[i] > ' ' && text.data[i] != 0x7f ? text.data[i] : ' ';

		if (c == ' ' && is_blank) {
			continue;
		}
		is_blank = c == ' ';
		count++;
		if (count <= PREVIEW_MAX) {
			(void)dynbuf_add_byte(out, c);
		}
	}
	(void)dynbuf_add_str(out, count > PREVIEW_MAX ? " [...]\n" : "\n");
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

/* add_tidied - without ornaments, runs of blanks as one */
static void
add_tidied(struct dynbuf *out, struct slice text)
{
	bool is_blank = false;

	while (text.len > 0) {
		size_t skip = ornaments(text);

		if (skip == 0) {
			skip = 1;
			if (!ascii_is_space(text.data[0]) || !is_blank) {
				is_blank = ascii_is_space(text.data[0]);
				(void)dynbuf_add_byte(out, is_blank ? ' ' : text.data[0]);
			}
		}
		text = slice_skip(text, skip);
	}
}

void
preview_write(struct slice message, struct dynbuf *out)
{
	struct text_wrap wrap = {
		.start = LABEL_COLUMNS,
		.width = WRAP_COLUMNS,
		.prefix = SLICE("  "),
		.overflows = true,
	};
	struct slice rest = {0};
	struct slice first = {0};
	struct dynbuf whole;
	struct dynbuf text;
	struct dynbuf tidy;

	dynbuf_init(&whole, PREVIEW_BUFFER_MAX);
	dynbuf_init(&text, PREVIEW_BUFFER_MAX);
	dynbuf_init(&tidy, PREVIEW_BUFFER_MAX);
	preview_text(message, &whole);
	rest = dynbuf_slice(&whole);
	for (int i = 0; i < PARAGRAPHS_MAX && dynbuf_slice(&text).len < PREVIEW_MAX; i++) {
		add_paragraph(&text, slice_trim(next_paragraph(&rest)));
	}
	add_tidied(&tidy, dynbuf_slice(&text));
	first = dynbuf_slice(&tidy);
	if (slice_starts_with(first, SLICE(" "))) {
		/* Not printed, but the original counts it. */
		first = slice_skip(first, 1);
		wrap.start++;
	}
	text_wrap_add(out, &wrap, first);
	dynbuf_fini(&whole);
	dynbuf_fini(&text);
	dynbuf_fini(&tidy);
}

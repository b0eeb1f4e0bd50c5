#include "spamd-trust/text_wrap.h"

#define TAB_COLUMNS 8

void
text_trim_end(struct dynbuf *out, size_t floor)
{
	struct slice all = dynbuf_slice(out);

	while (all.len > floor && ascii_is_space(all.data[all.len - 1])) {
		all.len--;
	}
	dynbuf_truncate(out, all.len);
}

/* next_element - from the start of the text */
static struct slice
next_element(struct slice text, enum text_wrap_elements elements)
{
	bool is_pieces = elements == TEXT_WRAP_PIECES;
	size_t len = 0;

	while (len < text.len && !ascii_is_space(text.data[len]) &&
		!(is_pieces && text.data[len] == ',')) {
		len++;
	}
	/* The blank or comma belongs to a piece, and is a word of its own. */
	return slice_take(text, is_pieces || len == 0 ? len + 1 : len);
}

static size_t
columns(struct slice text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++) {
		count += text.data[i] == '\t' ? TAB_COLUMNS : 1;
	}
	return count;
}

/* A line being filled. */
struct filling {
	size_t line_start; /* in the buffer */
	size_t column;
	bool has_element;
};

/* break_line - a line of nothing but blanks is left empty, prefix and all, as in the original */
static void
break_line(struct dynbuf *out, const struct text_wrap *wrap, struct filling *line)
{
	text_trim_end(out, line->line_start);
	(void)dynbuf_add_byte(out, '\n');
	line->line_start = dynbuf_slice(out).len;
	(void)dynbuf_add(out, wrap->prefix);
	line->column = columns(wrap->prefix);
	line->has_element = false;
}

void
text_wrap_add(struct dynbuf *out, const struct text_wrap *wrap, struct slice text)
{
	struct filling line = {.line_start = dynbuf_slice(out).len, .column = wrap->start};

	while (text.len > 0) {
		struct slice element = next_element(text, wrap->elements);
		size_t ahead = wrap->overflows ? 0 : columns(element);

		if (line.has_element && line.column + ahead > wrap->width) {
			break_line(out, wrap, &line);
		}
		(void)dynbuf_add(out, element);
		line.column += columns(element);
		line.has_element = true;
		text = slice_skip(text, element.len);
	}
}

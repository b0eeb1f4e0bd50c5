#include "spamd-trust/text_wrap.h"

void
text_trim_end(struct dynbuf *out, size_t floor)
{
	struct slice all = dynbuf_slice(out);

	while (all.len > floor && ascii_is_space(all.data[all.len - 1])) {
		all.len--;
	}
	dynbuf_truncate(out, all.len);
}

/* next_element - a word, or a single blank */
static struct slice
next_element(struct slice text)
{
	size_t len = 0;

	while (len < text.len && !ascii_is_space(text.data[len])) {
		len++;
	}
	return slice_take(text, len > 0 ? len : 1);
}

void
text_wrap_add(struct dynbuf *out, const struct text_wrap *wrap, struct slice text)
{
	size_t column = wrap->start;
	size_t floor = dynbuf_slice(out).len;
	bool is_first = true;

	while (text.len > 0 && ascii_is_space(text.data[0])) {
		text = slice_skip(text, 1);
	}
	if (column > wrap->width) {
		/* The original breaks at once, and then cuts the blanks in front of all. */
		(void)dynbuf_add(
			out, ascii_is_space(wrap->prefix.data[0]) ? SLICE("") : wrap->prefix);
		column = wrap->prefix.len;
	}
	while (text.len > 0) {
		struct slice element = next_element(text);

		if (!is_first && column + element.len > wrap->width) {
			text_trim_end(out, floor);
			(void)dynbuf_add_byte(out, '\n');
			(void)dynbuf_add(out, wrap->prefix);
			floor = dynbuf_slice(out).len;
			column = wrap->prefix.len;
		}
		(void)dynbuf_add(out, ascii_is_space(element.data[0]) ? SLICE(" ") : element);
		column += element.len;
		is_first = false;
		text = slice_skip(text, element.len);
	}
}

#include "trustctl/import/lines.h"

void
lines_init(struct lines *l)
{
	l->len = 0;
	l->number = 0;
	l->inside = false;
	l->handed = false;
}

static struct slice
without_cr(struct slice text)
{
	if (text.len > 0 && text.data[text.len - 1] == '\r') {
		text.len--;
	}
	return text;
}

static struct line
make_line(struct lines *l, struct slice text, bool ends)
{
	bool starts = !l->inside;

	l->number += starts ? 1 : 0;
	l->inside = !ends;
	return (struct line){
		.text = ends ? without_cr(text) : text,
		.number = l->number,
		.starts = starts,
		.ends = ends,
	};
}

bool
lines_feed(struct lines *l, struct slice in, size_t *used, struct line *out)
{
	if (l->handed) {
		l->len = 0;
		l->handed = false;
	}

	size_t room = LINES_MAX - l->len;
	struct slice window = slice_take(in, room);
	size_t at = slice_find_byte(window, '\n');
	bool ends = at < window.len;

	*used = at + (ends ? 1 : 0);
	if (ends && l->len == 0) {
		*out = make_line(l, slice_take(window, at), true);
		return true;
	}
	if (at > 0) {
		memcpy(l->buffer + l->len, window.data, at);
		l->len += at;
	}
	/* A full buffer waits for the next byte: it may be the line's ending. */
	if (!ends && (l->len < LINES_MAX || in.len == *used)) {
		return false;
	}
	*out = make_line(l, slice_of(l->buffer, l->len), ends);
	l->handed = true;
	return true;
}

bool
lines_finish(struct lines *l, struct line *out)
{
	if (l->handed) {
		l->len = 0;
		l->handed = false;
	}
	if (l->len == 0) {
		return false;
	}
	*out = make_line(l, slice_of(l->buffer, l->len), true);
	l->handed = true;
	return true;
}

#include "common/ctl/ctl_lines.h"

void
ctl_lines_init(struct ctl_lines *l)
{
	*l = (struct ctl_lines){0};
	dynbuf_init(&l->bytes, CTL_LINE_MAX);
}

void
ctl_lines_fini(struct ctl_lines *l)
{
	dynbuf_fini(&l->bytes);
}

/* drop_taken - the line given out last is done with */
static void
drop_taken(struct ctl_lines *l)
{
	dynbuf_consume(&l->bytes, l->taken);
	l->taken = 0;
}

size_t
ctl_lines_room(const struct ctl_lines *l)
{
	return CTL_LINE_MAX - (dynbuf_slice(&l->bytes).len - l->taken);
}

int
ctl_lines_feed(struct ctl_lines *l, struct slice bytes)
{
	drop_taken(l);
	return dynbuf_add(&l->bytes, bytes);
}

int
ctl_lines_next(struct ctl_lines *l, struct slice *line_out)
{
	struct slice bytes;
	size_t end = 0;

	drop_taken(l);
	bytes = dynbuf_slice(&l->bytes);
	end = slice_find_byte(bytes, '\n');
	if (end == bytes.len) {
		return bytes.len < CTL_LINE_MAX ? 0 : ERR_TOOBIG;
	}
	l->taken = end + 1;
	*line_out = slice_take(bytes, end);
	return 1;
}

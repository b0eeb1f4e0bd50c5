#include "trustctl/import/mbox.h"

void
mbox_init(struct mbox *m)
{
	*m = (struct mbox){.state = MBOX_BEFORE, .after_empty = true};
	dynbuf_init(&m->header, MBOX_HEADER_MAX);
}

void
mbox_fini(struct mbox *m)
{
	dynbuf_fini(&m->header);
}

/* has_time_of_day - "dd:dd" anywhere, as every form of the "From " line has it */
static bool
has_time_of_day(struct slice text)
{
	for (size_t i = 0; i + 5 <= text.len; i++) {
		const uint8_t *at = text.data + i;

		if (ascii_is_digit(at[0]) && ascii_is_digit(at[1]) && at[2] == ':' &&
			ascii_is_digit(at[3]) && ascii_is_digit(at[4])) {
			return true;
		}
	}
	return false;
}

static bool
is_separator(const struct mbox *m, const struct line *line)
{
	return line->starts && m->after_empty &&
	       slice_starts_with(line->text, SLICE("From ")) && has_time_of_day(line->text);
}

static void
start_message(struct mbox *m, uint64_t number)
{
	m->state = MBOX_HEADER;
	m->start = number;
	m->cut = false;
	dynbuf_reset(&m->header);
}

static void
add_header(struct mbox *m, const struct line *line)
{
	(void)dynbuf_add(&m->header, line->text);
	if (line->ends) {
		(void)dynbuf_add_byte(&m->header, '\n');
	}
	m->cut = dynbuf_error(&m->header) != 0;
}

static void
hand_out(struct mbox *m, struct mbox_message *out)
{
	m->state = MBOX_BODY;
	*out = (struct mbox_message){
		.header = dynbuf_slice(&m->header), .line = m->start, .cut = m->cut};
}

bool
mbox_feed(struct mbox *m, const struct line *line, struct mbox_message *out)
{
	bool empty = line->starts && line->ends && line->text.len == 0;
	bool separator = is_separator(m, line);
	bool complete = false;

	m->after_empty = empty;
	switch (m->state) {
	case MBOX_BEFORE:
		if (separator) {
			start_message(m, line->number);
		} else if (!empty) {
			start_message(m, line->number);
			add_header(m, line);
		}
		break;
	case MBOX_HEADER:
		if (empty) {
			hand_out(m, out);
			complete = true;
		} else {
			add_header(m, line);
		}
		break;
	case MBOX_BODY:
		if (separator) {
			start_message(m, line->number);
		}
		break;
	}
	return complete;
}

bool
mbox_finish(struct mbox *m, struct mbox_message *out)
{
	if (m->state != MBOX_HEADER) {
		return false;
	}
	hand_out(m, out);
	return true;
}

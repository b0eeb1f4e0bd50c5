#include "common/mail/message_split.h"

/* So many lines that are no fields still count as header; the next begins the body. */
#define STRAY_LINES_MAX 3

bool
message_next_line(struct slice *rest, struct slice *line_out)
{
	*line_out = slice_take(*rest, slice_find_byte(*rest, '\n') + 1);
	*rest = slice_skip(*rest, line_out->len);
	return line_out->len > 0;
}

/*
 * is_empty_line - ends the header
 *
 * In a CRLF message a lone LF does too, as in the original. In an LF message an empty line that
 * ends in CRLF is a stray line to the original.
 */
static bool
is_empty_line(struct slice line, bool is_crlf)
{
	return slice_eq(line, SLICE("\n")) || (is_crlf && slice_eq(line, SLICE("\r\n")));
}

/* is_mbox_line - "From" and a blank, but not the obsolete "From :" */
static bool
is_mbox_line(struct slice line)
{
	struct slice after = slice_skip(line, 4);

	if (!slice_starts_with(line, SLICE("From")) || after.len == 0 ||
		!ascii_is_space(after.data[0])) {
		return false;
	}
	/* More than one blank before the colon makes it a separator again in the original. */
	return after.len < 2 || after.data[1] != ':';
}

/* name_len - length of a field name at the start of the line, 0 where it is no field */
static size_t
name_len(struct slice line, size_t *colon_out)
{
	size_t len = 0;
	size_t colon = 0;

	while (len < line.len && line.data[len] > ' ' && line.data[len] < 0x7f &&
		line.data[len] != ':') {
		len++;
	}
	colon = len;
	while (colon < line.len && ascii_is_wsp(line.data[colon])) {
		colon++;
	}
	if (colon == line.len || line.data[colon] != ':') {
		return 0;
	}
	*colon_out = colon;
	return len;
}

/* header_len - bytes of the lines of the header, from the start of `text` */
static size_t
header_len(struct slice text, bool is_crlf)
{
	struct slice rest = text;
	struct slice line = {0};
	size_t len = 0;
	size_t colon = 0;
	int stray = 0;

	while (message_next_line(&rest, &line)) {
		if (is_empty_line(line, is_crlf) || slice_starts_with(line, SLICE("--"))) {
			break;
		}
		if (!ascii_is_wsp(line.data[0]) && name_len(line, &colon) == 0) {
			stray++;
		}
		if (stray > STRAY_LINES_MAX) {
			break;
		}
		len += line.len;
	}
	return len;
}

/* is_crlf - does the first or the last line end in CRLF? */
static bool
is_crlf(struct slice text)
{
	struct slice rest = text;
	struct slice first = {0};

	return slice_ends_with(text, SLICE("\r\n")) ||
	       (message_next_line(&rest, &first) && slice_ends_with(first, SLICE("\r\n")));
}

struct message_split
message_split(struct slice message)
{
	struct message_split out = {0};
	struct slice rest = message;
	struct slice line = {0};

	if (message_next_line(&rest, &line) && is_mbox_line(line)) {
		out.mbox_line = line;
	} else {
		rest = message;
	}
	out.is_crlf = is_crlf(rest);
	out.header = slice_take(rest, header_len(rest, out.is_crlf));
	rest = slice_skip(rest, out.header.len);
	out.body = rest;
	if (message_next_line(&rest, &line) && is_empty_line(line, out.is_crlf)) {
		out.separator = line;
		out.body = rest;
	}
	return out;
}

bool
message_next_field(struct slice *rest, struct message_field *field_out)
{
	struct slice from = *rest;
	struct slice line = {0};
	size_t len = 0;
	size_t colon = 0;

	if (!message_next_line(rest, &line)) {
		return false;
	}
	len = line.len;
	while (rest->len > 0 && ascii_is_wsp(rest->data[0])) {
		(void)message_next_line(rest, &line);
		len += line.len;
	}
	from = slice_take(from, len);
	*field_out = (struct message_field){.name = slice_take(from, name_len(from, &colon))};
	if (field_out->name.len > 0) {
		from = slice_skip(from, colon + 1);
		while (from.len > 0 && ascii_is_wsp(from.data[0])) {
			from = slice_skip(from, 1);
		}
		field_out->value = slice_without_line_end(from);
		field_out->line_end = slice_skip(from, field_out->value.len);
	}
	return true;
}

bool
message_next_named(struct slice *rest, struct slice name, struct message_field *field_out)
{
	struct slice line = {0};

	while (rest->len > 0) {
		/* Most lines are told by their first letter, continuations too. */
		if (name.len > 0 && ascii_lower(rest->data[0]) != ascii_lower(name.data[0])) {
			(void)message_next_line(rest, &line);
			continue;
		}
		(void)message_next_field(rest, field_out);
		if (slice_eq_nocase(field_out->name, name)) {
			return true;
		}
	}
	return false;
}

bool
message_last_named(struct slice header, struct slice name, struct message_field *field_out)
{
	struct message_field field = {0};
	bool found = false;

	while (message_next_named(&header, name, &field)) {
		*field_out = field;
		found = true;
	}
	return found;
}

bool
message_last_field(struct slice header, struct slice name, struct slice *value_out)
{
	struct message_field field = {0};
	bool found = message_last_named(header, name, &field);

	if (found) {
		*value_out = field.value;
	}
	return found;
}

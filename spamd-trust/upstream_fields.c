#include "spamd-trust/upstream_fields.h"

#include "common/mail/message_split.h"

#define PREFIX "X-Spam-"

static bool
is_among(const struct strpairs *headers, struct slice name)
{
	for (size_t i = 0; i < headers->count; i++) {
		if (slice_eq_nocase(headers->items[i].name, name)) {
			return true;
		}
	}
	return false;
}

/* is_ours - does this field (without its prefix) say what only we say, or say already? */
static bool
is_ours(const struct settings *settings, struct slice name)
{
	static const char *const verdict[] = {
		"Flag", "Level", "Status", "Report", "Checker-Version"};

	for (size_t i = 0; i < ARRAY_LEN(verdict); i++) {
		if (slice_eq_nocase(name, slice_str(verdict[i]))) {
			return true;
		}
	}
	return slice_starts_with_nocase(name, SLICE("Trust-")) ||
	       slice_starts_with_nocase(name, SLICE("Prev-")) ||
	       is_among(&settings->headers_ham, name) ||
	       is_among(&settings->headers_spam, name);
}

static bool
is_wanted(const struct settings *settings, struct slice name)
{
	if (!slice_starts_with_nocase(name, SLICE(PREFIX)) || name.len == sizeof(PREFIX) - 1) {
		return false;
	}
	return !is_ours(settings, slice_skip(name, sizeof(PREFIX) - 1));
}

/*
 * add_line - without the bytes that could end it early; a line of blanks alone would end the
 * header for some
 */
static void
add_line(struct dynbuf *out, struct slice line)
{
	line = slice_without_line_end(line);
	if (slice_is_empty(slice_trim(line))) {
		return;
	}
	for (size_t i = 0; i < line.len; i++) {
		uint8_t c = line.data[i];

		(void)dynbuf_add_byte(out, (c < ' ' && c != '\t') || c == 0x7f ? ' ' : c);
	}
	(void)dynbuf_add_byte(out, '\n');
}

/* add_field - if it fits */
static void
add_field(struct dynbuf *out, const struct message_field *field)
{
	struct slice rest = field->value;
	struct slice line = {0};

	if (dynbuf_slice(out).len + field->name.len + field->value.len + 4 >
		UPSTREAM_FIELDS_MAX_BYTES) {
		return;
	}
	(void)dynbuf_add(out, field->name);
	(void)dynbuf_add_str(out, ": ");
	if (message_next_line(&rest, &line) && !slice_is_empty(slice_trim(line))) {
		add_line(out, line);
	} else {
		(void)dynbuf_add_byte(out, '\n');
	}
	while (message_next_line(&rest, &line)) {
		add_line(out, line);
	}
}

/* header_only - what stands before the first empty line */
static struct slice
header_only(struct slice text)
{
	struct slice rest = text;
	struct slice line = {0};

	while (message_next_line(&rest, &line)) {
		if (slice_is_empty(slice_without_line_end(line))) {
			return slice_take(text, text.len - rest.len - line.len);
		}
	}
	return text;
}

int
upstream_fields_read(struct slice header, const struct settings *settings, struct arena *arena,
	struct slice *out)
{
	struct slice rest = header_only(header);
	struct message_field field = {0};
	struct dynbuf text;
	int code = 0;

	*out = (struct slice){0};
	dynbuf_init(&text, 2 * UPSTREAM_FIELDS_MAX_BYTES);
	while (message_next_field(&rest, &field)) {
		if (is_wanted(settings, field.name)) {
			add_field(&text, &field);
		}
	}
	code = dynbuf_error(&text);
	if (code == 0 && dynbuf_slice(&text).len > 0) {
		*out = arena_copy(arena, dynbuf_slice(&text));
		code = out->data == NULL ? ERR_NOMEM : 0;
	}
	dynbuf_fini(&text);
	return code;
}

#include "common/rules/rule_subject.h"

#include "common/mail/address_list.h"
#include "common/mail/lexer.h"

/* Most names one field of a rule stands for. */
#define NAMES_MAX 3

/* Text being put together. */
struct text {
	uint8_t *bytes;
	size_t len;
	size_t cap;
};

static void
put(struct text *t, uint8_t c)
{
	if (t->len < t->cap) {
		t->bytes[t->len++] = c;
	}
}

static void
put_line(struct text *t, struct slice line)
{
	for (size_t i = 0; i < line.len; i++) {
		put(t, line.data[i]);
	}
	put(t, '\n');
}

/* put_plain - as it is, but with plain line ends */
static void
put_plain(struct text *t, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] != '\r' || i + 1 == text.len || text.data[i + 1] != '\n') {
			put(t, text.data[i]);
		}
	}
}

/* put_unfolded - a line end and the blanks behind it become one blank */
static void
put_unfolded(struct text *t, struct slice body)
{
	body = slice_trim(body);
	while (body.len > 0) {
		size_t end = slice_find_byte(body, '\n');
		struct slice line = slice_without_line_end(slice_take(body, end + 1));

		put_plain(t, line);
		body = slice_trim(slice_skip(body, end + 1));
		if (body.len > 0) {
			put(t, ' ');
		}
	}
	put(t, '\n');
}

static void
put_name(struct text *t, struct slice name)
{
	int c = 0;

	if (name.len < 2 || name.data[0] != '"' || !slice_ends_with(name, SLICE("\""))) {
		put_unfolded(t, name);
		return;
	}
	name = slice_of(name.data + 1, name.len - 2);
	while ((c = lexer_unquote_next(&name)) != LEXER_END) {
		put(t, (uint8_t)c);
	}
	put(t, '\n');
}

static int
put_mailboxes(struct text *t, struct slice body, enum rule_part part, struct arena *arena)
{
	struct address_list list;
	int code = address_list_parse(body, false, arena, &list);

	for (size_t i = 0; code == 0 && i < list.count; i++) {
		if (part == RULE_PART_ADDR) {
			put_line(t, list.items[i].address);
		} else if (list.items[i].display_name.len > 0) {
			put_name(t, list.items[i].display_name);
		}
	}
	return code;
}

static int
put_field(struct text *t, struct slice body, enum rule_part part, struct arena *arena)
{
	switch (part) {
	case RULE_PART_TEXT:
		put_unfolded(t, body);
		return 0;
	case RULE_PART_RAW:
		put_plain(t, body);
		put(t, '\n');
		return 0;
	case RULE_PART_ADDR:
	case RULE_PART_NAME:
		return put_mailboxes(t, body, part, arena);
	}
	return 0;
}

/* names_of - the fields that are meant; returns how many */
static size_t
names_of(struct slice field, struct slice names[static NAMES_MAX])
{
	if (slice_eq(field, SLICE("ToCc"))) {
		names[0] = SLICE("To");
		names[1] = SLICE("Cc");
		return 2;
	}
	if (slice_eq(field, SLICE("MESSAGEID"))) {
		names[0] = SLICE("Resent-Message-Id");
		names[1] = SLICE("Message-Id");
		names[2] = SLICE("X-Message-Id");
		return 3;
	}
	names[0] = field;
	return 1;
}

/* text_init - no text is longer than the header and a newline for each field or mailbox */
static int
text_init(struct text *t, const struct header *h, struct arena *arena)
{
	size_t size = h->end - h->start;

	size = 2 * (size < RULE_SUBJECT_MAX / 2 ? size : RULE_SUBJECT_MAX / 2) + 2;
	*t = (struct text){.bytes = arena_alloc(arena, size), .cap = size};
	return t->bytes == NULL ? ERR_NOMEM : 0;
}

int
rule_subject(const struct header *h, struct slice field, enum rule_part part,
	struct arena *arena, struct slice *out, bool *is_set_out)
{
	struct slice names[NAMES_MAX];
	struct text t = {0};
	int code = text_init(&t, h, arena);

	*is_set_out = false;
	if (code == 0 && slice_eq(field, SLICE("ALL"))) {
		put_plain(&t, slice_take(slice_skip(h->message, h->start), h->end - h->start));
		*is_set_out = true;
		*out = slice_of(t.bytes, t.len);
		return 0;
	}
	for (size_t i = 0, count = names_of(field, names); code == 0 && i < count; i++) {
		const struct header_field *f = header_next(h, names[i], NULL);

		for (; code == 0 && f != NULL; f = header_next(h, names[i], f)) {
			*is_set_out = true;
			code = put_field(&t, f->body, part, arena);
		}
	}
	*out = slice_of(t.bytes, t.len);
	return code;
}

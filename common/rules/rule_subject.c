#include "common/rules/rule_subject.h"

#include "common/base/attr.h"
#include "common/mail/address_list.h"
#include "common/mail/encoded_word.h"
#include "common/mail/lexer.h"

/* Most names one field of a rule stands for. */
#define NAMES_MAX 4

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

/* put_unfolded - a line end and the blanks behind it become one blank; a newline ends it */
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

/* is_decoded - not the fields whose values are no text (SpamAssassin's list) */
static bool
is_decoded(struct slice name)
{
	static const char *const plain[] = {"Received", "Message-ID", "Resent-Message-ID",
		"Date", "Resent-Date", "MIME-Version", "References", "In-Reply-To"};

	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		if (slice_eq_nocase(name, slice_str(plain[i]))) {
			return false;
		}
	}
	return !slice_starts_with_nocase(name, SLICE("List-"));
}

/* decode_from - what was put since `start`, with its encoded words decoded */
static int
decode_from(struct text *t, size_t start, struct arena *arena)
{
	struct slice text = slice_of(t->bytes + start, t->len - start);
	uint8_t *decoded = NULL;
	size_t len = 0;

	if (!encoded_word_is_needed(text)) {
		return 0;
	}
	decoded = arena_alloc(arena, ENCODED_WORD_GROWTH * text.len);
	if (decoded == NULL) {
		return ERR_NOMEM;
	}
	len = encoded_word_decode(text, decoded);
	t->len = start;
	for (size_t i = 0; i < len; i++) {
		put(t, decoded[i]);
	}
	return 0;
}

static int
put_text(struct text *t, struct slice name, struct slice body, struct arena *arena)
{
	size_t start = t->len;

	put_unfolded(t, body);
	return is_decoded(name) ? decode_from(t, start, arena) : 0;
}

static int
put_name(struct text *t, struct slice name, bool is_raw, struct arena *arena)
{
	size_t start = t->len;
	int c = 0;

	if (name.len < 2 || name.data[0] != '"' || !slice_ends_with(name, SLICE("\""))) {
		put_unfolded(t, name);
		return is_raw ? 0 : decode_from(t, start, arena);
	}
	name = slice_of(name.data + 1, name.len - 2);
	while ((c = lexer_unquote_next(&name)) != LEXER_END) {
		put(t, (uint8_t)c);
	}
	put(t, '\n');
	return is_raw ? 0 : decode_from(t, start, arena);
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
			code = put_name(t, list.items[i].display_name,
				part == RULE_PART_RAW_NAME, arena);
		}
	}
	return code;
}

static int
put_field(
	struct text *t, const struct header_field *f, enum rule_part part, struct arena *arena)
{
	switch (part) {
	case RULE_PART_TEXT:
		return put_text(t, f->name, f->body, arena);
	case RULE_PART_RAW:
		put_plain(t, f->body);
		put(t, '\n');
		return 0;
	case RULE_PART_ADDR:
	case RULE_PART_NAME:
	case RULE_PART_RAW_NAME:
		return put_mailboxes(t, f->body, part, arena);
	}
	return 0;
}

/* put_all - the whole header: as it is, or each field unfolded and decoded behind its name */
static int
put_all(struct text *t, const struct header *h, enum rule_part part, struct arena *arena)
{
	int code = 0;

	if (part == RULE_PART_RAW) {
		put_plain(t, slice_take(slice_skip(h->message, h->start), h->end - h->start));
		return 0;
	}
	for (size_t i = 0; code == 0 && t->len < t->cap && i < h->count; i++) {
		const struct header_field *f = &h->fields[i];

		for (size_t j = 0; j < f->name.len; j++) {
			put(t, f->name.data[j]);
		}
		put(t, ':');
		put(t, ' ');
		code = put_text(t, f->name, f->body, arena);
	}
	return code;
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
		names[0] = SLICE("X-Message-Id");
		names[1] = SLICE("Resent-Message-Id");
		names[2] = SLICE("X-Original-Message-Id");
		names[3] = SLICE("Message-Id");
		return 4;
	}
	names[0] = field;
	return 1;
}

/*
 * text_init - no text is longer than the header, decoded, with a blank and a newline for each field
 * or mailbox
 */
static int
text_init(struct text *t, const struct header *h, struct arena *arena)
{
	size_t growth = ENCODED_WORD_GROWTH + 1;
	size_t size = h->end - h->start;

	size = growth * (size < RULE_SUBJECT_MAX / growth ? size : RULE_SUBJECT_MAX / growth) +
	       2;
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
		code = put_all(&t, h, part, arena);
		*is_set_out = true;
		*out = slice_of(t.bytes, t.len);
		return code;
	}
	for (size_t i = 0, count = names_of(field, names); code == 0 && i < count; i++) {
		const struct header_field *f = header_next(h, names[i], NULL);

		for (; code == 0 && f != NULL && t.len < t.cap;
			f = header_next(h, names[i], f)) {
			*is_set_out = true;
			code = put_field(&t, f, part, arena);
		}
	}
	*out = slice_of(t.bytes, t.len);
	return code;
}

#include "common/mail/header.h"

#include "common/base/err.h"

/* The fourth line that is no field ends the header. */
#define JUNK_LINES_MAX 3

#define FIELDS_AT_FIRST 32

enum line_kind {
	LINE_FIELD,
	LINE_CONTINUATION,
	LINE_EMPTY,
	LINE_BOUNDARY, /* "--": a MIME part begins and nobody wrote the empty line */
	LINE_JUNK,
};

/* A line of the message: [at, end) with its line ending. */
struct line {
	size_t at;
	size_t end;
	size_t name_len;
	size_t body_at; /* behind the colon */
};

struct header_parser {
	const struct header_limits *limits;
	struct arena *arena;
	struct header *out;
	size_t cap;
	bool in_field; /* a continuation belongs to the last field of the array */
	bool is_crlf;  /* the first or the last line of the message ends so */
};

static size_t
line_end(struct slice message, size_t at)
{
	struct slice rest = slice_skip(message, at);
	size_t len = slice_find_byte(rest, '\n');

	return at + len + (len < rest.len ? 1 : 0);
}

/* without_ending - a run of bytes without a closing LF or CRLF */
static struct slice
without_ending(struct slice s)
{
	if (s.len > 0 && s.data[s.len - 1] == '\n') {
		s.len--;
		if (s.len > 0 && s.data[s.len - 1] == '\r') {
			s.len--;
		}
	}
	return s;
}

/* read_name - name, blanks, colon; false when the line is no field */
static bool
read_name(struct slice message, struct line *line)
{
	const uint8_t *p = message.data + line->at;
	size_t len = line->end - line->at;
	size_t at = 0;

	while (at < len && p[at] > ' ' && p[at] < 0x7f && p[at] != ':') {
		at++;
	}
	line->name_len = at;
	while (at < len && ascii_is_wsp(p[at])) {
		at++;
	}
	line->body_at = line->at + at + 1;
	return line->name_len > 0 && at < len && p[at] == ':';
}

/*
 * classify - which kind of line it is
 *
 * A CR alone on a line of a message with plain line ends is junk, as in the original. Mail clients
 * may take it for the end of the header: then From is in doubt, and junk says so.
 */
static enum line_kind
classify(struct slice message, bool is_crlf, struct line *line)
{
	struct slice text = slice_of(message.data + line->at, line->end - line->at);

	if (ascii_is_wsp(text.data[0])) {
		return LINE_CONTINUATION;
	}
	if (slice_eq(text, SLICE("\n")) || (is_crlf && slice_eq(text, SLICE("\r\n")))) {
		return LINE_EMPTY;
	}
	if (slice_starts_with(text, SLICE("--"))) {
		return LINE_BOUNDARY;
	}
	return read_name(message, line) ? LINE_FIELD : LINE_JUNK;
}

/*
 * is_mbox_line - "From" and a blank on the first line, but not a From field with blanks
 * before its colon: what a mail client may show as From must not pass for a separator.
 */
static bool
is_mbox_line(struct slice message)
{
	struct slice rest = slice_skip(message, 4);

	if (!slice_starts_with(message, SLICE("From")) || rest.len == 0 ||
		!ascii_is_wsp(rest.data[0])) {
		return false;
	}
	while (rest.len > 0 && ascii_is_wsp(rest.data[0])) {
		rest = slice_skip(rest, 1);
	}
	return rest.len == 0 || rest.data[0] != ':';
}

/* grow - makes room for one more field: doubles, up to the limit */
static int
grow(struct header_parser *p)
{
	size_t cap = p->cap == 0 ? FIELDS_AT_FIRST : 2 * p->cap;
	struct header_field *fields;

	if (cap > p->limits->max_fields + HEADER_LATE_FROM_MAX) {
		cap = p->limits->max_fields + HEADER_LATE_FROM_MAX;
	}
	fields = arena_alloc_array(p->arena, cap, sizeof(*fields));
	if (fields == NULL) {
		return ERR_NOMEM;
	}
	if (p->out->count > 0) {
		memcpy(fields, p->out->fields, p->out->count * sizeof(*fields));
	}
	p->out->fields = fields;
	p->cap = cap;
	return 0;
}

static void
cut(struct header_parser *p)
{
	p->out->flags |= HEADER_CUT;
	p->in_field = false;
}

/*
 * fields_allowed - a From has room beyond the limit: who it names must not be hidden behind
 * rubbish
 */
static size_t
fields_allowed(const struct header_parser *p, const struct line *line)
{
	struct slice name = slice_of(p->out->message.data + line->at, line->name_len);

	return p->limits->max_fields +
	       (slice_eq_nocase(name, SLICE("From")) ? HEADER_LATE_FROM_MAX : 0);
}

static int
add_field(struct header_parser *p, const struct line *line)
{
	struct header *out = p->out;
	const uint8_t *data = out->message.data;

	if (line->end > p->limits->max_bytes || out->count >= fields_allowed(p, line)) {
		cut(p);
		return 0;
	}
	if (out->count >= p->limits->max_fields) {
		out->flags |= HEADER_CUT;
	}
	if (out->count == p->cap) {
		int ret = grow(p);

		if (ret != 0) {
			return ret;
		}
	}
	out->fields[out->count++] = (struct header_field){
		.name = slice_of(data + line->at, line->name_len),
		.body = without_ending(
			slice_of(data + line->body_at, line->end - line->body_at)),
		.offset = line->at,
		.end = line->end,
	};
	p->in_field = true;
	return 0;
}

/* extend_field - by a continuation; a field that outgrows the limit goes as a whole */
static void
extend_field(struct header_parser *p, const struct line *line)
{
	struct header *out = p->out;
	struct header_field *field;
	size_t body_at;

	if (!p->in_field) {
		out->flags |= HEADER_JUNK;
		return;
	}
	if (line->end > p->limits->max_bytes) {
		out->count--;
		cut(p);
		return;
	}
	field = &out->fields[out->count - 1];
	body_at = (size_t)(field->body.data - out->message.data);
	field->end = line->end;
	field->body = without_ending(slice_of(field->body.data, line->end - body_at));
}

/* read_lines - the fields; leaves out->end and out->body_offset where the header ends */
static int
read_lines(struct header_parser *p)
{
	struct header *out = p->out;
	struct line line = {.at = out->start};
	size_t junk = 0;
	int ret = 0;

	for (; ret == 0 && line.at < out->message.len; line.at = line.end) {
		enum line_kind kind;

		line.end = line_end(out->message, line.at);
		kind = classify(out->message, p->is_crlf, &line);
		if (kind == LINE_JUNK) {
			out->flags |= HEADER_JUNK;
			p->in_field = false;
			junk++;
		}
		if (kind == LINE_EMPTY || kind == LINE_BOUNDARY || junk > JUNK_LINES_MAX) {
			out->flags |= kind == LINE_EMPTY ? 0 : HEADER_BROKEN_OFF;
			out->end = line.at;
			out->body_offset = kind == LINE_EMPTY ? line.end : line.at;
			return 0;
		}
		if (kind == LINE_FIELD) {
			ret = add_field(p, &line);
		} else if (kind == LINE_CONTINUATION) {
			extend_field(p, &line);
		}
	}
	out->flags |= HEADER_NO_END;
	out->end = out->message.len;
	out->body_offset = out->message.len;
	return ret;
}

static bool
has_bare_cr(struct slice s)
{
	size_t at = slice_find_byte(s, '\r');

	while (at < s.len) {
		if (at + 1 == s.len || s.data[at + 1] != '\n') {
			return true;
		}
		s = slice_skip(s, at + 2);
		at = slice_find_byte(s, '\r');
	}
	return false;
}

int
header_parse(struct slice message, const struct header_limits *limits, struct arena *arena,
	struct header *out)
{
	struct header_parser p = {.limits = limits, .arena = arena, .out = out};
	struct slice lines;
	int ret;

	*out = (struct header){.message = message};
	if (is_mbox_line(message)) {
		out->flags |= HEADER_MBOX;
		out->start = line_end(message, 0);
	}
	lines = slice_take(message, line_end(message, out->start));
	p.is_crlf = slice_ends_with(lines, SLICE("\r\n")) ||
		    slice_ends_with(message, SLICE("\r\n"));
	ret = read_lines(&p);
	if (ret != 0) {
		return ret;
	}
	lines = slice_take(slice_skip(message, out->start), out->end - out->start);
	if (slice_find_byte(lines, '\0') < lines.len) {
		out->flags |= HEADER_NUL;
	}
	if (has_bare_cr(lines)) {
		out->flags |= HEADER_BARE_CR;
	}
	return 0;
}

bool
header_field_is(const struct header_field *field, struct slice name)
{
	return slice_eq_nocase(field->name, name);
}

const struct header_field *
header_next(const struct header *h, struct slice name, const struct header_field *field)
{
	size_t i = field == NULL ? 0 : (size_t)(field - h->fields) + 1;

	for (; i < h->count; i++) {
		if (header_field_is(&h->fields[i], name)) {
			return &h->fields[i];
		}
	}
	return NULL;
}

const struct header_field *
header_find(const struct header *h, struct slice name, size_t nth)
{
	const struct header_field *field = header_next(h, name, NULL);

	while (field != NULL && nth > 0) {
		field = header_next(h, name, field);
		nth--;
	}
	return field;
}

size_t
header_count(const struct header *h, struct slice name)
{
	size_t n = 0;

	for (const struct header_field *f = header_next(h, name, NULL); f != NULL;
		f = header_next(h, name, f)) {
		n++;
	}
	return n;
}

struct slice
header_unfold(struct slice body, struct arena *arena)
{
	struct slice trimmed = slice_trim(body);
	uint8_t *out;
	size_t len = 0;

	if (slice_find_byte(trimmed, '\n') == trimmed.len) {
		return trimmed;
	}
	out = arena_alloc(arena, trimmed.len);
	if (out == NULL) {
		return slice_of(NULL, 0);
	}
	while (trimmed.len > 0) {
		size_t line = line_end(trimmed, 0);
		struct slice text = without_ending(slice_take(trimmed, line));

		if (text.len > 0) {
			memcpy(out + len, text.data, text.len);
			len += text.len;
		}
		trimmed = slice_skip(trimmed, line);
	}
	return slice_of(out, len);
}

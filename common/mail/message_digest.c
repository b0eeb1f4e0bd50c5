#include "common/mail/message_digest.h"

#include "common/base/attr.h"
#include "common/base/dynbuf.h"
#include "common/mail/message_split.h"

/* A wrapped message may have been wrapped before, by another site. Beyond, it stays as it is. */
#define WRAPPERS_MAX 8

/*
 * Fields that count and are noted in one pass over a header; of one with more, each name is
 * looked for.
 */
#define FOUND_MAX 16

/* What the text has beside bytes of the message. */
#define FRAME_MAX 64

/* Room for the fields that count of nearly every message, taken at once. */
#define TEXT_USUAL 1024

/* A boundary is at most 70 characters (RFC 2046 section 5.1.1). */
#define BOUNDARY_MAX 70

/* The fields that count, and where rewrite_header keeps their old value. */
static const struct {
	const char *name;
	const char *previous; /* NULL: it is never rewritten */
} counted[] = {
	{"date", NULL},
	{"from", "X-Spam-Prev-From"},
	{"to", "X-Spam-Prev-To"},
	{"cc", NULL},
	{"subject", "X-Spam-Prev-Subject"},
};

static struct slice
trim_line_ends(struct slice text)
{
	while (text.len > 0 &&
		(text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r')) {
		text.len--;
	}
	return text;
}

/* add_value - unfolded, runs of white space as one blank, none at the ends */
static void
add_value(struct dynbuf *out, struct slice value)
{
	value = slice_trim(value);
	while (value.len > 0) {
		size_t len = 0;

		/* Up to a blank that stays one: most values are taken over as they are. */
		while (len < value.len &&
			(!ascii_is_space(value.data[len]) ||
				(value.data[len] == ' ' &&
					!ascii_is_space(value.data[len + 1])))) {
			len++;
		}
		(void)dynbuf_add(out, slice_take(value, len));
		if (len == value.len) {
			break;
		}
		(void)dynbuf_add_byte(out, ' ');
		value = slice_trim(slice_skip(value, len));
	}
}

/*
 * restore - cuts the tag off a rewritten value, which starts at `start`
 *
 * The tag stands in front. Only the first line of a folded value was kept, so where the value
 * does not end with what was kept, it starts with it.
 */
static void
restore(struct dynbuf *out, size_t start, struct slice kept)
{
	struct slice value = slice_skip(dynbuf_slice(out), start);
	struct dynbuf text;

	dynbuf_init(&text, value.len);
	if (slice_ends_with(value, kept)) {
		(void)dynbuf_add(&text, kept);
	} else {
		size_t at = slice_find(value, kept);

		(void)dynbuf_add(&text, at < value.len ? slice_skip(value, at) : value);
	}
	dynbuf_truncate(out, start);
	(void)dynbuf_add(out, dynbuf_slice(&text));
	dynbuf_join_error(out, &text);
	dynbuf_fini(&text);
}

/* add_field - one of them; `kept` is what a rewritten one was, or NULL */
static void
add_field(struct dynbuf *out, const char *name, struct slice value, const struct dynbuf *kept)
{
	size_t start = 0;

	(void)dynbuf_add_str(out, name);
	(void)dynbuf_add_byte(out, ':');
	start = dynbuf_slice(out).len;
	add_value(out, value);
	if (kept != NULL) {
		restore(out, start, dynbuf_slice(kept));
	}
	(void)dynbuf_add_byte(out, '\n');
}

/* add_fields - all fields of one name; `previous` is what a rewritten one was, or NULL */
static void
add_fields(
	struct dynbuf *out, struct slice header, const char *name, const struct slice *previous)
{
	struct message_field field = {0};
	struct dynbuf kept;

	dynbuf_init(&kept, header.len);
	if (previous != NULL) {
		add_value(&kept, *previous);
	}
	while (message_next_named(&header, slice_str(name), &field)) {
		add_field(out, name, field.value, previous == NULL ? NULL : &kept);
	}
	dynbuf_join_error(out, &kept);
	dynbuf_fini(&kept);
}

/* A field that counts. */
struct found {
	size_t which; /* of counted */
	struct slice value;
};

/* What one pass over a header finds. */
struct survey {
	bool is_marked;
	size_t count; /* of found[]; more than FOUND_MAX when there are too many to note */
	struct found found[FOUND_MAX];
};

#define MARK "X-Spam-Checker-Version"

/* name_of - the place of a name that counts; ARRAY_LEN(counted) for any other */
static size_t
name_of(struct slice name)
{
	size_t i = 0;

	while (i < ARRAY_LEN(counted) &&
		(name.len == 0 || ascii_lower(name.data[0]) != (uint8_t)counted[i].name[0] ||
			!slice_eq_nocase(name, slice_str(counted[i].name)))) {
		i++;
	}
	return i;
}

/* may_matter - most lines are told by their first letter, continuations too */
static bool
may_matter(uint8_t first)
{
	switch (ascii_lower(first)) {
	case 'c':
	case 'd':
	case 'f':
	case 's':
	case 't':
	case 'x':
		return true;
	default:
		return false;
	}
}

static void
survey_header(struct slice header, struct survey *out)
{
	struct message_field field = {0};
	struct slice line = {0};

	out->is_marked = false;
	out->count = 0;
	while (header.len > 0) {
		size_t which = 0;

		if (!may_matter(header.data[0])) {
			(void)message_next_line(&header, &line);
			continue;
		}
		(void)message_next_field(&header, &field);
		which = name_of(field.name);
		if (which < ARRAY_LEN(counted) && out->count <= FOUND_MAX &&
			out->count++ < FOUND_MAX) {
			out->found[out->count - 1] = (struct found){which, field.value};
		}
		out->is_marked |= slice_eq_nocase(field.name, SLICE(MARK));
	}
}

static bool
is_marked(struct slice header)
{
	struct slice value = {0};

	return message_last_field(header, SLICE(MARK), &value);
}

/* add_found - of a header without markup that has no more fields than people write: nearly all */
static void
add_found(struct dynbuf *out, const struct survey *survey)
{
	for (size_t i = 0; i < ARRAY_LEN(counted); i++) {
		for (size_t j = 0; j < survey->count; j++) {
			if (survey->found[j].which == i) {
				add_field(out, counted[i].name, survey->found[j].value, NULL);
			}
		}
	}
}

static void
add_header(struct dynbuf *out, struct slice header, const struct survey *survey)
{
	if (!survey->is_marked && survey->count <= FOUND_MAX) {
		add_found(out, survey);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(counted); i++) {
		struct slice previous = {0};
		bool was_kept =
			survey->is_marked && counted[i].previous != NULL &&
			message_last_field(header, slice_str(counted[i].previous), &previous);

		if (!was_kept || !slice_eq(previous, SLICE("(nonexistent)"))) {
			add_fields(out, header, counted[i].name, was_kept ? &previous : NULL);
		}
	}
}

/* boundary_of - that of a wrapper's Content-Type, in a marked header; empty where it is none */
static struct slice
boundary_of(struct slice header)
{
	const struct slice name = SLICE("boundary=\"");
	struct slice type = {0};

	if (!message_last_field(header, SLICE("Content-Type"), &type) ||
		!slice_starts_with_nocase(type, SLICE("multipart/mixed"))) {
		return slice_of(NULL, 0);
	}
	type = slice_skip(type, slice_find(type, name) + name.len);
	type = slice_take(type, slice_find_byte(type, '"'));
	return type.len <= BOUNDARY_MAX ? type : slice_of(NULL, 0);
}

/* is_delimiter - "--BOUNDARY", with `end` behind */
static bool
is_delimiter(struct slice line, struct slice boundary, struct slice end)
{
	line = trim_line_ends(line);
	return line.len == 2 + boundary.len + end.len && slice_starts_with(line, SLICE("--")) &&
	       slice_starts_with(slice_skip(line, 2), boundary) && slice_ends_with(line, end);
}

/* is_original - does a part with this header hold the message that was wrapped? */
static bool
is_original(struct slice header)
{
	const struct slice mark = SLICE("x-spam-type=original");
	struct slice type = {0};

	return message_last_field(header, SLICE("Content-Type"), &type) &&
	       slice_find(type, mark) < type.len;
}

/* part_content - from the start of `part` to the closing delimiter */
static struct slice
part_content(struct slice part, struct slice boundary)
{
	struct slice rest = part;
	struct slice line = {0};
	size_t len = 0;

	while (message_next_line(&rest, &line) && !is_delimiter(line, boundary, SLICE("--"))) {
		len += line.len;
	}
	return slice_take(part, len);
}

/* unwrap - the message inside a report_safe wrapper, split anew; false where it is none */
static bool
unwrap(struct message_split *split)
{
	struct slice boundary =
		is_marked(split->header) ? boundary_of(split->header) : slice_of(NULL, 0);
	struct slice rest = split->body;
	struct slice line = {0};

	while (boundary.len > 0 && message_next_line(&rest, &line)) {
		if (is_delimiter(line, boundary, SLICE(""))) {
			struct message_split part = message_split(rest);

			if (is_original(part.header)) {
				*split = message_split(
					trim_line_ends(part_content(part.body, boundary)));
				return true;
			}
		}
	}
	return false;
}

/*
 * add_plain - the message with LF for CRLF, and nothing behind the last line
 *
 * Before all else: where the header ends must not depend on line ends that change on the way.
 */
static void
add_plain(struct dynbuf *out, struct slice message)
{
	struct slice line = {0};

	message = trim_line_ends(message);
	while (message_next_line(&message, &line)) {
		if (slice_ends_with(line, SLICE("\r\n"))) {
			(void)dynbuf_add(out, slice_take(line, line.len - 2));
			line = SLICE("\n");
		}
		(void)dynbuf_add(out, line);
	}
}

/* What is made a digest of. */
struct extent {
	const char *title;
	size_t body_max;
};

static const struct extent whole = {"trust-message-1\n", SIZE_MAX};
static const struct extent lead = {"trust-lead-1\n", MESSAGE_LEAD_BYTES};

/* digest_parts - of a message without a wrapper, whose header has been surveyed */
static int
digest_parts(struct slice header, struct slice body, const struct survey *survey,
	const struct extent *extent, struct digest *out)
{
	struct dynbuf text;
	int code = 0;

	dynbuf_init(&text, header.len + FRAME_MAX);
	(void)dynbuf_reserve(&text, header.len < TEXT_USUAL ? header.len : TEXT_USUAL);
	(void)dynbuf_add_str(&text, extent->title);
	add_header(&text, header, survey);
	(void)dynbuf_add_byte(&text, '\n');
	code = dynbuf_error(&text);
	digest_sha256_parts(
		(const struct slice[]){dynbuf_slice(&text), slice_take(body, extent->body_max)},
		2, out);
	dynbuf_fini(&text);
	return code;
}

/* digest_plain - of a message that add_plain() made */
static int
digest_plain(struct slice message, const struct extent *extent, struct digest *out)
{
	UNINITIALIZED struct survey survey;
	struct message_split split = message_split(message);

	for (int i = 0; i < WRAPPERS_MAX && unwrap(&split); i++) {
	}
	survey_header(split.header, &survey);
	return digest_parts(split.header, split.body, &survey, extent, out);
}

static int
digest_extent(struct slice message, const struct extent *extent, struct digest *out)
{
	struct dynbuf plain;
	int code = 0;

	if (slice_find_byte(message, '\r') == message.len) {
		return digest_plain(trim_line_ends(message), extent, out);
	}
	dynbuf_init(&plain, message.len);
	add_plain(&plain, message);
	code = dynbuf_error(&plain);
	if (code == 0) {
		code = digest_plain(dynbuf_slice(&plain), extent, out);
	}
	dynbuf_fini(&plain);
	return code;
}

int
message_digest(struct slice message, struct digest *out)
{
	return digest_extent(message, &whole, out);
}

int
message_lead(struct slice message, struct digest *out)
{
	struct message_split split = message_split(message);

	return message_lead_of(message, &split, out);
}

int
message_lead_of(struct slice message, const struct message_split *split, struct digest *out)
{
	UNINITIALIZED struct survey survey;
	size_t header_len = message.len - split->body.len;

	survey_header(split->header, &survey);
	if (!survey.is_marked || boundary_of(split->header).len == 0) {
		struct slice plain;

		/* CRLF may become LF: twice as much is enough. */
		message = slice_take(message, header_len + (size_t)2 * MESSAGE_LEAD_BYTES);
		plain = trim_line_ends(message);
		if (plain.len > header_len && slice_find_byte(message, '\r') == message.len) {
			return digest_parts(split->header, slice_skip(plain, header_len),
				&survey, &lead, out);
		}
	}
	return digest_extent(message, &lead, out);
}

#include "spamd-trust/preview_text.h"

#include "common/base/attr.h"
#include "common/mail/encoded_word.h"
#include "common/mail/message_split.h"
#include "common/mail/transfer_encoding.h"

/* Parts within parts that are entered. */
#define NESTING_MAX 4

/* So much of a part is looked at. */
#define BODY_MAX ((size_t)64 * 1024)

/* RFC 2046 section 5.1.1 */
#define BOUNDARY_LEN_MAX 70

/* field_or_empty - the last field of that name */
static struct slice
field_or_empty(struct slice header, struct slice name)
{
	struct slice value = {0};

	(void)message_last_field(header, name, &value);
	return value;
}

/* boundary_of - the parameter of a Content-Type; empty where there is none */
static struct slice
boundary_of(struct slice type)
{
	static const struct slice name = {(const uint8_t *)"boundary=", 9};
	struct slice value = slice_skip(type, slice_find_nocase(type, name));
	struct slice out = {0};

	value = slice_skip(value, name.len);
	if (slice_starts_with(value, SLICE("\""))) {
		value = slice_skip(value, 1);
		out = slice_take(value, slice_find_byte(value, '"'));
	} else {
		(void)slice_next_token(&value, "; \t\r\n", &out);
	}
	return out.len <= BOUNDARY_LEN_MAX ? out : slice_of(NULL, 0);
}

static bool
is_delimiter(struct slice line, struct slice boundary)
{
	return slice_starts_with(line, SLICE("--")) &&
	       slice_starts_with(slice_skip(line, 2), boundary);
}

/* next_part - takes what is between two delimiters off *rest; false when nothing is left */
static bool
next_part(struct slice *rest, struct slice boundary, struct slice *part_out)
{
	struct slice start = *rest;
	struct slice line = {0};
	size_t len = 0;

	while (message_next_line(rest, &line)) {
		if (is_delimiter(line, boundary)) {
			if (slice_starts_with(
				    slice_skip(line, 2 + boundary.len), SLICE("--"))) {
				*rest = slice_of(NULL, 0);
			}
			break;
		}
		len += line.len;
	}
	*part_out = slice_take(start, len);
	return len > 0 || rest->len > 0;
}

/* add_decoded - a body without its transfer encoding */
static void
add_decoded(struct dynbuf *out, struct slice body, struct slice encoding)
{
	uint8_t *bytes = dynbuf_reserve(out, body.len);

	if (bytes == NULL) {
		return;
	}
	if (slice_find_nocase(encoding, SLICE("base64")) < encoding.len) {
		dynbuf_commit(out, transfer_decode_base64(body, bytes));
	} else if (slice_find_nocase(encoding, SLICE("quoted-printable")) < encoding.len) {
		dynbuf_commit(out, transfer_decode_quoted(body, bytes));
	} else {
		(void)dynbuf_add(out, body);
	}
}

/*
 * blank_at - how long the blank outside ASCII is (Unicode's White_Space) that the text starts
 * with; 0 for none
 */
static size_t
blank_at(struct slice text)
{
	static const char *const blanks[] = {"\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80",
		"\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};

	for (size_t i = 0; i < ARRAY_LEN(blanks); i++) {
		if (slice_starts_with(text, slice_str(blanks[i]))) {
			return strlen(blanks[i]);
		}
	}
	/* U+2000 to U+200A */
	return slice_starts_with(text, SLICE("\xe2\x80")) && text.len > 2 &&
			       text.data[2] >= 0x80 && text.data[2] <= 0x8a
		       ? 3
		       : 0;
}

/* plain_blanks - makes a space of each blank outside ASCII, in place; the new length */
static size_t
plain_blanks(uint8_t *bytes, size_t len)
{
	struct slice rest = slice_of(bytes, len);
	size_t to = 0;

	while (rest.len > 0) {
		size_t blank = rest.data[0] < 0x80 ? 0 : blank_at(rest);

		bytes[to++] = blank > 0 ? ' ' : rest.data[0];
		rest = slice_skip(rest, blank > 0 ? blank : 1);
	}
	return to;
}

/* add_utf8 - the beginning of a text, cut at a character; what is no UTF-8 is Windows-1252 */
static void
add_utf8(struct dynbuf *out, struct slice text)
{
	uint8_t *bytes = NULL;

	if (text.len > PREVIEW_TEXT_MAX) {
		text = slice_take(text, PREVIEW_TEXT_MAX);
		while (text.len > 0 && (text.data[text.len - 1] & 0xc0) == 0x80) {
			text.len--;
		}
		text.len -= text.len > 0 && text.data[text.len - 1] >= 0xc0;
	}
	bytes = dynbuf_reserve(out, ENCODED_WORD_GROWTH * text.len);
	if (bytes != NULL) {
		dynbuf_commit(out, plain_blanks(bytes, encoded_word_plain(text, bytes)));
	}
}

/* reference_at - the byte that a reference at the start of the text stands for; 0 for none */
static uint8_t
reference_at(struct slice text, size_t *len_out)
{
	static const struct {
		const char *name;
		uint8_t c;
	} references[] = {
		{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&nbsp;", ' '}};

	for (size_t i = 0; i < ARRAY_LEN(references); i++) {
		if (slice_starts_with_nocase(text, slice_str(references[i].name))) {
			*len_out = strlen(references[i].name);
			return references[i].c;
		}
	}
	return 0;
}

/* add_plain_html - a text between two tags, with the commonest references replaced */
static void
add_plain_html(struct dynbuf *out, struct slice text)
{
	while (text.len > 0) {
		size_t plain = slice_find_byte(text, '&');
		size_t len = 1;
		uint8_t c = 0;

		(void)dynbuf_add(out, slice_take(text, plain));
		text = slice_skip(text, plain);
		c = reference_at(text, &len);
		if (c != 0) {
			(void)dynbuf_add_byte(out, c);
		} else {
			(void)dynbuf_add(out, slice_take(text, len));
		}
		text = slice_skip(text, len);
	}
}

/* behind_tag - what follows a tag; of a style sheet, a script or a comment also what it holds */
static struct slice
behind_tag(struct slice html)
{
	static const char *const hidden[][2] = {
		{"<style", "</style"}, {"<script", "</script"}, {"<!--", "-->"}};

	for (size_t i = 0; i < ARRAY_LEN(hidden); i++) {
		if (slice_starts_with_nocase(html, slice_str(hidden[i][0]))) {
			html = slice_skip(html, strlen(hidden[i][0]));
			html = slice_skip(
				html, slice_find_nocase(html, slice_str(hidden[i][1])));
			break;
		}
	}
	return slice_skip(html, slice_find_byte(html, '>') + 1);
}

/* add_without_tags - of HTML: the text between its tags; a tag that starts a block ends a word */
static void
add_without_tags(struct dynbuf *out, struct slice html)
{
	static const char *const blocks[] = {
		"<p", "<br", "<div", "<td", "<tr", "<li", "<h", "</title", "</p"};

	while (html.len > 0) {
		size_t open = slice_find_byte(html, '<');

		add_plain_html(out, slice_take(html, open));
		html = slice_skip(html, open);
		for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
			if (slice_starts_with_nocase(html, slice_str(blocks[i]))) {
				(void)dynbuf_add_byte(out, '\n');
				break;
			}
		}
		html = behind_tag(html);
	}
}

/* add_text - of a text part */
static void
add_text(struct dynbuf *out, const struct message_split *part, struct slice type)
{
	struct dynbuf decoded;
	struct dynbuf plain;

	dynbuf_init(&decoded, PREVIEW_BUFFER_MAX);
	dynbuf_init(&plain, PREVIEW_BUFFER_MAX);
	add_decoded(&decoded, slice_take(part->body, BODY_MAX),
		field_or_empty(part->header, SLICE("Content-Transfer-Encoding")));
	if (slice_starts_with_nocase(type, SLICE("text/html"))) {
		add_without_tags(&plain, dynbuf_slice(&decoded));
		add_utf8(out, dynbuf_slice(&plain));
	} else {
		add_utf8(out, dynbuf_slice(&decoded));
	}
	(void)dynbuf_add_str(out, "\n\n");
	dynbuf_fini(&decoded);
	dynbuf_fini(&plain);
}

/* A message or part that is being read: what is left of it, and where its parts end. */
struct level {
	struct slice rest;
	struct slice boundary;
};

void
preview_text(struct slice message, struct dynbuf *out)
{
	struct level levels[NESTING_MAX + 1] = {{.rest = message}};
	size_t depth = 0;
	struct slice part = message;
	bool has_part = true;

	while (has_part && dynbuf_slice(out).len < PREVIEW_TEXT_MAX) {
		struct message_split split = message_split(part);
		struct slice type = field_or_empty(split.header, SLICE("Content-Type"));

		if (slice_starts_with_nocase(type, SLICE("multipart/")) &&
			depth < NESTING_MAX) {
			levels[++depth] = (struct level){split.body, boundary_of(type)};
			/* What is in front of the first delimiter is for nobody. */
			(void)next_part(&levels[depth].rest, levels[depth].boundary, &part);
		} else if (type.len == 0 || slice_starts_with_nocase(type, SLICE("text/"))) {
			add_text(out, &split, type);
		}
		has_part = false;
		while (depth > 0 && !has_part) {
			has_part =
				next_part(&levels[depth].rest, levels[depth].boundary, &part);
			depth -= !has_part;
		}
	}
}

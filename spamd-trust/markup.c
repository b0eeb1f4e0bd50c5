#include "spamd-trust/markup.h"

#include "common/conf/settings.h"
#include "spamd-trust/header_text.h"
#include "spamd-trust/markup_internal.h"

/* Value of one added field before folding; a report of VERDICT_RULES_MAX rows fits. */
#define FIELD_MAX (1024 * 1024)

struct slice
markup_eol(const struct message_split *split)
{
	return split->is_crlf ? SLICE("\r\n") : SLICE("\n");
}

void
markup_add_lines(struct dynbuf *out, struct slice text, struct slice eol)
{
	struct slice line = {0};

	if (slice_eq(eol, SLICE("\n"))) {
		(void)dynbuf_add(out, text);
		return;
	}
	while (message_next_line(&text, &line)) {
		if (!slice_ends_with(line, SLICE("\n"))) {
			(void)dynbuf_add(out, line);
			continue;
		}
		line.len -= slice_ends_with(line, SLICE("\r\n")) ? 2 : 1;
		(void)dynbuf_add(out, line);
		(void)dynbuf_add(out, eol);
	}
}

void
markup_expand_tag(const struct presentation *p, struct slice tag, struct dynbuf *out)
{
	struct dynbuf text;

	dynbuf_init(&text, FIELD_MAX);
	template_expand(p, tag, &text);
	header_text_flat(out, dynbuf_slice(&text));
	dynbuf_join_error(out, &text);
	dynbuf_fini(&text);
}

/* trim_line_ends - cuts all CRLF and LF off the end */
static void
trim_line_ends(struct dynbuf *b)
{
	struct slice text = dynbuf_slice(b);

	while (slice_ends_with(text, SLICE("\n"))) {
		text = slice_without_line_end(text);
	}
	dynbuf_truncate(b, text.len);
}

/* is_left_out - a field about trust where the verdict has nothing to say about it */
static bool
is_left_out(const struct presentation *p, struct slice template)
{
	if (slice_eq(template, SLICE("_TRUSTPATH_"))) {
		return !p->verdict->has_trust || slice_is_empty(p->verdict->path);
	}
	return !p->verdict->has_trust && (slice_eq(template, SLICE("_TRUSTTIER_")) ||
						 slice_eq(template, SLICE("_TRUSTEVIDENCE_")));
}

/* add_field - one X-Spam field: tags replaced, folded, encoded */
static void
add_field(const struct presentation *p, const struct strpair *header, struct slice eol,
	struct dynbuf *out)
{
	struct dynbuf raw;
	struct dynbuf value;

	dynbuf_init(&raw, FIELD_MAX);
	dynbuf_init(&value, FIELD_MAX);
	template_expand(p, header->value, &raw);
	trim_line_ends(&raw);
	if (p->settings->fold_headers) {
		header_text_fold(
			&value, dynbuf_slice(&raw), header->name.len + strlen("X-Spam-: "));
	} else {
		header_text_flat(&value, dynbuf_slice(&raw));
	}
	dynbuf_reset(&raw);
	(void)dynbuf_add_str(&raw, "X-Spam-");
	(void)dynbuf_add(&raw, header->name);
	(void)dynbuf_add_str(&raw, ": ");
	header_text_encode(&raw, dynbuf_slice(&value));
	(void)dynbuf_add_byte(&raw, '\n');
	markup_add_lines(out, dynbuf_slice(&raw), eol);
	dynbuf_join_error(out, &raw);
	dynbuf_join_error(out, &value);
	dynbuf_fini(&raw);
	dynbuf_fini(&value);
}

void
markup_add_headers(const struct presentation *p, struct slice eol, struct dynbuf *out)
{
	const struct strpairs *headers =
		p->verdict->is_spam ? &p->settings->headers_spam : &p->settings->headers_ham;

	for (size_t i = 0; i < headers->count; i++) {
		if (!is_left_out(p, headers->items[i].value)) {
			add_field(p, &headers->items[i], eol, out);
		}
	}
	markup_add_lines(out, p->more_fields, eol);
}

/* The lines of a header that stay: without the X-Spam fields that were there. */
struct kept_lines {
	struct slice rest;
	bool is_dropping;
};

static bool
next_kept_line(struct kept_lines *lines, struct slice *line_out)
{
	while (message_next_line(&lines->rest, line_out)) {
		bool is_continuation = ascii_is_wsp(line_out->data[0]);

		if (!is_continuation) {
			lines->is_dropping =
				slice_starts_with_nocase(*line_out, SLICE("x-spam-")) &&
				!slice_starts_with_nocase(*line_out, SLICE("x-spam-prev-"));
		}
		if (!lines->is_dropping) {
			return true;
		}
	}
	return false;
}

void
markup_take_break(struct message_split *split, struct dynbuf *out)
{
	struct slice line = {0};

	if (split->is_crlf && slice_is_empty(split->separator) &&
		message_next_line(&split->body, &line)) {
		markup_add_lines(out, line, markup_eol(split));
	}
}

/*
 * take_blank_line - a last line of blanks stands for the empty line that is missing
 *
 * A continuation of a field that is dropped goes with it. As in the original, which looks for
 * the separator in what is left.
 */
static void
take_blank_line(struct message_split *split)
{
	struct kept_lines lines = {.rest = split->header};
	struct slice line = {0};
	struct slice last = {0};

	if (!slice_is_empty(split->separator)) {
		return;
	}
	while (next_kept_line(&lines, &line)) {
		last = line;
	}
	if (last.len > 0 && slice_trim(last).len == 0) {
		split->header.len = (size_t)(last.data - split->header.data);
		split->separator = last;
	}
}

/* add_line_end - where the header ends without one and more is to come */
static void
add_line_end(struct slice eol, struct dynbuf *out)
{
	if (!slice_ends_with(dynbuf_slice(out), SLICE("\n"))) {
		(void)dynbuf_add(out, eol);
	}
}

/* take_return_path - the field at the very start, which stays in front of what is added */
static void
take_return_path(struct kept_lines *lines, struct slice eol, struct dynbuf *out)
{
	struct kept_lines at = *lines;
	struct slice line = {0};
	bool is_first = true;

	while (next_kept_line(&at, &line) &&
		(is_first ? slice_starts_with_nocase(line, SLICE("return-path:"))
			  : ascii_is_wsp(line.data[0]))) {
		markup_add_lines(out, line, eol);
		*lines = at;
		is_first = false;
	}
}

/* rewrite_tag - the tag set for the field that starts on this line; empty for none */
static struct slice
rewrite_tag(const struct settings *settings, struct slice line, bool *is_comment_out)
{
	*is_comment_out = true;
	if (slice_starts_with_nocase(line, SLICE("from:"))) {
		return settings->rewrite_from;
	}
	if (slice_starts_with_nocase(line, SLICE("to:"))) {
		return settings->rewrite_to;
	}
	*is_comment_out = false;
	return slice_starts_with_nocase(line, SLICE("subject:")) ? settings->rewrite_subject
								 : slice_of(NULL, 0);
}

/* add_rewritten - "Subject: TAG old text"; a tag that is there already is not doubled */
static void
add_rewritten(
	const struct presentation *p, struct slice line, struct slice eol, struct dynbuf *out)
{
	bool is_comment = false;
	struct slice tag = rewrite_tag(p->settings, line, &is_comment);
	struct slice value = {0};
	struct slice added = {0};
	size_t colon = slice_find_byte(line, ':');
	size_t start = 0;

	if (slice_is_empty(tag)) {
		markup_add_lines(out, line, eol);
		return;
	}
	value = slice_skip(line, colon + 1);
	while (value.len > 0 && ascii_is_wsp(value.data[0])) {
		value = slice_skip(value, 1);
	}
	(void)dynbuf_add(out, slice_take(line, colon + 1));
	(void)dynbuf_add_byte(out, ' ');
	start = dynbuf_slice(out).len;
	(void)dynbuf_add_str(out, is_comment ? "(" : "");
	markup_expand_tag(p, tag, out);
	(void)dynbuf_add_str(out, is_comment ? ") " : " ");
	added = slice_skip(dynbuf_slice(out), start);
	if (slice_starts_with_nocase(value, added)) {
		value = slice_skip(value, added.len);
	}
	markup_add_lines(out, value, eol);
}

/*
 * add_old_as_spam - the old fields, with those of rewrite_header changed, then their old form
 *
 * Only the first line of a folded field is kept as X-Spam-Prev; and once a Subject had to be
 * made, each rewritten field gets "Prev-Subject: (nonexistent)". Both as in the original.
 */
static void
add_old_as_spam(const struct presentation *p, struct kept_lines lines, bool has_subject,
	struct slice eol, struct dynbuf *out)
{
	struct kept_lines again = lines;
	bool makes_subject = !has_subject && !slice_is_empty(p->settings->rewrite_subject);
	bool is_comment = false;
	struct slice line = {0};

	while (next_kept_line(&lines, &line)) {
		add_rewritten(p, line, eol, out);
	}
	if (makes_subject) {
		add_line_end(eol, out);
		add_rewritten(p, SLICE("Subject: \n"), eol, out);
	}
	while (next_kept_line(&again, &line)) {
		if (slice_is_empty(rewrite_tag(p->settings, line, &is_comment))) {
			continue;
		}
		add_line_end(eol, out);
		(void)dynbuf_add_str(out, "X-Spam-Prev-");
		markup_add_lines(
			out, makes_subject ? SLICE("Subject: (nonexistent)\n") : line, eol);
	}
	if (makes_subject) {
		(void)dynbuf_add_str(out, "X-Spam-Prev-");
		markup_add_lines(out, SLICE("Subject: (nonexistent)\n"), eol);
	}
}

/* add_old_as_ham - the old fields; where Subject is one to rewrite, it is made for ham too */
static void
add_old_as_ham(const struct presentation *p, struct kept_lines lines, bool has_subject,
	struct slice eol, struct dynbuf *out)
{
	struct slice line = {0};

	while (next_kept_line(&lines, &line)) {
		markup_add_lines(out, line, eol);
	}
	if (!has_subject && !slice_is_empty(p->settings->rewrite_subject)) {
		add_line_end(eol, out);
		markup_add_lines(out, SLICE("Subject: \n"), eol);
	}
}

/* write_in_place - SPEC 9.2, up to the body, which is returned */
static struct slice
write_in_place(const struct presentation *p, struct dynbuf *out)
{
	struct message_split whole = message_split(p->message);
	struct message_split split = whole;
	struct slice eol = markup_eol(&split);
	struct kept_lines lines = {0};
	struct slice line = {0};
	size_t start = dynbuf_slice(out).len;

	take_blank_line(&split);
	lines.rest = split.header;
	(void)dynbuf_add(out, split.mbox_line);
	take_return_path(&lines, eol, out);
	if (dynbuf_slice(out).len > start) {
		add_line_end(eol, out);
	}
	markup_add_headers(p, eol, out);
	if (p->verdict->is_spam) {
		add_old_as_spam(p, lines,
			message_last_field(split.header, SLICE("Subject"), &line), eol, out);
	} else {
		add_old_as_ham(p, lines,
			message_last_field(split.header, SLICE("Subject"), &line), eol, out);
	}
	markup_add_lines(out, split.separator, eol);
	markup_take_break(&whole, out);
	return whole.body;
}

void
markup_write(const struct presentation *p, struct dynbuf *out, struct slice *rest_out)
{
	*rest_out = slice_of(NULL, 0);
	if (p->verdict->is_spam && p->settings->report_safe > 0) {
		markup_write_wrapper(p, out);
	} else {
		*rest_out = write_in_place(p, out);
	}
}

void
markup_write_headers(const struct presentation *p, struct dynbuf *out)
{
	size_t start = dynbuf_slice(out).len;
	struct slice body = {0};
	struct slice rest = {0};
	struct slice line = {0};

	markup_write(p, out, &body);
	(void)dynbuf_add(out, body);
	rest = slice_skip(dynbuf_slice(out), start);
	while (message_next_line(&rest, &line)) {
		if (slice_eq(line, SLICE("\n")) || slice_eq(line, SLICE("\r\n"))) {
			dynbuf_truncate(out, dynbuf_slice(out).len - rest.len);
			return;
		}
	}
}

/*
 * markup_wrapper.c - spam inside a new message with the report (SPEC 9.5).
 */
#include <stdio.h>

#include "common/conf/settings.h"
#include "spamd-trust/markup_internal.h"
#include "spamd-trust/report.h"

/* The boundary without the end that makes it unique. */
#define BOUNDARY_PREFIX "----------=_"
#define BOUNDARY_MAX    48

/* What is added to a message, copied header fields apart: fields, report, MIME structure. */
#define ADDED_MAX (16 * 1024 * 1024)

/* Fields of the original that the wrapper always has, in this order. */
static const struct {
	const char *name;
	bool is_comment; /* the tag stands behind the value, in parentheses */
} copied[] = {
	{"From", true},
	{"To", true},
	{"Cc", false},
	{"Subject", false},
	{"Date", false},
	{"Message-Id", false},
};

/* rewrite_tag - the tag set for a copied field; empty for none */
static struct slice
rewrite_tag(const struct settings *settings, struct slice name)
{
	if (slice_eq(name, SLICE("From"))) {
		return settings->rewrite_from;
	}
	if (slice_eq(name, SLICE("To"))) {
		return settings->rewrite_to;
	}
	return slice_eq(name, SLICE("Subject")) ? settings->rewrite_subject : slice_of(NULL, 0);
}

/* add_cr - the first half of a CRLF, which the original counts to the value */
static void
add_cr(const struct message_field *field, bool is_crlf, struct dynbuf *out)
{
	bool has_cr = field->line_end.len > 1 || (is_crlf && field->line_end.len > 0);

	(void)dynbuf_add_str(out, has_cr ? "\r" : "");
}

/* add_tagged_behind - "value TAB (TAG)", not doubled */
static void
add_tagged_behind(const struct presentation *p, const struct message_field *field, bool is_crlf,
	struct slice tag, struct dynbuf *out)
{
	size_t start = dynbuf_slice(out).len;
	struct slice value = {0};
	struct slice all = {0};
	struct slice behind = {0};

	(void)dynbuf_add(out, field->value);
	add_cr(field, is_crlf, out);
	value = slice_skip(dynbuf_slice(out), start);
	(void)dynbuf_add_str(out, "\t(");
	markup_expand_tag(p, tag, out);
	(void)dynbuf_add_byte(out, ')');
	all = slice_skip(dynbuf_slice(out), start);
	behind = slice_skip(all, value.len);
	if (slice_ends_with(slice_take(all, value.len), behind)) {
		dynbuf_truncate(out, start + value.len);
	}
}

/* add_tagged_before - "TAG value", not doubled */
static void
add_tagged_before(
	const struct presentation *p, struct slice value, struct slice tag, struct dynbuf *out)
{
	size_t start = dynbuf_slice(out).len;
	struct slice before = {0};

	markup_expand_tag(p, tag, out);
	(void)dynbuf_add_byte(out, ' ');
	before = slice_skip(dynbuf_slice(out), start);
	(void)dynbuf_add(
		out, slice_starts_with(value, before) ? slice_skip(value, before.len) : value);
}

/* add_copied - the usual fields, those that exist or get a tag */
static void
add_copied(const struct presentation *p, const struct message_split *split, struct dynbuf *out)
{
	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++) {
		struct slice name = slice_str(copied[i].name);
		struct slice tag = rewrite_tag(p->settings, name);
		struct message_field field = {0};

		if (!message_last_named(split->header, name, &field) && slice_is_empty(tag)) {
			continue;
		}
		(void)dynbuf_add(out, name);
		(void)dynbuf_add_str(out, ": ");
		if (!slice_is_empty(tag) && copied[i].is_comment) {
			add_tagged_behind(p, &field, split->is_crlf, tag, out);
		} else if (!slice_is_empty(tag)) {
			add_tagged_before(p, field.value, tag, out);
			add_cr(&field, split->is_crlf, out);
		} else {
			(void)dynbuf_add(out, field.value);
			add_cr(&field, split->is_crlf, out);
		}
		(void)dynbuf_add_byte(out, '\n');
	}
}

/* add_all_of - every field of that name, under the name as configured */
static void
add_all_of(const struct message_split *split, struct slice name, struct dynbuf *out)
{
	struct slice header = split->header;
	struct message_field field = {0};

	while (message_next_field(&header, &field)) {
		if (slice_eq_nocase(field.name, name)) {
			(void)dynbuf_add(out, name);
			(void)dynbuf_add_str(out, ": ");
			(void)dynbuf_add(out, field.value);
			add_cr(&field, split->is_crlf, out);
			(void)dynbuf_add_byte(out, '\n');
		}
	}
}

/* is_copied - is it there already: one of the usual fields, or named before? */
static bool
is_copied(const struct strlist *names, size_t index)
{
	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++) {
		if (slice_eq_nocase(names->items[index], slice_str(copied[i].name))) {
			return true;
		}
	}
	for (size_t i = 0; i < index; i++) {
		if (slice_eq_nocase(names->items[index], names->items[i])) {
			return true;
		}
	}
	return false;
}

/* add_configured - what report_safe_copy_headers names: Received for the top, or all others */
static void
add_configured(const struct presentation *p, const struct message_split *split, bool received,
	struct dynbuf *out)
{
	const struct strlist *names = &p->settings->report_safe_copy_headers;

	for (size_t i = 0; i < names->count; i++) {
		if (!is_copied(names, i) &&
			slice_eq_nocase(names->items[i], SLICE("received")) == received) {
			add_all_of(split, names->items[i], out);
		}
	}
}

/* make_boundary - one that the message does not contain */
static void
make_boundary(const struct presentation *p, char boundary[static BOUNDARY_MAX])
{
	uint32_t word = p->random;

	do {
		(void)snprintf(boundary, BOUNDARY_MAX, BOUNDARY_PREFIX "%08X.%08X",
			(unsigned int)p->now_s, (unsigned int)word);
		word++;
	} while (slice_find(p->message, slice_str(boundary)) < p->message.len);
}

/* is_plain_text - no Content-Type, or one with text/plain in it; an empty one is none */
static bool
is_plain_text(struct slice header)
{
	struct slice type = {0};

	return !message_last_field(header, SLICE("Content-Type"), &type) ||
	       slice_find_nocase(type, SLICE("text/plain")) < type.len;
}

static void
add_wrapper_header(
	const struct presentation *p, const struct message_split *split, struct dynbuf *out)
{
	(void)dynbuf_printf(out, "Received: from localhost by %.*s\n", SLICE_ARG(p->hostname));
	(void)dynbuf_add_str(out, "\twith SpamAssassin (version " COMPAT_VERSION ");\n\t");
	template_add_date(p->now_s, out);
	(void)dynbuf_add_byte(out, '\n');
	add_configured(p, split, true, out);
	add_copied(p, split, out);
	markup_add_headers(p, SLICE("\n"), out);
	add_configured(p, split, false, out);
}

/* add_wrapper_body - up to the attached message */
static void
add_wrapper_body(
	const struct presentation *p, bool is_plain, const char *boundary, struct dynbuf *out)
{
	struct slice charset = p->settings->report_charset;

	if (slice_is_empty(charset)) {
		charset = SLICE("UTF-8");
	}
	(void)dynbuf_printf(out,
		"MIME-Version: 1.0\n"
		"Content-Type: multipart/mixed; boundary=\"%s\"\n\n"
		"This is a multi-part message in MIME format.\n\n"
		"--%s\n"
		"Content-Type: text/plain",
		boundary, boundary);
	if (!slice_is_empty(charset)) {
		(void)dynbuf_printf(out, "; charset=%.*s", SLICE_ARG(charset));
	}
	(void)dynbuf_add_str(out, "\nContent-Disposition: inline\n"
				  "Content-Transfer-Encoding: 8bit\n\n");
	report_write(p, out);
	if (!is_plain) {
		report_write_unsafe(p, out);
	}
	(void)dynbuf_printf(out,
		"\n\n--%s\n"
		"Content-Type: %s; x-spam-type=original\n"
		"Content-Description: original message before SpamAssassin\n"
		"Content-Disposition: %s\n"
		"Content-Transfer-Encoding: 8bit\n\n",
		boundary, p->settings->report_safe > 1 ? "text/plain" : "message/rfc822",
		is_plain ? "inline" : "attachment");
}

void
markup_write_wrapper(const struct presentation *p, struct dynbuf *out)
{
	struct message_split split = message_split(p->message);
	struct slice eol = markup_eol(&split);
	struct dynbuf text;
	char boundary[BOUNDARY_MAX];

	/* Everything added is written with LF first, then takes the message's line end. */
	dynbuf_init(&text, 2 * split.header.len + ADDED_MAX);
	make_boundary(p, boundary);
	(void)dynbuf_add(out, split.mbox_line);
	add_wrapper_header(p, &split, &text);
	add_wrapper_body(p, is_plain_text(split.header), boundary, &text);
	markup_add_lines(out, dynbuf_slice(&text), eol);
	dynbuf_join_error(out, &text);
	markup_add_lines(out, split.header, eol);
	markup_add_lines(out, split.separator, eol);
	markup_take_break(&split, out);
	(void)dynbuf_add(out, split.body);
	dynbuf_reset(&text);
	(void)dynbuf_printf(&text, "\n--%s--\n\n", boundary);
	markup_add_lines(out, dynbuf_slice(&text), eol);
	dynbuf_fini(&text);
}

#include <criterion/criterion.h>

#include <stdio.h>

#include "common/mail/message_split.h"

/* Parts of a message, joined by '|': mbox line, header, separator, body; then C for CRLF. */
static const struct {
	const char *label;
	const char *parts;
} rows[] = {
	{"ordinary", "|A: b\n|\n|body\n|L"},
	{"crlf", "|A: b\r\n|\r\n|body\r\n|C"},
	{"mbox line", "From a@example.org Mon\n|A: b\n|\n|x|L"},
	{"From with a colon is a field", "|From: b\n|\n||L"},
	{"From with blank and colon is a field", "|From : b\n|\n||L"},
	{"From with two blanks and colon is a separator", "From  : b\n|A: b\n|\n||L"},
	{"no header", "||\n|body|L"},
	{"no body, no separator", "|A: b\nB: c\n|||L"},
	{"no final line end", "|A: b|||L"},
	{"a last line of blanks is of the header", "|A: b\n \t\n|||L"},
	{"only the last", "|A: b\n \n B\n|||L"},
	{"nothing", "||||L"},
	{"boundary ends the header", "|A: b\n||--x\nB: c\n\n|L"},
	{"three stray lines stay", "|A: b\nx\ny\nz\nB: c\n|\n||L"},
	{"the fourth begins the body", "|A: b\nx\ny\nz\n||w\nB: c\n\n|L"},
	{"continuations are no stray lines", "|A: b\n x\n\ty\n z\n w\n|\n||L"},
	{"blank before the colon", "|A : b\n|\n||L"},
	{"LF message with a last CRLF line", "|A: b\n|\n|x\r\n|C"},
	{"an empty CRLF line is a stray one in an LF message",
		"|A: b\nB: c\r\n\r\nx\n|\n|y\n|L"},
	{"a lone LF ends the header of a CRLF message", "|A: b\r\n|\n|x\r\n|C"},
	{"first line after the mbox line counts", "From x\r\n|A: b\n|\n|x|L"},
};

static void
join(const char *parts, char *message, size_t cap)
{
	size_t len = 0;

	for (const char *c = parts; c[0] != '\0' && c[1] != '\0' && len + 1 < cap; c++) {
		if (*c != '|') {
			message[len++] = *c;
		}
	}
	message[len] = '\0';
}

Test(mail_message_split, cuts_where_the_original_does)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char message[256];
		char got[300];
		struct message_split s;

		join(rows[i].parts, message, sizeof(message));
		s = message_split(slice_str(message));
		(void)snprintf(got, sizeof(got), "%.*s|%.*s|%.*s|%.*s|%s",
			SLICE_ARG(s.mbox_line), SLICE_ARG(s.header), SLICE_ARG(s.separator),
			SLICE_ARG(s.body), s.is_crlf ? "C" : "L");
		cr_assert_str_eq(got, rows[i].parts, "%s", rows[i].label);
	}
}

Test(mail_message_split, fields_come_with_their_folds)
{
	struct slice header = SLICE("A: one\r\n two\r\nstray\n B :\tthree\nC:\nb: last");
	struct message_field field = {0};
	struct slice value = {0};

	cr_assert(message_next_field(&header, &field));
	cr_assert(slice_eq(field.name, SLICE("A")));
	cr_assert(slice_eq(field.value, SLICE("one\r\n two")));
	cr_assert(slice_eq(field.line_end, SLICE("\r\n")));
	cr_assert(message_next_field(&header, &field));
	cr_assert_eq(field.name.len, 0, "a stray line with its continuation");
	cr_assert(message_next_field(&header, &field));
	cr_assert(slice_eq(field.name, SLICE("C")));
	cr_assert_eq(field.value.len, 0);
	cr_assert(message_next_field(&header, &field));
	cr_assert(slice_eq(field.value, SLICE("last")));
	cr_assert_not(message_next_field(&header, &field));

	header = SLICE("Subject: 1\nTo: x\nSUBJECT : 2\n");
	cr_assert(message_last_field(header, SLICE("subject"), &value));
	cr_assert(slice_eq(value, SLICE("2")));
	cr_assert_not(message_last_field(header, SLICE("Cc"), &value));
}

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/base/attr.h"
#include "trustctl/import/vcard.h"

static void
report(FILE *out, const struct vcard *v, enum vcard_status status)
{
	if (status == VCARD_ERROR) {
		(void)fprintf(out, "!%llu:%s|", (unsigned long long)v->error_line, v->error);
	}
	if (status != VCARD_CARD) {
		return;
	}
	(void)fprintf(out, "%.*s", (int)v->name.len, v->name.text);
	for (size_t i = 0; i < v->email_count; i++) {
		(void)fprintf(out, "<%.*s>", (int)v->emails[i].len, v->emails[i].text);
	}
	(void)fputc('|', out);
}

/* describe - cards and errors of the text, fed in pieces of `step` bytes */
static char *
describe(struct slice text, size_t step)
{
	char *out = NULL;
	size_t out_len = 0;
	FILE *memory = open_memstream(&out, &out_len);
	struct lines *lines = malloc(sizeof(*lines));
	struct vcard *v = malloc(sizeof(*v));
	struct line line;

	lines_init(lines);
	vcard_init(v);
	while (text.len > 0) {
		struct slice piece = slice_take(text, step);
		size_t used;

		if (lines_feed(lines, piece, &used, &line)) {
			report(memory, v, vcard_feed(v, &line));
		}
		text = slice_skip(text, used);
	}
	if (lines_finish(lines, &line)) {
		report(memory, v, vcard_feed(v, &line));
	}
	report(memory, v, vcard_finish(v));
	free(v);
	free(lines);
	cr_assert_eq(fclose(memory), 0);
	return out;
}

Test(vcard, names_and_addresses_are_found_in_any_pieces)
{
	static const struct {
		const char *label;
		const char *text;
		const char *cards;
	} rows[] = {
		{"4.0",
			"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Bob Example\r\nEMAIL:bob@example.net\r\n"
			"END:VCARD\r\n",
			"Bob Example<bob@example.net>|"},
		{"parameters and group",
			"BEGIN:VCARD\nFN:B\nitem1.EMAIL;TYPE=\"work:x\";PREF=1:b@example.net\nEND:VCARD\n",
			"B<b@example.net>|"},
		{"two addresses",
			"BEGIN:VCARD\nEMAIL:a@example.net\nEMAIL:b@example.net\nEND:VCARD\n",
			"<a@example.net><b@example.net>|"},
		{"folded", "BEGIN:VCARD\nEMAIL:bob@exa\n mple.net\nFN:A\n\t B\nEND:VCARD\n",
			"A B<bob@example.net>|"},
		{"mailto", "BEGIN:VCARD\nEMAIL;VALUE=uri:mailto:b@example.net\nEND:VCARD\n",
			"<b@example.net>|"},
		{"escapes", "BEGIN:VCARD\nFN:Ex\\, Bob\\nB\nEND:VCARD\n", "Ex, Bob B|"},
		{"quoted-printable of 2.1",
			"BEGIN:VCARD\nFN;ENCODING=QUOTED-PRINTABLE:M=C3=BC=\nller\nEND:VCARD\n",
			"M\xc3\xbcller|"},
		{"lower case", "begin:vcard\nemail:b@example.net\nend:vcard\n",
			"<b@example.net>|"},
		{"two cards",
			"BEGIN:VCARD\nEMAIL:a@example.net\nEND:VCARD\n\nBEGIN:VCARD\nEMAIL:"
			"b@example.net\nEND:VCARD",
			"<a@example.net>|<b@example.net>|"},
		{"empty address", "BEGIN:VCARD\nFN:A\nEMAIL:\nEND:VCARD\n", "A|"},
		{"nothing", "", ""},
	};
	static const size_t steps[] = {SIZE_MAX, 1, 3};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t n = 0; n < ARRAY_LEN(steps); n++) {
			char *cards = describe(slice_str(rows[i].text), steps[n]);

			cr_assert_str_eq(cards, rows[i].cards, "%s, pieces of %zu",
				rows[i].label, steps[n]);
			free(cards);
		}
	}
}

Test(vcard, faults_are_told_with_their_line_and_do_not_end_the_reading)
{
	static const struct {
		const char *label;
		const char *text;
		const char *result;
	} rows[] = {
		{"no colon", "BEGIN:VCARD\nnonsense\nEMAIL:b@example.net\nEND:VCARD\n",
			"!2:a line without a colon|<b@example.net>|"},
		{"outside a card", "EMAIL:b@example.net\n", "!1:a property outside a card|"},
		{"end without begin", "END:VCARD\n", "!1:END:VCARD without BEGIN:VCARD|"},
		{"nested",
			"BEGIN:VCARD\nEMAIL:a@example.net\nBEGIN:VCARD\nEMAIL:b@example.net\n"
			"END:VCARD\n",
			"!3:BEGIN:VCARD inside a card: the first is dropped|<b@example.net>|"},
		{"cut off", "BEGIN:VCARD\nEMAIL:a@example.net\n",
			"!2:the file ends inside a card|"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *result = describe(slice_str(rows[i].text), SIZE_MAX);

		cr_assert_str_eq(result, rows[i].result, "%s", rows[i].label);
		free(result);
	}
}

Test(vcard, photos_of_any_size_are_passed_over)
{
	size_t len = 100000;
	char *text = malloc(len + 200);
	int at = snprintf(text, 200, "BEGIN:VCARD\nPHOTO;ENCODING=b:");

	memset(text + at, 'A', len);
	(void)snprintf(text + at + len, 100, "\n AAAA\nEMAIL:b@example.net\nEND:VCARD\n");

	char *cards = describe(slice_str(text), SIZE_MAX);

	cr_assert_str_eq(cards, "<b@example.net>|");
	free(cards);
	free(text);
}

Test(vcard, an_address_beyond_the_bound_is_reported)
{
	char text[4 * VCARD_PROPERTY_MAX];
	int at = snprintf(text, sizeof(text), "BEGIN:VCARD\nEMAIL:");

	memset(text + at, 'a', 2 * VCARD_PROPERTY_MAX);
	(void)snprintf(text + at + 2 * VCARD_PROPERTY_MAX, 100, "@example.net\nEND:VCARD\n");

	char *cards = describe(slice_str(text), SIZE_MAX);

	cr_assert_str_eq(cards, "!2:a property that is too long||");
	free(cards);
}

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/base/attr.h"
#include "trustctl/import/mbox.h"

/* describe - every message of the text as "LINE:HEADER|", fed in pieces of `step` bytes */
static char *
describe(struct slice text, size_t step)
{
	char *out = NULL;
	size_t out_len = 0;
	FILE *memory = open_memstream(&out, &out_len);
	struct lines *lines = malloc(sizeof(*lines));
	struct mbox mbox;
	struct mbox_message message;
	struct line line;

	lines_init(lines);
	mbox_init(&mbox);
	while (text.len > 0) {
		struct slice piece = slice_take(text, step);

		text = slice_skip(text, step);
		while (piece.len > 0) {
			size_t used;

			if (lines_feed(lines, piece, &used, &line) &&
				mbox_feed(&mbox, &line, &message)) {
				(void)fprintf(memory, "%llu:%.*s%s|",
					(unsigned long long)message.line,
					SLICE_ARG(message.header), message.cut ? "CUT" : "");
			}
			piece = slice_skip(piece, used);
		}
	}
	bool open = lines_finish(lines, &line) && mbox_feed(&mbox, &line, &message);

	if (open || mbox_finish(&mbox, &message)) {
		(void)fprintf(memory, "%llu:%.*s|", (unsigned long long)message.line,
			SLICE_ARG(message.header));
	}
	mbox_fini(&mbox);
	free(lines);
	cr_assert_eq(fclose(memory), 0);
	return out;
}

#define FROM_LINE "From alice@example.org Tue Nov 14 22:13:20 2023\n"

Test(mbox, finds_the_headers_of_all_messages_in_any_pieces)
{
	static const struct {
		const char *label;
		const char *text;
		const char *messages;
	} rows[] = {
		{"one", FROM_LINE "A: 1\n\nbody\n", "1:A: 1\n|"},
		{"two", FROM_LINE "A: 1\n\nbody\n\n" FROM_LINE "B: 2\n\n",
			"1:A: 1\n|6:B: 2\n|"},
		{"CRLF", "From a Tue 22:13\r\nA: 1\r\n b\r\n\r\nx\r\n", "1:A: 1\n b\n|"},
		{"quoted From in the body",
			FROM_LINE "A: 1\n\n>From b 22:13\n\n>From c 22:13\n", "1:A: 1\n|"},
		{"From without an empty line before",
			FROM_LINE "A: 1\n\nx\nFrom b 22:13\nB: 2\n\n", "1:A: 1\n|"},
		{"From in prose", FROM_LINE "A: 1\n\nx\n\nFrom here on\nB: 2\n\n", "1:A: 1\n|"},
		{"empty lines first", "\n\n" FROM_LINE "A: 1\n\n", "3:A: 1\n|"},
		{"a bare message", "A: 1\nB: 2\n\nFrom me\n", "1:A: 1\nB: 2\n|"},
		{"no body", FROM_LINE "A: 1\n", "1:A: 1\n|"},
		{"no last line ending", FROM_LINE "A: 1", "1:A: 1\n|"},
		{"no header", FROM_LINE "\nbody\n", "1:|"},
		{"empty", "", ""},
		{"empty lines only", "\n\n\n", ""},
	};
	static const size_t steps[] = {SIZE_MAX, 1, 2, 7};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t n = 0; n < ARRAY_LEN(steps); n++) {
			char *messages = describe(slice_str(rows[i].text), steps[n]);

			cr_assert_str_eq(messages, rows[i].messages, "%s, pieces of %zu",
				rows[i].label, steps[n]);
			free(messages);
		}
	}
}

Test(mbox, a_header_beyond_the_bound_is_cut_and_said_to_be)
{
	size_t len = MBOX_HEADER_MAX + 100;
	char *text = malloc(len);
	struct mbox mbox;
	struct mbox_message message = {0};
	struct line line = {.number = 1, .starts = true, .ends = true};

	memset(text, 'x', len);
	mbox_init(&mbox);
	for (size_t at = 0; at < len; at += 1000) {
		line.text = slice_of(text + at, 1000);
		cr_assert(!mbox_feed(&mbox, &line, &message));
		line.number++;
	}
	line.text = SLICE("");
	cr_assert(mbox_feed(&mbox, &line, &message));
	cr_assert(message.cut);
	cr_assert_leq(message.header.len, MBOX_HEADER_MAX);
	mbox_fini(&mbox);
	free(text);
}

Test(lines, long_lines_come_in_pieces)
{
	size_t len = 2 * LINES_MAX + 10;
	uint8_t *text = malloc(len + 1);
	struct lines *lines = malloc(sizeof(*lines));
	struct slice rest = slice_of(text, len + 1);
	struct line line;
	size_t total = 0;
	size_t pieces = 0;

	memset(text, 'x', len);
	text[len] = '\n';
	lines_init(lines);
	while (rest.len > 0) {
		size_t used;

		if (lines_feed(lines, slice_take(rest, 1000), &used, &line)) {
			cr_assert_eq(line.starts, pieces == 0);
			cr_assert_eq(line.number, 1);
			total += line.text.len;
			pieces++;
		}
		rest = slice_skip(rest, used);
	}
	cr_assert_eq(total, len);
	cr_assert_eq(pieces, 3);
	cr_assert(line.ends);
	cr_assert(!lines_finish(lines, &line));
	free(lines);
	free(text);
}

Test(lines, the_last_line_may_lack_its_ending)
{
	struct lines *lines = malloc(sizeof(*lines));
	struct line line;
	size_t used;

	lines_init(lines);
	cr_assert(lines_feed(lines, SLICE("a\r\nb"), &used, &line));
	cr_assert_eq(used, 3);
	cr_assert(slice_eq(line.text, SLICE("a")));
	cr_assert(!lines_feed(lines, SLICE("b"), &used, &line));
	cr_assert(lines_finish(lines, &line));
	cr_assert(slice_eq(line.text, SLICE("b")));
	cr_assert_eq(line.number, 2);
	cr_assert(!lines_finish(lines, &line));
	free(lines);
}

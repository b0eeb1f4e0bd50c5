#include <criterion/criterion.h>

#include "common/ctl/ctl_lines.h"

static const struct {
	const char *label;
	const char *line;
	int code;
} lines[] = {
	{"request", "{\"v\":1,\"op\":\"report\",\"user\":\"alice\",\"spam\":true,\"n\":-5}", 0},
	{"unknown names do no harm", "{\"v\":1,\"op\":\"x\",\"later\":1}", 0},
	{"blanks around", " {\"v\": 1 } ", 0},
	{"empty", "", ERR_INVALID},
	{"no object", "[1]", ERR_INVALID},
	{"cut", "{\"v\":1,\"op\":\"rep", ERR_INVALID},
	{"text behind", "{\"v\":1}{\"v\":1}", ERR_INVALID},
	{"a name twice", "{\"v\":1,\"op\":\"a\",\"op\":\"b\"}", ERR_INVALID},
	{"no version", "{\"op\":\"report\"}", ERR_VERSION},
	{"later version", "{\"v\":2,\"op\":\"report\"}", ERR_VERSION},
	{"later version with other values", "{\"v\":2,\"op\":[1]}", ERR_VERSION},
	{"version as text", "{\"v\":\"1\"}", ERR_VERSION},
	{"list", "{\"v\":1,\"x\":[]}", ERR_INVALID},
	{"object", "{\"v\":1,\"x\":{}}", ERR_INVALID},
	{"null", "{\"v\":1,\"x\":null}", ERR_INVALID},
	{"fraction", "{\"v\":1,\"x\":1.5}", ERR_INVALID},
	{"not UTF-8", "{\"v\":1,\"x\":\"\xff\"}", ERR_INVALID},
	{"number beyond 64 bits", "{\"v\":1,\"x\":9223372036854775808}", ERR_INVALID},
};

Test(ctl_message, takes_flat_objects_of_its_version_only)
{
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct ctl_message *m = NULL;
		struct err_msg msg = {0};
		int code = ctl_message_decode(slice_str(lines[i].line), &m, &msg);

		cr_expect_eq(code, lines[i].code, "%s: %d", lines[i].label, code);
		cr_expect_eq(m != NULL, code == 0, "%s", lines[i].label);
		cr_expect_eq(msg.text[0] != '\0', code != 0, "%s", lines[i].label);
		ctl_message_free(m);
	}
}

Test(ctl_message, cut_anywhere_is_refused)
{
	struct slice line = slice_str(lines[0].line);

	for (size_t n = 0; n < line.len; n++) {
		struct ctl_message *m = NULL;

		cr_expect_eq(ctl_message_decode(slice_take(line, n), &m, NULL), ERR_INVALID,
			"%zu", n);
	}
}

Test(ctl_message, comes_back_as_it_was)
{
	struct ctl_message *m = ctl_message_request("report");
	struct ctl_message *back = NULL;
	struct slice text = {0};
	struct dynbuf line;
	int64_t number = 0;
	bool flag = false;

	dynbuf_init(&line, CTL_LINE_MAX);
	ctl_message_set_text(m, "user", SLICE("alice@example.org"));
	ctl_message_set_text(m, "empty", (struct slice){0});
	ctl_message_set_number(m, "least", INT64_MIN);
	ctl_message_set_number(m, "most", INT64_MAX);
	ctl_message_set_bool(m, "spam", true);
	cr_assert_eq(ctl_message_encode(m, &line), 0);
	cr_assert_eq(
		ctl_message_decode(slice_without_line_end(dynbuf_slice(&line)), &back, NULL),
		0);
	cr_expect(slice_eq(ctl_message_op(back), SLICE("report")));
	cr_expect(ctl_message_text(back, "user", &text) &&
		  slice_eq(text, SLICE("alice@example.org")));
	cr_expect(ctl_message_text(back, "empty", &text) && text.len == 0);
	cr_expect(ctl_message_number(back, "least", &number) && number == INT64_MIN);
	cr_expect(ctl_message_number(back, "most", &number) && number == INT64_MAX);
	cr_expect(ctl_message_bool(back, "spam", &flag) && flag);
	cr_expect_not(ctl_message_text(back, "spam", &text), "of another type");
	cr_expect_not(ctl_message_number(back, "user", &number), "of another type");
	cr_expect_not(ctl_message_bool(back, "none", &flag), "not there");
	ctl_message_free(m);
	ctl_message_free(back);
	dynbuf_fini(&line);
}

Test(ctl_message, refusals_carry_code_and_text)
{
	static const struct {
		const char *label;
		const char *line;
		int code;
		const char *text;
	} rows[] = {
		{"good", "{\"v\":1,\"ok\":true}", 0, ""},
		{"refused", "{\"v\":1,\"ok\":false,\"code\":-6,\"error\":\"no report\"}",
			ERR_NOTFOUND, "no report"},
		{"without a code", "{\"v\":1,\"ok\":false}", ERR_INVALID, "refused"},
		{"code of success", "{\"v\":1,\"ok\":false,\"code\":0,\"error\":\"x\"}",
			ERR_INVALID, "x"},
		{"unknown code", "{\"v\":1,\"ok\":false,\"code\":-900,\"error\":\"x\"}",
			ERR_INVALID, "x"},
		{"no reply", "{\"v\":1,\"op\":\"x\"}", ERR_INVALID, "the answer is no reply"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ctl_message *m = NULL;
		struct err_msg msg = {0};

		cr_assert_eq(ctl_message_decode(slice_str(rows[i].line), &m, NULL), 0, "%s",
			rows[i].label);
		cr_expect_eq(ctl_message_result(m, &msg), rows[i].code, "%s", rows[i].label);
		cr_expect_str_eq(msg.text, rows[i].text, "%s", rows[i].label);
		ctl_message_free(m);
	}
}

Test(ctl_message, what_cannot_be_written_is_told_once)
{
	struct ctl_message *m = ctl_message_reply();
	struct dynbuf line;
	uint8_t big[CTL_LINE_MAX];

	dynbuf_init(&line, 4 * CTL_LINE_MAX);
	memset(big, 'x', sizeof(big));
	ctl_message_set_text(m, "text", slice_of(big, sizeof(big)));
	cr_expect_eq(ctl_message_encode(m, &line), ERR_TOOBIG);
	ctl_message_set_text(m, "text", SLICE("\xff"));
	ctl_message_set_text(m, "text", SLICE("fine"));
	cr_expect_eq(ctl_message_encode(m, &line), ERR_INVALID);
	ctl_message_free(m);
	dynbuf_fini(&line);
}

/* Lines, however they arrive. */
Test(ctl_lines, cuts_at_line_ends)
{
	static const char in[] = "one\n\ntwo\nrest";
	static const char *const expected[] = {"one", "", "two"};

	for (size_t step = 1; step <= sizeof(in); step++) {
		struct slice rest = SLICE("one\n\ntwo\nrest");
		struct ctl_lines l;
		struct slice line;
		size_t count = 0;

		ctl_lines_init(&l);
		while (rest.len > 0) {
			struct slice piece = slice_take(rest, step);

			cr_assert_eq(ctl_lines_feed(&l, piece), 0);
			rest = slice_skip(rest, piece.len);
			while (ctl_lines_next(&l, &line) == 1) {
				cr_assert_lt(count, ARRAY_LEN(expected));
				cr_expect(slice_eq(line, slice_str(expected[count])),
					"step %zu, line %zu", step, count);
				count++;
			}
		}
		cr_expect_eq(count, ARRAY_LEN(expected), "step %zu", step);
		ctl_lines_fini(&l);
	}
}

Test(ctl_lines, a_line_without_an_end_is_too_big)
{
	struct ctl_lines l;
	struct slice line;
	uint8_t big[CTL_LINE_MAX];

	memset(big, 'x', sizeof(big));
	ctl_lines_init(&l);
	cr_assert_eq(ctl_lines_room(&l), CTL_LINE_MAX);
	cr_assert_eq(ctl_lines_feed(&l, slice_of(big, sizeof(big) - 1)), 0);
	cr_expect_eq(ctl_lines_next(&l, &line), 0);
	cr_expect_eq(ctl_lines_room(&l), 1);
	cr_assert_eq(ctl_lines_feed(&l, SLICE("x")), 0);
	cr_expect_eq(ctl_lines_next(&l, &line), ERR_TOOBIG);
	cr_expect_eq(ctl_lines_feed(&l, SLICE("x")), ERR_TOOBIG);
	ctl_lines_fini(&l);
}

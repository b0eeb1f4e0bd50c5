#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "trustctl/progress.h"
#include "trustctl/table.h"
#include "trustctl/utf8.h"

static const struct column columns[] = {
	{"address", "ADDRESS", COLUMN_TEXT},
	{"mails", "MAILS", COLUMN_NUMBER},
	{"since", "SINCE", COLUMN_TIME},
	{"open", "OPEN", COLUMN_BOOL},
};

/* render - what printing a table leaves in a file */
static char *
render(const struct table *t, bool json, bool record)
{
	char *text = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&text, &len);
	struct print p = {.out = memory, .err = memory, .json = json};

	cr_assert_not_null(memory);
	cr_assert_eq(record ? table_print_record(t, &p) : table_print(t, &p), 0);
	cr_assert_eq(fclose(memory), 0);
	return text;
}

static void
add_row(struct table *t, const char *address, uint64_t mails, uint64_t since_s, bool open)
{
	table_str(t, address);
	table_number(t, mails);
	table_number(t, since_s);
	table_bool(t, open);
}

Test(print, a_table_is_aligned_and_ends_without_blanks)
{
	struct table t;

	table_init(&t, columns, ARRAY_LEN(columns));
	add_row(&t, "bob@example.net", 7, 1700000000, true);
	add_row(&t, "m\xc3\xbcller@example.org", 1234, 0, false);

	char *text = render(&t, false, false);

	cr_assert_str_eq(text, "ADDRESS             MAILS  SINCE             OPEN\n"
			       "bob@example.net         7  2023-11-14 22:13  yes\n"
			       "m\xc3\xbcller@example.org   1234  -                 no\n");
	free(text);
	table_fini(&t);
}

Test(print, json_holds_the_same_with_its_types)
{
	struct table t;

	table_init(&t, columns, ARRAY_LEN(columns));
	add_row(&t, "bob@example.net", 7, 1700000000, true);
	table_none(&t);
	table_number(&t, 0);
	table_none(&t);
	table_bool(&t, false);

	char *text = render(&t, true, false);

	cr_assert_str_eq(text,
		"[\n"
		"{\"address\":\"bob@example.net\",\"mails\":7,\"since\":1700000000,\"open\":true},\n"
		"{\"address\":null,\"mails\":0,\"since\":null,\"open\":false}\n"
		"]\n");
	free(text);
	table_fini(&t);
}

Test(print, an_empty_listing_is_still_json)
{
	struct table t;

	table_init(&t, columns, ARRAY_LEN(columns));

	char *text = render(&t, true, false);

	cr_assert_str_eq(text, "[]\n");
	free(text);
	table_fini(&t);
}

Test(print, a_record_has_one_value_a_line)
{
	struct table t;

	table_init(&t, columns, ARRAY_LEN(columns));
	add_row(&t, "bob@example.net", 7, 0, true);

	char *text = render(&t, false, true);

	cr_assert_str_eq(text, "ADDRESS  bob@example.net\n"
			       "MAILS    7\n"
			       "SINCE    -\n"
			       "OPEN     yes\n");
	free(text);
	table_fini(&t);
}

Test(print, foreign_text_is_cleaned_for_terminals)
{
	static const struct {
		const char *label;
		struct slice in;
		const char *out;
	} rows[] = {
		{"plain", {(const uint8_t *)"bob", 3}, "bob"},
		{"UTF-8 stays", {(const uint8_t *)"\xe2\x82\xac", 3}, "\xe2\x82\xac"},
		{"escape sequence", {(const uint8_t *)"a\033[31mb", 7}, "a?[31mb"},
		{"NUL and line feed", {(const uint8_t *)"a\0b\nc", 5}, "a?b?c"},
		{"C1 control", {(const uint8_t *)"\xc2\x9b", 2}, "?"},
		{"turned direction", {(const uint8_t *)"\xe2\x80\xae", 3}, "?"},
		{"Latin-1", {(const uint8_t *)"m\xfc", 2}, "m\xef\xbf\xbd"},
		{"cut off", {(const uint8_t *)"\xe2\x82", 2}, "\xef\xbf\xbd\xef\xbf\xbd"},
		{"overlong slash", {(const uint8_t *)"\xc0\xaf", 2},
			"\xef\xbf\xbd\xef\xbf\xbd"},
		{"empty", {NULL, 0}, ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dynbuf out;

		dynbuf_init(&out, 64);
		print_clean(rows[i].in, &out);
		cr_assert_str_eq(dynbuf_cstr(&out), rows[i].out, "%s", rows[i].label);
		dynbuf_fini(&out);
	}
}

Test(print, colours_appear_only_where_asked_for)
{
	char *text = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&text, &len);
	struct print p = {.out = memory, .color = false};

	print_text(&p, PRINT_BAD, SLICE("plain"));
	p.color = true;
	print_text(&p, PRINT_BAD, SLICE("red"));
	cr_assert_eq(fclose(memory), 0);
	cr_assert_str_eq(text, "plain\033[31mred\033[0m");
	free(text);
}

Test(print, a_stream_that_is_no_terminal_gets_neither_colour_nor_bar)
{
	FILE *file = tmpfile();
	struct print p;
	struct progress bar;

	cr_assert_not_null(file);
	print_init(&p, file, file, false, NULL);
	cr_assert(!p.color && !p.err_color && !p.progress);
	progress_start(&bar, &p, "reading", 100);
	progress_update(&bar, 50);
	progress_end(&bar);
	cr_assert_eq(ftell(file), 0);
	cr_assert_eq(fclose(file), 0);
}

Test(print, a_bar_is_drawn_once_a_permille_and_wiped)
{
	char *text = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&text, &len);
	struct print p = {.err = memory, .progress = true};
	struct progress bar;

	progress_start(&bar, &p, "reading", 1000000);
	progress_update(&bar, 500000);
	progress_update(&bar, 500001);
	progress_update(&bar, 2000000);
	progress_end(&bar);
	cr_assert_eq(fclose(memory), 0);
	cr_assert_str_eq(text, "\rreading [###############               ]  50 %"
			       "\rreading [##############################] 100 %"
			       "\r\033[K");
	free(text);
}

Test(print, a_full_disk_is_reported)
{
	FILE *full = fopen("/dev/full", "w");
	struct err_msg msg = {0};
	struct print p = {.out = full};

	cr_assert_not_null(full);
	(void)fputs("text", full);
	cr_assert_eq(print_flush(&p, &msg), ERR_FULL);
	cr_assert_not_null(strstr(msg.text, "standard output"));
	(void)fclose(full);
}

Test(utf8, reads_characters_of_every_length)
{
	static const struct {
		const char *text;
		size_t used;
		uint32_t code;
	} rows[] = {
		{"A", 1, 'A'},
		{"\xc3\xbc", 2, 0xfc},
		{"\xe2\x82\xac", 3, 0x20ac},
		{"\xf0\x9f\x98\x80", 4, 0x1f600},
		{"\xed\xa0\x80", 0, 0},
		{"\xf4\x90\x80\x80", 0, 0},
		{"\xf5\x80\x80\x80", 0, 0},
		{"\x80", 0, 0},
		{"\xe2\x28\xa1", 0, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint32_t code = 0;

		cr_assert_eq(utf8_decode(slice_str(rows[i].text), &code), rows[i].used,
			"row %zu", i);
		cr_assert_eq(code, rows[i].code, "row %zu", i);
	}
}

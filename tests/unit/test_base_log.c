#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/strnum.h"
#include "tests/support/temp_dir.h"

static struct temp_dir dir;
static char path[PATH_MAX];

static void
make_dir(void)
{
	temp_dir_make(&dir);
	temp_dir_path(&dir, "log", path);
}

static void
remove_dir(void)
{
	temp_dir_remove(&dir);
}

TestSuite(log, .init = make_dir, .fini = remove_dir);

static void
open_log(const char *format, enum log_level level)
{
	const struct log_config config = {
		.sink = LOG_SINK_FILE,
		.target = path,
		.timestamp_format = format,
		.max_level = level,
	};

	cr_assert_eq(log_open(&config), 0);
}

/* content_of - the whole of a file; static, until the next call */
static const char *
content_of(const char *name)
{
	static char text[4 * LOG_LINE_MAX];
	FILE *file = fopen(name, "r");
	size_t n = 0;

	cr_assert_not_null(file, "%s: %s", name, strerror(errno));
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	cr_assert_eq(fclose(file), 0);
	return text;
}

/* line_of - what a line without a stamp must be */
static const char *
line_of(const char *level, const char *text)
{
	static char line[LOG_LINE_MAX];

	(void)snprintf(line, sizeof(line), "[%ld] %s: %s\n", (long)getpid(), level, text);
	return line;
}

static const struct {
	const char *label;
	struct slice in;
	const char *out;
} escapes[] = {
	{"plain", {(const uint8_t *)"bob@example.net", 15}, "bob@example.net"},
	{"empty", {(const uint8_t *)"", 0}, ""},
	{"every printable border", {(const uint8_t *)" ~", 2}, " ~"},
	{"backslash", {(const uint8_t *)"a\\b", 3}, "a\\\\b"},
	{"tab", {(const uint8_t *)"a\tb", 3}, "a\\tb"},
	{"line feed", {(const uint8_t *)"a\nb", 3}, "a\\nb"},
	{"carriage return", {(const uint8_t *)"\r", 1}, "\\r"},
	{"NUL", {(const uint8_t *)"a\0b", 3}, "a\\x{00}b"},
	{"escape sequence", {(const uint8_t *)"\033[2J", 4}, "\\x{1B}[2J"},
	{"DEL", {(const uint8_t *)"\177", 1}, "\\x{7F}"},
	{"UTF-8", {(const uint8_t *)"\303\274", 2}, "\\x{C3}\\x{BC}"},
	{"high byte", {(const uint8_t *)"\377", 1}, "\\x{FF}"},
	{"looks escaped", {(const uint8_t *)"\\x{0A}", 6}, "\\\\x{0A}"},
};

Test(log, escapes_everything_that_is_not_printable)
{
	for (size_t i = 0; i < ARRAY_LEN(escapes); i++) {
		char out[64];

		cr_expect_str_eq(log_escape(escapes[i].in, out, sizeof(out)), escapes[i].out,
			"%s", escapes[i].label);
	}
}

static const struct {
	size_t cap;
	const char *out;
} cuts[] = {
	{0, ""},
	{1, ""},
	{2, "a"},
	{7, "a"},
	{8, "a\\x{01}"},
	{9, "a\\x{01}b"},
	{10, "a\\x{01}b"},
};

Test(log, escaped_text_is_cut_at_a_whole_character)
{
	for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {
		char out[16];

		memset(out, '#', sizeof(out));
		cr_expect_str_eq(log_escape(SLICE("a\1b"), out, cuts[i].cap), cuts[i].out,
			"room for %zu", cuts[i].cap);
		cr_expect_eq(out[cuts[i].cap], '#', "room for %zu", cuts[i].cap);
	}
}

Test(log, a_line_has_pid_level_and_text)
{
	open_log("", LOG_LEVEL_DEBUG);
	log_error("one %d", 1);
	cr_expect_str_eq(content_of(path), line_of("error", "one 1"));
}

Test(log, a_child_writes_its_own_pid)
{
	const char *ours = NULL;
	char child_line[64];
	int status = 0;
	pid_t child = 0;

	open_log("", LOG_LEVEL_INFO);
	log_info("one");
	child = fork();
	if (child == 0) {
		log_info("two");
		_exit(0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	ours = line_of("info", "one");
	(void)snprintf(child_line, sizeof(child_line), "[%ld] info: two\n", (long)child);
	cr_assert(slice_starts_with(slice_str(content_of(path)), slice_str(ours)));
	cr_expect_str_eq(content_of(path) + strlen(ours), child_line);
}

Test(log, levels_have_their_names)
{
	char expected[512];

	open_log("", LOG_LEVEL_DEBUG);
	log_error("a");
	log_warn("b");
	log_info("c");
	log_debug("d");
	(void)snprintf(expected, sizeof(expected),
		"[%1$ld] error: a\n[%1$ld] warn: b\n[%1$ld] info: c\n[%1$ld] dbg: d\n",
		(long)getpid());
	cr_expect_str_eq(content_of(path), expected);
}

Test(log, a_stamp_stands_before_in_the_form_asked_for)
{
	char expected[LOG_LINE_MAX + 64];

	open_log("at", LOG_LEVEL_INFO);
	log_info("x");
	(void)snprintf(expected, sizeof(expected), "at %s", line_of("info", "x"));
	cr_expect_str_eq(content_of(path), expected);
}

Test(log, another_form_counts_at_once)
{
	char expected[LOG_LINE_MAX + 64];

	open_log("first", LOG_LEVEL_INFO);
	log_info("x");
	cr_assert_eq(unlink(path), 0);
	open_log("second", LOG_LEVEL_INFO);
	log_info("x");
	(void)snprintf(expected, sizeof(expected), "second %s", line_of("info", "x"));
	cr_expect_str_eq(content_of(path), expected);
}

Test(log, the_form_of_a_file_is_that_of_ctime)
{
	/* "Thu Jan  1 00:00:00 1970 [1] info: x" */
	struct slice rest;
	struct slice words[6];
	uint32_t number = 0;

	open_log(NULL, LOG_LEVEL_INFO);
	log_info("x");
	rest = slice_str(content_of(path));
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		cr_assert(slice_next_token(&rest, " ", &words[i]), "word %zu", i);
	}
	cr_expect_eq(words[0].len, 3);
	cr_expect_eq(words[1].len, 3);
	cr_expect_eq(strnum_u32(words[2], 31, &number), 0);
	cr_expect_eq(words[3].len, 8);
	cr_expect_eq(strnum_u32(words[4], 9999, &number), 0);
	cr_expect(slice_starts_with(words[5], SLICE("[")));
	cr_expect(slice_eq(slice_trim(rest), SLICE("info: x")));
}

Test(log, what_is_more_verbose_than_wanted_is_dropped)
{
	open_log("", LOG_LEVEL_WARN);
	log_info("quiet");
	log_debug("quieter");
	log_warn("heard");
	cr_expect_str_eq(content_of(path), line_of("warn", "heard"));
	cr_expect(log_enabled(LOG_LEVEL_ERROR));
	cr_expect_not(log_enabled(LOG_LEVEL_INFO));
}

static int calls;

static int
count_call(void)
{
	return ++calls;
}

Test(log, values_of_a_debug_line_nobody_reads_are_not_computed)
{
	open_log("", LOG_LEVEL_INFO);
	log_debug("%d", count_call());
	cr_expect_eq(calls, 0);
}

Test(log, the_text_of_errno_follows)
{
	open_log("", LOG_LEVEL_INFO);
	errno = ENOENT;
	log_error_errno("cannot open %s", "x");
	cr_expect_str_eq(
		content_of(path), line_of("error", "cannot open x: No such file or directory"));
}

Test(log, a_long_line_is_cut_and_still_ends)
{
	static char text[2 * LOG_LINE_MAX];
	const char *content = NULL;

	memset(text, 'x', sizeof(text) - 1);
	open_log("", LOG_LEVEL_INFO);
	log_info("%s", text);
	log_info("next");
	content = content_of(path);
	cr_expect_leq(strcspn(content, "\n") + 1, LOG_LINE_MAX);
	cr_expect_geq(strcspn(content, "\n"), LOG_LINE_MAX - 8);
	cr_expect_str_eq(strchr(content, '\n') + 1, line_of("info", "next"));
}

Test(log, a_long_line_leaves_errno_out_but_ends)
{
	static char text[2 * LOG_LINE_MAX];

	memset(text, 'x', sizeof(text) - 1);
	open_log("", LOG_LEVEL_INFO);
	errno = ENOENT;
	log_error_errno("%s", text);
	cr_expect_leq(strlen(content_of(path)), LOG_LINE_MAX);
}

Test(log, a_file_is_appended_to)
{
	char expected[512];

	open_log("", LOG_LEVEL_INFO);
	log_info("a");
	open_log("", LOG_LEVEL_INFO);
	log_info("b");
	(void)snprintf(expected, sizeof(expected), "[%1$ld] info: a\n[%1$ld] info: b\n",
		(long)getpid());
	cr_expect_str_eq(content_of(path), expected);
}

Test(log, after_rotation_a_new_file_is_written)
{
	char rotated[PATH_MAX];

	open_log("", LOG_LEVEL_INFO);
	log_info("before");
	cr_assert_eq(rename(path, temp_dir_path(&dir, "log.1", rotated)), 0);
	log_info("between");
	cr_assert_eq(log_reopen(), 0);
	log_info("after");
	cr_expect_str_eq(content_of(path), line_of("info", "after"));
	cr_expect_not_null(strstr(content_of(rotated), "info: between\n"));
}

Test(log, when_reopening_fails_the_old_file_goes_on)
{
	char moved[PATH_MAX];
	char old[PATH_MAX];

	open_log("", LOG_LEVEL_INFO);
	(void)snprintf(moved, sizeof(moved), "%s.moved", dir.path);
	cr_assert_eq(rename(dir.path, moved), 0);
	cr_expect_eq(log_reopen(), ERR_NOTFOUND);
	log_info("still here");
	cr_assert_eq(rename(moved, dir.path), 0);
	cr_expect_str_eq(
		content_of(temp_dir_path(&dir, "log", old)), line_of("info", "still here"));
}

Test(log, a_sink_that_cannot_be_opened_leaves_the_old_one)
{
	static char long_path[2 * PATH_MAX];
	struct log_config config = {.sink = LOG_SINK_FILE, .target = dir.path};

	open_log("", LOG_LEVEL_INFO);
	cr_expect_neq(log_open(&config), 0, "a directory");
	config.target = "/nonexistent/log";
	cr_expect_eq(log_open(&config), ERR_NOTFOUND);
	memset(long_path, '/', sizeof(long_path) - 1);
	config.target = long_path;
	cr_expect_eq(log_open(&config), ERR_RANGE, "a path that could not be reopened");
	config = (struct log_config){.sink = LOG_SINK_SYSLOG, .target = "nobody"};
	cr_expect_eq(log_open(&config), ERR_NOTFOUND, "an unknown facility");
	log_info("x");
	cr_expect_str_eq(content_of(path), line_of("info", "x"));
}

Test(log, all_facilities_of_syslog_conf_are_known)
{
	static const char *const names[] = {"auth", "authpriv", "cron", "daemon", "ftp", "kern",
		"lpr", "mail", "news", "syslog", "user", "uucp", "local0", "local7"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct log_config config = {
			.sink = LOG_SINK_SYSLOG, .target = names[i], .ident = "test"};

		cr_expect_eq(log_open(&config), 0, "%s", names[i]);
	}
}

Test(log, the_null_sink_swallows_everything)
{
	const struct log_config config = {.sink = LOG_SINK_NULL, .max_level = LOG_LEVEL_DEBUG};

	cr_assert_eq(log_open(&config), 0);
	cr_expect_not(log_enabled(LOG_LEVEL_ERROR));
	log_error("nobody hears");
	cr_expect_eq(log_reopen(), 0);
}

/* to_file - standard error goes to a file from now on */
static void
stderr_to(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	(void)close(fd);
}

Test(log, before_anything_is_opened_info_goes_to_standard_error)
{
	const char *content = NULL;

	stderr_to(path);
	log_info("x");
	log_debug("y");
	content = content_of(path);
	cr_expect_not_null(strstr(content, line_of("info", "x")), "%s", content);
	cr_expect_null(strstr(content, "y"), "%s", content);
	cr_expect_not_null(strchr(content, '.'), "has milliseconds: %s", content);
}

Test(log, a_file_may_be_doubled_on_standard_error)
{
	char copy[PATH_MAX];
	const struct log_config config = {
		.sink = LOG_SINK_FILE,
		.target = path,
		.timestamp_format = "",
		.max_level = LOG_LEVEL_INFO,
		.also_stderr = true,
	};

	stderr_to(temp_dir_path(&dir, "copy", copy));
	cr_assert_eq(log_open(&config), 0);
	log_info("x");
	cr_expect_str_eq(content_of(path), line_of("info", "x"));
	cr_expect_str_eq(content_of(copy), line_of("info", "x"));
}

Test(log, held_lines_are_written_together_and_whole)
{
	char longest[LOG_LINE_MAX];

	open_log("", LOG_LEVEL_INFO);
	log_hold();
	log_info("first");
	log_warn("second");
	cr_assert_str_eq(content_of(path), "", "nothing before the release");
	log_release();
	cr_assert_not_null(strstr(content_of(path), "info: first\n"));
	cr_assert_not_null(strstr(content_of(path), "warn: second\n"));
	log_info("third");
	cr_assert_not_null(strstr(content_of(path), "info: third\n"), "held no more");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	log_hold();
	for (int i = 0; i < 3; i++) {
		log_info("%s", longest);
	}
	cr_assert_gt(
		strlen(content_of(path)), LOG_LINE_MAX, "what does not fit is not kept back");
	log_release();
}

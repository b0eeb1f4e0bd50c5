#include <criterion/criterion.h>

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conf/settings.h"
#include "tests/support/temp_dir.h"

static struct temp_dir dir;
static struct dynbuf said;

static void
set_up(void)
{
	temp_dir_make(&dir);
	dynbuf_init(&said, 1024 * 1024);
}

static void
tear_down(void)
{
	temp_dir_remove(&dir);
	dynbuf_fini(&said);
}

TestSuite(settings_load, .init = set_up, .fini = tear_down);

static void
note(void *ctx, const struct cf_diagnostic *d)
{
	(void)ctx;
	(void)dynbuf_printf(&said, "%.*s:%u: %s\n", SLICE_ARG(d->file), d->line, d->text);
}

static const char *
path_of(const char *name)
{
	static char path[PATH_MAX];

	return temp_dir_path(&dir, name, path);
}

static void
write_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	cr_assert_not_null(file);
	cr_assert_geq(fputs(text, file), 0);
	cr_assert_eq(fclose(file), 0);
}

static int
load(const struct settings_source *sources, size_t count, struct settings **out,
	struct err_msg *msg)
{
	const struct settings_load_options options = {.diagnose = note};

	return settings_load(sources, count, &options, out, msg);
}

/* tags - the order in which files were read: each says `version_tag NAME` */
static const char *
tags(const struct settings *s)
{
	static char text[256];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < s->version_tags.count; i++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s",
			i == 0 ? "" : " ", SLICE_ARG(s->version_tags.items[i]));
	}
	return text;
}

Test(settings_load, reads_a_directory_pre_before_cf_sorted_by_name)
{
	struct settings_source source = {SETTINGS_SOURCE_PATH, dir.path, NULL};
	struct settings *s = NULL;
	struct err_msg msg = {0};

	write_file("20.cf", "version_tag cf20");
	write_file("10.CF", "version_tag cf10");
	write_file("v1.pre", "version_tag pre1");
	write_file("v0.pre", "version_tag pre0");
	write_file("notes.txt", "version_tag no");
	write_file("x.cf.bak", "version_tag no");
	write_file(".hidden.cf", "version_tag no");
	write_file("cf", "version_tag no");
	cr_assert_eq(symlink("20.cf", path_of("30.cf")), 0);
	cr_assert_eq(symlink("nowhere", path_of("40.cf")), 0);
	cr_assert_eq(mkdir(path_of("50.cf"), 0700), 0);

	cr_assert_eq(load(&source, 1, &s, &msg), 0, "%s", msg.text);
	cr_assert_str_eq(tags(s), "pre0 pre1 cf10 cf20 cf20");
	settings_free(s);
}

Test(settings_load, reads_sources_in_the_order_of_the_command_line)
{
	const struct settings_source sources[] = {
		{SETTINGS_SOURCE_TEXT, "version_tag first", "--pre"},
		{SETTINGS_SOURCE_PRE_DIR, dir.path, NULL},
		{SETTINGS_SOURCE_CF_DIR, dir.path, NULL},
		{SETTINGS_SOURCE_TEXT, "version_tag last", "--cf"},
	};
	struct settings *s = NULL;

	write_file("a.cf", "version_tag cf");
	write_file("z.pre", "version_tag pre");
	cr_assert_eq(load(sources, ARRAY_LEN(sources), &s, NULL), 0);
	cr_assert_str_eq(tags(s), "first pre cf last");
	settings_free(s);
}

Test(settings_load, follows_includes_beside_the_file)
{
	struct settings_source source = {SETTINGS_SOURCE_PATH, NULL, NULL};
	struct settings *s = NULL;
	char path[PATH_MAX];

	cr_assert_eq(mkdir(path_of("sub"), 0700), 0);
	write_file("local.cf", "include sub/more.cf\ninclude missing.cf\nversion_tag local");
	write_file("sub/more.cf", "include beside.cf\nversion_tag more");
	write_file("sub/beside.cf", "version_tag beside");
	source.value = temp_dir_path(&dir, "local.cf", path);
	cr_assert_eq(load(&source, 1, &s, NULL), 0);
	cr_assert_str_eq(tags(s), "beside more local");
	cr_assert_not_null(
		strstr(dynbuf_cstr(&said), "local.cf:2: include skipped: cannot open"));
	settings_free(s);
}

Test(settings_load, says_which_file_cannot_be_used_and_gives_nothing)
{
	static const struct {
		const char *name;
		enum settings_source_kind kind;
		int code;
		const char *message;
	} rows[] = {
		{"missing.cf", SETTINGS_SOURCE_PATH, ERR_NOTFOUND, "cannot open"},
		{"missing", SETTINGS_SOURCE_CF_DIR, ERR_NOTFOUND, "cannot open the directory"},
		{"pipe.cf", SETTINGS_SOURCE_PATH, ERR_INVALID, "not a regular file"},
		{"bad.cf", SETTINGS_SOURCE_PATH, ERR_INVALID, "bad.cf:2: trust_mode"},
	};

	write_file("bad.cf", "required_score 9\ntrust_mode x\n");
	cr_assert_eq(mkfifo(path_of("pipe.cf"), 0600), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char path[PATH_MAX];
		struct settings_source source = {
			rows[i].kind, temp_dir_path(&dir, rows[i].name, path), NULL};
		struct settings *s = NULL;
		struct err_msg msg = {0};

		cr_expect_eq(
			load(&source, 1, &s, &msg), rows[i].code, "%s: %s", path, msg.text);
		cr_expect_null(s);
		cr_expect_not_null(strstr(msg.text, rows[i].message), "%s", msg.text);
		cr_expect_not_null(strstr(msg.text, rows[i].name), "%s", msg.text);
	}
}

Test(settings_load, an_unreadable_file_of_a_directory_is_no_configuration)
{
	struct settings_source source = {SETTINGS_SOURCE_PATH, dir.path, NULL};
	struct settings *s = NULL;
	struct err_msg msg = {0};
	FILE *file = NULL;

	write_file("a.cf", "required_score 9");
	write_file("b.cf", "required_score 3");
	/* Larger than the bound: unreadable for root, too. */
	file = fopen(path_of("b.cf"), "r+");
	cr_assert_not_null(file);
	cr_assert_eq(ftruncate(fileno(file), CF_FILE_MAX + 1), 0);
	cr_assert_eq(fclose(file), 0);
	cr_assert_eq(load(&source, 1, &s, &msg), ERR_TOOBIG);
	cr_assert_null(s);
	cr_assert_not_null(strstr(msg.text, "b.cf"));
}

#include <criterion/criterion.h>

#include <stdio.h>

#include "common/base/dynbuf.h"
#include "common/conf/cf.h"

/*
 * The parser's callbacks write what they see as text, so that a whole run is compared at
 * once: settings as KEY=VALUE; and diagnostics as !LINE:SEVERITY.
 */
struct recorder {
	struct dynbuf seen;
	struct dynbuf messages; /* texts of the diagnostics, a line each */
	int fail_with;          /* what the setting callback returns */
};

/** Files that includes find. */
static const struct {
	const char *path;
	const char *text;
} files[] = {
	{"/etc/x/inner.cf", "inner 1\n"},
	{"/etc/x/sub/deep.cf", "include deeper.cf\ndeep 1"},
	{"/etc/x/sub/deeper.cf", "deeper 1"},
	{"/etc/x/self.cf", "before 1\ninclude self.cf\nafter 1"},
	{"/etc/x/ping.cf", "include pong.cf"},
	{"/etc/x/pong.cf", "include ping.cf\npong 1"},
	{"/etc/x/open.cf", "if 0\nhidden 1"},
	{"/etc/x/close.cf", "endif\nclose 1"},
	{"/abs.cf", "abs 1"},
};

static int
record_setting(void *ctx, const struct cf_setting *s)
{
	struct recorder *r = ctx;

	(void)dynbuf_add(&r->seen, s->key);
	(void)dynbuf_add_byte(&r->seen, '=');
	(void)dynbuf_add(&r->seen, s->value);
	(void)dynbuf_add_byte(&r->seen, ';');
	return r->fail_with;
}

static void
record_diagnostic(void *ctx, const struct cf_diagnostic *d)
{
	struct recorder *r = ctx;

	(void)dynbuf_printf(&r->seen, "!%u:%d;", d->line, (int)d->severity);
	(void)dynbuf_printf(
		&r->messages, "%.*s:%u: %s\n", SLICE_ARG(d->file), d->line, d->text);
}

static int
find_file(void *ctx, struct slice path, struct slice *bytes_out, struct err_msg *msg)
{
	(void)ctx;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		if (slice_eq(path, slice_str(files[i].path))) {
			*bytes_out = slice_str(files[i].text);
			return 0;
		}
	}
	return err_set(msg, ERR_NOTFOUND, "no %.*s", SLICE_ARG(path));
}

static bool
has_plugin(void *ctx, struct slice name)
{
	(void)ctx;
	return slice_eq(name, SLICE("Mail::SpamAssassin::Plugin::SPF"));
}

static void
recorder_init(struct recorder *r)
{
	*r = (struct recorder){0};
	dynbuf_init(&r->seen, 1024 * 1024);
	dynbuf_init(&r->messages, 1024 * 1024);
}

static void
recorder_fini(struct recorder *r)
{
	dynbuf_fini(&r->seen);
	dynbuf_fini(&r->messages);
}

static int
parse(struct recorder *r, struct slice text, const char *lang)
{
	const struct cf_options options = {.lang = slice_str(lang)};
	const struct cf_callbacks callbacks = {
		.ctx = r,
		.setting = record_setting,
		.diagnose = record_diagnostic,
		.include = find_file,
		.has_plugin = has_plugin,
	};

	return cf_parse(SLICE("/etc/x/local.cf"), text, &options, &callbacks);
}

/* expect - parses and compares with what was seen */
static void
expect(const char *label, struct slice text, const char *lang, const char *seen)
{
	struct recorder r;

	recorder_init(&r);
	cr_expect_eq(parse(&r, text, lang), 0, "%s", label);
	cr_expect_str_eq(dynbuf_cstr(&r.seen), seen, "%s: got %s\n%s", label,
		dynbuf_cstr(&r.seen), dynbuf_cstr(&r.messages));
	recorder_fini(&r);
}

Test(cf, reads_lines_as_spamassassin_does)
{
	static const struct {
		const char *label;
		const char *text;
		const char *seen;
	} rows[] = {
		{"nothing", "", ""},
		{"empty lines", "\n\n \t \n", ""},
		{"one setting", "required_score 5", "required_score=5;"},
		{"blanks around", "  \trequired_score \t 5 \t\n", "required_score=5;"},
		{"CRLF", "a 1\r\nb 2\r\n", "a=1;b=2;"},
		{"no value", "clear_headers", "clear_headers=;"},
		{"upper case and dashes in the name", "Required-Score A-b",
			"required_score=A-b;"},
		{"comment line", "# a 1\na 1", "a=1;"},
		{"comment behind", "a 1 # really", "a=1;"},
		{"comment without blank", "a 1#really", "a=1;"},
		{"comment directly behind the name", "a#b", "a=;"},
		{"escaped hash", "a 1\\#2 # 3", "a=1#2;"},
		{"two escaped hashes", "a \\#\\# x", "a=## x;"},
		{"hash behind an escaped one", "a \\##x", "a=#;"},
		{"escaped hash first", "\\#a 1", "#a=1;"},
		{"backslash elsewhere stays", "a \\n\\\\ b", "a=\\n\\\\ b;"},
		{"no continuation lines", "a 1 \\\n b 2", "a=1 \\;b=2;"},
		{"inner blanks stay", "report a   b", "report=a   b;"},
		{"byte order mark",
			"\xef\xbb\xbf"
			"a 1",
			"a=1;"},
		{"8-bit text stays", "describe X \xe9t\xc3\xa9", "describe=X \xe9t\xc3\xa9;"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		expect(rows[i].label, slice_str(rows[i].text), "", rows[i].seen);
	}
}

Test(cf, takes_a_line_with_a_nul_as_it_is)
{
	struct recorder r;

	recorder_init(&r);
	cr_assert_eq(parse(&r, SLICE("a x\0y"), ""), 0);
	cr_assert(slice_eq(dynbuf_slice(&r.seen), SLICE("a=x\0y;")));
	recorder_fini(&r);
}

Test(cf, applies_lang_lines_to_their_locale_only)
{
	static const struct {
		const char *lang;
		const char *text;
		const char *seen;
	} rows[] = {
		{"de_DE.UTF-8", "lang de describe X ja", "describe=X ja;"},
		{"de_DE.UTF-8", "lang DE_de describe X ja", "describe=X ja;"},
		{"de_DE", "lang fr describe X oui", ""},
		{"de_DE", "lang de_AT describe X ja", ""},
		{"", "lang en describe X yes", "describe=X yes;"},
		{"C", "lang en_US describe X yes", "describe=X yes;"},
		{"POSIX", "lang de describe X ja", ""},
		{"C.UTF-8", "lang en describe X no", ""},
		{"de_AT:en", "lang de describe X ja", "describe=X ja;"},
		{"de", "lang de", ""},
		{"de", "lang de   report  a # b", "report=a;"},
		{"de", "language x", "language=x;"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		expect(rows[i].text, slice_str(rows[i].text), rows[i].lang, rows[i].seen);
	}
}

Test(cf, follows_conditions)
{
	static const struct {
		const char *label;
		const char *text;
		const char *seen;
	} rows[] = {
		{"true", "if 1\na 1\nendif\nb 1", "a=1;b=1;"},
		{"false", "if 0\na 1\nendif\nb 1", "b=1;"},
		{"else", "if 0\na 1\nelse\nb 1\nendif", "b=1;"},
		{"else not", "if 1\na 1\nelse\nb 1\nendif", "a=1;"},
		{"nested in false", "if 0\nif 1\na 1\nelse\nb 1\nendif\nelse\nc 1\nendif",
			"c=1;"},
		{"nested in true", "if 1\nif 0\na 1\nelse\nb 1\nendif\nelse\nc 1\nendif",
			"b=1;"},
		{"plugin there", "ifplugin Mail::SpamAssassin::Plugin::SPF\na 1\nendif",
			"a=1;"},
		{"plugin not there", "ifplugin Mail::SpamAssassin::Plugin::DCC\na 1\nendif",
			""},
		{"endif with comment", "if 0\na 1\nendif # 0\nb 1", "b=1;"},
		{"our version", "if (version >= 4.000000)\na 1\nelse\nb 1\nendif", "a=1;"},
		{"core feature",
			"if can(Mail::SpamAssassin::Conf::feature_yesno_takes_args)\na 1\nendif",
			"a=1;"},
		{"unknown feature",
			"if can(Mail::SpamAssassin::Conf::feature_of_tomorrow)\na 1\nendif",
			""},
		{"feature of a plugin that is there",
			"if has(Mail::SpamAssassin::Plugin::SPF::has_check_for_spf_errors)\na 1\nendif",
			"a=1;"},
		{"feature of one that is not",
			"if has(Mail::SpamAssassin::Plugin::ASN::has_check_asn)\na 1\nendif",
			""},
		{"bad condition skips both branches", "if x\na 1\nelse\nb 1\nendif\nc 1",
			"!1:1;c=1;"},
		{"conditions inside a skipped block are only paired",
			"if 0\nif x(\nelse\na 1\nendif\nifplugin\nendif\nendif\nb 1", "b=1;"},
		{"ifplugin without name", "ifplugin\na 1\nendif\nc 1", "!1:1;c=1;"},
		{"else without if", "else\na 1", "!1:1;a=1;"},
		{"endif without if", "endif\na 1", "!1:1;a=1;"},
		{"second else", "if 0\nelse\na 1\nelse\nb 1\nendif\nc 1", "a=1;!4:1;c=1;"},
		{"text behind else", "if 1\na 1\nelse 5\nb 1\nendif", "a=1;!3:1;"},
		{"if without endif", "a 1\nif 1\nb 1", "a=1;b=1;!2:1;"},
		{"false if without endif", "if 0\na 1", "!1:1;"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		expect(rows[i].label, slice_str(rows[i].text), "", rows[i].seen);
	}
}

Test(cf, skips_conditions_nested_too_deeply_and_finds_back)
{
	struct dynbuf text;
	struct dynbuf seen;

	dynbuf_init(&text, 65536);
	dynbuf_init(&seen, 65536);
	for (int i = 0; i < CF_IF_DEPTH_MAX + 3; i++) {
		(void)dynbuf_add_str(&text, "if 1\n");
	}
	(void)dynbuf_add_str(&text, "hidden 1\nelse\nhidden 2\n");
	for (int i = 0; i < 3; i++) {
		(void)dynbuf_add_str(&text, "endif\n");
	}
	(void)dynbuf_add_str(&text, "shown 1\n");
	for (int i = 0; i < CF_IF_DEPTH_MAX; i++) {
		(void)dynbuf_add_str(&text, "endif\n");
	}
	(void)dynbuf_add_str(&text, "last 1\n");
	(void)dynbuf_printf(&seen, "!%d:1;shown=1;last=1;", CF_IF_DEPTH_MAX + 1);
	expect("deep", dynbuf_slice(&text), "", dynbuf_cstr(&seen));
	dynbuf_fini(&seen);
	dynbuf_fini(&text);
}

Test(cf, includes_files_relative_to_the_file)
{
	static const struct {
		const char *label;
		const char *text;
		const char *seen;
	} rows[] = {
		{"beside", "include inner.cf\nouter 1", "inner=1;outer=1;"},
		{"below, and from there", "include sub/deep.cf", "deeper=1;deep=1;"},
		{"absolute", "include /abs.cf", "abs=1;"},
		{"twice is fine", "include inner.cf\ninclude inner.cf", "inner=1;inner=1;"},
		{"itself", "include self.cf", "before=1;!2:1;after=1;"},
		{"in a circle", "include ping.cf", "!1:1;pong=1;"},
		{"missing", "include nothing.cf\na 1", "!1:1;a=1;"},
		{"without name", "include\na 1", "!1:1;a=1;"},
		{"not where a condition skips", "if 0\ninclude inner.cf\nendif", ""},
		{"conditions end with their file", "include open.cf\na 1", "!1:1;a=1;"},
		{"and cannot close the outer one", "if 1\ninclude close.cf\nendif",
			"!1:1;close=1;"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		expect(rows[i].label, slice_str(rows[i].text), "", rows[i].seen);
	}
}

/* Includes itself under ever new names, as a chain of directories ./x, ././x would. */
static int
include_fan(void *ctx, struct slice path, struct slice *bytes_out, struct err_msg *msg)
{
	(void)ctx;
	(void)path;
	(void)msg;
	*bytes_out = SLICE("include d/x\ninclude d/y\n");
	return 0;
}

Test(cf, bounds_includes_in_depth_and_number)
{
	const struct cf_options options = {0};
	struct recorder r;
	struct cf_callbacks callbacks = {
		.ctx = &r,
		.setting = record_setting,
		.diagnose = record_diagnostic,
		.include = include_fan,
	};

	recorder_init(&r);
	cr_assert_eq(cf_parse(SLICE("x"), SLICE("include d/x"), &options, &callbacks), 0);
	cr_assert_not_null(strstr(dynbuf_cstr(&r.messages), "nested more than 16 deep"));
	recorder_fini(&r);
}

Test(cf, goes_on_after_any_number_of_includes_that_fail)
{
	static uint8_t text[8192];
	struct recorder r;
	struct dynbuf many;

	recorder_init(&r);
	dynbuf_init(&many, 1024 * 1024);
	memset(text, 'x', sizeof(text));
	(void)dynbuf_add_str(&many, "include ");
	(void)dynbuf_add(&many, slice_of(text, sizeof(text)));
	for (int i = 0; i < 2000; i++) {
		(void)dynbuf_add_str(&many, "\ninclude missing\x1b.cf");
	}
	(void)dynbuf_add_str(&many, "\na 1");
	cr_assert_eq(parse(&r, dynbuf_slice(&many), ""), 0);
	cr_assert_not_null(strstr(dynbuf_cstr(&r.seen), "a=1;"));
	cr_assert_not_null(
		strstr(dynbuf_cstr(&r.messages), ":1: the path of the file is too long"));
	cr_assert_not_null(strstr(dynbuf_cstr(&r.messages), "missing\\x{1B}.cf"));
	dynbuf_fini(&many);
	recorder_fini(&r);
}

Test(cf, refuses_include_where_there_is_no_way_to_files)
{
	const struct cf_options options = {0};
	struct recorder r;
	struct cf_callbacks callbacks = {
		.ctx = &r, .setting = record_setting, .diagnose = record_diagnostic};

	recorder_init(&r);
	cr_assert_eq(cf_parse(SLICE("user_prefs"), SLICE("include /etc/passwd\na 1"), &options,
			     &callbacks),
		0);
	cr_assert_str_eq(dynbuf_cstr(&r.seen), "!1:1;a=1;");
	recorder_fini(&r);
}

Test(cf, require_version_skips_the_rest_of_its_file)
{
	static const struct {
		const char *text;
		const char *seen;
	} rows[] = {
		{"require_version 4.000001\na 1", "a=1;"},
		{"require_version @@VERSION@@\na 1", "a=1;"},
		{"a 1\nrequire_version 3.004006\nb 1\nif 1\n", "a=1;!2:1;"},
		{"require_version\nb 1", "!1:1;"},
		{"if 0\nrequire_version 3\nendif\na 1", "a=1;"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		expect(rows[i].text, slice_str(rows[i].text), "", rows[i].seen);
	}
}

Test(cf, bounds_lines_and_files)
{
	static uint8_t text[CF_LINE_MAX + 16];
	static uint8_t large[CF_FILE_MAX + 1];

	memset(text, 'x', sizeof(text));
	text[CF_LINE_MAX + 1] = '\n';
	memcpy(text + sizeof(text) - 4, "\na 1", 4);
	text[CF_LINE_MAX + 1] = '\n';
	text[CF_LINE_MAX + 2] = '#';
	expect("long line", slice_of(text, sizeof(text)), "", "!1:1;a=1;");
	expect("large file", slice_of(large, sizeof(large)), "", "!0:1;");
}

Test(cf, ends_with_what_the_setting_callback_returns)
{
	struct recorder r;

	recorder_init(&r);
	r.fail_with = ERR_NOMEM;
	cr_assert_eq(parse(&r, SLICE("a 1\nb 1"), ""), ERR_NOMEM);
	cr_assert_str_eq(dynbuf_cstr(&r.seen), "a=1;");
	recorder_fini(&r);
}

Test(cf, messages_name_the_file_and_escape_what_they_repeat)
{
	struct recorder r;

	recorder_init(&r);
	cr_assert_eq(parse(&r, SLICE("include sub/deep.cf\nendif\x1b[2J"), ""), 0);
	cr_assert_eq(parse(&r, SLICE("if 1\nendif \x1b[2J"), ""), 0);
	cr_assert_not_null(strstr(dynbuf_cstr(&r.messages), "/etc/x/local.cf:2: endif"));
	cr_assert_null(strchr(dynbuf_cstr(&r.messages), '\x1b'));
	recorder_fini(&r);
}

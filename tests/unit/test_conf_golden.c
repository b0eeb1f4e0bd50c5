/*
 * Whole configurations as administrators have them: tests/golden/conf/NAME.cf against
 * NAME.ref, which holds what --check-config would say and every setting that differs from
 * its default. UPDATE_GOLDEN=1 rewrites the references.
 */
#include <criterion/criterion.h>

#include <stdio.h>

#include "common/conf/settings.h"
#include "tests/support/golden.h"

#define OUTPUT_MAX ((size_t)1024 * 1024)

static void
note(void *ctx, const struct cf_diagnostic *d)
{
	static const char *const names[] = {"info", "warning", "error"};
	struct dynbuf *out = ctx;

	(void)dynbuf_printf(out, "%s %u: %s\n", names[d->severity], d->line, d->text);
}

static void
print(const struct settings *s, struct dynbuf *out)
{
	dynbuf_init(out, OUTPUT_MAX);
	cr_assert_eq(settings_print(s, out), 0);
}

/* has_line - is the line, with its end, in the text? */
static bool
has_line(struct slice text, struct slice line)
{
	while (!slice_is_empty(text)) {
		size_t end = slice_find_byte(text, '\n');

		if (slice_eq(slice_take(text, end), line)) {
			return true;
		}
		text = slice_skip(text, end + 1);
	}
	return false;
}

/* add_changed - the lines of the settings that the defaults do not have */
static void
add_changed(const struct settings *s, struct dynbuf *out)
{
	struct settings *defaults = NULL;
	struct dynbuf now;
	struct dynbuf before;
	struct slice rest = {0};

	cr_assert_eq(settings_new(&defaults), 0);
	print(s, &now);
	print(defaults, &before);
	rest = dynbuf_slice(&now);
	while (!slice_is_empty(rest)) {
		size_t end = slice_find_byte(rest, '\n');
		struct slice line = slice_take(rest, end);

		if (!has_line(dynbuf_slice(&before), line)) {
			(void)dynbuf_printf(out, "%.*s\n", SLICE_ARG(line));
		}
		rest = slice_skip(rest, end + 1);
	}
	dynbuf_fini(&now);
	dynbuf_fini(&before);
	settings_free(defaults);
}

static void
compare(const char *name)
{
	const struct settings_load_options options = {.diagnose = note, .check = true};
	struct settings_load_options with_output = options;
	struct settings_source source = {SETTINGS_SOURCE_PATH, NULL, NULL};
	struct settings *s = NULL;
	struct err_msg msg = {0};
	struct dynbuf out;
	char path[4096];

	dynbuf_init(&out, OUTPUT_MAX);
	with_output.ctx = &out;
	(void)snprintf(path, sizeof(path), "%s/golden/conf/%s.cf", TESTS_DIR, name);
	source.value = path;
	if (settings_load(&source, 1, &with_output, &s, &msg) == 0) {
		add_changed(s, &out);
		settings_free(s);
	} else {
		(void)dynbuf_add_str(&out, "refused\n");
	}
	(void)snprintf(path, sizeof(path), "%s/golden/conf/%s.ref", TESTS_DIR, name);
	cr_expect(golden_matches(path, dynbuf_slice(&out)), "%s", name);
	dynbuf_fini(&out);
}

Test(conf_golden, real_configurations_load_as_recorded)
{
	static const char *const configurations[] = {
		"debian-local", "hosting-provider", "office-gateway", "old-3.4", "mistakes"};

	for (size_t i = 0; i < ARRAY_LEN(configurations); i++) {
		compare(configurations[i]);
	}
}

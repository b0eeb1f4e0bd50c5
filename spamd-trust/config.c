#include "spamd-trust/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/base/log.h"

/* --pre and --cf lines, and three places. */
#define SOURCES_MAX (2 * OPTIONS_LIST_MAX + 3)

const char *
config_site_dir(const struct options *options)
{
	static const char *const usual[] = SETTINGS_SITE_DIRS;
	struct stat st = {0};

	if (options->site_config_path != NULL || options->config_path != NULL) {
		return options->site_config_path;
	}
	for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
		if (stat(usual[i], &st) == 0 && S_ISDIR(st.st_mode)) {
			return usual[i];
		}
	}
	return NULL;
}

/* locale - what `lang` lines are compared with */
static const char *
locale(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		/* Nothing here sets variables. NOLINTNEXTLINE(concurrency-mt-unsafe) */
		const char *value = getenv(names[i]);

		if (value != NULL && value[0] != '\0') {
			return value;
		}
	}
	return NULL;
}

static void
print_diagnostic(void *ctx, const struct cf_diagnostic *d)
{
	static const char *const words[] = {
		[CF_INFO] = "note", [CF_WARNING] = "warning", [CF_ERROR] = "error"};

	(void)ctx;
	(void)fprintf(stderr, "%.*s:%u: %s: %s\n", SLICE_ARG(d->file), d->line,
		words[d->severity], d->text);
}

static void
log_diagnostic(void *ctx, const struct cf_diagnostic *d)
{
	static const enum log_level levels[] = {
		[CF_INFO] = LOG_LEVEL_INFO,
		[CF_WARNING] =
			LOG_LEVEL_INFO, /* as the original: it skips the line and goes on */
		[CF_ERROR] = LOG_LEVEL_ERROR,
	};
	char file[256];
	char text[LOG_LINE_MAX / 2];

	(void)ctx;
	log_write(levels[d->severity], "config: %s:%u: %s",
		log_escape(d->file, file, sizeof(file)), d->line,
		log_escape(slice_str(d->text), text, sizeof(text)));
}

static void
add(struct settings_source *sources, size_t *count, enum settings_source_kind kind,
	const char *value, const char *label)
{
	if (value != NULL) {
		sources[(*count)++] = (struct settings_source){kind, value, label};
	}
}

int
config_load(
	const struct options *options, bool check, struct settings **out, struct err_msg *msg)
{
	struct settings_load_options load = {
		.lang = locale(),
		.local_tests_only = true,
		.check = check,
		.diagnose = check ? print_diagnostic : log_diagnostic,
	};
	struct settings_source sources[SOURCES_MAX];
	const char *site = config_site_dir(options);
	size_t count = 0;

	for (size_t i = 0; i < options->pre_lines.count; i++) {
		add(sources, &count, SETTINGS_SOURCE_TEXT, options->pre_lines.items[i],
			"--pre");
	}
	add(sources, &count, SETTINGS_SOURCE_PRE_DIR, site, NULL);
	add(sources, &count, SETTINGS_SOURCE_PATH, options->config_path, NULL);
	add(sources, &count, SETTINGS_SOURCE_CF_DIR, site, NULL);
	for (size_t i = 0; i < options->cf_lines.count; i++) {
		add(sources, &count, SETTINGS_SOURCE_TEXT, options->cf_lines.items[i], "--cf");
	}
	return settings_load(sources, count, &load, out, msg);
}

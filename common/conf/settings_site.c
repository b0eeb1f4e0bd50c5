#include "common/conf/settings_site.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/base/log.h"

const char *
settings_site_dir(void)
{
	static const char *const usual[] = SETTINGS_SITE_DIRS;
	struct stat st = {0};

	for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
		if (stat(usual[i], &st) == 0 && S_ISDIR(st.st_mode)) {
			return usual[i];
		}
	}
	return NULL;
}

const char *
settings_locale(void)
{
	static const char *const names[] = {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		/* Nothing here sets variables. NOLINTNEXTLINE(concurrency-mt-unsafe) */
		const char *value = getenv(names[i]);

		if (value != NULL && value[0] != '\0') {
			return value;
		}
	}
	return NULL;
}

void
settings_print_diagnostic(void *ctx, const struct cf_diagnostic *d)
{
	static const char *const words[] = {
		[CF_INFO] = "note", [CF_WARNING] = "warning", [CF_ERROR] = "error"};

	(void)ctx;
	(void)fprintf(stderr, "%.*s:%u: %s: %s\n", SLICE_ARG(d->file), d->line,
		words[d->severity], d->text);
}

void
settings_log_diagnostic(void *ctx, const struct cf_diagnostic *d)
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

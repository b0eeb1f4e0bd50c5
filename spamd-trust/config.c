#include "spamd-trust/config.h"

#include "common/conf/settings_site.h"

/* --pre and --cf lines, and three places. */
#define SOURCES_MAX (2 * OPTIONS_LIST_MAX + 3)

const char *
config_site_dir(const struct options *options)
{
	if (options->site_config_path != NULL || options->config_path != NULL) {
		return options->site_config_path;
	}
	return settings_site_dir();
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
		.lang = settings_locale(),
		.local_tests_only = true,
		.check = check,
		.diagnose = check ? settings_print_diagnostic : settings_log_diagnostic,
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

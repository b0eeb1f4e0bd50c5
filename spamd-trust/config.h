/*
 * config.h - the site's settings, from the files and lines the command line names (SPEC 13).
 *
 * Order: --pre lines; *.pre of the site directory; -C (a file, or *.pre then *.cf of a
 * directory); *.cf of the site directory; --cf lines. Without -C and --siteconfigpath the site
 * directory is the first that exists of SETTINGS_SITE_DIRS; with -C alone there is none, so
 * that what is read is what was named.
 */
#ifndef SPAMD_TRUST_CONFIG_H
#define SPAMD_TRUST_CONFIG_H

#include "common/conf/settings.h"
#include "spamd-trust/options.h"

/** The site directory; NULL where there is none. */
const char *config_site_dir(const struct options *options);

/**
 * Loads; messages go to the log, or with `check` to standard error.
 * @return as settings_load().
 */
NODISCARD int config_load(
	const struct options *options, bool check, struct settings **out, struct err_msg *msg);

#endif

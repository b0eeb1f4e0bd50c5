/*
 * settings_site.h - what programs that read the site's configuration have in common.
 */
#ifndef COMMON_CONF_SETTINGS_SITE_H
#define COMMON_CONF_SETTINGS_SITE_H

#include "common/conf/settings.h"

/** The first of SETTINGS_SITE_DIRS that exists; NULL where there is none. */
const char *settings_site_dir(void);

/** What `lang` lines are compared with: LC_ALL, LC_MESSAGES or LANG; NULL where none is set. */
const char *settings_locale(void);

/* For settings_load_options.diagnose; ctx is not used. */

/** To standard error, for --check-config. */
void settings_print_diagnostic(void *ctx, const struct cf_diagnostic *d);

/** To the log. Warnings are written as information: the line is skipped, and all goes on. */
void settings_log_diagnostic(void *ctx, const struct cf_diagnostic *d);

#endif

/*
 * settings_ignored.h - settings of SpamAssassin that are accepted, counted and not acted on;
 * private to common/conf.
 *
 * They are listed so that an existing configuration loads without a complaint, while a
 * misspelt name still gets one.
 */
#ifndef COMMON_CONF_SETTINGS_IGNORED_H
#define COMMON_CONF_SETTINGS_IGNORED_H

#include "common/base/slice.h"

/** Why a setting has no effect; one line of the log each. */
enum setting_ignored_group {
	SETTING_IGNORED_RULES,
	SETTING_IGNORED_PLUGINS,
	SETTING_IGNORED_NETWORK,
	SETTING_IGNORED_LEARNER,
	SETTING_IGNORED_DATABASE,
	SETTING_IGNORED_COUNT,
};

struct setting_ignored {
	enum setting_ignored_group group;
	unsigned int flags; /**< SETTING_ADMIN, SETTING_PRIVILEGED */
	const char *names;  /**< blank-separated */
};

extern const struct setting_ignored settings_ignored[];
extern const size_t settings_ignored_count;

/** "there is no rule engine here" and the like. */
const char *setting_ignored_reason(enum setting_ignored_group group);

/** Group and flags of a normalised present name (setting_present_name); false where unknown. */
bool setting_ignored_find(
	struct slice key, enum setting_ignored_group *group_out, unsigned int *flags_out);

#endif

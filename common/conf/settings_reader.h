/*
 * settings_reader.h - from the lines of cf.h to the fields of a struct settings; private to
 * common/conf.
 *
 * Sits between the syntax and the table: finds the row of a name, refuses what a user may
 * not set, decides how bad a fault is, counts what is ignored. No I/O.
 */
#ifndef COMMON_CONF_SETTINGS_READER_H
#define COMMON_CONF_SETTINGS_READER_H

#include "common/conf/settings_ignored.h"
#include "common/conf/settings_table.h"

/** Fields are private. */
struct settings_reader {
	struct settings *settings;
	const struct settings_load_options *options;
	bool is_user_prefs;
	struct arena *scratch;  /* lives as long as the reader */
	struct strlist plugins; /* named by loadplugin, of the distribution */
	size_t error_count;
	struct err_msg first_error; /* with its place */
	struct {
		size_t count;
		struct slice first_key;
		struct slice first_file;
		uint32_t first_line;
	} ignored[SETTING_IGNORED_COUNT];
	int (*include)(void *ctx, struct slice path, struct slice *bytes_out,
		struct err_msg *msg); /* called with the reader as ctx; NULL: refused */
};

/** Parses one file or text into the settings. @return 0 or ERR_NOMEM. */
NODISCARD int settings_reader_parse(
	struct settings_reader *r, struct slice file, struct slice bytes);

/**
 * Reports what was ignored, and tells whether the settings may be used.
 * @return 0, or ERR_INVALID with msg saying how many errors there were and the first of them.
 */
NODISCARD int settings_reader_finish(struct settings_reader *r, struct err_msg *msg);

#endif

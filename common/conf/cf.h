/*
 * cf.h - the syntax of SpamAssassin's configuration files (SPEC 13).
 *
 * Turns the bytes of a file into a sequence of settings: comments (# unless \#), trimming,
 * names in lower case with _ for -, `lang`, `ifplugin`/`if`/`else`/`endif`, `include` and
 * `require_version` are dealt with here; what a setting means is the business of the caller
 * (settings.h), who gets each one through a callback. Nothing here opens a file: the bytes
 * of an include come through a callback too.
 *
 * Errors of syntax never end the parsing, since SpamAssassin skips such lines: each is
 * reported with its place, the line (or for `if` the block) is skipped, and the caller
 * decides by severity. Only memory and a callback's own failure end it.
 */
#ifndef COMMON_CONF_CF_H
#define COMMON_CONF_CF_H

#include "common/base/attr.h"
#include "common/base/err.h"
#include "common/base/slice.h"

/** Bounds of what a file may ask for; reasons beside them in cf.c. */
#define CF_IF_DEPTH_MAX      32
#define CF_INCLUDE_DEPTH_MAX 16
#define CF_LINE_MAX          65536
#define CF_FILE_MAX          (16 * 1024 * 1024)

enum cf_severity {
	CF_INFO,    /**< worth a line in the log, never a fault */
	CF_WARNING, /**< the line was skipped, as SpamAssassin does; a fault in check mode */
	CF_ERROR,   /**< the configuration must not be used */
};

/**
 * A message about one place; line 0 when it is about the whole file. Slices are borrowed for
 * the call.
 */
struct cf_diagnostic {
	enum cf_severity severity;
	struct slice file;
	uint32_t line;
	const char *text;
};

/** One setting. Slices are borrowed for the call. */
struct cf_setting {
	struct slice key;   /**< normalised name */
	struct slice value; /**< trimmed, \# already #; empty when there is none */
	struct slice text;  /**< the whole line, trimmed and without comment */
	struct slice file;
	uint32_t line;
};

struct cf_callbacks {
	void *ctx;
	/** @return 0, or an error that ends the parsing (ERR_NOMEM). */
	int (*setting)(void *ctx, const struct cf_setting *setting);
	/** May be NULL. */
	void (*diagnose)(void *ctx, const struct cf_diagnostic *diagnostic);
	/**
	 * Gives the bytes of an included file, borrowed until cf_parse returns; path is already
	 * relative to the including file's directory. NULL: include is refused.
	 * @return 0, ERR_NOMEM, or another error, which is reported and skipped; msg is filled.
	 */
	int (*include)(
		void *ctx, struct slice path, struct slice *bytes_out, struct err_msg *msg);
	/** Answers plugin(NAME). NULL: none is loaded. */
	bool (*has_plugin)(void *ctx, struct slice name);
};

struct cf_options {
	struct slice lang; /**< locale as in $LANG (de_DE); empty or "C": en_US */
	bool local_tests_only;
};

/**
 * Parses the bytes of `file` (a name for messages, and the base of relative includes).
 * @return 0, or ERR_NOMEM, or what the setting callback returned.
 */
NODISCARD int cf_parse(struct slice file, struct slice bytes, const struct cf_options *options,
	const struct cf_callbacks *callbacks);

/** Takes the next blank-separated word from *rest, which becomes what follows, trimmed. */
struct slice cf_next_word(struct slice *rest);

#endif

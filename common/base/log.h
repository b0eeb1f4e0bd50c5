/*
 * log.h - one line per event, to stderr, a file or syslog.
 *
 * The only module of common with state of its own: the sink, set once at start (and
 * again when a log file is reopened). Writing is safe from any thread and takes no
 * lock: each thread makes its lines in a buffer of its own and writes each with one write(2).
 *
 * Values from outside must go through log_escape() (or be known printable): control bytes,
 * backslash and everything that is not ASCII are written \x{C3}-style, as the original does
 * (SPEC 11), but for \t, \r and \n. Lines are cut at LOG_LINE_MAX. Never log keys or bodies.
 */
#ifndef COMMON_BASE_LOG_H
#define COMMON_BASE_LOG_H

#include "common/base/attr.h"
#include "common/base/slice.h"

/** Longest line in bytes, stamp included; the rest is cut. */
#define LOG_LINE_MAX 8192

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

enum log_sink_kind {
	LOG_SINK_STDERR,
	LOG_SINK_FILE,   /**< target is the path */
	LOG_SINK_SYSLOG, /**< target is the facility name, as in syslog.conf(5) */
	LOG_SINK_NULL,
};

struct log_config {
	enum log_sink_kind sink;
	const char *target; /**< copied */
	const char *ident;  /**< syslog tag; copied */
	const char
		*timestamp_format; /**< strftime; NULL: the sink's own form, "": none; copied */
	enum log_level max_level;  /**< more verbose lines are dropped */
	bool also_stderr;          /**< write to standard error as well, in its form */
};

/**
 * Sets the sink; before the first call everything up to INFO goes to stderr.
 * On failure the old sink stays. Not to be called while other threads log.
 * @return 0; ERR_NOTFOUND for an unknown facility; ERR_RANGE for a path too long to be kept;
 * what open(2) said for a file.
 */
NODISCARD int log_open(const struct log_config *config);

/** Reopens a log file after rotation; no effect for other sinks. Safe while others log. */
NODISCARD int log_reopen(void);

bool log_enabled(enum log_level level);

/**
 * Between the two, lines that this thread logs to a file or to stderr are collected and written
 * with one call, still each a line of its own. Both may be called at any time; a daemon
 * releases before it answers, so that whoever sees the answer finds the lines.
 */
void log_hold(void);
void log_release(void);

/** Does any of it go to standard error? */
bool log_uses_stderr(void);

/** Logs a text as it is; it must be printable already. The quick way for lines made elsewhere. */
void log_text(enum log_level level, struct slice text);

void log_write(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)                                           \
	do {                                                     \
		if (log_enabled(LOG_LEVEL_DEBUG)) {              \
			log_write(LOG_LEVEL_DEBUG, __VA_ARGS__); \
		}                                                \
	} while (0)

/** As log_write, with ": " and the text of errno at the end. */
void log_write_errno(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_error_errno(...) log_write_errno(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn_errno(...)  log_write_errno(LOG_LEVEL_WARN, __VA_ARGS__)

/** How many bytes at the start of `in` log_escape() leaves as they are. */
size_t log_clean_len(struct slice in);

/**
 * Writes `in` to out (cap bytes, NUL included) with everything unprintable escaped; what
 * does not fit is cut at a whole character.
 * @return out, so that it can stand in an argument list.
 */
const char *log_escape(struct slice in, char *out, size_t cap);

#endif

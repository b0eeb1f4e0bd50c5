#include "common/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/base/err.h"

#define LOG_TARGET_MAX 1024
#define LOG_FORMAT_MAX 128

static struct {
	enum log_sink_kind sink;
	atomic_int fd;
	enum log_level max_level;
	unsigned int generation; /* counts log_open, for the stamps that threads keep */
	bool also_stderr;
	bool has_format;
	char target[LOG_TARGET_MAX];
	char ident[64];
	char format[LOG_FORMAT_MAX];
} state = {
	.sink = LOG_SINK_STDERR,
	.fd = STDERR_FILENO,
	.max_level = LOG_LEVEL_INFO,
};

static const char *const level_names[] = {"error", "warn", "info", "dbg"};
static const int level_priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};

static const struct {
	const char *name;
	int facility;
} facilities[] = {
	{"auth", LOG_AUTH},
	{"authpriv", LOG_AUTHPRIV},
	{"cron", LOG_CRON},
	{"daemon", LOG_DAEMON},
	{"ftp", LOG_FTP},
	{"kern", LOG_KERN},
	{"lpr", LOG_LPR},
	{"mail", LOG_MAIL},
	{"news", LOG_NEWS},
	{"syslog", LOG_SYSLOG},
	{"user", LOG_USER},
	{"uucp", LOG_UUCP},
	{"local0", LOG_LOCAL0},
	{"local1", LOG_LOCAL1},
	{"local2", LOG_LOCAL2},
	{"local3", LOG_LOCAL3},
	{"local4", LOG_LOCAL4},
	{"local5", LOG_LOCAL5},
	{"local6", LOG_LOCAL6},
	{"local7", LOG_LOCAL7},
};

static int
find_facility(const char *name, int *out)
{
	for (size_t i = 0; i < ARRAY_LEN(facilities); i++) {
		if (strcmp(facilities[i].name, name) == 0) {
			*out = facilities[i].facility;
			return 0;
		}
	}
	return ERR_NOTFOUND;
}

static int
open_file(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
}

static void
copy_text(char *to, size_t cap, const char *from)
{
	(void)snprintf(to, cap, "%s", from == NULL ? "" : from);
}

/* forked - in the child: what threads keep in their stamps is the parent's */
static void
forked(void)
{
	state.generation++;
}

int
log_open(const struct log_config *config)
{
	int facility = LOG_MAIL;
	int fd = STDERR_FILENO;

	if (config->sink == LOG_SINK_SYSLOG && find_facility(config->target, &facility) != 0) {
		return ERR_NOTFOUND;
	}
	if (config->sink == LOG_SINK_FILE) {
		if (strlen(config->target) >= sizeof(state.target)) {
			return ERR_RANGE;
		}
		fd = open_file(config->target);
		if (fd < 0) {
			return err_from_errno(errno);
		}
	}
	if (state.generation == 0 && pthread_atfork(NULL, NULL, forked) != 0) {
		if (config->sink == LOG_SINK_FILE) {
			(void)close(fd);
		}
		return ERR_NOMEM;
	}
	if (state.sink == LOG_SINK_FILE) {
		(void)close(atomic_load(&state.fd));
	}
	state.sink = config->sink;
	atomic_store(&state.fd, fd);
	state.max_level = config->max_level;
	state.also_stderr = config->also_stderr && config->sink != LOG_SINK_STDERR;
	state.has_format = config->timestamp_format != NULL;
	copy_text(state.target, sizeof(state.target), config->target);
	copy_text(state.ident, sizeof(state.ident), config->ident);
	copy_text(state.format, sizeof(state.format), config->timestamp_format);
	state.generation++;
	if (state.sink == LOG_SINK_SYSLOG) {
		openlog(state.ident, LOG_PID, facility);
	}
	return 0;
}

int
log_reopen(void)
{
	int fresh = -1;

	if (state.sink != LOG_SINK_FILE) {
		return 0;
	}
	fresh = open_file(state.target);
	if (fresh < 0) {
		return err_from_errno(errno);
	}
	/*
	 * dup3 swaps the file under the same number, so a writer in flight never sees a closed
	 * one.
	 */
	if (dup3(fresh, atomic_load(&state.fd), O_CLOEXEC) < 0) {
		int code = err_from_errno(errno);

		(void)close(fresh);
		return code;
	}
	(void)close(fresh);
	return 0;
}

bool
log_enabled(enum log_level level)
{
	return level <= state.max_level && state.sink != LOG_SINK_NULL;
}

bool
log_uses_stderr(void)
{
	return state.sink == LOG_SINK_STDERR || state.also_stderr;
}

/*
 * The stamp of the present second, kept per thread: localtime_r takes a lock that all threads
 * would meet at, several times for each message.
 */
static _Thread_local struct {
	time_t second;
	unsigned int generation; /* of the state it was made for */
	bool is_file_form;
	size_t len;
	char text[LOG_FORMAT_MAX];
	unsigned int pid_generation; /* a fork copies all this, and counts as a log_open */
	size_t pid_len;
	char pid_text[32]; /* "[123] " */
} stamp = {.second = -1};

/* make_stamp - the time as the sink writes it: ctime in files, short on standard error */
static void
make_stamp(time_t second, bool is_file_form)
{
	const char *format = is_file_form ? "%a %b %e %H:%M:%S %Y" : "%b %e %H:%M:%S";
	struct tm tm = {0};

	if (state.has_format) {
		format = state.format;
	}
	(void)localtime_r(&second, &tm);
	stamp.second = second;
	stamp.generation = state.generation;
	stamp.is_file_form = is_file_form;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored \
	"-Wformat-nonliteral" /* the administrator's own --log-timestamp-fmt */
	stamp.len = strftime(stamp.text, sizeof(stamp.text), format, &tm);
#pragma GCC diagnostic pop
}

/* put_stamp - writes it with a blank behind; nothing where it is empty. Returns its length. */
static size_t
put_stamp(char *line, size_t cap, bool is_file_form)
{
	struct timespec now = {0};
	size_t n = 0;

	(void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (now.tv_sec != stamp.second || stamp.generation != state.generation ||
		is_file_form != stamp.is_file_form) {
		make_stamp(now.tv_sec, is_file_form);
	}
	if (stamp.len == 0) {
		return 0;
	}
	memcpy(line, stamp.text, stamp.len);
	n = stamp.len;
	if (!is_file_form && !state.has_format) {
		n += (size_t)snprintf(line + n, cap - n, ".%03ld", now.tv_nsec / 1000000);
	}
	line[n++] = ' ';
	return n;
}

/* Where this thread makes its lines, and holds them back for one write; see log_hold(). */
static _Thread_local struct {
	bool is_on;
	int fd;
	size_t len;
	char text[2 * LOG_LINE_MAX];
} held;

/* write_out - a log that cannot be written must not stop mail; there is nobody to tell */
static void
write_out(int fd, const char *text, size_t len)
{
	if (write(fd, text, len) < 0) {
		return;
	}
}

static void
flush_held(void)
{
	if (held.len > 0) {
		write_out(held.fd, held.text, held.len);
		held.len = 0;
	}
}

void
log_hold(void)
{
	held.is_on = true;
}

void
log_release(void)
{
	flush_held();
	held.is_on = false;
}

/* line_room - where the next line for fd goes, LOG_LINE_MAX bytes of it */
static char *
line_room(int fd)
{
	if (held.fd != fd || sizeof(held.text) - held.len < LOG_LINE_MAX) {
		flush_held();
	}
	held.fd = fd;
	return held.text + held.len;
}

/* line_made - it has len bytes, and goes out now or with the others that are held */
static void
line_made(size_t len)
{
	held.len += len;
	if (!held.is_on) {
		flush_held();
	}
}

/* put_pid - "[123] "; returns its length */
static size_t
put_pid(char *line)
{
	if (state.generation == 0 || stamp.pid_generation != state.generation) {
		stamp.pid_generation = state.generation;
		stamp.pid_len = (size_t)snprintf(
			stamp.pid_text, sizeof(stamp.pid_text), "[%ld] ", (long)getpid());
	}
	memcpy(line, stamp.pid_text, stamp.pid_len);
	return stamp.pid_len;
}

static void
put_line(int fd, bool is_file_form, enum log_level level, struct slice text)
{
	char *line = line_room(fd);
	size_t n = put_stamp(line, LOG_LINE_MAX, is_file_form);
	size_t name_len = strlen(level_names[level]);

	n += put_pid(line + n);
	memcpy(line + n, level_names[level], name_len);
	n += name_len;
	line[n++] = ':';
	line[n++] = ' ';
	text = slice_take(text, LOG_LINE_MAX - n - 1);
	if (text.len > 0) {
		memcpy(line + n, text.data, text.len);
	}
	n += text.len;
	line[n++] = '\n';
	line_made(n);
}

void
log_text(enum log_level level, struct slice text)
{
	if (!log_enabled(level)) {
		return;
	}
	switch (state.sink) {
	case LOG_SINK_SYSLOG:
		syslog(level_priorities[level], "%.*s", SLICE_ARG(text));
		break;
	case LOG_SINK_FILE:
		put_line(atomic_load(&state.fd), true, level, text);
		break;
	case LOG_SINK_STDERR:
		put_line(STDERR_FILENO, false, level, text);
		break;
	case LOG_SINK_NULL:
		break;
	}
	if (state.also_stderr) {
		put_line(STDERR_FILENO, false, level, text);
	}
}

void
log_write(enum log_level level, const char *fmt, ...)
{
	char text[LOG_LINE_MAX];
	va_list ap;

	if (!log_enabled(level)) {
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_text(level, slice_str(text));
}

void
log_write_errno(enum log_level level, const char *fmt, ...)
{
	int errnum = errno;
	char text[LOG_LINE_MAX];
	char reason[128];
	size_t used = 0;
	va_list ap;

	if (!log_enabled(level)) {
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	used = strlen(text);
	(void)snprintf(text + used, sizeof(text) - used, ": %s",
		strerror_r(errnum, reason, sizeof(reason)));
	log_text(level, slice_str(text));
}

/* is_clean - may it stand in a line as it is? */
static bool
is_clean(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '\\';
}

/* escape_byte - one byte as it may stand in a line; returns how many characters that takes */
static size_t
escape_byte(uint8_t c, char out[static 8])
{
	static const char short_escapes[][2] = {
		{'\\', '\\'}, {'\t', 't'}, {'\r', 'r'}, {'\n', 'n'}};

	if (is_clean(c)) {
		out[0] = (char)c;
		return 1;
	}
	for (size_t i = 0; i < sizeof(short_escapes) / sizeof(short_escapes[0]); i++) {
		if (c == (uint8_t)short_escapes[i][0]) {
			out[0] = '\\';
			out[1] = short_escapes[i][1];
			return 2;
		}
	}
	return (size_t)snprintf(out, 8, "\\x{%02X}", c);
}

size_t
log_clean_len(struct slice in)
{
	return slice_find_byte(slice_take(in, slice_printable_len(in)), '\\');
}

const char *
log_escape(struct slice in, char *out, size_t cap)
{
	size_t at = 0;

	if (cap == 0) {
		return "";
	}
	at = log_clean_len(slice_take(in, cap - 1));
	if (at > 0) {
		memcpy(out, in.data, at);
	}
	for (size_t i = at; i < in.len; i++) {
		char piece[8];
		size_t n = escape_byte(in.data[i], piece);

		if (n >= cap - at) {
			break;
		}
		memcpy(out + at, piece, n);
		at += n;
	}
	out[at] = '\0';
	return out;
}

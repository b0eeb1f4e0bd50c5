#include "spamd-trust/log_setup.h"

#include <sys/stat.h>
#include <syslog.h>

#define DEFAULT_FACILITY "mail"
#define DEFAULT_FILE     "spamd.log"

/* is_facility - the original takes anything with other characters for a file name */
static bool
is_facility(const char *name)
{
	for (const char *at = name; *at != '\0'; at++) {
		if (!(*at >= 'a' && *at <= 'z') && !ascii_is_digit((uint8_t)*at)) {
			return false;
		}
	}
	return name[0] != '\0';
}

void
log_setup_choose(const struct options *options, bool has_syslog, struct log_config *out)
{
	const char *where = options->syslog == NULL ? DEFAULT_FACILITY : options->syslog;
	bool no_socket =
		options->syslog_socket != NULL && strcmp(options->syslog_socket, "none") == 0;

	*out = (struct log_config){
		.sink = LOG_SINK_SYSLOG,
		.target = where,
		.ident = "spamd",
		.timestamp_format = options->log_timestamp_format,
		.max_level = options->debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO,
		.also_stderr = options->debug && !options->daemonize,
	};
	if (out->timestamp_format != NULL && strcmp(out->timestamp_format, "default") == 0) {
		out->timestamp_format = NULL;
	}
	if (strcmp(where, "null") == 0) {
		out->sink = LOG_SINK_NULL;
	} else if (strcmp(where, "file") == 0) {
		out->sink = LOG_SINK_FILE;
		out->target = DEFAULT_FILE;
	} else if (!is_facility(where)) {
		out->sink = LOG_SINK_FILE;
	} else if (strcmp(where, "stderr") == 0 || no_socket || !has_syslog) {
		out->sink = LOG_SINK_STDERR;
	}
}

int
log_setup_open(const struct options *options, struct err_msg *msg)
{
	struct stat st = {0};
	struct log_config config;
	int code = 0;

	log_setup_choose(options, stat(_PATH_LOG, &st) == 0 && S_ISSOCK(st.st_mode), &config);
	code = log_open(&config);
	if (code == ERR_NOTFOUND && config.sink == LOG_SINK_SYSLOG) {
		return err_set(msg, code, "-s %s: no such syslog facility", config.target);
	}
	if (code != 0) {
		/* As the original: mail goes on, whatever became of the log. */
		log_warn("spamd: cannot open log file %s: %s; logging to standard error",
			config.target, err_text(code));
		config.sink = LOG_SINK_STDERR;
		return log_open(&config);
	}
	return 0;
}

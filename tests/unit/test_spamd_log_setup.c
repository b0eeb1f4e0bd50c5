/* -s, --syslog-socket, --log-timestamp-fmt and -D: where the log goes. */
#include <criterion/criterion.h>

#include "spamd-trust/log_setup.h"

static const struct {
	const char *label;
	const char *where;
	const char *socket;
	bool debug;
	bool background;
	bool no_daemon; /* no syslog daemon runs */
	enum log_sink_kind sink;
	const char *target; /* NULL: does not matter */
	bool also_stderr;
} rows[] = {
	{"default", NULL, NULL, false, false, false, LOG_SINK_SYSLOG, "mail", false},
	{"facility", "local3", NULL, false, false, false, LOG_SINK_SYSLOG, "local3", false},
	{"stderr", "stderr", NULL, false, false, false, LOG_SINK_STDERR, NULL, false},
	{"null", "null", NULL, false, false, false, LOG_SINK_NULL, NULL, false},
	{"file", "file", NULL, false, false, false, LOG_SINK_FILE, "spamd.log", false},
	{"path", "/var/log/spamd", NULL, false, false, false, LOG_SINK_FILE, "/var/log/spamd",
		false},
	{"name with a dot", "my.log", NULL, false, false, false, LOG_SINK_FILE, "my.log",
		false},
	{"name in capitals", "MAIL", NULL, false, false, false, LOG_SINK_FILE, "MAIL", false},
	{"socket none", NULL, "none", false, false, false, LOG_SINK_STDERR, NULL, false},
	{"socket none and a file", "./x", "none", false, false, false, LOG_SINK_FILE, "./x",
		false},
	{"no syslog daemon", NULL, NULL, false, false, true, LOG_SINK_STDERR, NULL, false},
	{"debug", NULL, NULL, true, false, false, LOG_SINK_SYSLOG, "mail", true},
	{"debug to a file", "./x", NULL, true, false, false, LOG_SINK_FILE, "./x", true},
	{"debug, but no log", "null", NULL, true, false, false, LOG_SINK_NULL, NULL, true},
	{"debug in the background", NULL, NULL, true, true, false, LOG_SINK_SYSLOG, "mail",
		false},
};

Test(spamd_log_setup, chooses_the_sink_of_the_original)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct options o = {.syslog = rows[i].where,
			.syslog_socket = rows[i].socket,
			.debug = rows[i].debug,
			.daemonize = rows[i].background};
		struct log_config config;

		log_setup_choose(&o, !rows[i].no_daemon, &config);
		cr_expect_eq(config.sink, rows[i].sink, "%s", rows[i].label);
		if (rows[i].target != NULL) {
			cr_expect_str_eq(config.target, rows[i].target, "%s", rows[i].label);
		}
		cr_expect_eq(config.also_stderr, rows[i].also_stderr, "%s", rows[i].label);
		cr_expect_eq(config.max_level, rows[i].debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO,
			"%s", rows[i].label);
		cr_expect_str_eq(config.ident, "spamd");
	}
}

Test(spamd_log_setup, default_as_stamp_format_means_the_usual_one)
{
	struct options o = {.log_timestamp_format = "default"};
	struct log_config config;

	log_setup_choose(&o, true, &config);
	cr_expect_null(config.timestamp_format);
	o.log_timestamp_format = "";
	log_setup_choose(&o, true, &config);
	cr_expect_str_eq(config.timestamp_format, "");
}

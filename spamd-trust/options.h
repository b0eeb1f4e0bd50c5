/*
 * options.h - the command line of spamd, read the way the original reads it.
 *
 * SPEC 12.1: bundled single letters, `--name value` and `--name=value`, unambiguous prefixes
 * of long names in any case, `--noNAME` and `--no-NAME` for booleans, optional values that
 * are taken from the next argument unless it starts with "-", repeatable lists. getopt_long
 * knows neither the negated forms nor detached optional values, so the table is read by a
 * small parser of its own. Options of the original that make no sense here are refused with one
 * line that says what to do instead; harmless ones are accepted without effect.
 *
 * Pure: prints nothing, opens nothing. Strings are borrowed from argv.
 */
#ifndef SPAMD_TRUST_OPTIONS_H
#define SPAMD_TRUST_OPTIONS_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/base/slice.h"

/** More of one repeatable option than anyone writes by hand; beyond, a usage error. */
#define OPTIONS_LIST_MAX 64

#define OPTIONS_PORT_DEFAULT  "783"
#define OPTIONS_THREADS_MAX   256
#define OPTIONS_SOCKET_MODE   0666U
#define OPTIONS_TIMEOUT_UNSET UINT32_MAX /**< as the settings say */
#define OPTIONS_STORE_DEFAULT "/var/lib/spamd-trust"

/** Exit status of an option the original removed (-F, --add-from). */
#define OPTIONS_EXIT_REMOVED 2

struct option_list {
	const char *items[OPTIONS_LIST_MAX];
	size_t count;
};

struct options {
	/* What to do at all. */
	bool show_help;
	bool show_version;
	bool check_config;
	bool daemonize;
	const char *ignored; /**< the first word that is neither option nor value; NULL: none */

	/* Where to listen. NULL and empty strings are "not given". */
	struct option_list listen; /**< -i; an item may be "" (all addresses) */
	const char *port;
	bool ipv4_only;
	bool ipv6_only;
	const char *socket_path;
	const char *socket_owner;
	const char *socket_group;
	uint32_t socket_mode;
	struct option_list allowed_ips;

	/* TLS. */
	bool ssl;
	const char *ssl_port;
	const char *server_key;
	const char *server_cert;
	bool ssl_verify;
	const char *ssl_ca_file;
	const char *ssl_ca_path;

	/* Who it runs as, whose settings apply. */
	const char *username;
	const char *groupname;
	const char *default_user;
	bool user_config; /**< off by -x */
	bool paranoid;
	const char *virtual_config_dir;

	/* Work. */
	bool allow_tell;
	uint32_t threads;         /**< -m; 0: one per core */
	uint32_t timeout_tcp_s;   /**< -T; 0: none; OPTIONS_TIMEOUT_UNSET */
	uint32_t timeout_child_s; /**< -t; likewise */

	/* Files and log. */
	const char *store;
	const char *pidfile;
	const char *config_path;
	const char *site_config_path;
	struct option_list cf_lines;
	struct option_list pre_lines;
	const char *syslog; /**< -s; the last one wins */
	const char *syslog_socket;
	const char *log_timestamp_format; /**< NULL: each sink's own */
	bool debug;
	bool stop_at_threshold; /**< accepted, and warned about */
};

/**
 * Fills *out from the defaults and the arguments (argv[0] is skipped).
 * @return 0; ERR_INVALID for a usage error; ERR_UNSUPPORTED for an option that is known and
 * refused. msg->text is one line for standard error, and *exit_status is what the process
 * should end with.
 */
NODISCARD int options_parse(int argc, char *const argv[], struct options *out,
	struct err_msg *msg, int *exit_status);

/** The text of --version, several lines (SPEC 12.1). */
const char *options_version_text(void);

/** The text of --help after the version. */
const char *options_help_text(void);

#endif

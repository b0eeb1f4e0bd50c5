/* The command line of SPEC 12.1: every option, its short forms, and what is refused. */
#include <criterion/criterion.h>

#include <string.h>

#include "spamd-trust/options.h"

#define ARGS_MAX 12

static int
parse(const char *const *args, struct options *out, struct err_msg *msg, int *status)
{
	char *argv[ARGS_MAX + 2] = {(char *)"spamd"};
	int argc = 1;

	while (args[argc - 1] != NULL) {
		argv[argc] = (char *)args[argc - 1];
		argc++;
	}
	*msg = (struct err_msg){0};
	*status = -1;
	return options_parse(argc, argv, out, msg, status);
}

Test(spamd_options, without_arguments_gives_the_documented_defaults)
{
	const char *const none[] = {NULL};
	struct options o;
	struct err_msg msg;
	int status = 0;

	cr_assert_eq(parse(none, &o, &msg, &status), 0);
	cr_expect_str_eq(o.port, "783");
	cr_expect_str_eq(o.default_user, "nobody");
	cr_expect_str_eq(o.store, "/var/lib/spamd-trust");
	cr_expect_eq(o.socket_mode, 0666);
	cr_expect_eq(o.timeout_tcp_s, OPTIONS_TIMEOUT_UNSET);
	cr_expect_eq(o.timeout_child_s, OPTIONS_TIMEOUT_UNSET);
	cr_expect_eq(o.threads, 0);
	cr_expect(o.user_config);
	cr_expect_not(o.allow_tell);
	cr_expect_eq(o.listen.count, 0);
}

#define B(field) offsetof(struct options, field), 'b'
#define S(field) offsetof(struct options, field), 's'
#define N(field) offsetof(struct options, field), 'n'
#define L(field) offsetof(struct options, field), 'l'
#define ANYTHING 0, 0

static const struct {
	const char *label;
	const char *args[ARGS_MAX];
	size_t offset;
	char type;
	const char *text;    /* string, or last item of a list */
	unsigned int number; /* bool, number or items of a list */
} accepted[] = {
	{"letter", {"-d"}, B(daemonize), NULL, 1},
	{"word without dash", {"start", "-d", "now"}, S(ignored), "start", 0},
	{"option behind a word without dash", {"start", "-d"}, B(daemonize), NULL, 1},
	{"empty argument", {"", "-d"}, S(ignored), "", 0},
	{"a dash", {"-", "-d"}, S(ignored), "-", 0},
	{"nothing behind two dashes", {"-d", "--"}, B(daemonize), NULL, 1},
	{"behind two dashes", {"--", "-d"}, S(ignored), "-d", 0},
	{"option behind two dashes", {"--", "-d"}, B(daemonize), NULL, 0},
	{"long", {"--daemonize"}, B(daemonize), NULL, 1},
	{"negated", {"-d", "--nodaemonize"}, B(daemonize), NULL, 0},
	{"negated with dash", {"-d", "--no-daemonize"}, B(daemonize), NULL, 0},
	{"last one wins", {"--nodaemonize", "-d"}, B(daemonize), NULL, 1},
	{"prefix", {"--daem"}, B(daemonize), NULL, 1},
	{"prefix of a negated form", {"-P", "--nopar"}, B(paranoid), NULL, 0},
	{"other case", {"--DaemonIze"}, B(daemonize), NULL, 1},
	{"bundle", {"-dlx"}, B(allow_tell), NULL, 1},
	{"bundle with number", {"-lm7"}, N(threads), NULL, 7},
	{"bundle, value in the next argument", {"-lm", "7"}, N(threads), NULL, 7},
	{"max-children", {"--max-children", "5"}, N(threads), NULL, 5},
	{"max-children with =", {"--max-children=5"}, N(threads), NULL, 5},
	{"allow-tell", {"--allow-tell"}, B(allow_tell), NULL, 1},
	{"-x", {"-x"}, B(user_config), NULL, 0},
	{"nouser-config", {"--nouser-config"}, B(user_config), NULL, 0},
	{"user-config after -x", {"-x", "--user-config"}, B(user_config), NULL, 1},
	{"listen without value", {"-i"}, L(listen), "", 1},
	{"listen before another option", {"-i", "-d"}, L(listen), "", 1},
	{"listen detached", {"-i", "127.0.0.1:1783"}, L(listen), "127.0.0.1:1783", 1},
	{"listen attached", {"-i127.0.0.1"}, L(listen), "127.0.0.1", 1},
	{"listen twice", {"-i", "127.0.0.1", "--listen=[::1]"}, L(listen), "[::1]", 2},
	{"listen-ip", {"--listen-ip=*"}, L(listen), "*", 1},
	{"ip-address", {"--ip-address", "/run/s"}, L(listen), "/run/s", 1},
	{"port", {"-p", "1783"}, S(port), "1783", 0},
	{"port long", {"--port=1783"}, S(port), "1783", 0},
	{"socketpath", {"--socketpath=/run/s"}, S(socket_path), "/run/s", 0},
	{"socketowner", {"--socketowner", "mail"}, S(socket_owner), "mail", 0},
	{"socketgroup", {"--socketgroup", "mail"}, S(socket_group), "mail", 0},
	{"socketmode", {"--socketmode=0660"}, N(socket_mode), NULL, 0660},
	{"socketmode without 0", {"--socketmode", "600"}, N(socket_mode), NULL, 0600},
	{"allowed ips", {"-A", "10.,192.0.2.0/24", "-A", "::1"}, L(allowed_ips), "::1", 2},
	{"username", {"-u", "spamd"}, S(username), "spamd", 0},
	{"username long", {"--username=spamd"}, S(username), "spamd", 0},
	{"groupname", {"-g", "spamd"}, S(groupname), "spamd", 0},
	{"default user", {"-U", "mail"}, S(default_user), "mail", 0},
	{"paranoid", {"-P"}, B(paranoid), NULL, 1},
	{"virtual", {"-x", "-u", "n", "--virtual-config-dir=/v/%u"}, S(virtual_config_dir),
		"/v/%u", 0},
	{"pidfile", {"-r", "/run/p"}, S(pidfile), "/run/p", 0},
	{"pidfile long", {"--pidfile=/run/p"}, S(pidfile), "/run/p", 0},
	{"syslog, last one", {"-s", "mail", "-s", "stderr"}, S(syslog), "stderr", 0},
	{"syslog-socket", {"--syslog-socket=none"}, S(syslog_socket), "none", 0},
	{"stamp may be empty", {"--log-timestamp-fmt="}, S(log_timestamp_format), "", 0},
	{"stamp may be missing", {"--log-timestamp-fmt", "-x"}, S(log_timestamp_format), "", 0},
	{"stamp may be empty, detached", {"--log-timestamp-fmt", ""}, S(log_timestamp_format),
		"", 0},
	{"configpath", {"-C", "/etc/x"}, S(config_path), "/etc/x", 0},
	{"siteconfigpath", {"--siteconfigpath=/etc/y"}, S(site_config_path), "/etc/y", 0},
	{"cf", {"--cf=score A 1", "--cf", "score B 2"}, L(cf_lines), "score B 2", 2},
	{"pre", {"--pre", "loadplugin X"}, L(pre_lines), "loadplugin X", 1},
	{"timeout-tcp", {"-T", "2"}, N(timeout_tcp_s), NULL, 2},
	{"timeout-tcp off", {"--timeout-tcp=0"}, N(timeout_tcp_s), NULL, 0},
	{"timeout-child", {"-t4"}, N(timeout_child_s), NULL, 4},
	{"timeout-child long", {"--timeout-child", "4"}, N(timeout_child_s), NULL, 4},
	{"ssl", {"--ssl"}, B(ssl), NULL, 1},
	{"no ssl", {"--ssl", "--nossl"}, B(ssl), NULL, 0},
	{"ssl-port means ssl", {"--ssl-port=1784"}, B(ssl), NULL, 1},
	{"ssl-verify means ssl", {"--ssl-verify"}, B(ssl), NULL, 1},
	{"ssl-ca-file means verify", {"--ssl-ca-file=/ca"}, B(ssl_verify), NULL, 1},
	{"ssl-ca-path means verify", {"--ssl-ca-path", "/ca"}, B(ssl_verify), NULL, 1},
	{"server-key", {"--server-key=/k"}, S(server_key), "/k", 0},
	{"server-cert", {"--server-cert=/c"}, S(server_cert), "/c", 0},
	{"-4", {"-4"}, B(ipv4_only), NULL, 1},
	{"--ipv4only", {"--ipv4only"}, B(ipv4_only), NULL, 1},
	{"--ipv4-only", {"--ipv4-only"}, B(ipv4_only), NULL, 1},
	{"--ipv4", {"--ipv4"}, B(ipv4_only), NULL, 1},
	{"-6", {"-6"}, B(ipv6_only), NULL, 1},
	{"debug", {"-D"}, B(debug), NULL, 1},
	{"debug with areas", {"-D", "spf,dkim"}, B(debug), NULL, 1},
	{"debug with areas attached", {"-Dspf"}, B(debug), NULL, 1},
	{"debug long", {"--debug=spf"}, B(debug), NULL, 1},
	{"store", {"--store", "/srv/t"}, S(store), "/srv/t", 0},
	{"check-config", {"--check-config"}, B(check_config), NULL, 1},
	{"help", {"-h"}, B(show_help), NULL, 1},
	{"version", {"-V"}, B(show_version), NULL, 1},
	{"version wins over mistakes between options", {"-4", "-6", "-V"}, B(show_version),
		NULL, 1},
	{"what Debian starts it with",
		{"--create-prefs", "--max-children", "5", "--helper-home-dir"}, N(threads),
		NULL, 5},
	{"helper-home-dir with value", {"-H", "/home", "-L", "-c"}, ANYTHING, NULL, 0},
	{"pool sizes",
		{"--min-children=1", "--min-spare", "1", "--max-spare=2",
			"--max-conn-per-child=200"},
		ANYTHING, NULL, 0},
	{"harmless", {"--round-robin", "--timing", "--local", "--nolocal"}, ANYTHING, NULL, 0},
	{"old", {"-S"}, B(stop_at_threshold), NULL, 1},
	{"refused ones may be switched off", {"--nosql-config"}, ANYTHING, NULL, 0},
};

static void
expect_value(size_t i, const struct options *o)
{
	const void *at = (const char *)o + accepted[i].offset;
	const char *label = accepted[i].label;
	const struct option_list *list = at;

	switch (accepted[i].type) {
	case 'b':
		cr_expect_eq(*(const bool *)at, accepted[i].number == 1, "%s", label);
		break;
	case 'n':
		cr_expect_eq(*(const uint32_t *)at, accepted[i].number, "%s", label);
		break;
	case 's':
		cr_expect_str_eq(*(const char *const *)at, accepted[i].text, "%s", label);
		break;
	case 'l':
		cr_expect_eq(list->count, accepted[i].number, "%s", label);
		cr_expect_str_eq(list->items[list->count - 1], accepted[i].text, "%s", label);
		break;
	default:
		break;
	}
}

Test(spamd_options, accepts_every_form_of_the_original)
{
	for (size_t i = 0; i < ARRAY_LEN(accepted); i++) {
		struct options o;
		struct err_msg msg;
		int status = 0;

		cr_expect_eq(parse(accepted[i].args, &o, &msg, &status), 0, "%s: %s",
			accepted[i].label, msg.text);
		expect_value(i, &o);
	}
}

static const struct {
	const char *label;
	const char *args[ARGS_MAX];
	int code;
	int status;
	const char *text; /* part of the message */
} refused[] = {
	{"unknown", {"--bogus"}, ERR_INVALID, 64, "--bogus"},
	{"unknown letter", {"-dZ"}, ERR_INVALID, 64, "-dZ"},
	{"ambiguous", {"--min", "3"}, ERR_INVALID, 64, "ambiguous"},
	{"ambiguous negation", {"--no"}, ERR_INVALID, 64, "ambiguous"},
	{"value missing", {"-p"}, ERR_INVALID, 64, "requires a value"},
	{"value missing at the end of a bundle", {"-dp"}, ERR_INVALID, 64, "requires a value"},
	{"value not wanted", {"--daemonize=yes"}, ERR_INVALID, 64, "takes no value"},
	{"text for a number", {"-t", "abc"}, ERR_INVALID, 64, "timeout-child"},
	{"number with rest", {"-m5x"}, ERR_INVALID, 64, "max-children"},
	{"no children", {"-m", "0"}, ERR_INVALID, 64, "max-children"},
	{"huge number", {"-T", "99999999999999"}, ERR_INVALID, 64, "timeout-tcp"},
	{"mode not octal", {"--socketmode=0668"}, ERR_INVALID, 64, "octal"},
	{"word without dash, where all is checked", {"--check-config", "local.cf"}, ERR_INVALID,
		64, "unexpected argument: local.cf"},
	{"virtual without -u", {"-x", "--virtual-config-dir=/v"}, ERR_INVALID, 64, "-u"},
	{"-4 with -6", {"-4", "-6"}, ERR_INVALID, 64, "-4 and -6"},
	{"sql", {"-q"}, ERR_UNSUPPORTED, 64, "sql-config"},
	{"sql long", {"--sql-config"}, ERR_UNSUPPORTED, 64, "sql-config"},
	{"sql setuid", {"-Q"}, ERR_UNSUPPORTED, 64, "setuid-with-sql"},
	{"ldap", {"--ldap-config"}, ERR_UNSUPPORTED, 64, "ldap-config"},
	{"ldap setuid", {"--setuid-with-ldap"}, ERR_UNSUPPORTED, 64, "setuid-with-ldap"},
	{"vpopmail", {"-v"}, ERR_UNSUPPORTED, 64, "vpopmail"},
	{"-F", {"-F", "1"}, ERR_UNSUPPORTED, 2, "removed"},
	{"add-from", {"--add-from"}, ERR_UNSUPPORTED, 2, "removed"},
};

Test(spamd_options, refuses_with_one_line_and_the_exit_status_of_the_original)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct options o;
		struct err_msg msg;
		int status = 0;

		cr_expect_eq(parse(refused[i].args, &o, &msg, &status), refused[i].code, "%s",
			refused[i].label);
		cr_expect_eq(status, refused[i].status, "%s: %d", refused[i].label, status);
		cr_expect_not_null(strstr(msg.text, refused[i].text), "%s: %s",
			refused[i].label, msg.text);
		cr_expect_null(strchr(msg.text, '\n'), "%s", refused[i].label);
	}
}

Test(spamd_options, refuses_more_of_one_option_than_it_can_hold)
{
	char *argv[1 + OPTIONS_LIST_MAX + 1] = {(char *)"spamd"};
	struct options o;
	struct err_msg msg;
	int status = 0;

	for (int i = 1; i <= OPTIONS_LIST_MAX + 1; i++) {
		argv[i] = (char *)"-i127.0.0.1";
	}
	cr_expect_eq(options_parse(1 + OPTIONS_LIST_MAX, argv, &o, &msg, &status), 0);
	cr_expect_eq(options_parse(2 + OPTIONS_LIST_MAX, argv, &o, &msg, &status), ERR_INVALID);
}

Test(spamd_options, version_has_the_lines_that_scripts_look_for)
{
	const char *text = options_version_text();

	cr_expect_eq(strncmp(text, "SpamAssassin Server version 4.0.1\n  running on ", 47), 0);
	cr_expect_not_null(strstr(text, "\n  with SSL support ("));
	cr_expect_not_null(strstr(text, "\n  with zlib support ("));
}

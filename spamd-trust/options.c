#include "spamd-trust/options.h"

#include <string.h>
#include <sysexits.h>

#include "common/base/strnum.h"

#define NAMES_MAX 4

/* Longest `--name` looked up, its "no" included; longer ones are unknown anyway. */
#define LONG_NAME_MAX 40

enum kind {
	KIND_FLAG,       /* sets a bool */
	KIND_BOOL,       /* sets a bool; --noNAME clears it */
	KIND_STRING,     /* takes a value */
	KIND_OPT_STRING, /* may take a value; "" without */
	KIND_LIST,       /* takes a value, repeatable */
	KIND_OPT_LIST,   /* may take a value, repeatable; "" without */
	KIND_NUMBER,     /* takes a number in min..max */
	KIND_OCTAL,      /* takes a file mode */
	KIND_OPT_FLAG,   /* sets a bool; a value may follow and is not used */
	KIND_IGNORED,    /* accepted without effect */
	KIND_IGNORED_BOOL,
	KIND_IGNORED_NUMBER,
	KIND_IGNORED_OPT,
	KIND_REFUSED, /* known to the original, not offered here */
	KIND_REMOVED, /* known to old versions of the original */
};

struct option_def {
	const char *names[NAMES_MAX];
	char letter;
	enum kind kind;
	bool clears; /* sets its bool to false */
	size_t offset;
	uint32_t min;
	uint32_t max;
};

#define AT(field) .offset = offsetof(struct options, field)

static const struct option_def defs[] = {
	{.names = {"allow-tell"}, .letter = 'l', .kind = KIND_FLAG, AT(allow_tell)},
	{.names = {"allowed-ips"}, .letter = 'A', .kind = KIND_LIST, AT(allowed_ips)},
	{.names = {"add-from"}, .letter = 'F', .kind = KIND_REMOVED},
	{.names = {"cf"}, .kind = KIND_LIST, AT(cf_lines)},
	{.names = {"check-config"}, .kind = KIND_FLAG, AT(check_config)},
	{.names = {"configpath"}, .letter = 'C', .kind = KIND_STRING, AT(config_path)},
	{.names = {"create-prefs"}, .letter = 'c', .kind = KIND_IGNORED_BOOL},
	{.names = {"daemonize"}, .letter = 'd', .kind = KIND_BOOL, AT(daemonize)},
	{.names = {"debug"}, .letter = 'D', .kind = KIND_OPT_FLAG, AT(debug)},
	{.names = {"default-user"}, .letter = 'U', .kind = KIND_STRING, AT(default_user)},
	{.names = {"groupname"}, .letter = 'g', .kind = KIND_STRING, AT(groupname)},
	{.names = {"help"}, .letter = 'h', .kind = KIND_FLAG, AT(show_help)},
	{.names = {"helper-home-dir"}, .letter = 'H', .kind = KIND_IGNORED_OPT},
	{.names = {"ipv4", "ipv4only", "ipv4-only"},
		.letter = '4',
		.kind = KIND_FLAG,
		AT(ipv4_only)},
	{.letter = '6', .kind = KIND_FLAG, AT(ipv6_only)},
	{.names = {"ldap-config"}, .kind = KIND_REFUSED},
	{.names = {"listen", "listen-ip", "ip-address"},
		.letter = 'i',
		.kind = KIND_OPT_LIST,
		AT(listen)},
	{.names = {"local"}, .letter = 'L', .kind = KIND_IGNORED_BOOL},
	{.names = {"log-timestamp-fmt"}, .kind = KIND_OPT_STRING, AT(log_timestamp_format)},
	{.names = {"max-children"},
		.letter = 'm',
		.kind = KIND_NUMBER,
		AT(threads),
		.min = 1,
		.max = 1000000},
	{.names = {"max-conn-per-child"}, .kind = KIND_IGNORED_NUMBER},
	{.names = {"max-spare"}, .kind = KIND_IGNORED_NUMBER},
	{.names = {"min-children"}, .kind = KIND_IGNORED_NUMBER},
	{.names = {"min-spare"}, .kind = KIND_IGNORED_NUMBER},
	{.names = {"nouser-config"},
		.letter = 'x',
		.kind = KIND_FLAG,
		.clears = true,
		AT(user_config)},
	{.names = {"paranoid"}, .letter = 'P', .kind = KIND_BOOL, AT(paranoid)},
	{.names = {"pidfile"}, .letter = 'r', .kind = KIND_STRING, AT(pidfile)},
	{.names = {"port"}, .letter = 'p', .kind = KIND_STRING, AT(port)},
	{.names = {"pre"}, .kind = KIND_LIST, AT(pre_lines)},
	{.names = {"round-robin"}, .kind = KIND_IGNORED_BOOL},
	{.names = {"server-cert"}, .kind = KIND_STRING, AT(server_cert)},
	{.names = {"server-key"}, .kind = KIND_STRING, AT(server_key)},
	{.names = {"setuid-with-ldap"}, .kind = KIND_REFUSED},
	{.names = {"setuid-with-sql"}, .letter = 'Q', .kind = KIND_REFUSED},
	{.names = {"siteconfigpath"}, .kind = KIND_STRING, AT(site_config_path)},
	{.names = {"socketgroup"}, .kind = KIND_STRING, AT(socket_group)},
	{.names = {"socketmode"}, .kind = KIND_OCTAL, AT(socket_mode), .max = 07777},
	{.names = {"socketowner"}, .kind = KIND_STRING, AT(socket_owner)},
	{.names = {"socketpath"}, .kind = KIND_STRING, AT(socket_path)},
	{.names = {"sql-config"}, .letter = 'q', .kind = KIND_REFUSED},
	{.names = {"ssl"}, .kind = KIND_BOOL, AT(ssl)},
	{.names = {"ssl-ca-file"}, .kind = KIND_STRING, AT(ssl_ca_file)},
	{.names = {"ssl-ca-path"}, .kind = KIND_STRING, AT(ssl_ca_path)},
	{.names = {"ssl-port"}, .kind = KIND_STRING, AT(ssl_port)},
	{.names = {"ssl-verify"}, .kind = KIND_BOOL, AT(ssl_verify)},
	{.names = {"stop-at-threshold"},
		.letter = 'S',
		.kind = KIND_BOOL,
		AT(stop_at_threshold)},
	{.names = {"store"}, .kind = KIND_STRING, AT(store)},
	{.names = {"syslog"}, .letter = 's', .kind = KIND_STRING, AT(syslog)},
	{.names = {"syslog-socket"}, .kind = KIND_STRING, AT(syslog_socket)},
	{.names = {"timeout-child"},
		.letter = 't',
		.kind = KIND_NUMBER,
		AT(timeout_child_s),
		.max = 1000000},
	{.names = {"timeout-tcp"},
		.letter = 'T',
		.kind = KIND_NUMBER,
		AT(timeout_tcp_s),
		.max = 1000000},
	{.names = {"timing"}, .kind = KIND_IGNORED},
	{.names = {"user-config"}, .kind = KIND_FLAG, AT(user_config)},
	{.names = {"username"}, .letter = 'u', .kind = KIND_STRING, AT(username)},
	{.names = {"version"}, .letter = 'V', .kind = KIND_FLAG, AT(show_version)},
	{.names = {"virtual-config-dir"}, .kind = KIND_STRING, AT(virtual_config_dir)},
	{.names = {"vpopmail"}, .letter = 'v', .kind = KIND_REFUSED},
};

/* One run over the arguments. */
struct parser {
	int argc;
	char *const *argv;
	int next; /* index of the argument after the present one */
	struct options *out;
	struct err_msg *msg;
	int exit_status;
};

static int
usage_error(struct parser *p, const char *what, const char *name)
{
	p->exit_status = EX_USAGE;
	return err_set(p->msg, ERR_INVALID, "%s: %s (see --help)", what, name);
}

static bool
kind_is_negatable(enum kind kind)
{
	return kind == KIND_BOOL || kind == KIND_IGNORED_BOOL || kind == KIND_REFUSED;
}

static bool
kind_needs_value(enum kind kind)
{
	return kind == KIND_STRING || kind == KIND_LIST || kind == KIND_NUMBER ||
	       kind == KIND_OCTAL || kind == KIND_IGNORED_NUMBER;
}

static bool
kind_may_take_value(enum kind kind)
{
	return kind == KIND_OPT_STRING || kind == KIND_OPT_LIST || kind == KIND_OPT_FLAG ||
	       kind == KIND_IGNORED_OPT || kind == KIND_REMOVED;
}

/* add_item - appends to a repeatable option */
static int
add_item(struct parser *p, const struct option_def *def, const char *value)
{
	struct option_list *list = (struct option_list *)(void *)((char *)p->out + def->offset);

	if (list->count == OPTIONS_LIST_MAX) {
		return usage_error(p, "too many of one option", def->names[0]);
	}
	list->items[list->count++] = value;
	return 0;
}

static int
set_number(struct parser *p, const struct option_def *def, const char *value)
{
	uint32_t *field = (uint32_t *)(void *)((char *)p->out + def->offset);
	uint32_t number = 0;
	int code = def->kind == KIND_OCTAL ? strnum_octal(slice_str(value), def->max, &number)
					   : strnum_u32(slice_str(value), def->max, &number);

	if (code != 0 || number < def->min) {
		p->exit_status = EX_USAGE;
		return err_set(p->msg, ERR_INVALID,
			"value \"%.64s\" invalid for option %s: expected %s from %u to %u",
			value, def->names[0],
			def->kind == KIND_OCTAL ? "an octal number" : "a number", def->min,
			def->max);
	}
	*field = number;
	return 0;
}

/* refuse - one line for options that have no meaning here */
static int
refuse(struct parser *p, const struct option_def *def)
{
	if (def->kind == KIND_REMOVED) {
		p->exit_status = OPTIONS_EXIT_REMOVED;
		return err_set(p->msg, ERR_UNSUPPORTED,
			"the %s option has been removed from spamd, please remove it from "
			"the command line",
			"-F (--add-from)");
	}
	p->exit_status = EX_USAGE;
	return err_set(p->msg, ERR_UNSUPPORTED,
		"option --%s is not supported: settings of users come from files, see "
		"--virtual-config-dir",
		def->names[0]);
}

/* apply - acts on one option; value is NULL where none was given */
static int
apply(struct parser *p, const struct option_def *def, bool negated, const char *value)
{
	char *base = (char *)p->out;

	switch (def->kind) {
	case KIND_FLAG:
	case KIND_BOOL:
	case KIND_OPT_FLAG:
		*(bool *)(base + def->offset) = !def->clears && !negated;
		return 0;
	case KIND_STRING:
	case KIND_OPT_STRING:
		*(const char **)(void *)(base + def->offset) = value == NULL ? "" : value;
		return 0;
	case KIND_LIST:
	case KIND_OPT_LIST:
		return add_item(p, def, value == NULL ? "" : value);
	case KIND_NUMBER:
	case KIND_OCTAL:
		return set_number(p, def, value);
	case KIND_REFUSED:
		return negated ? 0 : refuse(p, def);
	case KIND_REMOVED:
		return refuse(p, def);
	case KIND_IGNORED:
	case KIND_IGNORED_BOOL:
	case KIND_IGNORED_NUMBER:
	case KIND_IGNORED_OPT:
		return 0;
	}
	return 0;
}

/* take_value - the attached value, or the next argument where the option wants one */
static int
take_value(struct parser *p, const struct option_def *def, const char *shown,
	const char *attached, const char **value_out)
{
	*value_out = attached;
	if (attached != NULL) {
		return 0;
	}
	if (kind_needs_value(def->kind)) {
		if (p->next >= p->argc) {
			return usage_error(p, "option requires a value", shown);
		}
		*value_out = p->argv[p->next++];
	} else if (kind_may_take_value(def->kind) && p->next < p->argc &&
		   p->argv[p->next][0] != '-') {
		*value_out = p->argv[p->next++];
	}
	return 0;
}

/* A match of a long name against the table. */
struct match {
	const struct option_def *def;
	bool negated;
	bool exact;
	bool ambiguous;
};

/* offer - compares the typed name with one spelling of an option */
static void
offer(struct match *m, struct slice typed, const char *spelling, const struct option_def *def,
	bool negated)
{
	struct slice full = slice_str(spelling);

	if (m->exact || !slice_starts_with_nocase(full, typed)) {
		return;
	}
	if (full.len == typed.len) {
		*m = (struct match){def, negated, .exact = true};
		return;
	}
	if (m->def != NULL && (m->def != def || m->negated != negated)) {
		m->ambiguous = true;
		return;
	}
	m->def = def;
	m->negated = negated;
}

static void
offer_negated(
	struct match *m, struct slice typed, const char *name, const struct option_def *def)
{
	static const char *const prefixes[] = {"no", "no-"};
	char spelling[LONG_NAME_MAX];

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		size_t lead = strlen(prefixes[i]);

		memcpy(spelling, prefixes[i], lead);
		memcpy(spelling + lead, name, strlen(name) + 1);
		offer(m, typed, spelling, def, true);
	}
}

/* find_long - the option a long name, or an unambiguous beginning of it, stands for */
static struct match
find_long(struct slice typed)
{
	struct match m = {0};

	for (size_t i = 0; i < ARRAY_LEN(defs); i++) {
		for (size_t n = 0; n < NAMES_MAX && defs[i].names[n] != NULL; n++) {
			offer(&m, typed, defs[i].names[n], &defs[i], false);
			if (kind_is_negatable(defs[i].kind)) {
				offer_negated(&m, typed, defs[i].names[n], &defs[i]);
			}
		}
	}
	return m;
}

static int
parse_long(struct parser *p, const char *arg)
{
	struct slice text = slice_str(arg + 2);
	struct slice name = slice_take(text, slice_find_byte(text, '='));
	const char *attached = name.len < text.len ? arg + 2 + name.len + 1 : NULL;
	const char *value = NULL;
	struct match m = find_long(name);
	int code = 0;

	if (!m.exact && m.ambiguous) {
		return usage_error(p, "option is ambiguous", arg);
	}
	if (m.def == NULL || name.len == 0) {
		return usage_error(p, "unknown option", arg);
	}
	if (attached != NULL && !kind_needs_value(m.def->kind) &&
		!kind_may_take_value(m.def->kind)) {
		return usage_error(p, "option takes no value", arg);
	}
	code = take_value(p, m.def, arg, attached, &value);
	return code != 0 ? code : apply(p, m.def, m.negated, value);
}

static const struct option_def *
find_letter(char letter)
{
	for (size_t i = 0; i < ARRAY_LEN(defs); i++) {
		if (defs[i].letter == letter) {
			return &defs[i];
		}
	}
	return NULL;
}

/* parse_letters - "-dx -m5 -i127.0.0.1": letters in a row, the first with a value takes the rest */
static int
parse_letters(struct parser *p, const char *arg)
{
	for (const char *at = arg + 1; *at != '\0'; at++) {
		const struct option_def *def = find_letter(*at);
		const char *attached = at[1] == '\0' ? NULL : at + 1;
		const char *value = NULL;
		int code = 0;

		if (def == NULL) {
			return usage_error(p, "unknown option", arg);
		}
		if (!kind_needs_value(def->kind) && !kind_may_take_value(def->kind)) {
			code = apply(p, def, false, NULL);
			if (code != 0) {
				return code;
			}
			continue;
		}
		if (attached != NULL && *attached == '=') {
			attached++;
		}
		code = take_value(p, def, arg, attached, &value);
		return code != 0 ? code : apply(p, def, false, value);
	}
	return 0;
}

/* ignore - a word that is no option, as the original does; the first is kept for the log */
static void
ignore(struct parser *p, const char *word)
{
	if (p->out->ignored == NULL) {
		p->out->ignored = word;
	}
}

/* check_together - what single options cannot see: what follows from what, and what contradicts */
static int
check_together(struct parser *p)
{
	struct options *o = p->out;

	o->ssl_verify = o->ssl_verify || o->ssl_ca_file != NULL || o->ssl_ca_path != NULL;
	o->ssl = o->ssl || o->ssl_verify || o->ssl_port != NULL;
	if (o->virtual_config_dir != NULL && o->username == NULL) {
		return usage_error(
			p, "cannot use --virtual-config-dir without", "-u (--username)");
	}
	if (o->check_config && o->ignored != NULL) {
		return usage_error(p, "unexpected argument", o->ignored);
	}
	if (o->ipv4_only && o->ipv6_only) {
		return usage_error(p, "cannot use together", "-4 and -6");
	}
	return 0;
}

int
options_parse(int argc, char *const argv[], struct options *out, struct err_msg *msg,
	int *exit_status)
{
	struct parser p = {.argc = argc, .argv = argv, .next = 1, .out = out, .msg = msg};
	int code = 0;

	*out = (struct options){
		.port = OPTIONS_PORT_DEFAULT,
		.socket_mode = OPTIONS_SOCKET_MODE,
		.default_user = "nobody",
		.user_config = true,
		.timeout_tcp_s = OPTIONS_TIMEOUT_UNSET,
		.timeout_child_s = OPTIONS_TIMEOUT_UNSET,
		.store = OPTIONS_STORE_DEFAULT,
	};
	while (code == 0 && p.next < argc) {
		const char *arg = argv[p.next++];

		if (arg[0] != '-' || arg[1] == '\0') {
			ignore(&p, arg);
		} else if (strcmp(arg, "--") == 0) {
			ignore(&p, p.next < argc ? argv[p.next] : NULL);
			p.next = argc;
		} else if (arg[1] == '-') {
			code = parse_long(&p, arg);
		} else {
			code = parse_letters(&p, arg);
		}
	}
	if (code == 0 && !out->show_help && !out->show_version) {
		code = check_together(&p);
	}
	*exit_status = p.exit_status;
	return code;
}

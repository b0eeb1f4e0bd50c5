#include <sysexits.h>

#include "common/mail/message_digest.h"
#include "common/scan/scan.h"
#include "trustctl/ask.h"
#include "trustctl/cmd.h"
#include "trustctl/files.h"
#include "trustctl/subject.h"

/** Memory for the header of one message. */
#define EXAMINE_ARENA_MAX ((size_t)16 << 20)

/* What is said, about which message, and whose it is. */
struct saying {
	struct digest message;
	struct digest lead;
	struct digest sender;
	bool is_proven; /* the message says who sent it, and that is proven */
	char sender_name[PRINCIPAL_TEXT_MAX];
};

/* examine - what the reported copy itself proves */
static int
examine(const struct site *site, struct slice message, struct saying *out)
{
	const struct scanner scanner = {
		.graph = site->graph, .private_store = site->private_reader};
	struct evidence evidence = {0};
	struct arena arena;
	int rc = 0;

	arena_init(&arena, EXAMINE_ARENA_MAX);
	rc = scan_evidence(&scanner, site->settings, message, &arena, &evidence);
	if (rc == 0 && evidence.has_sender) {
		out->is_proven = evidence_is_proof(evidence.level);
		principal_digest(&evidence.sender, &out->sender);
		(void)snprintf(out->sender_name, sizeof(out->sender_name), "%.*s",
			SLICE_ARG(principal_value(&evidence.sender)));
	}
	arena_fini(&arena);
	return rc;
}

/* saying_of_file - about a message */
static int
saying_of_file(struct ctl *ctl, const struct site *site, struct saying *out)
{
	struct dynbuf message;
	struct err_msg msg;
	int rc = 0;

	dynbuf_init(&message, site->settings->max_message_size_bytes);
	rc = files_read(ctl->args[0], &message, &msg);
	if (rc != 0) {
		dynbuf_fini(&message);
		return command_fail_msg(ctl, &msg);
	}
	rc = message_digest(dynbuf_slice(&message), &out->message);
	if (rc == 0) {
		rc = message_lead(dynbuf_slice(&message), &out->lead);
	}
	if (rc == 0) {
		rc = examine(site, dynbuf_slice(&message), out);
	}
	dynbuf_fini(&message);
	return rc == 0 ? EX_OK
		       : command_fail(
				 ctl, command_status(rc), "%s: %s", ctl->args[0], err_text(rc));
}

/*
 * saying_of_sender - without a message: the administrator's word that he sends spam; one a user
 * and sender
 */
static int
saying_of_sender(struct ctl *ctl, const struct site *site, struct saying *out)
{
	const char *name = ctl->options->value[OPTION_SENDER];
	struct principal sender;
	int status = subject_parse(ctl, site->settings, name, &sender);

	if (status != EX_OK) {
		return status;
	}
	if (sender.kind != PRINCIPAL_ADDR) {
		return command_fail(
			ctl, EX_USAGE, "--sender %s: only an address sends mail", name);
	}
	principal_digest(&sender, &out->sender);
	digest_sha256_parts(
		(const struct slice[]){SLICE("trust-sender-1\n"), principal_slice(&sender)}, 2,
		&out->message);
	out->lead = out->message;
	out->is_proven = true;
	(void)snprintf(out->sender_name, sizeof(out->sender_name), "%.*s",
		SLICE_ARG(principal_value(&sender)));
	return EX_OK;
}

static struct ctl_message *
request_for(const struct ctl *ctl, const struct actor *actor, const struct saying *saying)
{
	bool forgets = options_has(ctl->options, OPTION_FORGET);
	struct ctl_message *m = ctl_message_request(forgets ? "remove" : "report");

	ask_set_digest(m, "user", &actor->digest);
	ask_set_digest(m, "message", &saying->message);
	if (m == NULL || forgets) {
		return m;
	}
	ask_set_digest(m, "lead", &saying->lead);
	ctl_message_set_bool(m, "spam", !options_has(ctl->options, OPTION_HAM));
	ctl_message_set_bool(m, "touches", saying->is_proven);
	if (saying->is_proven) {
		ask_set_digest(m, "sender", &saying->sender);
	}
	return m;
}

static const struct column columns[] = {
	{"user", "User", COLUMN_TEXT},
	{"sender", "Sender", COLUMN_TEXT},
	{"says", "Says", COLUMN_TEXT},
	{"changed", "Changed", COLUMN_BOOL},
	{"proven", "Sender proven", COLUMN_BOOL},
};

static int
print_outcome(const struct ctl *ctl, const struct actor *actor, const struct saying *saying,
	const struct ctl_message *reply)
{
	const char *says = options_has(ctl->options, OPTION_FORGET) ? "nothing"
			   : options_has(ctl->options, OPTION_HAM)  ? "ham"
								    : "spam";
	struct table table;
	bool changed = false;

	(void)ctl_message_bool(reply, "changed", &changed);
	table_init(&table, columns, ARRAY_LEN(columns));
	table_str(&table, actor->name);
	if (saying->sender_name[0] == '\0') {
		table_none(&table);
	} else {
		table_str(&table, saying->sender_name);
	}
	table_str(&table, says);
	table_bool(&table, changed);
	table_bool(&table, saying->is_proven);
	return cmd_print_record(ctl, &table);
}

static int
check_call(const struct ctl *ctl)
{
	const struct options *o = ctl->options;

	if (options_has(o, OPTION_SENDER) == (ctl->arg_count > 0)) {
		return command_fail(ctl, EX_USAGE, "either FILE or --sender ADDRESS is needed");
	}
	if (options_has(o, OPTION_HAM) && options_has(o, OPTION_FORGET)) {
		return command_fail(ctl, EX_USAGE, "either --ham or --forget, not both");
	}
	return EX_OK;
}

static int
report(struct ctl *ctl, struct site *site, void *arg)
{
	struct saying saying = {0};
	struct ctl_message *reply = NULL;
	struct actor actor;
	struct err_msg msg;
	int status = actor_find(ctl, site, &actor);

	(void)arg;
	if (site_end(site, &msg) != 0) {
		return command_fail_msg(ctl, &msg);
	}
	if (status == EX_OK) {
		status = ctl->arg_count > 0 ? saying_of_file(ctl, site, &saying)
					    : saying_of_sender(ctl, site, &saying);
	}
	if (status == EX_OK) {
		status = ask_spamd(
			ctl, site->settings, request_for(ctl, &actor, &saying), &reply);
	}
	if (status == EX_OK) {
		status = print_outcome(ctl, &actor, &saying, reply);
	}
	ctl_message_free(reply);
	return status;
}

int
cmd_report(struct ctl *ctl)
{
	int status = check_call(ctl);

	return status == EX_OK ? cmd_with_site(ctl, SITE_READ, report, NULL) : status;
}

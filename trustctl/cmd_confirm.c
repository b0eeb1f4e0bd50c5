#include <stdio.h>
#include <sysexits.h>

#include "trustctl/ask.h"
#include "trustctl/cmd.h"

/* A confirmation: of who stands behind an address, or of which domain signs for it. */
struct confirmation {
	struct cmd_case about;
	bool is_identity;
};

static int
store_identity(void *ctx, struct site_txn *txn, struct err_msg *msg)
{
	struct confirmation *c = ctx;

	return entry_store(txn, &c->about.actor, &c->about.subject, &c->about.entry, msg);
}

/* confirm_identity - in the private store, which needs no daemon */
static int
confirm_identity(struct ctl *ctl, struct site *site, struct confirmation *c)
{
	const char *text = ctl->options->value[OPTION_IDENTITY];
	struct private_entry *record = &c->about.entry.record;
	struct err_msg msg;

	if (thumbprint_parse(slice_str(text), &record->identity) != 0) {
		return command_fail(ctl, EX_USAGE,
			"--identity %s: a thumbprint has 43 characters of base64url", text);
	}
	record->has_identity = true;
	if (!c->about.entry.existed) {
		record->origin = PRIVATE_BY_HAND;
	}
	return site_update(site, store_identity, c, &msg) == 0 ? EX_OK
							       : command_fail_msg(ctl, &msg);
}

static const struct column columns[] = {
	{"user", "User", COLUMN_TEXT},
	{"address", "Address", COLUMN_TEXT},
	{"domain", "Signed by", COLUMN_TEXT},
	{"changed", "Changed", COLUMN_BOOL},
};

static int
print_outcome(
	const struct ctl *ctl, const struct confirmation *c, const struct ctl_message *reply)
{
	struct slice domain = {0};
	struct table table;
	bool changed = false;

	(void)ctl_message_bool(reply, "changed", &changed);
	(void)ctl_message_text(reply, "domain", &domain);
	table_init(&table, columns, ARRAY_LEN(columns));
	table_str(&table, c->about.actor.name);
	table_text(&table, principal_value(&c->about.subject));
	table_text(&table, domain);
	table_bool(&table, changed);
	return cmd_print_record(ctl, &table);
}

/* confirm_domain - by the daemon, in the ledger */
static int
confirm_domain(struct ctl *ctl, struct site *site, struct confirmation *c)
{
	const char *text = ctl->options->value[OPTION_SIGNER];
	struct ctl_message *request = NULL;
	struct ctl_message *reply = NULL;
	struct principal domain = {0};
	struct digest address;
	int status = EX_OK;

	if (text != NULL && (principal_parse_human(slice_str(text), true, &domain, NULL) != 0 ||
				    domain.kind != PRINCIPAL_DOM)) {
		return command_fail(ctl, EX_USAGE, "--signer %s: not a domain name", text);
	}
	request = ctl_message_request("confirm");
	principal_digest(&c->about.subject, &address);
	ask_set_digest(request, "user", &c->about.actor.digest);
	ask_set_digest(request, "address", &address);
	if (request != NULL) {
		ctl_message_set_text(
			request, "domain", text == NULL ? SLICE("") : principal_value(&domain));
	}
	status = ask_spamd(ctl, site->settings, request, &reply);
	if (status == EX_OK) {
		status = print_outcome(ctl, c, reply);
	}
	ctl_message_free(reply);
	return status;
}

static int
confirm(struct ctl *ctl, struct site *site, void *arg)
{
	struct confirmation *c = arg;
	struct err_msg msg;
	int status = EX_OK;

	if (site_end(site, &msg) != 0) {
		return command_fail_msg(ctl, &msg);
	}
	status = cmd_case_load(ctl, site, &c->about);
	if (status != EX_OK) {
		return status;
	}
	if (c->about.subject.kind != PRINCIPAL_ADDR) {
		return command_fail(ctl, EX_USAGE, "only an address can be confirmed, not %s",
			c->about.subject.text);
	}
	return c->is_identity ? confirm_identity(ctl, site, c) : confirm_domain(ctl, site, c);
}

int
cmd_friend_confirm(struct ctl *ctl)
{
	struct confirmation c = {.is_identity = options_has(ctl->options, OPTION_IDENTITY)};

	if (c.is_identity && options_has(ctl->options, OPTION_SIGNER)) {
		return command_fail(ctl, EX_USAGE, "either --identity or --signer, not both");
	}
	return cmd_with_site(ctl, c.is_identity ? SITE_WRITE : SITE_READ, confirm, &c);
}

#include <inttypes.h>
#include <sysexits.h>

#include "trustctl/cmd.h"
#include "trustctl/enrol.h"

static const struct column columns[] = {
	{"store", "Store", COLUMN_TEXT},
	{"domain", "Domain", COLUMN_TEXT},
	{"identity", "Site identity", COLUMN_TEXT},
};

/* existing_domain - the domain of a store that was made before, in a copy; false without one */
static bool
existing_domain(struct site *site, struct principal *domain, struct thumbprint *identity,
	struct err_msg *msg, int *rc)
{
	struct actor actor;
	bool found = false;

	*rc = site_begin(site, msg);
	if (*rc != 0) {
		return false;
	}
	if (actor_find_site(site, &actor, msg) == 0) {
		struct slice text = private_site_domain(site->private_reader);

		found = principal_parse_human(text, true, domain, NULL) == 0;
		*identity = actor.identity;
	}
	*rc = site_end(site, msg);
	return found && *rc == 0;
}

static int
print_site(const struct ctl *ctl, struct slice domain, const struct thumbprint *identity,
	bool existed)
{
	struct table table;

	if (!ctl->print.json) {
		(void)fprintf(ctl->print.out, "%s\n",
			existed ? "The store is there already; nothing was changed."
				: "The store is ready.");
	}
	table_init(&table, columns, ARRAY_LEN(columns));
	table_str(&table, ctl->root);
	table_text(&table, domain);
	table_str(&table, identity->text);
	return cmd_print_record(ctl, &table);
}

static int
init(struct ctl *ctl, struct site *site, void *arg)
{
	const struct principal *domain = arg;
	struct principal existing;
	struct thumbprint identity;
	struct err_msg msg;
	int rc;
	bool existed = existing_domain(site, &existing, &identity, &msg, &rc);

	if (rc != 0) {
		return command_fail_msg(ctl, &msg);
	}
	if (existed && !slice_eq(principal_slice(&existing), principal_slice(domain))) {
		return command_fail(ctl, EX_CANTCREAT,
			"the store at %s is already that of %s; its domain cannot be changed",
			ctl->root, existing.text + strlen("dom:"));
	}
	if (!existed && enrol_site(site, ctl, principal_value(domain), &identity, &msg) != 0) {
		return command_fail_msg(ctl, &msg);
	}
	return print_site(ctl, principal_value(domain), &identity, existed);
}

int
cmd_init(struct ctl *ctl)
{
	const char *name = ctl->options->value[OPTION_DOMAIN];
	struct principal domain;
	struct err_msg msg;

	if (principal_parse_human(slice_str(name), true, &domain, &msg) != 0) {
		return command_fail(ctl, EX_USAGE, "--domain %s: %s", name, msg.text);
	}
	if (domain.kind != PRINCIPAL_DOM) {
		return command_fail(ctl, EX_USAGE, "--domain %s: not a domain name", name);
	}
	return cmd_with_site(ctl, SITE_CREATE, init, &domain);
}

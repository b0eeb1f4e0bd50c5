#include "trustctl/cmd.h"

#include <sysexits.h>

#include "trustctl/subject.h"

/* fail_open - an error in the configuration has an exit status of its own */
static int
fail_open(const struct ctl *ctl, const struct site *site, const struct err_msg *msg)
{
	if (site->settings == NULL && msg->code == ERR_INVALID) {
		return command_fail(ctl, EX_CONFIG, "%s", msg->text);
	}
	return command_fail_msg(ctl, msg);
}

int
cmd_with_site(struct ctl *ctl, enum site_mode mode, cmd_site_fn *work, void *arg)
{
	struct site site;
	struct err_msg msg;
	int rc = site_open(&site, ctl, mode, &msg);

	if (rc == 0 && mode == SITE_READ) {
		rc = site_begin(&site, &msg);
	}
	int status = rc == 0 ? work(ctl, &site, arg) : fail_open(ctl, &site, &msg);

	/* What was printed from a store that failed meanwhile is not to be relied on. */
	if (site_end(&site, &msg) != 0 && status == EX_OK) {
		status = command_fail_msg(ctl, &msg);
	}
	site_close(&site);
	return status;
}

int
cmd_print_table(const struct ctl *ctl, struct table *table)
{
	int rc = table_print(table, &ctl->print);

	table_fini(table);
	return rc == 0 ? EX_OK : command_fail(ctl, command_status(rc), "%s", err_text(rc));
}

int
cmd_print_record(const struct ctl *ctl, struct table *table)
{
	int rc = table_print_record(table, &ctl->print);

	table_fini(table);
	return rc == 0 ? EX_OK : command_fail(ctl, command_status(rc), "%s", err_text(rc));
}

int
cmd_case_load(struct ctl *ctl, struct site *site, struct cmd_case *out)
{
	struct err_msg msg;

	if (site_begin(site, &msg) != 0) {
		return command_fail_msg(ctl, &msg);
	}
	int status = actor_find(ctl, site, &out->actor);

	if (status == EX_OK) {
		status = subject_parse(ctl, site->settings, ctl->args[0], &out->subject);
	}
	if (status == EX_OK) {
		entry_load(site, &out->actor, &out->subject, ctl->now_s, &out->entry);
	}
	if (site_end(site, &msg) != 0 && status == EX_OK) {
		status = command_fail_msg(ctl, &msg);
	}
	return status;
}

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "trustctl/cmd.h"
#include "trustctl/files.h"
#include "trustctl/ledger_file.h"
#include "trustctl/subject.h"
#include "trustctl/verdict_print.h"

/** Memory of one scan, as much as the daemon gives a request. */
#define SCAN_ARENA_MAX ((size_t)64 << 20)

/* What is to be looked at: a message, or a sender that is only named. */
struct target {
	struct dynbuf message;
	bool is_address;
	struct principal sender;
	bool explain;
};

/* look - scans in the open stores; the scan takes its own snapshots */
static int
look(struct ctl *ctl, struct site *site, struct ledger_file *ledger, struct target *target)
{
	const struct scanner scanner = {
		.graph = site->graph,
		.private_store = site->private_reader,
		.ledger = ledger->store == NULL ? NULL : &ledger->desk,
	};
	const struct scan_request request = {
		.message = dynbuf_slice(&target->message),
		.user = slice_str(ctl->options->value[OPTION_USER]),
		.now_s = ctl->now_s,
		.show_private = target->explain,
	};
	struct verdict verdict;
	struct arena arena;

	arena_init(&arena, SCAN_ARENA_MAX);
	int rc = target->is_address
			 ? scan_address(&scanner, site->settings, &target->sender, &request,
				   &arena, &verdict)
			 : scan_message(&scanner, site->settings, &request, &arena, &verdict);

	if (rc == 0) {
		rc = verdict_print(&ctl->print, &verdict, target->explain);
	}
	bool unreadable = rc == 0 && verdict.details->rule == TRUST_RULE_NO_STORE;

	arena_fini(&arena);
	if (rc != 0) {
		return command_fail(ctl, command_status(rc), "%s", err_text(rc));
	}
	return unreadable ? command_fail(
				    ctl, EX_IOERR, "the store in %s cannot be read", ctl->root)
			  : EX_OK;
}

/* look_with_ledger - what was spent and reported counts, but nothing is spent here */
static int
look_with_ledger(struct ctl *ctl, struct site *site, struct target *target)
{
	struct ledger_file ledger;
	struct err_msg msg;
	int status = ledger_file_open(ctl, &ledger, &msg) == 0
			     ? look(ctl, site, &ledger, target)
			     : command_fail_msg(ctl, &msg);

	ledger_file_close(&ledger);
	return status;
}

/* check_user - a mistyped user would silently be scored as the site */
static int
check_user(const struct ctl *ctl, struct site *site)
{
	const char *name = ctl->options->value[OPTION_USER];
	struct actor actor;

	if (name != NULL && actor_find_user(site, name, &actor) != 0) {
		return command_fail(ctl, EX_NOUSER,
			"no user \"%s\" here; \"trustctl user list\" shows all", name);
	}
	return EX_OK;
}

static int
scan_in_site(struct ctl *ctl, struct site *site, void *arg)
{
	struct err_msg msg;
	int status = check_user(ctl, site);

	if (site_end(site, &msg) != 0) {
		return command_fail_msg(ctl, &msg);
	}
	return status == EX_OK ? look_with_ledger(ctl, site, arg) : status;
}

static int
read_and_scan(struct ctl *ctl, struct site *site, void *arg)
{
	struct target *target = arg;
	struct err_msg msg;

	dynbuf_init(&target->message, site->settings->max_message_size_bytes);
	int status = files_read(ctl->args[0], &target->message, &msg) == 0
			     ? scan_in_site(ctl, site, target)
			     : command_fail_msg(ctl, &msg);

	dynbuf_fini(&target->message);
	return status;
}

int
cmd_scan(struct ctl *ctl)
{
	struct target target = {.explain = false};

	return cmd_with_site(ctl, SITE_READ, read_and_scan, &target);
}

static int
explain(struct ctl *ctl, struct site *site, void *arg)
{
	struct target *target = arg;
	const char *name = ctl->args[0];

	if (strcmp(name, "-") == 0 || access(name, F_OK) == 0) {
		return read_and_scan(ctl, site, target);
	}
	if (strchr(name, '@') == NULL) {
		return command_fail(
			ctl, EX_NOINPUT, "%s is neither a file nor an address", name);
	}
	int status = subject_parse(ctl, site->settings, name, &target->sender);

	if (status == EX_OK && target->sender.kind != PRINCIPAL_ADDR) {
		return command_fail(ctl, EX_USAGE, "%s: only an address can send mail", name);
	}
	target->is_address = true;
	return status == EX_OK ? scan_in_site(ctl, site, target) : status;
}

int
cmd_why(struct ctl *ctl)
{
	struct target target = {.explain = true};

	return cmd_with_site(ctl, SITE_READ, explain, &target);
}

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "trustctl/cmd.h"
#include "trustctl/import_job.h"
#include "trustctl/subject.h"

/** Faults told one by one; beyond, only their number. */
#define FAULTS_SHOWN 20
/** Columns of the summary that also make sense for address books. */
#define BOOK_COLUMNS 8
#define OWN_TEXT_MAX ((size_t)64 * 1024)

void
import_fault(struct import_job *job, const char *file, uint64_t line, const char *text)
{
	struct err_msg msg;

	(void)err_set(&msg, ERR_INVALID, "%s:%" PRIu64 ": %s", file, line, text);
	import_fault_msg(job, &msg);
}

void
import_fault_msg(struct import_job *job, const struct err_msg *why)
{
	job->faults++;
	if (job->faults <= FAULTS_SHOWN) {
		command_warn(job->ctl, "%s; skipped", why->text);
	} else if (job->faults == FAULTS_SHOWN + 1) {
		command_warn(job->ctl, "further faults are only counted");
	}
}

int
import_status(const struct import_job *job, int rc, const struct err_msg *msg)
{
	if (rc == 0) {
		return EX_OK;
	}
	return msg->code != 0 ? command_fail_msg(job->ctl, msg)
			      : command_fail(job->ctl, command_status(rc), "%s", err_text(rc));
}

static const struct import_kind kinds[] = {
	{"sent", import_read_sent, true},
	{"mbox", import_read_mbox, true},
	{"maildir", import_read_maildir, true},
	{"vcard", import_read_vcard, false},
	{"mutt", import_read_mutt, false},
};

/* add_own - a canonical address; a login name becomes name@domain of the site */
static int
add_own(struct import_job *job, struct slice name, struct slice domain)
{
	struct slice copy;

	if (slice_find_byte(name, '@') < name.len) {
		copy = arena_copy(&job->texts, name);
	} else {
		copy = slice_str(arena_printf(
			&job->texts, "%.*s@%.*s", SLICE_ARG(name), SLICE_ARG(domain)));
	}
	if (copy.data == NULL) {
		return ERR_NOMEM;
	}
	job->own[job->own_count++] = copy;
	return 0;
}

/* find_own - the addresses the user writes from */
static int
find_own(struct import_job *job, struct site *site)
{
	struct slice aliases[PRIVATE_ALIASES_MAX];
	struct slice domain = private_site_domain(site->private_reader);
	size_t count = private_aliases(
		site->private_reader, &job->actor.digest, aliases, PRIVATE_ALIASES_MAX);
	int rc = add_own(job, slice_str(job->actor.name), domain);

	for (size_t i = 0; rc == 0 && i < count; i++) {
		rc = add_own(job, aliases[i], domain);
	}
	return rc;
}

static void
count_actions(const struct import_job *job, uint64_t counts[IMPORT_ACTION_COUNT])
{
	for (size_t i = 0; i < job->plan.count; i++) {
		counts[job->plan.rows[i].action]++;
	}
}

static int
print_plan(const struct import_job *job)
{
	static const struct column columns[] = {
		{"address", "ADDRESS", COLUMN_TEXT},
		{"action", "ACTION", COLUMN_TEXT},
		{"level", "LEVEL", COLUMN_TEXT},
		{"origin", "ORIGIN", COLUMN_TEXT},
		{"sent", "SENT", COLUMN_NUMBER},
		{"received", "RECEIVED", COLUMN_NUMBER},
		{"last_mail", "LAST MAIL", COLUMN_TIME},
	};
	struct table table;

	table_init(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < job->plan.count; i++) {
		const struct import_row *row = &job->plan.rows[i];

		table_text(&table, row->address);
		table_str(&table, import_action_name(row->action));
		table_str(&table, trust_level_name(row->level));
		table_str(&table, row->origin == PRIVATE_BY_HAND ? "by hand" : "learned");
		table_number(&table, row->sent);
		table_number(&table, row->received);
		table_number(&table, row->last_mail_s);
	}
	return cmd_print_table(job->ctl, &table);
}

/* print_summary - the columns of the second half are for mail only */
static int
print_summary(const struct import_job *job)
{
	static const struct column columns[] = {
		{"added", "Added", COLUMN_NUMBER},
		{"raised", "Raised to a higher level", COLUMN_NUMBER},
		{"refreshed", "Newer mail noted", COLUMN_NUMBER},
		{"kept", "Already there", COLUMN_NUMBER},
		{"blocked", "Blocked, left alone", COLUMN_NUMBER},
		{"expired", "No mail for 400 days, left out", COLUMN_NUMBER},
		{"robots", "No-reply and list addresses, left out", COLUMN_NUMBER},
		{"faults", "Malformed, skipped", COLUMN_NUMBER},
		{"written", "Messages you wrote to people", COLUMN_NUMBER},
		{"foreign", "Messages by others", COLUMN_NUMBER},
		{"forged", "Messages in your name from outside", COLUMN_NUMBER},
		{"list_mail", "Messages of mailing lists", COLUMN_NUMBER},
		{"automatic", "Automatic messages", COLUMN_NUMBER},
		{"no_recipients", "Messages to nobody who counts", COLUMN_NUMBER},
	};
	uint64_t actions[IMPORT_ACTION_COUNT] = {0};
	struct table table;

	count_actions(job, actions);
	table_init(&table, columns, job->kind->is_mail ? ARRAY_LEN(columns) : BOOK_COLUMNS);
	for (size_t i = 0; i < IMPORT_ACTION_COUNT; i++) {
		table_number(&table, actions[i]);
	}
	table_number(&table, job->robots);
	table_number(&table, job->faults);
	if (job->kind->is_mail) {
		table_number(&table, job->messages[CONTACTS_TAKEN]);
		table_number(&table, job->messages[CONTACTS_FOREIGN]);
		table_number(&table, job->messages[CONTACTS_FORGED]);
		table_number(&table, job->messages[CONTACTS_LIST_MAIL]);
		table_number(&table, job->messages[CONTACTS_AUTOMATIC]);
		table_number(&table, job->messages[CONTACTS_NO_RECIPIENTS]);
	}
	return cmd_print_record(job->ctl, &table);
}

/* decide - in a snapshot; an exit status */
static int
decide(struct import_job *job, struct site *site)
{
	int rc = import_plan_decide(&job->plan, site, &job->actor, job->ctl->now_s);

	return rc == 0 ? EX_OK : command_fail(job->ctl, command_status(rc), "%s", err_text(rc));
}

static int
show(struct ctl *ctl, struct site *site, void *arg)
{
	struct import_job *job = arg;
	int status = decide(job, site);

	(void)ctl;
	return status == EX_OK ? print_plan(job) : status;
}

static int
apply(struct ctl *ctl, struct site *site, void *arg)
{
	struct import_job *job = arg;
	struct err_msg msg;

	if (site_begin(site, &msg) != 0) {
		return command_fail_msg(ctl, &msg);
	}
	int status = decide(job, site);

	if (site_end(site, &msg) != 0 && status == EX_OK) {
		status = command_fail_msg(ctl, &msg);
	}
	if (status != EX_OK) {
		return status;
	}
	if (import_plan_apply(&job->plan, site, &job->actor, &msg) != 0) {
		return command_fail_msg(ctl, &msg);
	}
	return print_summary(job);
}

/* prepare - who it is for, and which addresses are his */
static int
prepare(struct ctl *ctl, struct site *site, void *arg)
{
	struct import_job *job = arg;
	int status = subject_level(ctl, 0, false, &job->level);

	job->fold_local_part = site->settings->fold_local_part;
	status = status == EX_OK ? actor_find(ctl, site, &job->actor) : status;
	if (status == EX_OK && find_own(job, site) != 0) {
		status = command_fail(ctl, EX_OSERR, "out of memory");
	}
	return status;
}

/*
 * refuse_other_kind - a file with something in it, and nothing of the kind that was named: most
 * likely the wrong file or the wrong kind. Empty files and folders are fine.
 */
static int
refuse_other_kind(const struct import_job *job)
{
	uint64_t found = job->cards;
	struct stat st = {0};

	for (size_t i = 0; i < CONTACTS_RESULT_COUNT; i++) {
		found += i == CONTACTS_MALFORMED ? 0 : job->messages[i];
	}
	if (found > 0 ||
		(job->faults == 0 && (stat(job->path, &st) != 0 || S_ISDIR(st.st_mode) ||
					     st.st_size == 0))) {
		return EX_OK;
	}
	return command_fail(job->ctl, EX_DATAERR,
		"there is no %s in %s; is it of another kind?",
		job->kind->is_mail ? "mail" : "address book entry", job->path);
}

/* run - the long reading happens while the store is closed and nobody has to wait */
static int
run(struct import_job *job)
{
	bool dry_run = options_has(job->ctl->options, OPTION_DRY_RUN);
	int status = cmd_with_site(job->ctl, SITE_READ, prepare, job);

	status = status == EX_OK ? job->kind->read(job) : status;
	status = status == EX_OK ? refuse_other_kind(job) : status;
	if (status != EX_OK) {
		return status;
	}
	return dry_run ? cmd_with_site(job->ctl, SITE_READ, show, job)
		       : cmd_with_site(job->ctl, SITE_WRITE, apply, job);
}

static const struct import_kind *
find_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(name, kinds[i].name) == 0) {
			return &kinds[i];
		}
	}
	return NULL;
}

int
cmd_import(struct ctl *ctl)
{
	const struct import_kind *kind = find_kind(ctl->args[0]);

	if (kind == NULL) {
		return command_fail(ctl, EX_USAGE,
			"unknown kind \"%s\": must be sent, mbox, maildir, vcard or mutt",
			ctl->args[0]);
	}
	struct import_job *job = calloc(1, sizeof(*job));

	if (job == NULL) {
		return command_fail(ctl, EX_OSERR, "out of memory");
	}
	job->ctl = ctl;
	job->kind = kind;
	job->path = ctl->args[1];
	arena_init(&job->texts, OWN_TEXT_MAX);
	import_plan_init(&job->plan);

	int status = run(job);

	import_plan_fini(&job->plan);
	arena_fini(&job->texts);
	free(job);
	return status;
}

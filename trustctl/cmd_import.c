#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/mail/address_list.h"
#include "trustctl/cmd.h"
#include "trustctl/import/contacts.h"
#include "trustctl/import/file_lines.h"
#include "trustctl/import/mail_source.h"
#include "trustctl/import/mutt_alias.h"
#include "trustctl/import/vcard.h"
#include "trustctl/import_plan.h"
#include "trustctl/subject.h"

/** Faults told one by one; beyond, only their number. */
#define FAULTS_SHOWN 20
#define SCRATCH_MAX  ((size_t)1 << 20)
#define OWN_MAX      (1 + PRIVATE_ALIASES_MAX)
#define OWN_TEXT_MAX ((size_t)64 * 1024)

/* One import from start to end. */
struct import {
	struct ctl *ctl;
	struct actor actor;
	const char *path;
	size_t kind;        /* index into kinds */
	unsigned int level; /* of --level, 0 without */
	bool fold;
	struct arena texts; /* own addresses */
	struct slice own[OWN_MAX];
	size_t own_count;
	struct arena scratch;
	struct contacts contacts;
	uint64_t messages[CONTACTS_RESULT_COUNT];
	uint64_t robots;
	uint64_t faults;
	struct import_plan plan;
};

/** @return an exit status, having said why. */
typedef int import_read_fn(struct import *im);

static void
fault(struct import *im, const char *file, uint64_t line, const char *text)
{
	im->faults++;
	if (im->faults <= FAULTS_SHOWN) {
		command_warn(
			im->ctl, "%s:%llu: %s; skipped", file, (unsigned long long)line, text);
	} else if (im->faults == FAULTS_SHOWN + 1) {
		command_warn(im->ctl, "further faults are only counted");
	}
}

/* --- mail -------------------------------------------------------------------------------- */

static int
collect(void *ctx, const struct mail_source_message *message)
{
	struct import *im = ctx;
	enum contacts_result result;
	int rc = contacts_collect(&im->contacts, message->header.header, &result);

	if (rc != 0) {
		return rc;
	}
	im->messages[result]++;
	if (result == CONTACTS_MALFORMED) {
		fault(im, message->file, message->header.line, "no usable From");
	} else if (message->header.cut) {
		fault(im, message->file, message->header.line, "the end of a huge header");
	}
	return 0;
}

static int
reply(void *ctx, const struct mail_source_message *message)
{
	struct import *im = ctx;
	enum contacts_result result;

	return contacts_reply(&im->contacts, message->header.header, &result);
}

static void
unreadable(void *ctx, const struct err_msg *why)
{
	struct import *im = ctx;

	im->faults++;
	if (im->faults <= FAULTS_SHOWN) {
		command_warn(im->ctl, "%s; skipped", why->text);
	}
}

/* unreadable_again - the first pass told of it */
static void
unreadable_again(void *ctx, const struct err_msg *why)
{
	(void)ctx;
	(void)why;
}

static int
read_pass(struct import *im, bool first, uint64_t size)
{
	struct progress bar;
	const struct mail_source source = {
		.path = im->path,
		.bar = &bar,
		.ctx = im,
		.message = first ? collect : reply,
		.unreadable = first ? unreadable : unreadable_again,
	};
	struct err_msg msg = {0};

	progress_start(&bar, &im->ctl->print, first ? "reading" : "looking for replies", size);
	int rc = mail_source_read(&source, &msg);

	progress_end(&bar);
	if (rc == 0) {
		return EX_OK;
	}
	return msg.code != 0 ? command_fail_msg(im->ctl, &msg)
			     : command_fail(im->ctl, command_status(rc), "%s", err_text(rc));
}

/* plan_contacts - rows for everybody the user wrote to */
static int
plan_contacts(struct import *im)
{
	contacts_sort(&im->contacts);
	for (size_t i = 0; i < contacts_count(&im->contacts); i++) {
		const struct contact *contact = contacts_at(&im->contacts, i);
		unsigned int level = contact_level(contact);
		const struct import_row row = {
			.address = contact->address,
			.sent = contact->sent,
			.received = contact->received,
			.last_mail_s = contact->last_mail_s,
			.level = (uint8_t)(im->level != 0 ? im->level : level),
			.origin = im->level != 0 ? PRIVATE_BY_HAND : PRIVATE_LEARNED,
		};
		int rc = level == 0 ? 0 : import_plan_add(&im->plan, &row);

		if (rc != 0) {
			return command_fail(im->ctl, command_status(rc), "%s", err_text(rc));
		}
	}
	return EX_OK;
}

static int
read_mail(struct import *im, bool replies)
{
	struct err_msg msg;
	uint64_t size;

	if (mail_source_size(im->path, &size, &msg) != 0) {
		return command_fail_msg(im->ctl, &msg);
	}
	contacts_init(&im->contacts, im->own, im->own_count, im->fold, im->ctl->now_s);
	int status = read_pass(im, true, size);

	if (status == EX_OK && replies && contacts_count(&im->contacts) > 0) {
		status = read_pass(im, false, size);
	}
	im->robots = im->contacts.skipped_noreply;
	if (im->contacts.skipped_full > 0) {
		command_warn(im->ctl, "more than %zu contacts; %llu further ones left out",
			CONTACTS_MAX, (unsigned long long)im->contacts.skipped_full);
	}
	status = status == EX_OK ? plan_contacts(im) : status;
	contacts_fini(&im->contacts);
	return status;
}

static int
read_sent(struct import *im)
{
	return read_mail(im, false);
}

static int
require_kind(struct import *im, bool maildir)
{
	struct err_msg msg;
	bool is_maildir;

	if (mail_source_is_maildir(im->path, &is_maildir, &msg) != 0) {
		return command_fail_msg(im->ctl, &msg);
	}
	if (is_maildir != maildir) {
		return command_fail(im->ctl, EX_DATAERR, "%s is a %s; try: import %s %s",
			im->path, is_maildir ? "directory" : "file",
			is_maildir ? "maildir" : "mbox", im->path);
	}
	return EX_OK;
}

static int
read_mbox(struct import *im)
{
	int status = require_kind(im, false);

	return status == EX_OK ? read_mail(im, true) : status;
}

static int
read_maildir(struct import *im)
{
	int status = require_kind(im, true);

	return status == EX_OK ? read_mail(im, true) : status;
}

/* --- address books ----------------------------------------------------------------------- */

static bool
is_own(const struct import *im, struct slice address)
{
	for (size_t i = 0; i < im->own_count; i++) {
		if (slice_eq(im->own[i], address)) {
			return true;
		}
	}
	return false;
}

/* take_addresses - the addresses of one entry of an address book; `name` may be empty */
static int
take_addresses(struct import *im, struct slice text, struct slice name, uint64_t line)
{
	struct address_list list;

	arena_reset(&im->scratch);
	int rc = address_list_parse(text, im->fold, &im->scratch, &list);

	if (rc == 0 && (list.malformed || list.count == 0)) {
		fault(im, im->path, line, "not a mail address");
	}
	for (size_t i = 0; rc == 0 && i < list.count; i++) {
		const struct mailbox *mailbox = &list.items[i];
		const struct import_row row = {
			.address = mailbox->address,
			.note = name.len > 0 ? name : mailbox->display_name,
			.level = (uint8_t)(im->level != 0 ? im->level : TRUST_LEVEL_ORDINARY),
			.origin = PRIVATE_BY_HAND,
		};

		if (contacts_is_robot(mailbox->address)) {
			im->robots++;
		} else if (!is_own(im, mailbox->address)) {
			rc = import_plan_add(&im->plan, &row);
		}
	}
	return rc;
}

struct vcard_reading {
	struct import *im;
	struct vcard vcard;
};

static int
take_card(struct vcard_reading *r, enum vcard_status status)
{
	const struct vcard *v = &r->vcard;
	int rc = 0;

	if (status == VCARD_ERROR) {
		fault(r->im, r->im->path, v->error_line, v->error);
	}
	for (size_t i = 0; status == VCARD_CARD && rc == 0 && i < v->email_count; i++) {
		rc = take_addresses(r->im, slice_of(v->emails[i].text, v->emails[i].len),
			slice_of(v->name.text, v->name.len), v->email_lines[i]);
	}
	return rc;
}

static int
take_vcard_line(void *ctx, const struct line *line)
{
	struct vcard_reading *r = ctx;

	return take_card(r, vcard_feed(&r->vcard, line));
}

struct mutt_reading {
	struct import *im;
	struct mutt_alias mutt;
};

static int
take_alias(struct mutt_reading *r, enum mutt_alias_status status)
{
	if (status == MUTT_ALIAS_ERROR) {
		fault(r->im, r->im->path, r->mutt.line_number, r->mutt.error);
	}
	return status == MUTT_ALIAS_ENTRY ? take_addresses(r->im, r->mutt.addresses,
						    (struct slice){0}, r->mutt.line_number)
					  : 0;
}

static int
take_mutt_line(void *ctx, const struct line *line)
{
	struct mutt_reading *r = ctx;

	return take_alias(r, mutt_alias_feed(&r->mutt, line));
}

/* report_reading - the exit status of reading an address book */
static int
report_reading(const struct import *im, int rc, const struct err_msg *msg)
{
	if (rc == 0) {
		return EX_OK;
	}
	return msg->code != 0 ? command_fail_msg(im->ctl, msg)
			      : command_fail(im->ctl, command_status(rc), "%s", err_text(rc));
}

static int
read_vcard(struct import *im)
{
	struct vcard_reading *r = malloc(sizeof(*r));
	struct err_msg msg = {0};

	if (r == NULL) {
		return command_fail(im->ctl, EX_OSERR, "out of memory");
	}
	r->im = im;
	vcard_init(&r->vcard);
	int rc = file_lines_read(im->path, NULL, take_vcard_line, r, &msg);

	if (rc == 0) {
		rc = take_card(r, vcard_finish(&r->vcard));
	}
	free(r);
	return report_reading(im, rc, &msg);
}

static int
read_mutt(struct import *im)
{
	struct mutt_reading *r = malloc(sizeof(*r));
	struct err_msg msg = {0};

	if (r == NULL) {
		return command_fail(im->ctl, EX_OSERR, "out of memory");
	}
	r->im = im;
	mutt_alias_init(&r->mutt);
	int rc = file_lines_read(im->path, NULL, take_mutt_line, r, &msg);

	if (rc == 0) {
		rc = take_alias(r, mutt_alias_finish(&r->mutt));
	}
	free(r);
	return report_reading(im, rc, &msg);
}

/* --- the command ------------------------------------------------------------------------- */

static const struct {
	const char *name;
	import_read_fn *read;
	bool is_mail;
} kinds[] = {
	{"sent", read_sent, true},
	{"mbox", read_mbox, true},
	{"maildir", read_maildir, true},
	{"vcard", read_vcard, false},
	{"mutt", read_mutt, false},
};

/* add_own - a canonical address; a login name becomes name@domain of the site */
static int
add_own(struct import *im, struct slice name, struct slice domain)
{
	struct slice copy;

	if (slice_find_byte(name, '@') < name.len) {
		copy = arena_copy(&im->texts, name);
	} else {
		copy = slice_str(arena_printf(
			&im->texts, "%.*s@%.*s", SLICE_ARG(name), SLICE_ARG(domain)));
	}
	if (copy.data == NULL) {
		return ERR_NOMEM;
	}
	im->own[im->own_count++] = copy;
	return 0;
}

/* find_own - the addresses the user writes from */
static int
find_own(struct import *im, struct site *site)
{
	struct slice aliases[PRIVATE_ALIASES_MAX];
	struct slice domain = private_site_domain(site->private_reader);
	size_t count = private_aliases(
		site->private_reader, &im->actor.digest, aliases, PRIVATE_ALIASES_MAX);
	int rc = add_own(im, slice_str(im->actor.name), domain);

	for (size_t i = 0; rc == 0 && i < count; i++) {
		rc = add_own(im, aliases[i], domain);
	}
	return rc;
}

static void
count_actions(const struct import *im, uint64_t counts[IMPORT_ACTION_COUNT])
{
	for (size_t i = 0; i < im->plan.count; i++) {
		counts[im->plan.rows[i].action]++;
	}
}

static int
print_plan(const struct import *im)
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
	for (size_t i = 0; i < im->plan.count; i++) {
		const struct import_row *row = &im->plan.rows[i];

		table_text(&table, row->address);
		table_str(&table, import_action_name(row->action));
		table_str(&table, trust_level_name(row->level));
		table_str(&table, row->origin == PRIVATE_BY_HAND ? "by hand" : "learned");
		table_number(&table, row->sent);
		table_number(&table, row->received);
		table_number(&table, row->last_mail_s);
	}
	return cmd_print_table(im->ctl, &table);
}

static int
print_summary(const struct import *im, bool is_mail)
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
		{"list_mail", "Messages of mailing lists", COLUMN_NUMBER},
		{"automatic", "Automatic messages", COLUMN_NUMBER},
		{"no_recipients", "Messages to nobody who counts", COLUMN_NUMBER},
	};
	uint64_t actions[IMPORT_ACTION_COUNT] = {0};
	struct table table;

	count_actions(im, actions);
	table_init(&table, columns, is_mail ? ARRAY_LEN(columns) : 8);
	for (size_t i = 0; i < IMPORT_ACTION_COUNT; i++) {
		table_number(&table, actions[i]);
	}
	table_number(&table, im->robots);
	table_number(&table, im->faults);
	if (is_mail) {
		table_number(&table, im->messages[CONTACTS_TAKEN]);
		table_number(&table, im->messages[CONTACTS_FOREIGN]);
		table_number(&table, im->messages[CONTACTS_LIST_MAIL]);
		table_number(&table, im->messages[CONTACTS_AUTOMATIC]);
		table_number(&table, im->messages[CONTACTS_NO_RECIPIENTS]);
	}
	return cmd_print_record(im->ctl, &table);
}

/* decide - in a snapshot; an exit status */
static int
decide(struct import *im, struct site *site)
{
	int rc = import_plan_decide(&im->plan, site, &im->actor, im->ctl->now_s);

	return rc == 0 ? EX_OK : command_fail(im->ctl, command_status(rc), "%s", err_text(rc));
}

static int
show(struct ctl *ctl, struct site *site, void *arg)
{
	struct import *im = arg;
	int status = decide(im, site);

	(void)ctl;
	return status == EX_OK ? print_plan(im) : status;
}

static int
apply(struct ctl *ctl, struct site *site, void *arg)
{
	struct import *im = arg;
	struct err_msg msg;

	if (site_begin(site, &msg) != 0) {
		return command_fail_msg(ctl, &msg);
	}
	int status = decide(im, site);

	if (site_end(site, &msg) != 0 && status == EX_OK) {
		status = command_fail_msg(ctl, &msg);
	}
	if (status != EX_OK) {
		return status;
	}
	if (import_plan_apply(&im->plan, site, &im->actor, &msg) != 0) {
		return command_fail_msg(ctl, &msg);
	}
	return print_summary(im, kinds[im->kind].is_mail);
}

/* prepare - who it is for, and which addresses are his */
static int
prepare(struct ctl *ctl, struct site *site, void *arg)
{
	struct import *im = arg;
	int status = subject_level(ctl, 0, false, &im->level);

	im->fold = site->settings->fold_local_part;
	status = status == EX_OK ? actor_find(ctl, site, &im->actor) : status;
	if (status == EX_OK && find_own(im, site) != 0) {
		status = command_fail(ctl, EX_OSERR, "out of memory");
	}
	return status;
}

/* run - the long reading happens while the store is closed and nobody has to wait */
static int
run(struct import *im)
{
	bool dry_run = options_has(im->ctl->options, OPTION_DRY_RUN);
	int status = cmd_with_site(im->ctl, SITE_READ, prepare, im);

	status = status == EX_OK ? kinds[im->kind].read(im) : status;
	if (status != EX_OK) {
		return status;
	}
	return dry_run ? cmd_with_site(im->ctl, SITE_READ, show, im)
		       : cmd_with_site(im->ctl, SITE_WRITE, apply, im);
}

static int
find_kind(const struct ctl *ctl, size_t *out)
{
	for (*out = 0; *out < ARRAY_LEN(kinds); (*out)++) {
		if (strcmp(ctl->args[0], kinds[*out].name) == 0) {
			return EX_OK;
		}
	}
	return command_fail(ctl, EX_USAGE,
		"unknown kind \"%s\": must be sent, mbox, maildir, vcard or mutt",
		ctl->args[0]);
}

int
cmd_import(struct ctl *ctl)
{
	struct import *im = calloc(1, sizeof(*im));

	if (im == NULL) {
		return command_fail(ctl, EX_OSERR, "out of memory");
	}
	im->ctl = ctl;
	im->path = ctl->args[1];
	arena_init(&im->texts, OWN_TEXT_MAX);
	arena_init(&im->scratch, SCRATCH_MAX);
	import_plan_init(&im->plan);

	int status = find_kind(ctl, &im->kind);

	status = status == EX_OK ? run(im) : status;
	import_plan_fini(&im->plan);
	arena_fini(&im->scratch);
	arena_fini(&im->texts);
	free(im);
	return status;
}

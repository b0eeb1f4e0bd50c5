#include <sysexits.h>

#include "trustctl/import/mail_source.h"
#include "trustctl/import_job.h"
#include "trustctl/progress.h"

static int
collect(void *ctx, const struct mail_source_message *message)
{
	struct import_job *job = ctx;
	enum contacts_result result;
	int rc = contacts_collect(&job->contacts, message->header.header, &result);

	if (rc != 0) {
		return rc;
	}
	job->messages[result]++;
	if (result == CONTACTS_MALFORMED) {
		import_fault(job, message->file, message->header.line, "no usable From");
	} else if (message->header.cut) {
		import_fault(
			job, message->file, message->header.line, "the end of a huge header");
	}
	return 0;
}

static int
reply(void *ctx, const struct mail_source_message *message)
{
	struct import_job *job = ctx;
	enum contacts_result result;

	return contacts_reply(&job->contacts, message->header.header, &result);
}

static void
unreadable(void *ctx, const struct err_msg *why)
{
	import_fault_msg(ctx, why);
}

/* unreadable_again - the first pass told of it */
static void
unreadable_again(void *ctx, const struct err_msg *why)
{
	(void)ctx;
	(void)why;
}

static int
read_pass(struct import_job *job, bool first, uint64_t size)
{
	struct progress bar;
	const struct mail_source source = {
		.path = job->path,
		.bar = &bar,
		.ctx = job,
		.message = first ? collect : reply,
		.unreadable = first ? unreadable : unreadable_again,
	};
	struct err_msg msg = {0};

	progress_start(&bar, &job->ctl->print, first ? "reading" : "looking for replies", size);
	int rc = mail_source_read(&source, &msg);

	progress_end(&bar);
	return import_status(job, rc, &msg);
}

/* plan_contacts - rows for everybody the user wrote to */
static int
plan_contacts(struct import_job *job)
{
	contacts_sort(&job->contacts);
	for (size_t i = 0; i < contacts_count(&job->contacts); i++) {
		const struct contact *contact = contacts_at(&job->contacts, i);
		unsigned int level = contact_level(contact);
		const struct import_row row = {
			.address = contact->address,
			.sent = contact->sent,
			.received = contact->received,
			.last_mail_s = contact->last_mail_s,
			.level = (uint8_t)(job->level != 0 ? job->level : level),
			.origin = job->level != 0 ? PRIVATE_BY_HAND : PRIVATE_LEARNED,
		};
		int rc = level == 0 ? 0 : import_plan_add(&job->plan, &row);

		if (rc != 0) {
			return command_fail(job->ctl, command_status(rc), "%s", err_text(rc));
		}
	}
	return EX_OK;
}

static int
read_mail(struct import_job *job, bool is_sent_folder)
{
	const struct contacts_config config = {
		.own = job->own,
		.own_count = job->own_count,
		.fold_local_part = job->fold_local_part,
		.is_sent_folder = is_sent_folder,
		.now_s = job->ctl->now_s,
	};
	struct err_msg msg;
	uint64_t size;

	if (mail_source_size(job->path, &size, &msg) != 0) {
		return command_fail_msg(job->ctl, &msg);
	}
	contacts_init(&job->contacts, &config);
	int status = read_pass(job, true, size);

	if (status == EX_OK && !is_sent_folder && contacts_count(&job->contacts) > 0) {
		status = read_pass(job, false, size);
	}
	job->robots = job->contacts.skipped_noreply;
	if (job->contacts.skipped_full > 0) {
		command_warn(job->ctl, "more than %zu contacts; %llu further ones left out",
			CONTACTS_MAX, (unsigned long long)job->contacts.skipped_full);
	}
	status = status == EX_OK ? plan_contacts(job) : status;
	contacts_fini(&job->contacts);
	return status;
}

int
import_read_sent(struct import_job *job)
{
	return read_mail(job, true);
}

static int
require_kind(struct import_job *job, bool maildir)
{
	struct err_msg msg;
	bool is_maildir;

	if (mail_source_is_maildir(job->path, &is_maildir, &msg) != 0) {
		return command_fail_msg(job->ctl, &msg);
	}
	if (is_maildir != maildir) {
		return command_fail(job->ctl, EX_DATAERR, "%s is a %s; try: import %s %s",
			job->path, is_maildir ? "directory" : "file",
			is_maildir ? "maildir" : "mbox", job->path);
	}
	return EX_OK;
}

int
import_read_mbox(struct import_job *job)
{
	int status = require_kind(job, false);

	return status == EX_OK ? read_mail(job, false) : status;
}

int
import_read_maildir(struct import_job *job)
{
	int status = require_kind(job, true);

	return status == EX_OK ? read_mail(job, false) : status;
}

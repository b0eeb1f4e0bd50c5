#include <stdlib.h>
#include <sysexits.h>

#include "common/mail/address_list.h"
#include "trustctl/import/file_lines.h"
#include "trustctl/import/mutt_alias.h"
#include "trustctl/import/robot_address.h"
#include "trustctl/import/vcard.h"
#include "trustctl/import_job.h"

/** The addresses of one entry. */
#define SCRATCH_MAX ((size_t)1 << 20)

static bool
is_own(const struct import_job *job, struct slice address)
{
	for (size_t i = 0; i < job->own_count; i++) {
		if (slice_eq(job->own[i], address)) {
			return true;
		}
	}
	return false;
}

/* take_mailbox - a row of the plan, unless it is a robot or the user himself */
static int
take_mailbox(struct import_job *job, const struct mailbox *mailbox, struct slice name)
{
	const struct import_row row = {
		.address = mailbox->address,
		.note = name.len > 0 ? name : mailbox->display_name,
		.level = (uint8_t)(job->level != 0 ? job->level : TRUST_LEVEL_ORDINARY),
		.origin = PRIVATE_BY_HAND,
	};

	if (robot_address(mailbox->address)) {
		job->robots++;
		return 0;
	}
	return is_own(job, mailbox->address) ? 0 : import_plan_add(&job->plan, &row);
}

/* take_addresses - the addresses of one entry of an address book; `name` may be empty */
static int
take_addresses(struct import_job *job, struct slice text, struct slice name, uint64_t line)
{
	struct address_list list;
	struct arena scratch;

	arena_init(&scratch, SCRATCH_MAX);
	int rc = address_list_parse(text, job->fold_local_part, &scratch, &list);

	if (rc == 0 && (list.malformed || list.count == 0)) {
		import_fault(job, job->path, line, "not a mail address");
	}
	for (size_t i = 0; rc == 0 && i < list.count; i++) {
		rc = take_mailbox(job, &list.items[i], name);
	}
	arena_fini(&scratch);
	return rc;
}

struct vcard_reading {
	struct import_job *job;
	struct vcard vcard;
};

static int
take_card(struct vcard_reading *r, enum vcard_status status)
{
	const struct vcard *v = &r->vcard;
	int rc = 0;

	r->job->cards += status == VCARD_CARD;
	if (status == VCARD_ERROR) {
		import_fault(r->job, r->job->path, v->error_line, v->error);
	}
	for (size_t i = 0; status == VCARD_CARD && rc == 0 && i < v->email_count; i++) {
		rc = take_addresses(r->job, slice_of(v->emails[i].text, v->emails[i].len),
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
	struct import_job *job;
	struct mutt_alias mutt;
};

static int
take_alias(struct mutt_reading *r, enum mutt_alias_status status)
{
	r->job->cards += status == MUTT_ALIAS_ENTRY;
	if (status == MUTT_ALIAS_ERROR) {
		import_fault(r->job, r->job->path, r->mutt.line_number, r->mutt.error);
	}
	return status == MUTT_ALIAS_ENTRY ? take_addresses(r->job, r->mutt.addresses,
						    (struct slice){0}, r->mutt.line_number)
					  : 0;
}

static int
take_mutt_line(void *ctx, const struct line *line)
{
	struct mutt_reading *r = ctx;

	return take_alias(r, mutt_alias_feed(&r->mutt, line));
}

int
import_read_vcard(struct import_job *job)
{
	struct vcard_reading *r = malloc(sizeof(*r));
	struct err_msg msg = {0};

	if (r == NULL) {
		return command_fail(job->ctl, EX_OSERR, "out of memory");
	}
	r->job = job;
	vcard_init(&r->vcard);
	int rc = file_lines_read(job->path, NULL, take_vcard_line, r, &msg);

	if (rc == 0) {
		rc = take_card(r, vcard_finish(&r->vcard));
	}
	free(r);
	return import_status(job, rc, &msg);
}

int
import_read_mutt(struct import_job *job)
{
	struct mutt_reading *r = malloc(sizeof(*r));
	struct err_msg msg = {0};

	if (r == NULL) {
		return command_fail(job->ctl, EX_OSERR, "out of memory");
	}
	r->job = job;
	mutt_alias_init(&r->mutt);
	int rc = file_lines_read(job->path, NULL, take_mutt_line, r, &msg);

	if (rc == 0) {
		rc = take_alias(r, mutt_alias_finish(&r->mutt));
	}
	free(r);
	return import_status(job, rc, &msg);
}

/*
 * import_job.h - one `trustctl import` from reading to the plan.
 *
 * The readers (import_mail.c, import_book.c) turn mail and address books into rows of the
 * plan; cmd_import.c prepares the job, chooses the reader, and shows or applies the plan.
 */
#ifndef TRUSTCTL_IMPORT_JOB_H
#define TRUSTCTL_IMPORT_JOB_H

#include "trustctl/import/contacts.h"
#include "trustctl/import_plan.h"

/** The address of the user and his aliases. */
#define IMPORT_OWN_MAX (1 + PRIVATE_ALIASES_MAX)

struct import_job;

/** Fills the plan. @return an exit status, having said why. */
typedef int import_read_fn(struct import_job *job);

struct import_kind {
	const char *name; /**< first argument of the command */
	import_read_fn *read;
	bool is_mail;
};

struct import_job {
	struct ctl *ctl;
	const struct import_kind *kind;
	struct actor actor;
	const char *path;
	unsigned int level; /**< of --level, 0 without */
	bool fold_local_part;
	struct arena texts; /**< own addresses */
	struct slice own[IMPORT_OWN_MAX];
	size_t own_count;
	struct contacts contacts;                 /**< mail only */
	uint64_t messages[CONTACTS_RESULT_COUNT]; /**< mail only */
	uint64_t robots;                          /**< addresses nobody reads, left out */
	uint64_t faults;
	uint64_t cards; /**< address books only: entries read */
	struct import_plan plan;
};

/* import_mail.c */
int import_read_sent(struct import_job *job);
int import_read_mbox(struct import_job *job);
int import_read_maildir(struct import_job *job);

/* import_book.c */
int import_read_vcard(struct import_job *job);
int import_read_mutt(struct import_job *job);

/** Counts a malformed item; the first few are told with their place. */
void import_fault(struct import_job *job, const char *file, uint64_t line, const char *text);

/** As import_fault for a file that cannot be read. */
void import_fault_msg(struct import_job *job, const struct err_msg *why);

/** The exit status of `rc`, which came with or without a message, having printed it. */
int import_status(const struct import_job *job, int rc, const struct err_msg *msg);

#endif

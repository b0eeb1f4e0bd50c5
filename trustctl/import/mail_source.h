/*
 * mail_source.h - the headers of all messages in an mbox file or under a maildir.
 *
 * The I/O glue around mbox.h: reads files piece by piece, whatever their size. A maildir is
 * any directory with cur/ and new/ at any depth below it, as Maildir++ and Dovecot have them.
 */
#ifndef TRUSTCTL_IMPORT_MAIL_SOURCE_H
#define TRUSTCTL_IMPORT_MAIL_SOURCE_H

#include "common/base/err.h"
#include "trustctl/import/mbox.h"
#include "trustctl/progress.h"

struct mail_source_message {
	const char *file; /**< borrowed for the call */
	struct mbox_message header;
};

struct mail_source {
	const char *path;
	struct progress *bar; /**< started with mail_source_size */
	void *ctx;
	/** @return 0 to go on, anything else stops and is returned. */
	int (*message)(void *ctx, const struct mail_source_message *message);
	/** A file below the maildir that cannot be read; the others are. */
	void (*unreadable)(void *ctx, const struct err_msg *msg);
};

/** True for a directory. ERR_NOTFOUND and the like when there is nothing to read. */
NODISCARD int mail_source_is_maildir(const char *path, bool *out, struct err_msg *msg);

/** What the progress bar counts to: bytes of an mbox, files of a maildir. */
NODISCARD int mail_source_size(const char *path, uint64_t *out, struct err_msg *msg);

/** Reads everything once. @return 0, what `message` returned, or why the source cannot be read. */
NODISCARD int mail_source_read(const struct mail_source *source, struct err_msg *msg);

#endif

/*
 * ledger_mailbox.h - finished jobs of one worker, whose eventfd tells that there are some.
 */
#ifndef SPAMD_TRUST_LEDGER_MAILBOX_H
#define SPAMD_TRUST_LEDGER_MAILBOX_H

#include <pthread.h>

#include "spamd-trust/ledger_group.h"

/** Fields are private, but for fd. */
struct ledger_mailbox {
	pthread_mutex_t lock;
	struct ledger_job_list jobs;
	int fd; /**< readable when something was put */
};

/** @return NULL, with msg, when memory or descriptors are out. */
struct ledger_mailbox *ledger_mailboxes_new(unsigned int count, struct err_msg *msg);

/** Frees what nobody collected. NULL is fine. */
void ledger_mailboxes_free(struct ledger_mailbox *boxes, unsigned int count);

void ledger_mailbox_put(struct ledger_mailbox *box, struct ledger_job *job);

/** The next job, or NULL. */
struct ledger_job *ledger_mailbox_take(struct ledger_mailbox *box);

#endif

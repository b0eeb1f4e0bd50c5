#include "spamd-trust/ledger_mailbox.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/log.h"

struct ledger_mailbox *
ledger_mailboxes_new(unsigned int count, struct err_msg *msg)
{
	struct ledger_mailbox *boxes = calloc(count, sizeof(*boxes));
	int code = boxes == NULL ? err_set(msg, ERR_NOMEM, "%s", err_text(ERR_NOMEM)) : 0;

	/* All of them, so that freeing needs not know how far it came. */
	for (unsigned int i = 0; boxes != NULL && i < count; i++) {
		(void)pthread_mutex_init(&boxes[i].lock, NULL);
		STAILQ_INIT(&boxes[i].jobs);
		boxes[i].fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (boxes[i].fd < 0) {
			code = err_set_errno(msg, "cannot make an event descriptor");
		}
	}
	if (code != 0) {
		ledger_mailboxes_free(boxes, count);
		boxes = NULL;
	}
	return boxes;
}

void
ledger_mailboxes_free(struct ledger_mailbox *boxes, unsigned int count)
{
	for (unsigned int i = 0; boxes != NULL && i < count; i++) {
		struct ledger_job *job = NULL;

		while ((job = ledger_mailbox_take(&boxes[i])) != NULL) {
			free(job);
		}
		if (boxes[i].fd >= 0) {
			(void)close(boxes[i].fd);
		}
		(void)pthread_mutex_destroy(&boxes[i].lock);
	}
	free(boxes);
}

void
ledger_mailbox_put(struct ledger_mailbox *box, struct ledger_job *job)
{
	uint64_t one = 1;

	(void)pthread_mutex_lock(&box->lock);
	STAILQ_INSERT_TAIL(&box->jobs, job, link);
	(void)pthread_mutex_unlock(&box->lock);
	if (write(box->fd, &one, sizeof(one)) != (ssize_t)sizeof(one)) {
		log_error_errno("spamd: cannot wake a worker");
	}
}

struct ledger_job *
ledger_mailbox_take(struct ledger_mailbox *box)
{
	struct ledger_job *job = NULL;

	(void)pthread_mutex_lock(&box->lock);
	job = STAILQ_FIRST(&box->jobs);
	if (job != NULL) {
		STAILQ_REMOVE_HEAD(&box->jobs, link);
	}
	(void)pthread_mutex_unlock(&box->lock);
	return job;
}

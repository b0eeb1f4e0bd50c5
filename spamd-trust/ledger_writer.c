#include "spamd-trust/ledger_writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/graph/store_layout.h"

STAILQ_HEAD(job_list, ledger_job);

/* Finished jobs of one worker. */
struct mailbox {
	struct job_list jobs;
	int fd;
};

struct ledger_writer {
	const char *directory;
	unsigned int workers;
	pthread_t thread;
	bool is_running; /* the thread exists */

	/* Guarded by lock; held for a few instructions, never over a write. */
	pthread_mutex_t lock;
	pthread_cond_t wakeup;
	struct job_list waiting;
	size_t pending; /* waiting, or being written */
	bool is_stopping;
	struct mailbox *mailboxes;

	/* Of the thread alone. */
	struct store *store;
	int state; /* 0: it works; else why not, as it was logged */
};

/* tell - logs a change of state, once */
static void
tell(struct ledger_writer *w, int code, const struct err_msg *msg)
{
	if (w->state == code) {
		return;
	}
	w->state = code;
	if (code == 0) {
		log_info("spamd: ledger open in %s", w->directory);
	} else {
		log_error("spamd: reports are not kept: %s",
			msg->text[0] == '\0' ? err_text(code) : msg->text);
	}
}

static int
open_store(struct ledger_writer *w, struct err_msg *msg)
{
	if (w->store != NULL && store_is_stale(w->store)) {
		store_close(w->store);
		w->store = NULL;
	}
	if (w->store != NULL) {
		return 0;
	}
	return store_layout_open(
		STORE_LAYOUT_LEDGER, w->directory, STORE_CREATE, &w->store, msg);
}

/* write_group - applies the jobs in their order; may run again from the start */
static int
write_group(void *ctx, struct store_txn *txn)
{
	const struct job_list *group = ctx;
	struct ledger_job *job = NULL;

	STAILQ_FOREACH(job, group, link)
	{
		job->changed = job->is_removal
				       ? ledger_report_remove(txn, &job->key)
				       : ledger_report_set(txn, &job->key, &job->report);
	}
	return store_txn_error(txn);
}

/* commit_group - 0 when all of it is on the disk */
static int
commit_group(struct ledger_writer *w, struct job_list *group)
{
	struct err_msg msg = {0};
	int code = open_store(w, &msg);

	if (code == 0) {
		code = store_update(w->store, write_group, group);
		if (code != 0) {
			(void)err_set(&msg, code, "cannot write the ledger in %s: %s",
				w->directory, err_text(code));
		}
	}
	tell(w, code, &msg);
	return code;
}

/* take_group - waits for jobs and moves some to `group`; false when it is time to end */
static bool
take_group(struct ledger_writer *w, struct job_list *group)
{
	(void)pthread_mutex_lock(&w->lock);
	while (STAILQ_EMPTY(&w->waiting) && !w->is_stopping) {
		(void)pthread_cond_wait(&w->wakeup, &w->lock);
	}
	for (int i = 0; i < LEDGER_GROUP_MAX && !STAILQ_EMPTY(&w->waiting); i++) {
		struct ledger_job *job = STAILQ_FIRST(&w->waiting);

		STAILQ_REMOVE_HEAD(&w->waiting, link);
		STAILQ_INSERT_TAIL(group, job, link);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return !STAILQ_EMPTY(group);
}

/* give_back - one job to its worker, which is woken */
static void
give_back(struct ledger_writer *w, struct ledger_job *job, int code)
{
	struct mailbox *mailbox = &w->mailboxes[job->worker];
	uint64_t one = 1;

	job->code = code;
	job->changed = job->changed && code == 0;
	(void)pthread_mutex_lock(&w->lock);
	STAILQ_INSERT_TAIL(&mailbox->jobs, job, link);
	w->pending--;
	(void)pthread_mutex_unlock(&w->lock);
	if (write(mailbox->fd, &one, sizeof(one)) != (ssize_t)sizeof(one)) {
		log_error_errno("spamd: cannot wake a worker");
	}
}

static void *
writer_main(void *arg)
{
	struct ledger_writer *w = arg;
	struct job_list group = STAILQ_HEAD_INITIALIZER(group);
	struct err_msg msg = {0};
	int code = open_store(w, &msg);

	tell(w, code, &msg); /* at the start, rather than when the first user reports */
	while (take_group(w, &group)) {
		code = commit_group(w, &group);
		while (!STAILQ_EMPTY(&group)) {
			struct ledger_job *job = STAILQ_FIRST(&group);

			STAILQ_REMOVE_HEAD(&group, link);
			give_back(w, job, code);
		}
	}
	return NULL;
}

int
ledger_writer_submit(struct ledger_writer *w, struct ledger_job *job)
{
	int code = 0;

	(void)pthread_mutex_lock(&w->lock);
	if (w->pending == LEDGER_QUEUE_MAX) {
		code = ERR_FULL;
	} else {
		STAILQ_INSERT_TAIL(&w->waiting, job, link);
		w->pending++;
		(void)pthread_cond_signal(&w->wakeup);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return code;
}

struct ledger_job *
ledger_writer_collect(struct ledger_writer *w, unsigned int worker)
{
	struct mailbox *mailbox = &w->mailboxes[worker];
	struct ledger_job *job = NULL;

	(void)pthread_mutex_lock(&w->lock);
	job = STAILQ_FIRST(&mailbox->jobs);
	if (job != NULL) {
		STAILQ_REMOVE_HEAD(&mailbox->jobs, link);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return job;
}

int
ledger_writer_fd(const struct ledger_writer *w, unsigned int worker)
{
	return w->mailboxes[worker].fd;
}

/* make_mailboxes - all of them, so that freeing needs not know how far it came */
static int
make_mailboxes(struct ledger_writer *w, struct err_msg *msg)
{
	int code = 0;

	w->mailboxes = calloc(w->workers, sizeof(*w->mailboxes));
	if (w->mailboxes == NULL) {
		return err_set(msg, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	for (unsigned int i = 0; i < w->workers; i++) {
		STAILQ_INIT(&w->mailboxes[i].jobs);
		w->mailboxes[i].fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (w->mailboxes[i].fd < 0) {
			code = err_set_errno(msg, "cannot make an event descriptor");
		}
	}
	return code;
}

int
ledger_writer_new(const char *directory, struct store *store, unsigned int workers,
	struct ledger_writer **out, struct err_msg *msg)
{
	struct ledger_writer *w = calloc(1, sizeof(*w));
	int code = 0;

	*out = NULL;
	if (w == NULL) {
		store_close(store);
		return err_set(msg, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	w->directory = directory;
	w->store = store;
	w->workers = workers;
	w->state = 1; /* neither was logged yet */
	STAILQ_INIT(&w->waiting);
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->wakeup, NULL);
	code = make_mailboxes(w, msg);
	if (code == 0) {
		errno = pthread_create(&w->thread, NULL, writer_main, w);
		w->is_running = errno == 0;
		code = errno == 0 ? 0 : err_set_errno(msg, "cannot start the ledger's thread");
	}
	if (code != 0) {
		ledger_writer_free(w);
		return code;
	}
	*out = w;
	return 0;
}

static void
stop(struct ledger_writer *w)
{
	(void)pthread_mutex_lock(&w->lock);
	w->is_stopping = true;
	(void)pthread_cond_signal(&w->wakeup);
	(void)pthread_mutex_unlock(&w->lock);
	(void)pthread_join(w->thread, NULL);
}

void
ledger_writer_free(struct ledger_writer *w)
{
	if (w == NULL) {
		return;
	}
	if (w->is_running) {
		stop(w);
	}
	for (unsigned int i = 0; w->mailboxes != NULL && i < w->workers; i++) {
		struct ledger_job *job = NULL;

		while ((job = ledger_writer_collect(w, i)) != NULL) {
			free(job);
		}
		if (w->mailboxes[i].fd >= 0) {
			(void)close(w->mailboxes[i].fd);
		}
	}
	free(w->mailboxes);
	store_close(w->store);
	(void)pthread_cond_destroy(&w->wakeup);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
}

#include "spamd-trust/ledger_writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/graph/store_layout.h"
#include "spamd-trust/ledger_mailbox.h"

/* Old records are looked for so often, or at every round while there are more. */
#define PRUNE_MS 10000

struct ledger_writer {
	struct ledger_writer_config config;
	pthread_t thread;
	bool is_running; /* the thread exists */

	/* Guarded by lock; held for a few instructions, never over a write. */
	pthread_mutex_t lock;
	pthread_cond_t wakeup;
	struct ledger_job_list jobs;
	struct ledger_payment_list payments;
	size_t job_count; /* waiting, or being written */
	size_t payment_count;
	bool is_stopping;
	bool notes_are_urgent;
	struct ledger_counters counters;

	struct ledger_mailbox *mailboxes; /* one a worker or desk */
	struct ledger_notes **notes;      /* one a worker */

	/* Of the thread alone. */
	struct store *store;
	struct ledger_group group;
	uint64_t pruned_ms; /* monotonic; 0: never */
	int state;          /* 0: it works; else why not, as it was logged */
};

static unsigned int
mailbox_count(const struct ledger_writer *w)
{
	return w->config.workers + w->config.desks;
}

/* tell - logs a change of state, once */
static void
tell(struct ledger_writer *w, int code, const struct err_msg *msg)
{
	(void)pthread_mutex_lock(&w->lock);
	w->counters.works = code == 0;
	(void)pthread_mutex_unlock(&w->lock);
	if (w->state == code) {
		return;
	}
	w->state = code;
	if (code == 0) {
		log_info("spamd: ledger open in %s", w->config.directory);
	} else {
		log_error("spamd: reports are not kept, nobody is introduced: %s",
			msg->text[0] == '\0' ? err_text(code) : msg->text);
	}
}

static void
close_store(struct ledger_writer *w)
{
	if (w->store != NULL) {
		w->config.on_store(w->config.ctx, NULL);
		store_close(w->store);
		w->store = NULL;
	}
}

static int
open_store(struct ledger_writer *w, struct err_msg *msg)
{
	int code = 0;

	if (w->store != NULL && store_is_stale(w->store)) {
		close_store(w);
	}
	if (w->store != NULL) {
		return 0;
	}
	code = store_layout_open(
		STORE_LAYOUT_LEDGER, w->config.directory, STORE_CREATE, &w->store, msg);
	if (code == 0) {
		w->config.on_store(w->config.ctx, w->store);
	}
	return code;
}

/* commit_group - 0 when all of it is on the disk */
static int
commit_group(struct ledger_writer *w)
{
	struct err_msg msg = {0};
	int code = open_store(w, &msg);

	w->group.now_ms = clock_wall_ms();
	if (code == 0) {
		code = store_update(w->store, ledger_group_apply, &w->group);
		if (code != 0) {
			(void)err_set(&msg, code, "cannot write the ledger in %s: %s",
				w->config.directory, err_text(code));
		} else {
			ledger_group_committed(&w->group);
		}
	}
	tell(w, code, &msg);
	return code;
}

/* wait_for_work - until something came, or it is time to look for notes; the lock is held */
static void
wait_for_work(struct ledger_writer *w)
{
	uint64_t until_ms = clock_mono_ms() + LEDGER_NOTES_MS;
	const struct timespec until = {.tv_sec = (time_t)(until_ms / 1000),
		.tv_nsec = (long)(until_ms % 1000) * 1000000};

	while (STAILQ_EMPTY(&w->jobs) && STAILQ_EMPTY(&w->payments) && !w->is_stopping &&
		!w->notes_are_urgent &&
		pthread_cond_timedwait(&w->wakeup, &w->lock, &until) == 0) {
	}
	w->notes_are_urgent = false;
}

static void
take_jobs(struct ledger_writer *w)
{
	for (int i = 0; i < LEDGER_GROUP_MAX && !STAILQ_EMPTY(&w->jobs); i++) {
		struct ledger_job *job = STAILQ_FIRST(&w->jobs);

		STAILQ_REMOVE_HEAD(&w->jobs, link);
		STAILQ_INSERT_TAIL(&w->group.jobs, job, link);
	}
	for (int i = 0; i < LEDGER_GROUP_MAX && !STAILQ_EMPTY(&w->payments); i++) {
		struct ledger_payment *payment = STAILQ_FIRST(&w->payments);

		STAILQ_REMOVE_HEAD(&w->payments, queue);
		STAILQ_INSERT_TAIL(&w->group.payments, payment, queue);
	}
}

/* count_notes - those that will be in the group; true when there are any */
static bool
count_notes(struct ledger_writer *w)
{
	size_t total = 0;

	for (unsigned int i = 0; i < w->config.workers; i++) {
		w->group.note_counts[i] = ledger_notes_count(w->notes[i]);
		total += w->group.note_counts[i];
	}
	return total > 0;
}

/* plan_pruning - is it time to? */
static bool
plan_pruning(struct ledger_writer *w)
{
	uint64_t now_ms = clock_mono_ms();

	w->group.prunes = w->store != NULL &&
			  (w->group.more_to_prune || now_ms - w->pruned_ms >= PRUNE_MS);
	if (w->group.prunes) {
		w->pruned_ms = now_ms;
	}
	return w->group.prunes;
}

/* take_group - waits; false when there is nothing and it is time to end */
static bool
take_group(struct ledger_writer *w, bool *empty_out)
{
	bool ends = false;
	bool has_jobs = false;

	(void)pthread_mutex_lock(&w->lock);
	wait_for_work(w);
	ends = w->is_stopping;
	take_jobs(w);
	has_jobs = !STAILQ_EMPTY(&w->group.jobs) || !STAILQ_EMPTY(&w->group.payments);
	(void)pthread_mutex_unlock(&w->lock);
	/* After the jobs, so that what was decided before a report came is written with it. */
	has_jobs = count_notes(w) || has_jobs;
	*empty_out = !has_jobs && (ends || !plan_pruning(w));
	return has_jobs || !ends;
}

/* give_back - one job to its worker, which is woken */
static void
give_back(struct ledger_writer *w, struct ledger_job *job, int code)
{
	if (code != 0) {
		job->code = code;
		job->changed = false;
	}
	(void)pthread_mutex_lock(&w->lock);
	w->job_count--;
	w->counters.jobs++;
	(void)pthread_mutex_unlock(&w->lock);
	ledger_mailbox_put(&w->mailboxes[job->worker], job);
}

/* finish_payment - it is in the ledger, or is forgotten, which gives the credit back */
static void
finish_payment(struct ledger_writer *w, struct ledger_payment *payment, int code)
{
	ledger_pending_remove(w->config.pending, payment);
	free(payment);
	(void)pthread_mutex_lock(&w->lock);
	w->payment_count--;
	w->counters.payments += code == 0;
	w->counters.payments_forgotten += code != 0;
	(void)pthread_mutex_unlock(&w->lock);
}

static void
finish_notes(struct ledger_writer *w, int code)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < w->config.workers; i++) {
		ledger_notes_drop(w->notes[i], w->group.note_counts[i]);
		total += w->group.note_counts[i];
	}
	(void)pthread_mutex_lock(&w->lock);
	w->counters.notes += code == 0 ? total : 0;
	w->counters.notes_lost += code == 0 ? 0 : total;
	(void)pthread_mutex_unlock(&w->lock);
}

static void
finish_group(struct ledger_writer *w, int code)
{
	struct ledger_group *g = &w->group;

	if (g->prunes && code == 0) {
		g->prune = g->pruned;
	}
	g->more_to_prune = g->more_to_prune && code == 0;
	while (!STAILQ_EMPTY(&g->payments)) {
		struct ledger_payment *payment = STAILQ_FIRST(&g->payments);

		STAILQ_REMOVE_HEAD(&g->payments, queue);
		finish_payment(w, payment, code);
	}
	while (!STAILQ_EMPTY(&g->jobs)) {
		struct ledger_job *job = STAILQ_FIRST(&g->jobs);

		STAILQ_REMOVE_HEAD(&g->jobs, link);
		give_back(w, job, code);
	}
	finish_notes(w, code);
}

static void *
writer_main(void *arg)
{
	struct ledger_writer *w = arg;
	struct err_msg msg = {0};
	bool empty = false;
	int code = 0;

	if (w->store != NULL) {
		w->config.on_store(w->config.ctx, w->store);
	}
	code = open_store(w, &msg);
	tell(w, code, &msg); /* at the start, rather than when the first user reports */
	while (take_group(w, &empty)) {
		if (!empty) {
			finish_group(w, commit_group(w));
		} else if (w->state != 0 || (w->store != NULL && store_is_stale(w->store))) {
			code = open_store(
				w, &msg); /* when it is back, introductions are, too */
			tell(w, code, &msg);
		}
	}
	close_store(w);
	return NULL;
}

int
ledger_writer_submit(struct ledger_writer *w, struct ledger_job *job)
{
	int code = 0;

	(void)pthread_mutex_lock(&w->lock);
	if (w->job_count == LEDGER_QUEUE_MAX) {
		code = ERR_FULL;
	} else {
		STAILQ_INSERT_TAIL(&w->jobs, job, link);
		w->job_count++;
		(void)pthread_cond_signal(&w->wakeup);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return code;
}

int
ledger_writer_pay(struct ledger_writer *w, struct ledger_payment *payment)
{
	int code = 0;

	(void)pthread_mutex_lock(&w->lock);
	if (!w->counters.works) {
		code = ERR_NOTREADY;
	} else if (w->payment_count == LEDGER_QUEUE_MAX) {
		code = ERR_FULL;
	} else {
		STAILQ_INSERT_TAIL(&w->payments, payment, queue);
		w->payment_count++;
		(void)pthread_cond_signal(&w->wakeup);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return code;
}

void
ledger_writer_note(struct ledger_writer *w, unsigned int worker, const struct ledger_note *note)
{
	if (ledger_notes_put(w->notes[worker], note)) {
		(void)pthread_mutex_lock(&w->lock);
		w->notes_are_urgent = true;
		(void)pthread_cond_signal(&w->wakeup);
		(void)pthread_mutex_unlock(&w->lock);
	}
}

struct ledger_job *
ledger_writer_collect(struct ledger_writer *w, unsigned int worker)
{
	return ledger_mailbox_take(&w->mailboxes[worker]);
}

int
ledger_writer_fd(const struct ledger_writer *w, unsigned int worker)
{
	return w->mailboxes[worker].fd;
}

void
ledger_writer_count(struct ledger_writer *w, struct ledger_counters *out)
{
	(void)pthread_mutex_lock(&w->lock);
	*out = w->counters;
	(void)pthread_mutex_unlock(&w->lock);
	for (unsigned int i = 0; i < w->config.workers; i++) {
		out->notes_lost += ledger_notes_lost(w->notes[i]);
	}
}

static int
make_notes(struct ledger_writer *w, struct err_msg *msg)
{
	int code = 0;

	w->notes = calloc(w->config.workers, sizeof(struct ledger_notes *));
	w->group.note_counts = calloc(w->config.workers, sizeof(size_t));
	if (w->notes == NULL || w->group.note_counts == NULL) {
		return err_set(msg, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	for (unsigned int i = 0; i < w->config.workers; i++) {
		w->notes[i] = ledger_notes_new();
		if (w->notes[i] == NULL) {
			code = err_set(msg, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
		}
	}
	w->group.notes = w->notes;
	w->group.workers = w->config.workers;
	return code;
}

/* start_thread - its waits are by the monotonic clock, which nobody sets */
static int
start_thread(struct ledger_writer *w, struct err_msg *msg)
{
	errno = pthread_create(&w->thread, NULL, writer_main, w);
	w->is_running = errno == 0;
	return errno == 0 ? 0 : err_set_errno(msg, "cannot start the ledger's thread");
}

static void
init_locks(struct ledger_writer *w)
{
	pthread_condattr_t attr;

	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&w->wakeup, &attr);
	(void)pthread_condattr_destroy(&attr);
}

int
ledger_writer_new(const struct ledger_writer_config *config, struct store *store,
	struct ledger_writer **out, struct err_msg *msg)
{
	struct ledger_writer *w = calloc(1, sizeof(*w));
	int code = 0;

	*out = NULL;
	if (w == NULL) {
		store_close(store);
		return err_set(msg, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	w->config = *config;
	w->store = store;
	w->state = 1; /* neither was logged yet */
	w->group.config = config->metric;
	w->group.limits = &w->config.limits;
	STAILQ_INIT(&w->jobs);
	STAILQ_INIT(&w->payments);
	STAILQ_INIT(&w->group.jobs);
	STAILQ_INIT(&w->group.payments);
	init_locks(w);
	w->mailboxes = ledger_mailboxes_new(mailbox_count(w), msg);
	code = w->mailboxes == NULL ? ERR_NOMEM : make_notes(w, msg);
	if (code == 0) {
		code = start_thread(w, msg);
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
	} else {
		store_close(w->store);
	}
	ledger_mailboxes_free(w->mailboxes, mailbox_count(w));
	for (unsigned int i = 0; w->notes != NULL && i < w->config.workers; i++) {
		ledger_notes_free(w->notes[i]);
	}
	free(w->notes);
	free(w->group.note_counts);
	(void)pthread_cond_destroy(&w->wakeup);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
}

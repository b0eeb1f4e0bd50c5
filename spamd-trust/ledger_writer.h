/*
 * ledger_writer.h - the one thread that writes the ledger, off the event loops.
 *
 * Three things come to it. *Jobs* (reports, what the administrator asks for): a worker submits
 * one and goes on serving others; it gets the job back when that is on the disk, its eventfd
 * becoming readable. So whatever a client was told survives kill -9. *Payments* are reserved in
 * memory (ledger_pending.h) and only handed over: nobody waits for them, and a crash may forget
 * the last of them, which gives the credit back. *Notes* about decisions lie in a queue a
 * worker (ledger_notes.h), which may overflow.
 *
 * The thread takes whatever has come meanwhile and writes it in one transaction, so the cost of
 * a flush is shared by all who wait; at least every LEDGER_NOTES_MS it looks for notes, and
 * drops what is old. A job belongs to the writer from ledger_writer_submit() to
 * ledger_writer_collect(), except for `owner`, which only the worker touches: a session that
 * ends meanwhile sets it to NULL.
 *
 * The thread opens the ledger at its start unless it got one, and before a write when it is not
 * open, was replaced, or broke; whoever reads it in this process is told by `on_store`. Jobs
 * that cannot be written come back with a code, payments are forgotten, and no further ones are
 * taken until the ledger works again. Changes of state are logged once, not for each job.
 */
#ifndef SPAMD_TRUST_LEDGER_WRITER_H
#define SPAMD_TRUST_LEDGER_WRITER_H

#include <sys/queue.h>

#include "spamd-trust/ledger_group.h"

/** Jobs under way, of all workers, and likewise payments: a second of a slow disk. */
#define LEDGER_QUEUE_MAX 1024

#define LEDGER_NOTES_MS 1000

struct ledger_writer;

struct ledger_writer_config {
	const char *directory; /**< of all stores; borrowed, as all here */
	unsigned int workers;  /**< each gets back its jobs; further `desks` do, too */
	unsigned int desks;    /**< those behind the workers: the control socket */
	const struct metric_config *metric;
	struct ledger_limits limits;
	struct ledger_pending *pending;
	/** The ledger was opened; NULL: it is about to be closed. From the writer's thread. */
	void (*on_store)(void *ctx, struct store *store);
	void *ctx;
};

/**
 * Starts the thread. Takes `store`, the ledger opened already, also on failure; NULL: the
 * thread opens it.
 * @return 0; ERR_NOMEM or what the system said.
 */
NODISCARD int ledger_writer_new(const struct ledger_writer_config *config, struct store *store,
	struct ledger_writer **out, struct err_msg *msg);

/** Ends the thread when all that was handed in is written, and frees what nobody collected. */
void ledger_writer_free(struct ledger_writer *w);

/** Readable when there is something to collect for the worker or desk. Borrowed. */
int ledger_writer_fd(const struct ledger_writer *w, unsigned int worker);

/** Hands in a job from malloc; the writer takes it on success. @return 0 or ERR_FULL. */
NODISCARD int ledger_writer_submit(struct ledger_writer *w, struct ledger_job *job);

/** Takes back the next finished job, or NULL; the caller frees it. */
struct ledger_job *ledger_writer_collect(struct ledger_writer *w, unsigned int worker);

/**
 * Hands in a payment that is being reserved (ledger_desk.h); the writer takes it on success.
 * @return 0; ERR_FULL; ERR_NOTREADY while the ledger cannot be written.
 */
NODISCARD int ledger_writer_pay(struct ledger_writer *w, struct ledger_payment *payment);

/** Notes a decision, by the worker's own thread; copied. Never waits. */
void ledger_writer_note(
	struct ledger_writer *w, unsigned int worker, const struct ledger_note *note);

/** What it did since its start. */
struct ledger_counters {
	uint64_t jobs;
	uint64_t payments;
	uint64_t payments_forgotten; /**< the ledger broke after they were reserved */
	uint64_t notes;
	uint64_t notes_lost; /**< did not fit, or the ledger was broken */
	bool works;          /**< the last write was good */
};

/** Any thread. */
void ledger_writer_count(struct ledger_writer *w, struct ledger_counters *out);

#endif

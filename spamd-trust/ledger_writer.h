/*
 * ledger_writer.h - the one thread that writes the ledger, off the event loops.
 *
 * A worker submits a job and goes on serving others. The thread takes whatever has come
 * meanwhile, at most LEDGER_GROUP_MAX jobs, writes it in one transaction, and only when that is on the disk
 * hands the jobs back, each to the worker it came from, whose eventfd becomes readable. So the cost of
 * a flush is shared by all who wait, and whatever a client was told survives kill -9.
 *
 * A job belongs to the writer from ledger_writer_submit() to ledger_writer_collect(), except
 * for `owner`, which only the worker touches: a session that ends meanwhile sets it to NULL.
 *
 * The thread opens the ledger at its start unless it got one, and before a write when it is not
 * open, was replaced, or broke. Jobs that cannot be written come back with a code; nothing is tried
 * for ever. Changes of state are logged once, not for each job.
 */
#ifndef SPAMD_TRUST_LEDGER_WRITER_H
#define SPAMD_TRUST_LEDGER_WRITER_H

#include <sys/queue.h>

#include "common/ledger/ledger_report.h"

/** Jobs under way, of all workers: a second of a slow disk at some hundred bytes each. */
#define LEDGER_QUEUE_MAX 1024

/** Jobs in one transaction: it stays short, and its pages few. */
#define LEDGER_GROUP_MAX 256

/** One change of the ledger, and what became of it. */
struct ledger_job {
	STAILQ_ENTRY(ledger_job) link; /**< the writer's */
	unsigned int worker;           /**< who gets it back */
	struct ledger_report_key key;
	bool is_removal;
	struct ledger_report report; /**< to store, unless it is a removal */
	int code;                    /**< 0: the ledger is as was asked, durably */
	bool changed;                /**< and was not before */
	void *owner;                 /**< the worker's */
};

struct ledger_writer;

/**
 * Starts the thread, for the ledger in `directory` (borrowed). Takes `store`, the ledger opened
 * already, also on failure; NULL: the thread opens it.
 * @return 0; ERR_NOMEM or what the system said.
 */
NODISCARD int ledger_writer_new(const char *directory, struct store *store,
	unsigned int workers, struct ledger_writer **out, struct err_msg *msg);

/** Ends the thread when all that was submitted is written, and frees what nobody collected. */
void ledger_writer_free(struct ledger_writer *w);

/** Readable when there is something to collect for the worker. Borrowed. */
int ledger_writer_fd(const struct ledger_writer *w, unsigned int worker);

/** Hands in a job from malloc; the writer takes it on success. @return 0 or ERR_FULL. */
NODISCARD int ledger_writer_submit(struct ledger_writer *w, struct ledger_job *job);

/** Takes back the next finished job, or NULL; the caller frees it. */
struct ledger_job *ledger_writer_collect(struct ledger_writer *w, unsigned int worker);

#endif

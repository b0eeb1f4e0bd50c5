/*
 * worker.h - one thread with an event loop of its own, serving any number of connections.
 *
 * All workers wait on the same listening sockets and accept for themselves, so there is no
 * hand-over, no queue and no lock between them. A worker never waits for a client: what cannot
 * go on is left to the loop. Bounds, each of one worker: connections (beyond, the oldest one
 * that has not sent a byte gives way; where there is none, accepting stops until one ends, and
 * the kernel holds the rest back), and buffered bytes (beyond, sessions stop reading; one
 * always goes on).
 */
#ifndef SPAMD_TRUST_WORKER_H
#define SPAMD_TRUST_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "spamd-trust/session.h"
#include "spamd-trust/upstream.h"
#include "spamd-trust/yielding.h"

struct event_base;

#define WORKER_SCRATCH_BYTES 65536

/** How long requests under way may take to end when the daemon stops. */
#define WORKER_STOP_MS 2000

TAILQ_HEAD(session_list, session);

/** Fields are private to worker.c and session.c. */
struct worker {
	const struct service *service;
	struct event_base *base;
	struct event *accepts[LISTENERS_MAX];
	struct event *wakeup;
	struct event *ledger; /* jobs of the ledger are done */
	struct event *retry;  /* accepts again after a pause */
	struct event *stop_timer;
	int wakeup_fd;
	pthread_t thread;
	bool is_running; /* the thread exists */
	bool is_accepting;
	bool is_stopping;
	bool is_busy; /* several connections at once: their log lines go out together */
	struct yielding yielding;
	struct request_desk desk;
	struct upstream_pool upstream;
	struct session_list sessions; /* oldest first */
	struct session_list paused;   /* those that wait for memory */
	struct session *favoured;     /* the one that may exceed the budget */
	atomic_size_t session_count;  /* written by its own thread only */
	size_t buffered_bytes;
	uint64_t
		refused_count; /* connections over the limit per peer, since the last line about them */
	uint64_t refused_logged_ms;
	uint64_t shortage_logged_ms; /* last line about missing descriptors; 0: none */
	uint8_t scratch[WORKER_SCRATCH_BYTES]; /* for a first read, and what is dropped */
};

/** Prepares worker `index`. @return 0 or ERR_NOMEM; then worker_fini is still to be called. */
NODISCARD int worker_init(struct worker *w, const struct service *service, unsigned int index);
NODISCARD int worker_start(struct worker *w, struct err_msg *msg);

/** Asks it to stop: idle connections go at once, requests under way within WORKER_STOP_MS. */
void worker_stop(struct worker *w);

/** Has it a connection at present? For any thread; costs the worker nothing. */
bool worker_is_busy(const struct worker *w);

/** Waits for the thread, if it runs, and releases everything. */
void worker_fini(struct worker *w);

/* For session.c. */

void worker_remember(struct worker *w, struct session *s);

/** Frees the session; others may go on for it. */
void worker_forget(struct worker *w, struct session *s);

/** Before it waits in its loop: held log lines go out, and the stores are left alone. */
void worker_rest(struct worker *w);

/** Counts a connection refused for the limit per peer; logged once a minute. */
void worker_count_refused(struct worker *w, const char *address);

#endif

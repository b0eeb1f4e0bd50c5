/*
 * session.h - one connection: moves bytes between the socket and the protocol engine.
 *
 * Glue only. A session belongs to one worker thread for its whole life. It goes as far as it can
 * without the event loop (the usual request is read, scored and answered straight after accept) and
 * registers for the event it has to wait for. After the reply it ends its own sending, reads
 * and drops what the client still sends, bounded in bytes and time, and only then closes, so that
 * no reset overtakes the answer. While a chained scorer is asked it waits for that alone: a client
 * that goes away meanwhile is noticed when its answer is sent.
 *
 * A TELL is answered when the ledger's writer has made it durable, and a chained scorer has had
 * its time to answer; until then the session waits for nothing but its deadline, session_told()
 * and the scorer.
 *
 * Every phase has an absolute deadline: TLS handshake and command line `command_timeout`, the
 * request (also while it awaits the ledger or a scorer) `request_timeout` (both kept by the
 * engine), sending the reply the same again, draining SESSION_DRAIN_MS.
 */
#ifndef SPAMD_TRUST_SESSION_H
#define SPAMD_TRUST_SESSION_H

#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/event_struct.h>

#include "spamd-trust/request.h"
#include "spamd-trust/stream.h"

/** What is read and dropped after the reply before the connection is cut all the same. */
#define SESSION_DRAIN_MAX_BYTES ((size_t)64 * 1024 * 1024)
#define SESSION_DRAIN_MS        10000

/** Time to take the reply where requests have no limit. */
#define SESSION_WRITE_S 300

/** Every session may hold this much of a request, whatever the others hold. */
#define SESSION_FREE_BYTES ((size_t)64 * 1024)

#define SESSION_TLS_TEXT_MAX 80

struct worker;

enum session_phase {
	SESSION_HANDSHAKE, /**< from accept; left when TLS is up (plain: at once) */
	SESSION_READ,      /**< until the engine is done */
	SESSION_AWAIT, /**< until the ledger has what a TELL asked for, or a chained scorer answered */
	SESSION_WRITE, /**< until the reply is out */
	SESSION_END,   /**< until our sending side is ended */
	SESSION_DRAIN, /**< until the client ends its side, or a bound */
};

/** What the session waits for in the event loop. */
enum session_wait {
	SESSION_WAIT_NONE,
	SESSION_WAIT_READABLE,
	SESSION_WAIT_WRITABLE,
	SESSION_WAIT_MEMORY, /**< too much is buffered: reads on when others are done */
};

/** Private to session.c, but for the links, which the worker's lists use. */
struct session {
	TAILQ_ENTRY(session) link; /* all sessions of the worker, oldest first */
	TAILQ_ENTRY(session) paused_link;
	struct worker *worker;
	struct stream stream;
	struct spamd_proto proto;
	struct request_origin origin;
	struct request_pending
		*pending;           /* set aside while a chained scorer is asked, else NULL */
	struct upstream_call *call; /* likewise */
	struct upstream_call
		*fields_call; /* likewise, for the fields that the scorer would add */
	enum session_phase phase;
	enum session_wait wait;
	bool has_timer;
	bool is_eof;           /* the client has ended its sending */
	bool has_input;        /* at least one byte came */
	uint64_t timer_ms;     /* when the timer is set for */
	uint64_t phase_end_ms; /* of phases the engine keeps no deadline for; 0: none */
	size_t charged_bytes;  /* held on behalf of this client */
	size_t drained_bytes;
	uint32_t peer_slot;
	struct ledger_job *job; /* awaited; the ledger's writer has it */
	struct event io;
	struct event timer;
	char address[NET_ADDRESS_TEXT_MAX];
	char tls_text[SESSION_TLS_TEXT_MAX];
};

/**
 * So many sessions begin together; more would not be cheaper, and keep a worker from its other
 * sessions.
 */
#define SESSION_GROUP_MAX 4

/**
 * Makes a session of an accepted, non-blocking descriptor, which it takes. @param from of a TCP
 * client. @return it, for session_begin(); NULL where the client was turned away.
 */
struct session *session_new(struct worker *worker, int fd, const struct listener *listener,
	const struct sockaddr_storage *from);

/**
 * Lets new sessions, SESSION_GROUP_MAX at most, run for the first time; any may be over on
 * return. All are read and scored before the first is answered: so each stage finds its code
 * and data in the processor's caches, which the calls into the kernel between the stages would
 * push out for each message anew.
 */
void session_begin(struct session *const group[], size_t count);

/* For session_upstream.c. */

/** What the request awaited is there, and its answer is written. May end the session. */
void session_go_on(struct session *s);

/* For session.c: session_upstream.c. */

/** Asks a chained scorer for `pending`; answers at once where nobody can be asked. */
void session_ask(struct session *s);

bool session_has_asked(const struct session *s);

/** Answers if nothing is awaited any more. May end the session. */
void session_finish_question(struct session *s);

/** Nothing is awaited of a chained scorer any more. */
void session_drop_question(struct session *s);

/** Ends a session at once. */
void session_close(struct session *s);

/** The job that the session awaited is done (the worker frees it). May end the session. */
void session_told(struct session *s, const struct ledger_job *job);

/** Lets a session that waits for memory read on. */
void session_resume(struct session *s);

#endif

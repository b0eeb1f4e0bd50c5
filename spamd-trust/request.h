/*
 * request.h - what is done about each event of the protocol engine: settings, scan, answer, log.
 *
 * Stands between the session, which moves bytes, and the modules that decide. One scan runs from
 * SPAMD_EVENT_CHECKING to the reply without going back to the event loop, so the arena and
 * the line buffer of the worker serve one request after the other. Only where a chained scorer is
 * to be asked does a request wait in between: what was computed for it leaves the desk with
 * its arena (struct request_pending) and comes back for the reply.
 */
#ifndef SPAMD_TRUST_REQUEST_H
#define SPAMD_TRUST_REQUEST_H

#include "spamd-trust/logline.h"
#include "spamd-trust/service.h"
#include "spamd-trust/tell.h"
#include "spamd-trust/upstream_client.h"
#include "spamd-trust/user_prefs.h"

/** Memory for everything that is computed about one message, the message itself apart. */
#define REQUEST_ARENA_MAX_BYTES ((size_t)64 * 1024 * 1024)

/** What a worker keeps for the requests it handles, one at a time. */
struct request_desk {
	const struct service *service;
	unsigned int worker; /**< its number, for the scorer */
	struct user_prefs *prefs;
	struct arena arena;
	struct dynbuf line;
	struct logline_ids ids; /**< of the message in work; in the arena */
	struct ledger_job *job; /**< handed in by the TELL in work, for request_take_job() */
};

/** @return 0 or ERR_NOMEM. */
NODISCARD int request_desk_init(
	struct request_desk *desk, const struct service *service, unsigned int worker);
void request_desk_fini(struct request_desk *desk);

/** Where a request comes from. */
struct request_origin {
	struct logline_peer peer;
	uint64_t accepted_ms; /**< monotonic */
};

/** A scored request that waits for a chained scorer; fields are private. */
struct request_pending {
	struct arena arena;
	struct logline_ids ids;
	struct verdict verdict; /* ours so far */
};

/**
 * Acts on the event that `proto` has just reported. @param pending set where a chained scorer
 * is to be asked about the message before it is answered; else untouched.
 */
void request_handle_event(struct request_desk *desk, const struct request_origin *origin,
	struct spamd_proto *proto, struct request_pending **pending);

/** Answers a request that waited, by what the scorer said (NULL: nothing), and frees `pending`. */
void request_finish_scan(struct request_desk *desk, const struct request_origin *origin,
	struct spamd_proto *proto, struct request_pending *pending,
	const struct upstream_client *upstream);

/** Forgets a request that waited. NULL is fine. */
void request_pending_free(struct request_pending *pending);

/**
 * The job that the last event handed in, NULL for none. While it is under way the request is
 * awaited; the session sets the job's owner to itself.
 */
struct ledger_job *request_take_job(struct request_desk *desk);

/** The job is done: answers the TELL. */
void request_finish_tell(struct request_desk *desk, const struct request_origin *origin,
	struct spamd_proto *proto, const struct ledger_job *job);

void request_log_connection(struct request_desk *desk, const struct logline_peer *peer);
void request_log_unauthorized(struct request_desk *desk, const struct logline_peer *peer);

#endif

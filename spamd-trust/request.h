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

#include "spamd-trust/request_pending.h"
#include "spamd-trust/service.h"
#include "spamd-trust/tell.h"
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
	struct request_subject subject; /**< of the message in work */
	struct ledger_job *job; /**< handed in by the TELL in work, for request_take_job() */
};

/** @return 0 or ERR_NOMEM. */
NODISCARD int request_desk_init(
	struct request_desk *desk, const struct service *service, unsigned int worker);
void request_desk_fini(struct request_desk *desk);

/** The settings of the user whose request it is. */
const struct settings *request_settings(
	const struct request_desk *desk, const struct spamd_request *request);

/** Where a request comes from. */
struct request_origin {
	struct logline_peer peer;
	uint64_t accepted_ms; /**< monotonic */
};

/**
 * Acts on the event that `proto` has just reported. @param pending set where a chained scorer
 * is to be asked before the request is answered; else untouched.
 */
void request_handle_event(struct request_desk *desk, const struct request_origin *origin,
	struct spamd_proto *proto, struct request_pending **pending);

/** Takes the scorer's own fields, or NULL: there are none. */
void request_take_fields(struct request_desk *desk, const struct spamd_proto *proto,
	struct request_pending *pending, const struct upstream_client *client);

/** Answers a request that waited, when all that was asked for is there, and frees `pending`. */
void request_finish(struct request_desk *desk, const struct request_origin *origin,
	struct spamd_proto *proto, struct request_pending *pending);

/**
 * The job that the last event handed in, NULL for none. While it is under way the request is
 * awaited; the session sets the job's owner to itself.
 */
struct ledger_job *request_take_job(struct request_desk *desk);

/** The job is done, and nothing else is awaited: answers the TELL. */
void request_finish_tell(struct request_desk *desk, const struct request_origin *origin,
	struct spamd_proto *proto, const struct ledger_job *job);

void request_log_connection(struct request_desk *desk, const struct logline_peer *peer);
void request_log_unauthorized(struct request_desk *desk, const struct logline_peer *peer);

#endif

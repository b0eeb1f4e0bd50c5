/*
 * request_pending.h - a request that waits for a chained scorer, and what has come for it so far.
 *
 * Made when the scorer is to be asked, fed with what comes in any order, and used up by
 * request_finish(). It owns the memory of what was computed; texts that borrow from settings
 * are copied, as these may change during the wait. No answer is always an answer: our own
 * verdict with TRUST_NO_UPSTREAM, our own ledger's word.
 */
#ifndef SPAMD_TRUST_REQUEST_PENDING_H
#define SPAMD_TRUST_REQUEST_PENDING_H

#include "common/mail/message_split.h"
#include "spamd-trust/ledger_writer.h"
#include "spamd-trust/logline.h"
#include "spamd-trust/service.h"
#include "spamd-trust/upstream_client.h"

/** What is read off a message before all else. */
struct request_subject {
	struct message_split split; /**< slices of the message */
	struct logline_ids ids;     /**< in the arena of the request */
};

/** Fields are private to request.c and request_pending.c. */
struct request_pending {
	bool is_tell;
	bool wants_fields;
	bool has_reply;
	struct arena arena;
	struct request_subject subject;
	struct verdict verdict; /* ours so far */
	struct upstream_reply reply;
	struct slice fields;
	struct spamd_told told; /* by the ledger and the scorer together */
	int ledger_code;        /* 0: the ledger has it, or was not asked */
};

/** Is the scorer to be asked about a message of which we think this? */
bool request_wants_upstream(const struct service *service, const struct spamd_request *request,
	const struct verdict *verdict);

/** Is it to be told of this report? */
bool request_tells_upstream(const struct service *service, const struct spamd_request *request);

/**
 * For a scored message; on success arena, subject and verdict belong to it. NULL when memory is
 * out.
 */
struct request_pending *request_pending_scan(const struct service *service,
	const struct spamd_request *request, struct arena *arena,
	const struct request_subject *subject, struct verdict *verdict);

/** For a TELL. NULL when memory is out. */
struct request_pending *request_pending_tell(void);

/** NULL is fine. */
void request_pending_free(struct request_pending *pending);

/** What is to be asked; slices are those of the request. */
struct upstream_request request_pending_question(
	const struct request_pending *pending, const struct spamd_request *request);

/** The same question for the fields that the scorer would add; false where they are not wanted. */
bool request_pending_fields_question(const struct request_pending *pending,
	const struct spamd_request *request, struct upstream_request *out);

/** Takes the scorer's answer, or NULL: there is none. */
void request_pending_answered(
	struct request_pending *pending, const struct upstream_client *client);

/** Takes what the ledger did. */
void request_pending_told(struct request_pending *pending, const struct ledger_job *job);

#endif

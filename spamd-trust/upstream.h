/*
 * upstream.h - asks a chained spamd about a message without making anybody wait.
 *
 * Glue between upstream_client.h (the protocol), upstream_targets.h (whom to ask) and the event
 * loop of one worker. Each question has a connection of its own, as the original serves one
 * message a connection; any number of questions are under way at once. They are asked in the
 * order of the configuration; where one gives no answer the next is asked, each within its
 * share of what is left of the time, so that one that hangs does not use up the time of the
 * others. A TELL or HEADERS that is refused says nothing about a scorer's health: there it is a
 * matter of configuration.
 */
#ifndef SPAMD_TRUST_UPSTREAM_H
#define SPAMD_TRUST_UPSTREAM_H

#include "spamd-trust/upstream_client.h"
#include "spamd-trust/upstream_targets.h"
#include "spamd-trust/upstream_tls.h"

struct event_base;
struct upstream_call;

/** Whom a worker asks; health is its own, so that workers share nothing that is written. */
struct upstream_pool {
	const struct upstream_targets *targets; /**< borrowed */
	const struct upstream_tls *tls;         /**< borrowed; NULL where no target has TLS */
	struct event_base *base;                /**< borrowed */
	struct upstream_health health[UPSTREAM_TARGETS_MAX];
};

/**
 * Called once from the event loop, never from within upstream_ask(): with an engine that is
 * done, or NULL for no answer. The call is over: it must not be cancelled any more.
 */
typedef void upstream_done_fn(void *ctx, const struct upstream_client *client);

/** A question; slices are borrowed until the call is over. */
struct upstream_question {
	struct upstream_request request;
	uint64_t timeout_ms; /**< from now to the answer, all tries together */
	upstream_done_fn *done;
	void *ctx;
};

/**
 * @return 0; ERR_NOTREADY where nobody can be asked at present; ERR_NOMEM. done is only called
 * after 0.
 */
NODISCARD int upstream_ask(struct upstream_pool *pool, const struct upstream_question *question,
	struct upstream_call **out);

/** Gives up a call; done is not called. NULL is fine. */
void upstream_cancel(struct upstream_call *call);

#endif

/*
 * exchange.h - a whole reconciliation between two trees, message by message.
 *
 * Keeps what the client found and what it cost, for tests and measurements.
 */
#ifndef TESTS_SUPPORT_EXCHANGE_H
#define TESTS_SUPPORT_EXCHANGE_H

#include "gossip/reconcile.h"

/** More messages than any honest exchange of a test has. */
#define EXCHANGE_MESSAGES_MAX 20000

/** Set the first block, the rest is the result; exchange_fini releases it. */
struct exchange {
	const struct item_tree *client;
	const struct item_tree *server;
	struct reconcile_limits client_limits;
	struct reconcile_limits server_limits;
	/** Sees each message before the other side does; may be NULL. */
	void (*on_message)(void *ctx, bool from_client, struct slice message);
	void *ctx;

	struct item *have; /**< in the order they were found */
	size_t have_n;
	struct digest *need;
	size_t need_n;
	size_t round_trips;
	size_t bytes;       /**< of all messages */
	size_t longest;     /**< message, bytes */
	uint64_t server_ns; /**< CPU time of this thread in reconcile_answer */
};

/**
 * Runs it to its end.
 * @return 0, ERR_TOOBIG after EXCHANGE_MESSAGES_MAX, or an error of reconcile.h.
 */
NODISCARD int exchange_run(struct exchange *x, struct err_msg *msg);

void exchange_fini(struct exchange *x);

#endif

/*
 * https_client.h - requests to peers: libcurl on the node's own event loop.
 *
 * HTTP/1.1 over TLS as tls_node.h has it: our certificate, and the peer's key pinned in the
 * handshake, before a byte of the request leaves. Connections are kept and used again. No
 * redirects, no proxies, no cookies, no compression, no name but the one in the URL; the whole
 * of a request, from the look-up of the name to the last byte of the answer, has one deadline,
 * and the answer one bound.
 *
 * That a peer does not know our key shows late: under TLS 1.3 the client's handshake is over
 * before the server has looked at its certificate, so the refusal is an error of reading. It is
 * told apart by the alert and gets an end of its own (HTTPS_UNKNOWN_KEY), since it is what
 * administrators meet first.
 *
 * All in the thread of the event base.
 */
#ifndef GOSSIP_HTTPS_CLIENT_H
#define GOSSIP_HTTPS_CLIENT_H

#include "common/base/digest.h"
#include "common/base/err.h"
#include "gossip/http_request.h"
#include "gossip/tls_node.h"

struct event_base;
struct https_client;

/** Requests under way, all peers together: two lanes for each of 64 peers. */
#define HTTPS_CALLS_MAX 128

/** Connections kept open while nothing is asked. */
#define HTTPS_KEPT_MAX 64

enum https_end {
	HTTPS_ANSWERED,    /**< status and body are set */
	HTTPS_OFFLINE,     /**< no such host, no connection, or it broke */
	HTTPS_TIMEOUT,     /**< the deadline passed */
	HTTPS_WRONG_KEY,   /**< the server's key is not the pinned one */
	HTTPS_UNKNOWN_KEY, /**< the server does not know our key */
	HTTPS_TLS,         /**< any other failure of TLS */
	HTTPS_TOO_BIG,     /**< the answer was longer than allowed */
};

struct https_result {
	enum https_end end;
	int status;
	uint32_t retry_after_s; /**< 0 without the field */
	struct slice body;      /**< borrowed for the call */
	const char *text;       /**< why there is no answer, in words; "" with one */
};

/** Called once for each call, never from within https_client_start(). */
typedef void https_done_fn(void *ctx, uint64_t id, const struct https_result *result);

/**
 * Makes the body when the session is there, for messages that are bound to it.
 * @param body exactly call->body.len bytes to fill. @return 0; anything else ends the call.
 */
typedef int https_body_fn(
	void *ctx, const uint8_t exporter[TLS_NODE_EXPORTER_LEN], uint8_t *body);

struct https_call {
	uint64_t id; /**< the caller's, given back */
	struct digest pin;
	const char *url; /**< whole, with path and query; https only */
	enum http_method method;
	const char *content_type; /**< NULL without a body */
	struct slice body;        /**< copied; with make_body only its length counts */
	https_body_fn *make_body; /**< or NULL */
	size_t answer_max;
	uint32_t timeout_ms;
	https_done_fn *done;
	void *ctx;
};

/** Borrows base and node. @return 0; ERR_NOMEM; ERR_CRYPTO when libcurl cannot be set up. */
NODISCARD int https_client_new(struct event_base *base, const struct tls_node *node,
	struct https_client **out, struct err_msg *msg);

/** Ends what is under way; `done` is not called. NULL is fine. */
void https_client_free(struct https_client *client);

/** Starts a call. @return 0; ERR_FULL beyond HTTPS_CALLS_MAX; ERR_NOMEM. */
NODISCARD int https_client_start(struct https_client *client, const struct https_call *call);

/** Forgets a call of this id: `done` is not called any more. */
void https_client_cancel(struct https_client *client, uint64_t id);

#endif

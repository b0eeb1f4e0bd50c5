/*
 * https_server.h - the one door through which peers come in, held shut.
 *
 * Sockets, TLS and time around http_request.h: accepts, finishes the handshake (only keys that
 * tls_node.h's admission lets in), reads one request after the other, hands each to its owner and
 * sends the answer it is given, at once or later. It decides nothing about what is asked.
 *
 * What it holds shut (DESIGN 8):
 *   - connections in total, per address, and per key; when all places are taken, the oldest that
 *     is still in its handshake goes, so that strangers cannot keep known peers out;
 *   - absolute deadlines for handshake, head, body, the making of an answer and its sending: a
 *     client that sends or reads a byte now and then gains no time;
 *   - no more than one request of a connection at a time, and no more of it in memory than head and
 *     body may have: what comes behind waits in the socket.
 * A request that is refused is answered, what still comes is read off for a moment so that no
 * reset overtakes the answer, and the connection ends. Unknown keys are counted and logged once a
 * minute, not each.
 *
 * Why not libevent's evhttp: the one in Debian 12 (2.1.12) offers no place between accept and a
 * complete request, restarts its timers with every byte, and forgives the ambiguous framing that
 * http_request.h refuses; the guards around it were more than the server.
 *
 * All in the thread of the event base.
 */
#ifndef GOSSIP_HTTPS_SERVER_H
#define GOSSIP_HTTPS_SERVER_H

#include "common/base/digest.h"
#include "common/base/err.h"
#include "gossip/http_request.h"
#include "gossip/tls_node.h"

struct event_base;
struct https_server;

/** All in milliseconds, from the start of the phase. */
struct https_deadlines {
	uint32_t handshake_ms;
	uint32_t idle_ms;    /**< between two requests */
	uint32_t request_ms; /**< from the first byte of a request to its last */
	uint32_t answer_ms;  /**< until the owner answers */
	uint32_t sending_ms; /**< until the client has read the answer */
};

struct https_limits {
	size_t connections_max;
	size_t per_address_max;
	size_t per_key_max;
	size_t body_max; /**< bytes */
	struct https_deadlines deadlines;
};

/**
 * Good values: 512, 16 and 8 connections, 10 s, 2 min, 30 s, 60 s and 60 s; body_max is 300
 * KiB.
 */
void https_limits_default(struct https_limits *out);

/** A request that is whole; slices are borrowed for the call of `handle`. */
struct https_request {
	uint64_t id; /**< never given twice */
	struct digest pin;
	const struct http_request *http;
	uint8_t exporter[TLS_NODE_EXPORTER_LEN];
};

struct https_handlers {
	/** Takes a request, which it answers by https_server_answer(), now or later, once. */
	void (*handle)(void *ctx, const struct https_request *request);
	/** The client of a request that has not been answered is gone. */
	void (*gone)(void *ctx, uint64_t id);
	/** May a client with this key come in? */
	bool (*admit)(void *ctx, const struct digest *pin);
	void *ctx;
};

/** What happened since the start. */
struct https_counters {
	uint64_t accepted;
	uint64_t refused_full;      /**< over a cap, or pushed out by one */
	uint64_t refused_handshake; /**< unknown keys, other versions, no TLS at all */
	uint64_t late;              /**< a deadline passed */
	uint64_t refused_requests;  /**< answered by http_request.h's refusals */
	uint64_t requests;
	uint64_t open; /**< connections now */
};

struct https_answer {
	int status;
	const char *content_type; /**< NULL without a body */
	uint32_t retry_after_s;   /**< 0: no such field */
	struct slice body;        /**< copied */
};

/**
 * Makes a server without a listener. Borrows base and node; copies the rest.
 * @return 0; ERR_NOMEM; ERR_CRYPTO.
 */
NODISCARD int https_server_new(struct event_base *base, const struct tls_node *node,
	const struct https_limits *limits, const struct https_handlers *handlers,
	struct https_server **out, struct err_msg *msg);

/** Takes a listening socket. @return 0 or ERR_NOMEM; the socket is closed on failure. */
NODISCARD int https_server_listen(struct https_server *server, int fd, struct err_msg *msg);

/** Ends all connections; `gone` is not called. NULL is fine. */
void https_server_free(struct https_server *server);

/** Sends the answer; an id whose client is gone is ignored. */
void https_server_answer(
	struct https_server *server, uint64_t id, const struct https_answer *answer);

/** Ends the connections of a key that is no longer welcome. */
void https_server_drop(struct https_server *server, const struct digest *pin);

const struct https_counters *https_server_counters(const struct https_server *server);

#endif

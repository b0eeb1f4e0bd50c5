/*
 * https_connection.h - one connection of https_server.h; private to https_server.c and this.
 *
 * The phases follow one another: handshake, then idle, request, answer and sending in a circle, and
 * linger at the end. Each has one absolute deadline. A connection frees itself when it ends,
 * so after any call that may end it, it is looked up again or not touched.
 */
#ifndef GOSSIP_HTTPS_CONNECTION_H
#define GOSSIP_HTTPS_CONNECTION_H

#include <sys/queue.h>

#include <event2/util.h>

#include "common/base/net_address.h"
#include "gossip/https_server.h"

struct bufferevent;
struct event;
struct evconnlistener;

enum phase {
	PHASE_HANDSHAKE, /* from accept to the end of the handshake */
	PHASE_IDLE,      /* nothing of a request has come */
	PHASE_REQUEST,   /* part of a request has come */
	PHASE_ANSWER,    /* the owner has the request */
	PHASE_SENDING,   /* the answer is on its way */
	PHASE_LINGER,    /* the answer is sent, and the last one; what comes is thrown away */
};

struct connection {
	TAILQ_ENTRY(connection) link; /* by age, the oldest first */
	struct https_server *server;
	struct bufferevent *stream;
	struct event *timer; /* the deadline of the phase */
	struct event *drain; /* in PHASE_LINGER without a stream: reads off `drain_fd` */
	evutil_socket_t drain_fd;
	struct net_address address;
	/* Both from PHASE_IDLE on: they stay the same for the life of the session. */
	struct digest pin;
	uint8_t exporter[TLS_NODE_EXPORTER_LEN];
	enum phase phase;
	uint64_t request_id; /* in PHASE_ANSWER */
	size_t needed;       /* bytes of the request at hand, 0 while its head is not whole */
	size_t lingered;
	bool keep_alive;
	bool is_asking; /* the owner is being called */
};

TAILQ_HEAD(connection_list, connection);

struct https_server {
	struct event_base *base;
	struct ssl_ctx_st *tls;
	struct tls_admission admission;
	struct https_limits limits;
	struct https_handlers handlers;
	struct https_counters counters;
	struct evconnlistener *listener;
	struct event *resume; /* ends a pause in accepting */
	struct connection_list connections;
	uint64_t last_id;
	uint64_t refused_since_log;
	uint64_t logged_ms;
};

/** Takes an accepted socket and starts the handshake; the caller has looked at the caps. */
void connection_start(
	struct https_server *server, evutil_socket_t fd, const struct net_address *from);

/** Ends it at once. The owner of a request that is not answered yet is told. */
void connection_free(struct connection *c);

/** Begins a phase, and its deadline. */
void connection_enter(struct connection *c, enum phase phase);

/**
 * Takes the requests that have come, as far as they are answered at once. It may end the
 * connection.
 */
void connection_read(struct connection *c);

/** Sends the answer to the request at hand (https_answer.c). */
void connection_answer(struct connection *c, const struct https_answer *answer);

#endif

#include "gossip/https_server.h"

#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/listener.h>
#include <openssl/ssl.h>

#include "common/base/log.h"
#include "gossip/https_connection.h"

/* Accepting pauses this long when the process has no descriptors left. */
#define ACCEPT_PAUSE_MS 100

void
https_limits_default(struct https_limits *out)
{
	*out = (struct https_limits){
		.connections_max = 512,
		.per_address_max = 16,
		.per_key_max = 8,
		.body_max = (size_t)300 * 1024,
		.deadlines =
			{
				.handshake_ms = 10000,
				.idle_ms = 120000,
				.request_ms = 30000,
				.answer_ms = 60000,
				.sending_ms = 60000,
			},
	};
}

/* --- accepting ------------------------------------------------------------------------------ */

/* make_room - false when an address has its share, or no place can be had */
static bool
make_room(struct https_server *server, const struct net_address *from)
{
	struct connection *oldest = NULL;
	struct connection *c = NULL;
	size_t same = 0;

	TAILQ_FOREACH(c, &server->connections, link)
	{
		same += net_address_eq(&c->address, from) ? 1 : 0;
		if (oldest == NULL && c->phase == PHASE_HANDSHAKE) {
			oldest = c;
		}
	}
	if (same >= server->limits.per_address_max) {
		return false;
	}
	if (server->counters.open < server->limits.connections_max) {
		return true;
	}
	if (oldest == NULL) {
		return false;
	}
	server->counters.refused_full++;
	connection_free(oldest);
	return true;
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa, int sa_len,
	void *ctx)
{
	struct https_server *server = ctx;
	struct net_address from;

	(void)listener;
	(void)sa_len;
	if (net_address_from_sockaddr(sa, &from) != 0 || !make_room(server, &from)) {
		server->counters.refused_full++;
		(void)evutil_closesocket(fd);
		return;
	}
	connection_start(server, fd, &from);
}

static void
on_accept_error(struct evconnlistener *listener, void *ctx)
{
	struct https_server *server = ctx;
	struct timeval pause = {.tv_usec = ACCEPT_PAUSE_MS * 1000};

	log_warn_errno("gossip: cannot accept a connection");
	(void)evconnlistener_disable(listener);
	(void)evtimer_add(server->resume, &pause);
}

static void
on_resume(evutil_socket_t fd, short what, void *ctx)
{
	struct https_server *server = ctx;

	(void)fd;
	(void)what;
	(void)evconnlistener_enable(server->listener);
}

/* --- the server ------------------------------------------------------------------------------ */

static bool
admit(void *ctx, const struct digest *pin)
{
	const struct https_server *server = ctx;

	return server->handlers.admit(server->handlers.ctx, pin);
}

int
https_server_new(struct event_base *base, const struct tls_node *node,
	const struct https_limits *limits, const struct https_handlers *handlers,
	struct https_server **out, struct err_msg *msg)
{
	struct https_server *server = calloc(1, sizeof(*server));
	int code = 0;

	if (server == NULL) {
		return err_set(msg, ERR_NOMEM, "out of memory");
	}
	TAILQ_INIT(&server->connections);
	server->base = base;
	server->limits = *limits;
	server->handlers = *handlers;
	server->admission = (struct tls_admission){.admit = admit, .ctx = server};
	server->resume = evtimer_new(base, on_resume, server);
	code = server->resume == NULL
		       ? err_set(msg, ERR_NOMEM, "out of memory")
		       : tls_node_server(node, &server->admission, &server->tls, msg);
	if (code != 0) {
		https_server_free(server);
		return code;
	}
	*out = server;
	return 0;
}

int
https_server_listen(struct https_server *server, int fd, struct err_msg *msg)
{
	server->listener = evconnlistener_new(server->base, on_accept, server,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (server->listener == NULL) {
		(void)close(fd);
		return err_set(msg, ERR_NOMEM, "out of memory");
	}
	evconnlistener_set_error_cb(server->listener, on_accept_error);
	return 0;
}

void
https_server_free(struct https_server *server)
{
	struct connection *c = NULL;

	if (server == NULL) {
		return;
	}
	if (server->listener != NULL) {
		evconnlistener_free(server->listener);
	}
	while ((c = TAILQ_FIRST(&server->connections)) != NULL) {
		c->phase = PHASE_LINGER; /* nobody is told any more */
		connection_free(c);
	}
	if (server->resume != NULL) {
		event_free(server->resume);
	}
	SSL_CTX_free(server->tls);
	free(server);
}

void
https_server_drop(struct https_server *server, const struct digest *pin)
{
	struct connection *c = TAILQ_FIRST(&server->connections);

	while (c != NULL) {
		struct connection *next = TAILQ_NEXT(c, link);

		if (c->phase != PHASE_HANDSHAKE && digest_eq(&c->pin, pin)) {
			connection_free(c);
		}
		c = next;
	}
}

const struct https_counters *
https_server_counters(const struct https_server *server)
{
	return &server->counters;
}

void
https_server_answer(struct https_server *server, uint64_t id, const struct https_answer *answer)
{
	struct connection *c = NULL;

	TAILQ_FOREACH(c, &server->connections, link)
	{
		if (c->phase == PHASE_ANSWER && c->request_id == id) {
			connection_answer(c, answer);
			return;
		}
	}
}

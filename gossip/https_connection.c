#include "gossip/https_connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "common/base/clock.h"
#include "common/base/log.h"

/* How long, and how much, is read off behind an answer that ends the connection. */
#define LINGER_MS        2000
#define LINGER_BYTES_MAX ((size_t)1024 * 1024)

/* Strangers at the door are summed up in one line of the log. */
#define REFUSED_LOG_EVERY_MS 60000

void
connection_free(struct connection *c)
{
	struct https_server *server = c->server;

	TAILQ_REMOVE(&server->connections, c, link);
	server->counters.open--;
	if (c->phase == PHASE_ANSWER) {
		server->handlers.gone(server->handlers.ctx, c->request_id);
	}
	if (c->stream != NULL) {
		bufferevent_free(c->stream);
	}
	if (c->drain != NULL) {
		event_free(c->drain);
		(void)evutil_closesocket(c->drain_fd);
	}
	if (c->timer != NULL) {
		event_free(c->timer);
	}
	free(c);
}

static void
set_deadline(struct connection *c, uint32_t ms)
{
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};

	(void)evtimer_add(c->timer, &tv);
}

void
connection_enter(struct connection *c, enum phase phase)
{
	const struct https_deadlines *d = &c->server->limits.deadlines;

	c->phase = phase;
	switch (phase) {
	case PHASE_HANDSHAKE:
		set_deadline(c, d->handshake_ms);
		break;
	case PHASE_IDLE:
		set_deadline(c, d->idle_ms);
		break;
	case PHASE_REQUEST:
		set_deadline(c, d->request_ms);
		break;
	case PHASE_ANSWER:
		set_deadline(c, d->answer_ms);
		break;
	case PHASE_SENDING:
		set_deadline(c, d->sending_ms);
		break;
	case PHASE_LINGER:
		set_deadline(c, LINGER_MS);
		break;
	}
}

/* log_refused - strangers, summed up; the first one of a quiet minute at once */
static void
log_refused(struct https_server *server, const struct connection *c, const char *reason)
{
	char address[NET_ADDRESS_TEXT_MAX];
	uint64_t now_ms = clock_mono_ms();

	server->counters.refused_handshake++;
	server->refused_since_log++;
	if (server->logged_ms != 0 && now_ms - server->logged_ms < REFUSED_LOG_EVERY_MS) {
		return;
	}
	log_info("gossip: refused %llu connection(s) in the handshake, last from %s: %s",
		(unsigned long long)server->refused_since_log,
		net_address_print(&c->address, address), reason);
	server->refused_since_log = 0;
	server->logged_ms = now_ms;
}

/* handshake_reason - in words; the queue of errors is emptied by it */
static const char *
handshake_reason(const struct connection *c)
{
	unsigned long error = bufferevent_get_openssl_error(c->stream);
	const char *reason = error == 0 ? NULL : ERR_reason_error_string(error);

	ERR_clear_error();
	if (error != 0 && ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
		return "its key is no peer's";
	}
	return reason == NULL ? "it went away" : reason;
}

/* --- after the answer -------------------------------------------------------------------- */

/* linger - says that nothing more comes, and reads off what the client still sends */
static void
linger(struct connection *c)
{
	SSL *ssl = bufferevent_openssl_get_ssl(c->stream);

	connection_enter(c, PHASE_LINGER);
	(void)SSL_shutdown(ssl);
	ERR_clear_error();
	(void)shutdown(bufferevent_getfd(c->stream), SHUT_WR);
	(void)evbuffer_drain(bufferevent_get_input(c->stream), SIZE_MAX);
	(void)bufferevent_enable(c->stream, EV_READ);
}

static void
on_sent(struct bufferevent *stream, void *ctx)
{
	struct connection *c = ctx;

	(void)stream;
	if (c->phase != PHASE_SENDING) {
		return;
	}
	if (!c->keep_alive) {
		linger(c);
		return;
	}
	connection_enter(c, PHASE_IDLE);
	connection_read(c);
}

/* refuse_request - answers and ends: where the next request starts is not known any more */
static void
refuse_request(struct connection *c, const struct http_refusal *refusal)
{
	struct https_answer answer = {
		.status = refusal->status,
		.content_type = "text/plain",
		.body = slice_str(refusal->text),
	};
	char address[NET_ADDRESS_TEXT_MAX];

	c->server->counters.refused_requests++;
	log_debug("gossip: refused a request from %s: %d %s",
		net_address_print(&c->address, address), refusal->status, refusal->text);
	c->keep_alive = false;
	(void)bufferevent_disable(c->stream, EV_READ);
	connection_answer(c, &answer);
}

/* --- requests ------------------------------------------------------------------------------ */

/* hand_over - the request to its owner, who may answer within the call, or end the connection */
static void
hand_over(struct connection *c, const struct http_request *http)
{
	struct https_server *server = c->server;
	struct https_request request = {.id = ++server->last_id, .pin = c->pin, .http = http};

	server->counters.requests++;
	c->request_id = request.id;
	c->keep_alive = http->keep_alive;
	c->needed = 0;
	memcpy(request.exporter, c->exporter, sizeof(request.exporter));
	connection_enter(c, PHASE_ANSWER);
	server->handlers.handle(server->handlers.ctx, &request);
}

/*
 * ask - the owner, about a whole request. The bytes stay in the buffer until he has seen them.
 * An answer within his call sends or queues bytes and sets the phase, so the connection is
 * still there unless it was freed. False then.
 */
static bool
ask(struct connection *c, const struct http_request *http, size_t used)
{
	struct https_server *server = c->server;
	struct evbuffer *in = bufferevent_get_input(c->stream);
	uint64_t id = server->last_id + 1;

	c->is_asking = true;
	hand_over(c, http);
	TAILQ_FOREACH(c, &server->connections, link)
	{
		if (c->request_id == id) {
			c->is_asking = false;
			(void)evbuffer_drain(in, used);
			return true;
		}
	}
	return false;
}

/*
 * read_one - what is there of a request. True when it was answered at once, so that another may
 * follow
 */
static bool
read_one(struct connection *c)
{
	struct evbuffer *in = bufferevent_get_input(c->stream);
	size_t len = evbuffer_get_length(in);
	struct http_refusal refusal;
	struct http_request http;
	size_t used = 0;

	if (len == 0 || len < c->needed) {
		return false;
	}
	if (c->phase == PHASE_IDLE) {
		connection_enter(c, PHASE_REQUEST);
	}
	/* The bytes are made one piece only when the request can be whole. */
	switch (http_request_parse(slice_of(evbuffer_pullup(in, -1), len),
		c->server->limits.body_max, &http, &used, &refusal)) {
	case HTTP_PARSE_MORE:
		return false;
	case HTTP_PARSE_HEAD:
		c->needed = used;
		return false;
	case HTTP_PARSE_REFUSED:
		refuse_request(c, &refusal);
		return false;
	case HTTP_PARSE_DONE:
		break;
	}
	return ask(c, &http, used) && c->phase == PHASE_IDLE;
}

/* connection_read - a request, and those behind it, while they are answered at once */
void
connection_read(struct connection *c)
{
	while (read_one(c)) {
	}
}

static void
on_read(struct bufferevent *stream, void *ctx)
{
	struct connection *c = ctx;
	struct evbuffer *in = bufferevent_get_input(stream);

	if (c->phase == PHASE_IDLE || c->phase == PHASE_REQUEST) {
		connection_read(c);
	} else if (c->phase == PHASE_LINGER) {
		c->lingered += evbuffer_get_length(in);
		(void)evbuffer_drain(in, SIZE_MAX);
		if (c->lingered > LINGER_BYTES_MAX) {
			connection_free(c);
		}
	}
}

/* --- the handshake ------------------------------------------------------------------------- */

static size_t
count_of_key(const struct https_server *server, const struct digest *pin)
{
	const struct connection *c = NULL;
	size_t count = 0;

	TAILQ_FOREACH(c, &server->connections, link)
	{
		count += c->phase != PHASE_HANDSHAKE && digest_eq(&c->pin, pin) ? 1 : 0;
	}
	return count;
}

static void
finish_handshake(struct connection *c)
{
	struct https_server *server = c->server;
	SSL *ssl = bufferevent_openssl_get_ssl(c->stream);
	struct digest pin;

	if (tls_peer_pin(ssl, &pin) != 0 || tls_exporter(ssl, c->exporter) != 0) {
		log_refused(server, c, "it has no key");
		connection_free(c);
		return;
	}
	if (count_of_key(server, &pin) >= server->limits.per_key_max) {
		server->counters.refused_full++;
		connection_free(c);
		return;
	}
	c->pin = pin;
	connection_enter(c, PHASE_IDLE);
	connection_read(c);
}

static void
on_drain(evutil_socket_t fd, short what, void *ctx)
{
	struct connection *c = ctx;
	uint8_t waste[4096];
	ssize_t n = recv(fd, waste, sizeof(waste), 0);

	(void)what;
	c->lingered += n > 0 ? (size_t)n : 0;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) ||
		c->lingered > LINGER_BYTES_MAX) {
		connection_free(c);
	}
}

/*
 * turn_away - lets the alert arrive that says why. A client of TLS 1.3 has sent its request
 * behind its certificate; closing over it would make a reset, which overtakes the alert. So the
 * session goes, the socket stays, and what comes is read off.
 */
static void
turn_away(struct connection *c)
{
	c->drain_fd = dup(bufferevent_getfd(c->stream));
	c->drain = c->drain_fd < 0 ? NULL
				   : event_new(c->server->base, c->drain_fd,
					     EV_READ | EV_PERSIST, on_drain, c);
	if (c->drain == NULL || event_add(c->drain, NULL) != 0) {
		if (c->drain == NULL && c->drain_fd >= 0) {
			(void)evutil_closesocket(c->drain_fd);
		}
		connection_free(c);
		return;
	}
	bufferevent_free(c->stream);
	c->stream = NULL;
	(void)shutdown(c->drain_fd, SHUT_WR);
	connection_enter(c, PHASE_LINGER);
}

static void
on_event(struct bufferevent *stream, short what, void *ctx)
{
	struct connection *c = ctx;

	(void)stream;
	if ((what & BEV_EVENT_CONNECTED) != 0) {
		finish_handshake(c);
		return;
	}
	if (c->phase == PHASE_HANDSHAKE) {
		log_refused(c->server, c, handshake_reason(c));
		ERR_clear_error();
		turn_away(c);
		return;
	}
	ERR_clear_error();
	connection_free(c);
}

static void
on_deadline(evutil_socket_t fd, short what, void *ctx)
{
	struct connection *c = ctx;

	(void)fd;
	(void)what;
	if (c->phase == PHASE_HANDSHAKE) {
		log_refused(c->server, c, "no handshake in time");
	}
	if (c->phase != PHASE_IDLE && c->phase != PHASE_LINGER) {
		c->server->counters.late++;
	}
	connection_free(c);
}

/* start_tls - the stream takes the socket, also on failure */
static int
start_tls(struct connection *c, evutil_socket_t fd)
{
	struct https_server *server = c->server;
	SSL *ssl = SSL_new(server->tls);
	int on = 1;

	if (ssl == NULL) {
		(void)evutil_closesocket(fd);
		return ERR_NOMEM;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c->stream = bufferevent_openssl_socket_new(
		server->base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (c->stream == NULL) {
		SSL_free(ssl);
		(void)evutil_closesocket(fd);
		return ERR_NOMEM;
	}
	bufferevent_openssl_set_allow_dirty_shutdown(c->stream, 1);
	bufferevent_setcb(c->stream, on_read, on_sent, on_event, c);
	bufferevent_setwatermark(
		c->stream, EV_READ, 0, HTTP_HEAD_MAX + server->limits.body_max);
	return bufferevent_enable(c->stream, EV_READ | EV_WRITE) == 0 ? 0 : ERR_NOMEM;
}

void
connection_start(
	struct https_server *server, evutil_socket_t fd, const struct net_address *from)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		(void)evutil_closesocket(fd);
		return;
	}
	c->server = server;
	c->address = *from;
	TAILQ_INSERT_TAIL(&server->connections, c, link);
	server->counters.open++;
	server->counters.accepted++;
	c->timer = evtimer_new(server->base, on_deadline, c);
	if (c->timer == NULL) {
		(void)evutil_closesocket(fd);
		connection_free(c);
		return;
	}
	if (start_tls(c, fd) != 0) {
		connection_free(c);
		return;
	}
	connection_enter(c, PHASE_HANDSHAKE);
}

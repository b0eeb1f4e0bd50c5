/* From an accepted connection to a session: who is it, may he connect, how often? */
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "spamd-trust/worker.h"

static unsigned int
port_of(const struct sockaddr_storage *from)
{
	if (from->ss_family == AF_INET6) {
		return ntohs(((const struct sockaddr_in6 *)from)->sin6_port);
	}
	return ntohs(((const struct sockaddr_in *)from)->sin_port);
}

/* describe_peer - fills in what the log says about the other end */
static void
describe_peer(struct session *s, const struct listener *listener,
	const struct sockaddr_storage *from, const struct net_address *address)
{
	struct logline_peer *peer = &s->origin.peer;

	peer->fd = s->stream.fd;
	if (listener->is_unix) {
		peer->socket_path = slice_str(listener->path);
		peer->host = SLICE("localhost");
		peer->address = SLICE("127.0.0.1");
		return;
	}
	peer->address = slice_str(net_address_print(address, s->address));
	peer->host = net_address_is_loopback(address) ? SLICE("localhost") : peer->address;
	peer->port = port_of(from);
	peer->local_port = listener->port;
}

/* refuse - cuts the connection with a reset, without a byte (SPEC 1) */
static void
refuse(int fd)
{
	struct linger at_once = {.l_onoff = 1};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	(void)close(fd);
}

/* admit - may this client connect, and does it get one more connection? */
static bool
admit(struct session *s, const struct net_address *address)
{
	const struct service *service = s->worker->service;

	if (!netlist_contains(service->allowed, address)) {
		request_log_unauthorized(&s->worker->desk, &s->origin.peer);
		return false;
	}
	if (!peers_enter(service->peers, address, &s->peer_slot)) {
		worker_count_refused(s->worker, s->address);
		return false;
	}
	return true;
}

struct session *
session_new(struct worker *w, int fd, const struct listener *listener,
	const struct sockaddr_storage *from)
{
	struct session *s = malloc(sizeof(*s));
	struct net_address address = {0};

	if (s == NULL) {
		(void)close(fd);
		return NULL;
	}
	*s = (struct session){.worker = w, .peer_slot = PEERS_NOT_COUNTED};
	s->origin.accepted_ms = clock_mono_ms();
	stream_init_plain(&s->stream, fd);
	if (!listener->is_unix &&
		net_address_from_sockaddr((const struct sockaddr *)from, &address) != 0) {
		stream_close(&s->stream);
		free(s);
		return NULL;
	}
	describe_peer(s, listener, from, &address);
	if (!listener->is_unix && !admit(s, &address)) {
		refuse(fd);
		free(s);
		return NULL;
	}
	spamd_proto_init(&s->proto, &w->service->limits, s->origin.accepted_ms);
	worker_remember(w, s);
	if (listener->tls && stream_init_tls(&s->stream, fd, w->service->tls) != 0) {
		session_close(s);
		return NULL;
	}
	if (listener->tls && w->service->limits.timeout_command_s != 0) {
		s->phase_end_ms = s->origin.accepted_ms +
				  (uint64_t)w->service->limits.timeout_command_s * 1000;
	}
	return s;
}

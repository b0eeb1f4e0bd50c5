#include "common/ctl/ctl_server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/ctl/ctl_lines.h"
#include "common/ctl/ctl_socket.h"

#define RETRY_MS 100

/* A client. There is one call at a time, so he is the call as well. */
struct ctl_call {
	LIST_ENTRY(ctl_call) link;
	struct ctl_server *server;
	struct event *readable; /* persistent; watched while a request is awaited */
	struct event *writable; /* watched while an answer does not fit */
	struct event *deadline;
	int fd; /* -1: he is gone, and a call is not answered yet */
	bool in_call;
	bool is_last; /* closed behind the answer */
	struct ctl_lines in;
	struct dynbuf out;
};

LIST_HEAD(call_list, ctl_call);

struct ctl_server {
	struct event_base *base;
	int fd;
	struct event *accept;
	struct event *retry; /* accepts again after a pause */
	ctl_server_fn *handle;
	void *ctx;
	struct call_list calls;
	unsigned int count;
	bool is_accepting;
};

static void
set_accepting(struct ctl_server *s, bool on)
{
	if (on != s->is_accepting &&
		(on ? event_add(s->accept, NULL) : event_del(s->accept)) == 0) {
		s->is_accepting = on;
	}
}

static void
free_event(struct event **event)
{
	if (*event != NULL) {
		event_free(*event);
		*event = NULL;
	}
}

/* hang_up - the connection ends; the call, if there is one, goes on */
static void
hang_up(struct ctl_call *c)
{
	free_event(&c->readable);
	free_event(&c->writable);
	free_event(&c->deadline);
	if (c->fd >= 0) {
		(void)close(c->fd);
		c->fd = -1;
	}
}

static void
call_free(struct ctl_call *c)
{
	hang_up(c);
	LIST_REMOVE(c, link);
	c->server->count--;
	ctl_lines_fini(&c->in);
	dynbuf_fini(&c->out);
	free(c);
}

/* leave - the client goes; his call stays until it is answered */
static void
leave(struct ctl_call *c)
{
	struct ctl_server *s = c->server;

	if (c->in_call) {
		hang_up(c);
	} else {
		call_free(c);
		set_accepting(s, true);
	}
}

/* watch - for the next request, or for room for the answer; with a new deadline */
static bool
watch(struct ctl_call *c, bool for_room)
{
	static const struct timeval limit = {.tv_sec = CTL_SERVER_DEADLINE_MS / 1000};
	struct event *wanted = for_room ? c->writable : c->readable;
	struct event *other = for_room ? c->readable : c->writable;

	return event_del(other) == 0 && event_add(wanted, NULL) == 0 &&
	       evtimer_add(c->deadline, &limit) == 0;
}

/* refuse - a line that is no request; what follows it cannot be trusted to be one */
static void
refuse(struct ctl_call *c, int code, const struct err_msg *msg)
{
	c->is_last = true;
	ctl_call_answer(c,
		ctl_message_refusal(code, msg->text[0] == '\0' ? err_text(code) : msg->text));
}

static void
act_on(struct ctl_call *c, struct slice line)
{
	struct ctl_message *request = NULL;
	struct err_msg msg = {0};
	int code = ctl_message_decode(line, &request, &msg);

	c->in_call = true;
	(void)evtimer_del(c->deadline);
	(void)event_del(c->readable);
	if (code != 0) {
		refuse(c, code, &msg);
		return;
	}
	c->server->handle(c->server->ctx, c, request);
	ctl_message_free(request);
}

/* take_request - acts on what has been read, if it is whole; false when it is not */
static bool
take_request(struct ctl_call *c)
{
	struct slice line;
	int found = ctl_lines_next(&c->in, &line);

	if (found == 1) {
		act_on(c, line);
	} else if (found < 0) {
		leave(c);
	}
	return found != 0;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct ctl_call *c = arg;
	uint8_t bytes[4096];
	size_t room = 0;
	ssize_t n = 0;

	(void)what;
	if (take_request(c)) {
		return; /* it came together with the one before */
	}
	room = ctl_lines_room(&c->in);
	n = recv(fd, bytes, room < sizeof(bytes) ? room : sizeof(bytes), 0);
	if (n < 0 && evutil_socket_geterror(fd) == EAGAIN) {
		return;
	}
	/* The deadline runs on, whatever trickles in. */
	if (n <= 0 || ctl_lines_feed(&c->in, slice_of(bytes, (size_t)n)) != 0) {
		leave(c);
	} else {
		(void)take_request(c);
	}
}

/* await_request - the answer is gone */
static void
await_request(struct ctl_call *c)
{
	if (c->is_last || !watch(c, false)) {
		leave(c);
	} else {
		/* A next one may have been read already. Through the loop, so that a client who
		 * sends many at once does not make the stack grow. */
		event_active(c->readable, EV_READ, 0);
	}
}

/* flush - sends what it can; the next request comes when all of it is gone */
static void
flush(struct ctl_call *c)
{
	struct slice out = dynbuf_slice(&c->out);
	ssize_t n = send(c->fd, out.data, out.len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && evutil_socket_geterror(c->fd) != EAGAIN) {
		leave(c);
		return;
	}
	dynbuf_consume(&c->out, n < 0 ? 0 : (size_t)n);
	if (dynbuf_slice(&c->out).len == 0) {
		await_request(c);
	} else if (!event_pending(c->writable, EV_WRITE, NULL) && !watch(c, true)) {
		leave(c);
	}
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	flush(arg);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	leave(arg);
}

void
ctl_call_answer(struct ctl_call *call, struct ctl_message *reply)
{
	bool can_answer = reply != NULL && call->fd >= 0;

	call->in_call = false;
	dynbuf_reset(&call->out);
	if (!can_answer || ctl_message_encode(reply, &call->out) != 0) {
		leave(call);
	} else {
		flush(call);
	}
	ctl_message_free(reply);
}

static bool
make_events(struct ctl_call *c)
{
	struct event_base *base = c->server->base;

	c->readable = event_new(base, c->fd, EV_READ | EV_PERSIST, on_readable, c);
	c->writable = event_new(base, c->fd, EV_WRITE | EV_PERSIST, on_writable, c);
	c->deadline = evtimer_new(base, on_deadline, c);
	return c->readable != NULL && c->writable != NULL && c->deadline != NULL &&
	       watch(c, false);
}

/* admit - a new client; takes the descriptor */
static void
admit(struct ctl_server *s, int fd)
{
	struct ctl_call *c = ctl_socket_peer_is_allowed(fd) ? calloc(1, sizeof(*c)) : NULL;

	if (c == NULL) {
		(void)close(fd);
		return;
	}
	c->server = s;
	c->fd = fd;
	ctl_lines_init(&c->in);
	dynbuf_init(&c->out, CTL_LINE_MAX);
	LIST_INSERT_HEAD(&s->calls, c, link);
	s->count++;
	if (!make_events(c)) {
		call_free(c);
	}
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	set_accepting(arg, true);
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval pause = {.tv_usec = RETRY_MS * 1000};
	struct ctl_server *s = arg;
	int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (client >= 0) {
		admit(s, client);
	} else if (errno != EAGAIN) {
		set_accepting(s, false); /* no descriptors: else the loop would spin */
		(void)event_add(s->retry, &pause);
	}
	if (s->count >= CTL_SERVER_CLIENTS_MAX) {
		set_accepting(s, false);
	}
}

int
ctl_server_new(struct event_base *base, int fd, ctl_server_fn *handle, void *ctx,
	struct ctl_server **out)
{
	struct ctl_server *s = calloc(1, sizeof(*s));

	*out = NULL;
	if (s == NULL) {
		return ERR_NOMEM;
	}
	*s = (struct ctl_server){.base = base, .fd = fd, .handle = handle, .ctx = ctx};
	LIST_INIT(&s->calls);
	s->accept = event_new(base, fd, EV_READ | EV_PERSIST, on_accept, s);
	s->retry = evtimer_new(base, on_retry, s);
	if (s->accept != NULL && s->retry != NULL) {
		set_accepting(s, true);
	}
	if (!s->is_accepting) {
		ctl_server_free(s);
		return ERR_NOMEM;
	}
	*out = s;
	return 0;
}

void
ctl_server_free(struct ctl_server *s)
{
	if (s == NULL) {
		return;
	}
	for (struct ctl_call *c = LIST_FIRST(&s->calls), *next = NULL; c != NULL; c = next) {
		next = LIST_NEXT(c, link);
		call_free(c);
	}
	free_event(&s->accept);
	free_event(&s->retry);
	free(s);
}

#include "spamd-trust/control.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/ctl/ctl_server.h"
#include "spamd-trust/control_request.h"

/* How often the socket's file is looked after. */
#define UPKEEP_S 1

struct control {
	struct control_config config;
	struct ctl_socket socket;
	bool is_fixed; /* opened with rights that are gone: it can be made no second time */
	struct event_base *base;
	struct ctl_server *server; /* NULL: does not listen */
	struct event *stopped;
	struct event *finished; /* jobs */
	struct event *upkeep;
	unsigned int waiting; /* calls whose jobs are with the writer */
	int stop_fd;
	int state; /* 0: it listens; else why not, as it was logged */
	pthread_t thread;
	bool is_running;
};

/* answer_status - needs no job */
static void
answer_status(struct control *c, struct ctl_call *call)
{
	struct ledger_counters counters;

	ledger_writer_count(c->config.ledger, &counters);
	ctl_call_answer(call, control_request_status(&counters));
}

static void
on_request(void *ctx, struct ctl_call *call, const struct ctl_message *request)
{
	struct control *c = ctx;
	struct ledger_job *job = NULL;
	struct err_msg msg = {0};
	int code = 0;

	if (slice_eq(ctl_message_op(request), SLICE("status"))) {
		answer_status(c, call);
		return;
	}
	code = control_request_job(request, clock_wall_s(), &job, &msg);
	if (code == 0) {
		job->worker = c->config.desk;
		job->owner = call;
		code = ledger_writer_submit(c->config.ledger, job);
		if (code == 0) {
			c->waiting++;
		} else {
			free(job);
			(void)err_set(&msg, code, "too many changes wait, try again");
		}
	}
	if (code != 0) {
		ctl_call_answer(call, ctl_message_refusal(code, msg.text));
	}
}

static void
on_finished(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;
	struct ledger_job *job = NULL;
	uint64_t count = 0;

	(void)what;
	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN) {
		log_error_errno("spamd: cannot read an event descriptor");
	}
	while ((job = ledger_writer_collect(c->config.ledger, c->config.desk)) != NULL) {
		ctl_call_answer(job->owner, control_request_reply(job));
		c->waiting--;
		free(job);
	}
}

static void
on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;

	(void)fd;
	(void)what;
	(void)event_base_loopbreak(c->base);
}

/* tell - logs a change of state, once */
static void
tell(struct control *c, int code, const struct err_msg *msg)
{
	if (c->state == code) {
		return;
	}
	c->state = code;
	if (code == 0) {
		log_info("spamd: control socket %s", c->socket.path);
	} else {
		log_warn("spamd: no control socket: %s", msg->text);
	}
}

/* listen_anew - on a file that is not there, or not there any more */
static void
listen_anew(struct control *c)
{
	struct err_msg msg = {0};
	int code = 0;

	ctl_server_free(c->server);
	c->server = NULL;
	ctl_socket_close(&c->socket);
	code = ctl_socket_listen(&c->socket, c->config.path, &msg);
	if (code == 0) {
		code = ctl_server_new(c->base, c->socket.fd, on_request, c, &c->server);
	}
	tell(c, code, &msg);
}

static void
on_upkeep(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;

	(void)fd;
	(void)what;
	/* Not under calls that wait: they would be answered when they are gone. */
	if (!c->is_fixed && c->waiting == 0 && !ctl_socket_is_in_place(&c->socket)) {
		listen_anew(c);
	}
}

static int
make_events(struct control *c)
{
	static const struct timeval period = {.tv_sec = UPKEEP_S};

	c->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	c->base = event_base_new();
	if (c->stop_fd < 0 || c->base == NULL) {
		return ERR_NOMEM;
	}
	c->stopped = event_new(c->base, c->stop_fd, EV_READ, on_stop, c);
	c->finished = event_new(c->base, ledger_writer_fd(c->config.ledger, c->config.desk),
		EV_READ | EV_PERSIST, on_finished, c);
	c->upkeep = event_new(c->base, -1, EV_PERSIST, on_upkeep, c);
	return c->stopped != NULL && c->finished != NULL && c->upkeep != NULL &&
			       event_add(c->stopped, NULL) == 0 &&
			       event_add(c->finished, NULL) == 0 &&
			       event_add(c->upkeep, &period) == 0
		       ? 0
		       : ERR_NOMEM;
}

/* serve_what_is_open - the socket that was handed in */
static int
serve_what_is_open(struct control *c)
{
	struct err_msg msg = {0};
	int code = 0;

	if (c->is_fixed) {
		code = ctl_server_new(c->base, c->socket.fd, on_request, c, &c->server);
		tell(c, code, &msg);
	} else {
		listen_anew(c);
	}
	return code;
}

static void *
control_main(void *arg)
{
	struct control *c = arg;

	if (event_base_dispatch(c->base) != 0) {
		log_error("spamd: the event loop of the control socket failed");
	}
	return NULL;
}

int
control_new(const struct control_config *config, struct ctl_socket *listening,
	struct control **out, struct err_msg *msg)
{
	struct control *c = calloc(1, sizeof(*c));
	int code = 0;

	*out = NULL;
	if (c == NULL) {
		ctl_socket_close(listening);
		return err_set(msg, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	c->config = *config;
	c->socket = *listening;
	c->is_fixed = listening->fd >= 0;
	c->stop_fd = -1;
	c->state = 1; /* neither was logged yet */
	code = make_events(c);
	if (code == 0) {
		code = serve_what_is_open(c);
	}
	if (code == 0) {
		errno = pthread_create(&c->thread, NULL, control_main, c);
		c->is_running = errno == 0;
		code = errno == 0 ? 0 : err_set_errno(msg, "cannot start a thread");
	} else {
		(void)err_set(msg, code, "%s", err_text(code));
	}
	if (code != 0) {
		control_free(c);
		return code;
	}
	*out = c;
	return 0;
}

static void
free_event(struct event *event)
{
	if (event != NULL) {
		event_free(event);
	}
}

void
control_free(struct control *c)
{
	uint64_t one = 1;

	if (c == NULL) {
		return;
	}
	if (c->is_running) {
		if (write(c->stop_fd, &one, sizeof(one)) != (ssize_t)sizeof(one)) {
			log_error_errno("spamd: cannot stop the control socket");
		}
		(void)pthread_join(c->thread, NULL);
	}
	ctl_server_free(c->server);
	ctl_socket_close(&c->socket);
	free_event(c->stopped);
	free_event(c->finished);
	free_event(c->upkeep);
	if (c->base != NULL) {
		event_base_free(c->base);
	}
	if (c->stop_fd >= 0) {
		(void)close(c->stop_fd);
	}
	free(c);
}

#include "spamd-trust/upstream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "spamd-trust/stream.h"

#define READ_BYTES 16384

/*
 * The queue of a UNIX socket is full: connecting does not wait there, so it is tried again
 * after this.
 */
#define BUSY_MS 20

struct upstream_call {
	struct upstream_pool *pool;
	struct upstream_question question;
	uint64_t deadline_ms;
	size_t target;       /* that is being asked */
	uint64_t try_end_ms; /* when it has used up its share */
	bool is_waiting;     /* to be tried again; only the timer is in use */
	bool is_open;        /* client, stream and events are in use */
	bool is_up;          /* TLS, or there is none */
	bool is_ended;       /* our sending side */
	struct upstream_client client;
	struct stream stream;
	struct event io;
	struct event timer;
};

static void run(struct upstream_call *call);

static void
close_try(struct upstream_call *call)
{
	if (call->is_waiting) {
		(void)event_del(&call->timer);
		call->is_waiting = false;
	}
	if (!call->is_open) {
		return;
	}
	(void)event_del(&call->io);
	(void)event_del(&call->timer);
	stream_close(&call->stream);
	upstream_client_fini(&call->client);
	call->is_open = false;
}

/* is_bad_sign - does a failure say anything about the target? */
static bool
is_bad_sign(const struct upstream_call *call)
{
	return call->question.request.kind == UPSTREAM_REPORT || !call->is_open ||
	       !upstream_client_is_refused(&call->client);
}

/* note_failure - counts it against the target and says why */
static void
note_failure(struct upstream_call *call, const char *why)
{
	static const char *const what[] = {[UPSTREAM_REPORT] = "",
		[UPSTREAM_HEADERS] = "HEADERS: ",
		[UPSTREAM_TELL] = "TELL: "};
	struct upstream_pool *pool = call->pool;
	bool rests = is_bad_sign(call) &&
		     upstream_health_failed(&pool->health[call->target], clock_mono_ms());

	log_warn("spamd: upstream %s: %s%s%s", pool->targets->items[call->target].text,
		what[call->question.request.kind], why, rests ? "; not asked for a while" : "");
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	run(arg);
}

static int
wait_for(struct upstream_call *call, short what)
{
	(void)event_del(&call->io);
	(void)event_assign(&call->io, call->pool->base, call->stream.fd, what, on_ready, call);
	return event_add(&call->io, NULL) == 0 ? 0 : ERR_NOMEM;
}

/* share_ms - of what is left, for one of the targets that may still be asked */
static uint64_t
share_ms(const struct upstream_call *call, uint64_t now_ms)
{
	const struct upstream_pool *pool = call->pool;
	uint64_t left_ms = call->deadline_ms > now_ms ? call->deadline_ms - now_ms : 0;
	uint64_t count = 1;

	for (size_t i = call->target + 1; i < pool->targets->count; i++) {
		count += upstream_health_is_due(&pool->health[i], now_ms);
	}
	return left_ms / count;
}

/* open_socket - a connection that is being made; -1 with errno where that failed at once */
static int
open_socket(const struct upstream_target *target)
{
	const struct sockaddr *address = (const struct sockaddr *)&target->address;
	int on = 1;
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int saved = 0;

	if (fd < 0) {
		return -1;
	}
	if (address->sa_family != AF_UNIX) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	}
	if (connect(fd, address, target->address_len) == 0 || errno == EINPROGRESS) {
		return fd;
	}
	saved = errno;
	(void)close(fd);
	errno = saved;
	return -1;
}

/* open_stream - with TLS where the target has it; on failure the descriptor is closed */
static int
open_stream(struct upstream_call *call, const struct upstream_target *target, int fd)
{
	if (!target->tls) {
		stream_init_plain(&call->stream, fd);
		return 0;
	}
	if (upstream_tls_start(call->pool->tls, target, fd, &call->stream) != 0) {
		(void)close(fd);
		return ERR_CRYPTO;
	}
	return 0;
}

static void on_timer(evutil_socket_t fd, short what, void *arg);
static void on_busy_timer(evutil_socket_t fd, short what, void *arg);

/* set_timer - calls back at this time */
static bool
set_timer(struct upstream_call *call, uint64_t at_ms, event_callback_fn callback)
{
	uint64_t now_ms = clock_mono_ms();
	uint64_t ms = at_ms > now_ms ? at_ms - now_ms : 0;
	struct timeval delay = {
		.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

	(void)evtimer_assign(&call->timer, call->pool->base, callback, call);
	return event_add(&call->timer, &delay) == 0;
}

/* wait_for_room - a full queue moves on as long as the scorer works */
static bool
wait_for_room(struct upstream_call *call)
{
	uint64_t at_ms = clock_mono_ms() + BUSY_MS;

	call->is_waiting = at_ms < call->try_end_ms && set_timer(call, at_ms, on_busy_timer);
	return call->is_waiting;
}

/* try_target - false where it cannot even be begun, which is noted */
static bool
try_target(struct upstream_call *call)
{
	const struct upstream_target *target = &call->pool->targets->items[call->target];
	int fd = open_socket(target);
	int code = 0;

	if (fd < 0 && errno == EAGAIN && wait_for_room(call)) {
		return true;
	}
	code = fd < 0 ? err_from_errno(errno) : open_stream(call, target, fd);
	if (code != 0) {
		note_failure(call, err_text(code));
		return false;
	}
	call->question.request.ends_line = target->tls;
	upstream_client_init(&call->client, &call->question.request);
	(void)event_assign(&call->io, call->pool->base, fd, EV_WRITE, on_ready, call);
	call->is_open = true;
	call->is_up = false;
	call->is_ended = false;
	if (!set_timer(call, call->try_end_ms, on_timer) || event_add(&call->io, NULL) != 0) {
		close_try(call);
		return false;
	}
	return true;
}

/* try_from - begins with the first target from this one on that can be asked */
static bool
try_from(struct upstream_call *call, size_t first)
{
	const struct upstream_pool *pool = call->pool;

	for (size_t i = first; i < pool->targets->count; i++) {
		uint64_t now_ms = clock_mono_ms();

		call->target = i;
		call->try_end_ms = now_ms + share_ms(call, now_ms);
		if (now_ms < call->deadline_ms &&
			upstream_health_is_due(&pool->health[i], now_ms) && try_target(call)) {
			return true;
		}
	}
	return false;
}

/* finish - tells the result; the call is gone afterwards */
static void
finish(struct upstream_call *call, const struct upstream_client *client)
{
	call->question.done(call->question.ctx, client);
	upstream_cancel(call);
}

/* go_on_from - another target, or nobody */
static void
go_on_from(struct upstream_call *call, size_t first)
{
	if (!try_from(call, first)) {
		finish(call, NULL);
	}
}

static void
on_busy_timer(evutil_socket_t fd, short what, void *arg)
{
	struct upstream_call *call = arg;

	(void)fd;
	(void)what;
	call->is_waiting = false;
	if (!try_target(call)) {
		go_on_from(call, call->target + 1);
	}
}

/* give_up - no answer from this target: the next one, or nobody */
static void
give_up(struct upstream_call *call, const char *why)
{
	note_failure(call, why);
	close_try(call);
	go_on_from(call, call->target + 1);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	give_up(arg, "no answer in time");
}

/*
 * send_all - the question, then the end of our sending, by which a message ends in any case
 *
 * Not so with TLS: a close_notify that the original does not read makes it reset the connection,
 * and the answer may be lost.
 */
static enum stream_status
send_all(struct upstream_call *call)
{
	enum stream_status status = STREAM_OK;
	size_t n = 0;

	if (!call->is_up) {
		status = stream_handshake(&call->stream);
		call->is_up = status == STREAM_OK;
	}

	while (status == STREAM_OK && upstream_client_output(&call->client).len > 0) {
		status = stream_write(&call->stream, upstream_client_output(&call->client),
			slice_of(NULL, 0), &n);
		upstream_client_sent(&call->client, n);
	}
	if (status == STREAM_OK && !call->is_ended && call->stream.ssl == NULL) {
		status = stream_end(&call->stream);
		call->is_ended = status == STREAM_OK;
	}
	return status;
}

/* receive - everything there is of the answer */
static enum stream_status
receive(struct upstream_call *call, enum upstream_status *result)
{
	uint8_t buf[READ_BYTES];
	enum stream_status status = STREAM_OK;
	size_t n = 0;

	while (*result == UPSTREAM_NEED_MORE && status == STREAM_OK) {
		status = stream_read(&call->stream, buf, sizeof(buf), &n);
		if (status == STREAM_EOF) {
			*result = upstream_client_eof(&call->client);
		} else if (status == STREAM_OK) {
			*result = upstream_client_feed(&call->client, slice_of(buf, n));
		}
	}
	return status;
}

/* failed_why - what broke the connection, as far as is known */
static const char *
failed_why(const struct upstream_call *call)
{
	const char *certificate = stream_certificate_error(&call->stream);

	if (certificate != NULL) {
		return certificate;
	}
	return call->is_up ? "the connection failed" : "the connection or its handshake failed";
}

/* run - goes as far as it can; the call may be gone afterwards */
static void
run(struct upstream_call *call)
{
	enum upstream_status result = UPSTREAM_NEED_MORE;
	enum stream_status status = send_all(call);

	if (status == STREAM_OK) {
		status = receive(call, &result);
	}
	if (result == UPSTREAM_DONE) {
		upstream_health_answered(&call->pool->health[call->target]);
		finish(call, &call->client);
	} else if (result == UPSTREAM_ERROR) {
		give_up(call, upstream_client_error(&call->client));
	} else if (status == STREAM_FAILED) {
		give_up(call, failed_why(call));
	} else if (wait_for(call, status == STREAM_WANT_WRITE ? EV_WRITE : EV_READ) != 0) {
		give_up(call, "out of memory");
	}
}

int
upstream_ask(struct upstream_pool *pool, const struct upstream_question *question,
	struct upstream_call **out)
{
	struct upstream_call *call = calloc(1, sizeof(*call));

	if (call == NULL) {
		return ERR_NOMEM;
	}
	call->pool = pool;
	call->question = *question;
	call->deadline_ms = clock_mono_ms() + question->timeout_ms;
	if (!try_from(call, 0)) {
		free(call);
		return ERR_NOTREADY;
	}
	*out = call;
	return 0;
}

void
upstream_cancel(struct upstream_call *call)
{
	if (call != NULL) {
		close_try(call);
		free(call);
	}
}

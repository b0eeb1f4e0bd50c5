#include "spamd-trust/session.h"

#include <event2/event.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "spamd-trust/worker.h"

/* Reads or writes in a row before the other connections get their turn. */
#define STEPS_MAX 64

/*
 * The first read goes through the worker's scratch buffer, so that a connection that sends nothing
 * holds no memory for input. The rest of a long message goes straight to its place.
 */
#define FIRST_READ_BYTES 8192

/* What a phase tells the loop that runs it. */
enum step {
	STEP_ON,       /* go on, perhaps in another phase */
	STEP_READABLE, /* wait */
	STEP_WRITABLE, /* wait */
	STEP_MEMORY,   /* wait for memory */
	STEP_AWAIT,    /* wait for the ledger or a chained scorer */
	STEP_CLOSE,
};

static void session_run(struct session *s);

/* charge - counts bytes held for the client, in the session and in its worker */
static void
charge(struct session *s, size_t bytes)
{
	s->charged_bytes += bytes;
	s->worker->buffered_bytes += bytes;
}

/* has_memory - may it read on? One session beyond the budget always may, so that things move */
static bool
has_memory(struct session *s)
{
	struct worker *w = s->worker;

	if (s->charged_bytes < SESSION_FREE_BYTES ||
		w->buffered_bytes < w->service->buffered_max_bytes) {
		return true;
	}
	if (w->favoured == NULL) {
		w->favoured = s;
	}
	return w->favoured == s;
}

static enum step
step_for(enum stream_status status)
{
	switch (status) {
	case STREAM_OK:
		return STEP_ON;
	case STREAM_WANT_READ:
		return STEP_READABLE;
	case STREAM_WANT_WRITE:
		return STEP_WRITABLE;
	case STREAM_EOF:
	case STREAM_FAILED:
		return STEP_CLOSE;
	}
	return STEP_CLOSE;
}

/* forget_job - nobody waits for it any more; the worker frees it when it comes back */
static void
forget_job(struct session *s)
{
	if (s->job != NULL) {
		s->job->owner = NULL;
		s->job = NULL;
	}
}

/* start_write - the engine is done: what it wrote goes out under a deadline of its own */
static void
start_write(struct session *s)
{
	uint32_t seconds = s->worker->service->limits.timeout_request_s;

	if (seconds == 0) {
		seconds = SESSION_WRITE_S;
	}
	forget_job(s);
	s->phase = SESSION_WRITE;
	s->phase_end_ms = clock_mono_ms() + (uint64_t)seconds * 1000;
	charge(s, spamd_proto_output(&s->proto).len);
}

/* start_await - for the job that the request has handed in, or for a chained scorer */
static enum step
start_await(struct session *s)
{
	if (s->job == NULL) {
		s->job = request_take_job(&s->worker->desk);
	}
	if (s->job == NULL && !session_has_asked(s)) {
		return STEP_CLOSE;
	}
	if (s->job != NULL) {
		s->job->owner = s;
	}
	s->phase = SESSION_AWAIT;
	return STEP_ON;
}

/* advance - acts on events until the engine wants more input, awaits something, or is done */
static enum step
advance(struct session *s, enum spamd_status status)
{
	while (status == SPAMD_EVENT) {
		bool was_pending = s->pending != NULL;

		request_handle_event(&s->worker->desk, &s->origin, &s->proto, &s->pending);
		if (s->pending != NULL && !was_pending) {
			session_ask(s);
		}
		status = spamd_proto_next(&s->proto, clock_mono_ms());
	}
	if (status == SPAMD_DONE) {
		session_drop_question(s);
		start_write(s);
	}
	return status == SPAMD_AWAIT ? start_await(s) : STEP_ON;
}

static enum step
run_handshake(struct session *s)
{
	enum step step = step_for(stream_handshake(&s->stream));

	if (step != STEP_ON) {
		return step;
	}
	s->origin.peer.tls = stream_describe(&s->stream, s->tls_text, sizeof(s->tls_text));
	request_log_connection(&s->worker->desk, &s->origin.peer);
	s->phase = SESSION_READ;
	s->phase_end_ms = 0;
	return STEP_ON;
}

static enum step
run_read(struct session *s)
{
	enum stream_status status = STREAM_OK;
	bool is_first = !s->has_input;
	uint8_t *room = NULL;
	size_t cap = 0;
	size_t n = 0;

	if (!has_memory(s)) {
		return STEP_MEMORY;
	}
	if (is_first) {
		room = s->worker->scratch;
		cap = FIRST_READ_BYTES;
	} else {
		room = spamd_proto_reserve(&s->proto, &cap);
	}
	if (room == NULL) {
		log_error("spamd: out of memory, closing a connection");
		return STEP_CLOSE;
	}
	status = stream_read(&s->stream, room, cap, &n);
	if (status == STREAM_EOF) {
		s->is_eof = true;
		return advance(s, spamd_proto_eof(&s->proto, clock_mono_ms()));
	}
	if (status != STREAM_OK) {
		return step_for(status);
	}
	s->has_input = true;
	charge(s, n);
	return advance(
		s, is_first ? spamd_proto_feed(&s->proto, slice_of(room, n), clock_mono_ms())
			    : spamd_proto_commit(&s->proto, n, clock_mono_ms()));
}

static enum step
run_write(struct session *s)
{
	struct slice next = spamd_proto_output(&s->proto);
	struct slice rest = spamd_proto_output_rest(&s->proto);
	enum stream_status status = STREAM_OK;
	size_t n = 0;

	if (next.len == 0) {
		s->phase = SESSION_END;
		return STEP_ON;
	}
	if (!s->worker->is_busy) {
		log_release();
	}
	status = stream_write(&s->stream, next, rest, &n);
	spamd_proto_sent(&s->proto, n);
	return step_for(status);
}

/* drain - reads and drops what is there, once */
static enum step
drain(struct session *s)
{
	struct worker *w = s->worker;
	size_t n = 0;
	enum stream_status status = stream_read(&s->stream, w->scratch, sizeof(w->scratch), &n);

	s->is_eof = s->is_eof || status == STREAM_EOF;
	s->drained_bytes += n;
	return s->drained_bytes > SESSION_DRAIN_MAX_BYTES ? STEP_CLOSE : step_for(status);
}

/*
 * run_end - of a client that has ended its side, as spamc does, closing ends ours as well
 *
 * So that is looked at first; where there is nothing to read, there will not be at once.
 */
static enum step
run_end(struct session *s)
{
	enum step drained = s->stream.ssl == NULL && !s->is_eof ? drain(s) : STEP_ON;
	enum step step = STEP_ON;

	if (drained == STEP_CLOSE || (s->is_eof && s->stream.ssl == NULL)) {
		return STEP_CLOSE;
	}
	step = step_for(stream_end(&s->stream));
	if (step != STEP_ON) {
		return step;
	}
	s->phase = SESSION_DRAIN;
	s->phase_end_ms = clock_mono_ms() + SESSION_DRAIN_MS;
	return s->is_eof ? STEP_CLOSE : drained;
}

static enum step
run_phase(struct session *s)
{
	switch (s->phase) {
	case SESSION_HANDSHAKE:
		return run_handshake(s);
	case SESSION_READ:
		return run_read(s);
	case SESSION_AWAIT:
		return STEP_AWAIT;
	case SESSION_WRITE:
		return run_write(s);
	case SESSION_END:
		return run_end(s);
	case SESSION_DRAIN:
		return drain(s);
	}
	return STEP_CLOSE;
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;
	struct worker *w = s->worker;

	(void)fd;
	(void)what;
	log_hold();
	session_run(s);
	worker_rest(w);
}

/* engine_keeps_time - the deadline of this phase is the engine's */
static bool
engine_keeps_time(const struct session *s)
{
	return s->phase == SESSION_READ || s->phase == SESSION_AWAIT;
}

/* on_timer - a deadline: the engine answers for its own, other phases end the connection */
static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	(void)what;
	s->has_timer = false;
	if (!engine_keeps_time(s)) {
		session_close(s);
		return;
	}
	if (advance(s, spamd_proto_timeout(&s->proto, clock_mono_ms())) == STEP_CLOSE) {
		session_close(s);
		return;
	}
	session_run(s);
}

/* set_timer - arms the timer for the deadline of the present phase, if that has changed */
static void
set_timer(struct session *s)
{
	uint64_t at_ms = s->phase_end_ms;
	uint64_t due_ms = 0;
	uint64_t now_ms = clock_mono_ms();
	struct timeval delay = {0};
	bool wanted =
		engine_keeps_time(s) ? spamd_proto_deadline(&s->proto, &at_ms) : at_ms != 0;

	if (!wanted) {
		if (s->has_timer) {
			(void)event_del(&s->timer);
			s->has_timer = false;
		}
		return;
	}
	if (s->has_timer && s->timer_ms == at_ms) {
		return;
	}
	/* A tick more, since the clock was behind when the time began: no deadline comes early. */
	due_ms = at_ms + CLOCK_TICK_MS;
	if (due_ms > now_ms) {
		delay.tv_sec = (time_t)((due_ms - now_ms) / 1000);
		delay.tv_usec = (suseconds_t)((due_ms - now_ms) % 1000 * 1000);
	}
	s->has_timer = event_add(&s->timer, &delay) == 0;
	s->timer_ms = at_ms;
}

/* set_wait - registers for what the session waits for; false when the loop has no room */
static bool
set_wait(struct session *s, enum session_wait wait)
{
	short what = wait == SESSION_WAIT_WRITABLE ? EV_WRITE : EV_READ;

	if (s->wait == wait) {
		return true;
	}
	if (s->wait == SESSION_WAIT_READABLE || s->wait == SESSION_WAIT_WRITABLE) {
		(void)event_del(&s->io);
	} else if (s->wait == SESSION_WAIT_MEMORY) {
		TAILQ_REMOVE(&s->worker->paused, s, paused_link);
	}
	s->wait = wait;
	if (wait == SESSION_WAIT_MEMORY) {
		TAILQ_INSERT_TAIL(&s->worker->paused, s, paused_link);
	}
	if (wait == SESSION_WAIT_READABLE || wait == SESSION_WAIT_WRITABLE) {
		(void)event_assign(&s->io, s->worker->base, s->stream.fd,
			(short)(what | EV_PERSIST), on_ready, s);
		return event_add(&s->io, NULL) == 0;
	}
	return true;
}

/* run_through - goes on until the phase `last` is over, or something has to be waited for */
static enum step
run_through(struct session *s, enum session_phase last)
{
	enum session_phase phase = s->phase;
	enum step step = STEP_ON;

	for (int i = 0;
		step == STEP_ON && s->phase <= last && (i < STEPS_MAX || s->phase != phase);
		i++) {
		phase = s->phase;
		step = run_phase(s);
	}
	return step;
}

/* settle - has the loop wait for what stopped the session */
static void
settle(struct session *s, enum step step)
{
	static const enum session_wait waits[] = {
		[STEP_ON] =
			SESSION_WAIT_READABLE, /* its turn is over; more is probably there */
		[STEP_READABLE] = SESSION_WAIT_READABLE,
		[STEP_WRITABLE] = SESSION_WAIT_WRITABLE,
		[STEP_MEMORY] = SESSION_WAIT_MEMORY,
		[STEP_AWAIT] = SESSION_WAIT_NONE,
	};
	if (step == STEP_CLOSE) {
		session_close(s);
		return;
	}
	if (step == STEP_ON && s->phase == SESSION_WRITE) {
		step = STEP_WRITABLE;
	}
	if (!set_wait(s, waits[step])) {
		session_close(s);
		return;
	}
	if (step == STEP_ON) {
		/* TLS may hold bytes that the descriptor knows nothing of. */
		event_active(&s->io, EV_READ, 0);
	}
	set_timer(s);
}

/* session_run - goes on until something has to be waited for */
static void
session_run(struct session *s)
{
	settle(s, run_through(s, SESSION_DRAIN));
}

void
session_go_on(struct session *s)
{
	if (advance(s, spamd_proto_next(&s->proto, clock_mono_ms())) == STEP_CLOSE) {
		session_close(s);
		return;
	}
	session_run(s);
}

void
session_told(struct session *s, const struct ledger_job *job)
{
	s->job = NULL;
	if (s->pending != NULL) {
		request_pending_told(s->pending, job);
		session_finish_question(s);
		return;
	}
	request_finish_tell(&s->worker->desk, &s->origin, &s->proto, job);
	session_go_on(s);
}

void
session_resume(struct session *s)
{
	if (!set_wait(s, SESSION_WAIT_READABLE)) {
		session_close(s);
	}
}

void
session_close(struct session *s)
{
	struct worker *w = s->worker;

	(void)set_wait(s, SESSION_WAIT_NONE);
	session_drop_question(s);
	if (s->has_timer) {
		(void)event_del(&s->timer);
	}
	forget_job(s);
	stream_close(&s->stream);
	spamd_proto_fini(&s->proto);
	peers_leave(w->service->peers, s->peer_slot);
	w->buffered_bytes -= s->charged_bytes;
	if (w->favoured == s) {
		w->favoured = NULL;
	}
	worker_forget(w, s);
}

void
session_begin(struct session *const group[], size_t count)
{
	struct session *scored[SESSION_GROUP_MAX];
	size_t scored_count = 0;

	for (size_t i = 0; i < count; i++) {
		struct session *s = group[i];
		enum step step = STEP_ON;

		(void)evtimer_assign(&s->timer, s->worker->base, on_timer, s);
		step = run_through(s, SESSION_AWAIT);
		if (step == STEP_ON && s->phase == SESSION_WRITE) {
			scored[scored_count++] = s;
		} else {
			settle(s, step);
		}
	}
	for (size_t i = 0; i < scored_count; i++) {
		session_run(scored[i]);
	}
}

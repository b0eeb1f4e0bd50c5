#include "spamd-trust/worker.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/base/clock.h"
#include "common/base/log.h"

#define RETRY_MS 100

/* The same trouble is logged once in this time. */
#define LOG_PERIOD_MS 60000

/* A connection without a byte must be this old before it gives way to a new one. */
#define IDLE_GRACE_MS 1000

static size_t
session_count(const struct worker *w)
{
	return atomic_load_explicit(&w->session_count, memory_order_relaxed);
}

/* set_session_count - a plain store: only this thread writes, others only look */
static void
set_session_count(struct worker *w, size_t count)
{
	atomic_store_explicit(&w->session_count, count, memory_order_relaxed);
}

bool
worker_is_busy(const struct worker *w)
{
	return session_count(w) > 0;
}

static void
set_accepting(struct worker *w, bool on)
{
	if (w->is_accepting == on || (on && w->is_stopping)) {
		return;
	}
	w->is_accepting = on;
	for (size_t i = 0; i < w->service->listeners->count; i++) {
		if (on ? event_add(w->accepts[i], NULL) != 0 : event_del(w->accepts[i]) != 0) {
			log_error("spamd: cannot change what the event loop waits for");
		}
	}
}

/*
 * evict_idle - closes the oldest connection that has sent nothing; one that has not begun waits
 * for nothing yet
 */
static bool
evict_idle(struct worker *w)
{
	uint64_t now_ms = clock_mono_ms();
	struct session *s = NULL;

	TAILQ_FOREACH(s, &w->sessions, link)
	{
		if (s->origin.accepted_ms + IDLE_GRACE_MS > now_ms) {
			return false;
		}
		if (!s->has_input && s->wait != SESSION_WAIT_NONE) {
			session_close(s);
			return true;
		}
	}
	return false;
}

/* pause_accepting - until a connection ends, or one is old enough to give way */
static void
pause_accepting(struct worker *w)
{
	static const struct timeval pause = {.tv_usec = RETRY_MS * 1000};

	set_accepting(w, false);
	(void)event_add(w->retry, &pause);
}

/* has_room - is there a place for one more connection? */
static bool
has_room(struct worker *w)
{
	if (session_count(w) < w->service->connections_max || evict_idle(w)) {
		return true;
	}
	pause_accepting(w);
	return false;
}

/* accept_failed - most reasons are the client's; without descriptors it waits a little */
static void
accept_failed(struct worker *w)
{
	uint64_t now_ms = clock_mono_ms();

	if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) {
		return;
	}
	if (w->shortage_logged_ms == 0 || now_ms - w->shortage_logged_ms >= LOG_PERIOD_MS) {
		log_warn_errno("spamd: cannot accept a connection");
		w->shortage_logged_ms = now_ms;
	}
	if (!evict_idle(w)) {
		pause_accepting(w);
	}
}

void
worker_rest(struct worker *w)
{
	log_release();
	scorer_rest(w->service->scorer, w->desk.worker);
}

static const struct listener *
listener_of(const struct worker *w, int fd)
{
	const struct listeners *ls = w->service->listeners;

	for (size_t i = 0; i < ls->count; i++) {
		if (ls->items[i].fd == fd) {
			return &ls->items[i];
		}
	}
	return NULL;
}

/*
 * somebody_waits - asked first, since accept4() makes socket and file before it finds out that
 * nobody does
 */
static bool
somebody_waits(const struct listener *listener)
{
	struct pollfd fd = {.fd = listener->fd, .events = POLLIN};

	return poll(&fd, 1, 0) > 0;
}

/* accept_one - false when nobody is waiting; *out is NULL for one who was turned away */
static bool
accept_one(struct worker *w, const struct listener *listener, struct session **out)
{
	UNINITIALIZED struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	/* Who is at the other end of a UNIX socket says nothing, and takes the kernel time. */
	bool asks = !listener->is_unix;
	int client = accept4(listener->fd, asks ? (struct sockaddr *)&from : NULL,
		asks ? &len : NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (client < 0) {
		accept_failed(w);
		return false;
	}
	*out = session_new(w, client, listener, &from);
	return true;
}

/*
 * accept_group - those who wait, as far as there is room.
 * @return how many sessions there are to begin
 */
static size_t
accept_group(struct worker *w, const struct listener *listener,
	struct session *group[SESSION_GROUP_MAX])
{
	size_t count = 0;

	for (int i = 0; i < SESSION_GROUP_MAX && somebody_waits(listener) && has_room(w); i++) {
		struct session *s = NULL;

		if (!accept_one(w, listener, &s)) {
			break;
		}
		if (s != NULL) {
			group[count++] = s;
		}
	}
	return count;
}

/* yield - nobody waits to be accepted: the next one may first have to get the processor */
static void
yield(struct worker *w)
{
	uint64_t start_ns = 0;

	if (yielding_pays(&w->yielding, clock_mono_ms())) {
		start_ns = clock_mono_ns();
		(void)sched_yield();
		yielding_note_time(&w->yielding, clock_mono_ns() - start_ns);
	}
}

/*
 * on_accept - one group, then those that are open get their turn, and whoever waits still the
 * other workers'
 */
static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	struct session *group[SESSION_GROUP_MAX];
	size_t count = 0;
	bool is_full = false;

	(void)what;
	log_hold();
	count = accept_group(w, listener_of(w, fd), group);
	is_full = count == SESSION_GROUP_MAX;
	yielding_note_turn(&w->yielding, session_count(w), is_full, clock_mono_ms());
	w->is_busy = count > 1;
	session_begin(group, count);
	w->is_busy = false;
	worker_rest(w);
	if (!is_full) {
		yield(w);
	}
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	set_accepting(arg, true);
}

/* on_ledger - answers those whose jobs are done; some may have gone */
static void
on_ledger(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	struct ledger_job *job = NULL;
	uint64_t count = 0;

	(void)what;
	if (read(fd, &count, sizeof(count)) < 0) {
		return;
	}
	while ((job = ledger_writer_collect(w->service->ledger, w->desk.worker)) != NULL) {
		if (job->owner != NULL) {
			session_told(job->owner, job);
		}
		free(job);
	}
}

static void
end_if_idle(struct worker *w)
{
	if (w->is_stopping && session_count(w) == 0) {
		(void)event_base_loopbreak(w->base);
	}
}

static void
on_stop_timer(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	log_warn("spamd: stopping with %zu connections still open", session_count(w));
	(void)event_base_loopbreak(w->base);
}

/* on_wakeup - the daemon stops: no new connections, and none kept that has not begun */
static void
on_wakeup(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval grace = {.tv_sec = WORKER_STOP_MS / 1000};
	struct worker *w = arg;
	struct session *s = NULL;
	struct session *next = NULL;
	uint64_t count = 0;

	(void)what;
	if (read(fd, &count, sizeof(count)) < 0) {
		return;
	}
	set_accepting(w, false);
	w->is_stopping = true;
	for (s = TAILQ_FIRST(&w->sessions); s != NULL; s = next) {
		next = TAILQ_NEXT(s, link);
		if (!s->has_input || s->phase == SESSION_DRAIN) {
			session_close(s);
		}
	}
	(void)event_add(w->stop_timer, &grace);
	end_if_idle(w);
}

void
worker_remember(struct worker *w, struct session *s)
{
	TAILQ_INSERT_TAIL(&w->sessions, s, link);
	set_session_count(w, session_count(w) + 1);
}

/* resume_paused - those that wait for memory: all while there is some, and one in any case */
static void
resume_paused(struct worker *w)
{
	bool one = w->favoured == NULL;

	while (!TAILQ_EMPTY(&w->paused) &&
		(one || w->buffered_bytes < w->service->buffered_max_bytes)) {
		one = false;
		session_resume(TAILQ_FIRST(&w->paused));
	}
}

void
worker_forget(struct worker *w, struct session *s)
{
	TAILQ_REMOVE(&w->sessions, s, link);
	free(s);
	set_session_count(w, session_count(w) - 1);
	resume_paused(w);
	set_accepting(w, true);
	end_if_idle(w);
}

void
worker_count_refused(struct worker *w, const char *address)
{
	uint64_t now_ms = clock_mono_ms();

	w->refused_count++;
	if (w->refused_logged_ms == 0 || now_ms - w->refused_logged_ms >= LOG_PERIOD_MS) {
		log_warn("spamd: refused connections over the limit of one address: count=%llu "
			 "last=[%s]",
			(unsigned long long)w->refused_count, address);
		w->refused_count = 0;
		w->refused_logged_ms = now_ms;
	}
}

static bool
make_ledger_event(struct worker *w)
{
	w->ledger = event_new(w->base, ledger_writer_fd(w->service->ledger, w->desk.worker),
		EV_READ | EV_PERSIST, on_ledger, w);
	return w->ledger != NULL && event_add(w->ledger, NULL) == 0;
}

/* make_events - everything the loop waits for besides sessions */
static bool
make_events(struct worker *w)
{
	const struct listeners *ls = w->service->listeners;

	for (size_t i = 0; i < ls->count; i++) {
		w->accepts[i] =
			event_new(w->base, ls->items[i].fd, EV_READ | EV_PERSIST, on_accept, w);
		if (w->accepts[i] == NULL) {
			return false;
		}
	}
	w->wakeup = event_new(w->base, w->wakeup_fd, EV_READ | EV_PERSIST, on_wakeup, w);
	w->retry = evtimer_new(w->base, on_retry, w);
	w->stop_timer = evtimer_new(w->base, on_stop_timer, w);
	return w->wakeup != NULL && w->retry != NULL && w->stop_timer != NULL &&
	       event_add(w->wakeup, NULL) == 0 && make_ledger_event(w);
}

/* new_base - a loop used by one thread only, so without locks; the clock is read once a round */
static struct event_base *
new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config == NULL) {
		return NULL;
	}
	if (event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0) {
		base = event_base_new_with_config(config);
	}
	event_config_free(config);
	return base;
}

int
worker_init(struct worker *w, const struct service *service, unsigned int index)
{
	*w = (struct worker){.service = service, .wakeup_fd = -1};
	TAILQ_INIT(&w->sessions);
	TAILQ_INIT(&w->paused);
	if (request_desk_init(&w->desk, service, index) != 0) {
		return ERR_NOMEM;
	}
	w->wakeup_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	w->base = new_base();
	if (w->wakeup_fd < 0 || w->base == NULL || !make_events(w)) {
		return ERR_NOMEM;
	}
	w->upstream = (struct upstream_pool){
		.targets = service->upstream, .tls = service->upstream_tls, .base = w->base};
	set_accepting(w, true);
	return 0;
}

static void *
worker_main(void *arg)
{
	struct worker *w = arg;

	if (event_base_dispatch(w->base) != 0) {
		log_error("spamd: the event loop of a worker failed");
	}
	return NULL;
}

int
worker_start(struct worker *w, struct err_msg *msg)
{
	errno = pthread_create(&w->thread, NULL, worker_main, w);
	if (errno != 0) {
		return err_set_errno(msg, "cannot start a worker thread");
	}
	w->is_running = true;
	return 0;
}

void
worker_stop(struct worker *w)
{
	uint64_t one = 1;

	if (write(w->wakeup_fd, &one, sizeof(one)) != (ssize_t)sizeof(one)) {
		log_error_errno("spamd: cannot stop a worker");
	}
}

static void
free_event(struct event *event)
{
	if (event != NULL) {
		event_free(event);
	}
}

void
worker_fini(struct worker *w)
{
	if (w->is_running) {
		(void)pthread_join(w->thread, NULL);
		w->is_running = false;
	}
	w->is_stopping = true;
	while (!TAILQ_EMPTY(&w->sessions)) {
		session_close(TAILQ_FIRST(&w->sessions));
	}
	for (size_t i = 0; i < LISTENERS_MAX; i++) {
		free_event(w->accepts[i]);
	}
	free_event(w->wakeup);
	free_event(w->ledger);
	free_event(w->retry);
	free_event(w->stop_timer);
	if (w->base != NULL) {
		event_base_free(w->base);
	}
	if (w->wakeup_fd >= 0) {
		(void)close(w->wakeup_fd);
	}
	request_desk_fini(&w->desk);
}

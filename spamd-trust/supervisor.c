#include "spamd-trust/supervisor.h"

#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "spamd-trust/store_watch.h"

/* A worker process that lives this long is worth an immediate successor. */
#define SETTLED_MS 10000

/* Pauses before a new one grow from the first to the last. */
#define PAUSE_FIRST_MS 100
#define PAUSE_LAST_MS  10000

/* A worker process that does not stop by then is killed. */
#define KILL_MS 5000

#define FRAMES_MAX 64

struct state {
	const struct supervisor *supervisor;
	pid_t pid; /* 0: none */
	uint64_t started_ms;
	uint64_t pause_ms;
	uint64_t respawn_ms; /* when to start the next one; 0: now running */
};

static void
handled_signals(sigset_t *set)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR2, SIGCHLD};

	(void)sigemptyset(set);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		(void)sigaddset(set, signals[i]);
	}
}

void
supervisor_block_signals(void)
{
	sigset_t set;

	handled_signals(&set);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a limit on files is an error of the write */
}

void
supervisor_unblock_signals(void)
{
	sigset_t set;

	handled_signals(&set);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGXFSZ, SIG_DFL);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* wait_signal - the next signal, 0 when the time is over */
static int
wait_signal(uint64_t timeout_ms)
{
	struct timespec limit = {
		.tv_sec = (time_t)(timeout_ms / 1000),
		.tv_nsec = (long)(timeout_ms % 1000) * 1000000,
	};
	sigset_t set;
	int number = 0;

	handled_signals(&set);
	do {
		number = timeout_ms == UINT64_MAX ? sigwaitinfo(&set, NULL)
						  : sigtimedwait(&set, NULL, &limit);
	} while (number < 0 && errno == EINTR);
	return number < 0 ? 0 : number;
}

/* log_stack - where this process is, one line a frame */
static void
log_stack(void)
{
	void *frames[FRAMES_MAX];
	int n = backtrace(frames, FRAMES_MAX);
	char **names = backtrace_symbols(frames, n);

	log_info("spamd: stack trace of process %ld, %d frames", (long)getpid(), n);
	for (int i = 0; names != NULL && i < n; i++) {
		log_info("spamd:   %s", names[i]);
	}
	free(names);
}

static int
spawn(struct state *st, struct err_msg *msg)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid < 0) {
		return err_set_errno(msg, "cannot start a worker process");
	}
	if (pid == 0) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): its threads are joined by then */
		exit(st->supervisor->work(st->supervisor->ctx, parent));
	}
	st->pid = pid;
	st->started_ms = clock_mono_ms();
	st->respawn_ms = 0;
	log_info("spamd: server successfully spawned child process, pid %ld", (long)pid);
	return 0;
}

/* reap - collects the worker process if it has ended; true when it has */
static bool
reap(struct state *st)
{
	int status = 0;

	if (st->pid == 0 || waitpid(st->pid, &status, WNOHANG) != st->pid) {
		return false;
	}
	if (WIFSIGNALED(status)) {
		log_warn("spamd: handled cleanup of child pid [%ld] due to SIGCHLD: signal %d",
			(long)st->pid, WTERMSIG(status));
	} else {
		log_info("spamd: handled cleanup of child pid [%ld] due to SIGCHLD: exit %d",
			(long)st->pid, WEXITSTATUS(status));
	}
	st->pid = 0;
	return true;
}

/* plan_respawn - at once after a long life, with growing pauses after short ones */
static void
plan_respawn(struct state *st)
{
	uint64_t now_ms = clock_mono_ms();

	if (now_ms - st->started_ms >= SETTLED_MS) {
		st->pause_ms = PAUSE_FIRST_MS;
	}
	st->respawn_ms = now_ms + st->pause_ms;
	st->pause_ms = st->pause_ms * 2 > PAUSE_LAST_MS ? PAUSE_LAST_MS : st->pause_ms * 2;
}

static void
stop_worker(struct state *st)
{
	uint64_t limit_ms = clock_mono_ms() + KILL_MS;
	uint64_t now_ms = 0;

	if (st->pid == 0) {
		return;
	}
	(void)kill(st->pid, SIGTERM);
	while (!reap(st)) {
		now_ms = clock_mono_ms();
		if (now_ms >= limit_ms) {
			log_warn("spamd: child process %ld does not stop, killing it",
				(long)st->pid);
			(void)kill(st->pid, SIGKILL);
			limit_ms = UINT64_MAX;
		}
		(void)wait_signal(limit_ms == UINT64_MAX ? KILL_MS : limit_ms - now_ms);
	}
}

/* on_hup - true when the daemon is to restart */
static bool
on_hup(const struct state *st)
{
	struct err_msg msg = {0};
	const struct supervisor *s = st->supervisor;

	if (s->check(s->ctx, &msg) != 0) {
		log_error("spamd: SIGHUP: not restarting, the configuration is not good: %s",
			msg.text);
		return false;
	}
	log_info("spamd: server hit by SIGHUP, restarting");
	return true;
}

/* act - on one signal; true when the supervisor is done */
static bool
act(struct state *st, int number, enum supervisor_outcome *out)
{
	switch (number) {
	case SIGTERM:
	case SIGINT:
		log_info("spamd: server killed by SIG%s, shutting down",
			number == SIGTERM ? "TERM" : "INT");
		*out = SUPERVISOR_STOPPED;
		return true;
	case SIGHUP:
		*out = SUPERVISOR_RESTART;
		return on_hup(st);
	case SIGUSR2:
		log_stack();
		if (st->pid != 0) {
			(void)kill(st->pid, SIGUSR2);
		}
		return false;
	case SIGCHLD:
		if (reap(st)) {
			plan_respawn(st);
		}
		return false;
	default:
		return false;
	}
}

/*
 * watch_stores - a new worker process where there are stores that this one cannot open
 *
 * It stops as at the end of the daemon, finishing what it is at; its successor starts when it
 * is gone, and the sockets stay open meanwhile.
 */
static void
watch_stores(struct state *st)
{
	struct store_watch *watch = st->supervisor->watch;

	if (watch == NULL || !store_watch_has_news(watch) ||
		!store_watch_is_roots_own(watch->directory) || st->pid == 0) {
		return;
	}
	log_info("spamd: new stores in %s, starting a new child process", watch->directory);
	st->pause_ms = PAUSE_FIRST_MS;
	(void)kill(st->pid, SIGTERM);
}

/* wait_limit - how long to wait for a signal */
static uint64_t
wait_limit(const struct state *st)
{
	uint64_t now_ms = clock_mono_ms();

	if (st->respawn_ms != 0) {
		return st->respawn_ms > now_ms ? st->respawn_ms - now_ms : 0;
	}
	return st->supervisor->watch != NULL ? STORE_WATCH_MS : UINT64_MAX;
}

int
supervisor_run(const struct supervisor *s, enum supervisor_outcome *out, struct err_msg *msg)
{
	struct state st = {.supervisor = s, .pause_ms = PAUSE_FIRST_MS};
	int code = spawn(&st, msg);
	bool done = code != 0;

	while (!done) {
		done = act(&st, wait_signal(wait_limit(&st)), out);
		if (!done) {
			watch_stores(&st);
		}
		if (!done && st.respawn_ms != 0 && clock_mono_ms() >= st.respawn_ms &&
			spawn(&st, msg) != 0) {
			log_error("spamd: %s", msg->text);
			plan_respawn(&st);
		}
	}
	stop_worker(&st);
	return code;
}

void
supervisor_wait_for_stop(pid_t parent, void (*tick)(void *ctx), void *ctx, unsigned int tick_ms)
{
	/* The tick would notice as well, only later. */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	while (getppid() == parent) {
		int number = wait_signal(tick_ms);

		if (number == SIGTERM || number == SIGINT) {
			return;
		}
		if (number == SIGUSR2) {
			log_stack();
		}
		tick(ctx);
	}
}

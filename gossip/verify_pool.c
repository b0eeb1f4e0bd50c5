#include "gossip/verify_pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/base/attr.h"

/* What the node may have under way, each of its requests with one job, rounded up. */
#define JOBS_MAX (2 * NODE_DEFERRED_MAX)

/* A queue of at most JOBS_MAX jobs. */
struct ring {
	struct node_job *jobs[JOBS_MAX];
	size_t first;
	size_t count;
};

struct verify_pool {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct ring waiting;
	struct ring finished;
	size_t inside; /* waiting, at work or finished */
	bool stopping;
	pthread_t threads[VERIFY_THREADS_MAX];
	unsigned int thread_count;
	int fd; /* readable when `finished` is not empty */
	struct event *event;
	verify_done_fn *done;
	void *ctx;
};

static bool
ring_put(struct ring *r, struct node_job *job)
{
	if (r->count == JOBS_MAX) {
		return false;
	}
	r->jobs[(r->first + r->count) % JOBS_MAX] = job;
	r->count++;
	return true;
}

static struct node_job *
ring_take(struct ring *r)
{
	struct node_job *job = NULL;

	if (r->count > 0) {
		job = r->jobs[r->first];
		r->first = (r->first + 1) % JOBS_MAX;
		r->count--;
	}
	return job;
}

static void
announce(struct verify_pool *pool)
{
	uint64_t one = 1;

	/* Full means that the loop is told already. */
	if (write(pool->fd, &one, sizeof(one)) < 0) {
		return;
	}
}

static void *
work(void *ctx)
{
	struct verify_pool *pool = ctx;

	(void)pthread_mutex_lock(&pool->lock);
	for (;;) {
		struct node_job *job = ring_take(&pool->waiting);

		if (job != NULL) {
			(void)pthread_mutex_unlock(&pool->lock);
			node_job_run(job);
			(void)pthread_mutex_lock(&pool->lock);
			(void)ring_put(&pool->finished, job); /* `inside` says that it fits */
			announce(pool);
		} else if (pool->stopping) {
			break;
		} else {
			(void)pthread_cond_wait(&pool->wake, &pool->lock);
		}
	}
	(void)pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static struct node_job *
next_finished(struct verify_pool *pool)
{
	struct node_job *job = NULL;

	(void)pthread_mutex_lock(&pool->lock);
	job = ring_take(&pool->finished);
	pool->inside -= job == NULL ? 0 : 1;
	(void)pthread_mutex_unlock(&pool->lock);
	return job;
}

static void
give_back(struct verify_pool *pool)
{
	struct node_job *job = NULL;

	while ((job = next_finished(pool)) != NULL) {
		pool->done(pool->ctx, job);
	}
}

static void
on_finished(evutil_socket_t fd, short what, void *ctx)
{
	uint64_t count = 0;

	(void)what;
	if (read(fd, &count, sizeof(count)) > 0) {
		give_back(ctx);
	}
}

/* start_threads - with all signals blocked: those are the loop's */
static int
start_threads(struct verify_pool *pool, unsigned int threads, struct err_msg *msg)
{
	sigset_t all;
	sigset_t before;
	int rc = 0;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	while (rc == 0 && pool->thread_count < threads) {
		rc = pthread_create(&pool->threads[pool->thread_count], NULL, work, pool);
		pool->thread_count += rc == 0 ? 1 : 0;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0 ? 0
		       : err_set(msg, err_from_errno(rc),
				 "cannot start a thread for signatures");
}

int
verify_pool_new(struct event_base *base, unsigned int threads, verify_done_fn *done, void *ctx,
	struct verify_pool **out, struct err_msg *msg)
{
	struct verify_pool *pool = calloc(1, sizeof(*pool));
	int code = 0;

	if (pool == NULL) {
		return err_set(msg, ERR_NOMEM, "out of memory");
	}
	(void)pthread_mutex_init(&pool->lock, NULL);
	(void)pthread_cond_init(&pool->wake, NULL);
	pool->done = done;
	pool->ctx = ctx;
	pool->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (pool->fd >= 0) {
		pool->event =
			event_new(base, pool->fd, EV_READ | EV_PERSIST, on_finished, pool);
	}
	if (pool->event == NULL || event_add(pool->event, NULL) != 0) {
		code = err_set(msg, ERR_NOMEM, "cannot watch the threads for signatures");
	} else {
		code = start_threads(
			pool, threads < VERIFY_THREADS_MAX ? threads : VERIFY_THREADS_MAX, msg);
	}
	if (code != 0) {
		verify_pool_finish(pool);
		verify_pool_free(pool);
		return code;
	}
	*out = pool;
	return 0;
}

void
verify_pool_submit(struct verify_pool *pool, struct node_job *job)
{
	bool taken = false;

	(void)pthread_mutex_lock(&pool->lock);
	taken = pool->inside < JOBS_MAX && ring_put(&pool->waiting, job);
	pool->inside += taken ? 1 : 0;
	(void)pthread_cond_signal(&pool->wake);
	(void)pthread_mutex_unlock(&pool->lock);
	if (!taken) {
		/* More than the node promises: slow, but nothing is lost. */
		node_job_run(job);
		pool->done(pool->ctx, job);
	}
}

void
verify_pool_finish(struct verify_pool *pool)
{
	(void)pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	(void)pthread_cond_broadcast(&pool->wake);
	(void)pthread_mutex_unlock(&pool->lock);
	for (unsigned int i = 0; i < pool->thread_count; i++) {
		(void)pthread_join(pool->threads[i], NULL);
	}
	pool->thread_count = 0;
	give_back(pool);
}

void
verify_pool_free(struct verify_pool *pool)
{
	if (pool == NULL) {
		return;
	}
	if (pool->event != NULL) {
		event_free(pool->event);
	}
	if (pool->fd >= 0) {
		(void)close(pool->fd);
	}
	(void)pthread_cond_destroy(&pool->wake);
	(void)pthread_mutex_destroy(&pool->lock);
	free(pool);
}

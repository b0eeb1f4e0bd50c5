/*
 * verify_pool.h - a few threads that check signatures, so that the loop never stalls.
 *
 * A job goes from the loop's thread to whichever thread is free, and comes back to the loop's
 * thread through an eventfd. The jobs' number is bounded by the node (NODE_DEFERRED_MAX), so
 * the queue is not.
 */
#ifndef GOSSIP_VERIFY_POOL_H
#define GOSSIP_VERIFY_POOL_H

#include "common/base/err.h"
#include "gossip/node.h"

#define VERIFY_THREADS_MAX 16

struct event_base;
struct verify_pool;

/** A job is done; called in the loop's thread. */
typedef void verify_done_fn(void *ctx, struct node_job *job);

/** Starts the threads. @return 0; ERR_NOMEM; what the system said. */
NODISCARD int verify_pool_new(struct event_base *base, unsigned int threads,
	verify_done_fn *done, void *ctx, struct verify_pool **out, struct err_msg *msg);

/** Hands a job in. */
void verify_pool_submit(struct verify_pool *pool, struct node_job *job);

/**
 * Waits for the jobs in hand and gives all back by `done`; then nothing may be submitted any
 * more.
 */
void verify_pool_finish(struct verify_pool *pool);

/** After verify_pool_finish(); NULL is fine. */
void verify_pool_free(struct verify_pool *pool);

#endif

/*
 * supervisor.h - the process that the pid file names: keeps a worker process running.
 *
 * It reads no mail and does nothing but wait for signals (SPEC 12.2):
 *
 *	TERM, INT   stop the worker process and return
 *	HUP         check the configuration on disk; when it is good, stop the worker process
 *	            and return, for a restart; when not, say so and go on as before
 *	CHLD        a worker process that died is replaced, at once or, if it dies
 *	            soon after its start, with growing pauses
 *	USR2        stack traces of both processes to the log
 *
 * Where the worker process cannot open new stores by itself (store_watch.h), the supervisor
 * looks for them and replaces the worker process by a new one.
 *
 * Privileges that the worker process gave up are still here, so that socket and pid file can be
 * removed and the daemon restarted.
 */
#ifndef SPAMD_TRUST_SUPERVISOR_H
#define SPAMD_TRUST_SUPERVISOR_H

#include <sys/types.h>

#include "common/base/err.h"

struct store_watch;

enum supervisor_outcome {
	SUPERVISOR_STOPPED,
	SUPERVISOR_RESTART, /**< SIGHUP, and the new configuration is good */
};

struct supervisor {
	/**
	 * The worker process; `parent` is for supervisor_wait_for_stop. Returns its exit
	 * status.
	 */
	int (*work)(void *ctx, pid_t parent);
	int (*check)(void *ctx,
		struct err_msg *msg); /**< reads the configuration anew: 0 when it is good */
	struct store_watch *watch; /**< NULL: the worker process finds new stores by itself */
	void *ctx;
};

/** Takes over the signals named above; call before other threads exist. */
void supervisor_block_signals(void);

/** Gives them back, for an exec. */
void supervisor_unblock_signals(void);

/**
 * Runs until a signal ends it.
 * @return 0, or an error when no worker process could be started at all.
 */
NODISCARD int supervisor_run(
	const struct supervisor *s, enum supervisor_outcome *out, struct err_msg *msg);

/**
 * For the worker process, after it has changed its account: calls `tick` every `tick_ms` until TERM
 * or INT comes, or the supervisor `parent` is gone (nothing may stay behind on its sockets).
 */
void supervisor_wait_for_stop(
	pid_t parent, void (*tick)(void *ctx), void *ctx, unsigned int tick_ms);

#endif

/*
 * worker_process.h - the process that handles mail: gives up privileges, opens the stores (before
 * that only what root alone may read, see store_watch.h), runs the worker threads.
 */
#ifndef SPAMD_TRUST_WORKER_PROCESS_H
#define SPAMD_TRUST_WORKER_PROCESS_H

#include "common/conf/settings.h"
#include "spamd-trust/listener.h"
#include "spamd-trust/privileges.h"
#include "spamd-trust/upstream_targets.h"

struct ssl_ctx_st;
struct store_watch;
struct upstream_tls;

/** What it inherits from the supervisor; all borrowed. */
struct worker_process {
	const struct options *options;
	const struct settings *settings;
	const struct listeners *listeners;
	const struct netlist *allowed;
	const struct upstream_targets *upstream;
	const struct upstream_tls *upstream_tls; /**< NULL: none of them has TLS */
	const struct privileges *privileges;
	struct ssl_ctx_st *tls;          /**< NULL: none */
	const struct store_watch *watch; /**< where to report whether the stores are open */
};

/** Runs until TERM, INT or the end of the supervisor `parent`; the exit status of the process. */
int worker_process_run(const struct worker_process *p, pid_t parent);

#endif

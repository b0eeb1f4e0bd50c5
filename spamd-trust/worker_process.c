#include "spamd-trust/worker_process.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/graph/store_layout.h"
#include "common/scan/metric_settings.h"
#include "spamd-trust/control.h"
#include "spamd-trust/ledger_writer.h"
#include "spamd-trust/store_watch.h"
#include "spamd-trust/supervisor.h"
#include "spamd-trust/worker.h"

/* Descriptors for everything but connections: log, stores, listeners, event loops, preferences. */
#define DESCRIPTORS_RESERVED 512

/* What markup and report may add to a message. */
#define REPLY_EXTRA_BYTES ((size_t)4 * 1024 * 1024)

/* Beyond, more threads only cost memory; LMDB's reader table also has an end. */
#define THREADS_MAX 64

/* Free memory that a thread keeps for the next messages; a quarter of it may be one piece. */
#define KEEP_MAX_BYTES (4 * 1024 * 1024)

static unsigned int
thread_count(const struct options *o)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int wanted =
		o->threads != 0 ? o->threads : (cores < 1 ? 1 : (unsigned int)cores);

	return wanted > THREADS_MAX ? THREADS_MAX : wanted;
}

/* raise_descriptors - for so many connections, or as many as we may have; how many they may be */
static size_t
raise_descriptors(size_t connections)
{
	struct rlimit limit = {0};
	rlim_t wanted = connections + DESCRIPTORS_RESERVED;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
		return DESCRIPTORS_RESERVED;
	}
	if (limit.rlim_cur < wanted) {
		limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
			log_warn_errno("spamd: cannot raise the limit of open files");
		}
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) {
		return connections;
	}
	/* A low limit is split in halves rather than given to connections alone. */
	return limit.rlim_cur > (rlim_t)2 * DESCRIPTORS_RESERVED
		       ? (size_t)limit.rlim_cur - DESCRIPTORS_RESERVED
		       : (size_t)limit.rlim_cur / 2;
}

/* chosen - the command line goes before the configuration */
static uint32_t
chosen(uint32_t option, uint32_t setting)
{
	return option == OPTIONS_TIMEOUT_UNSET ? setting : option;
}

/* fill_limits - bounds of one connection */
static void
fill_limits(struct service *service, const struct worker_process *p)
{
	struct spamd_limits *limits = &service->limits;

	*limits = spamd_limits_default;
	limits->body_max = (size_t)p->settings->max_message_size_bytes;
	limits->reply_max = limits->body_max + REPLY_EXTRA_BYTES;
	limits->timeout_command_s =
		chosen(p->options->timeout_tcp_s, p->settings->command_timeout_s);
	limits->timeout_request_s =
		chosen(p->options->timeout_child_s, p->settings->request_timeout_s);
	limits->allow_tell = p->options->allow_tell;
}

/* share - of one thread; never nothing */
static size_t
share(size_t total, unsigned int threads)
{
	return total / threads == 0 ? 1 : total / threads;
}

static void
fill_service(struct service *service, const struct worker_process *p)
{
	/* With a chained scorer each connection may need one more, or two. */
	size_t each = p->upstream->count == 0 ? 1 : p->settings->upstream_headers ? 3 : 2;
	size_t connections = raise_descriptors(each * p->settings->max_connections) / each;

	service->options = p->options;
	service->metric = metric_config_of(p->settings);
	service->settings = p->settings;
	service->listeners = p->listeners;
	service->allowed = p->allowed;
	service->upstream = p->upstream;
	service->upstream_tls = p->upstream_tls;
	service->tls = p->tls;
	service->threads = thread_count(p->options);
	service->connections_max = share(connections, service->threads);
	service->buffered_max_bytes =
		share((size_t)p->settings->max_buffered_size_bytes, service->threads);
	service->uid = (unsigned int)geteuid();
	service->sets_users_aside = p->privileges->sets_users_aside;
	if (gethostname(service->hostname, sizeof(service->hostname) - 1) != 0) {
		memcpy(service->hostname, "localhost", sizeof("localhost"));
	}
	fill_limits(service, p);
}

/* What is done once a second. */
struct upkeep {
	struct scorer *scorer;
	const struct store_watch *watch;
	const struct worker *workers;
	unsigned int worker_count;
	char states[THREADS_MAX + 1]; /* as logged last */
};

/*
 * log_states - the line of the original that tools read: one letter a worker, idle or busy
 *
 * It writes one whenever a child changes; here once a second, when it is not as before.
 */
static void
log_states(struct upkeep *upkeep)
{
	char states[THREADS_MAX + 1] = {0};

	for (unsigned int i = 0; i < upkeep->worker_count; i++) {
		states[i] = worker_is_busy(&upkeep->workers[i]) ? 'B' : 'I';
	}
	if (strcmp(states, upkeep->states) != 0) {
		log_info("prefork: child states: %s", states);
		memcpy(upkeep->states, states, sizeof(states));
	}
}

static void
tick(void *ctx)
{
	struct upkeep *upkeep = ctx;

	log_states(upkeep);
	scorer_refresh(upkeep->scorer);
	store_watch_report(upkeep->watch, scorer_is_whole(upkeep->scorer));
}

/* run_workers - from the first thread's start to the last one's end */
static int
run_workers(struct worker *workers, const struct service *service, struct upkeep *upkeep,
	pid_t parent)
{
	struct err_msg msg = {0};
	unsigned int ready = 0;
	int code = 0;

	while (code == 0 && ready < service->threads) {
		code = worker_init(&workers[ready], service, ready);
		ready++;
	}
	for (unsigned int i = 0; code == 0 && i < ready; i++) {
		code = worker_start(&workers[i], &msg);
	}
	upkeep->workers = workers;
	upkeep->worker_count = ready;
	if (code == 0) {
		tick(upkeep);
		supervisor_wait_for_stop(parent, tick, upkeep, SCORER_REFRESH_MS);
	} else {
		log_error("spamd: cannot start the workers: %s",
			msg.text[0] == '\0' ? err_text(code) : msg.text);
	}
	for (unsigned int i = 0; i < ready; i++) {
		worker_stop(&workers[i]);
	}
	for (unsigned int i = 0; i < ready; i++) {
		worker_fini(&workers[i]);
	}
	return code;
}

/* open_stores_as_root - those that only root can open, see store_watch.h */
static int
open_stores_as_root(const struct worker_process *p, struct scorer **out)
{
	if (!p->privileges->drops || !store_watch_is_roots_own(p->options->store)) {
		return 0;
	}
	return scorer_new(p->options->store, thread_count(p->options), out);
}

/* open_ledger_as_root - the same for the ledger; NULL where it is left to its writer */
static struct store *
open_ledger_as_root(const struct worker_process *p)
{
	struct store *store = NULL;

	if (p->privileges->drops && store_watch_is_roots_ledger(p->options->store) &&
		store_layout_open(STORE_LAYOUT_LEDGER, p->options->store, STORE_CREATE, &store,
			NULL) != 0) {
		return NULL; /* the writer tries again, and logs it */
	}
	return store;
}

/*
 * open_control_as_root - the same for the control socket beside the ledger; fd -1 where it is
 * left to its thread
 */
static struct ctl_socket
open_control_as_root(const struct worker_process *p, const char *path)
{
	struct ctl_socket control = {.fd = -1};

	if (p->privileges->drops && path != NULL && p->settings->control_socket.len == 0 &&
		store_watch_is_roots_ledger(p->options->store) &&
		ctl_socket_listen(&control, path, NULL) != 0) {
		control.fd = -1; /* the thread tries again, and logs it */
	}
	return control;
}

/* start_control - the control socket, unless there is to be none; takes `listening` */
static int
start_control(struct service *service, const char *path, struct ctl_socket *listening,
	struct control **out)
{
	const struct control_config config = {
		.path = path, .ledger = service->ledger, .desk = service->threads};
	struct err_msg msg = {0};
	int code = path == NULL ? 0 : control_new(&config, listening, out, &msg);

	if (code != 0) {
		log_error("spamd: %s", msg.text);
	}
	return code;
}

/* control_path - in `buf`; NULL: none is wanted */
static const char *
control_path(const struct worker_process *p, char buf[PATH_MAX])
{
	struct err_msg msg = {0};
	int code = store_layout_control_path(
		p->options->store, STORE_LAYOUT_LEDGER, p->settings->control_socket, buf, &msg);

	if (code != 0 && code != ERR_UNSUPPORTED) {
		log_warn("spamd: no control socket: %s", msg.text);
	}
	return code == 0 ? buf : NULL;
}

/* submit_payment - a worker's reservation to the writer */
static int
submit_payment(void *ctx, struct ledger_payment *payment)
{
	const struct service *service = ctx;

	return ledger_writer_pay(service->ledger, payment);
}

static void
on_ledger_store(void *ctx, struct store *store)
{
	scorer_set_ledger(ctx, store);
}

/* start_ledger - the writer, to whom the workers pay; takes `store` */
static int
start_ledger(const struct worker_process *p, struct service *service, struct store *store)
{
	const struct ledger_writer_config config = {
		.directory = p->options->store,
		.workers = service->threads,
		.desks = 1,
		.metric = &service->metric,
		.limits = {.history_s = p->settings->history_s,
			.history_max = p->settings->history_max},
		.pending = service->pending,
		.on_store = on_ledger_store,
		.ctx = service->scorer,
	};
	struct err_msg msg = {0};
	int code = 0;

	scorer_set_submit(service->scorer, service->pending, submit_payment, service);
	code = ledger_writer_new(&config, store, &service->ledger, &msg);
	if (code != 0) {
		log_error("spamd: %s", msg.text);
	}
	return code;
}

/* open_stores - all others, with the rights that are left */
static int
open_stores(const struct worker_process *p, struct service *service)
{
	if (service->scorer != NULL) {
		return 0;
	}
	return scorer_new(p->options->store, service->threads, &service->scorer);
}

/*
 * keep_memory - what a thread has free stays with it, up to a bound
 *
 * Messages of some hundred kilobytes come and go; by its defaults the allocator maps and unmaps
 * each, and the kernel clears every page anew.
 */
static void
keep_memory(void)
{
	/* There are no threads yet. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	(void)mallopt(M_MMAP_THRESHOLD, KEEP_MAX_BYTES / 4);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): as above */
	(void)mallopt(M_TRIM_THRESHOLD, KEEP_MAX_BYTES);
}

int
worker_process_run(const struct worker_process *p, pid_t parent)
{
	struct rng rng = rng_system();
	struct service service = {0};
	struct worker *workers = NULL;
	struct store *ledger = NULL;
	struct control *control = NULL;
	struct ctl_socket listening = {.fd = -1};
	struct upkeep upkeep = {0};
	char path_buf[PATH_MAX];
	const char *path = control_path(p, path_buf);
	struct err_msg msg = {0};
	int status = EX_OSERR;

	keep_memory();
	if (open_stores_as_root(p, &service.scorer) != 0) {
		log_error("spamd: cannot start the worker process: out of memory");
		return EX_OSERR;
	}
	ledger = open_ledger_as_root(p);
	listening = open_control_as_root(p, path);
	if (privileges_drop(p->privileges, &msg) != 0) {
		log_error("spamd: %s", msg.text);
		ctl_socket_close(&listening);
		store_close(ledger);
		scorer_free(service.scorer);
		return EX_NOPERM;
	}
	fill_service(&service, p);
	service.peers = calloc(1, sizeof(*service.peers));
	workers = calloc(service.threads, sizeof(*workers));
	if (service.peers == NULL || workers == NULL ||
		peers_init(service.peers, p->settings->max_connections_per_address, &rng) !=
			0 ||
		ledger_pending_new(&service.pending) != 0 || open_stores(p, &service) != 0) {
		log_error("spamd: cannot start the worker process: out of memory");
		ctl_socket_close(&listening);
		store_close(ledger);
		goto out;
	}
	upkeep = (struct upkeep){.scorer = service.scorer, .watch = p->watch};
	if (start_ledger(p, &service, ledger) == 0 &&
		start_control(&service, path, &listening, &control) == 0 &&
		run_workers(workers, &service, &upkeep, parent) == 0) {
		status = EX_OK;
	}
out:
	control_free(control);
	ledger_writer_free(service.ledger);
	ledger_pending_free(service.pending);
	scorer_free(service.scorer);
	free(workers);
	free(service.peers);
	return status;
}

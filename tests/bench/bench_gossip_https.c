/*
 * bench_gossip_https.c - how many requests a second a gossip node answers, and what it holds.
 *
 * usage: bench_gossip_https [REQUESTS]      (16,000 a round when left out)
 *
 * The node with its server and its loop, over an LMDB store in a temporary directory, beside
 * the floor: a loop around the same TLS settings that reads to the empty line and sends the
 * bytes the node would have sent. Each is a process of its own on loopback. One client, the
 * same for both, keeps 8 connections busy over mutual TLS 1.3, one request on each; the two
 * take turns within a round. Medians of five rounds, one `name value unit` a line; `_cpu` is
 * the CPU time of the server's process.
 *
 *	gossip_https_node_...   GET /v1/node
 *	gossip_https_feed_...   GET /v1/feed, nothing new
 *	gossip_https_join_...   a connection with its handshake, for one GET /v1/node
 *	gossip_https_memory_... peak of the process: ready, and after all the rounds
 *	gossip_https_idle...    what one of 400 open connections adds to a new process
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/strnum.h"
#include "common/store/store.h"
#include "gossip/service.h"
#include "gossip/target.h"
#include "gossip/tls_node.h"
#include "tests/support/figures.h"
#include "tests/support/temp_dir.h"

#define REQUESTS_DEFAULT 16000
#define REQUESTS_MAX     10000000
#define WARM_UP          400
#define JOINS            600
#define JOIN_THREADS     2
#define CONNECTIONS      8
#define IDLE_CONNECTIONS 400
#define ROUNDS           5
#define EPOCH            7
#define ANSWER_MAX       4096
#define REQUEST_MAX      1024

/* What is asked. */
enum question {
	ASK_NODE,
	ASK_FEED,
	QUESTIONS,
};

struct answer {
	char bytes[ANSWER_MAX];
	size_t len;
};

struct bench {
	struct temp_dir dir;
	struct tls_node *host;
	struct tls_node *guest;
	SSL_CTX *client;
	char requests[QUESTIONS][REQUEST_MAX];
	struct answer answers[QUESTIONS]; /* the node's, for the floor */
	size_t count;
};

/* A server in a process of its own. */
struct child {
	pid_t pid;
	clockid_t clock;
	struct temp_dir dir;
	struct sockaddr_in address;
};

struct client {
	SSL *ssl;
	int fd;
};

static void
must(int rc, const struct err_msg *msg)
{
	if (rc != 0) {
		errx(1, "%s: %s", err_text(rc), msg == NULL ? "" : msg->text);
	}
}

/* --- ours ------------------------------------------------------------------------------------- */

static bool
admit(void *ctx, const struct digest *pin)
{
	const struct service *s = ctx;

	return node_peer_at(s->node, pin) != NULL;
}

static void
handle(void *ctx, const struct https_request *r)
{
	struct service *s = ctx;
	const struct node_request request = {
		.id = r->id,
		.pin = r->pin,
		.method = r->http->method == HTTP_POST ? NODE_POST : NODE_GET,
		.target = r->http->target,
		.body = r->http->body,
	};

	node_request(s->node, service_now(), &request);
	service_drain(s);
}

static void
gone(void *ctx, uint64_t id)
{
	const struct service *s = ctx;

	node_request_gone(s->node, id);
}

static void
on_deadline(evutil_socket_t fd, short what, void *ctx)
{
	struct service *s = ctx;

	(void)fd;
	(void)what;
	node_timeout(s->node, service_now());
	service_drain(s);
}

static struct store *
make_store(const char *path)
{
	const struct store_config config = {
		.mode = STORE_CREATE,
		.path = path,
		.tables = graph_tables,
		.table_count = graph_table_count,
		.schema_version = GRAPH_SCHEMA_VERSION,
	};
	struct store *store = NULL;
	struct err_msg msg = {0};

	must(store_lmdb_open(&config, &store, &msg), &msg);
	must(graph_create(store, EPOCH, &msg), &msg);
	return store;
}

static struct node *
make_node(const struct bench *b, struct store *store)
{
	const struct node_peer_spec peer = {
		.pin = *tls_node_pin(b->guest), .name = SLICE("bench")};
	struct node_config config = {
		.graph = store, .rng = rng_system(), .own_pin = *tls_node_pin(b->host)};
	struct node *node = NULL;
	struct err_msg msg = {0};

	node_limits_default(&config.limits);
	config.limits.requests_per_hour = UINT32_MAX;
	config.limits.bytes_per_hour = UINT64_MAX;
	must(node_new(&config, service_now(), &node, &msg), &msg);
	must(node_peer_add(node, service_now(), &peer, &msg), &msg);
	return node;
}

/* serve - the loop of the daemon without what it does by itself; until a signal ends the process */
static void
serve(const struct bench *b, const char *path, int listener)
{
	struct service s = {.base = event_base_new()};
	const struct https_handlers handlers = {
		.handle = handle, .gone = gone, .admit = admit, .ctx = &s};
	struct https_limits limits;
	struct err_msg msg = {0};

	must(log_open(&(struct log_config){.sink = LOG_SINK_NULL}), NULL);
	s.node = make_node(b, make_store(path));
	s.deadline = evtimer_new(s.base, on_deadline, &s);
	https_limits_default(&limits);
	limits.per_key_max = limits.connections_max;
	limits.per_address_max = limits.connections_max;
	must(https_server_new(s.base, b->host, &limits, &handlers, &s.server, &msg), &msg);
	must(https_server_listen(s.server, listener, &msg), &msg);
	(void)event_base_dispatch(s.base);
}

/* --- the floor -------------------------------------------------------------------------------- */

struct floor_conn {
	SSL *ssl;
	int fd;
	size_t len;
	char request[REQUEST_MAX];
};

static bool
admit_guest(void *ctx, const struct digest *pin)
{
	const struct bench *b = ctx;

	return digest_eq(pin, tls_node_pin(b->guest));
}

static void
floor_accept(int epoll, SSL_CTX *tls, int listener)
{
	struct floor_conn *c = calloc(1, sizeof(*c));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
	int on = 1;

	if (c == NULL || (c->ssl = SSL_new(tls)) == NULL) {
		errx(1, "out of memory");
	}
	c->fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (c->fd < 0 || setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
		epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) != 0 ||
		SSL_set_fd(c->ssl, c->fd) != 1) {
		err(1, "accept");
	}
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): epoll holds the connection */
	SSL_set_accept_state(c->ssl);
}

/* floor_read - false when the client is gone */
static bool
floor_read(struct floor_conn *c, const struct bench *b)
{
	const struct answer *answer = NULL;
	int n = SSL_read(c->ssl, c->request + c->len, (int)(sizeof(c->request) - c->len));

	if (n <= 0) {
		bool more = SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_READ;

		ERR_clear_error();
		return more;
	}
	c->len += (size_t)n;
	if (c->len < 4 || memcmp(c->request + c->len - 4, "\r\n\r\n", 4) != 0) {
		return true;
	}
	c->len = 0;
	answer =
		&b->answers[strncmp(c->request, "GET /v1/feed", 12) == 0 ? ASK_FEED : ASK_NODE];
	return SSL_write(c->ssl, answer->bytes, (int)answer->len) == (int)answer->len;
}

static void
serve_floor(struct bench *b, int listener)
{
	const struct tls_admission admission = {.admit = admit_guest, .ctx = b};
	struct epoll_event events[64] = {{.events = EPOLLIN}};
	struct err_msg msg = {0};
	SSL_CTX *tls = NULL;
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	must(tls_node_server(b->host, &admission, &tls, &msg), &msg);
	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, events) != 0) {
		err(1, "epoll");
	}
	for (;;) {
		int count = epoll_wait(epoll, events, (int)ARRAY_LEN(events), -1);

		for (int i = 0; i < count; i++) {
			struct floor_conn *c = events[i].data.ptr;

			if (c == NULL) {
				floor_accept(epoll, tls, listener);
			} else if (!floor_read(c, b)) {
				(void)close(c->fd);
				SSL_free(c->ssl);
				free(c);
			}
		}
	}
}

/* --- processes -------------------------------------------------------------------------------- */

static void
child_start(struct child *child, struct bench *b, bool is_floor)
{
	socklen_t len = sizeof(child->address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*child = (struct child){
		.address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
	if (bind(fd, (struct sockaddr *)&child->address, len) != 0 || listen(fd, 64) != 0 ||
		getsockname(fd, (struct sockaddr *)&child->address, &len) != 0) {
		err(1, "cannot listen");
	}
	temp_dir_make(&child->dir);
	child->pid = fork();
	if (child->pid < 0) {
		err(1, "fork");
	}
	if (child->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (is_floor) {
			serve_floor(b, fd);
		} else {
			serve(b, child->dir.path, fd);
		}
		_exit(1);
	}
	(void)close(fd);
	if (clock_getcpuclockid(child->pid, &child->clock) != 0) {
		errx(1, "no clock of the server");
	}
}

static void
child_end(struct child *child)
{
	int status = 0;

	if (kill(child->pid, SIGTERM) != 0 || waitpid(child->pid, &status, 0) != child->pid ||
		!WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM) {
		errx(1, "a server ended by itself");
	}
	temp_dir_remove(&child->dir);
}

static uint64_t
child_cpu_ns(const struct child *child)
{
	struct timespec t;

	if (clock_gettime(child->clock, &t) != 0) {
		err(1, "clock_gettime");
	}
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* child_memory - "VmHWM:" or "VmRSS:" in KiB */
static double
child_memory(const struct child *child, const char *field)
{
	char path[64];
	char line[256];
	double kib = 0;
	FILE *file = NULL;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)child->pid);
	file = fopen(path, "re");
	if (file == NULL) {
		err(1, "%s", path);
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, field, strlen(field)) == 0) {
			kib = strtod(line + strlen(field), NULL);
		}
	}
	(void)fclose(file);
	if (kib <= 0) {
		errx(1, "%s: no %s", path, field);
	}
	return kib;
}

/* --- the client ------------------------------------------------------------------------------- */

static void
join(struct client *c, const struct bench *b, const struct child *child)
{
	int on = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	c->ssl = SSL_new(b->client);
	if (c->fd < 0 || c->ssl == NULL ||
		setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
		connect(c->fd, (const struct sockaddr *)&child->address,
			sizeof(child->address)) != 0) {
		err(1, "connect");
	}
	if (SSL_set_fd(c->ssl, c->fd) != 1 || SSL_connect(c->ssl) != 1) {
		errx(1, "the handshake failed");
	}
}

static void
leave(struct client *c)
{
	SSL_free(c->ssl);
	(void)close(c->fd);
}

static void
ask(const struct client *c, const char *request)
{
	if (SSL_write(c->ssl, request, (int)strlen(request)) <= 0) {
		errx(1, "a request was not taken");
	}
}

/* answer_is_whole - head, and as much behind it as it announces */
static bool
answer_is_whole(const struct answer *a)
{
	static const char field[] = "Content-Length: ";
	const char *end = memmem(a->bytes, a->len, "\r\n\r\n", 4);
	const char *length = memmem(a->bytes, a->len, field, sizeof(field) - 1);

	if (end == NULL || length == NULL) {
		return false;
	}
	return a->len ==
	       (size_t)(end + 4 - a->bytes) + strtoul(length + sizeof(field) - 1, NULL, 10);
}

static void
take(const struct client *c, struct answer *a)
{
	a->len = 0;
	do {
		int n = SSL_read(c->ssl, a->bytes + a->len, (int)(ANSWER_MAX - 1 - a->len));

		if (n <= 0) {
			errx(1, "a connection ended before its answer");
		}
		a->len += (size_t)n;
		a->bytes[a->len] = '\0';
	} while (!answer_is_whole(a));
	if (strncmp(a->bytes, "HTTP/1.1 200 ", 13) != 0) {
		errx(1, "answered by %.*s", (int)strcspn(a->bytes, "\r"), a->bytes);
	}
}

/* --- measuring -------------------------------------------------------------------------------- */

/* What one round says of a server. */
struct figures {
	double rate;   /* a second */
	double cpu_us; /* for each */
};

static struct figures
figures_of(size_t count, uint64_t begin_ns, uint64_t begin_cpu_ns, const struct child *child)
{
	return (struct figures){
		.rate = (double)count * 1e9 / (double)(clock_mono_ns() - begin_ns),
		.cpu_us = (double)(child_cpu_ns(child) - begin_cpu_ns) / 1e3 / (double)count,
	};
}

/* run_requests - every connection is asked again as soon as its answer was read */
static struct figures
run_requests(const struct bench *b, const struct child *child, enum question question)
{
	struct client clients[CONNECTIONS];
	struct answer answer;
	struct figures result;
	uint64_t begin_ns = 0;
	uint64_t begin_cpu_ns = 0;

	for (size_t i = 0; i < CONNECTIONS; i++) {
		join(&clients[i], b, child);
		ask(&clients[i], b->requests[question]);
	}
	for (size_t i = 0; i < WARM_UP + b->count; i++) {
		const struct client *c = &clients[i % CONNECTIONS];

		if (i == WARM_UP) {
			begin_ns = clock_mono_ns();
			begin_cpu_ns = child_cpu_ns(child);
		}
		take(c, &answer);
		ask(c, b->requests[question]);
	}
	result = figures_of(b->count, begin_ns, begin_cpu_ns, child);
	for (size_t i = 0; i < CONNECTIONS; i++) {
		take(&clients[i], &answer);
		leave(&clients[i]);
	}
	return result;
}

struct joiner {
	pthread_t thread;
	const struct bench *bench;
	const struct child *child;
};

static void *
join_often(void *arg)
{
	const struct joiner *j = arg;
	struct answer answer;

	for (size_t i = 0; i < JOINS / JOIN_THREADS; i++) {
		struct client c;

		join(&c, j->bench, j->child);
		ask(&c, j->bench->requests[ASK_NODE]);
		take(&c, &answer);
		leave(&c);
	}
	return NULL;
}

static struct figures
run_joins(const struct bench *b, const struct child *child)
{
	struct joiner joiners[JOIN_THREADS];
	uint64_t begin_ns = clock_mono_ns();
	uint64_t begin_cpu_ns = child_cpu_ns(child);

	for (size_t i = 0; i < JOIN_THREADS; i++) {
		joiners[i] = (struct joiner){.bench = b, .child = child};
		if (pthread_create(&joiners[i].thread, NULL, join_often, &joiners[i]) != 0) {
			errx(1, "no thread");
		}
	}
	for (size_t i = 0; i < JOIN_THREADS; i++) {
		(void)pthread_join(joiners[i].thread, NULL);
	}
	return figures_of(JOINS, begin_ns, begin_cpu_ns, child);
}

/* ask_once - the server is ready, and how it answers */
static void
ask_once(const struct bench *b, const struct child *child, enum question question,
	struct answer *out)
{
	struct client c;

	join(&c, b, child);
	ask(&c, b->requests[question]);
	take(&c, out);
	leave(&c);
}

/* idle_kib - memory for each of many connections that were used once */
static double
idle_kib(struct bench *b, bool is_floor)
{
	struct client clients[IDLE_CONNECTIONS];
	struct answer answer;
	struct child child;
	double before = 0;
	double after = 0;

	child_start(&child, b, is_floor);
	ask_once(b, &child, ASK_NODE, &answer);
	before = child_memory(&child, "VmRSS:");
	for (size_t i = 0; i < IDLE_CONNECTIONS; i++) {
		join(&clients[i], b, &child);
		ask(&clients[i], b->requests[ASK_NODE]);
		take(&clients[i], &answer);
	}
	after = child_memory(&child, "VmRSS:");
	for (size_t i = 0; i < IDLE_CONNECTIONS; i++) {
		leave(&clients[i]);
	}
	child_end(&child);
	return (after - before) / IDLE_CONNECTIONS;
}

/* print_pair - both sides, and ours over the floor's: the median of the rounds' ratios */
static void
print_pair(const char *name, const char *what, double *ours, double *floor, const char *unit)
{
	double ratios[ROUNDS];

	for (size_t i = 0; i < ROUNDS; i++) {
		ratios[i] = ours[i] / floor[i];
	}
	(void)printf(
		"gossip_https_%s_%s %.1f %s\n", name, what, figures_median(ours, ROUNDS), unit);
	(void)printf("gossip_https_%s_%s_floor %.1f %s\n", name, what,
		figures_median(floor, ROUNDS), unit);
	(void)printf("gossip_https_%s_%s_ratio %.2f x\n", name, what,
		figures_median(ratios, ROUNDS));
}

#define ASK_JOIN QUESTIONS

static void
measure(const struct bench *b, const struct child *ours, const struct child *floor)
{
	static const char *const names[] = {"node", "feed", "join"};
	static const char *const units[] = {"requests/s", "requests/s", "handshakes/s"};
	const struct child *servers[] = {ours, floor};
	double rates[ARRAY_LEN(names)][2][ROUNDS];
	double cpu[ARRAY_LEN(names)][2][ROUNDS];

	for (size_t round = 0; round < ROUNDS; round++) {
		for (size_t what = 0; what < ARRAY_LEN(names); what++) {
			for (size_t i = 0; i < 2; i++) {
				struct figures f = what == ASK_JOIN
							   ? run_joins(b, servers[i])
							   : run_requests(b, servers[i],
								     (enum question)what);

				rates[what][i][round] = f.rate;
				cpu[what][i][round] = f.cpu_us;
			}
		}
	}
	for (size_t what = 0; what < ARRAY_LEN(names); what++) {
		print_pair(names[what], "rate", rates[what][0], rates[what][1], units[what]);
		print_pair(names[what], "cpu", cpu[what][0], cpu[what][1], "us");
	}
}

static void
make(struct bench *b)
{
	struct rng rng = rng_system();
	struct err_msg msg = {0};
	char path[PATH_MAX];
	char feed[NODE_TARGET_MAX];
	const char *targets[QUESTIONS] = {target_path(TARGET_NODE), feed};

	temp_dir_make(&b->dir);
	must(tls_node_open(temp_dir_path(&b->dir, "host.pem", path), &rng, &b->host, &msg),
		&msg);
	must(tls_node_open(temp_dir_path(&b->dir, "guest.pem", path), &rng, &b->guest, &msg),
		&msg);
	b->client = SSL_CTX_new(TLS_client_method());
	must(tls_node_client(b->guest, tls_node_pin(b->host), b->client), NULL);
	target_feed(EPOCH, 0, feed);
	for (size_t i = 0; i < QUESTIONS; i++) {
		(void)snprintf(b->requests[i], REQUEST_MAX,
			"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\n\r\n",
			targets[i]);
	}
}

int
main(int argc, char **argv)
{
	struct bench b = {.count = REQUESTS_DEFAULT};
	struct answer answer;
	struct child ours;
	struct child floor;
	double at_start;

	if (argc > 1 && strnum_size(slice_str(argv[1]), REQUESTS_MAX, &b.count) != 0) {
		errx(64, "usage: bench_gossip_https [REQUESTS]");
	}
	make(&b);
	child_start(&ours, &b, false);
	ask_once(&b, &ours, ASK_NODE, &b.answers[ASK_NODE]);
	ask_once(&b, &ours, ASK_FEED, &b.answers[ASK_FEED]);
	at_start = child_memory(&ours, "VmHWM:");
	child_start(&floor, &b, true);
	ask_once(&b, &floor, ASK_NODE, &answer);
	measure(&b, &ours, &floor);
	(void)printf("gossip_https_memory_ready %.0f KiB\n", at_start);
	(void)printf("gossip_https_memory_loaded %.0f KiB\n", child_memory(&ours, "VmHWM:"));
	(void)printf("gossip_https_memory_floor %.0f KiB\n", child_memory(&floor, "VmHWM:"));
	child_end(&floor);
	child_end(&ours);
	(void)printf("gossip_https_idle %.1f KiB/connection\n", idle_kib(&b, false));
	(void)printf("gossip_https_idle_floor %.1f KiB/connection\n", idle_kib(&b, true));
	SSL_CTX_free(b.client);
	tls_node_free(b.host);
	tls_node_free(b.guest);
	temp_dir_remove(&b.dir);
	return 0;
}

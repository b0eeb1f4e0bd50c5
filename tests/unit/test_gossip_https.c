/* Server and client of the node against each other, over loopback. */
#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>
#include <openssl/ssl.h>

#include "common/base/log.h"
#include "common/base/strnum.h"
#include "gossip/https_client.h"
#include "gossip/https_server.h"
#include "tests/support/temp_dir.h"

/* Requests of one client that does not read, and the greatest of their answers. */
#define PIPELINED  8000
#define VARIED_MAX 6000

/* Nothing here takes as long; a loop that is still running then is a failure. */
#define LOOP_LIMIT_S 120

struct door {
	struct temp_dir dir;
	struct event_base *base;
	struct tls_node *host;
	struct tls_node *guest;
	struct https_server *server;
	struct https_client *client;
	char url[64];
	/* what the server's owner does */
	bool admits;
	bool is_silent;
	bool varies; /* answers of every size */
	struct https_answer answer;
	/* what it saw */
	size_t handled;
	size_t gone;
	struct digest pin;
	char target[64];
	char body[256];
	uint8_t exporter[TLS_NODE_EXPORTER_LEN];
	/* what the client got */
	size_t done;
	struct https_result result;
	char text[256];
	char got[256];
	uint8_t own_exporter[TLS_NODE_EXPORTER_LEN];
};

static bool
admit(void *ctx, const struct digest *pin)
{
	struct door *d = ctx;

	d->pin = *pin;
	return d->admits;
}

/*
 * varied - the body of the n-th answer. First come many that go out in one record with their
 * head at once, until the socket is full; then some do not.
 */
static struct slice
varied(size_t n, uint8_t out[VARIED_MAX])
{
	size_t len = n * 37 % (n < PIPELINED * 3 / 4 ? VARIED_MAX * 2 / 3 : VARIED_MAX);

	memset(out, 'a' + (int)(n % 26), len);
	return slice_of(out, len);
}

static void
handle(void *ctx, const struct https_request *request)
{
	uint8_t body[VARIED_MAX];
	struct door *d = ctx;

	if (d->varies) {
		d->answer.body = varied(d->handled, body);
	}
	d->handled++;
	d->pin = request->pin;
	memcpy(d->exporter, request->exporter, sizeof(d->exporter));
	(void)snprintf(d->target, sizeof(d->target), "%.*s", SLICE_ARG(request->http->target));
	(void)snprintf(d->body, sizeof(d->body), "%.*s", SLICE_ARG(request->http->body));
	if (!d->is_silent) {
		https_server_answer(d->server, request->id, &d->answer);
	}
}

static void
gone(void *ctx, uint64_t id)
{
	struct door *d = ctx;

	(void)id;
	d->gone++;
	(void)event_base_loopbreak(d->base);
}

static void
done(void *ctx, uint64_t id, const struct https_result *result)
{
	struct door *d = ctx;

	(void)id;
	d->done++;
	d->result = *result;
	(void)snprintf(d->text, sizeof(d->text), "%s", result->text);
	(void)snprintf(d->got, sizeof(d->got), "%.*s", SLICE_ARG(result->body));
	(void)event_base_loopbreak(d->base);
}

static int
listen_anywhere(char url[64])
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	cr_assert_eq(listen(fd, 64), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	(void)snprintf(url, 64, "https://127.0.0.1:%d", ntohs(sa.sin_port));
	return fd;
}

static struct tls_node *
make_node(const struct door *d, const char *name)
{
	struct rng rng = rng_system();
	struct tls_node *node = NULL;
	char path[PATH_MAX];

	cr_assert_eq(tls_node_open(temp_dir_path(&d->dir, name, path), &rng, &node, NULL), 0);
	return node;
}

static void
open_door(struct door *d, const struct https_limits *limits)
{
	struct https_handlers handlers = {
		.handle = handle, .gone = gone, .admit = admit, .ctx = d};
	struct https_limits usual;
	int fd = -1;

	*d = (struct door){.admits = true};
	cr_assert_eq(log_open(&(struct log_config){.sink = LOG_SINK_NULL}), 0);
	https_limits_default(&usual);
	temp_dir_make(&d->dir);
	d->base = event_base_new();
	d->host = make_node(d, "host.pem");
	d->guest = make_node(d, "guest.pem");
	cr_assert_eq(https_server_new(d->base, d->host, limits == NULL ? &usual : limits,
			     &handlers, &d->server, NULL),
		0);
	fd = listen_anywhere(d->url);
	cr_assert_eq(https_server_listen(d->server, fd, NULL), 0);
	cr_assert_eq(https_client_new(d->base, d->guest, &d->client, NULL), 0);
	d->answer = (struct https_answer){
		.status = 200, .content_type = "text/plain", .body = SLICE("hello")};
}

static void
close_door(struct door *d)
{
	https_client_free(d->client);
	https_server_free(d->server);
	tls_node_free(d->host);
	tls_node_free(d->guest);
	event_base_free(d->base);
	temp_dir_remove(&d->dir);
}

static int
make_body(void *ctx, const uint8_t exporter[TLS_NODE_EXPORTER_LEN], uint8_t *body)
{
	struct door *d = ctx;

	memcpy(d->own_exporter, exporter, sizeof(d->own_exporter));
	memcpy(body, "late", 4);
	return 0;
}

/* call_for - a call of the guest, answered within the given bound */
static struct https_call
call_for(struct door *d, const char *target, char url[128])
{
	(void)snprintf(url, 128, "%s%s", d->url, target);
	return (struct https_call){
		.id = 1,
		.pin = *tls_node_pin(d->host),
		.url = url,
		.method = HTTP_GET,
		.answer_max = 100,
		.timeout_ms = 100000,
		.done = done,
		.ctx = d,
	};
}

static void
run(struct door *d)
{
	struct timeval limit = {.tv_sec = LOOP_LIMIT_S};

	(void)event_base_loopexit(d->base, &limit);
	(void)event_base_dispatch(d->base);
}

static void
ask(struct door *d, const struct https_call *call)
{
	size_t before = d->done;

	cr_assert_eq(https_client_start(d->client, call), 0);
	run(d);
	cr_assert_eq(d->done, before + 1, "the call did not end");
}

Test(https, a_request_and_its_answer_go_both_ways)
{
	struct door d;
	char url[128];
	struct https_call call;

	open_door(&d, NULL);
	call = call_for(&d, "/v1/feed?after=2", url);
	ask(&d, &call);
	cr_expect_eq(d.result.end, HTTPS_ANSWERED, "%s", d.text);
	cr_expect_eq(d.result.status, 200);
	cr_expect_str_eq(d.got, "hello");
	cr_expect_str_eq(d.target, "/v1/feed?after=2");
	cr_expect(digest_eq(&d.pin, tls_node_pin(d.guest)));
	call.method = HTTP_POST;
	call.body = SLICE("some statements");
	d.answer.status = 503;
	d.answer.retry_after_s = 17;
	ask(&d, &call);
	cr_expect_str_eq(d.body, "some statements");
	cr_expect_eq(d.result.status, 503);
	cr_expect_eq(d.result.retry_after_s, 17);
	cr_expect_eq(https_server_counters(d.server)->accepted, 1, "the connection is kept");
	close_door(&d);
}

Test(https, a_body_may_be_bound_to_the_session)
{
	struct door d;
	char url[128];
	struct https_call call;

	open_door(&d, NULL);
	call = call_for(&d, "/v1/pair", url);
	call.method = HTTP_POST;
	call.make_body = make_body;
	call.body.len = 4;
	ask(&d, &call);
	cr_expect_eq(d.result.end, HTTPS_ANSWERED, "%s", d.text);
	cr_expect_str_eq(d.body, "late");
	cr_expect_arr_eq(d.exporter, d.own_exporter, TLS_NODE_EXPORTER_LEN);
	close_door(&d);
}

Test(https, a_server_with_another_key_gets_no_byte_of_the_request)
{
	struct door d;
	char url[128];
	struct https_call call;

	open_door(&d, NULL);
	call = call_for(&d, "/", url);
	call.pin.bytes[0] ^= 1;
	ask(&d, &call);
	cr_expect_eq(d.result.end, HTTPS_WRONG_KEY, "%d %s", d.result.end, d.text);
	cr_expect_eq(d.handled, 0);
	close_door(&d);
}

Test(https, a_client_whose_key_is_not_known_is_told_so)
{
	struct door d;
	char url[128];
	struct https_call call;

	open_door(&d, NULL);
	d.admits = false;
	call = call_for(&d, "/", url);
	ask(&d, &call);
	cr_expect_eq(d.result.end, HTTPS_UNKNOWN_KEY, "%d %s", d.result.end, d.text);
	cr_expect_eq(d.handled, 0);
	cr_expect_eq(https_server_counters(d.server)->refused_handshake, 1);
	cr_expect(digest_eq(&d.pin, tls_node_pin(d.guest)));
	close_door(&d);
}

Test(https, an_answer_over_the_bound_is_cut_off)
{
	struct door d;
	char url[128];
	char large[101];
	struct https_call call;

	open_door(&d, NULL);
	memset(large, 'a', sizeof(large));
	d.answer.body = slice_of(large, sizeof(large));
	call = call_for(&d, "/", url);
	ask(&d, &call);
	cr_expect_eq(d.result.end, HTTPS_TOO_BIG, "%d %s", d.result.end, d.text);
	close_door(&d);
}

Test(https, an_owner_who_does_not_answer_costs_the_client_its_time_only)
{
	struct door d;
	char url[128];
	struct https_call call;

	open_door(&d, NULL);
	d.is_silent = true;
	call = call_for(&d, "/", url);
	call.timeout_ms = 2000; /* a handshake on a slow machine: the request is to arrive */
	ask(&d, &call);
	cr_expect_eq(d.result.end, HTTPS_TIMEOUT, "%d %s", d.result.end, d.text);
	run(&d); /* until the server sees that the client left */
	cr_expect_eq(d.gone, 1);
	close_door(&d);
}

Test(https, the_server_ends_what_takes_too_long)
{
	struct https_limits limits;
	struct door d;
	char url[128];
	struct https_call call;

	https_limits_default(&limits);
	limits.deadlines.answer_ms = 50;
	open_door(&d, &limits);
	d.is_silent = true;
	call = call_for(&d, "/", url);
	cr_assert_eq(https_client_start(d.client, &call), 0);
	run(&d);
	cr_expect_eq(d.gone, 1, "the owner is told");
	cr_expect_eq(https_server_counters(d.server)->late, 1);
	close_door(&d);
}

Test(https, nobody_there_is_offline)
{
	struct door d;
	char url[128];
	struct https_call call;
	int fd = -1;

	open_door(&d, NULL);
	fd = listen_anywhere(d.url);
	(void)close(fd);
	call = call_for(&d, "/", url);
	ask(&d, &call);
	cr_expect_eq(d.result.end, HTTPS_OFFLINE, "%d %s", d.result.end, d.text);
	close_door(&d);
}

Test(https, calls_are_bounded_and_can_be_taken_back)
{
	struct door d;
	char url[128];
	struct https_call call;

	open_door(&d, NULL);
	call = call_for(&d, "/", url);
	for (uint64_t i = 0; i < HTTPS_CALLS_MAX; i++) {
		call.id = i;
		cr_assert_eq(https_client_start(d.client, &call), 0);
	}
	cr_expect_eq(https_client_start(d.client, &call), ERR_FULL);
	for (uint64_t i = 1; i < HTTPS_CALLS_MAX; i++) {
		https_client_cancel(d.client, i);
	}
	run(&d);
	cr_expect_eq(d.done, 1);
	cr_expect_eq(d.result.end, HTTPS_ANSWERED, "%s", d.text);
	close_door(&d);
}

Test(https, the_key_stays_the_same_and_is_closed_to_others)
{
	struct temp_dir dir;
	struct rng rng = rng_system();
	struct tls_node *node = NULL;
	struct digest pin;
	char path[PATH_MAX];
	struct err_msg msg;

	temp_dir_make(&dir);
	temp_dir_path(&dir, "node.pem", path);
	cr_assert_eq(tls_node_open(path, &rng, &node, NULL), 0);
	pin = *tls_node_pin(node);
	tls_node_free(node);
	cr_assert_eq(tls_node_open(path, &rng, &node, NULL), 0);
	cr_expect(digest_eq(&pin, tls_node_pin(node)));
	tls_node_free(node);
	cr_assert_eq(chmod(path, 0640), 0);
	cr_expect_eq(tls_node_open(path, &rng, &node, &msg), ERR_DENIED);
	temp_dir_remove(&dir);
}

/* --- many requests at once --------------------------------------------------------------- */

/* A client that sends all its requests before it reads the first answer. */
struct piper {
	struct door *d;
	SSL *ssl;
	atomic_bool is_over;
	size_t good; /* answers that were as they should be, up to the first that was not */
};

static bool
read_all(SSL *ssl, void *buf, size_t len)
{
	for (size_t at = 0; at < len;) {
		int n = SSL_read(ssl, (uint8_t *)buf + at, (int)(len - at));

		if (n <= 0) {
			return false;
		}
		at += (size_t)n;
	}
	return true;
}

/* check_answer - that the next bytes are the n-th answer, to the last one */
static bool
check_answer(SSL *ssl, size_t n)
{
	uint8_t body[VARIED_MAX];
	uint8_t got[VARIED_MAX + 256];
	char head[256];
	struct slice expected = varied(n, body);
	int len = snprintf(head, sizeof(head),
		"HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nContent-Type: text/plain\r\n\r\n",
		expected.len);

	return read_all(ssl, got, (size_t)len + expected.len) &&
	       memcmp(got, head, (size_t)len) == 0 &&
	       memcmp(got + len, expected.data, expected.len) == 0;
}

static void *
pipe_requests(void *ctx)
{
	static const char request[] = "GET /v1/x HTTP/1.1\r\nHost: a\r\n\r\n";
	struct piper *p = ctx;
	bool ok = SSL_connect(p->ssl) == 1;

	for (size_t i = 0; i < PIPELINED && ok; i++) {
		ok = SSL_write(p->ssl, request, sizeof(request) - 1) == sizeof(request) - 1;
	}
	while (ok && p->good < PIPELINED && check_answer(p->ssl, p->good)) {
		p->good++;
	}
	atomic_store(&p->is_over, true);
	return NULL;
}

static void
on_look(evutil_socket_t fd, short what, void *ctx)
{
	struct piper *p = ctx;

	(void)fd;
	(void)what;
	if (atomic_load(&p->is_over)) {
		(void)event_base_loopbreak(p->d->base);
	}
}

static int
connect_to(const char *url)
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	uint64_t port;
	int little = 4096; /* so that the server finds its socket full again and again */

	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof(little)), 0);
	cr_assert_eq(strnum_u64(slice_str(strrchr(url, ':') + 1), UINT16_MAX, &port), 0);
	sa.sin_port = htons((uint16_t)port);
	cr_assert_eq(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

Test(https, answers_stay_whole_and_in_order_for_a_client_who_does_not_read)
{
	const struct timeval often = {.tv_usec = 10000};
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
	struct piper p = {0};
	struct event *look;
	pthread_t thread;
	struct door d;
	int fd;

	open_door(&d, NULL);
	d.varies = true;
	p.d = &d;
	cr_assert_eq(tls_node_client(d.guest, tls_node_pin(d.host), tls), 0);
	p.ssl = SSL_new(tls);
	fd = connect_to(d.url);
	cr_assert_eq(SSL_set_fd(p.ssl, fd), 1);
	look = event_new(d.base, -1, EV_PERSIST, on_look, &p);
	cr_assert_eq(event_add(look, &often), 0);
	cr_assert_eq(pthread_create(&thread, NULL, pipe_requests, &p), 0);
	run(&d);
	cr_assert(atomic_load(&p.is_over));
	cr_assert_eq(pthread_join(thread, NULL), 0);
	cr_assert_eq(p.good, PIPELINED);
	cr_assert_eq(d.handled, PIPELINED);
	event_free(look);
	SSL_free(p.ssl);
	SSL_CTX_free(tls);
	(void)close(fd);
	close_door(&d);
}

/*
 * floor_server.c - the least a spamd can do: the floor that ours is measured against.
 *
 * usage: floor_server (--tcp PORT | --unix PATH) [--threads N] [--reply BYTES]
 *
 * Each thread waits in its own epoll for the shared listening socket (EPOLLEXCLUSIVE) and for
 * its connections. Of a request it understands nothing but Content-length; when that many
 * bytes have come it sends a canned answer of about --reply bytes and closes. Port 0 lets the
 * kernel choose; the first line of output is "listening on PORT" or "listening on PATH".
 * Ends at SIGTERM.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/dynbuf.h"
#include "common/base/strnum.h"

#define THREADS_MAX 256
#define REPLY_MAX   (16U << 20)
#define READ_SIZE   65536
#define HEAD_MAX    1024 /* all of the request's header lines */

struct server {
	int listen_fd;
	struct slice reply;
};

struct connection {
	int fd;
	size_t received;
	size_t wanted; /* of the whole request; 0 until the header is complete */
	size_t sent;
	size_t head_len;
	char head[HEAD_MAX];
};

/* find_length - sets wanted once the header has come; a request without length has no body. */
static void
find_length(struct connection *c)
{
	struct slice head = {(const uint8_t *)c->head, c->head_len};
	const uint8_t *end = memmem(head.data, head.len, "\r\n\r\n", 4);
	const char *at = NULL;

	if (end == NULL) {
		return;
	}
	c->wanted = (size_t)(end - head.data) + 4;
	at = memmem(head.data, c->wanted, "Content-length: ", 16);
	if (at != NULL) {
		c->wanted += strtoull(at + 16, NULL, 10);
	}
}

static void
take_head(struct connection *c, const char *data, size_t len)
{
	size_t room = HEAD_MAX - 1 - c->head_len;
	size_t some = len < room ? len : room;

	memcpy(c->head + c->head_len, data, some);
	c->head_len += some;
	c->head[c->head_len] = '\0';
	find_length(c);
}

static void
connection_close(struct connection *c)
{
	(void)close(c->fd);
	free(c);
}

/* connection_send - the canned answer, as far as it fits, then the end. */
static void
connection_send(const struct server *server, int epoll_fd, struct connection *c)
{
	ssize_t n = send(c->fd, server->reply.data + c->sent, server->reply.len - c->sent,
		MSG_DONTWAIT | MSG_NOSIGNAL);
	struct epoll_event event = {.events = EPOLLOUT, .data.ptr = c};

	if (n < 0 && errno != EAGAIN) {
		connection_close(c);
		return;
	}
	c->sent += n > 0 ? (size_t)n : 0;
	if (c->sent == server->reply.len) {
		connection_close(c);
	} else {
		(void)epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
	}
}

/* connection_receive - reads what is there; answers when the request is complete. */
static void
connection_receive(const struct server *server, int epoll_fd, struct connection *c)
{
	static _Thread_local char data[READ_SIZE];

	for (;;) {
		ssize_t n = recv(c->fd, data, sizeof(data), MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN) {
			return;
		}
		if (n <= 0) {
			connection_close(c);
			return;
		}
		c->received += (size_t)n;
		if (c->wanted == 0) {
			take_head(c, data, (size_t)n);
		}
		if (c->wanted != 0 && c->received >= c->wanted) {
			connection_send(server, epoll_fd, c);
			return;
		}
	}
}

static void
accept_one(const struct server *server, int epoll_fd)
{
	int fd = accept4(server->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct connection *c = fd < 0 ? NULL : calloc(1, sizeof(*c));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};

	if (fd < 0) {
		return; /* another thread was faster */
	}
	if (c == NULL) {
		(void)close(fd);
		return;
	}
	c->fd = fd;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
		connection_close(c);
	}
} /* NOLINT(clang-analyzer-unix.Malloc): epoll holds the connection */

static void *
serve(void *arg)
{
	const struct server *server = arg;
	struct epoll_event events[64];
	struct epoll_event accepting = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = NULL};
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);

	if (epoll_fd < 0 ||
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, server->listen_fd, &accepting) != 0) {
		err(1, "epoll");
	}
	for (;;) {
		int n = epoll_wait(epoll_fd, events, 64, -1);

		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;

			if (c == NULL) {
				accept_one(server, epoll_fd);
			} else if (c->sent > 0) {
				connection_send(server, epoll_fd, c);
			} else {
				connection_receive(server, epoll_fd, c);
			}
		}
	}
	return NULL;
}

/* listen_tcp - on loopback; prints the port. */
static int
listen_tcp(uint16_t port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0 ||
		listen(fd, 4096) != 0 || getsockname(fd, (struct sockaddr *)&addr, &len) != 0) {
		err(1, "cannot listen on port %u", port);
	}
	printf("listening on %u\n", ntohs(addr.sin_port));
	return fd;
}

static int
listen_unix(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0 ||
		listen(fd, 4096) != 0) {
		err(1, "cannot listen on %s", path);
	}
	printf("listening on %s\n", path);
	return fd;
}

/* can_reply - an answer to CHECK, or with a body of `body` bytes one to PROCESS. */
static void
can_reply(struct dynbuf *out, size_t body)
{
	dynbuf_init(out, REPLY_MAX + 1024);
	dynbuf_printf(out, "SPAMD/1.1 0 EX_OK\r\n");
	if (body > 0) {
		dynbuf_printf(out, "Content-length: %zu\r\n", body);
	}
	dynbuf_printf(out, "Spam: False ; 0.0 / 5.0\r\n\r\n");
	for (size_t i = 0; i < body; i++) {
		dynbuf_add_byte(out, 'x');
	}
	if (dynbuf_error(out) != 0) {
		errx(1, "no memory for the answer");
	}
}

static uint32_t
number_option(const char *name, const char *text, uint32_t max)
{
	uint32_t value = 0;

	if (strnum_u32(slice_str(text), max, &value) != 0) {
		errx(64, "--%s %s: expected a number up to %u", name, text, max);
	}
	return value;
}

static void
run_threads(struct server *server, uint32_t threads)
{
	for (uint32_t i = 1; i < threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, serve, server) != 0) {
			errx(1, "cannot start a thread");
		}
	}
	(void)serve(server);
}

int
main(int argc, char **argv)
{
	enum {
		TCP,
		UNIX,
		THREADS,
		REPLY
	};
	static const struct option table[] = {
		{"tcp", required_argument, NULL, TCP},
		{"unix", required_argument, NULL, UNIX},
		{"threads", required_argument, NULL, THREADS},
		{"reply", required_argument, NULL, REPLY},
		{0},
	};
	struct server server = {.listen_fd = -1};
	struct dynbuf reply;
	const char *path = NULL;
	uint32_t port = 0;
	uint32_t threads = 2;
	uint32_t body = 0;
	int found = 0;

	while ((found = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (found) {
		case TCP:
			port = number_option("tcp", optarg, 65535);
			break;
		case UNIX:
			path = optarg;
			break;
		case THREADS:
			threads = number_option("threads", optarg, THREADS_MAX);
			break;
		case REPLY:
			body = number_option("reply", optarg, REPLY_MAX);
			break;
		default:
			return 64;
		}
	}
	can_reply(&reply, body);
	server.reply = dynbuf_slice(&reply);
	server.listen_fd = path != NULL ? listen_unix(path) : listen_tcp((uint16_t)port);
	(void)fflush(stdout);
	run_threads(&server, threads);
	return 0;
}

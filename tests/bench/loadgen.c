/*
 * loadgen.c - drives a spamd with one request per connection and measures the answers.
 *
 * usage: loadgen (--tcp PORT | --unix PATH) [--pid PID] [--connections N] [--requests N]
 *                [--command WORD] [--message FILE] [--user NAME]
 *
 * Keeps N connections in flight from one thread. Each sends the whole request, half-closes
 * as spamc does, reads to the end and is replaced by the next. An answer counts only when
 * its first line says EX_OK. Prints one measurement a line, `name value unit`; the latency of
 * a request runs from before connect() until the end of the answer was read. With --pid it
 * adds the processor time that process used in between, per request, and its peak memory.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/dynbuf.h"
#include "common/base/strnum.h"

#define CONNECTIONS_MAX 4096
#define REQUESTS_MAX    10000000
#define MESSAGE_MAX     (64U << 20)
#define HEAD_MAX        64

struct options {
	uint16_t tcp_port; /* 0: use unix_path */
	const char *unix_path;
	uint32_t pid; /* 0: nothing is read of the server */
	uint32_t connections;
	uint32_t requests;
	const char *command;
	const char *message;
	const char *user;
};

/* One connection in flight. */
struct slot {
	int fd;
	size_t sent;
	uint64_t begin_ns;
	char head[HEAD_MAX]; /* the first bytes of the answer */
	size_t head_len;
	size_t received;
};

struct run {
	const struct options *options;
	struct slice request;
	int epoll_fd;
	uint32_t started;
	uint32_t finished;
	uint32_t failed;
	uint64_t *latencies_ns; /* one for each finished request */
	struct slot slots[CONNECTIONS_MAX];
};

static int
connect_to(const struct options *o)
{
	struct sockaddr_in inet = {.sin_family = AF_INET};
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	const struct sockaddr *addr = (const struct sockaddr *)&inet;
	socklen_t len = sizeof(inet);
	int fd = socket(o->tcp_port != 0 ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (o->tcp_port != 0) {
		inet.sin_port = htons(o->tcp_port);
		inet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	} else {
		(void)snprintf(local.sun_path, sizeof(local.sun_path), "%s", o->unix_path);
		addr = (const struct sockaddr *)&local;
		len = sizeof(local);
	}
	if (fd < 0 || connect(fd, addr, len) != 0) {
		err(1, "cannot connect to the server");
	}
	return fd;
}

/* send_more - sends what fits; half-closes after the last byte. */
static void
send_more(struct run *run, struct slot *slot)
{
	size_t left = run->request.len - slot->sent;
	ssize_t n = send(
		slot->fd, run->request.data + slot->sent, left, MSG_DONTWAIT | MSG_NOSIGNAL);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = slot};

	if (n < 0 && errno != EAGAIN) {
		slot->sent = run->request.len; /* refused early: the answer says why */
	} else if (n > 0) {
		slot->sent += (size_t)n;
	}
	if (slot->sent == run->request.len) {
		(void)shutdown(slot->fd, SHUT_WR);
		(void)epoll_ctl(run->epoll_fd, EPOLL_CTL_MOD, slot->fd, &event);
	}
}

static void
start_request(struct run *run, struct slot *slot)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = slot};

	*slot = (struct slot){.begin_ns = clock_mono_ns()};
	slot->fd = connect_to(run->options);
	run->started++;
	if (epoll_ctl(run->epoll_fd, EPOLL_CTL_ADD, slot->fd, &event) != 0) {
		err(1, "epoll_ctl");
	}
	send_more(run, slot);
}

/* is_complete - a first line with EX_OK and at least one more byte. */
static bool
is_complete(const struct slot *slot)
{
	struct slice head = {(const uint8_t *)slot->head, slot->head_len};
	size_t line = slice_find_byte(head, '\n');

	return slice_starts_with(head, SLICE("SPAMD/")) && line < head.len &&
	       memmem(head.data, line, " 0 EX_OK", 8) != NULL && slot->received > line + 1;
}

static void
finish_request(struct run *run, struct slot *slot)
{
	run->latencies_ns[run->finished] = clock_mono_ns() - slot->begin_ns;
	run->finished++;
	if (!is_complete(slot)) {
		run->failed++;
		if (run->failed == 1) {
			warnx("first bad answer: \"%.*s\"", (int)slot->head_len, slot->head);
		}
	}
	(void)close(slot->fd);
	if (run->started < run->options->requests) {
		start_request(run, slot);
	}
}

/* receive_more - returns true at the end of the answer. */
static bool
receive_more(struct slot *slot)
{
	static char sink[256 * 1024];

	for (;;) {
		ssize_t n = recv(slot->fd, sink, sizeof(sink), MSG_DONTWAIT);

		if (n < 0) {
			return errno != EAGAIN;
		}
		if (n == 0) {
			return true;
		}
		if (slot->head_len < HEAD_MAX) {
			size_t room = HEAD_MAX - slot->head_len;
			size_t some = (size_t)n < room ? (size_t)n : room;
			memcpy(slot->head + slot->head_len, sink, some);
			slot->head_len += some;
		}
		slot->received += (size_t)n;
	}
}

static void
run_requests(struct run *run)
{
	struct epoll_event events[64];

	for (uint32_t i = 0; i < run->options->connections; i++) {
		if (run->started < run->options->requests) {
			start_request(run, &run->slots[i]);
		}
	}
	while (run->finished < run->options->requests) {
		int n = epoll_wait(run->epoll_fd, events, 64, 30000);

		if (n == 0) {
			errx(1, "no answer for 30 seconds, %u of %u requests done",
				run->finished, run->options->requests);
		}
		for (int i = 0; i < n; i++) {
			struct slot *slot = events[i].data.ptr;

			if (slot->sent < run->request.len) {
				send_more(run, slot);
			}
			if ((events[i].events & ~(uint32_t)EPOLLOUT) != 0 &&
				receive_more(slot)) {
				finish_request(run, slot);
			}
		}
	}
}

/* --- what the server used -------------------------------------------------------------- */

/* read_proc - one file of /proc/PID as text; ends the program when there is none. */
static void
read_proc(uint32_t pid, const char *name, char *text, size_t cap)
{
	char path[64];
	FILE *file = NULL;
	size_t len = 0;

	(void)snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	file = fopen(path, "r");
	if (file == NULL) {
		err(1, "%s", path);
	}
	len = fread(text, 1, cap - 1, file);
	text[len] = '\0';
	(void)fclose(file);
}

/* server_cpu_ticks - fields 14 and 15 of stat (user and system time of all threads). */
static uint64_t
server_cpu_ticks(uint32_t pid)
{
	char text[1024];
	uint64_t ticks[2] = {0};
	const char *at = NULL;

	read_proc(pid, "stat", text, sizeof(text));
	at = strrchr(text, ')'); /* the end of field 2, which may hold blanks */
	for (int field = 2; at != NULL && field < 14; field++) {
		at = strchr(at + 1, ' ');
	}
	for (int i = 0; at != NULL && i < 2; i++) {
		char *end = NULL;
		ticks[i] = strtoull(at, &end, 10);
		at = end;
	}
	return ticks[0] + ticks[1];
}

static uint64_t
server_peak_kib(uint32_t pid)
{
	char text[4096];
	const char *at = NULL;

	read_proc(pid, "status", text, sizeof(text));
	at = strstr(text, "VmHWM:");
	return at == NULL ? 0 : strtoull(at + 6, NULL, 10);
}

/* --- results ------------------------------------------------------------------------------ */

static int
compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* latency_us - the given part per thousand of the sorted latencies. */
static double
latency_us(const struct run *run, uint64_t permille)
{
	size_t at = (size_t)((run->finished - 1) * permille / 1000);

	return (double)run->latencies_ns[at] / 1000;
}

static void
report(struct run *run, uint64_t elapsed_ns, uint64_t cpu_ticks)
{
	const struct options *o = run->options;
	double ticks_per_s = (double)sysconf(_SC_CLK_TCK);

	qsort(run->latencies_ns, run->finished, sizeof(*run->latencies_ns), compare_u64);
	printf("requests %.0f 1/s\n", (double)run->finished * 1e9 / (double)elapsed_ns);
	printf("latency_p50 %.0f us\n", latency_us(run, 500));
	printf("latency_p99 %.0f us\n", latency_us(run, 990));
	printf("latency_max %.0f us\n", latency_us(run, 1000));
	if (o->pid != 0) {
		printf("server_cpu %.1f us/request\n",
			(double)cpu_ticks * 1e6 / ticks_per_s / (double)run->finished);
		printf("server_peak %lu KiB\n", (unsigned long)server_peak_kib(o->pid));
	}
}

/* --- set-up ------------------------------------------------------------------------------- */

static uint32_t
number_option(const char *name, const char *text, uint32_t max)
{
	uint32_t value = 0;

	if (strnum_u32(slice_str(text), max, &value) != 0 || value == 0) {
		errx(64, "--%s %s: expected a number from 1 to %u", name, text, max);
	}
	return value;
}

static void
parse_options(int argc, char **argv, struct options *o)
{
	enum {
		TCP,
		UNIX,
		PID,
		CONNECTIONS,
		REQUESTS,
		COMMAND,
		MESSAGE,
		USER
	};
	static const struct option table[] = {
		{"tcp", required_argument, NULL, TCP},
		{"unix", required_argument, NULL, UNIX},
		{"pid", required_argument, NULL, PID},
		{"connections", required_argument, NULL, CONNECTIONS},
		{"requests", required_argument, NULL, REQUESTS},
		{"command", required_argument, NULL, COMMAND},
		{"message", required_argument, NULL, MESSAGE},
		{"user", required_argument, NULL, USER},
		{0},
	};
	int found = 0;
	int index = 0;

	while ((found = getopt_long(argc, argv, "", table, &index)) != -1) {
		const char *name = found == '?' ? NULL : table[index].name;

		switch (found) {
		case TCP:
			o->tcp_port = (uint16_t)number_option(name, optarg, 65535);
			break;
		case UNIX:
			o->unix_path = optarg;
			break;
		case PID:
			o->pid = number_option(name, optarg, INT32_MAX);
			break;
		case CONNECTIONS:
			o->connections = number_option(name, optarg, CONNECTIONS_MAX);
			break;
		case REQUESTS:
			o->requests = number_option(name, optarg, REQUESTS_MAX);
			break;
		case COMMAND:
			o->command = optarg;
			break;
		case MESSAGE:
			o->message = optarg;
			break;
		case USER:
			o->user = optarg;
			break;
		default:
			exit(64);
		}
	}
	if ((o->tcp_port == 0) == (o->unix_path == NULL) || optind != argc) {
		errx(64, "usage: loadgen (--tcp PORT | --unix PATH) [OPTION...]");
	}
}

static void
read_message(const char *path, struct dynbuf *out)
{
	FILE *file = path == NULL ? NULL : fopen(path, "rb");
	size_t n = 1;

	if (path == NULL) {
		return;
	}
	if (file == NULL) {
		err(1, "%s", path);
	}
	while (n > 0) {
		uint8_t *room = dynbuf_reserve(out, 65536);
		n = room == NULL ? 0 : fread(room, 1, 65536, file);
		dynbuf_commit(out, n);
	}
	(void)fclose(file);
}

static void
build_request(const struct options *o, struct dynbuf *out)
{
	struct dynbuf message;

	dynbuf_init(&message, MESSAGE_MAX);
	read_message(o->message, &message);
	dynbuf_init(out, MESSAGE_MAX);
	dynbuf_printf(out, "%s SPAMC/1.5\r\n", o->command);
	if (o->user != NULL) {
		dynbuf_printf(out, "User: %s\r\n", o->user);
	}
	dynbuf_printf(out, "Content-length: %zu\r\n\r\n", dynbuf_slice(&message).len);
	dynbuf_add(out, dynbuf_slice(&message));
	if (dynbuf_error(&message) != 0 || dynbuf_error(out) != 0) {
		errx(1, "the message is too large");
	}
	dynbuf_fini(&message);
}

int
main(int argc, char **argv)
{
	static struct run run;
	struct options options = {.connections = 16, .requests = 20000, .command = "CHECK"};
	struct dynbuf request;
	uint64_t begin_ns = 0;
	uint64_t cpu = 0;

	parse_options(argc, argv, &options);
	build_request(&options, &request);
	run.options = &options;
	run.request = dynbuf_slice(&request);
	run.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	run.latencies_ns = calloc(options.requests, sizeof(*run.latencies_ns));
	if (run.epoll_fd < 0 || run.latencies_ns == NULL) {
		err(1, "cannot start");
	}
	cpu = options.pid != 0 ? server_cpu_ticks(options.pid) : 0;
	begin_ns = clock_mono_ns();
	run_requests(&run);
	report(&run, clock_mono_ns() - begin_ns,
		options.pid != 0 ? server_cpu_ticks(options.pid) - cpu : 0);
	free(run.latencies_ns);
	dynbuf_fini(&request);
	(void)close(run.epoll_fd);
	if (run.failed != 0) {
		errx(1, "%u of %u answers were not EX_OK", run.failed, run.finished);
	}
	return 0;
}

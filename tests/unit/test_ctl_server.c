#include <criterion/criterion.h>

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/ctl/ctl_client.h"
#include "common/ctl/ctl_lines.h"
#include "common/ctl/ctl_server.h"
#include "common/ctl/ctl_socket.h"
#include "tests/support/temp_dir.h"

#define TIMEOUT_MS 60000

/* A daemon with nothing but a control socket, in a thread of its own. */
struct daemon {
	struct temp_dir dir;
	char path[PATH_MAX];
	struct ctl_socket socket;
	struct event_base *base;
	struct event *later;
	struct ctl_server *server;
	struct ctl_call *waiting; /* answered by `later` */
	int stop[2];
	struct event *stopped;
	pthread_t thread;
};

/* handle - "echo" at once, "later" from the loop, "fail" with a code */
static void
handle(void *ctx, struct ctl_call *call, const struct ctl_message *request)
{
	struct daemon *d = ctx;
	struct slice op = ctl_message_op(request);
	struct slice text = {0};
	struct ctl_message *reply = NULL;

	if (slice_eq(op, SLICE("later"))) {
		d->waiting = call;
		event_active(d->later, EV_TIMEOUT, 0);
		return;
	}
	if (slice_eq(op, SLICE("fail"))) {
		reply = ctl_message_refusal(ERR_NOTFOUND, "no such thing");
	} else {
		reply = ctl_message_reply();
		if (ctl_message_text(request, "text", &text)) {
			ctl_message_set_text(reply, "text", text);
		}
	}
	ctl_call_answer(call, reply);
}

static void
on_later(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	ctl_call_answer(d->waiting, ctl_message_reply());
	d->waiting = NULL;
}

static void
on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	(void)event_base_loopbreak(d->base);
}

static void *
run(void *arg)
{
	struct daemon *d = arg;

	(void)event_base_dispatch(d->base);
	return NULL;
}

static void
start(struct daemon *d)
{
	struct err_msg msg = {0};

	*d = (struct daemon){0};
	temp_dir_make(&d->dir);
	(void)temp_dir_path(&d->dir, "control.sock", d->path);
	cr_assert_eq(ctl_socket_listen(&d->socket, d->path, &msg), 0, "%s", msg.text);
	d->base = event_base_new();
	cr_assert_eq(ctl_server_new(d->base, d->socket.fd, handle, d, &d->server), 0);
	d->later = evtimer_new(d->base, on_later, d);
	cr_assert_eq(pipe(d->stop), 0);
	d->stopped = event_new(d->base, d->stop[0], EV_READ, on_stop, d);
	cr_assert_eq(event_add(d->stopped, NULL), 0);
	cr_assert_eq(pthread_create(&d->thread, NULL, run, d), 0);
}

static void
stop(struct daemon *d)
{
	cr_assert_eq(write(d->stop[1], "x", 1), 1);
	cr_assert_eq(pthread_join(d->thread, NULL), 0);
	ctl_server_free(d->server);
	event_free(d->later);
	event_free(d->stopped);
	event_base_free(d->base);
	(void)close(d->stop[0]);
	(void)close(d->stop[1]);
	ctl_socket_close(&d->socket);
	cr_expect_neq(access(d->path, F_OK), 0, "the file is gone");
	temp_dir_remove(&d->dir);
}

/* call - what a request gives: the code, and the text of the reply or refusal */
static int
call(struct daemon *d, const char *op, const char *text, char *out, size_t cap)
{
	struct ctl_message *request = ctl_message_request(op);
	struct ctl_message *reply = NULL;
	struct err_msg msg = {0};
	struct slice back = {0};
	int code = 0;

	ctl_message_set_text(request, "text", slice_str(text));
	code = ctl_client_call(d->path, request, TIMEOUT_MS, &reply, &msg);
	if (code == 0) {
		(void)ctl_message_text(reply, "text", &back);
	} else {
		back = slice_str(msg.text);
	}
	(void)snprintf(out, cap, "%.*s", SLICE_ARG(back));
	ctl_message_free(request);
	ctl_message_free(reply);
	return code;
}

/* expect_served - somebody who behaves gets his answer */
static void
expect_served(struct daemon *d, const char *label)
{
	char text[64];

	cr_expect_eq(call(d, "echo", "hello", text, sizeof(text)), 0, "%s: %s", label, text);
	cr_expect_str_eq(text, "hello", "%s", label);
}

static int
connect_raw(struct daemon *d)
{
	struct err_msg msg = {0};
	int fd = -1;

	cr_assert_eq(ctl_socket_connect(d->path, TIMEOUT_MS, &fd, &msg), 0, "%s", msg.text);
	cr_assert_eq(fcntl(fd, F_SETFL, 0), 0);
	return fd;
}

/* read_end - everything until the server hangs up */
static size_t
read_end(int fd, char *out, size_t cap)
{
	size_t len = 0;
	ssize_t n = 0;

	while (len < cap - 1 && (n = read(fd, out + len, cap - 1 - len)) > 0) {
		len += (size_t)n;
	}
	out[len] = '\0';
	return len;
}

Test(ctl_server, answers_at_once_later_or_with_a_refusal)
{
	struct daemon d;
	char text[64];

	start(&d);
	expect_served(&d, "echo");
	cr_expect_eq(call(&d, "later", "", text, sizeof(text)), 0);
	cr_expect_eq(call(&d, "fail", "", text, sizeof(text)), ERR_NOTFOUND);
	cr_expect_str_eq(text, "no such thing");
	stop(&d);
}

Test(ctl_server, refuses_nonsense_and_hangs_up)
{
	struct daemon d;
	char reply[1024];
	int fd = -1;

	start(&d);
	fd = connect_raw(&d);
	cr_assert_gt(write(fd, "nonsense\n{\"v\":1,\"op\":\"echo\"}\n", 28), 0);
	(void)read_end(fd, reply, sizeof(reply));
	cr_expect_str_eq(reply,
		"{\"v\":1,\"ok\":false,\"code\":-2,\"error\":\"a message is no JSON object\"}\n");
	(void)close(fd);
	expect_served(&d, "after it");
	stop(&d);
}

Test(ctl_server, hangs_up_on_a_line_without_end)
{
	struct daemon d;
	char big[CTL_LINE_MAX + 1];
	char reply[64];
	int fd = -1;

	start(&d);
	memset(big, 'x', sizeof(big));
	fd = connect_raw(&d);
	(void)!send(fd, big, sizeof(big), MSG_NOSIGNAL);
	cr_expect_eq(read_end(fd, reply, sizeof(reply)), 0);
	(void)close(fd);
	expect_served(&d, "after it");
	stop(&d);
}

Test(ctl_server, answers_requests_sent_together_in_their_order)
{
	enum {
		COUNT = 500
	};
	static const char request[] = "{\"v\":1,\"op\":\"echo\"}\n";
	static const char reply[] = "{\"v\":1,\"ok\":true}\n";
	char all[COUNT * sizeof(request)];
	char got[COUNT * sizeof(reply)];
	struct daemon d;
	size_t len = 0;
	int fd = -1;

	start(&d);
	for (int i = 0; i < COUNT; i++) {
		memcpy(all + len, request, sizeof(request) - 1);
		len += sizeof(request) - 1;
	}
	fd = connect_raw(&d);
	cr_assert_eq(send(fd, all, len, MSG_NOSIGNAL), (ssize_t)len);
	cr_assert_eq(shutdown(fd, SHUT_WR), 0);
	cr_expect_eq(read_end(fd, got, sizeof(got)), COUNT * (sizeof(reply) - 1));
	(void)close(fd);
	stop(&d);
}

Test(ctl_server, goes_on_when_clients_leave_or_sit_there)
{
	struct daemon d;
	int idle[CTL_SERVER_CLIENTS_MAX - 1];
	int fd = -1;

	start(&d);
	for (int i = 0; i < 100; i++) {
		fd = connect_raw(&d);
		cr_assert_gt(write(fd, "{\"v\":1,\"op\":\"later\"}\n", 21), 0);
		(void)close(fd);
	}
	expect_served(&d, "after clients that left in a call");
	for (size_t i = 0; i < ARRAY_LEN(idle); i++) {
		idle[i] = connect_raw(&d);
		cr_assert_eq(write(idle[i], "{", 1), 1);
	}
	expect_served(&d, "beside clients that sit there");
	for (size_t i = 0; i < ARRAY_LEN(idle); i++) {
		(void)close(idle[i]);
	}
	stop(&d);
}

Test(ctl_server, gives_a_full_house_its_turn_after_the_deadline)
{
	struct daemon d;
	int idle[CTL_SERVER_CLIENTS_MAX];

	start(&d);
	for (size_t i = 0; i < ARRAY_LEN(idle); i++) {
		idle[i] = connect_raw(&d);
		cr_assert_eq(write(idle[i], "{", 1), 1);
	}
	expect_served(&d, "when the others were too slow");
	for (size_t i = 0; i < ARRAY_LEN(idle); i++) {
		char byte;

		cr_expect_eq(read(idle[i], &byte, 1), 0, "client %zu was closed", i);
		(void)close(idle[i]);
	}
	stop(&d);
}

Test(ctl_socket, is_closed_to_others_and_taken_over_only_from_the_dead)
{
	struct temp_dir dir;
	struct ctl_socket first;
	struct ctl_socket second;
	struct err_msg msg = {0};
	struct stat st;
	char path[PATH_MAX];
	char long_path[2 * CTL_SOCKET_PATH_MAX];
	int fd = -1;

	temp_dir_make(&dir);
	(void)temp_dir_path(&dir, "control.sock", path);
	cr_expect_eq(ctl_socket_connect(path, TIMEOUT_MS, &fd, &msg), ERR_NOTREADY);
	cr_assert_eq(ctl_socket_listen(&first, path, &msg), 0, "%s", msg.text);
	cr_assert_eq(lstat(path, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	cr_expect_eq(ctl_socket_listen(&second, path, &msg), ERR_EXISTS);
	cr_expect(ctl_socket_is_in_place(&first));
	(void)close(first.fd); /* as kill -9 leaves it */
	cr_expect_eq(ctl_socket_connect(path, TIMEOUT_MS, &fd, &msg), ERR_NOTREADY);
	cr_assert_eq(ctl_socket_listen(&second, path, &msg), 0, "%s", msg.text);
	cr_expect(ctl_socket_is_in_place(&second));
	cr_assert_eq(unlink(path), 0);
	cr_expect_not(ctl_socket_is_in_place(&second));
	cr_assert_eq(ctl_socket_listen(&first, path, &msg), 0, "%s", msg.text);
	ctl_socket_close(&second);
	cr_expect(ctl_socket_is_in_place(&first), "another's file stays");
	ctl_socket_close(&first);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	(void)close(fd);
	cr_expect_eq(ctl_socket_listen(&first, path, &msg), ERR_EXISTS);
	cr_expect_eq(access(path, F_OK), 0, "a file that is no socket stays");
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	cr_expect_eq(ctl_socket_listen(&first, long_path, &msg), ERR_TOOBIG);
	temp_dir_remove(&dir);
}

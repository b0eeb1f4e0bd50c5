#include "common/ctl/ctl_client.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/ctl/ctl_lines.h"
#include "common/ctl/ctl_socket.h"

/* One call under way. */
struct call {
	const char *path;
	int fd;
	uint64_t deadline_ms; /* monotonic */
	struct err_msg *msg;
};

/* wait_for - until the socket can be read or written */
static int
wait_for(struct call *c, short events)
{
	struct pollfd fd = {.fd = c->fd, .events = events};
	uint64_t now_ms = clock_mono_ms();
	int n = 0;

	if (now_ms < c->deadline_ms) {
		n = poll(&fd, 1, (int)(c->deadline_ms - now_ms));
	}
	if (n < 0 && errno != EINTR) {
		return err_set_errno(c->msg, "cannot wait for %s", c->path);
	}
	if (n == 0) {
		return err_set(c->msg, ERR_TIMEOUT, "no answer on %s in time", c->path);
	}
	return 0;
}

/* transfer_failed - after a call that moved no bytes: waits, or says what is wrong */
static int
transfer_failed(struct call *c, short events)
{
	if (errno == EAGAIN) {
		return wait_for(c, events);
	}
	if (errno == EINTR) {
		return 0;
	}
	if (errno == EPIPE || errno == ECONNRESET) {
		return err_set(c->msg, ERR_TRUNCATED,
			"%s was closed before the answer; only root and the daemon's own account may ask",
			c->path);
	}
	return err_set_errno(c->msg, "cannot talk on %s", c->path);
}

static int
send_line(struct call *c, struct slice line)
{
	int code = 0;

	while (code == 0 && line.len > 0) {
		ssize_t n = send(c->fd, line.data, line.len, MSG_NOSIGNAL);

		if (n >= 0) {
			line = slice_skip(line, (size_t)n);
		} else {
			code = transfer_failed(c, POLLOUT);
		}
	}
	return code;
}

/* receive_some - more bytes of the reply */
static int
receive_some(struct call *c, struct ctl_lines *lines)
{
	uint8_t bytes[4096];
	size_t room = ctl_lines_room(lines);
	ssize_t n = recv(c->fd, bytes, room < sizeof(bytes) ? room : sizeof(bytes), 0);

	if (n == 0) {
		errno = ECONNRESET;
	}
	if (n <= 0) {
		return transfer_failed(c, POLLIN);
	}
	return ctl_lines_feed(lines, slice_of(bytes, (size_t)n));
}

static int
receive_line(struct call *c, struct ctl_lines *lines, struct slice *line)
{
	int found = ctl_lines_next(lines, line);

	while (found == 0) {
		int code = receive_some(c, lines);

		if (code != 0) {
			return code;
		}
		found = ctl_lines_next(lines, line);
	}
	return found < 0 ? err_set(c->msg, found, "the answer on %s is too long", c->path) : 0;
}

static int
receive(struct call *c, struct ctl_message **reply)
{
	struct ctl_lines lines;
	struct slice line;
	int code = 0;

	ctl_lines_init(&lines);
	code = receive_line(c, &lines, &line);
	if (code == 0) {
		code = ctl_message_decode(line, reply, c->msg);
	}
	if (code == 0) {
		code = ctl_message_result(*reply, c->msg);
	}
	ctl_lines_fini(&lines);
	return code;
}

int
ctl_client_call(const char *path, const struct ctl_message *request, unsigned int timeout_ms,
	struct ctl_message **reply, struct err_msg *msg)
{
	struct call c = {.path = path, .deadline_ms = clock_mono_ms() + timeout_ms, .msg = msg};
	struct dynbuf line;
	int code = 0;

	*reply = NULL;
	dynbuf_init(&line, CTL_LINE_MAX);
	code = ctl_message_encode(request, &line);
	if (code != 0) {
		code = err_set(msg, code, "the request cannot be sent: %s", err_text(code));
	} else {
		code = ctl_socket_connect(path, timeout_ms, &c.fd, msg);
	}
	if (code == 0) {
		code = send_line(&c, dynbuf_slice(&line));
		if (code == 0) {
			code = receive(&c, reply);
		}
		(void)close(c.fd);
	}
	if (code != 0) {
		ctl_message_free(*reply);
		*reply = NULL;
	}
	dynbuf_fini(&line);
	return code;
}

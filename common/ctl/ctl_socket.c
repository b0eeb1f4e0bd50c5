#include "common/ctl/ctl_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Requests that wait for their turn: an administrator and his scripts. */
#define BACKLOG 16

static int
make_address(const char *path, struct sockaddr_un *out, struct err_msg *msg)
{
	size_t len = strlen(path);

	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	_Static_assert(sizeof(out->sun_path) == CTL_SOCKET_PATH_MAX, "as unix(7) has it");
	if (len >= sizeof(out->sun_path)) {
		return err_set(msg, ERR_TOOBIG,
			"%s: the path of a socket has at most %zu bytes; set control_socket to a "
			"shorter one",
			path, sizeof(out->sun_path) - 1);
	}
	memcpy(out->sun_path, path, len + 1);
	return 0;
}

static int
new_socket(int *fd_out, struct err_msg *msg)
{
	*fd_out = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return *fd_out < 0 ? err_set_errno(msg, "cannot make a socket") : 0;
}

/* try_connect - waits for a place in the queue of the socket, which is why it is blocking as yet */
static bool
try_connect(int fd, const struct sockaddr_un *address, unsigned int timeout_ms)
{
	const struct timeval limit = {.tv_sec = timeout_ms / 1000,
		.tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000};

	/* A limit of 0 would be none at all. */
	return (timeout_ms == 0 ||
		       setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0) &&
	       (timeout_ms != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) == 0) &&
	       connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 &&
	       fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

static int
connect_to(const struct sockaddr_un *address, unsigned int timeout_ms, int *fd_out,
	struct err_msg *msg)
{
	int code = new_socket(fd_out, msg);

	if (code != 0) {
		return code;
	}
	if (try_connect(*fd_out, address, timeout_ms)) {
		return 0;
	}
	if (errno == EAGAIN) {
		code = err_set(msg, ERR_TIMEOUT, "no answer on %s in time", address->sun_path);
	} else if (errno == ENOENT || errno == ECONNREFUSED) {
		code = err_set(msg, ERR_NOTREADY, "nobody listens on %s", address->sun_path);
	} else {
		code = err_set_errno(msg, "cannot connect to %s", address->sun_path);
	}
	(void)close(*fd_out);
	*fd_out = -1;
	return code;
}

/* remove_stale - a socket that a process left behind when it was killed */
static int
remove_stale(const struct sockaddr_un *address, struct err_msg *msg)
{
	struct stat st = {0};
	int fd = -1;
	int code = 0;

	if (lstat(address->sun_path, &st) != 0) {
		return 0;
	}
	if (!S_ISSOCK(st.st_mode)) {
		return err_set(
			msg, ERR_EXISTS, "%s is there and is no socket", address->sun_path);
	}
	code = connect_to(address, 0, &fd, msg);
	if (code == 0) {
		(void)close(fd);
	}
	if (code != ERR_NOTREADY) {
		return err_set(
			msg, ERR_EXISTS, "another process listens on %s", address->sun_path);
	}
	(void)unlink(address->sun_path);
	return 0;
}

/* bind_file - makes the file, with its mode from the start */
static int
bind_file(struct ctl_socket *s, const struct sockaddr_un *address, struct err_msg *msg)
{
	struct stat st = {0};

	/* Linux makes the file with the mode of the socket, so no moment is open to others. */
	if (fchmod(s->fd, 0600) != 0 || fcntl(s->fd, F_SETFL, O_NONBLOCK) != 0 ||
		bind(s->fd, (const struct sockaddr *)address, sizeof(*address)) != 0 ||
		lstat(s->path, &st) != 0 || listen(s->fd, BACKLOG) != 0) {
		return err_set_errno(msg, "cannot listen on %s", s->path);
	}
	s->device = st.st_dev;
	s->inode = st.st_ino;
	return 0;
}

int
ctl_socket_listen(struct ctl_socket *s, const char *path, struct err_msg *msg)
{
	struct sockaddr_un address;
	int code = make_address(path, &address, msg);

	*s = (struct ctl_socket){.fd = -1};
	if (code == 0) {
		memcpy(s->path, address.sun_path, sizeof(s->path));
		code = remove_stale(&address, msg);
	}
	if (code == 0) {
		code = new_socket(&s->fd, msg);
	}
	if (code == 0) {
		code = bind_file(s, &address, msg);
	}
	if (code != 0 && s->fd >= 0) {
		(void)close(s->fd);
		s->fd = -1;
	}
	return code;
}

bool
ctl_socket_is_in_place(const struct ctl_socket *s)
{
	struct stat st = {0};

	return s->fd >= 0 && lstat(s->path, &st) == 0 && st.st_dev == s->device &&
	       st.st_ino == s->inode;
}

void
ctl_socket_close(struct ctl_socket *s)
{
	if (s->fd < 0) {
		return;
	}
	if (ctl_socket_is_in_place(s)) {
		(void)unlink(s->path);
	}
	(void)close(s->fd);
	s->fd = -1;
}

bool
ctl_socket_peer_is_allowed(int fd)
{
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       len == sizeof(peer) && (peer.uid == 0 || peer.uid == geteuid());
}

int
ctl_socket_connect(const char *path, unsigned int timeout_ms, int *fd_out, struct err_msg *msg)
{
	struct sockaddr_un address;
	int code = make_address(path, &address, msg);

	*fd_out = -1;
	return code == 0 ? connect_to(&address, timeout_ms, fd_out, msg) : code;
}

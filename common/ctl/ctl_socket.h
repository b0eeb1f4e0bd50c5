/*
 * ctl_socket.h - the UNIX socket of a daemon's control connection: made, found, guarded.
 *
 * Only root and the daemon's own account may speak there: the file's mode keeps others away,
 * and the peer's uid, which the kernel tells (SO_PEERCRED, unix(7)), is asked again for each
 * connection.
 */
#ifndef COMMON_CTL_CTL_SOCKET_H
#define COMMON_CTL_CTL_SOCKET_H

#include <sys/types.h>

#include "common/base/err.h"
#include "common/base/slice.h"

/** Longest path of a socket (sun_path of unix(7)), NUL included. */
#define CTL_SOCKET_PATH_MAX 108

/** A listening socket; fields may be read. fd is -1 where there is none. */
struct ctl_socket {
	int fd;
	dev_t device; /* of its file */
	ino_t inode;
	char path[CTL_SOCKET_PATH_MAX];
};

/**
 * Listens on `path` with mode 0600, non-blocking. A socket file that nobody listens on is replaced.
 * @return 0; ERR_EXISTS when another process listens there, or the file is no socket;
 * ERR_TOOBIG when the path is longer than a socket's may be; what the system said. msg names
 * the path.
 */
NODISCARD int ctl_socket_listen(struct ctl_socket *s, const char *path, struct err_msg *msg);

/** True while the file is the one that was made. */
bool ctl_socket_is_in_place(const struct ctl_socket *s);

/** Closes it and removes its file, unless another one took its place. */
void ctl_socket_close(struct ctl_socket *s);

/** May the other end of a connection speak? Root and our own account may. */
bool ctl_socket_peer_is_allowed(int fd);

/**
 * Connects, and makes the descriptor non-blocking.
 * @return 0; ERR_NOTREADY when nobody listens there; ERR_TIMEOUT; ERR_DENIED; ERR_TOOBIG; what
 * the system said.
 */
NODISCARD int ctl_socket_connect(
	const char *path, unsigned int timeout_ms, int *fd_out, struct err_msg *msg);

#endif

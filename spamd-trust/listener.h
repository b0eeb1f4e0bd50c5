/*
 * listener.h - the sockets the daemon listens on.
 *
 * Turns -i, -p, --socketpath and their kin (SPEC 12.1) into bound, listening, non-blocking
 * descriptors, before privileges are dropped. A name may stand for several addresses. A UNIX
 * socket left by a dead daemon is replaced; a live one, or a file that is no socket, is an
 * error. The socket file never exists with wider permissions than asked for. An address in use
 * is tried again as the original does (10 times, a second apart), since a predecessor may still
 * be going away.
 */
#ifndef SPAMD_TRUST_LISTENER_H
#define SPAMD_TRUST_LISTENER_H

#include <sys/types.h>

#include "spamd-trust/listen_spec.h"

/** Sockets in all; a host with more addresses than this names them one by one or uses "*". */
#define LISTENERS_MAX 64

#define LISTENER_TEXT_MAX 160

struct listener {
	int fd;
	bool tls;
	bool is_unix;
	uint16_t port; /**< what the kernel chose where 0 was asked for */
	char path[LISTENER_PATH_MAX];
	dev_t dev; /**< of the socket file we made: only that one is removed */
	ino_t ino;
	char text[LISTENER_TEXT_MAX]; /**< for the "server started on" line */
};

struct listeners {
	struct listener items[LISTENERS_MAX];
	size_t count;
};

/** Opens everything the options ask for; on failure nothing stays open. */
NODISCARD int listeners_open(
	struct listeners *ls, const struct options *options, struct err_msg *msg);

/** Closes them and removes the socket files that are still ours. */
void listeners_close(struct listeners *ls);

/** As listeners_close, for a process that shares them: files stay. */
void listeners_abandon(struct listeners *ls);

/**
 * "IO::Socket::IP [127.0.0.1]:783, UNIX domain socket /run/spamd.sock", as the original says
 * it; cut to cap.
 */
const char *listeners_text(const struct listeners *ls, char *out, size_t cap);

#endif

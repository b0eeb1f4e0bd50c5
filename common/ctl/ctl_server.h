/*
 * ctl_server.h - a daemon's end of its control socket, on a libevent loop.
 *
 * Everything happens in the loop's thread. One request at a time on each connection: it goes to
 * the handler, which answers at once or later with ctl_call_answer(), exactly once; what the
 * client sends meanwhile waits. A client has CTL_SERVER_DEADLINE_MS for each of his requests
 * and for taking the answer; one that does not let us speak, says nonsense or is too slow is
 * closed. At most CTL_SERVER_CLIENTS_MAX are served; further ones wait in the socket's queue.
 */
#ifndef COMMON_CTL_CTL_SERVER_H
#define COMMON_CTL_CTL_SERVER_H

#include "common/ctl/ctl_message.h"

/** An administrator, his cron jobs, and a monitor; more only wait. */
#define CTL_SERVER_CLIENTS_MAX 16

#define CTL_SERVER_DEADLINE_MS 10000

struct event_base;
struct ctl_server;
struct ctl_call;

/** Acts on a request, borrowed for the call. */
typedef void ctl_server_fn(void *ctx, struct ctl_call *call, const struct ctl_message *request);

/**
 * Serves a listening socket (ctl_socket.h; borrowed). @return 0 or ERR_NOMEM.
 */
NODISCARD int ctl_server_new(struct event_base *base, int fd, ctl_server_fn *handle, void *ctx,
	struct ctl_server **out);

/** Closes all connections. A call that is not answered is gone: answer it no more. NULL is fine. */
void ctl_server_free(struct ctl_server *s);

/** Answers; takes the reply (NULL, out of memory: the client is closed). He may be gone already. */
void ctl_call_answer(struct ctl_call *call, struct ctl_message *reply);

#endif

/*
 * listen.h - the node's listening sockets, from gossip_listen.
 */
#ifndef GOSSIP_LISTEN_H
#define GOSSIP_LISTEN_H

#include "common/base/err.h"
#include "common/conf/strlist.h"

/** A host with more addresses than this uses "*". */
#define LISTEN_MAX 16

/** Longest "ADDRESS:PORT" of an open socket, NUL included. */
#define LISTEN_TEXT_MAX 64

struct listen_sockets {
	int fds[LISTEN_MAX];
	char texts[LISTEN_MAX]
		  [LISTEN_TEXT_MAX]; /**< with the port that the kernel chose for 0 */
	size_t count;
};

/**
 * Is every item `ADDRESS:PORT`, `[V6]:PORT` or `*:PORT`? None at all stands for *:7483.
 * @return 0 or ERR_INVALID with the item.
 */
NODISCARD int listen_check(const struct strlist *items, struct err_msg *msg);

/**
 * Opens them all, or none.
 * @return 0; ERR_INVALID; ERR_TOOBIG beyond LISTEN_MAX; what the system said.
 */
NODISCARD int listen_open(
	const struct strlist *items, struct listen_sockets *out, struct err_msg *msg);

#endif

/*
 * negentropy_lines.h - the line protocol by which implementations of Negentropy are tested
 * together.
 *
 *     item,TIMESTAMP,HEXID    adds an item; in any order
 *     seal                    sorts them; two that are the same are an error
 *     initiate                makes this the client; writes msg,HEX
 *     msg,HEX                 a message of the other side. A server writes msg,HEX; a
 *                             client have,HEXID and need,HEXID lines, then msg,HEX or done
 *
 * With a frame limit the protocol may find an id more than once; each is told once here, as the
 * reference's suite wants it. Empty lines mean nothing. Takes lines and makes text:
 * negentropy_harness.c reads and writes.
 */
#ifndef TESTS_SUPPORT_NEGENTROPY_LINES_H
#define TESTS_SUPPORT_NEGENTROPY_LINES_H

#include "gossip/reconcile.h"

/** Fields are private. */
struct negentropy_lines {
	struct reconcile_limits limits;
	struct item *items;
	size_t n;
	size_t cap;
	struct item_tree tree;
	struct item_tree told_have; /* ids, with time 0 */
	struct item_tree told_need;
	bool is_sealed;
	bool is_client;
};

/** frame_max: as in struct reconcile_limits. */
void negentropy_lines_init(struct negentropy_lines *l, size_t frame_max);
void negentropy_lines_fini(struct negentropy_lines *l);

/**
 * One line without its line end; what it answers is appended to `out`.
 * @return 0; ERR_INVALID, ERR_RANGE, ERR_NOTREADY (a command that must not come here),
 *         ERR_EXISTS (two items are the same), ERR_NOMEM, or those of gossip/reconcile.h, with
 *         a text in msg.
 */
NODISCARD int negentropy_lines_feed(
	struct negentropy_lines *l, struct slice line, struct dynbuf *out, struct err_msg *msg);

#endif

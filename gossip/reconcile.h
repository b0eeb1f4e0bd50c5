/*
 * reconcile.h - finds out which items two sites do not have in common: Negentropy protocol V1.
 *
 * Range-based set reconciliation (A. Meyer). The client cuts its items into ranges and sends a
 * fingerprint of each; the server answers with finer fingerprints, or the ids themselves, where
 * they differ; and so on, until the client knows what it has and the server lacks, and the
 * reverse. Equal sets of any size cost one round trip. The format is the published one and
 * every answer is, byte for byte, what the reference implementation answers
 * (gossip/reconcile_wire.h has the format).
 *
 *     client                                                   server
 *     reconcile_initiate   --- message --->
 *                          <-- message ----    reconcile_answer
 *     reconcile_continue   --- message --->    ... until *done_out
 *
 * No state: each call takes a message and the tree as it is now, and nothing is kept between
 * calls. Trees may change between messages, never within a call; an item that came or went
 * meanwhile may be reported, or not, and the next reconciliation sees it. The client alone
 * learns something; the server only answers.
 *
 * A message is checked whole before anything is done with it, so a malformed one reports no
 * item and writes nothing. What a hostile message can cost, with m its bytes, n our items and F
 * the frame limit:
 *   - memory: 9 bytes for each 32-byte id in the client's longest list, plus the answer;
 *   - the answer: F where there is a limit. Without one (meant for tests and trusted hosts)
 *     each item's id is written at most once: 32 n + 60 m;
 *   - time of the server: one search of the tree for a fingerprint of at least 19 bytes, and
 *     none once F is full: (m / 19 + F / 4) log n. Skipped ranges and lists of ids cost their
 *     bytes alone. Bounds must ascend, so no range is looked at twice;
 *   - time of the client: as above, m log m for lists, and once over its items at most, since
 *     ranges do not overlap.
 * Nothing bounds the number of messages: a server that is never content is the caller's to
 * stop. An honest pair needs log16(n) / 2 + 1 round trips, and with a frame limit some more for
 * each F bytes of differences.
 *
 * With a frame limit the protocol, ours as the reference's, has two quirks. A range that was
 * compared can come again, so an id may be reported twice. And, very rarely, an exchange ends
 * before all is found: where a frame is full just at the last range, and the other side has
 * nothing from there on. The next run finds the rest, as what was found is gone by then; so
 * repeat until one finds nothing.
 */
#ifndef GOSSIP_RECONCILE_H
#define GOSSIP_RECONCILE_H

#include "common/base/dynbuf.h"
#include "common/base/err.h"
#include "gossip/item_tree.h"

/** The least frame limit other than none: one whole split of a range always fits. */
#define RECONCILE_FRAME_MIN 4096

/** Zero means no limit, in both. */
struct reconcile_limits {
	size_t frame_max;   /**< bytes of a message we write; at least RECONCILE_FRAME_MIN */
	size_t message_max; /**< bytes of a message we read */
};

/**
 * Who is told what the client finds. Anything but 0 ends the message with that result. An id is
 * reported once for each range of a message; it can come again with a frame limit or from a
 * server that lies, so keep a set.
 */
struct reconcile_found {
	/** We have it and the server lacks it. Borrowed from the tree for this call. */
	int (*have)(void *ctx, const struct item *item);
	/** The server has it and we lack it. Borrowed from the message. */
	int (*need)(void *ctx, const struct digest *id);
	void *ctx;
};

/**
 * The client's first message, appended to `out`: at most 977 bytes, or 31 ids.
 * @return 0, or the error of `out`.
 */
NODISCARD int reconcile_initiate(const struct item_tree *tree, struct dynbuf *out);

/**
 * The server's answer to one message, appended to `out`. To another version of the protocol the
 * answer is our version byte alone.
 * @return 0; ERR_INVALID or ERR_TRUNCATED for a message against the format, ERR_TOOBIG above
 *         message_max, ERR_RANGE for a frame limit that is too small, the error of `out`. Then
 *         `out` is as it was. `msg` (may be NULL) says what is wrong at which offset of the
 *         message.
 */
NODISCARD int reconcile_answer(const struct item_tree *tree,
	const struct reconcile_limits *limits, struct slice message, struct dynbuf *out,
	struct err_msg *msg);

/**
 * What the client makes of the server's message: tells `found`, and appends the next message to
 * `out` unless it is done.
 * @return 0; as reconcile_answer; ERR_VERSION when the server speaks another version,
 *         ERR_NOMEM, what `found` returned. Then `out` is as it was.
 */
NODISCARD int reconcile_continue(const struct item_tree *tree,
	const struct reconcile_limits *limits, struct slice message,
	const struct reconcile_found *found, struct dynbuf *out, bool *done_out,
	struct err_msg *msg);

#endif

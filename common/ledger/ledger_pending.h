/*
 * ledger_pending.h - payments that are reserved and not on the disk yet.
 *
 * The daemon's workers pay before they answer, its writer makes payments durable in groups. In
 * between they lie here, where every later decision about the same recipient finds them, so
 * that no credit is spent twice:
 *
 *	worker   lock(recipient); renew the snapshot; decide with snapshot and pending; add; unlock
 *	writer   commit; then remove
 *
 * A worker that holds the lock sees each payment in its snapshot, or here, or (between commit and
 * remove) in both, which ledger_view.h takes for one. Locks are sharded by recipient and taken
 * only where there is something to pay.
 */
#ifndef COMMON_LEDGER_LEDGER_PENDING_H
#define COMMON_LEDGER_LEDGER_PENDING_H

#include <sys/queue.h>

#include "common/base/err.h"
#include "common/metric/metric.h"

/** A payment with all it refers to, on the heap; about 16 KiB, for as long as a commit takes. */
struct ledger_payment {
	LIST_ENTRY(ledger_payment) link;    /**< ledger_pending's */
	STAILQ_ENTRY(ledger_payment) queue; /**< of whoever records it */
	struct digest recipient;
	struct digest sender;
	struct metric_digests digests;
	struct metric_payment payment; /**< its parties point to the above; refs are zero */
};

struct ledger_pending;

/** @return 0 or ERR_NOMEM. */
NODISCARD int ledger_pending_new(struct ledger_pending **out);

/** Nothing may be pending. NULL is fine. */
void ledger_pending_free(struct ledger_pending *p);

/** Keeps others from reserving for this recipient. One lock at a time in a thread. */
void ledger_pending_lock(struct ledger_pending *p, const struct digest *recipient);
void ledger_pending_unlock(struct ledger_pending *p, const struct digest *recipient);

/** Reserves; the recipient's lock is held. Borrowed until ledger_pending_remove(). */
void ledger_pending_add(struct ledger_pending *p, struct ledger_payment *payment);

/** For after the commit, or where it failed for good. Takes the lock itself. */
void ledger_pending_remove(struct ledger_pending *p, struct ledger_payment *payment);

typedef void ledger_pending_fn(void *ctx, const struct ledger_payment *payment);

/** Visits what is pending for a recipient, newest first; his lock is held. */
void ledger_pending_visit(struct ledger_pending *p, const struct digest *recipient,
	ledger_pending_fn *visit, void *ctx);

#endif

/*
 * ledger_desk.h - where one thread that decides asks the ledger, and pays.
 *
 * Deciding takes two steps. metric_decide() over ledger_desk_metric() looks at the thread's
 * snapshot and needs no lock; nearly all mail ends there. Only where that says
 * METRIC_RULE_PAYABLE, ledger_desk_pay() decides again for good: under the recipient's lock, in
 * a fresh snapshot, with what others have reserved meanwhile; reserves, and hands the payment
 * to whoever records it. So no credit is spent twice, and the answer does not wait for a disk.
 *
 * A desk without `submit` never pays (dry runs); one without a reader has an empty ledger, where
 * nobody can be introduced, since what cannot be recorded is not granted.
 */
#ifndef COMMON_LEDGER_LEDGER_DESK_H
#define COMMON_LEDGER_LEDGER_DESK_H

#include "common/ledger/ledger_pending.h"
#include "common/ledger/ledger_reader.h"
#include "common/ledger/ledger_view.h"

/** Fields are set by the owner. */
struct ledger_desk {
	struct ledger_reader *reader;   /**< of this thread; NULL: the ledger cannot be read */
	struct ledger_pending *pending; /**< shared; with submit */
	/**
	 * Takes a payment that is reserved: records it, then ledger_pending_remove() and free().
	 * @return 0; any error: nothing was taken.
	 */
	int (*submit)(void *ctx, struct ledger_payment *payment);
	void *ctx;
	struct ledger_view view; /* private */
};

/** Takes a snapshot. @return 0; ERR_NOTREADY without a reader; what the store said. */
NODISCARD int ledger_desk_begin(struct ledger_desk *d);
void ledger_desk_end(struct ledger_desk *d);

/**
 * The ledger in the snapshot; between the two. Ask ledger_desk_error() before believing a
 * decision.
 */
struct metric_ledger ledger_desk_metric(struct ledger_desk *d);

/** 0, or why what was read must not be believed. */
NODISCARD int ledger_desk_error(const struct ledger_desk *d);

/** Does it record payments? */
static inline bool
ledger_desk_pays(const struct ledger_desk *d)
{
	return d->submit != NULL;
}

/**
 * Decides again and pays if that still is METRIC_RULE_PAYABLE. The decision may be another one
 * than before: a moment ago somebody else spent the credit, or introduced the same sender.
 * @return 0, the decision holds and what it costs is reserved; ERR_FULL, ERR_NOTREADY,
 * ERR_NOMEM or what the store said: nothing was paid, so the sender is not introduced.
 */
NODISCARD int ledger_desk_pay(struct ledger_desk *d, const struct metric_config *config,
	const struct metric_world *world, const struct metric_question *question,
	struct metric_decision *decision);

#endif

/*
 * ledger_view.h - the ledger as the metric asks it: a snapshot, and what is pending.
 *
 * Parties are known by their digests. Errors stay sticky in the transaction, and every answer
 * is then "nothing was spent", so whoever decides by a view looks at store_txn_error() before
 * he believes a word of it.
 */
#ifndef COMMON_LEDGER_LEDGER_VIEW_H
#define COMMON_LEDGER_LEDGER_VIEW_H

#include "common/ledger/ledger_pending.h"
#include "common/store/store.h"

/** On the stack; fields are set by the user. */
struct ledger_view {
	struct store_txn *txn;
	struct ledger_pending *pending; /**< the recipient's lock is held; NULL: leave it out */
};

/** Good for as long as the view. */
struct metric_ledger ledger_view_metric(struct ledger_view *view);

#endif

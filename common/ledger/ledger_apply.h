/*
 * ledger_apply.h - the changes of the ledger: payments, reports, what is taken back, what is
 * forgiven.
 *
 * For the one writer, inside his transaction. The rules are the metric's; here its entries are
 * put and removed. A damaged record becomes the transaction's sticky error, and nothing of it
 * is committed.
 */
#ifndef COMMON_LEDGER_LEDGER_APPLY_H
#define COMMON_LEDGER_LEDGER_APPLY_H

#include "common/ledger/ledger_report.h"

/** Records a payment; the same one twice is one. */
void ledger_apply_payment(struct store_txn *txn, const struct metric_payment *payment);

/** What a user says about a message. */
struct ledger_saying {
	struct ledger_report_key key;
	bool is_spam;
	bool has_lead;
	struct digest lead; /**< finds the decision made at delivery (ledger_history.h) */
	bool touches; /**< trust, where there is none: the reported copy proves its sender */
	struct digest sender; /**< with touches */
	uint64_t at_s;
};

/**
 * Stores what the user says now, in place of what he said before, which is undone. True when
 * that changes what he says; the time alone is no change. It touches trust only where the
 * sender was proven: when it was delivered, by the history, or else in the copy that was
 * reported.
 */
bool ledger_apply_report(struct store_txn *txn, const struct metric_config *config,
	const struct ledger_saying *saying);

/** Takes back what he said. True when he had said something. */
bool ledger_apply_removal(struct store_txn *txn, const struct ledger_report_key *key);

/**
 * Forgives a friend what reports charged him with towards r: blame, strikes, suspension and r's
 * own accusations of him. Other reporters' accusations stay. @return how many entries went.
 */
size_t ledger_apply_pardon(
	struct store_txn *txn, const struct digest *r, const struct digest *f);

/** Forgives a sender all of r's reports about him. @return how many reports were taken back. */
size_t ledger_apply_forget(
	struct store_txn *txn, const struct digest *r, const struct digest *s);

#endif

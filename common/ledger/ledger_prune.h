/*
 * ledger_prune.h - drops what can matter no more, a few records at a time.
 *
 * The writer calls it between groups. It goes round the tables with a position of its own, so that
 * no call takes long and every record comes up again. What goes: entries beyond the life the metric
 * gives their table, introductions that ended, last mail beyond all that it keeps alive, reports
 * that touched no trust after LEDGER_REPORT_LIFE_S, proofs whose identities were not shown for
 * LEDGER_PROOF_LIFE_S, and the history.
 */
#ifndef COMMON_LEDGER_LEDGER_PRUNE_H
#define COMMON_LEDGER_LEDGER_PRUNE_H

#include "common/ledger/ledger_entry.h"

/** A message is not reported again after that: 400 days. */
#define LEDGER_REPORT_LIFE_S ((uint64_t)400 * 86400)

/** Where the rounds are; starts zeroed. */
struct ledger_prune {
	unsigned int table; /* index into those that are swept */
	size_t len;
	uint8_t at[LEDGER_ENTRY_KEY_LEN];
};

struct ledger_limits {
	uint64_t history_s;   /**< decisions are kept for so long */
	uint64_t history_max; /**< and at most so many */
};

/** Looks at about `steps` records. True when there may be more to do at once. */
bool ledger_prune_step(struct ledger_prune *p, struct store_txn *txn,
	const struct metric_config *config, const struct ledger_limits *limits, uint64_t now_s,
	size_t steps);

#endif

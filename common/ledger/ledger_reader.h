/*
 * ledger_reader.h - a thread's snapshots of the ledger.
 *
 * Made once and reused like the readers of graph and private store: ledger_begin() renews its
 * snapshot, ledger_end() gives it back. Errors stay sticky in the transaction until the next
 * ledger_begin(); whoever finds one trusts nothing that was read.
 */
#ifndef COMMON_LEDGER_LEDGER_READER_H
#define COMMON_LEDGER_LEDGER_READER_H

#include "common/ledger/ledger_schema.h"

struct ledger_reader;

/** Makes a reader of an open store (borrowed, must outlive it). @return 0 or ERR_NOMEM. */
NODISCARD int ledger_reader_new(
	struct store *store, struct ledger_reader **out, struct err_msg *msg);
void ledger_reader_free(struct ledger_reader *r);

/** Takes a fresh snapshot, also in place of one that is taken. @return 0 or what the store said. */
NODISCARD int ledger_begin(struct ledger_reader *r);
void ledger_end(struct ledger_reader *r);

/** The transaction, for the modules of the ledger; between the two. */
struct store_txn *ledger_txn(struct ledger_reader *r);

/** 0, or the first error since ledger_begin, also after ledger_end. */
NODISCARD int ledger_error(const struct ledger_reader *r);

#endif

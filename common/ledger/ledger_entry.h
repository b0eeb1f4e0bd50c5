/*
 * ledger_entry.h - the timed entries of the metric (metric_ledger.h), one record each.
 *
 *	entry key
 *	offset size
 *	     0    1  table: 0 spent, 1 through, 2 charge, 3 report, 4 warned, 5 warning, 6 accusation
 *	     1   32  a, digest of a principal
 *	    33   32  b, likewise; zero in tables without
 *	    65    8  time, seconds since 1970, every bit turned: the newest sorts first
 *	    73    8  tag
 *
 *	entry record
 *	offset size
 *	     0    1  version 1
 *	     1    4  amount, millionths
 *	     5    1  1: another party follows; 0: none
 *	     6   32  other, digest of a principal; only with 1
 *	          8  check
 *
 * Version and check are those of common/store/record.h. An amount of a half, without another
 * party, under a key of 81 zero bytes:
 *
 *	01 0007a120 00 66cf54b23f532e4e
 */
#ifndef COMMON_LEDGER_LEDGER_ENTRY_H
#define COMMON_LEDGER_LEDGER_ENTRY_H

#include "common/ledger/ledger_schema.h"
#include "common/metric/metric_ledger.h"
#include "common/store/record.h"

#define LEDGER_ENTRY_KEY_LEN (1 + LEDGER_PAIR_LEN + 8 + 8)
#define LEDGER_ENTRY_MAX     (RECORD_FRAME_LEN + 4 + 1 + DIGEST_LEN)

/** Where an entry is; b NULL in tables without. Digests borrowed. */
struct ledger_entry_key {
	enum metric_table table;
	const struct digest *a;
	const struct digest *b;
	uint64_t at_s;
	uint64_t tag;
};

/** Sets *out to the key in `buf`. */
void ledger_entry_key_encode(const struct ledger_entry_key *key,
	uint8_t buf[LEDGER_ENTRY_KEY_LEN], struct slice *out);

/** Digests point into `bytes`; b is never NULL. @return 0 or ERR_CORRUPT. */
NODISCARD int ledger_entry_key_decode(struct slice bytes, struct ledger_entry_key *out);

/** Time and tag are in the key. @return 0 and the record in buf, or ERR_TOOBIG. */
NODISCARD int ledger_entry_encode(struct slice key, const struct metric_entry *entry,
	uint8_t buf[LEDGER_ENTRY_MAX], struct slice *out);

/** The other party's digest points into `record`. @return 0; ERR_CORRUPT; ERR_VERSION. */
NODISCARD int ledger_entry_decode(
	struct slice key, struct slice record, struct metric_entry *out);

/*
 * On a transaction of the ledger; a damaged record becomes its sticky error.
 */

void ledger_entry_put(struct store_txn *txn, const struct ledger_entry_key *key,
	const struct metric_entry *entry);
void ledger_entry_remove(struct store_txn *txn, const struct ledger_entry_key *key);

/** Visits the entries of (table, a, b), newest first, until `visit` returns false. */
void ledger_entry_walk(struct store_txn *txn, enum metric_table table, const struct digest *a,
	const struct digest *b, metric_entry_fn *visit, void *ctx);

/** @return false to stop. The key's digests are borrowed from the store. */
typedef bool ledger_entry_fn(
	void *ctx, const struct ledger_entry_key *key, const struct metric_entry *entry);

/** Visits all entries of (table, a), whatever their b: ascending by b, then newest first. */
void ledger_entry_visit(struct store_txn *txn, enum metric_table table, const struct digest *a,
	ledger_entry_fn *visit, void *ctx);

#endif

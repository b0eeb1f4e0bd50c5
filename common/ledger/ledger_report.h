/*
 * ledger_report.h - what users said about messages: spam, or ham.
 *
 * One report per message and user; the last one wins, taking it back removes it. The key is
 * the digest of the message (what makes two messages the same is decided by whoever makes it)
 * followed by that of the user, so that all reports about a message lie together.
 *
 *	report record
 *	offset size
 *	     0    1  version 1
 *	     1    1  class: 0 ham, 1 spam, 2 spam that touched trust
 *	     2    8  time of the report, seconds since 1970
 *	    10    n  with class 2 only: what it did
 *	          8  check
 *
 *	what it did (struct metric_report; tag and time are those of its entries)
 *	offset size
 *	     0   32  digest of the sender
 *	    32    8  tag
 *	    40    1  1: it warned; 0: it was beyond the reporter's budget
 *	    41    1  number of payers charged, at most 128
 *	    42   37  each: digest of the payer, 4 bytes share in millionths, 1: it accuses
 *
 * What a report did is kept with it, so that taking it back undoes exactly that, whatever was
 * paid or reported since. Version and check are those of common/store/record.h. Spam, reported
 * at second 1700000000, under a key of 64 zero bytes:
 *
 *	01 01 000000006553f100 36d8ff3d3f0371e5
 */
#ifndef COMMON_LEDGER_LEDGER_REPORT_H
#define COMMON_LEDGER_LEDGER_REPORT_H

#include "common/ledger/ledger_schema.h"
#include "common/metric/metric_ledger.h"
#include "common/store/record.h"

#define LEDGER_REPORT_KEY_LEN LEDGER_PAIR_LEN

#define LEDGER_REPORT_MAX                                    \
	(RECORD_FRAME_LEN + 1 + 8 + DIGEST_LEN + 8 + 1 + 1 + \
		METRIC_PAYERS_MAX * (DIGEST_LEN + 4 + 1))

/** Which message, and who says something about it. */
struct ledger_report_key {
	struct digest message;
	struct digest user;
};

struct ledger_report {
	bool is_spam; /**< else ham */
	bool touched; /**< trust: `did` is there */
	uint64_t at_s;
	struct metric_report did; /**< its recipient is the key's user; digests borrowed */
};

/** Sets *out to the key in `buf`. */
void ledger_report_key_encode(const struct ledger_report_key *key,
	uint8_t buf[LEDGER_REPORT_KEY_LEN], struct slice *out);

/** @return 0 and the record in buf; ERR_TOOBIG; ERR_INVALID for ham that touched trust. */
NODISCARD int ledger_report_encode(struct slice key, const struct ledger_report *report,
	uint8_t buf[LEDGER_REPORT_MAX], struct slice *out);

/**
 * Digests point into key and record.
 * @return 0; ERR_CORRUPT; ERR_VERSION for a record of a newer version.
 */
NODISCARD int ledger_report_decode(
	struct slice key, struct slice record, struct ledger_report *out);

/*
 * On a transaction of the ledger; a damaged record becomes its sticky error.
 */

/** True and the report, if there is one; digests are borrowed from the store. */
bool ledger_report_find(
	struct store_txn *txn, const struct ledger_report_key *key, struct ledger_report *out);

void ledger_report_put(struct store_txn *txn, const struct ledger_report_key *key,
	const struct ledger_report *report);

/** True when there was one. */
bool ledger_report_delete(struct store_txn *txn, const struct ledger_report_key *key);

/** @return false to stop. Digests are borrowed from the store. */
typedef bool ledger_report_fn(void *ctx, const struct ledger_report *report);

/** Visits the reports that touched trust, in no order that matters. */
void ledger_report_visit(struct store_txn *txn, ledger_report_fn *visit, void *ctx);

/** How many there are. */
uint64_t ledger_report_count(struct store_txn *txn);

#endif

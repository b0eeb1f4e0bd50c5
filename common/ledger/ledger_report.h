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
 *	     1    1  class: 0 ham, 1 spam
 *	     2    8  time of the report, seconds since 1970
 *	    10    8  check
 *
 * Version and check are those of common/store/record.h. Spam, reported at second 1700000000,
 * under a key of 64 zero bytes:
 *
 *	01 01 000000006553f100 36d8ff3d3f0371e5
 */
#ifndef COMMON_LEDGER_LEDGER_REPORT_H
#define COMMON_LEDGER_LEDGER_REPORT_H

#include "common/base/digest.h"
#include "common/ledger/ledger_schema.h"
#include "common/store/record.h"

#define LEDGER_REPORT_KEY_LEN (2 * DIGEST_LEN)

#define LEDGER_REPORT_LEN (RECORD_FRAME_LEN + 1 + 8)

/** Which message, and who says something about it. */
struct ledger_report_key {
	struct digest message;
	struct digest user;
};

struct ledger_report {
	bool is_spam; /**< else ham */
	uint64_t at_s;
};

/** Sets *out to the key in `buf`. */
void ledger_report_key_encode(const struct ledger_report_key *key,
	uint8_t buf[LEDGER_REPORT_KEY_LEN], struct slice *out);

/** @return 0 and the record in buf, or ERR_TOOBIG. */
NODISCARD int ledger_report_encode(struct slice key, const struct ledger_report *report,
	uint8_t buf[LEDGER_REPORT_LEN], struct slice *out);

/** @return 0; ERR_CORRUPT; ERR_VERSION for a record of a newer version. */
NODISCARD int ledger_report_decode(
	struct slice key, struct slice record, struct ledger_report *out);

/*
 * On a transaction of the ledger; a damaged record becomes its sticky error.
 */

/** True and the report, if there is one. */
bool ledger_report_find(
	struct store_txn *txn, const struct ledger_report_key *key, struct ledger_report *out);

/** Stores it. True when that changes what the user says; the time alone is no change and stays. */
bool ledger_report_set(struct store_txn *txn, const struct ledger_report_key *key,
	const struct ledger_report *report);

/** Takes it back. True when there was one; a damaged one goes too. */
bool ledger_report_remove(struct store_txn *txn, const struct ledger_report_key *key);

/** How many there are. */
uint64_t ledger_report_count(struct store_txn *txn);

#endif

/*
 * ledger_introduction.h - who was introduced to whom, and who paid for it.
 *
 * One record for each user and sender, the newest; the key is both digests.
 *
 *	introduction record
 *	offset size
 *	     0    1  version 1
 *	     1    8  paid, seconds since 1970
 *	     9    8  last proven mail, likewise
 *	    17    4  price, millionths
 *	    21    4  strength, millionths
 *	    25    1  number of payers, at most 128
 *	          n  payers, in the order of paying
 *	          8  check
 *
 *	payer
 *	     0   32  digest of his principal
 *	    32    4  amount, millionths
 *	    36    4  share of the price, millionths
 *	    40    1  1: through a middleman, whose digest follows; 0: none
 *	    41   32  digest of the middleman; only with 1
 *
 * Version and check are those of common/store/record.h. Paid and seen at second 1700000000 for
 * the price of one and strength 0.568 by nobody, under a key of 64 zero bytes:
 *
 *	01 000000006553f100 000000006553f100 000f4240 0008aac0 00 c830f70a6a155efb
 */
#ifndef COMMON_LEDGER_LEDGER_INTRODUCTION_H
#define COMMON_LEDGER_LEDGER_INTRODUCTION_H

#include "common/ledger/ledger_schema.h"
#include "common/metric/metric_ledger.h"
#include "common/store/record.h"

#define LEDGER_INTRODUCTION_MAX \
	(RECORD_FRAME_LEN + 25 + METRIC_PAYERS_MAX * (4 + 4 + 1 + 2 * DIGEST_LEN))

/** @return 0 and the record in buf; ERR_TOOBIG; ERR_INVALID for a payer without a digest. */
NODISCARD int ledger_introduction_encode(struct slice key,
	const struct metric_introduction *introduction, uint8_t buf[LEDGER_INTRODUCTION_MAX],
	struct slice *out);

/** Digests point into `record`. @return 0; ERR_CORRUPT; ERR_VERSION. */
NODISCARD int ledger_introduction_decode(
	struct slice key, struct slice record, struct metric_introduction *out);

/*
 * On a transaction of the ledger; a damaged record becomes its sticky error.
 */

/** True and the introduction of s to r, if there is one; digests are borrowed from the store. */
bool ledger_introduction_find(struct store_txn *txn, const struct digest *r,
	const struct digest *s, struct metric_introduction *out);

void ledger_introduction_put(struct store_txn *txn, const struct digest *r,
	const struct digest *s, const struct metric_introduction *introduction);

/** @return false to stop. Digests are borrowed from the store. */
typedef bool ledger_introduction_fn(
	void *ctx, const struct digest *sender, const struct metric_introduction *introduction);

/** Visits all introductions to r, ascending by sender. */
void ledger_introduction_visit(struct store_txn *txn, const struct digest *r,
	ledger_introduction_fn *visit, void *ctx);

#endif

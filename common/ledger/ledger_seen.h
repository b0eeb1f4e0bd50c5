/*
 * ledger_seen.h - when a user last had proven mail of a sender.
 *
 * It keeps learned edges and introductions alive. To the day is enough, so a sender who writes
 * often costs one write a day.
 *
 *	seen record; the key is user and sender, digests of principals
 *	offset size
 *	     0    1  version 1
 *	     1    8  seconds since 1970
 *	     9    8  check
 *
 * Version and check are those of common/store/record.h. Second 1700000000 under a key of 64 zero
 * bytes:
 *
 *	01 000000006553f100 a7d74eff01a8200d
 */
#ifndef COMMON_LEDGER_LEDGER_SEEN_H
#define COMMON_LEDGER_LEDGER_SEEN_H

#include "common/ledger/ledger_schema.h"
#include "common/metric/metric_ledger.h"
#include "common/store/record.h"

#define LEDGER_SEEN_LEN (RECORD_FRAME_LEN + 8)

/** A newer time is written only when it is this much newer, seconds. */
#define LEDGER_SEEN_STEP_S 86400

/** @return 0 and the record in buf, or ERR_TOOBIG. */
NODISCARD int ledger_seen_encode(
	struct slice key, uint64_t at_s, uint8_t buf[LEDGER_SEEN_LEN], struct slice *out);

/** @return 0; ERR_CORRUPT; ERR_VERSION. */
NODISCARD int ledger_seen_decode(struct slice key, struct slice record, uint64_t *out);

/** 0 when there was none; a damaged record becomes the transaction's sticky error. */
uint64_t ledger_seen_find(
	struct store_txn *txn, const struct digest *user, const struct digest *sender);

/** Notes proven mail, also for the introduction of the sender to the user while it is alive. */
void ledger_seen_note(struct store_txn *txn, const struct metric_config *config,
	const struct digest *user, const struct digest *sender, uint64_t now_s);

#endif

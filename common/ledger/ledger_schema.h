/*
 * ledger_schema.h - the tables of the ledger: what spamd-trust has to remember about mail.
 *
 * The environment STORE/ledger has one writer, a thread of spamd-trust; trustctl reads. Users and
 * senders are digests, never numbers of the graph, so that a rebuilt graph orphans nothing.
 * Everything outside common/ledger and spamd-trust's writer sees it through metric_ledger
 * (common/metric) and the functions of these modules, so it may lie elsewhere one day.
 *
 *	reports        message user                what a user said about a message  ledger_report.h
 *	entries        table a b ~time tag         what was spent, and reports did   ledger_entry.h
 *	introductions  user sender                 who paid for whom                 ledger_introduction.h
 *	pins           user address                domains that signed for a friend  ledger_pin.h
 *	seen           user sender                 last proven mail                  ledger_seen.h
 *	history        milliseconds number         what was decided                  ledger_history.h
 *	deliveries     lead user                   which decision was about it       ledger_history.h
 *	proofs         address                     identities that its mail showed   ledger_proof.h
 *
 * Version 1 had the reports alone, in records that are still read, version 2 no proofs; their
 * ledgers get the other tables when the daemon opens them.
 */
#ifndef COMMON_LEDGER_LEDGER_SCHEMA_H
#define COMMON_LEDGER_LEDGER_SCHEMA_H

#include "common/base/digest.h"
#include "common/base/wire_reader.h"
#include "common/store/store.h"

#define LEDGER_SCHEMA_VERSION 3
#define LEDGER_SCHEMA_OLDEST  1 /**< opened and brought up to date */

/** Address space of the ledger, which costs nothing; when that much is used, it is full. */
#define LEDGER_MAP_BYTES ((size_t)16 << 30)

enum ledger_table {
	LEDGER_REPORTS,
	LEDGER_ENTRIES,
	LEDGER_INTRODUCTIONS,
	LEDGER_PINS,
	LEDGER_SEEN,
	LEDGER_HISTORY,
	LEDGER_DELIVERIES,
	LEDGER_PROOFS,
	LEDGER_TABLE_COUNT,
};

extern const struct store_table ledger_tables[LEDGER_TABLE_COUNT];

/** A key of two digests. */
#define LEDGER_PAIR_LEN (2 * DIGEST_LEN)

/** Sets *out to `a b` in buf. */
void ledger_pair_key(const struct digest *a, const struct digest *b,
	uint8_t buf[LEDGER_PAIR_LEN], struct slice *out);

/**
 * Puts the record that an encoder made under a key. @param code what the encoder returned: where it
 * made none, that becomes the transaction's error.
 */
void ledger_put(struct store_txn *txn, enum ledger_table table, struct slice key, int code,
	const struct slice *record);

/** The next 32 bytes as a digest, borrowed from the input; NULL when there are fewer. */
const struct digest *ledger_read_digest(struct wire_reader *r);

#endif

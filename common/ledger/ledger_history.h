/*
 * ledger_history.h - what was decided about mail, for a while: `trustctl history`, and reports.
 *
 * Records lie in the order of writing. A second table finds the decision about a message again
 * when it is reported, by user and by the *lead* of the message (a digest over how it begins,
 * made by whoever hands it in); only proven mail is in there, since a report about any other
 * touches no trust.
 *
 *	history key
 *	     0    8  time of writing, milliseconds since 1970
 *	     8    4  number, to tell apart what came in one millisecond
 *
 *	history record
 *	offset size
 *	     0    1  version 1
 *	     1    8  decided, seconds since 1970
 *	     9    1  evidence, 0 to 4
 *	    10    1  tier (tier.h)
 *	    11    1  flags: 1 new key, 2 reported, 4 suspect, 8 introduced now, 16 has a lead
 *	    12    4  score in thousandths, as a signed number
 *	    16   32  digest of the Message-ID, without its angle brackets; zero: none
 *	    48   32  lead; zero without
 *	    80  2+n  user, an address; empty: the site
 *	        2+n  sender, an address; empty: none
 *	        2+n  signing domain, or empty
 *	          1  number of payers, at most 8
 *	         36  each: digest of his principal, 4 bytes share in millionths
 *	          8  check
 *
 *	delivery record; the key is lead and user
 *	     0    1  version 1
 *	     1   12  history key
 *	    13    8  check
 *
 * Version and check are those of common/store/record.h.
 */
#ifndef COMMON_LEDGER_LEDGER_HISTORY_H
#define COMMON_LEDGER_LEDGER_HISTORY_H

#include "common/ledger/ledger_schema.h"
#include "common/metric/tier.h"
#include "common/store/record.h"

#define LEDGER_HISTORY_KEY_LEN 12

/** Further payers are left out of the history; the introduction has them all. */
#define LEDGER_HISTORY_PAYERS_MAX 8

/** Longest address, as a principal's value. */
#define LEDGER_ADDRESS_MAX 330

#define LEDGER_HISTORY_MAX                                                  \
	(RECORD_FRAME_LEN + 79 + 3 * 2 + 2 * LEDGER_ADDRESS_MAX + 255 + 1 + \
		LEDGER_HISTORY_PAYERS_MAX * (DIGEST_LEN + 4))

#define LEDGER_HISTORY_NEWKEY     0x01 /**< signed by a domain that is not pinned */
#define LEDGER_HISTORY_REPORTED   0x02 /**< the user reported the sender before */
#define LEDGER_HISTORY_SUSPECT    0x04 /**< likewise, lately, and he is a friend */
#define LEDGER_HISTORY_INTRODUCED 0x08 /**< the introduction was paid for this message */

struct ledger_history_payer {
	struct digest principal;
	uint32_t share; /**< of the price, millionths */
};

struct ledger_decision {
	uint64_t at_s;
	uint8_t evidence; /**< 0 to 4 */
	enum tier tier;
	uint8_t flags; /**< LEDGER_HISTORY_* */
	int32_t score_milli;
	struct digest message_id; /**< zero: none */
	bool has_lead;
	struct digest lead;
	struct slice user;   /**< canonical address; empty: the site */
	struct slice sender; /**< canonical address; empty: none */
	struct slice signer; /**< d= that proved it; may be empty */
	size_t payer_count;
	struct ledger_history_payer payers[LEDGER_HISTORY_PAYERS_MAX];
};

/** Texts are cut to what fits. @return 0 and the record in buf; ERR_TOOBIG. */
NODISCARD int ledger_history_encode(struct slice key, const struct ledger_decision *decision,
	uint8_t buf[LEDGER_HISTORY_MAX], struct slice *out);

/** Texts point into `record`. @return 0; ERR_CORRUPT; ERR_VERSION. */
NODISCARD int ledger_history_decode(
	struct slice key, struct slice record, struct ledger_decision *out);

/** The digest of an address as a principal: that of a user or a sender. */
void ledger_address_digest(struct slice address, struct digest *out);

/*
 * On a transaction of the ledger; a damaged record becomes its sticky error.
 */

/** Appends a decision, and makes it findable when it has a lead and a user. */
void ledger_history_add(
	struct store_txn *txn, const struct ledger_decision *decision, uint64_t now_ms);

/** True and the newest decision about a message of that lead to the user; borrowed. */
bool ledger_history_find(struct store_txn *txn, const struct digest *lead,
	const struct digest *user, struct ledger_decision *out);

/**
 * Drops decisions from before `before_s`, or the oldest while there are more than `keep`; at
 * most `steps`.
 */
void ledger_history_prune(
	struct store_txn *txn, uint64_t before_s, uint64_t keep, size_t steps);

/** When the oldest decision was written, seconds; 0 when there is none. */
uint64_t ledger_history_oldest(struct store_txn *txn);

/** A position in the history, between transactions too. */
struct ledger_history_at {
	uint8_t bytes[LEDGER_HISTORY_KEY_LEN];
};

/** Where decisions written from then on begin. */
void ledger_history_since(uint64_t since_s, struct ledger_history_at *out);

/** @return false to stop. */
typedef bool ledger_history_fn(void *ctx, const struct ledger_decision *decision);

/** Visits decisions from `at` on, oldest first, and moves it behind the last one visited. */
void ledger_history_walk(struct store_txn *txn, struct ledger_history_at *at,
	ledger_history_fn *visit, void *ctx);

#endif

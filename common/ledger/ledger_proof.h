/*
 * ledger_proof.h - which identities the proven mail of an address showed (DESIGN 3 and 5).
 *
 * That an identity binds an address is a claim, which anybody may sign. It has effect once this
 * site saw mail of that address, proven at E3, that showed the identity: then both say the same
 * of each other. Noted is only what the graph holds a binding for, so that mail alone cannot
 * fill the ledger. What was not shown again for LEDGER_PROOF_LIFE_S is over, as a learned edge
 * is without mail.
 *
 *	proof record; the key is the address, digest of a principal
 *	offset size
 *	     0    1  version 1
 *	     1    1  number of identities, 1 to 8
 *	     2   48  each: digest of the principal; first and last shown, seconds since 1970, 8 bytes each
 *	          8  check
 *
 * Version and check are those of common/store/record.h. An identity of 32 zero bytes, shown at
 * second 1700000000 under a key of 32 zero bytes:
 *
 *	01 01 00..00 000000006553f100 000000006553f100 92951b5389e180ca
 */
#ifndef COMMON_LEDGER_LEDGER_PROOF_H
#define COMMON_LEDGER_LEDGER_PROOF_H

#include "common/ledger/ledger_schema.h"
#include "common/store/record.h"

/** Two for one address are unclear already; more only keep a change of mind apart. */
#define LEDGER_PROOF_IDENTITIES_MAX 8

#define LEDGER_PROOF_MAX \
	(RECORD_FRAME_LEN + 1 + LEDGER_PROOF_IDENTITIES_MAX * (DIGEST_LEN + 8 + 8))

/** Without being shown again: 400 days, the longest that a binding lasts. */
#define LEDGER_PROOF_LIFE_S ((uint64_t)400 * 86400)

/** A newer time is written only when it is this much newer, seconds. */
#define LEDGER_PROOF_STEP_S 86400

/** Addresses in the ledger; beyond, no further one is noted: 150 MB. */
#define LEDGER_PROOFS_MAX 1000000

struct ledger_shown {
	struct digest identity;
	uint64_t first_s;
	uint64_t last_s;
};

struct ledger_proof {
	size_t count;
	struct ledger_shown shown[LEDGER_PROOF_IDENTITIES_MAX];
};

/** @return 0 and the record in buf; ERR_INVALID without an identity; ERR_TOOBIG. */
NODISCARD int ledger_proof_encode(struct slice key, const struct ledger_proof *proof,
	uint8_t buf[LEDGER_PROOF_MAX], struct slice *out);

/** @return 0; ERR_CORRUPT; ERR_VERSION. */
NODISCARD int ledger_proof_decode(
	struct slice key, struct slice record, struct ledger_proof *out);

static inline bool
ledger_shown_is_live(const struct ledger_shown *shown, uint64_t now_s)
{
	return now_s < shown->last_s + LEDGER_PROOF_LIFE_S;
}

/** When the newest of them was shown last. */
uint64_t ledger_proof_last_s(const struct ledger_proof *proof);

/*
 * On a transaction of the ledger; a damaged record becomes its sticky error, and proves nothing.
 */

/** Is there any proof at all? */
bool ledger_proof_any(struct store_txn *txn);

/** True and the record, if there is one. */
bool ledger_proof_find(
	struct store_txn *txn, const struct digest *address, struct ledger_proof *out);

/**
 * Notes that mail showed the identity. Of more than fit the one not shown for the longest time
 * gives way. Writes what is new, and of the rest once a day that it goes on.
 */
void ledger_proof_note(struct store_txn *txn, const struct digest *address,
	const struct digest *identity, uint64_t now_s);

/** A walk over the addresses in ascending order; on the stack, good until the snapshot ends. */
struct ledger_proof_walk {
	struct store_cursor *cursor; /* private; NULL: at its end */
	struct digest address;       /**< where it stands */
	bool has_address;            /**< false: at its end */
};

/** Starts on the first address. */
void ledger_proof_walk_begin(struct ledger_proof_walk *w, struct store_txn *txn);

/** Moves on to the first address at or behind `from`; stays where it is beyond that already. */
void ledger_proof_walk_seek(struct ledger_proof_walk *w, const struct digest *from);

void ledger_proof_walk_end(struct ledger_proof_walk *w);

#endif

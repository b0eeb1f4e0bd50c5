/*
 * ledger_pin.h - which domains (d=) signed for a friend's address so far (DESIGN 5).
 *
 * The first proven mail of a friend's address pins the domain that proved it; the friend's mail
 * proven by another one is not his until somebody confirmed that (`trustctl friend confirm`).
 * The domain that came last without being pinned is kept beside, so that there is something to
 * confirm. A submission by one of our own users has no domain and needs no pin.
 *
 *	pin record; the key is user and address, digests of principals
 *	offset size
 *	     0    1  version 1
 *	     1    1  number of domains, 1 to 8
 *	     2    n  each: 8 bytes pinned at, seconds since 1970; u16 length and the domain
 *	          8  last unknown domain seen at; 0: none
 *	        2+n  the unknown domain, length and bytes
 *	          8  check
 *
 * Version and check are those of common/store/record.h. Pinned to example.org at second
 * 1700000000, under a key of 64 zero bytes:
 *
 *	01 01 000000006553f100 000b 6578616d706c652e6f7267 0000000000000000 0000 41bd3ee288f642e3
 */
#ifndef COMMON_LEDGER_LEDGER_PIN_H
#define COMMON_LEDGER_LEDGER_PIN_H

#include "common/ledger/ledger_schema.h"
#include "common/store/record.h"

/** More domains that sign for one address are no honest mail setup. */
#define LEDGER_PIN_DOMAINS_MAX 8

/** Longest domain name (RFC 1035 section 2.3.4). */
#define LEDGER_DOMAIN_MAX 255

#define LEDGER_PIN_MAX \
	(RECORD_FRAME_LEN + 1 + (LEDGER_PIN_DOMAINS_MAX + 1) * (8 + 2 + LEDGER_DOMAIN_MAX))

struct ledger_pinned {
	uint64_t at_s;
	struct slice domain; /**< canonical; borrowed */
};

struct ledger_pin {
	size_t count;
	struct ledger_pinned domains[LEDGER_PIN_DOMAINS_MAX]; /**< oldest first */
	struct ledger_pinned unknown;                         /**< at_s 0: none */
};

/** @return 0 and the record in buf; ERR_TOOBIG; ERR_INVALID without a domain. */
NODISCARD int ledger_pin_encode(struct slice key, const struct ledger_pin *pin,
	uint8_t buf[LEDGER_PIN_MAX], struct slice *out);

/** Domains point into `record`. @return 0; ERR_CORRUPT; ERR_VERSION. */
NODISCARD int ledger_pin_decode(struct slice key, struct slice record, struct ledger_pin *out);

bool ledger_pin_holds(const struct ledger_pin *pin, struct slice domain);

/*
 * On a transaction of the ledger; a damaged record becomes its sticky error.
 */

/** True and the pin, if there is one; domains are borrowed from the store. */
bool ledger_pin_find(struct store_txn *txn, const struct digest *user,
	const struct digest *address, struct ledger_pin *out);

/**
 * Notes that proven mail of a friend came: pins the domain where nothing is pinned yet, else
 * keeps an unknown one as that. Writes only what is new (an unknown one: once a day).
 */
void ledger_pin_note(struct store_txn *txn, const struct digest *user,
	const struct digest *address, struct slice domain, uint64_t now_s);

/**
 * Adds a domain; an empty one means the unknown one that came last. The oldest gives way when there
 * are too many. @return 0; ERR_NOTFOUND when there is none to add; ERR_EXISTS when it is pinned
 * already. domain_out (borrowed from the store or `domain`) is the one that was meant.
 */
NODISCARD int ledger_pin_confirm(struct store_txn *txn, const struct digest *user,
	const struct digest *address, struct slice domain, uint64_t now_s,
	char domain_out[LEDGER_DOMAIN_MAX + 1]);

#endif

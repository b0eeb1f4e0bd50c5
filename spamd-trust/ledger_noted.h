/*
 * ledger_noted.h - which correspondents the ledger's writer has noted a moment ago.
 *
 * That a recipient had mail of a sender, by which domain it was signed and whose identity it
 * showed is kept to the day; a busy pair sends many messages in a minute. A small table of what
 * was written last spares each of those the look-ups that would change nothing. The writer's
 * thread only.
 */
#ifndef SPAMD_TRUST_LEDGER_NOTED_H
#define SPAMD_TRUST_LEDGER_NOTED_H

#include "spamd-trust/ledger_notes.h"

/** Seconds for which nothing is looked up again; small beside the day to which it is kept. */
#define LEDGER_NOTED_S 60

#define LEDGER_NOTED_MAX 64

/** User, sender and signer together; longer ones are looked up each time. */
#define LEDGER_NOTED_TEXT_MAX 192

struct ledger_noted_pair {
	uint64_t at_s; /* 0: an empty place */
	bool is_acquaintance;
	bool is_friend;
	bool shows_identity;
	struct digest identity; /* zero unless it is shown */
	size_t lens[3];
	uint8_t text[LEDGER_NOTED_TEXT_MAX];
};

/** Begins as zero bytes. */
struct ledger_noted {
	struct ledger_noted_pair pairs[LEDGER_NOTED_MAX];
};

/** Forgets all: what was noted may not have been committed, or was taken back since. */
void ledger_noted_clear(struct ledger_noted *n);

/** Whether the same was noted already; notes it when not. */
bool ledger_noted_test_and_set(struct ledger_noted *n, const struct ledger_note *note);

#endif

/*
 * ledger_notes.h - decisions on their way to the history: one bounded queue for each worker.
 *
 * One worker puts, the ledger's writer takes; neither waits for the other or takes a lock. What
 * does not fit is dropped and counted: mail never waits for its own history.
 */
#ifndef SPAMD_TRUST_LEDGER_NOTES_H
#define SPAMD_TRUST_LEDGER_NOTES_H

#include "common/ledger/ledger_history.h"
#include "common/ledger/ledger_pin.h"

/** Room for what a busy worker decides while a slow disk takes one commit. */
#define LEDGER_NOTES_MAX 1024

/** A decision, and what else of the ledger it moves. */
struct ledger_note {
	struct ledger_decision decision; /**< its texts lie in `text` */
	bool is_acquaintance; /**< proven mail of a friend, or of one who is introduced */
	bool is_friend; /**< the recipient's own edge names the address: its domain is pinned */
	bool shows_identity;    /**< proven mail of one whose identity claims the address */
	struct digest identity; /**< which, with shows_identity */
	uint8_t text[2 * LEDGER_ADDRESS_MAX + LEDGER_DOMAIN_MAX];
};

struct ledger_notes;

/** @return NULL when out of memory. */
struct ledger_notes *ledger_notes_new(void);
void ledger_notes_free(struct ledger_notes *n);

/**
 * Puts a copy; the worker's thread only. True when the queue is half full now, so that the
 * writer should come soon.
 */
bool ledger_notes_put(struct ledger_notes *n, const struct ledger_note *note);

/**
 * How many wait, for the writer's thread: it looks at them, and drops them when they are
 * written.
 */
size_t ledger_notes_count(const struct ledger_notes *n);
const struct ledger_note *ledger_notes_at(const struct ledger_notes *n, size_t index);
void ledger_notes_drop(struct ledger_notes *n, size_t count);

/** How many did not fit since it was made. Any thread. */
uint64_t ledger_notes_lost(const struct ledger_notes *n);

#endif

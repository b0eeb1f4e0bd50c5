/*
 * decision_note.h - a verdict as the ledger's history keeps it.
 */
#ifndef SPAMD_TRUST_DECISION_NOTE_H
#define SPAMD_TRUST_DECISION_NOTE_H

#include "common/mail/message_split.h"
#include "common/scan/scan.h"
#include "spamd-trust/ledger_notes.h"

/**
 * Fills *out (borrowing the verdict's texts) from a finished verdict about `message`, which has
 * been split. @param id its Message-ID, with or without angle brackets; empty: none.
 * @return false for verdicts that no trust scan made, which are not noted.
 */
bool decision_note_make(const struct verdict *verdict, struct slice message,
	const struct message_split *split, struct slice id, uint64_t now_s,
	struct ledger_note *out);

/** The digest by which a Message-ID is known in the history; zero for an empty one. */
void decision_note_id(struct slice id, struct digest *out);

#endif

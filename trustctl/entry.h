/*
 * entry.h - what an actor privately holds about a subject: changed field by field.
 *
 * A record of the private store may be friend, block and confirmed identity at once; whoever
 * changes one of them keeps the others.
 */
#ifndef TRUSTCTL_ENTRY_H
#define TRUSTCTL_ENTRY_H

#include "trustctl/actor.h"

/** Longest copy of a note, with its NUL. */
#define ENTRY_NOTE_SIZE (PRIVATE_NOTE_MAX + 1)

/** A private_entry with its own copy of the note. */
struct entry {
	struct private_entry record;
	bool existed;
	char note[ENTRY_NOTE_SIZE];
};

/** What is there, or an empty record made by hand now. Between site_begin and site_end. */
void entry_load(struct site *site, const struct actor *actor, const struct principal *subject,
	uint64_t now_s, struct entry *out);

/** Sets the note. @return 0, ERR_TOOBIG with msg. */
NODISCARD int entry_set_note(struct entry *entry, const char *note, struct err_msg *msg);

/** Writes it, or removes it when nothing is left in it. */
NODISCARD int entry_store(struct site_txn *txn, const struct actor *actor,
	const struct principal *subject, const struct entry *entry, struct err_msg *msg);

#endif

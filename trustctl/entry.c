#include "trustctl/entry.h"

#include <stdio.h>

void
entry_load(struct site *site, const struct actor *actor, const struct principal *subject,
	uint64_t now_s, struct entry *out)
{
	struct digest digest;

	*out = (struct entry){0};
	principal_digest(subject, &digest);
	out->existed = private_get(site->private_reader, &actor->digest, &digest, &out->record);
	if (out->existed) {
		/* The text is the subject's, which the caller holds; the note is copied. */
		(void)snprintf(
			out->note, sizeof(out->note), "%.*s", SLICE_ARG(out->record.note));
	} else {
		out->record = (struct private_entry){
			.subject = digest, .origin = PRIVATE_BY_HAND, .added_s = now_s};
	}
	out->record.text = (struct slice){0};
	out->record.note = (struct slice){0};
}

int
entry_set_note(struct entry *entry, const char *note, struct err_msg *msg)
{
	if (strlen(note) > PRIVATE_NOTE_MAX) {
		return err_set(
			msg, ERR_TOOBIG, "a note has at most %d bytes", PRIVATE_NOTE_MAX);
	}
	(void)snprintf(entry->note, sizeof(entry->note), "%s", note);
	return 0;
}

static int
remove_entry(struct site_txn *txn, const struct actor *actor, const struct entry *entry,
	struct err_msg *msg)
{
	int rc = private_remove(txn->private_txn, &actor->digest, &entry->record.subject);

	return rc == 0 || rc == ERR_NOTFOUND
		       ? 0
		       : err_set(msg, rc, "cannot change the private store: %s", err_text(rc));
}

int
entry_store(struct site_txn *txn, const struct actor *actor, const struct principal *subject,
	const struct entry *entry, struct err_msg *msg)
{
	struct private_entry record = entry->record;

	if (record.level == 0 && !record.blocked && !record.has_identity) {
		return remove_entry(txn, actor, entry, msg);
	}
	record.note = slice_str(entry->note);
	record.text = principal_slice(subject);
	return private_put(txn->private_txn, &actor->digest, subject, &record, msg);
}

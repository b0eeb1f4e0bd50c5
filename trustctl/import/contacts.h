/*
 * contacts.h - whom a user writes to, read off the headers of his mail.
 *
 * Mail the user wrote (From is one of his addresses, and only that) makes every recipient a
 * contact: To, Cc and Bcc, without himself, without addresses nobody reads (no-reply) and
 * mailing lists. Spam likes to come in the recipient's own name, so outside of a folder of sent
 * mail a message that another host handed over was not written by the user. Mail from a
 * contact, seen in a second pass, turns "written to" into "mail both ways" (METRIC, learned
 * edges). Automatic mail and what lists sent is left out both ways. Nothing here proves
 * anything: levels that follow are learned ones, and evidence is asked for whenever a message
 * is scored.
 *
 * Pure and bounded: at most CONTACTS_MAX contacts are kept, and those only whom the user
 * wrote to.
 */
#ifndef TRUSTCTL_IMPORT_CONTACTS_H
#define TRUSTCTL_IMPORT_CONTACTS_H

#include "common/base/arena.h"
#include "common/base/err.h"

/** More than one person ever writes to; bounds the memory to some 40 MB. */
#define CONTACTS_MAX ((size_t)100000)

/** What became of one message. */
enum contacts_result {
	CONTACTS_TAKEN,
	CONTACTS_FOREIGN,       /**< somebody else wrote it */
	CONTACTS_FORGED,        /**< says the user wrote it, but came from outside */
	CONTACTS_LIST_MAIL,     /**< passed through a mailing list, or sent in bulk */
	CONTACTS_AUTOMATIC,     /**< Auto-Submitted, an autoreply, a bounce */
	CONTACTS_NO_RECIPIENTS, /**< the user wrote it, but to nobody who counts */
	CONTACTS_MALFORMED,     /**< no usable From */
	CONTACTS_RESULT_COUNT,
};

struct contact {
	struct slice address; /**< canonical */
	uint64_t sent;        /**< messages the user wrote to it */
	uint64_t received;    /**< messages from it */
	uint64_t last_mail_s; /**< newest of the former by Date, 0 unknown */
	bool is_list;         /**< another message named it as the address of a list */
};

/** Fields are private; read contacts through contacts_at. */
struct contacts {
	const struct slice *own;
	size_t own_count;
	bool fold_local_part;
	bool is_sent_folder;
	uint64_t now_s;
	struct contact *items;
	size_t count;
	size_t cap;
	uint32_t *slots; /* index + 1 into items, by digest of the address; 0 is free */
	size_t slot_count;
	uint64_t skipped_noreply;
	uint64_t skipped_full;
	struct arena texts;
	struct arena scratch;
};

/** Whose mail is read, and how. */
struct contacts_config {
	const struct slice *own; /**< canonical addresses of the user, borrowed */
	size_t own_count;
	bool fold_local_part;
	bool is_sent_folder; /**< only the user puts mail there */
	uint64_t now_s;      /**< a Date in the future counts as now */
};

void contacts_init(struct contacts *c, const struct contacts_config *config);
void contacts_fini(struct contacts *c);

/** First pass: the header of one message. @return 0 with *result, or ERR_NOMEM. */
NODISCARD int contacts_collect(
	struct contacts *c, struct slice header, enum contacts_result *result);

/** Second pass: counts mail from contacts, and drops those that turn out to be lists. */
NODISCARD int contacts_reply(
	struct contacts *c, struct slice header, enum contacts_result *result);

/**
 * The level METRIC gives a learned edge: weak when written to, ordinary with mail both ways; 0
 * for lists.
 */
unsigned int contact_level(const struct contact *contact);

/** Sorts by address; no more collecting afterwards. */
void contacts_sort(struct contacts *c);

static inline size_t
contacts_count(const struct contacts *c)
{
	return c->count;
}

static inline const struct contact *
contacts_at(const struct contacts *c, size_t index)
{
	return &c->items[index];
}

#endif

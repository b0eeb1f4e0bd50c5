/*
 * mutt_alias.h - the address lists in a mutt alias file (muttrc(5), "alias").
 *
 * Sans-I/O, a line at a time:
 *
 *	alias [-group NAME]... KEY ADDRESS[, ADDRESS]...   # comment
 *
 * where ADDRESS is as in a header, `Bob Example <bob@example.net>`, or `bob@example.net (Bob)`.
 * A backslash at the end joins lines. Other commands of a muttrc are passed over.
 */
#ifndef TRUSTCTL_IMPORT_MUTT_ALIAS_H
#define TRUSTCTL_IMPORT_MUTT_ALIAS_H

#include "trustctl/import/lines.h"

/** Longest logical line, as in mutt itself. */
#define MUTT_ALIAS_LINE_MAX 8192

enum mutt_alias_status {
	MUTT_ALIAS_NEED_MORE,
	MUTT_ALIAS_ENTRY, /**< key and addresses are set */
	MUTT_ALIAS_ERROR, /**< error is set; reading goes on */
};

/** key, addresses, line_number and error are for the caller, until the next line. */
struct mutt_alias {
	struct slice key;
	struct slice addresses; /**< an address-list of RFC 5322 */
	uint64_t line_number;   /**< where the entry starts */
	const char *error;

	bool joined; /* the line so far ended in a backslash */
	bool oversized;
	size_t len;
	char text[MUTT_ALIAS_LINE_MAX];
};

void mutt_alias_init(struct mutt_alias *m);

/** Takes the next line. */
enum mutt_alias_status mutt_alias_feed(struct mutt_alias *m, const struct line *line);

/** After the last line, which may have ended in a backslash. */
enum mutt_alias_status mutt_alias_finish(struct mutt_alias *m);

#endif

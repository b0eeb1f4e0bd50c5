/*
 * mbox.h - the headers of the messages in an mbox file (RFC 4155, mboxo, mboxrd), streaming.
 *
 * Sans-I/O, a line at a time. A message starts at a "From " line with a time of day in it
 * that opens the file or follows an empty line; bodies are passed over, so memory is bounded
 * by MBOX_HEADER_MAX whatever the size of the file. A file that does not start with such a
 * line is read as one message.
 */
#ifndef TRUSTCTL_IMPORT_MBOX_H
#define TRUSTCTL_IMPORT_MBOX_H

#include "common/base/dynbuf.h"
#include "trustctl/import/lines.h"

/** Real headers stay below 64 KiB. */
#define MBOX_HEADER_MAX ((size_t)256 * 1024)

enum mbox_state {
	MBOX_BEFORE, /**< nothing but empty lines yet; left at the first line of a message */
	MBOX_HEADER, /**< collecting; left at the empty line */
	MBOX_BODY,   /**< passing over; left at the next "From " line */
};

/** Fields are private. */
struct mbox {
	enum mbox_state state;
	bool after_empty;
	bool cut;
	uint64_t start;
	struct dynbuf header;
};

/** What is known of a message when its header is complete. */
struct mbox_message {
	struct slice
		header; /**< with LF endings, without the "From " line; borrowed until the next line */
	uint64_t line; /**< number of its first line */
	bool cut;      /**< the header was longer than MBOX_HEADER_MAX */
};

void mbox_init(struct mbox *m);
void mbox_fini(struct mbox *m);

/** Takes the next line. True when the header of a message is complete. */
bool mbox_feed(struct mbox *m, const struct line *line, struct mbox_message *out);

/** After the last line: true when a message ended within its header. */
bool mbox_finish(struct mbox *m, struct mbox_message *out);

#endif

/*
 * header.h - the header of a whole message in memory, as an array of fields.
 *
 * One pass, no copy: names and bodies are slices of the message, which must outlive the
 * header; the array is in the arena. Where the header ends follows SpamAssassin (protocol
 * description, 9.1): the empty line; before a line that starts "--"; before the fourth line
 * that is neither a field nor a continuation. Lines end in LF or CRLF, mixed as they come.
 * Field names are compared without ASCII case; blanks between name and colon are allowed
 * (RFC 5322 section 4.5), so that `From :` is a From here as it is in a mail client.
 *
 * Nothing is refused: what is odd sets a flag, and who decides about trust looks at
 * HEADER_DOUBTFUL.
 */
#ifndef COMMON_MAIL_HEADER_H
#define COMMON_MAIL_HEADER_H

#include "common/base/arena.h"

/** From fields that are kept beyond max_fields. */
#define HEADER_LATE_FROM_MAX 8

/**
 * Fields beyond are not in the array (HEADER_CUT), but for a few From; the body is found all
 * the same.
 */
struct header_limits {
	size_t max_fields;
	size_t max_bytes; /**< of the header, from the start of the message */
};

/** Real mail stays below 200 fields and 64 KiB; these leave room and cost 200 KiB at most. */
#define HEADER_LIMITS_DEFAULT \
	((struct header_limits){.max_fields = 2000, .max_bytes = 1024 * 1024})

/** Bits of header.flags. */
enum header_flag {
	HEADER_NO_END = 1 << 0,  /**< the message ended before an empty line: no body */
	HEADER_MBOX = 1 << 1,    /**< a "From " line comes first; it is no field */
	HEADER_CUT = 1 << 2,     /**< a limit left fields out */
	HEADER_NUL = 1 << 3,     /**< a NUL byte in the header */
	HEADER_BARE_CR = 1 << 4, /**< a CR without LF: some clients end a line there */
	HEADER_JUNK = 1 << 5,    /**< a line that is no field, or a continuation of nothing */
	HEADER_BROKEN_OFF = 1 << 6, /**< ended at "--" or at junk, without an empty line */
};

/** What makes it unsafe to believe that a mail client shows the From we see. */
#define HEADER_DOUBTFUL \
	(HEADER_CUT | HEADER_NUL | HEADER_BARE_CR | HEADER_JUNK | HEADER_BROKEN_OFF)

struct header_field {
	struct slice name; /**< without the blanks before the colon */
	struct slice body; /**< raw: folds stay, the last line ending is left out */
	size_t offset;     /**< of the name in the message */
	size_t end;        /**< just behind the line ending of its last line */
};

struct header {
	struct slice message;
	struct header_field *fields; /**< in the order of the message */
	size_t count;
	size_t start;       /**< of the first line behind an mbox line */
	size_t end;         /**< of the last header line; the empty line, if any, starts here */
	size_t body_offset; /**< behind the empty line */
	unsigned int flags; /**< of enum header_flag */
};

/** @return 0 or ERR_NOMEM. */
NODISCARD int header_parse(struct slice message, const struct header_limits *limits,
	struct arena *arena, struct header *out);

/** The nth (from 0, from the top) field of that name, or NULL. */
const struct header_field *header_find(const struct header *h, struct slice name, size_t nth);

size_t header_count(const struct header *h, struct slice name);

/** The next field of that name behind `field` (NULL: the first), or NULL: for loops. */
const struct header_field *header_next(
	const struct header *h, struct slice name, const struct header_field *field);

bool header_field_is(const struct header_field *field, struct slice name);

/**
 * Unfolds a body (RFC 5322 section 2.2.3: the line ending goes, the blank behind it stays)
 * and drops blanks at both ends. A body without folds is returned as it is, others in the
 * arena; data is NULL when that is exhausted.
 */
struct slice header_unfold(struct slice body, struct arena *arena);

#endif

/*
 * message_split.h - cuts a message into mbox line, header, empty line and body, as markup
 * needs it (SPEC 9.1).
 *
 * This is not a parser of mail (that is common/mail): it decides what stays where when fields
 * are added, so it never loses or changes a byte, whatever the message holds. All slices
 * point into the message.
 */
#ifndef COMMON_MAIL_MESSAGE_SPLIT_H
#define COMMON_MAIL_MESSAGE_SPLIT_H

#include "common/base/slice.h"

struct message_split {
	struct slice mbox_line; /**< "From ..." with its line end, or empty */
	struct slice header;    /**< all lines of the header */
	struct slice separator; /**< the empty line; empty where there is none */
	struct slice body;
	bool is_crlf; /**< lines end in CRLF, going by the first and the last */
};

struct message_split message_split(struct slice message);

/** Takes the next line with its line end off *rest; false when nothing is left. */
bool message_next_line(struct slice *rest, struct slice *line_out);

/** A field with its continuation lines. */
struct message_field {
	struct slice name; /**< without blanks before the colon; empty: the line is no field */
	struct slice
		value; /**< raw, folds included, without blanks in front and final line end */
	struct slice line_end; /**< CRLF or LF; empty at the end of a header cut short */
};

/** Takes the next field off *rest, a header; false when nothing is left. */
bool message_next_field(struct slice *rest, struct message_field *field_out);

/** Takes fields off *rest up to the next of that name, in any case; false when there is none. */
bool message_next_named(struct slice *rest, struct slice name, struct message_field *field_out);

/** Finds the last field of that name, in any case; its value alone. */
bool message_last_named(
	struct slice header, struct slice name, struct message_field *field_out);
bool message_last_field(struct slice header, struct slice name, struct slice *value_out);

#endif

/*
 * markup_internal.h - what the two forms of markup share; for nobody else.
 */
#ifndef SPAMD_TRUST_MARKUP_INTERNAL_H
#define SPAMD_TRUST_MARKUP_INTERNAL_H

#include "common/mail/message_split.h"
#include "spamd-trust/markup.h"

/** The line end of the message. */
struct slice markup_eol(const struct message_split *split);

/**
 * Appends text with every line end CRLF where that is the message's; else as it is, as the
 * original leaves a stray CRLF in the header of an LF message. A last line without end stays so.
 */
void markup_add_lines(struct dynbuf *out, struct slice text, struct slice eol);

/**
 * Takes the line that broke off a CRLF header without an empty line, and appends it with CRLF: the
 * original has given it that before it sees that the line is none of the header.
 */
void markup_take_break(struct message_split *split, struct dynbuf *out);

/** Appends the X-Spam-* fields of the verdict (SPEC 9.2 and 9.3). */
void markup_add_headers(const struct presentation *p, struct slice eol, struct dynbuf *out);

/** Appends a rewrite_header tag on one line. */
void markup_expand_tag(const struct presentation *p, struct slice tag, struct dynbuf *out);

/** Spam with report_safe 1 or 2: a wrapper with the report, the message attached (SPEC 9.5). */
void markup_write_wrapper(const struct presentation *p, struct dynbuf *out);

#endif

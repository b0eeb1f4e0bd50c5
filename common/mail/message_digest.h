/*
 * message_digest.h - by what a reported message is known again (SPEC 5.7).
 *
 * A message is what its author wrote: Date, From, To, Cc, Subject and the body. Message-Id,
 * Received, X-Spam-* and all other fields do not count, as they are added or changed on the
 * way to the mailbox a report comes from; nor do line ends, folding, an mbox line, and empty
 * lines at the end. Markup that X-Spam-Checker-Version tells of is undone first: the
 * report_safe wrapping, and fields that rewrite_header changed (their X-Spam-Prev-*).
 *
 * The digest is SHA-256 over this text, made of what the message has:
 *
 *	trust-message-1 LF
 *	name in lower case ":" value with white space runs as one blank LF     for each field
 *	LF
 *	body, lines ended by LF, without empty lines at its end
 *
 * The *lead* is the same over "trust-lead-1" and the first MESSAGE_LEAD_BYTES of that body:
 * made for each proven message as it comes, where the whole would cost too much, to find the
 * decision about it again. An attacker who wants his mail taken for another one has to begin
 * with that one's text, sent to the same recipient in the same second. More of the body would
 * cost more time for each message and hinder nobody who has that text.
 */
#ifndef COMMON_MAIL_MESSAGE_DIGEST_H
#define COMMON_MAIL_MESSAGE_DIGEST_H

#include "common/base/attr.h"
#include "common/base/digest.h"

/** Of the body, for the lead. */
#define MESSAGE_LEAD_BYTES 512

/** @return 0 or ERR_NOMEM. */
NODISCARD int message_digest(struct slice message, struct digest *out);

/** Looks at no more than header and lead, unless it is wrapped. @return 0 or ERR_NOMEM. */
NODISCARD int message_lead(struct slice message, struct digest *out);

struct message_split;

/** As message_lead() of a message that has been split. */
NODISCARD int message_lead_of(
	struct slice message, const struct message_split *split, struct digest *out);

#endif

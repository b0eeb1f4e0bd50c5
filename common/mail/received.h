/*
 * received.h - who handed over to whom, as a Received field records it.
 *
 * RFC 5321 section 4.4 leaves the interesting part, the address of the peer, to comments,
 * and each mail server writes its own: Postfix `from HELO (RDNS [IP])`, sendmail with
 * `USER@RDNS` and `(may be forged)`, Exim `from RDNS ([IP] helo=HELO)` and `from [IP]
 * (helo=HELO)`, qmail `from RDNS (HELO HELO) (IP)`, Exchange `from HELO (IP)`. These are
 * recognised by their shape. What has no known shape is RECEIVED_UNKNOWN: the HELO name is
 * the peer's own words, and an address found just anywhere may be too.
 */
#ifndef COMMON_MAIL_RECEIVED_H
#define COMMON_MAIL_RECEIVED_H

#include "common/base/slice.h"
#include "common/conf/netlist.h"

enum received_kind {
	/** Not understood; nothing else is set. */
	RECEIVED_UNKNOWN,
	/** A peer handed over; `peer` is its address as the server saw it. */
	RECEIVED_FROM_PEER,
	/**
	 * Came into the mail system on this host: Postfix `from userid`, Exim `with local`,
	 * sendmail's `(from user@host)`, qmail's `invoked by uid`, or fetched from a mailbox.
	 * What is below was written by whoever submitted it.
	 */
	RECEIVED_SUBMITTED,
	/**
	 * Passed on within the host or site without naming a peer: LMTP, content filters,
	 * qmail's `invoked from network` (the hop itself is the next field), no from clause.
	 */
	RECEIVED_INSIDE,
};

/** Slices are borrowed from the field body, and empty where it does not say. */
struct received {
	enum received_kind kind;
	struct net_address peer; /**< only for RECEIVED_FROM_PEER */
	struct slice helo;       /**< what the peer called itself: believe nothing */
	struct slice rdns;       /**< its reverse name as the server looked it up */
	/** Nobody saw rdns lead back to the peer: sendmail says so, qmail does not look. */
	bool rdns_is_doubtful;
	struct slice by;   /**< the host that wrote the field */
	struct slice with; /**< "ESMTP", "local", ... */
};

/** Reads a raw field body, folds included. Never fails: see RECEIVED_UNKNOWN. */
void received_parse(struct slice body, struct received *out);

#endif

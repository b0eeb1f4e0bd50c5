/*
 * address_list.h - the addresses of a From, To, Cc or Return-Path field body.
 *
 * Implements address-list and mailbox-list of RFC 5322 section 3.4 with what section 4.4
 * obliges a reader to take (routes, empty elements, blanks and comments inside an address)
 * and what real mail has (8-bit names, "@" in an unquoted display name before an angle
 * address). What could be read in two ways is malformed, never guessed at: mail clients
 * show one of the readings, and not always the one we would have taken. So: whoever grants
 * something because of From asks address_list_is_single(); whoever collects addresses may
 * use the others of a malformed list.
 */
#ifndef COMMON_MAIL_ADDRESS_LIST_H
#define COMMON_MAIL_ADDRESS_LIST_H

#include "common/base/arena.h"
#include "common/mail/address.h"

/** More than any person writes by hand, few enough that a hostile field costs little. */
#define ADDRESS_LIST_MAX 1000

struct mailbox {
	struct slice address; /**< canonical, in the arena */
	struct slice local;   /**< part of address */
	struct slice domain;  /**< part of address */
	/** As in the field, with quotes, folds and encoded words; borrowed; may be empty. */
	struct slice display_name;
};

struct address_list {
	struct mailbox *items;
	size_t count;
	bool malformed;      /**< something could not be read, or a bound was reached */
	size_t malformed_at; /**< offset in the body of the first such place */
};

/**
 * Reads a raw field body, folds included; it must outlive the list. Groups are dissolved.
 * Malformed input is no error, see the flag. @return 0 or ERR_NOMEM.
 */
NODISCARD int address_list_parse(
	struct slice body, bool fold_local_part, struct arena *arena, struct address_list *out);

/** Exactly one address and nothing doubtful. */
static inline bool
address_list_is_single(const struct address_list *list)
{
	return !list->malformed && list->count == 1;
}

/**
 * Reads a path, as in Return-Path or X-Envelope-From: "<alice@example.org>", or bare.
 * @return 0; ERR_NOTFOUND for the null path "<>" (bounces) and for an empty body;
 * ERR_INVALID, ERR_TOOBIG; ERR_NOMEM.
 */
NODISCARD int address_path_parse(struct slice body, bool fold_local_part, struct address *out);

#endif

/*
 * address.h - one mail address (addr-spec, RFC 5321 section 4.1.2, RFC 5322 section 3.4.1,
 * RFC 6531).
 *
 * The canonical form is local-part "@" domain: the domain as domain.h makes it, the local
 * part byte for byte, its ASCII case folded where the caller says so, quoted only where it
 * must be (`"alice"@x` is alice@x, `"a b"@x` stays), so that equal addresses have equal
 * bytes. It holds no control character (C1 included), no NUL and only valid UTF-8. Lists of
 * addresses as in From and To are the business of address_list.h.
 */
#ifndef COMMON_MAIL_ADDRESS_H
#define COMMON_MAIL_ADDRESS_H

#include "common/base/attr.h"
#include "common/base/err.h"
#include "common/base/slice.h"

/** RFC 5321 section 4.5.3.1: local part, domain, and both with the "@". */
#define ADDRESS_LOCAL_MAX 64
#define ADDRESS_TEXT_MAX  320

/** A small value; text is canonical and NUL-terminated. */
struct address {
	uint16_t len;
	uint16_t local_len;
	char text[ADDRESS_TEXT_MAX + 1];
};

/**
 * Reads exactly one addr-spec, without blanks, comments or angle brackets. @return 0;
 * ERR_INVALID (msg has the byte offset); ERR_TOOBIG above the sizes; ERR_NOMEM (domains
 * that are not ASCII). msg may be NULL. *out is unspecified on failure.
 */
NODISCARD int address_parse(
	struct slice text, bool fold_local_part, struct address *out, struct err_msg *msg);

struct lexer;

/**
 * Reads an addr-spec at the lexer's place, with the blanks and comments RFC 5322 allows
 * inside; for the parsers of this directory. @return as address_parse; an error also stops
 * the lexer.
 */
NODISCARD int address_read(struct lexer *lx, bool fold_local_part, struct address *out);

static inline struct slice
address_slice(const struct address *a)
{
	return slice_of(a->text, a->len);
}

static inline struct slice
address_local(const struct address *a)
{
	return slice_of(a->text, a->local_len);
}

/** The canonical domain or address literal. */
static inline struct slice
address_domain(const struct address *a)
{
	return slice_of(a->text + a->local_len + 1, (size_t)(a->len - a->local_len - 1));
}

/**
 * Makes the address without its sub-address: of "alice+shop@example.org" with delimiters
 * "+" that is "alice@example.org". The first delimiter counts, not at the first or last
 * place of the local part; quoted local parts have none. @return false when there is none;
 * *out is then a copy.
 */
bool address_strip_sub_address(
	const struct address *a, const char *delimiters, struct address *out);

#endif

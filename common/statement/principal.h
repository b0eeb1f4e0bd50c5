/*
 * principal.h - anything the graph can speak of, as text and as digest.
 *
 * A principal is written KIND:VALUE: `id:THUMBPRINT` (an identity), `addr:ADDRESS`,
 * `dom:DOMAIN`, `list:LIST-ID`, `key:THUMBPRINT` (a device key), `stmt:ID`. The text is
 * canonical: domains are lower-case A-labels, the ASCII case of local parts is folded
 * where the caller says so, so that equal principals have equal texts. The digest is
 * SHA-256 over the text; private store and ledger refer to principals by it, so that a
 * rebuilt graph does not orphan them.
 */
#ifndef COMMON_STATEMENT_PRINCIPAL_H
#define COMMON_STATEMENT_PRINCIPAL_H

#include "common/base/digest.h"
#include "common/base/err.h"
#include "common/base/slice.h"

/**
 * "addr:" + 64 octets of local part + "@" + 255 of domain (RFC 5321 section 4.5.3.1), rounded
 * up.
 */
#define PRINCIPAL_TEXT_MAX 336

enum principal_kind {
	PRINCIPAL_ID,
	PRINCIPAL_ADDR,
	PRINCIPAL_DOM,
	PRINCIPAL_LIST,
	PRINCIPAL_KEY,
	PRINCIPAL_STMT,
};

/** A small value; text is canonical and NUL-terminated. */
struct principal {
	enum principal_kind kind;
	uint16_t len;
	char text[PRINCIPAL_TEXT_MAX];
};

/**
 * Reads KIND:VALUE and makes it canonical. fold_local_part folds the ASCII case of the
 * local part of an address.
 * @return 0, ERR_INVALID (msg says what is wrong), ERR_TOOBIG.
 */
NODISCARD int principal_parse(
	struct slice text, bool fold_local_part, struct principal *out, struct err_msg *msg);

/**
 * As principal_parse, for what people type: "bob@example.net" is an addr:, "example.org" or
 * "@example.org" a dom:.
 */
NODISCARD int principal_parse_human(
	struct slice text, bool fold_local_part, struct principal *out, struct err_msg *msg);

/** The part behind the colon; borrowed. */
struct slice principal_value(const struct principal *p);

static inline struct slice
principal_slice(const struct principal *p)
{
	return slice_of(p->text, p->len);
}

void principal_digest(const struct principal *p, struct digest *out);

/** Makes addr:ADDRESS of an address that address.h has made canonical. @return 0, ERR_TOOBIG. */
NODISCARD int principal_from_address(struct slice canonical, struct principal *out);

/** Makes id:THUMBPRINT from the 43 characters of a thumbprint, which must be valid. */
NODISCARD int principal_from_thumbprint(struct slice thumbprint, struct principal *out);

#endif

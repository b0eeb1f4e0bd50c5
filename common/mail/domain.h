/*
 * domain.h - domain names in the one form that is compared.
 *
 * Canonical is lower case, A-labels (RFC 5890) and no trailing dot. U-labels are mapped by
 * libidn2 as UTS 46 non-transitional does; names that are all ASCII take a path of their own
 * without it and without allocation. Syntax is that of host names (RFC 1123 section 2.1) with
 * the underscore, which occurs in practice. Whether the name exists is nobody's business here.
 */
#ifndef COMMON_MAIL_DOMAIN_H
#define COMMON_MAIL_DOMAIN_H

#include "common/base/attr.h"
#include "common/base/slice.h"

/** RFC 1035 section 2.3.4, as text without the trailing dot. */
#define DOMAIN_LABEL_MAX 63
#define DOMAIN_TEXT_MAX  253

/** A small value; text is canonical and NUL-terminated. */
struct domain {
	uint16_t len;
	char text[DOMAIN_TEXT_MAX + 1];
};

/**
 * Makes a domain name canonical.
 * @return 0; ERR_INVALID for an empty name or label, a hyphen at the border of a label, another
 * character, bad UTF-8 or a label IDNA refuses; ERR_TOOBIG for a label above 63 or a name above
 * 253 octets; ERR_NOMEM (only for names that are not ASCII). *out is unspecified on failure.
 */
NODISCARD int domain_normalise(struct slice text, struct domain *out);

/**
 * As domain_normalise, and takes address literals (RFC 5321 section 4.1.3) too: "[192.0.2.1]",
 * "[IPv6:2001:db8::1]", whose address comes out in its canonical spelling. Other literals are
 * ERR_INVALID.
 */
NODISCARD int domain_normalise_or_literal(struct slice text, struct domain *out);

static inline struct slice
domain_slice(const struct domain *d)
{
	return slice_of(d->text, d->len);
}

/**
 * Whether d equals the ancestor or lies under it, on label borders: "mail.example.org" is
 * under "example.org", "badexample.org" is not. Both canonical; an empty ancestor has
 * nothing under it, and an address literal only itself.
 */
bool domain_is_same_or_under(struct slice d, struct slice ancestor);

#endif

/*
 * dkim_signature.h - the tags of a DKIM-Signature field that identify it (RFC 6376 section
 * 3.5).
 *
 * Nothing is verified here. Authentication-Results names a signature by header.d, header.s
 * and the first characters of header.b (RFC 6008) but does not say what it covers; this finds
 * the signature meant and tells whether it has an l= tag, and which fields it signs.
 */
#ifndef COMMON_MAIL_DKIM_SIGNATURE_H
#define COMMON_MAIL_DKIM_SIGNATURE_H

#include "common/base/arena.h"
#include "common/base/err.h"

/** A signature has a dozen tags; unknown ones are allowed. */
#define DKIM_TAGS_MAX 64

/** Values without their white space; empty where the tag is absent. In the arena. */
struct dkim_signature {
	struct slice algorithm; /**< a= */
	struct slice domain;    /**< d= as written: compare through domain_normalise */
	struct slice selector;  /**< s= */
	struct slice identity;  /**< i= */
	struct slice signature; /**< b=, base64 */
	struct slice fields;    /**< h=, names of header fields with colons between */
	bool has_length; /**< l= is there: text may have been added behind what was signed */
};

/**
 * Parses a raw field body, folds included.
 * @return 0; ERR_INVALID for a broken tag list, a tag given twice, or without d=, s= or b= (msg
 * has the offset; may be NULL); ERR_TOOBIG above DKIM_TAGS_MAX; ERR_NOMEM.
 */
NODISCARD int dkim_signature_parse(struct slice body, struct arena *arena,
	struct dkim_signature *out, struct err_msg *msg);

/**
 * Whether a verifier that copies a=, b=, d=, i= and s= into its Authentication-Results writes
 * what it means. i= may hold any byte as =HH (dkim-quoted-printable, RFC 6376 section 2.11),
 * and OpenDKIM writes it out decoded: "i=x=3B=20dkim=3Dpass..." is another result then, of
 * whatever domain the sender likes. So the values may hold letters, digits, what a local part
 * without quotes may (RFC 5322 section 3.2.3), "@" and bytes above ASCII, and no blanks,
 * semicolons, quotes, parentheses.
 */
bool dkim_signature_is_plain(const struct dkim_signature *sig);

/**
 * Whether header_b, the value of header.b in Authentication-Results, names this signature:
 * all of b=, or its first characters, at least 8 (RFC 6008 section 4).
 */
bool dkim_signature_is_named(const struct dkim_signature *sig, struct slice header_b);

/**
 * Whether h= lists the field. Then its last instance in the header is signed, or, where h= names it
 * oftener than it is there, that there is none (RFC 6376 section 5.4.2).
 */
bool dkim_signature_covers(const struct dkim_signature *sig, struct slice field);

#endif

/*
 * signatures.h - the DKIM-Signature fields of a message, read once.
 *
 * Authentication-Results says that a signature passed, not whether it covers the whole body, or a
 * certain field. This finds the signature meant and tells. Who writes a message can put any number
 * of decoys beside the real signature, so every doubt counts as "does not cover it": several
 * signatures that the result may mean, one that cannot be read, more than anybody needs.
 */
#ifndef COMMON_SCAN_SIGNATURES_H
#define COMMON_SCAN_SIGNATURES_H

#include "common/mail/dkim_signature.h"
#include "common/mail/header.h"

/** Real mail has one to five; beyond, none of them is believed. */
#define SIGNATURES_MAX 32

/** Fields are private. */
struct signatures {
	struct dkim_signature items[SIGNATURES_MAX]; /* domains canonical */
	size_t count;
	bool is_doubtful; /* one could not be read, or there were too many */
	bool is_plain;    /* none that could be read holds what might have become a result */
};

/** What a result says of the signature it means; empty where it does not say. */
struct signature_name {
	struct slice domain; /**< canonical; d=, or the domain of i=, which may lie below d= */
	struct slice selector; /**< header.s */
	struct slice b;        /**< header.b */
};

/** Reads all of them. @return 0 or ERR_NOMEM. */
NODISCARD int signatures_read(
	const struct header *h, struct arena *arena, struct signatures *out);

/**
 * Can what a verifier wrote be results of his and nothing else? He copies text of the
 * signatures, which any sender may choose (dkim_signature_is_plain()); if not, no result in the
 * message is to be believed.
 */
bool signatures_are_plain(const struct signatures *s);

/**
 * Can two values (selectors, domains) be of one signature? What is not said cannot tell them
 * apart.
 */
bool signatures_agree(struct slice a, struct slice b);

/**
 * May the signature meant leave a part of the body unsigned? One that is no longer in the
 * message says nothing.
 */
bool signatures_may_be_partial(const struct signatures *s, const struct signature_name *meant);

/** Does the signature meant sign that header field, beyond doubt? */
bool signatures_cover(
	const struct signatures *s, const struct signature_name *meant, struct slice field);

#endif

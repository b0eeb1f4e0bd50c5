/*
 * issue.h - making statements: what a person asks for becomes a signed fact.
 *
 * Pure builders over statement_encode: keys, time and sequence numbers are handed in, so the
 * same arguments give the same bytes (Ed25519 signatures are deterministic). trustctl and
 * gossip make statements only through here; storing them is graph_merge.h's business.
 * Lifetimes are the longest the format allows (docs/STATEMENTS.md), counted from now_s.
 */
#ifndef COMMON_STATEMENT_ISSUE_H
#define COMMON_STATEMENT_ISSUE_H

#include "common/statement/statement.h"

/** Who speaks, with which key, when, and to whom. */
struct issuer {
	struct thumbprint identity;
	const struct keypair *signer; /**< borrows: the identity's root or one of its devices */
	uint64_t now_s;
	enum statement_aud aud;
	/** borrows: who speaks for the domain of the address, for bindings; NULL: nobody does */
	const struct keypair *countersigner;
};

/** A finished statement; owns its bytes. */
struct issued {
	struct statement st;
	size_t jws_len;
	char jws[STATEMENT_MAX + 1]; /**< NUL-terminated */
};

static inline struct slice
issued_slice(const struct issued *made)
{
	return slice_of(made->jws, made->jws_len);
}

/*
 * All builders: seq is one more than the greatest of this (issuer, act, subject) so far
 * (graph_last_seq), 1 for the first. @return 0; ERR_INVALID or ERR_RANGE with msg for what
 * the format does not allow; ERR_TOOBIG; ERR_NOMEM; ERR_CRYPTO.
 */

/** The identity itself; signed by its root. @param body may be NULL: no successor, no guardians. */
NODISCARD int issue_identity(const struct issuer *by, uint64_t seq,
	const struct statement_identity_body *body, struct issued *out, struct err_msg *msg);

/** Certifies a device key for 180 days; signed by the root. */
NODISCARD int issue_device(const struct issuer *by, uint64_t seq,
	const struct public_key *device, const struct statement_device_body *body,
	struct issued *out, struct err_msg *msg);

/** "This identity uses this address." Without the second signature where that makes it too long. */
NODISCARD int issue_bind(const struct issuer *by, uint64_t seq, const struct principal *address,
	struct issued *out, struct err_msg *msg);

/** Takes that back. */
NODISCARD int issue_unbind(const struct issuer *by, uint64_t seq,
	const struct principal *address, struct issued *out, struct err_msg *msg);

/** @param level TRUST_LEVEL_NONE takes an earlier vouch back. */
NODISCARD int issue_vouch(const struct issuer *by, uint64_t seq,
	const struct principal *subject, enum trust_level level, struct issued *out,
	struct err_msg *msg);

/** @param why may be STATEMENT_WHY_NONE. */
NODISCARD int issue_block(const struct issuer *by, uint64_t seq,
	const struct principal *subject, enum statement_why why, struct issued *out,
	struct err_msg *msg);

/** Takes an earlier block back. */
NODISCARD int issue_unblock(const struct issuer *by, uint64_t seq,
	const struct principal *subject, struct issued *out, struct err_msg *msg);

/**
 * "I got spam from this sender", for peers to know.
 * @param exp_s when it ends; later than 90 days from now is 90 days from now.
 */
NODISCARD int issue_warn(const struct issuer *by, uint64_t seq, const struct principal *subject,
	uint64_t exp_s, struct issued *out, struct err_msg *msg);

/** Takes that back. */
NODISCARD int issue_unwarn(const struct issuer *by, uint64_t seq,
	const struct principal *subject, struct issued *out, struct err_msg *msg);

/** Why something is revoked, and since when it is not to be believed. */
struct issue_reason {
	enum statement_why why; /**< may be STATEMENT_WHY_NONE */
	uint64_t since_s;
};

/** For good. @param subject id:, key: or stmt:. */
NODISCARD int issue_revoke(const struct issuer *by, uint64_t seq,
	const struct principal *subject, const struct issue_reason *reason, struct issued *out,
	struct err_msg *msg);

/**
 * As a guardian: stop this identity (id:, not the issuer's own).
 * @param why may be STATEMENT_WHY_NONE.
 */
NODISCARD int issue_guard(const struct issuer *by, uint64_t seq,
	const struct principal *identity, enum statement_why why, struct issued *out,
	struct err_msg *msg);

/** Takes that back. */
NODISCARD int issue_unguard(const struct issuer *by, uint64_t seq,
	const struct principal *identity, struct issued *out, struct err_msg *msg);

/** The identity `old` (id:) goes on as the issuer; signed by the issuer's root. */
NODISCARD int issue_succeed(const struct issuer *by, uint64_t seq, const struct principal *old,
	struct issued *out, struct err_msg *msg);

#endif

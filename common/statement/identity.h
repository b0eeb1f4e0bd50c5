/*
 * identity.h - Ed25519 keys, their names, and signatures.
 *
 * The name of a key is the RFC 7638 SHA-256 thumbprint of its public JWK (RFC 8037
 * section 2: {"crv":"Ed25519","kty":"OKP","x":"..."}), base64url, 43 characters. Roots
 * and devices are both just keys here; what a key may sign is the statement module's
 * and the graph's business. Private keys live in opaque key pairs, which only trustctl
 * and gossip ever create; they are cleansed before release.
 */
#ifndef COMMON_STATEMENT_IDENTITY_H
#define COMMON_STATEMENT_IDENTITY_H

#include "common/base/err.h"
#include "common/base/rng.h"
#include "common/base/slice.h"

#define IDENTITY_KEY_LEN        32
#define IDENTITY_SIG_LEN        64
#define IDENTITY_THUMBPRINT_LEN 43

/** A raw Ed25519 public key (RFC 8032). */
struct public_key {
	uint8_t bytes[IDENTITY_KEY_LEN];
};

/** NUL-terminated base64url text of a SHA-256 thumbprint. */
struct thumbprint {
	char text[IDENTITY_THUMBPRINT_LEN + 1];
};

struct keypair;

void public_key_thumbprint(const struct public_key *key, struct thumbprint *out);

static inline bool
thumbprint_eq(const struct thumbprint *a, const struct thumbprint *b)
{
	return strcmp(a->text, b->text) == 0;
}

static inline struct slice
thumbprint_slice(const struct thumbprint *t)
{
	return slice_str(t->text);
}

/** Reads 43 characters of base64url. @return 0 or ERR_INVALID. */
NODISCARD int thumbprint_parse(struct slice text, struct thumbprint *out);

/** Reads 43 characters of base64url; refuses points of small order and non-canonical encodings. */
NODISCARD int public_key_parse(struct slice text, struct public_key *out);

/**
 * False for points of small order and non-canonical encodings (y at or above 2^255 - 19).
 * After "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko; 2020), table 6.
 */
bool public_key_is_acceptable(const struct public_key *key);

/**
 * Verifies strictly (RFC 8032 section 5.1.7, cofactorless): S below the group order, an
 * acceptable key, and R compared as encoded bytes, so that every implementation that checks
 * these three gives the same answer.
 * @return 0, ERR_SIGNATURE, or ERR_CRYPTO when the library failed.
 */
NODISCARD int public_key_verify(const struct public_key *key, struct slice message,
	const uint8_t signature[IDENTITY_SIG_LEN]);

struct evp_pkey_st;

/**
 * A public key made ready for use, which costs a twentieth of a verification, kept for the next
 * signature by the same key. Zero is one without a key. For one thread at a time.
 */
struct verifier {
	struct public_key key;
	struct evp_pkey_st *pkey; /**< owned; NULL: none */
};

/** As public_key_verify(), with what the verifier has from the call before. */
NODISCARD int verifier_check(struct verifier *v, const struct public_key *key,
	struct slice message, const uint8_t signature[IDENTITY_SIG_LEN]);

void verifier_fini(struct verifier *v);

/** @return 0 and an owned key pair; ERR_CRYPTO, ERR_NOMEM. */
NODISCARD int keypair_generate(const struct rng *rng, struct keypair **out);

/** From the 32-byte seed of RFC 8032; the caller cleanses its copy. */
NODISCARD int keypair_from_seed(const uint8_t seed[IDENTITY_KEY_LEN], struct keypair **out);

/** Cleanses and releases; NULL is fine. */
void keypair_free(struct keypair *pair);

/** Borrowed from the pair. */
const struct public_key *keypair_public(const struct keypair *pair);

NODISCARD int keypair_sign(const struct keypair *pair, struct slice message,
	uint8_t signature_out[IDENTITY_SIG_LEN]);

/**
 * Writes a PKCS#8 PEM file, created with mode 0600, never over an existing one, synced
 * before it appears under its name.
 */
NODISCARD int keypair_save(const struct keypair *pair, const char *path, struct err_msg *msg);

/** Reads one; refuses files that others may read or that are not Ed25519. */
NODISCARD int keypair_load(const char *path, struct keypair **out, struct err_msg *msg);

#endif

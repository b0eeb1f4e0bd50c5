/*
 * key_export.h - a private key as a line of text under a passphrase, to be kept off the host.
 *
 *	trust-key1.KIND.IDENTITY.BLOB
 *
 * KIND is `root` or `next`, IDENTITY a thumbprint, BLOB base64url of
 *
 *	 0  log2 of scrypt's N   1   14 to 20
 *	 1  r                    1   8
 *	 2  p                    1   1 to 4
 *	 3  salt                16
 *	19  nonce               12
 *	31  sealed seed         32   of RFC 8032
 *	63  tag                 16
 *
 * The seed is sealed with AES-256-GCM (NIST SP 800-38D) under a key that scrypt (RFC 7914) makes of
 * passphrase and salt; everything before BLOB is authenticated along with it, so that nobody
 * passes one key off as another. 181 characters of ASCII: short enough for a QR code. Pure: no
 * file, no clock; randomness is handed in.
 */
#ifndef COMMON_STATEMENT_KEY_EXPORT_H
#define COMMON_STATEMENT_KEY_EXPORT_H

#include "common/base/dynbuf.h"
#include "common/statement/keystore.h"

/** Longest line that is looked at, bytes; longer than any there is. */
#define KEY_EXPORT_MAX            256
/** Shortest passphrase that is taken for a new export, bytes. */
#define KEY_EXPORT_PASSPHRASE_MIN 8
/** N = 2^17 with r = 8: 128 MiB and about half a second for each guess. */
#define KEY_EXPORT_LOG_N          17
#define KEY_EXPORT_BLOB_LEN       79

/** What a line says without its passphrase. */
struct key_export {
	enum keystore_kind kind; /**< KEYSTORE_ROOT or KEYSTORE_NEXT */
	struct thumbprint identity;
	size_t head_len; /**< bytes before BLOB, which are authenticated */
	uint8_t blob[KEY_EXPORT_BLOB_LEN];
};

/** A passphrase and what a guess at it costs. */
struct key_export_lock {
	struct slice passphrase;
	unsigned int log_n; /**< 14 to 20, usually KEY_EXPORT_LOG_N */
};

/**
 * Appends a line without its end.
 * @return 0; ERR_INVALID for another kind or too short a passphrase; ERR_CRYPTO; ERR_NOMEM.
 */
NODISCARD int key_export_seal(const struct keystore_entry *what, const struct keypair *pair,
	const struct key_export_lock *lock, const struct rng *rng, struct dynbuf *out,
	struct err_msg *msg);

/**
 * Reads a line; white space around it is ignored.
 * @return 0; ERR_INVALID; ERR_TOOBIG; ERR_RANGE.
 */
NODISCARD int key_export_parse(struct slice text, struct key_export *out, struct err_msg *msg);

/**
 * Opens it: the pair is owned by the caller, and `what` says where it belongs.
 * @return 0; as key_export_parse; ERR_SIGNATURE for a wrong passphrase or a changed line;
 * ERR_CRYPTO; ERR_NOMEM.
 */
NODISCARD int key_export_open(struct slice text, struct slice passphrase,
	struct keystore_entry *what, struct keypair **out, struct err_msg *msg);

#endif

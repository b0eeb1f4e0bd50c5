/*
 * join_code.h - the two lines by which a second device joins an identity.
 *
 * The host that has the root shows a code; it is read, scanned or copied to the new device,
 * which makes a key of its own and answers with a request; the host certifies the key.
 *
 *	code     trust-join1.IDENTITY.EXPIRES.SECRET
 *	request  trust-device1.IDENTITY.KEY.LABEL.MAC.SIGNATURE
 *
 * IDENTITY is a thumbprint, EXPIRES seconds since 1970, SECRET 16 random bytes, KEY the raw public
 * key, LABEL what people call the device; all but EXPIRES base64url. MAC is HMAC-SHA256 under
 * SECRET over everything before ".MAC", SIGNATURE that of KEY over everything before
 * ".SIGNATURE". So who certifies knows that the request comes from whom he showed the code, and
 * that its sender has the key; the private key never travels. The code names the identity, so
 * that the device takes a certificate of no other. Pure: no clock, no file.
 */
#ifndef COMMON_STATEMENT_JOIN_CODE_H
#define COMMON_STATEMENT_JOIN_CODE_H

#include "common/base/dynbuf.h"
#include "common/statement/statement.h"

/** A code is good for so long, seconds. */
#define JOIN_CODE_LIFETIME_S 600
#define JOIN_SECRET_LEN      16
/** Longest line of either kind, bytes; longer than any there is. */
#define JOIN_LINE_MAX        512

struct join_code {
	struct thumbprint identity;
	uint64_t expires_s;
	uint8_t secret[JOIN_SECRET_LEN]; /**< to be cleansed */
};

/** What a request says; believe it only after join_request_check. */
struct join_request {
	struct thumbprint identity;
	struct public_key key;
	char label[STATEMENT_LABEL_MAX + 1];
	uint8_t mac[DIGEST_LEN];
	uint8_t signature[IDENTITY_SIG_LEN];
	size_t mac_at;       /**< length of what the MAC covers */
	size_t signature_at; /**< and the signature */
};

/** A fresh code. @return 0 or ERR_CRYPTO. */
NODISCARD int join_code_make(const struct thumbprint *identity, uint64_t now_s,
	const struct rng *rng, struct join_code *out);

/** Appends it as a line without its end. @return 0 or ERR_NOMEM. */
NODISCARD int join_code_print(const struct join_code *code, struct dynbuf *out);

/** White space around it is ignored. @return 0; ERR_INVALID; ERR_TOOBIG. */
NODISCARD int join_code_parse(struct slice text, struct join_code *out, struct err_msg *msg);

/**
 * Answers a code: appends the request of a new device. @param label UTF-8 without control
 * characters, at most STATEMENT_LABEL_MAX bytes.
 * @return 0; ERR_INVALID for the label; ERR_CRYPTO; ERR_NOMEM.
 */
NODISCARD int join_request_make(const struct join_code *code, const struct keypair *device,
	struct slice label, struct dynbuf *out, struct err_msg *msg);

/** White space around it is ignored. @return 0; ERR_INVALID; ERR_TOOBIG. */
NODISCARD int join_request_parse(
	struct slice text, struct join_request *out, struct err_msg *msg);

/**
 * Whether the request, parsed from text, answers the code in time.
 * @return 0; ERR_EXPIRED; ERR_SIGNATURE when it answers another code or was changed; ERR_CRYPTO.
 */
NODISCARD int join_request_check(struct slice text, const struct join_request *request,
	const struct join_code *code, uint64_t now_s, struct err_msg *msg);

#endif

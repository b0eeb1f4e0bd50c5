/*
 * statement.h - the signed facts of the web of trust: one codec, strict both ways.
 *
 * A statement is a JWS in compact serialisation (RFC 7515), Ed25519, at most 1,024
 * bytes: a fixed protected header, a small JSON object of integers and strings, a
 * signature. The codec is pure: no clock, no keys but those handed in. It says whether
 * bytes are a well-formed statement and whether its own key signed it. Whether that key
 * may speak for the issuer, whether the statement is in force, and what it replaces is
 * the graph's business (common/graph).
 *
 *	BASE64URL({"alg":"Ed25519","typ":"trust+jwt"}) "." BASE64URL(payload) "." BASE64URL(sig)
 *
 * id = SHA-256 over `header "." payload`, so signing again makes no new id; the header
 * with "EdDSA" (the older name, RFC 8037) is accepted and never written.
 */
#ifndef COMMON_STATEMENT_STATEMENT_H
#define COMMON_STATEMENT_STATEMENT_H

#include "common/base/digest.h"
#include "common/base/dynbuf.h"
#include "common/base/err.h"
#include "common/statement/identity.h"
#include "common/statement/principal.h"

#define STATEMENT_MAX                   1024
#define STATEMENT_PAYLOAD_MAX           736
/** Longest time from iat to exp, seconds (400 days). */
#define STATEMENT_LIFETIME_MAX_S        ((uint64_t)400 * 86400)
/** Longest certificate of a device, seconds (180 days). */
#define STATEMENT_DEVICE_LIFETIME_MAX_S ((uint64_t)180 * 86400)
#define STATEMENT_VERSION               1

enum statement_act {
	STATEMENT_IDENTITY,
	STATEMENT_DEVICE,
	STATEMENT_BIND,
	STATEMENT_VOUCH,
	STATEMENT_BLOCK,
	STATEMENT_WARN,
	STATEMENT_REVOKE,
	STATEMENT_GUARD,
	STATEMENT_SUCCEED,
	STATEMENT_INTRODUCE,
};

enum statement_aud {
	STATEMENT_OPEN,  /**< relayed to peers in scope */
	STATEMENT_PEERS, /**< direct peers only */
};

enum statement_why {
	STATEMENT_WHY_NONE,
	STATEMENT_WHY_SPAM,
	STATEMENT_WHY_HACKED,
	STATEMENT_WHY_LOST,
	STATEMENT_WHY_RETIRED,
	STATEMENT_WHY_WRONG,
	STATEMENT_WHY_SLANDER,
};

/** Trust levels of an edge; the weights behind them are the metric's. */
enum trust_level {
	TRUST_LEVEL_NONE = 0, /**< withdrawn */
	TRUST_LEVEL_WEAK = 1,
	TRUST_LEVEL_ORDINARY = 2,
	TRUST_LEVEL_STRONG = 3,
};

/**
 * A decoded statement; owns everything it holds. Absent optional claims are zero, exp 0
 * means "none" (revocations only). `body` is the compact JSON text of that object.
 */
struct statement {
	enum statement_act act;
	enum statement_aud aud;
	enum statement_why why;
	uint8_t lvl;
	struct thumbprint iss;
	struct public_key key;
	struct principal sub;
	uint64_t seq;
	uint64_t iat;
	uint64_t exp;
	uint64_t since;
	uint16_t body_len;
	char body[STATEMENT_PAYLOAD_MAX];
	struct digest id; /**< filled by decode and encode */
};

/**
 * Encodes and signs. The result is at most STATEMENT_MAX bytes; st->key and st->id are
 * filled in. @param st must be complete: the same checks as in decoding apply.
 * @return 0; ERR_INVALID or ERR_RANGE with msg; ERR_TOOBIG; ERR_CRYPTO.
 */
NODISCARD int statement_encode(struct statement *st, const struct keypair *signer,
	struct dynbuf *jws_out, struct err_msg *msg);

/**
 * Decodes without looking at the signature: header constant, sizes, base64url, JSON rules
 * (one object, integers, no duplicate keys, nesting at most 2, no unknown claim starting
 * with '!'), every claim's type and range, the claims each act must and must not have.
 * msg->offset is the byte offset in the JWS where that is known.
 * @return 0; ERR_TOOBIG, ERR_INVALID, ERR_RANGE, ERR_VERSION, ERR_UNSUPPORTED (a "!" claim).
 */
NODISCARD int statement_decode(struct slice jws, struct statement *out, struct err_msg *msg);

/** Verifies the signature of a decoded statement's JWS under its own `key`. @return 0 or ERR_SIGNATURE. */
NODISCARD int statement_verify(struct slice jws, const struct statement *st);

/** statement_decode and statement_verify in one. */
NODISCARD int statement_open(struct slice jws, struct statement *out, struct err_msg *msg);

/** True when iat is not more than skew_s in the future and now is before exp. */
bool statement_is_current(const struct statement *st, uint64_t now_s, uint64_t skew_s);

const char *statement_act_name(enum statement_act act);
NODISCARD int statement_act_parse(struct slice name, enum statement_act *out);
const char *statement_aud_name(enum statement_aud aud);
const char *statement_why_name(enum statement_why why);
NODISCARD int statement_why_parse(struct slice name, enum statement_why *out);
const char *trust_level_name(unsigned int level);
/** "weak", "ordinary", "strong", or 1 to 3. */
NODISCARD int trust_level_parse(struct slice text, unsigned int *out);

#endif

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

#include <stdbool.h>

#include "common/base/digest.h"
#include "common/base/dynbuf.h"
#include "common/base/err.h"
#include "common/statement/identity.h"
#include "common/statement/principal.h"

/** Longest JWS, bytes. */
#define STATEMENT_MAX                   1024
/**
 * What is left for the payload: the shorter header (44), two dots and the signature (86) taken
 * off, as base64url.
 */
#define STATEMENT_PAYLOAD_MAX           ((STATEMENT_MAX - 44 - 2 - 86) * 3 / 4)
/** Greatest iat and exp (9999-12-31), so that both can always be printed. */
#define STATEMENT_TIME_MAX_S            ((uint64_t)253402300799)
/** Longest time from iat to exp, seconds (400 days). */
#define STATEMENT_LIFETIME_MAX_S        ((uint64_t)400 * 86400)
/** Longest certificate of a device, seconds (180 days). */
#define STATEMENT_DEVICE_LIFETIME_MAX_S ((uint64_t)180 * 86400)
/** Longest warning, seconds (90 days). */
#define STATEMENT_WARN_LIFETIME_MAX_S   ((uint64_t)90 * 86400)
/** Longest introduction, seconds (30 days). */
#define STATEMENT_INTRO_LIFETIME_MAX_S  ((uint64_t)30 * 86400)
#define STATEMENT_VERSION               1
/** As many thumbprints as fit a statement of 1,024 bytes beside everything else. */
#define STATEMENT_GUARDIANS_MAX         7
/** Longest label of a device, bytes of UTF-8. */
#define STATEMENT_LABEL_MAX             64

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

enum statement_role {
	STATEMENT_ROLE_MAIL, /**< signs mail and statements of a person */
	STATEMENT_ROLE_NODE, /**< speaks for a host of a site */
};

/** `body` of an identity. */
struct statement_identity_body {
	struct thumbprint next; /**< the committed next root; empty text: none */
	struct thumbprint guardians[STATEMENT_GUARDIANS_MAX];
	uint8_t guardian_count;
	uint8_t needed; /**< guardians who can stop it together, 1..guardian_count; 0 without any */
	bool signs_always; /**< mail of this identity is always signed */
};

/** `body` of a device. The label is UTF-8 for people, without control characters; may be empty. */
struct statement_device_body {
	enum statement_role role;
	char label[STATEMENT_LABEL_MAX + 1];
};

/**
 * `body` of a binding: a second signature, by who speaks for the address's domain, over
 * statement_countersigned_text(). It counts where that key is known to speak for the domain.
 */
struct statement_bind_body {
	bool is_countersigned;
	struct public_key by;
	uint8_t signature[IDENTITY_SIG_LEN];
};

/** `body` of an introduction: the one recipient it is for, an id: or addr:. */
struct statement_introduce_body {
	struct principal to;
};

/**
 * A decoded statement; owns everything it holds. Absent optional claims are zero, with two
 * exceptions: an absent `aud` is STATEMENT_PEERS, the narrower one, and an absent `lvl` is 1
 * in the acts that may have one, so that 0 always means withdrawn. exp 0 means "none"
 * (revocations only). Which member of `body` is in use follows from `act`; acts without
 * one leave it zero.
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
	union {
		struct statement_identity_body identity;
		struct statement_device_body device;
		struct statement_introduce_body introduce;
		struct statement_bind_body bind;
	} body;
	struct digest id; /**< filled by decode and encode */
};

/**
 * Encodes and signs: claims in fixed order, no white space, so that equal statements are
 * equal bytes. The result, at most STATEMENT_MAX bytes, is appended to jws_out; st->key
 * and st->id are filled in. @param st must be complete: the same checks as in decoding
 * apply, and jws_out stays as it was when they fail.
 * @return 0; ERR_INVALID or ERR_RANGE with msg; ERR_TOOBIG; ERR_NOMEM; ERR_CRYPTO.
 */
NODISCARD int statement_encode(struct statement *st, const struct keypair *signer,
	struct dynbuf *jws_out, struct err_msg *msg);

/**
 * Decodes without looking at the signature: header constant, sizes, base64url, JSON rules
 * (one object, integers, no duplicate keys, nesting at most 2, no unknown claim starting
 * with '!'), every claim's type and range, the claims each act must and must not have, and
 * who may sign where the statement alone tells. docs/STATEMENTS.md is the format in full.
 * msg->offset is the byte offset in the JWS where that is known.
 * @return 0; ERR_TOOBIG; ERR_INVALID; ERR_RANGE (a number or a validity outside its limits);
 * ERR_VERSION (`ver` is not 1); ERR_UNSUPPORTED (a "!" claim, an unknown act, a `seal:`
 * subject: made by a newer implementation); ERR_NOMEM.
 */
NODISCARD int statement_decode(struct slice jws, struct statement *out, struct err_msg *msg);

/**
 * Longest text that is countersigned: "trust+bind", issuer, subject, and exp, a space between.
 */
#define STATEMENT_COUNTERSIGNED_MAX \
	(11 + IDENTITY_THUMBPRINT_LEN + 1 + PRINCIPAL_TEXT_MAX + 1 + 20 + 1)

/** What the countersigner of a binding signs; NUL-terminated. */
void statement_countersigned_text(
	const struct statement *st, char out[STATEMENT_COUNTERSIGNED_MAX]);

/**
 * Verifies the signature of a decoded statement's JWS under its own `key`, and of a binding the
 * countersignature, where there is one. @return 0, ERR_SIGNATURE, ERR_CRYPTO.
 */
NODISCARD int statement_verify(struct slice jws, const struct statement *st);

/** The same with a verifier, for many statements of which those of one key follow each other. */
NODISCARD int statement_verify_next(
	struct verifier *v, struct slice jws, const struct statement *st);

/** statement_decode and statement_verify in one. */
NODISCARD int statement_open(struct slice jws, struct statement *out, struct err_msg *msg);

/**
 * True when iat is not more than skew_s in the future and now is before exp (revocations never
 * end).
 */
bool statement_is_current(const struct statement *st, uint64_t now_s, uint64_t skew_s);

/** True when the statement takes back what its register said: `lvl` 0 in an act that has levels. */
bool statement_is_withdrawal(const struct statement *st);

/** True when the identity's root itself signed: the thumbprint of `key` is `iss`. */
bool statement_is_by_root(const struct statement *st);

const char *statement_act_name(enum statement_act act);
NODISCARD int statement_act_parse(struct slice name, enum statement_act *out);
const char *statement_aud_name(enum statement_aud aud);
const char *statement_why_name(enum statement_why why);
NODISCARD int statement_why_parse(struct slice name, enum statement_why *out);
const char *statement_role_name(enum statement_role role);
const char *trust_level_name(unsigned int level);
/** "weak", "ordinary", "strong", or 1 to 3. */
NODISCARD int trust_level_parse(struct slice text, unsigned int *out);

#endif

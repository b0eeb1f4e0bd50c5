/*
 * statement_private.h - what the files of the statement codec share.
 *
 *	statement.c          the JWS around the payload: sizes, header, id, signature
 *	statement_names.c    names of acts, reasons, levels
 *	small_json.c         JSON as payloads may have it
 *	statement_claims.c   payload to struct: the type and range of every claim
 *	statement_rules.c    which claims, subjects, lifetimes and signers each act may have
 *	statement_write.c    struct to payload
 */
#ifndef COMMON_STATEMENT_STATEMENT_PRIVATE_H
#define COMMON_STATEMENT_STATEMENT_PRIVATE_H

#include "common/statement/statement.h"

/** The claims this version knows, in the order they are written. */
enum statement_claim {
	CLAIM_VER,
	CLAIM_ACT,
	CLAIM_ISS,
	CLAIM_KEY,
	CLAIM_SUB,
	CLAIM_SEQ,
	CLAIM_IAT,
	CLAIM_EXP,
	CLAIM_LVL,
	CLAIM_AUD,
	CLAIM_WHY,
	CLAIM_SINCE,
	CLAIM_BODY,
	CLAIM_COUNT,
};

/** A set of claims, one bit each. */
typedef uint32_t statement_claim_set;

#define CLAIM_BIT(claim) ((statement_claim_set)1 << (claim))

extern const char *const statement_claim_names[CLAIM_COUNT];

/**
 * Reads a payload and applies every rule; out->id is left alone. msg->offset counts in the
 * payload.
 */
NODISCARD int statement_payload_parse(
	struct slice payload, struct statement *out, struct err_msg *msg);

/** Appends the payload of st, without judging it: who encodes parses it again. */
void statement_payload_print(const struct statement *st, struct dynbuf *out);

/** Claims that must and must not be there. @return 0 or ERR_INVALID. */
NODISCARD int statement_check_presence(
	enum statement_act act, statement_claim_set present, struct err_msg *msg);

/**
 * Subject, lifetime, audience and signer of a statement whose claims are read.
 * @return 0, ERR_INVALID, ERR_RANGE.
 */
NODISCARD int statement_check_rules(
	const struct statement *st, statement_claim_set present, struct err_msg *msg);

/** Whether an act may carry `lvl`. */
bool statement_act_has_level(enum statement_act act);

NODISCARD int statement_aud_parse(struct slice name, enum statement_aud *out);
NODISCARD int statement_role_parse(struct slice name, enum statement_role *out);

#endif

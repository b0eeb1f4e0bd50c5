#include <inttypes.h>

#include "common/statement/statement_private.h"

/* In every statement; `aud` may be left out in all of them. */
#define CLAIMS_COMMON                                                                \
	(CLAIM_BIT(CLAIM_VER) | CLAIM_BIT(CLAIM_ACT) | CLAIM_BIT(CLAIM_ISS) |        \
		CLAIM_BIT(CLAIM_KEY) | CLAIM_BIT(CLAIM_SUB) | CLAIM_BIT(CLAIM_SEQ) | \
		CLAIM_BIT(CLAIM_IAT))
#define CLAIMS_LASTING (CLAIMS_COMMON | CLAIM_BIT(CLAIM_EXP))

/* `body` may be there in every act; where it has no members of ours it is like an unknown claim. */
#define CLAIMS_FREE (CLAIM_BIT(CLAIM_AUD) | CLAIM_BIT(CLAIM_BODY))

#define LVL CLAIM_BIT(CLAIM_LVL)
#define WHY CLAIM_BIT(CLAIM_WHY)

#define SUB(kind)  (1U << PRINCIPAL_##kind)
#define SUB_SENDER (SUB(ID) | SUB(ADDR) | SUB(DOM) | SUB(LIST))

/* What the statement alone can tell about who may sign it. */
enum signer {
	SIGNER_ANY, /* the root or a device; which devices are certified is the graph's business */
	SIGNER_ROOT,   /* the thumbprint of the key is iss */
	SIGNER_REVOKE, /* the revoked key itself, or the root */
};

struct rules {
	statement_claim_set required;
	statement_claim_set optional; /* beside CLAIMS_FREE */
	unsigned int subjects;
	uint64_t lifetime_max_s;
	enum signer signer;
};

static const struct rules rules_of[] = {
	[STATEMENT_IDENTITY] = {CLAIMS_LASTING, 0, SUB(ID), STATEMENT_LIFETIME_MAX_S,
		SIGNER_ROOT},
	[STATEMENT_DEVICE] = {CLAIMS_LASTING, 0, SUB(KEY), STATEMENT_DEVICE_LIFETIME_MAX_S,
		SIGNER_ROOT},
	[STATEMENT_BIND] = {CLAIMS_LASTING, LVL, SUB(ADDR), STATEMENT_LIFETIME_MAX_S,
		SIGNER_ANY},
	[STATEMENT_VOUCH] = {CLAIMS_LASTING | LVL, WHY, SUB_SENDER, STATEMENT_LIFETIME_MAX_S,
		SIGNER_ANY},
	[STATEMENT_BLOCK] = {CLAIMS_LASTING, LVL | WHY, SUB_SENDER, STATEMENT_LIFETIME_MAX_S,
		SIGNER_ANY},
	[STATEMENT_WARN] = {CLAIMS_LASTING, LVL | WHY, SUB_SENDER,
		STATEMENT_WARN_LIFETIME_MAX_S, SIGNER_ANY},
	[STATEMENT_REVOKE] = {CLAIMS_COMMON, WHY | CLAIM_BIT(CLAIM_SINCE),
		SUB(ID) | SUB(KEY) | SUB(STMT), 0, SIGNER_REVOKE},
	[STATEMENT_GUARD] = {CLAIMS_LASTING, LVL | WHY, SUB(ID), STATEMENT_LIFETIME_MAX_S,
		SIGNER_ANY},
	[STATEMENT_SUCCEED] = {CLAIMS_LASTING, 0, SUB(ID), STATEMENT_LIFETIME_MAX_S,
		SIGNER_ROOT},
	[STATEMENT_INTRODUCE] = {CLAIMS_LASTING | CLAIM_BIT(CLAIM_BODY), LVL,
		SUB(ID) | SUB(ADDR), STATEMENT_INTRO_LIFETIME_MAX_S, SIGNER_ANY},
};

bool
statement_act_has_level(enum statement_act act)
{
	return ((rules_of[act].required | rules_of[act].optional) & LVL) != 0;
}

/* first_claim - the name of the first claim of a set that is not empty */
static const char *
first_claim(statement_claim_set set)
{
	size_t i = 0;

	while ((set & CLAIM_BIT(i)) == 0) {
		i++;
	}
	return statement_claim_names[i];
}

int
statement_check_presence(
	enum statement_act act, statement_claim_set present, struct err_msg *msg)
{
	const struct rules *rules = &rules_of[act];
	statement_claim_set missing = rules->required & ~present;
	statement_claim_set excess =
		present & ~(rules->required | rules->optional | CLAIMS_FREE);

	if (missing != 0) {
		return err_set(msg, ERR_INVALID, "%s: claim `%s` is missing",
			statement_act_name(act), first_claim(missing));
	}
	if (excess != 0) {
		return err_set(msg, ERR_INVALID, "%s: claim `%s` has no place here",
			statement_act_name(act), first_claim(excess));
	}
	return 0;
}

/* is_own - whether the subject names the issuer itself */
static bool
is_own(const struct statement *st)
{
	return slice_eq(principal_value(&st->sub), thumbprint_slice(&st->iss));
}

static int
check_subject(const struct statement *st, struct err_msg *msg)
{
	const char *act = statement_act_name(st->act);

	if ((rules_of[st->act].subjects & (1U << st->sub.kind)) == 0) {
		return err_set(msg, ERR_INVALID, "%s: not of this kind of subject", act);
	}
	if (st->act == STATEMENT_IDENTITY && !is_own(st)) {
		return err_set(msg, ERR_INVALID, "%s: `sub` must be the issuer itself", act);
	}
	if ((st->act == STATEMENT_DEVICE || st->act == STATEMENT_GUARD ||
		    st->act == STATEMENT_SUCCEED) &&
		is_own(st)) {
		return err_set(
			msg, ERR_INVALID, "%s: `sub` must not be the issuer itself", act);
	}
	return 0;
}

static int
check_times(const struct statement *st, struct err_msg *msg)
{
	const char *act = statement_act_name(st->act);
	uint64_t max_s = rules_of[st->act].lifetime_max_s;

	if (max_s == 0) {
		return 0;
	}
	if (st->exp <= st->iat) {
		return err_set(msg, ERR_RANGE, "%s: `exp` is not after `iat`", act);
	}
	if (st->exp - st->iat > max_s) {
		return err_set(msg, ERR_RANGE,
			"%s: `exp` is more than %" PRIu64 " days after `iat`", act,
			max_s / 86400);
	}
	return 0;
}

/* check_revoked - a revocation comes from the key it is about, or from the root above it */
static int
check_revoked(const struct statement *st, statement_claim_set present,
	const struct thumbprint *signer, struct err_msg *msg)
{
	bool by_root = thumbprint_eq(signer, &st->iss);

	if (st->sub.kind == PRINCIPAL_STMT) {
		return 0; /* whose statement it is, the graph knows */
	}
	if ((present & CLAIM_BIT(CLAIM_SINCE)) == 0) {
		return err_set(msg, ERR_INVALID, "revoke: claim `since` is missing");
	}
	if (st->sub.kind == PRINCIPAL_ID && !(by_root && is_own(st))) {
		return err_set(
			msg, ERR_INVALID, "revoke: only its own root revokes an identity");
	}
	if (!by_root && !slice_eq(principal_value(&st->sub), thumbprint_slice(signer))) {
		return err_set(msg, ERR_INVALID,
			"revoke: `key` is neither the revoked key nor the root of `iss`");
	}
	return 0;
}

static int
check_signer(const struct statement *st, statement_claim_set present, struct err_msg *msg)
{
	struct thumbprint signer;

	switch (rules_of[st->act].signer) {
	case SIGNER_ANY:
		return 0;
	case SIGNER_ROOT:
		return statement_is_by_root(st)
			       ? 0
			       : err_set(msg, ERR_INVALID, "%s: `key` is not the root of `iss`",
					 statement_act_name(st->act));
	case SIGNER_REVOKE:
		public_key_thumbprint(&st->key, &signer);
		return check_revoked(st, present, &signer, msg);
	}
	return ERR_INVALID;
}

int
statement_check_rules(
	const struct statement *st, statement_claim_set present, struct err_msg *msg)
{
	int ret = check_subject(st, msg);

	if (ret == 0) {
		ret = check_times(st, msg);
	}
	if (ret == 0 && st->act == STATEMENT_WARN && st->aud != STATEMENT_PEERS) {
		ret = err_set(msg, ERR_INVALID, "warn: `aud` must be peers");
	}
	return ret == 0 ? check_signer(st, present, msg) : ret;
}

bool
statement_is_current(const struct statement *st, uint64_t now_s, uint64_t skew_s)
{
	if (st->iat > now_s && st->iat - now_s > skew_s) {
		return false;
	}
	return st->exp == 0 || now_s < st->exp;
}

bool
statement_is_withdrawal(const struct statement *st)
{
	return st->lvl == TRUST_LEVEL_NONE && statement_act_has_level(st->act);
}

bool
statement_is_by_root(const struct statement *st)
{
	struct thumbprint signer;

	public_key_thumbprint(&st->key, &signer);
	return thumbprint_eq(&signer, &st->iss);
}

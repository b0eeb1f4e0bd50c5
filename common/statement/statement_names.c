#include "common/base/strnum.h"
#include "common/statement/statement_private.h"

const char *const statement_claim_names[CLAIM_COUNT] = {
	[CLAIM_VER] = "ver",
	[CLAIM_ACT] = "act",
	[CLAIM_ISS] = "iss",
	[CLAIM_KEY] = "key",
	[CLAIM_SUB] = "sub",
	[CLAIM_SEQ] = "seq",
	[CLAIM_IAT] = "iat",
	[CLAIM_EXP] = "exp",
	[CLAIM_LVL] = "lvl",
	[CLAIM_AUD] = "aud",
	[CLAIM_WHY] = "why",
	[CLAIM_SINCE] = "since",
	[CLAIM_BODY] = "body",
};

static const char *const act_names[] = {
	[STATEMENT_IDENTITY] = "identity",
	[STATEMENT_DEVICE] = "device",
	[STATEMENT_BIND] = "bind",
	[STATEMENT_VOUCH] = "vouch",
	[STATEMENT_BLOCK] = "block",
	[STATEMENT_WARN] = "warn",
	[STATEMENT_REVOKE] = "revoke",
	[STATEMENT_GUARD] = "guard",
	[STATEMENT_SUCCEED] = "succeed",
	[STATEMENT_INTRODUCE] = "introduce",
};

static const char *const aud_names[] = {
	[STATEMENT_OPEN] = "open",
	[STATEMENT_PEERS] = "peers",
};

/* STATEMENT_WHY_NONE is the absence of the claim and has no name on the wire. */
static const char *const why_names[] = {
	[STATEMENT_WHY_NONE] = "",
	[STATEMENT_WHY_SPAM] = "spam",
	[STATEMENT_WHY_HACKED] = "hacked",
	[STATEMENT_WHY_LOST] = "lost",
	[STATEMENT_WHY_RETIRED] = "retired",
	[STATEMENT_WHY_WRONG] = "wrong",
	[STATEMENT_WHY_SLANDER] = "slander",
};

static const char *const role_names[] = {
	[STATEMENT_ROLE_MAIL] = "mail",
	[STATEMENT_ROLE_NODE] = "node",
};

static const char *const level_names[] = {
	[TRUST_LEVEL_NONE] = "none",
	[TRUST_LEVEL_WEAK] = "weak",
	[TRUST_LEVEL_ORDINARY] = "ordinary",
	[TRUST_LEVEL_STRONG] = "strong",
};

/* find_name - the index of name in names[first..count-1]; ERR_NOTFOUND */
static int
find_name(const char *const *names, size_t first, size_t count, struct slice name,
	unsigned int *out)
{
	for (size_t i = first; i < count; i++) {
		if (slice_eq(name, slice_str(names[i]))) {
			*out = (unsigned int)i;
			return 0;
		}
	}
	return ERR_NOTFOUND;
}

const char *
statement_act_name(enum statement_act act)
{
	return act_names[act];
}

int
statement_act_parse(struct slice name, enum statement_act *out)
{
	return find_name(act_names, 0, ARRAY_LEN(act_names), name, out);
}

const char *
statement_aud_name(enum statement_aud aud)
{
	return aud_names[aud];
}

int
statement_aud_parse(struct slice name, enum statement_aud *out)
{
	return find_name(aud_names, 0, ARRAY_LEN(aud_names), name, out);
}

const char *
statement_why_name(enum statement_why why)
{
	return why_names[why];
}

int
statement_why_parse(struct slice name, enum statement_why *out)
{
	return find_name(why_names, STATEMENT_WHY_SPAM, ARRAY_LEN(why_names), name, out);
}

const char *
statement_role_name(enum statement_role role)
{
	return role_names[role];
}

int
statement_role_parse(struct slice name, enum statement_role *out)
{
	return find_name(role_names, 0, ARRAY_LEN(role_names), name, out);
}

const char *
trust_level_name(unsigned int level)
{
	return level < ARRAY_LEN(level_names) ? level_names[level] : "unknown";
}

int
trust_level_parse(struct slice text, unsigned int *out)
{
	uint32_t level = 0;

	if (find_name(level_names, TRUST_LEVEL_WEAK, ARRAY_LEN(level_names), text, out) == 0) {
		return 0;
	}
	if (strnum_u32(text, TRUST_LEVEL_STRONG, &level) != 0 || level == TRUST_LEVEL_NONE) {
		return ERR_INVALID;
	}
	*out = level;
	return 0;
}

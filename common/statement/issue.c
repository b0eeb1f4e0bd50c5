#include "common/statement/issue.h"

/* begin - a statement with what all acts have */
static struct statement
begin(const struct issuer *by, enum statement_act act, uint64_t seq,
	const struct principal *subject)
{
	return (struct statement){
		.act = act,
		.aud = by->aud,
		.iss = by->identity,
		.sub = *subject,
		.seq = seq,
		.iat = by->now_s,
	};
}

/* finish - encodes st into *out */
static int
finish(const struct issuer *by, const struct statement *st, struct issued *out,
	struct err_msg *msg)
{
	struct dynbuf jws;
	struct slice text;
	int ret = 0;

	dynbuf_init(&jws, STATEMENT_MAX);
	*out = (struct issued){.st = *st};
	ret = statement_encode(&out->st, by->signer, &jws, msg);
	if (ret == 0) {
		text = dynbuf_slice(&jws);
		memcpy(out->jws, text.data, text.len);
		out->jws_len = text.len;
	}
	dynbuf_fini(&jws);
	return ret;
}

/* key_principal - key:THUMBPRINT of a public key */
static int
key_principal(const struct public_key *key, struct principal *out, struct err_msg *msg)
{
	char text[PRINCIPAL_TEXT_MAX] = "key:";
	struct thumbprint thumbprint;

	public_key_thumbprint(key, &thumbprint);
	memcpy(text + 4, thumbprint.text, sizeof(thumbprint.text));
	return principal_parse(slice_str(text), false, out, msg);
}

int
issue_identity(const struct issuer *by, uint64_t seq,
	const struct statement_identity_body *body, struct issued *out, struct err_msg *msg)
{
	struct principal self;
	struct statement st;

	if (principal_from_thumbprint(thumbprint_slice(&by->identity), &self) != 0) {
		return err_set(msg, ERR_INVALID, "the issuer has no valid thumbprint");
	}
	st = begin(by, STATEMENT_IDENTITY, seq, &self);
	st.exp = st.iat + STATEMENT_LIFETIME_MAX_S;
	if (body != NULL) {
		st.body.identity = *body;
	}
	return finish(by, &st, out, msg);
}

int
issue_device(const struct issuer *by, uint64_t seq, const struct public_key *device,
	const struct statement_device_body *body, struct issued *out, struct err_msg *msg)
{
	struct principal key;
	struct statement st;
	int ret = key_principal(device, &key, msg);

	if (ret != 0) {
		return ret;
	}
	st = begin(by, STATEMENT_DEVICE, seq, &key);
	st.exp = st.iat + STATEMENT_DEVICE_LIFETIME_MAX_S;
	st.body.device = *body;
	return finish(by, &st, out, msg);
}

/* countersign - by who speaks for the domain, if anybody does */
static int
countersign(const struct issuer *by, struct statement *st)
{
	struct statement_bind_body *body = &st->body.bind;
	char text[STATEMENT_COUNTERSIGNED_MAX];

	if (by->countersigner == NULL) {
		return 0;
	}
	statement_countersigned_text(st, text);
	body->is_countersigned = true;
	body->by = *keypair_public(by->countersigner);
	return keypair_sign(by->countersigner, slice_str(text), body->signature);
}

int
issue_bind(const struct issuer *by, uint64_t seq, const struct principal *address,
	struct issued *out, struct err_msg *msg)
{
	struct statement st = begin(by, STATEMENT_BIND, seq, address);

	int ret;

	st.exp = st.iat + STATEMENT_LIFETIME_MAX_S;
	st.lvl = TRUST_LEVEL_WEAK;
	ret = countersign(by, &st);
	if (ret != 0) {
		return err_set(
			msg, ret, "the binding cannot be countersigned: %s", err_text(ret));
	}
	ret = finish(by, &st, out, msg);
	if (ret == ERR_TOOBIG && st.body.bind.is_countersigned) {
		st.body.bind = (struct statement_bind_body){.is_countersigned = false};
		ret = finish(by, &st, out, msg);
	}
	return ret;
}

int
issue_unbind(const struct issuer *by, uint64_t seq, const struct principal *address,
	struct issued *out, struct err_msg *msg)
{
	struct statement st = begin(by, STATEMENT_BIND, seq, address);

	st.exp = st.iat + STATEMENT_LIFETIME_MAX_S;
	st.lvl = TRUST_LEVEL_NONE;
	return finish(by, &st, out, msg);
}

int
issue_vouch(const struct issuer *by, uint64_t seq, const struct principal *subject,
	enum trust_level level, struct issued *out, struct err_msg *msg)
{
	struct statement st = begin(by, STATEMENT_VOUCH, seq, subject);

	st.exp = st.iat + STATEMENT_LIFETIME_MAX_S;
	st.lvl = (uint8_t)level;
	return finish(by, &st, out, msg);
}

/* finish_switch - a block or a guard: there (weak, with a reason) or taken back (none) */
static int
finish_switch(const struct issuer *by, struct statement *st, uint8_t lvl,
	enum statement_why why, struct issued *out, struct err_msg *msg)
{
	st->exp = st->iat + STATEMENT_LIFETIME_MAX_S;
	st->lvl = lvl;
	st->why = why;
	return finish(by, st, out, msg);
}

int
issue_block(const struct issuer *by, uint64_t seq, const struct principal *subject,
	enum statement_why why, struct issued *out, struct err_msg *msg)
{
	struct statement st = begin(by, STATEMENT_BLOCK, seq, subject);

	return finish_switch(by, &st, TRUST_LEVEL_WEAK, why, out, msg);
}

int
issue_unblock(const struct issuer *by, uint64_t seq, const struct principal *subject,
	struct issued *out, struct err_msg *msg)
{
	struct statement st = begin(by, STATEMENT_BLOCK, seq, subject);

	return finish_switch(by, &st, TRUST_LEVEL_NONE, STATEMENT_WHY_NONE, out, msg);
}

int
issue_warn(const struct issuer *by, uint64_t seq, const struct principal *subject,
	uint64_t exp_s, struct issued *out, struct err_msg *msg)
{
	struct statement st = begin(by, STATEMENT_WARN, seq, subject);
	uint64_t latest_s = st.iat + STATEMENT_WARN_LIFETIME_MAX_S;

	st.exp = exp_s < latest_s ? exp_s : latest_s;
	st.lvl = TRUST_LEVEL_WEAK;
	st.why = STATEMENT_WHY_SPAM;
	return finish(by, &st, out, msg);
}

int
issue_unwarn(const struct issuer *by, uint64_t seq, const struct principal *subject,
	struct issued *out, struct err_msg *msg)
{
	struct statement st = begin(by, STATEMENT_WARN, seq, subject);

	st.exp = st.iat + STATEMENT_WARN_LIFETIME_MAX_S;
	st.lvl = TRUST_LEVEL_NONE;
	return finish(by, &st, out, msg);
}

int
issue_revoke(const struct issuer *by, uint64_t seq, const struct principal *subject,
	const struct issue_reason *reason, struct issued *out, struct err_msg *msg)
{
	struct statement st = begin(by, STATEMENT_REVOKE, seq, subject);

	st.why = reason->why;
	st.since = reason->since_s;
	return finish(by, &st, out, msg);
}

int
issue_guard(const struct issuer *by, uint64_t seq, const struct principal *identity,
	enum statement_why why, struct issued *out, struct err_msg *msg)
{
	struct statement st = begin(by, STATEMENT_GUARD, seq, identity);

	return finish_switch(by, &st, TRUST_LEVEL_WEAK, why, out, msg);
}

int
issue_unguard(const struct issuer *by, uint64_t seq, const struct principal *identity,
	struct issued *out, struct err_msg *msg)
{
	struct statement st = begin(by, STATEMENT_GUARD, seq, identity);

	return finish_switch(by, &st, TRUST_LEVEL_NONE, STATEMENT_WHY_NONE, out, msg);
}

int
issue_succeed(const struct issuer *by, uint64_t seq, const struct principal *old,
	struct issued *out, struct err_msg *msg)
{
	struct statement st = begin(by, STATEMENT_SUCCEED, seq, old);

	st.exp = st.iat + STATEMENT_LIFETIME_MAX_S;
	return finish(by, &st, out, msg);
}

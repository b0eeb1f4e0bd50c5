#include "tests/support/people.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/encoding.h"

static void
must(int rc, const struct err_msg *msg)
{
	if (rc != 0) {
		(void)fprintf(stderr, "people: %s: %s\n", err_text(rc), msg->text);
		abort();
	}
}

void
person_make(struct person *p, uint8_t number)
{
	struct err_msg msg = {0};

	for (size_t i = 0; i < ARRAY_LEN(p->keys); i++) {
		uint8_t seed[IDENTITY_KEY_LEN] = {number, (uint8_t)i, 1};

		must(keypair_from_seed(seed, &p->keys[i]), &msg);
	}
	public_key_thumbprint(keypair_public(p->keys[BY_ROOT]), &p->identity);
	must(principal_from_thumbprint(slice_str(p->identity.text), &p->self), &msg);
}

void
person_fini(struct person *p)
{
	for (size_t i = 0; i < ARRAY_LEN(p->keys); i++) {
		keypair_free(p->keys[i]);
		p->keys[i] = NULL;
	}
}

struct principal
principal_of(const char *text)
{
	struct principal out;
	struct err_msg msg = {0};

	must(principal_parse(slice_str(text), false, &out, &msg), &msg);
	return out;
}

void
person_key_principal(const struct person *p, enum person_key which, struct principal *out)
{
	char text[PRINCIPAL_TEXT_MAX];
	struct thumbprint key;

	public_key_thumbprint(keypair_public(p->keys[which]), &key);
	(void)snprintf(text, sizeof(text), "key:%s", key.text);
	*out = principal_of(text);
}

struct principal
principal_of_statement(const struct issued *made)
{
	char text[PRINCIPAL_TEXT_MAX];
	char id[BASE64URL_LEN(DIGEST_LEN) + 1];

	base64url_encode(digest_slice(&made->st.id), id);
	(void)snprintf(text, sizeof(text), "stmt:%s", id);
	return principal_of(text);
}

static struct issuer
issuer_of(const struct person *p, enum person_key by, uint64_t iat_s)
{
	return (struct issuer){
		.identity = p->identity,
		.signer = p->keys[by],
		.now_s = iat_s,
		.aud = STATEMENT_OPEN,
	};
}

struct issued
person_identity(const struct person *p, uint64_t seq, uint64_t iat_s, const struct person *next,
	bool signs_always)
{
	struct statement_identity_body body = {.signs_always = signs_always};
	struct issuer by = issuer_of(p, BY_ROOT, iat_s);
	struct err_msg msg = {0};
	struct issued out;

	if (next != NULL) {
		body.next = next->identity;
	}
	must(issue_identity(&by, seq, &body, &out, &msg), &msg);
	return out;
}

struct issued
person_device(const struct person *p, enum person_key device, uint64_t seq, uint64_t iat_s)
{
	struct statement_device_body body = {.role = STATEMENT_ROLE_MAIL};
	struct issuer by = issuer_of(p, BY_ROOT, iat_s);
	struct err_msg msg = {0};
	struct issued out;

	must(issue_device(&by, seq, keypair_public(p->keys[device]), &body, &out, &msg), &msg);
	return out;
}

struct issued
person_vouch(const struct person *p, enum person_key by, uint64_t seq, uint64_t iat_s,
	const char *subject, enum trust_level level)
{
	struct issuer issuer = issuer_of(p, by, iat_s);
	struct principal sub = principal_of(subject);
	struct err_msg msg = {0};
	struct issued out;

	must(issue_vouch(&issuer, seq, &sub, level, &out, &msg), &msg);
	return out;
}

struct issued
person_block(const struct person *p, enum person_key by, uint64_t seq, uint64_t iat_s,
	const char *subject)
{
	struct issuer issuer = issuer_of(p, by, iat_s);
	struct principal sub = principal_of(subject);
	struct err_msg msg = {0};
	struct issued out;

	must(issue_block(&issuer, seq, &sub, STATEMENT_WHY_SPAM, &out, &msg), &msg);
	return out;
}

struct issued
person_warn(const struct person *p, enum person_key by, uint64_t seq, uint64_t iat_s,
	const char *subject, bool in_force)
{
	struct issuer issuer = issuer_of(p, by, iat_s);
	struct principal sub = principal_of(subject);
	struct err_msg msg = {0};
	struct issued out;

	issuer.aud = STATEMENT_PEERS;
	must(in_force ? issue_warn(&issuer, seq, &sub, UINT64_MAX, &out, &msg)
		      : issue_unwarn(&issuer, seq, &sub, &out, &msg),
		&msg);
	return out;
}

struct issued
person_bind(const struct person *p, enum person_key by, uint64_t seq, uint64_t iat_s,
	const char *address)
{
	struct issuer issuer = issuer_of(p, by, iat_s);
	struct principal sub = principal_of(address);
	struct err_msg msg = {0};
	struct issued out;

	must(issue_bind(&issuer, seq, &sub, &out, &msg), &msg);
	return out;
}

struct issued
person_revoke(const struct person *p, enum person_key by, uint64_t seq, uint64_t iat_s,
	const struct principal *what, uint64_t since_s)
{
	struct issuer issuer = issuer_of(p, by, iat_s);
	struct err_msg msg = {0};
	struct issued out;

	must(issue_revoke(&issuer, seq, what,
		     &(struct issue_reason){STATEMENT_WHY_HACKED, since_s}, &out, &msg),
		&msg);
	return out;
}

struct issued
/* NOLINTNEXTLINE(readability-function-size): all of it is the statement */
person_identity_guarded(const struct person *p, uint64_t seq, uint64_t iat_s,
	const struct person *next, const struct person *const *guardians, uint8_t count,
	uint8_t needed)
{
	struct statement_identity_body body = {.guardian_count = count, .needed = needed};
	struct issuer by = issuer_of(p, BY_ROOT, iat_s);
	struct err_msg msg = {0};
	struct issued out;

	if (next != NULL) {
		body.next = next->identity;
	}
	for (uint8_t i = 0; i < count; i++) {
		body.guardians[i] = guardians[i]->identity;
	}
	must(issue_identity(&by, seq, &body, &out, &msg), &msg);
	return out;
}

struct issued
person_guard(const struct person *p, enum person_key by, uint64_t seq, uint64_t iat_s,
	const struct person *whom, bool in_force)
{
	struct issuer issuer = issuer_of(p, by, iat_s);
	struct err_msg msg = {0};
	struct issued out;

	must(in_force ? issue_guard(&issuer, seq, &whom->self, STATEMENT_WHY_HACKED, &out, &msg)
		      : issue_unguard(&issuer, seq, &whom->self, &out, &msg),
		&msg);
	return out;
}

struct issued
person_succeed(const struct person *p, uint64_t seq, uint64_t iat_s, const struct person *old)
{
	struct issuer issuer = issuer_of(p, BY_ROOT, iat_s);
	struct err_msg msg = {0};
	struct issued out;

	must(issue_succeed(&issuer, seq, &old->self, &out, &msg), &msg);
	return out;
}

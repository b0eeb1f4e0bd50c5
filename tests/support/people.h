/*
 * people.h - people of tests: identities with a root and two devices, who make statements.
 *
 * Keys come from a number, so that everything is the same in every run. Failures abort.
 */
#ifndef TESTS_SUPPORT_PEOPLE_H
#define TESTS_SUPPORT_PEOPLE_H

#include "common/statement/issue.h"

#define PERSON_DEVICES 2

/** Which key of a person signs. */
enum person_key {
	BY_PHONE,
	BY_LAPTOP,
	BY_ROOT,
};

struct person {
	struct keypair *keys[PERSON_DEVICES + 1]; /**< by enum person_key */
	struct thumbprint identity;
	struct principal self; /**< id:THUMBPRINT */
};

void person_make(struct person *p, uint8_t number);
void person_fini(struct person *p);

/** "key:THUMBPRINT" of one of the keys. */
void person_key_principal(const struct person *p, enum person_key which, struct principal *out);

/** A principal from its text, local parts as they are. */
struct principal principal_of(const char *text);

struct issued person_identity(const struct person *p, uint64_t seq, uint64_t iat_s,
	const struct person *next, bool signs_always);
struct issued person_device(
	const struct person *p, enum person_key device, uint64_t seq, uint64_t iat_s);
struct issued person_vouch(const struct person *p, enum person_key by, uint64_t seq,
	uint64_t iat_s, const char *subject, enum trust_level level);
struct issued person_block(const struct person *p, enum person_key by, uint64_t seq,
	uint64_t iat_s, const char *subject);
/** For 90 days; not in force: takes it back. */
struct issued person_warn(const struct person *p, enum person_key by, uint64_t seq,
	uint64_t iat_s, const char *subject, bool in_force);
struct issued person_bind(const struct person *p, enum person_key by, uint64_t seq,
	uint64_t iat_s, const char *address);
struct issued person_revoke(const struct person *p, enum person_key by, uint64_t seq,
	uint64_t iat_s, const struct principal *what, uint64_t since_s);

/** As person_identity, with guardians, `needed` of them together. */
struct issued person_identity_guarded(const struct person *p, uint64_t seq, uint64_t iat_s,
	const struct person *next, const struct person *const *guardians, uint8_t count,
	uint8_t needed);
struct issued person_guard(const struct person *p, enum person_key by, uint64_t seq,
	uint64_t iat_s, const struct person *whom, bool in_force);
/** p continues `old`. */
struct issued person_succeed(
	const struct person *p, uint64_t seq, uint64_t iat_s, const struct person *old);

/** "stmt:ID" of a statement. */
struct principal principal_of_statement(const struct issued *made);

#endif

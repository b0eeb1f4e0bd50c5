#include <inttypes.h>

#include "common/base/encoding.h"
#include "common/base/utf8.h"
#include "common/statement/small_json.h"
#include "common/statement/statement_private.h"

_Static_assert(SMALL_JSON_BYTES_MAX >= STATEMENT_PAYLOAD_MAX, "every payload can be parsed");

/*
 * Small typed accessors over one JSON object. A member that is not there leaves the output as
 * it is: whether it had to be there was checked before.
 */

static int
get_number(struct small_json_object object, const char *name, uint64_t max, uint64_t *out,
	struct err_msg *msg)
{
	const struct small_json_member *member = small_json_find(object, name);

	if (member == NULL) {
		return 0;
	}
	if (member->type != SMALL_JSON_INTEGER) {
		return err_set(msg, ERR_INVALID, "`%s` is not an integer", name);
	}
	if (member->number < 0 || (uint64_t)member->number > max) {
		return err_set(msg, ERR_RANGE, "`%s` is outside 0 to %" PRIu64, name, max);
	}
	*out = (uint64_t)member->number;
	return 0;
}

static int
get_small(struct small_json_object object, const char *name, uint8_t max, uint8_t *out,
	struct err_msg *msg)
{
	uint64_t value = *out;
	int ret = get_number(object, name, max, &value, msg);

	*out = (uint8_t)value;
	return ret;
}

/* get_text - borrowed from the object; data is NULL when the member is not there */
static int
get_text(struct small_json_object object, const char *name, struct slice *out,
	struct err_msg *msg)
{
	const struct small_json_member *member = small_json_find(object, name);

	*out = slice_of(NULL, 0);
	if (member == NULL) {
		return 0;
	}
	if (member->type != SMALL_JSON_STRING) {
		return err_set(msg, ERR_INVALID, "`%s` is not a string", name);
	}
	*out = member->text;
	return 0;
}

static int
get_thumbprint(struct small_json_object object, const char *name, struct thumbprint *out,
	struct err_msg *msg)
{
	struct slice text;
	int ret = get_text(object, name, &text, msg);

	if (ret != 0 || text.data == NULL) {
		return ret;
	}
	if (thumbprint_parse(text, out) != 0) {
		return err_set(msg, ERR_INVALID, "`%s` is not a thumbprint", name);
	}
	return 0;
}

/* get_principal - must be in its canonical form: equal subjects are equal bytes */
static int
get_principal(struct small_json_object object, const char *name, struct principal *out,
	struct err_msg *msg)
{
	struct err_msg why = {0};
	struct slice text;
	int ret = get_text(object, name, &text, msg);

	if (ret != 0 || text.data == NULL) {
		return ret;
	}
	ret = principal_parse(text, false, out, &why);
	if (ret != 0) {
		ret = ret == ERR_TOOBIG ? ERR_INVALID : ret;
		return err_set(msg, ret, "`%s`: %s", name, why.text);
	}
	if (!slice_eq(text, principal_slice(out))) {
		return err_set(msg, ERR_INVALID, "`%s` is not canonical; it would be %s", name,
			out->text);
	}
	return 0;
}

/*
 * check_critical - a name starting with "!" asks those who do not know it to refuse; we know
 * none
 */
static int
check_critical(struct small_json_object object, struct err_msg *msg)
{
	for (size_t i = 0; i < object.json->count; i++) {
		const struct small_json_member *member = &object.json->members[i];

		if (member->parent == object.id &&
			slice_starts_with(member->name, SLICE("!"))) {
			return err_set(msg, ERR_UNSUPPORTED,
				"it has a claim that must be understood, and is not");
		}
	}
	return 0;
}

static statement_claim_set
claims_present(struct small_json_object root)
{
	statement_claim_set present = 0;

	for (size_t i = 0; i < CLAIM_COUNT; i++) {
		if (small_json_find(root, statement_claim_names[i]) != NULL) {
			present |= CLAIM_BIT(i);
		}
	}
	return present;
}

/* read_kind - version and type come first: they decide what the rest means */
static int
read_kind(struct small_json_object root, struct statement *out, struct err_msg *msg)
{
	const struct small_json_member *version = small_json_find(root, "ver");
	struct slice act;
	int ret = 0;

	if (version == NULL || version->type != SMALL_JSON_INTEGER) {
		return err_set(msg, ERR_INVALID, "`ver` is missing or not an integer");
	}
	if (version->number != STATEMENT_VERSION) {
		return err_set(
			msg, ERR_VERSION, "version %" PRId64 " is not known", version->number);
	}
	ret = get_text(root, "act", &act, msg);
	if (ret != 0) {
		return ret;
	}
	if (act.data == NULL) {
		return err_set(msg, ERR_INVALID, "claim `act` is missing");
	}
	if (statement_act_parse(act, &out->act) != 0) {
		return err_set(msg, ERR_UNSUPPORTED, "this type of statement is not known");
	}
	return 0;
}

static int
read_key(struct small_json_object root, struct statement *out, struct err_msg *msg)
{
	struct slice text;
	int ret = get_text(root, "key", &text, msg);

	if (ret == 0 && public_key_parse(text, &out->key) != 0) {
		ret = err_set(
			msg, ERR_INVALID, "`key` is not an acceptable Ed25519 public key");
	}
	return ret;
}

static int
read_names(struct small_json_object root, struct statement *out, struct err_msg *msg)
{
	struct slice aud;
	struct slice why;
	int ret = get_text(root, "aud", &aud, msg);

	if (ret == 0) {
		ret = get_text(root, "why", &why, msg);
	}
	if (ret != 0) {
		return ret;
	}
	if (aud.data != NULL && statement_aud_parse(aud, &out->aud) != 0) {
		return err_set(msg, ERR_INVALID, "`aud` is neither open nor peers");
	}
	if (why.data != NULL && statement_why_parse(why, &out->why) != 0) {
		return err_set(msg, ERR_INVALID, "`why` is not a known reason");
	}
	return 0;
}

static int
read_numbers(struct small_json_object root, struct statement *out, struct err_msg *msg)
{
	int ret = get_number(root, "seq", INT64_MAX, &out->seq, msg);

	if (ret == 0) {
		ret = get_number(root, "iat", STATEMENT_TIME_MAX_S, &out->iat, msg);
	}
	if (ret == 0) {
		ret = get_number(root, "exp", STATEMENT_TIME_MAX_S, &out->exp, msg);
	}
	if (ret == 0) {
		ret = get_number(root, "since", INT64_MAX, &out->since, msg);
	}
	if (ret == 0) {
		ret = get_small(root, "lvl", TRUST_LEVEL_STRONG, &out->lvl, msg);
	}
	return ret;
}

/* add_guardian - each once, and not the identity itself */
static int
add_guardian(struct statement *out, struct slice text, struct err_msg *msg)
{
	struct statement_identity_body *body = &out->body.identity;
	struct thumbprint guardian;

	if (thumbprint_parse(text, &guardian) != 0) {
		return err_set(msg, ERR_INVALID,
			"`guardians` is not a list of thumbprints with one space between");
	}
	if (thumbprint_eq(&guardian, &out->iss)) {
		return err_set(msg, ERR_INVALID, "nobody is his own guardian");
	}
	for (size_t i = 0; i < body->guardian_count; i++) {
		if (thumbprint_eq(&guardian, &body->guardians[i])) {
			return err_set(msg, ERR_INVALID, "a guardian is named twice");
		}
	}
	if (body->guardian_count == STATEMENT_GUARDIANS_MAX) {
		return err_set(
			msg, ERR_RANGE, "more than %d guardians", STATEMENT_GUARDIANS_MAX);
	}
	body->guardians[body->guardian_count++] = guardian;
	return 0;
}

static int
read_guardians(struct small_json_object object, struct statement *out, struct err_msg *msg)
{
	struct statement_identity_body *body = &out->body.identity;
	struct slice rest;
	int ret = get_text(object, "guardians", &rest, msg);
	bool more = rest.data != NULL;

	while (ret == 0 && more) {
		size_t end = slice_find_byte(rest, ' ');

		ret = add_guardian(out, slice_take(rest, end), msg);
		more = end < rest.len;
		rest = slice_skip(rest, end + 1);
	}
	if (ret == 0) {
		ret = get_small(object, "needed", STATEMENT_GUARDIANS_MAX, &body->needed, msg);
	}
	if (ret != 0) {
		return ret;
	}
	if (body->needed > body->guardian_count ||
		(body->needed == 0 && body->guardian_count > 0)) {
		return err_set(msg, ERR_RANGE, "`needed` is not 1 to the number of guardians");
	}
	return 0;
}

static int
read_identity_body(struct small_json_object object, struct statement *out, struct err_msg *msg)
{
	struct statement_identity_body *body = &out->body.identity;
	struct slice signs;
	int ret = get_thumbprint(object, "next", &body->next, msg);

	if (ret == 0 && thumbprint_eq(&body->next, &out->iss)) {
		ret = err_set(msg, ERR_INVALID, "`next` is the identity itself");
	}
	if (ret == 0) {
		ret = get_text(object, "signs", &signs, msg);
	}
	if (ret != 0) {
		return ret;
	}
	if (signs.data != NULL && !slice_eq(signs, SLICE("always"))) {
		return err_set(msg, ERR_INVALID, "`signs` is not \"always\"");
	}
	body->signs_always = signs.data != NULL;
	return read_guardians(object, out, msg);
}

static int
read_device_body(struct small_json_object object, struct statement *out, struct err_msg *msg)
{
	struct statement_device_body *body = &out->body.device;
	struct slice role;
	struct slice label;
	int ret = get_text(object, "role", &role, msg);

	if (ret == 0) {
		ret = get_text(object, "label", &label, msg);
	}
	if (ret != 0) {
		return ret;
	}
	if (role.data != NULL && statement_role_parse(role, &body->role) != 0) {
		return err_set(msg, ERR_INVALID, "`role` is neither mail nor node");
	}
	if (label.len > STATEMENT_LABEL_MAX || utf8_has_control(label)) {
		return err_set(msg, ERR_INVALID,
			"`label` has more than %d bytes or a control character",
			STATEMENT_LABEL_MAX);
	}
	if (label.len > 0) {
		memcpy(body->label, label.data, label.len);
	}
	return 0;
}

/* read_bind_body - key and signature go together */
static int
read_bind_body(struct small_json_object object, struct statement *out, struct err_msg *msg)
{
	struct statement_bind_body *body = &out->body.bind;
	struct slice by;
	struct slice signature;
	size_t len = 0;
	int ret = get_text(object, "by", &by, msg);

	ret = ret == 0 ? get_text(object, "sig", &signature, msg) : ret;
	if (ret != 0 || (by.data == NULL && signature.data == NULL)) {
		return ret;
	}
	if (public_key_parse(by, &body->by) != 0 ||
		base64url_decode(signature, body->signature, sizeof(body->signature), &len) !=
			0 ||
		len != sizeof(body->signature)) {
		return err_set(msg, ERR_INVALID,
			"bind: `by` and `sig` must be a key and a signature, or neither be there");
	}
	body->is_countersigned = true;
	return 0;
}

static int
read_introduce_body(struct small_json_object object, struct statement *out, struct err_msg *msg)
{
	struct principal *to = &out->body.introduce.to;
	int ret = get_principal(object, "to", to, msg);

	if (ret != 0) {
		return ret;
	}
	if (to->len == 0 || (to->kind != PRINCIPAL_ID && to->kind != PRINCIPAL_ADDR)) {
		return err_set(msg, ERR_INVALID, "introduce: `to` must be an id: or addr:");
	}
	return 0;
}

static int
read_body(struct small_json_object root, struct statement *out, struct err_msg *msg)
{
	const struct small_json_member *body = small_json_find(root, "body");
	struct small_json_object object;
	int ret = 0;

	if (body == NULL) {
		return 0;
	}
	if (body->type != SMALL_JSON_OBJECT) {
		return err_set(msg, ERR_INVALID, "`body` is not an object");
	}
	object = small_json_inner(root.json, body);
	ret = check_critical(object, msg);
	if (ret != 0) {
		return ret;
	}
	switch (out->act) {
	case STATEMENT_IDENTITY:
		return read_identity_body(object, out, msg);
	case STATEMENT_DEVICE:
		return read_device_body(object, out, msg);
	case STATEMENT_INTRODUCE:
		return read_introduce_body(object, out, msg);
	case STATEMENT_BIND:
		return read_bind_body(object, out, msg);
	case STATEMENT_VOUCH:
	case STATEMENT_BLOCK:
	case STATEMENT_WARN:
	case STATEMENT_REVOKE:
	case STATEMENT_GUARD:
	case STATEMENT_SUCCEED:
		return 0;
	}
	return ERR_INVALID;
}

/* read_claims - every claim into *out, which is empty */
static int
read_claims(struct small_json_object root, struct statement *out, struct err_msg *msg)
{
	int ret = 0;

	out->aud = STATEMENT_PEERS;
	out->lvl = statement_act_has_level(out->act) ? TRUST_LEVEL_WEAK : TRUST_LEVEL_NONE;
	ret = get_thumbprint(root, "iss", &out->iss, msg);
	if (ret == 0) {
		ret = read_key(root, out, msg);
	}
	if (ret == 0) {
		ret = get_principal(root, "sub", &out->sub, msg);
	}
	if (ret == 0) {
		ret = read_numbers(root, out, msg);
	}
	if (ret == 0) {
		ret = read_names(root, out, msg);
	}
	return ret == 0 ? read_body(root, out, msg) : ret;
}

int
statement_payload_parse(struct slice payload, struct statement *out, struct err_msg *msg)
{
	struct small_json json;
	struct small_json_object root = small_json_root(&json);
	statement_claim_set present = 0;
	int ret = small_json_parse(&json, payload, msg);

	if (ret == 0) {
		ret = read_kind(root, out, msg);
	}
	if (ret == 0) {
		ret = check_critical(root, msg);
	}
	if (ret == 0) {
		present = claims_present(root);
		ret = statement_check_presence(out->act, present, msg);
	}
	if (ret == 0) {
		ret = read_claims(root, out, msg);
	}
	return ret == 0 ? statement_check_rules(out, present, msg) : ret;
}

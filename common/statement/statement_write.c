#include <inttypes.h>

#include "common/base/encoding.h"
#include "common/statement/statement_private.h"

/* put_name - the comma where one is due, and "name": */
static void
put_name(struct dynbuf *out, const char *name)
{
	struct slice so_far = dynbuf_slice(out);

	if (so_far.len > 0 && so_far.data[so_far.len - 1] != '{') {
		dynbuf_add_byte(out, ',');
	}
	dynbuf_printf(out, "\"%s\":", name);
}

static void
put_number(struct dynbuf *out, const char *name, uint64_t value)
{
	put_name(out, name);
	dynbuf_printf(out, "%" PRIu64, value);
}

/* put_text - only quote and backslash need an escape; the parser refuses control characters */
static void
put_text(struct dynbuf *out, const char *name, struct slice text)
{
	put_name(out, name);
	dynbuf_add_byte(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '"' || text.data[i] == '\\') {
			dynbuf_add_byte(out, '\\');
		}
		dynbuf_add_byte(out, text.data[i]);
	}
	dynbuf_add_byte(out, '"');
}

static void
put_body_start(struct dynbuf *out)
{
	put_name(out, "body");
	dynbuf_add_byte(out, '{');
}

static void
put_guardians(struct dynbuf *out, const struct statement_identity_body *body)
{
	char text[STATEMENT_GUARDIANS_MAX * (IDENTITY_THUMBPRINT_LEN + 1)];
	size_t len = 0;

	for (size_t i = 0; i < body->guardian_count && i < STATEMENT_GUARDIANS_MAX; i++) {
		if (i > 0) {
			text[len++] = ' ';
		}
		memcpy(text + len, body->guardians[i].text, IDENTITY_THUMBPRINT_LEN);
		len += IDENTITY_THUMBPRINT_LEN;
	}
	if (len > 0) {
		put_text(out, "guardians", slice_of(text, len));
	}
	if (body->needed > 0) {
		put_number(out, "needed", body->needed);
	}
}

static void
put_identity_body(struct dynbuf *out, const struct statement_identity_body *body)
{
	if (body->next.text[0] == '\0' && body->guardian_count == 0 && body->needed == 0 &&
		!body->signs_always) {
		return;
	}
	put_body_start(out);
	if (body->next.text[0] != '\0') {
		put_text(out, "next", thumbprint_slice(&body->next));
	}
	put_guardians(out, body);
	if (body->signs_always) {
		put_text(out, "signs", SLICE("always"));
	}
	dynbuf_add_byte(out, '}');
}

static void
put_device_body(struct dynbuf *out, const struct statement_device_body *body)
{
	size_t label_len = strnlen(body->label, sizeof(body->label));

	put_body_start(out);
	put_text(out, "role", slice_str(statement_role_name(body->role)));
	if (label_len > 0) {
		put_text(out, "label", slice_of(body->label, label_len));
	}
	dynbuf_add_byte(out, '}');
}

static void
put_bind_body(struct dynbuf *out, const struct statement_bind_body *body)
{
	char by[BASE64URL_LEN(IDENTITY_KEY_LEN) + 1];
	char signature[BASE64URL_LEN(IDENTITY_SIG_LEN) + 1];

	if (!body->is_countersigned) {
		return;
	}
	base64url_encode(slice_of(body->by.bytes, IDENTITY_KEY_LEN), by);
	base64url_encode(slice_of(body->signature, IDENTITY_SIG_LEN), signature);
	put_body_start(out);
	put_text(out, "by", slice_str(by));
	put_text(out, "sig", slice_str(signature));
	dynbuf_add_byte(out, '}');
}

static void
put_body(struct dynbuf *out, const struct statement *st)
{
	switch (st->act) {
	case STATEMENT_IDENTITY:
		put_identity_body(out, &st->body.identity);
		break;
	case STATEMENT_DEVICE:
		put_device_body(out, &st->body.device);
		break;
	case STATEMENT_INTRODUCE:
		put_body_start(out);
		put_text(out, "to", principal_slice(&st->body.introduce.to));
		dynbuf_add_byte(out, '}');
		break;
	case STATEMENT_BIND:
		put_bind_body(out, &st->body.bind);
		break;
	case STATEMENT_VOUCH:
	case STATEMENT_BLOCK:
	case STATEMENT_WARN:
	case STATEMENT_REVOKE:
	case STATEMENT_GUARD:
	case STATEMENT_SUCCEED:
		break;
	}
}

/* is_level_written - always in a vouch; elsewhere only where it differs from what absence means */
static bool
is_level_written(const struct statement *st)
{
	uint8_t absent = statement_act_has_level(st->act) ? TRUST_LEVEL_WEAK : TRUST_LEVEL_NONE;

	return st->act == STATEMENT_VOUCH || st->lvl != absent;
}

/* is_since_written - a revoked key or identity always has it; a statement is dead from its start */
static bool
is_since_written(const struct statement *st)
{
	return st->since != 0 ||
	       (st->act == STATEMENT_REVOKE && st->sub.kind != PRINCIPAL_STMT);
}

void
statement_payload_print(const struct statement *st, struct dynbuf *out)
{
	char key[BASE64URL_LEN(IDENTITY_KEY_LEN) + 1];

	base64url_encode(slice_of(st->key.bytes, IDENTITY_KEY_LEN), key);
	dynbuf_add_byte(out, '{');
	put_number(out, "ver", STATEMENT_VERSION);
	put_text(out, "act", slice_str(statement_act_name(st->act)));
	put_text(out, "iss", thumbprint_slice(&st->iss));
	put_text(out, "key", slice_str(key));
	put_text(out, "sub", principal_slice(&st->sub));
	put_number(out, "seq", st->seq);
	put_number(out, "iat", st->iat);
	if (st->exp != 0) {
		put_number(out, "exp", st->exp);
	}
	if (is_level_written(st)) {
		put_number(out, "lvl", st->lvl);
	}
	put_text(out, "aud", slice_str(statement_aud_name(st->aud)));
	if (st->why != STATEMENT_WHY_NONE) {
		put_text(out, "why", slice_str(statement_why_name(st->why)));
	}
	if (is_since_written(st)) {
		put_number(out, "since", st->since);
	}
	put_body(out, st);
	dynbuf_add_byte(out, '}');
}

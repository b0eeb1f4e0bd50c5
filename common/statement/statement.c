#include "common/statement/statement.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/base/encoding.h"
#include "common/statement/statement_private.h"

/* {"alg":"Ed25519","typ":"trust+jwt"}, and below the same with "EdDSA", which is only read. */
#define HEADER     SLICE("eyJhbGciOiJFZDI1NTE5IiwidHlwIjoidHJ1c3Qrand0In0")
#define HEADER_OLD SLICE("eyJhbGciOiJFZERTQSIsInR5cCI6InRydXN0K2p3dCJ9")

#define SIG_TEXT_LEN BASE64URL_LEN(IDENTITY_SIG_LEN)

/* The three parts of a JWS, still base64url; borrowed. */
struct parts {
	struct slice payload;
	struct slice signature;
	struct slice signed_bytes; /* header "." payload */
};

/* split - cuts at the dots and compares the header */
static int
split(struct slice jws, struct parts *out, struct err_msg *msg)
{
	struct slice header = slice_take(jws, slice_find_byte(jws, '.'));
	struct slice rest = slice_skip(jws, header.len + 1);

	*out = (struct parts){0};
	if (jws.len > STATEMENT_MAX) {
		return err_set_at(msg, ERR_TOOBIG, STATEMENT_MAX,
			"a statement has at most %d bytes", STATEMENT_MAX);
	}
	if (!slice_eq(header, HEADER) && !slice_eq(header, HEADER_OLD)) {
		return err_set(msg, ERR_INVALID, "not a statement: its header is not ours");
	}
	out->payload = slice_take(rest, slice_find_byte(rest, '.'));
	out->signed_bytes = slice_take(jws, header.len + 1 + out->payload.len);
	if (out->signed_bytes.len >= jws.len) {
		return err_set_at(msg, ERR_INVALID, jws.len, "the signature is missing");
	}
	out->signature = slice_skip(jws, out->signed_bytes.len + 1);
	return 0;
}

static int
decode_signature(struct slice text, uint8_t out[IDENTITY_SIG_LEN])
{
	size_t len = 0;

	if (text.len != SIG_TEXT_LEN) {
		return ERR_INVALID;
	}
	return base64url_decode(text, out, IDENTITY_SIG_LEN, &len);
}

/* decode_payload - base64url and JSON; offsets in the payload become offsets in the JWS */
static int
decode_payload(
	struct slice text, size_t text_offset, struct statement *out, struct err_msg *msg)
{
	uint8_t payload[STATEMENT_PAYLOAD_MAX];
	struct err_msg local = {0};
	size_t len = 0;
	int ret = base64url_decode(text, payload, sizeof(payload), &len);

	if (ret != 0) {
		return err_set_at(msg, ret, text_offset,
			"the payload is not base64url without padding, or too long");
	}
	ret = statement_payload_parse(slice_of(payload, len), out, &local);
	if (ret != 0) {
		return err_set_at(
			msg, ret, text_offset + local.offset * 4 / 3, "%s", local.text);
	}
	return 0;
}

int
statement_decode(struct slice jws, struct statement *out, struct err_msg *msg)
{
	uint8_t signature[IDENTITY_SIG_LEN];
	struct parts parts;
	int ret = split(jws, &parts, msg);

	if (ret != 0) {
		return ret;
	}
	*out = (struct statement){0};
	ret = decode_payload(
		parts.payload, parts.signed_bytes.len - parts.payload.len, out, msg);
	if (ret != 0) {
		return ret;
	}
	if (decode_signature(parts.signature, signature) != 0) {
		return err_set_at(msg, ERR_INVALID, parts.signed_bytes.len + 1,
			"the signature is not %zu characters of base64url",
			(size_t)SIG_TEXT_LEN);
	}
	digest_sha256(parts.signed_bytes, &out->id);
	return 0;
}

void
statement_countersigned_text(const struct statement *st, char out[STATEMENT_COUNTERSIGNED_MAX])
{
	(void)snprintf(out, STATEMENT_COUNTERSIGNED_MAX, "trust+bind %s %s %" PRIu64,
		st->iss.text, st->sub.text, st->exp);
}

static int
verify_countersignature(const struct statement *st)
{
	const struct statement_bind_body *body = &st->body.bind;
	char text[STATEMENT_COUNTERSIGNED_MAX];

	if (st->act != STATEMENT_BIND || !body->is_countersigned) {
		return 0;
	}
	statement_countersigned_text(st, text);
	return public_key_verify(&body->by, slice_str(text), body->signature);
}

int
statement_verify_next(struct verifier *v, struct slice jws, const struct statement *st)
{
	uint8_t signature[IDENTITY_SIG_LEN];
	struct parts parts;

	if (split(jws, &parts, NULL) != 0 ||
		decode_signature(parts.signature, signature) != 0) {
		return ERR_SIGNATURE;
	}
	int ret = verifier_check(v, &st->key, parts.signed_bytes, signature);

	return ret == 0 ? verify_countersignature(st) : ret;
}

int
statement_verify(struct slice jws, const struct statement *st)
{
	struct verifier v = {0};
	int ret = statement_verify_next(&v, jws, st);

	verifier_fini(&v);
	return ret;
}

int
statement_open(struct slice jws, struct statement *out, struct err_msg *msg)
{
	int ret = statement_decode(jws, out, msg);

	if (ret != 0) {
		return ret;
	}
	ret = statement_verify(jws, out);
	return ret == 0 ? 0 : err_set(msg, ret, "%s", err_text(ret));
}

/* add_base64url - appends bytes as base64url */
static void
add_base64url(struct dynbuf *out, struct slice bytes)
{
	char text[BASE64URL_LEN(STATEMENT_PAYLOAD_MAX) + 1];

	base64url_encode(bytes, text);
	dynbuf_add(out, slice_of(text, BASE64URL_LEN(bytes.len)));
}

/* sign - header "." payload "." signature into jws, which is empty */
static int
sign(struct slice payload, const struct keypair *signer, struct dynbuf *jws)
{
	uint8_t signature[IDENTITY_SIG_LEN];
	int ret = 0;

	dynbuf_add(jws, HEADER);
	dynbuf_add_byte(jws, '.');
	add_base64url(jws, payload);
	ret = dynbuf_error(jws);
	if (ret == 0) {
		ret = keypair_sign(signer, dynbuf_slice(jws), signature);
	}
	if (ret != 0) {
		return ret;
	}
	dynbuf_add_byte(jws, '.');
	add_base64url(jws, slice_of(signature, sizeof(signature)));
	return dynbuf_error(jws);
}

int
statement_encode(struct statement *st, const struct keypair *signer, struct dynbuf *jws_out,
	struct err_msg *msg)
{
	struct statement check;
	struct dynbuf payload;
	struct dynbuf jws;
	int ret = 0;

	dynbuf_init(&payload, STATEMENT_PAYLOAD_MAX);
	dynbuf_init(&jws, STATEMENT_MAX);
	st->key = *keypair_public(signer);
	statement_payload_print(st, &payload);
	ret = dynbuf_error(&payload);
	if (ret == 0) {
		ret = sign(dynbuf_slice(&payload), signer, &jws);
	}
	if (ret != 0) {
		ret = err_set(msg, ret, "the statement cannot be written: %s", err_text(ret));
		goto out;
	}
	/* What we would refuse from others we do not write. */
	ret = statement_decode(dynbuf_slice(&jws), &check, msg);
	if (ret != 0) {
		goto out;
	}
	st->id = check.id;
	ret = dynbuf_add(jws_out, dynbuf_slice(&jws));
	if (ret != 0) {
		ret = err_set(msg, ret, "no room for the statement: %s", err_text(ret));
	}
out:
	dynbuf_fini(&payload);
	dynbuf_fini(&jws);
	return ret;
}

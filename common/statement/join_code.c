#include "common/statement/join_code.h"

#include <inttypes.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/base/encoding.h"
#include "common/base/strnum.h"
#include "common/base/utf8.h"
#include "common/statement/identity_private.h"

#define CODE_MAGIC    "trust-join1"
#define REQUEST_MAGIC "trust-device1"

int
join_code_make(const struct thumbprint *identity, uint64_t now_s, const struct rng *rng,
	struct join_code *out)
{
	*out = (struct join_code){
		.identity = *identity, .expires_s = now_s + JOIN_CODE_LIFETIME_S};
	return rng_bytes(rng, out->secret, sizeof(out->secret));
}

int
join_code_print(const struct join_code *code, struct dynbuf *out)
{
	char secret[BASE64URL_LEN(JOIN_SECRET_LEN) + 1];

	base64url_encode(slice_of(code->secret, sizeof(code->secret)), secret);
	(void)dynbuf_printf(out, CODE_MAGIC ".%s.%" PRIu64 ".%s", code->identity.text,
		code->expires_s, secret);
	OPENSSL_cleanse(secret, sizeof(secret));
	return dynbuf_error(out);
}

/* next_field - what is before the next dot, or the rest */
static struct slice
next_field(struct slice *rest)
{
	size_t dot = slice_find_byte(*rest, '.');
	struct slice field = slice_take(*rest, dot);

	*rest = slice_skip(*rest, dot + 1);
	return field;
}

/* read_bytes - base64url of exactly that many bytes */
static bool
read_bytes(struct slice field, uint8_t *out, size_t len)
{
	size_t got = 0;

	return base64url_decode(field, out, len, &got) == 0 && got == len;
}

/* has_dots - a line has as many fields as it should, none left out at its end */
static bool
has_dots(struct slice line, size_t wanted)
{
	size_t dots = 0;

	for (size_t i = 0; i < line.len; i++) {
		dots += line.data[i] == '.' ? 1 : 0;
	}
	return dots == wanted;
}

int
join_code_parse(struct slice text, struct join_code *out, struct err_msg *msg)
{
	struct slice line = slice_trim(text);
	struct slice rest = line;

	*out = (struct join_code){0};
	if (line.len > JOIN_LINE_MAX) {
		return err_set(msg, ERR_TOOBIG, "too long for a code");
	}
	if (!has_dots(line, 3) || !slice_eq(next_field(&rest), SLICE(CODE_MAGIC)) ||
		thumbprint_parse(next_field(&rest), &out->identity) != 0 ||
		strnum_u64(next_field(&rest), STATEMENT_TIME_MAX_S, &out->expires_s) != 0 ||
		!read_bytes(rest, out->secret, sizeof(out->secret))) {
		return err_set(msg, ERR_INVALID, "not a code to join with (trust-join1...)");
	}
	return 0;
}

static int
mac_of(const struct join_code *code, struct slice message, uint8_t out[DIGEST_LEN])
{
	unsigned int len = 0;

	return HMAC(EVP_sha256(), code->secret, (int)sizeof(code->secret), message.data,
		       message.len, out, &len) != NULL &&
			       len == DIGEST_LEN
		       ? 0
		       : identity_crypto_error(ERR_CRYPTO);
}

/* add_bytes - "." and base64url of at most a signature */
static void
add_bytes(struct dynbuf *out, struct slice bytes)
{
	char text[BASE64URL_LEN(STATEMENT_LABEL_MAX) + 1];

	base64url_encode(bytes, text);
	(void)dynbuf_printf(out, ".%s", text);
}

static bool
is_label(struct slice label)
{
	return label.len <= STATEMENT_LABEL_MAX && utf8_is_valid(label) &&
	       !utf8_has_control(label);
}

int
join_request_make(const struct join_code *code, const struct keypair *device,
	struct slice label, struct dynbuf *out, struct err_msg *msg)
{
	size_t start = dynbuf_slice(out).len;
	uint8_t mac[DIGEST_LEN];
	uint8_t signature[IDENTITY_SIG_LEN];
	int rc;

	if (!is_label(label)) {
		return err_set(msg, ERR_INVALID,
			"a label is at most %d bytes of text without control characters",
			STATEMENT_LABEL_MAX);
	}
	(void)dynbuf_printf(out, REQUEST_MAGIC ".%s", code->identity.text);
	add_bytes(out, slice_of(keypair_public(device)->bytes, IDENTITY_KEY_LEN));
	add_bytes(out, label);
	rc = dynbuf_error(out);
	rc = rc == 0 ? mac_of(code, slice_skip(dynbuf_slice(out), start), mac) : rc;
	if (rc == 0) {
		add_bytes(out, slice_of(mac, sizeof(mac)));
		rc = dynbuf_error(out);
	}
	rc = rc == 0 ? keypair_sign(device, slice_skip(dynbuf_slice(out), start), signature)
		     : rc;
	if (rc == 0) {
		add_bytes(out, slice_of(signature, sizeof(signature)));
		rc = dynbuf_error(out);
	}
	return rc == 0 ? 0 : err_set(msg, rc, "no request can be made: %s", err_text(rc));
}

/* parse_fields - all of a request; the offsets are where MAC and signature begin */
static bool
parse_fields(struct slice line, struct join_request *out)
{
	struct slice rest = line;
	size_t label_len = 0;

	if (!slice_eq(next_field(&rest), SLICE(REQUEST_MAGIC)) ||
		thumbprint_parse(next_field(&rest), &out->identity) != 0 ||
		public_key_parse(next_field(&rest), &out->key) != 0 ||
		base64url_decode(next_field(&rest), (uint8_t *)out->label, STATEMENT_LABEL_MAX,
			&label_len) != 0 ||
		!is_label(slice_of(out->label, label_len))) {
		return false;
	}
	out->label[label_len] = '\0';
	out->mac_at = line.len - rest.len - 1;
	if (!read_bytes(next_field(&rest), out->mac, sizeof(out->mac))) {
		return false;
	}
	out->signature_at = line.len - rest.len - 1;
	return read_bytes(rest, out->signature, sizeof(out->signature));
}

int
join_request_parse(struct slice text, struct join_request *out, struct err_msg *msg)
{
	struct slice line = slice_trim(text);

	*out = (struct join_request){0};
	if (line.len > JOIN_LINE_MAX) {
		return err_set(msg, ERR_TOOBIG, "too long for a request");
	}
	if (!has_dots(line, 5) || !parse_fields(line, out)) {
		return err_set(
			msg, ERR_INVALID, "not a request of a device (trust-device1...)");
	}
	return 0;
}

int
join_request_check(struct slice text, const struct join_request *request,
	const struct join_code *code, uint64_t now_s, struct err_msg *msg)
{
	struct slice line = slice_trim(text);
	uint8_t mac[DIGEST_LEN];
	int rc;

	if (now_s >= code->expires_s) {
		return err_set(msg, ERR_EXPIRED,
			"the code has expired; make another with \"trustctl device add\"");
	}
	rc = mac_of(code, slice_take(line, request->mac_at), mac);
	if (rc != 0) {
		return err_set(msg, rc, "%s", err_text(rc));
	}
	if (CRYPTO_memcmp(mac, request->mac, sizeof(mac)) != 0 ||
		!thumbprint_eq(&request->identity, &code->identity) ||
		public_key_verify(&request->key, slice_take(line, request->signature_at),
			request->signature) != 0) {
		return err_set(msg, ERR_SIGNATURE,
			"the request answers another code, or was changed on its way");
	}
	return 0;
}

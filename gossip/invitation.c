#include "gossip/invitation.h"

#include <stdio.h>

#include <openssl/crypto.h>

#include "common/base/encoding.h"
#include "gossip/tls_node.h"

#define SCHEME          SLICE("gossip://")
#define SECRET_TEXT_LEN BASE64URL_LEN(INVITATION_SECRET_LEN)

/* take_host - what may stand in the authority of a URL, without user information */
static bool
take_host(struct slice text, char out[INVITATION_HOST_MAX])
{
	if (text.len == 0 || text.len >= INVITATION_HOST_MAX) {
		return false;
	}
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (!ascii_is_alpha(c) && !ascii_is_digit(c) &&
			(c == '\0' || strchr("-._:[]", c) == NULL)) {
			return false;
		}
	}
	memcpy(out, text.data, text.len);
	out[text.len] = '\0';
	return true;
}

int
invitation_print(const struct invitation *link, char out[INVITATION_LINK_MAX])
{
	char pin[TLS_NODE_PIN_TEXT_LEN + 1];
	char secret[SECRET_TEXT_LEN + 1];
	int n = 0;

	tls_pin_print(&link->pin, pin);
	base64url_encode(slice_of(link->secret, INVITATION_SECRET_LEN), secret);
	n = snprintf(out, INVITATION_LINK_MAX, "gossip://%s/%s/%s", link->host, pin, secret);
	OPENSSL_cleanse(secret, sizeof(secret));
	return n > 0 && n < INVITATION_LINK_MAX ? 0 : ERR_TOOBIG;
}

int
invitation_parse(struct slice text, struct invitation *out, struct err_msg *msg)
{
	struct slice rest = slice_skip(text, SCHEME.len);
	struct slice host = slice_take(rest, slice_find_byte(rest, '/'));
	struct slice pin = slice_skip(rest, host.len + 1);
	struct slice secret;
	size_t len = 0;

	*out = (struct invitation){0};
	if (!slice_starts_with(text, SCHEME)) {
		return err_set(msg, ERR_INVALID, "an invitation starts with gossip://");
	}
	if (!take_host(host, out->host)) {
		return err_set(msg, ERR_INVALID, "the invitation names no host");
	}
	secret = slice_skip(pin, slice_find_byte(pin, '/') + 1);
	pin = slice_take(pin, slice_find_byte(pin, '/'));
	if (tls_pin_parse(pin, &out->pin) != 0) {
		return err_set(msg, ERR_INVALID,
			"the pin in the invitation is not whole: it has %d characters",
			TLS_NODE_PIN_TEXT_LEN);
	}
	if (secret.len != SECRET_TEXT_LEN ||
		base64url_decode(secret, out->secret, INVITATION_SECRET_LEN, &len) != 0) {
		return err_set(msg, ERR_INVALID,
			"the secret in the invitation is not whole: it has %d characters",
			(int)SECRET_TEXT_LEN);
	}
	return 0;
}

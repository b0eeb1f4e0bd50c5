#include "common/statement/identity.h"

#include <assert.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "common/base/digest.h"
#include "common/base/encoding.h"
#include "common/statement/identity_private.h"

void
public_key_thumbprint(const struct public_key *key, struct thumbprint *out)
{
	char x[BASE64URL_LEN(IDENTITY_KEY_LEN) + 1];
	struct digest digest;

	base64url_encode(slice_of(key->bytes, IDENTITY_KEY_LEN), x);
	/* RFC 7638 section 3: the required members in lexical order, no white space. */
	const struct slice jwk[] = {
		SLICE("{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\""),
		slice_of(x, sizeof(x) - 1),
		SLICE("\"}"),
	};
	digest_sha256_parts(jwk, ARRAY_LEN(jwk), &digest);
	base64url_encode(digest_slice(&digest), out->text);
}

int
thumbprint_parse(struct slice text, struct thumbprint *out)
{
	uint8_t bytes[DIGEST_LEN];
	size_t len = 0;

	if (text.len != IDENTITY_THUMBPRINT_LEN ||
		base64url_decode(text, bytes, sizeof(bytes), &len) != 0) {
		return ERR_INVALID;
	}
	memcpy(out->text, text.data, IDENTITY_THUMBPRINT_LEN);
	out->text[IDENTITY_THUMBPRINT_LEN] = '\0';
	return 0;
}

int
public_key_parse(struct slice text, struct public_key *out)
{
	struct public_key key;
	size_t len = 0;

	if (text.len != BASE64URL_LEN(IDENTITY_KEY_LEN) ||
		base64url_decode(text, key.bytes, sizeof(key.bytes), &len) != 0 ||
		!public_key_is_acceptable(&key)) {
		return ERR_INVALID;
	}
	*out = key;
	return 0;
}

/*
 * The y coordinates (little-endian) of the eight points of small order; the sign of x, the
 * top bit of the last byte, is masked off before comparing. Each has at most two points.
 */
static const uint8_t small_order_y[][IDENTITY_KEY_LEN] = {
	/* 0: order 4 */
	{0},
	/* 1: the neutral element */
	{1},
	/* p - 1: order 2 */
	{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0x7f},
	/* two of order 8 */
	{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef,
		0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02,
		0x88, 0x6d, 0x53, 0xfc, 0x05},
	{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10,
		0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd,
		0x77, 0x92, 0xac, 0x03, 0x7a},
};

/* is_reduced - whether y is below p = 2^255 - 19: ed ff .. ff 7f in little-endian */
static bool
is_reduced(const uint8_t y[IDENTITY_KEY_LEN])
{
	if (y[IDENTITY_KEY_LEN - 1] != 0x7f || y[0] < 0xed) {
		return true;
	}
	for (size_t i = 1; i < IDENTITY_KEY_LEN - 1; i++) {
		if (y[i] != 0xff) {
			return true;
		}
	}
	return false;
}

bool
public_key_is_acceptable(const struct public_key *key)
{
	uint8_t y[IDENTITY_KEY_LEN];

	memcpy(y, key->bytes, sizeof(y));
	y[IDENTITY_KEY_LEN - 1] &= 0x7f;
	for (size_t i = 0; i < ARRAY_LEN(small_order_y); i++) {
		if (memcmp(y, small_order_y[i], sizeof(y)) == 0) {
			return false;
		}
	}
	return is_reduced(y);
}

int
identity_crypto_error(int code)
{
	ERR_clear_error();
	return code;
}

/* make_ready - the key for the check that follows, unless it is still there from the one before */
static int
make_ready(struct verifier *v, const struct public_key *key)
{
	if (v->pkey != NULL && memcmp(v->key.bytes, key->bytes, IDENTITY_KEY_LEN) == 0) {
		return 0;
	}
	verifier_fini(v);
	if (!public_key_is_acceptable(key)) {
		return ERR_SIGNATURE;
	}
	v->key = *key;
	v->pkey = EVP_PKEY_new_raw_public_key(
		EVP_PKEY_ED25519, NULL, key->bytes, IDENTITY_KEY_LEN);
	return v->pkey == NULL ? identity_crypto_error(ERR_CRYPTO) : 0;
}

int
verifier_check(struct verifier *v, const struct public_key *key, struct slice message,
	const uint8_t signature[IDENTITY_SIG_LEN])
{
	EVP_MD_CTX *ctx = NULL;
	int ret = make_ready(v, key);

	if (ret != 0) {
		return ret;
	}
	ctx = EVP_MD_CTX_new();
	if (ctx == NULL || EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, v->pkey) != 1) {
		ret = identity_crypto_error(ERR_CRYPTO);
	} else if (EVP_DigestVerify(
			   ctx, signature, IDENTITY_SIG_LEN, message.data, message.len) != 1) {
		/*
		 * OpenSSL refuses S at or above the group order, and compares R as encoded
		 * bytes.
		 */
		ret = identity_crypto_error(ERR_SIGNATURE);
	}
	EVP_MD_CTX_free(ctx);
	return ret;
}

void
verifier_fini(struct verifier *v)
{
	EVP_PKEY_free(v->pkey);
	v->pkey = NULL;
}

int
public_key_verify(const struct public_key *key, struct slice message,
	const uint8_t signature[IDENTITY_SIG_LEN])
{
	struct verifier v = {0};
	int ret = verifier_check(&v, key, message, signature);

	verifier_fini(&v);
	return ret;
}

int
keypair_wrap(EVP_PKEY *pkey, struct keypair **out)
{
	struct keypair *pair = NULL;
	size_t len = IDENTITY_KEY_LEN;

	if (EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519) {
		EVP_PKEY_free(pkey);
		return ERR_INVALID;
	}
	pair = malloc(sizeof(*pair));
	if (pair == NULL) {
		EVP_PKEY_free(pkey);
		return ERR_NOMEM;
	}
	pair->pkey = pkey;
	if (EVP_PKEY_get_raw_public_key(pkey, pair->public.bytes, &len) != 1 ||
		len != IDENTITY_KEY_LEN) {
		keypair_free(pair);
		return identity_crypto_error(ERR_CRYPTO);
	}
	*out = pair;
	return 0;
}

int
keypair_from_seed(const uint8_t seed[IDENTITY_KEY_LEN], struct keypair **out)
{
	EVP_PKEY *pkey =
		EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, IDENTITY_KEY_LEN);

	return pkey == NULL ? identity_crypto_error(ERR_CRYPTO) : keypair_wrap(pkey, out);
}

int
keypair_generate(const struct rng *rng, struct keypair **out)
{
	uint8_t seed[IDENTITY_KEY_LEN];
	int ret = rng_bytes(rng, seed, sizeof(seed));

	if (ret == 0) {
		ret = keypair_from_seed(seed, out);
	}
	OPENSSL_cleanse(seed, sizeof(seed));
	return ret;
}

void
keypair_free(struct keypair *pair)
{
	if (pair == NULL) {
		return;
	}
	EVP_PKEY_free(pair->pkey); /* cleanses the secret */
	free(pair);
}

const struct public_key *
keypair_public(const struct keypair *pair)
{
	return &pair->public;
}

int
keypair_sign(const struct keypair *pair, struct slice message,
	uint8_t signature_out[IDENTITY_SIG_LEN])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = IDENTITY_SIG_LEN;
	bool ok = ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, pair->pkey) == 1 &&
		  EVP_DigestSign(ctx, signature_out, &len, message.data, message.len) == 1;

	EVP_MD_CTX_free(ctx);
	assert(!ok || len == IDENTITY_SIG_LEN);
	return ok ? 0 : identity_crypto_error(ERR_CRYPTO);
}

#include "common/statement/key_export.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "common/base/encoding.h"
#include "common/statement/identity_private.h"

#define LOG_N_MIN 14
#define LOG_N_MAX 20
#define R         8
#define P_MAX     4
#define SALT_AT   3
#define SALT_LEN  16
#define NONCE_AT  (SALT_AT + SALT_LEN)
#define NONCE_LEN 12
#define SEED_AT   (NONCE_AT + NONCE_LEN)
#define TAG_AT    (SEED_AT + IDENTITY_KEY_LEN)
#define TAG_LEN   16
#define AES_LEN   32

#define MAGIC "trust-key1."

static const struct kind {
	const char *name;
	enum keystore_kind kind;
} kinds[] = {
	{"root.", KEYSTORE_ROOT},
	{"next.", KEYSTORE_NEXT},
};

/* derive - the AES key of a passphrase, with the cost that blob[0..2] says */
static int
derive(struct slice passphrase, const uint8_t blob[KEY_EXPORT_BLOB_LEN], uint8_t key[AES_LEN])
{
	uint64_t n = UINT64_C(1) << blob[0];
	uint32_t r = blob[1];
	uint32_t p = blob[2];
	uint64_t memory = n * r * 128 + ((uint64_t)1 << 20);
	uint8_t salt[SALT_LEN];
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
	EVP_KDF_CTX *ctx = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);

	memcpy(salt, blob + SALT_AT, sizeof(salt));
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD,
			attr_without_const(passphrase.data), passphrase.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt, sizeof(salt)),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
		OSSL_PARAM_construct_end(),
	};
	bool ok = ctx != NULL && EVP_KDF_derive(ctx, key, AES_LEN, params) == 1;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok ? 0 : identity_crypto_error(ERR_CRYPTO);
}

/* seal - the seed into blob, with its tag */
static int
seal(const uint8_t key[AES_LEN], struct slice head, const uint8_t seed[IDENTITY_KEY_LEN],
	uint8_t blob[KEY_EXPORT_BLOB_LEN])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len = 0;
	bool ok = ctx != NULL &&
		  EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, blob + NONCE_AT) == 1 &&
		  EVP_EncryptUpdate(ctx, NULL, &len, head.data, (int)head.len) == 1 &&
		  EVP_EncryptUpdate(ctx, blob + SEED_AT, &len, seed, IDENTITY_KEY_LEN) == 1 &&
		  EVP_EncryptFinal_ex(ctx, blob + TAG_AT, &len) == 1 &&
		  EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN, blob + TAG_AT) == 1;

	EVP_CIPHER_CTX_free(ctx);
	return ok ? 0 : identity_crypto_error(ERR_CRYPTO);
}

/* unseal - ERR_SIGNATURE when the tag does not fit */
static int
unseal(const uint8_t key[AES_LEN], struct slice head, const uint8_t blob[KEY_EXPORT_BLOB_LEN],
	uint8_t seed[IDENTITY_KEY_LEN])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t tag[TAG_LEN];
	int len = 0;
	bool ok;

	memcpy(tag, blob + TAG_AT, sizeof(tag));
	ok = ctx != NULL &&
	     EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, blob + NONCE_AT) == 1 &&
	     EVP_DecryptUpdate(ctx, NULL, &len, head.data, (int)head.len) == 1 &&
	     EVP_DecryptUpdate(ctx, seed, &len, blob + SEED_AT, IDENTITY_KEY_LEN) == 1 &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) == 1;
	if (!ok) {
		EVP_CIPHER_CTX_free(ctx);
		return identity_crypto_error(ERR_CRYPTO);
	}
	ok = EVP_DecryptFinal_ex(ctx, tag, &len) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return ok ? 0 : identity_crypto_error(ERR_SIGNATURE);
}

static const char *
kind_name(enum keystore_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (kinds[i].kind == kind) {
			return kinds[i].name;
		}
	}
	return NULL;
}

/* take_seed - the secret of a pair, for the caller to cleanse */
static int
take_seed(const struct keypair *pair, uint8_t seed[IDENTITY_KEY_LEN])
{
	size_t len = IDENTITY_KEY_LEN;

	return EVP_PKEY_get_raw_private_key(pair->pkey, seed, &len) == 1 &&
			       len == IDENTITY_KEY_LEN
		       ? 0
		       : identity_crypto_error(ERR_CRYPTO);
}

/* seal_blob - cost, salt, nonce and the sealed seed */
static int
seal_blob(const struct keypair *pair, struct slice head, struct slice passphrase,
	const struct rng *rng, uint8_t blob[KEY_EXPORT_BLOB_LEN])
{
	uint8_t seed[IDENTITY_KEY_LEN];
	uint8_t key[AES_LEN];
	int rc = rng_bytes(rng, blob + SALT_AT, SALT_LEN + NONCE_LEN);

	rc = rc == 0 ? derive(passphrase, blob, key) : rc;
	rc = rc == 0 ? take_seed(pair, seed) : rc;
	rc = rc == 0 ? seal(key, head, seed, blob) : rc;
	OPENSSL_cleanse(seed, sizeof(seed));
	OPENSSL_cleanse(key, sizeof(key));
	return rc;
}

int
key_export_seal(const struct keystore_entry *what, const struct keypair *pair,
	const struct key_export_lock *lock, const struct rng *rng, struct dynbuf *out,
	struct err_msg *msg)
{
	const char *kind = kind_name(what->kind);
	char text[BASE64URL_LEN(KEY_EXPORT_BLOB_LEN) + 1];
	uint8_t blob[KEY_EXPORT_BLOB_LEN] = {(uint8_t)lock->log_n, R, 1};
	size_t start = dynbuf_slice(out).len;
	int rc;

	if (kind == NULL || lock->log_n < LOG_N_MIN || lock->log_n > LOG_N_MAX) {
		return err_set(msg, ERR_INVALID, "only root and next keys are exported");
	}
	if (lock->passphrase.len < KEY_EXPORT_PASSPHRASE_MIN) {
		return err_set(msg, ERR_INVALID,
			"the passphrase is too short: at least %d characters",
			KEY_EXPORT_PASSPHRASE_MIN);
	}
	(void)dynbuf_printf(out, MAGIC "%s%s.", kind, what->identity.text);
	rc = dynbuf_error(out);
	rc = rc == 0 ? seal_blob(pair, slice_skip(dynbuf_slice(out), start), lock->passphrase,
			       rng, blob)
		     : rc;
	if (rc != 0) {
		return err_set(msg, rc, "the key cannot be exported: %s", err_text(rc));
	}
	base64url_encode(slice_of(blob, sizeof(blob)), text);
	rc = dynbuf_add(out, slice_str(text));
	return rc == 0 ? 0 : err_set(msg, rc, "%s", err_text(rc));
}

/* parse_head - kind and identity; *at is behind them */
static bool
parse_head(struct slice line, struct key_export *out, size_t *at)
{
	struct slice rest = slice_skip(line, strlen(MAGIC));
	size_t i = 0;

	if (!slice_starts_with(line, SLICE(MAGIC))) {
		return false;
	}
	while (i < ARRAY_LEN(kinds) && !slice_starts_with(rest, slice_str(kinds[i].name))) {
		i++;
	}
	if (i == ARRAY_LEN(kinds)) {
		return false;
	}
	out->kind = kinds[i].kind;
	rest = slice_skip(rest, strlen(kinds[i].name));
	if (thumbprint_parse(slice_take(rest, IDENTITY_THUMBPRINT_LEN), &out->identity) != 0) {
		return false;
	}
	rest = slice_skip(rest, IDENTITY_THUMBPRINT_LEN);
	*at = line.len - slice_skip(rest, 1).len;
	return slice_starts_with(rest, SLICE("."));
}

int
key_export_parse(struct slice text, struct key_export *out, struct err_msg *msg)
{
	struct slice line = slice_trim(text);
	size_t len = 0;

	if (line.len > KEY_EXPORT_MAX) {
		return err_set(msg, ERR_TOOBIG, "too long for an exported key");
	}
	*out = (struct key_export){0};
	if (!parse_head(line, out, &out->head_len) ||
		base64url_decode(slice_skip(line, out->head_len), out->blob, sizeof(out->blob),
			&len) != 0 ||
		len != sizeof(out->blob)) {
		return err_set(msg, ERR_INVALID, "not an exported key (trust-key1...)");
	}
	if (out->blob[0] < LOG_N_MIN || out->blob[0] > LOG_N_MAX || out->blob[1] != R ||
		out->blob[2] < 1 || out->blob[2] > P_MAX) {
		return err_set(msg, ERR_RANGE, "the cost of the passphrase is out of range");
	}
	return 0;
}

/* pair_of - the pair of an opened seed, which must be the key that the line says */
static int
pair_of(const uint8_t seed[IDENTITY_KEY_LEN], const struct key_export *export,
	struct keystore_entry *what, struct keypair **out)
{
	int rc = keypair_from_seed(seed, out);

	if (rc != 0) {
		return rc;
	}
	*what = (struct keystore_entry){.kind = export->kind, .identity = export->identity};
	public_key_thumbprint(keypair_public(*out), &what->key);
	if ((what->kind == KEYSTORE_ROOT) != thumbprint_eq(&what->key, &what->identity)) {
		keypair_free(*out);
		*out = NULL;
		return ERR_CORRUPT;
	}
	return 0;
}

int
key_export_open(struct slice text, struct slice passphrase, struct keystore_entry *what,
	struct keypair **out, struct err_msg *msg)
{
	struct key_export export = {.head_len = 0};
	uint8_t seed[IDENTITY_KEY_LEN];
	uint8_t key[AES_LEN];
	int rc = key_export_parse(text, &export, msg);

	*out = NULL;
	if (rc != 0) {
		return rc;
	}
	rc = derive(passphrase, export.blob, key);
	rc = rc == 0 ? unseal(key, slice_take(slice_trim(text), export.head_len), export.blob,
			       seed)
		     : rc;
	rc = rc == 0 ? pair_of(seed, &export, what, out) : rc;
	OPENSSL_cleanse(seed, sizeof(seed));
	OPENSSL_cleanse(key, sizeof(key));
	if (rc == ERR_SIGNATURE) {
		return err_set(msg, rc, "the passphrase is wrong, or the file was changed");
	}
	return rc == 0 ? 0 : err_set(msg, rc, "the key cannot be read: %s", err_text(rc));
}

#include "gossip/tls_node.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "common/base/encoding.h"
#include "common/statement/identity.h"

/* A certificate of ours has about 300 bytes; a longer list is somebody else's. */
#define CERT_LIST_MAX 4096

/* The dates mean nothing, but there must be some: from 1970 to the end of four-digit years. */
#define NOT_BEFORE "19700101000000Z"
#define NOT_AFTER  "99991231235959Z"

struct tls_node {
	EVP_PKEY *key;
	X509 *certificate;
	struct digest pin;
};

/* crypto_error - what OpenSSL complains about, and an empty queue for the next call */
static int
crypto_error(struct err_msg *msg, const char *what)
{
	unsigned long error = ERR_get_error();
	const char *reason = error == 0 ? NULL : ERR_reason_error_string(error);

	ERR_clear_error();
	return err_set(msg, ERR_CRYPTO, "%s: %s", what,
		reason == NULL ? "the library failed" : reason);
}

static int
pin_of(X509 *certificate, struct digest *out)
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);

	if (len <= 0) {
		ERR_clear_error();
		return ERR_CRYPTO;
	}
	digest_sha256(slice_of(der, (size_t)len), out);
	OPENSSL_free(der);
	return 0;
}

/* is_ed25519 - keys of other kinds could be made to fit nothing, but need not be parsed further */
static bool
is_ed25519(X509 *certificate)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);

	return key != NULL && EVP_PKEY_id(key) == EVP_PKEY_ED25519;
}

static int
fill_certificate(X509 *c, EVP_PKEY *key)
{
	X509_NAME *name = X509_get_subject_name(c);

	if (X509_set_version(c, X509_VERSION_3) != 1 ||
		ASN1_INTEGER_set(X509_get_serialNumber(c), 1) != 1 ||
		ASN1_TIME_set_string_X509(X509_getm_notBefore(c), NOT_BEFORE) != 1 ||
		ASN1_TIME_set_string_X509(X509_getm_notAfter(c), NOT_AFTER) != 1 ||
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
			(const unsigned char *)"spamd-trust gossip", -1, -1, 0) != 1 ||
		X509_set_issuer_name(c, name) != 1 || X509_set_pubkey(c, key) != 1 ||
		X509_sign(c, key, NULL) == 0) {
		return ERR_CRYPTO;
	}
	return 0;
}

/* load_or_make - a key that is in the file, whole and closed to others */
static int
load_or_make(const char *path, const struct rng *rng, struct err_msg *msg)
{
	struct keypair *pair = NULL;
	int code = keypair_load(path, &pair, msg);

	if (code == ERR_NOTFOUND) {
		code = keypair_generate(rng, &pair);
		code = code == 0 ? keypair_save(pair, path, msg)
				 : err_set(msg, code, "cannot make the key of the node");
	}
	keypair_free(pair);
	return code;
}

/* read_key - through OpenSSL's own reader of files, which keeps the PEM out of our memory */
static int
read_key(const char *path, EVP_PKEY **out, struct err_msg *msg)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	int code = 0;

	if (ctx == NULL || SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM) != 1) {
		code = crypto_error(msg, path);
	} else {
		*out = SSL_CTX_get0_privatekey(ctx);
		(void)EVP_PKEY_up_ref(*out);
	}
	SSL_CTX_free(ctx);
	return code;
}

int
tls_node_open(
	const char *path, const struct rng *rng, struct tls_node **out, struct err_msg *msg)
{
	struct tls_node *node = calloc(1, sizeof(*node));
	int code = 0;

	if (node == NULL) {
		return err_set(msg, ERR_NOMEM, "out of memory");
	}
	code = load_or_make(path, rng, msg);
	if (code == 0) {
		code = read_key(path, &node->key, msg);
	}
	if (code == 0) {
		node->certificate = X509_new();
		if (node->certificate == NULL ||
			fill_certificate(node->certificate, node->key) != 0 ||
			pin_of(node->certificate, &node->pin) != 0) {
			code = crypto_error(msg, "cannot make the certificate of the node");
		}
	}
	if (code != 0) {
		tls_node_free(node);
		return code;
	}
	*out = node;
	return 0;
}

void
tls_node_free(struct tls_node *node)
{
	if (node == NULL) {
		return;
	}
	X509_free(node->certificate);
	EVP_PKEY_free(node->key);
	free(node);
}

const struct digest *
tls_node_pin(const struct tls_node *node)
{
	return &node->pin;
}

/* restrict_to_ours - versions, groups and signatures of both sides */
static int
restrict_to_ours(const struct tls_node *node, SSL_CTX *ctx)
{
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
		SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) != 1 ||
		SSL_CTX_set1_groups_list(ctx, "X25519") != 1 ||
		SSL_CTX_set1_sigalgs_list(ctx, "ed25519") != 1 ||
		SSL_CTX_use_certificate(ctx, node->certificate) != 1 ||
		SSL_CTX_use_PrivateKey(ctx, node->key) != 1) {
		ERR_clear_error();
		return ERR_CRYPTO;
	}
	SSL_CTX_set_max_cert_list(ctx, CERT_LIST_MAX);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
	return SSL_CTX_set_num_tickets(ctx, 0) == 1 ? 0 : ERR_CRYPTO;
}

static int
verify_client(X509_STORE_CTX *store, void *arg)
{
	const struct tls_admission *admission = arg;
	X509 *certificate = X509_STORE_CTX_get0_cert(store);
	struct digest pin;

	if (is_ed25519(certificate) && pin_of(certificate, &pin) == 0 &&
		admission->admit(admission->ctx, &pin)) {
		X509_STORE_CTX_set_error(store, X509_V_OK);
		return 1;
	}
	/*
	 * The alert is then unknown_ca, by which our client knows what to tell its
	 * administrator.
	 */
	X509_STORE_CTX_set_error(store, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
	return 0;
}

static int
verify_server(X509_STORE_CTX *store, void *arg)
{
	const struct digest *wanted = arg;
	X509 *certificate = X509_STORE_CTX_get0_cert(store);
	struct digest pin;

	if (is_ed25519(certificate) && pin_of(certificate, &pin) == 0 &&
		digest_eq(&pin, wanted)) {
		X509_STORE_CTX_set_error(store, X509_V_OK);
		return 1;
	}
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	return 0;
}

int
tls_node_server(const struct tls_node *node, const struct tls_admission *admission,
	struct ssl_ctx_st **out, struct err_msg *msg)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx == NULL || restrict_to_ours(node, ctx) != 0) {
		SSL_CTX_free(ctx);
		return crypto_error(msg, "cannot set TLS up");
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, verify_client, attr_without_const(admission));
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	*out = ctx;
	return 0;
}

int
tls_node_client(const struct tls_node *node, const struct digest *pin, struct ssl_ctx_st *ctx)
{
	if (restrict_to_ours(node, ctx) != 0) {
		return ERR_CRYPTO;
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, verify_server, attr_without_const(pin));
	return 0;
}

int
tls_peer_pin(struct ssl_st *ssl, struct digest *out)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl);

	return certificate == NULL ? ERR_NOTFOUND : pin_of(certificate, out);
}

int
tls_exporter(struct ssl_st *ssl, uint8_t out[TLS_NODE_EXPORTER_LEN])
{
	static const char label[] = "EXPORTER-Channel-Binding";

	if (SSL_export_keying_material(ssl, out, TLS_NODE_EXPORTER_LEN, label,
		    sizeof(label) - 1, NULL, 0, 0) != 1) {
		ERR_clear_error();
		return ERR_CRYPTO;
	}
	return 0;
}

void
tls_pin_print(const struct digest *pin, char out[TLS_NODE_PIN_TEXT_LEN + 1])
{
	base64url_encode(digest_slice(pin), out);
}

int
tls_pin_parse(struct slice text, struct digest *out)
{
	size_t len = 0;

	if (text.len != TLS_NODE_PIN_TEXT_LEN) {
		return ERR_INVALID;
	}
	return base64url_decode(text, out->bytes, DIGEST_LEN, &len);
}

#include "spamd-trust/upstream_tls.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct upstream_tls {
	SSL_CTX *ctx;
	const struct strlist *names; /* that the certificate may have; empty: the address */
};

static int
tls_error(struct err_msg *msg, int code, const char *what, const char *path)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	ERR_clear_error();
	return err_set(
		msg, code, "%s %s: %s", what, path, reason == NULL ? "unusable" : reason);
}

/* copy_path - a setting as a C string; NULL where it is not set or memory is out */
static char *
copy_path(struct slice setting)
{
	return slice_is_empty(setting) ? NULL
				       : strndup((const char *)setting.data, setting.len);
}

/* load_authorities - a file or a directory of certificates, else those of the system */
static int
load_authorities(SSL_CTX *ctx, const char *path, struct err_msg *msg)
{
	struct stat st = {0};
	bool is_dir = false;

	if (path == NULL) {
		return SSL_CTX_set_default_verify_paths(ctx) == 1
			       ? 0
			       : tls_error(msg, ERR_CRYPTO, "certificate authorities",
					 "of the system");
	}
	if (stat(path, &st) != 0 || access(path, R_OK) != 0) {
		return err_set_errno(msg, "upstream_tls_ca %s", path);
	}
	is_dir = S_ISDIR(st.st_mode);
	if (SSL_CTX_load_verify_locations(ctx, is_dir ? NULL : path, is_dir ? path : NULL) !=
		1) {
		return tls_error(msg, ERR_INVALID, "upstream_tls_ca", path);
	}
	return 0;
}

/* load_identity - who we are, for a scorer that asks */
static int
load_identity(SSL_CTX *ctx, const char *cert, const char *key, struct err_msg *msg)
{
	if (cert == NULL && key == NULL) {
		return 0;
	}
	if (cert == NULL || key == NULL) {
		return err_set(msg, ERR_INVALID,
			"upstream_tls_cert and upstream_tls_key need each other");
	}
	if (access(cert, R_OK) != 0) {
		return err_set_errno(msg, "upstream_tls_cert %s", cert);
	}
	if (access(key, R_OK) != 0) {
		return err_set_errno(msg, "upstream_tls_key %s", key);
	}
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1) {
		return tls_error(msg, ERR_INVALID, "upstream_tls_cert", cert);
	}
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
		SSL_CTX_check_private_key(ctx) != 1) {
		return tls_error(msg, ERR_INVALID, "upstream_tls_key", key);
	}
	return 0;
}

/* load - everything that the settings name */
static int
load(SSL_CTX *ctx, const struct settings *s, struct err_msg *msg)
{
	char *authorities = copy_path(s->upstream_tls_ca);
	char *cert = copy_path(s->upstream_tls_cert);
	char *key = copy_path(s->upstream_tls_key);
	int code = load_identity(ctx, cert, key, msg);

	if (code == 0 && s->upstream_tls_verify) {
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
		code = load_authorities(ctx, authorities, msg);
	}
	free(authorities);
	free(cert);
	free(key);
	return code;
}

int
upstream_tls_new(
	const struct settings *settings, struct upstream_tls **out, struct err_msg *msg)
{
	struct upstream_tls *tls = calloc(1, sizeof(*tls));
	int code = ERR_NOMEM;

	if (tls == NULL) {
		return ERR_NOMEM;
	}
	tls->names = &settings->upstream_tls_name;
	tls->ctx = SSL_CTX_new(TLS_client_method());
	if (tls->ctx == NULL || SSL_CTX_set_min_proto_version(tls->ctx, TLS1_2_VERSION) != 1) {
		code = tls_error(msg, ERR_CRYPTO, "TLS", "set-up");
		goto out;
	}
	/* An answer that was cut shows in its length, or lacks its empty line. */
	(void)SSL_CTX_set_options(
		tls->ctx, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
	(void)SSL_CTX_set_mode(tls->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
						 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
						 SSL_MODE_RELEASE_BUFFERS);
	code = load(tls->ctx, settings, msg);
out:
	if (code != 0) {
		upstream_tls_free(tls);
		return code;
	}
	*out = tls;
	return 0;
}

void
upstream_tls_free(struct upstream_tls *tls)
{
	if (tls != NULL) {
		SSL_CTX_free(tls->ctx);
		free(tls);
	}
}

/* expect_address - the certificate must name the address that is connected to */
static bool
expect_address(SSL *ssl, const struct upstream_target *target)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&target->address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&target->address;

	if (target->is_localhost) {
		return SSL_set1_host(ssl, "localhost") == 1;
	}
	if (target->address.ss_family == AF_INET) {
		return X509_VERIFY_PARAM_set1_ip(param, (const unsigned char *)&v4->sin_addr,
			       sizeof(v4->sin_addr)) == 1;
	}
	return X509_VERIFY_PARAM_set1_ip(param, (const unsigned char *)&v6->sin6_addr,
		       sizeof(v6->sin6_addr)) == 1;
}

/* expect_names - any of these will do; the first is also the one that is asked for */
static bool
expect_names(SSL *ssl, const struct strlist *names)
{
	bool good = true;

	for (size_t i = 0; good && i < names->count; i++) {
		/* The copies of a strlist end in a NUL. */
		const char *name = (const char *)names->items[i].data;

		good = i == 0 ? SSL_set1_host(ssl, name) == 1 &&
					SSL_set_tlsext_host_name(ssl, name) == 1
			      : SSL_add1_host(ssl, name) == 1;
	}
	return good;
}

int
upstream_tls_start(const struct upstream_tls *tls, const struct upstream_target *target, int fd,
	struct stream *out)
{
	SSL *ssl = SSL_new(tls->ctx);

	if (ssl == NULL) {
		return ERR_CRYPTO;
	}
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (SSL_set_fd(ssl, fd) != 1 ||
		!(tls->names->count > 0 ? expect_names(ssl, tls->names)
					: expect_address(ssl, target))) {
		SSL_free(ssl);
		return ERR_CRYPTO;
	}
	SSL_set_connect_state(ssl);
	*out = (struct stream){.fd = fd, .ssl = ssl};
	return 0;
}

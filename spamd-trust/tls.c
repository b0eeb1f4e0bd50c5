#include "spamd-trust/tls.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

/* ssl_error - the first thing OpenSSL complained about */
static int
ssl_error(struct err_msg *msg, int code, const char *what, const char *path)
{
	unsigned long error = ERR_get_error();
	const char *reason = error == 0 ? NULL : ERR_reason_error_string(error);

	ERR_clear_error();
	return err_set(
		msg, code, "%s %s: %s", what, path, reason == NULL ? "unusable" : reason);
}

/* readable - tells a missing file from a bad one */
static int
readable(const char *what, const char *path, struct err_msg *msg)
{
	if (access(path, R_OK) != 0) {
		return err_set_errno(msg, "%s %s", what, path);
	}
	return 0;
}

/* default_path - the file given, or the usual one in the site's directory */
static const char *
default_path(const char *given, const char *site_dir, const char *name, char out[PATH_MAX])
{
	if (given != NULL) {
		return given;
	}
	(void)snprintf(out, PATH_MAX, "%s/certs/%s", site_dir, name);
	return out;
}

static int
load_identity(SSL_CTX *ctx, const struct options *o, const char *site_dir, struct err_msg *msg)
{
	char key_buffer[PATH_MAX];
	char cert_buffer[PATH_MAX];
	const char *key = default_path(o->server_key, site_dir, "server-key.pem", key_buffer);
	const char *cert =
		default_path(o->server_cert, site_dir, "server-cert.pem", cert_buffer);
	int code = readable("server key file", key, msg);

	if (code == 0) {
		code = readable("server certificate file", cert, msg);
	}
	if (code != 0) {
		return code;
	}
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1) {
		return ssl_error(msg, ERR_INVALID, "server certificate file", cert);
	}
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
		SSL_CTX_check_private_key(ctx) != 1) {
		return ssl_error(msg, ERR_INVALID, "server key file", key);
	}
	return 0;
}

/* load_authorities - whose client certificates are good: the given ones, else the system's */
static int
load_authorities(SSL_CTX *ctx, const struct options *o, struct err_msg *msg)
{
	STACK_OF(X509_NAME) *names = NULL;
	int code = 0;

	if (o->ssl_ca_file == NULL && o->ssl_ca_path == NULL) {
		return SSL_CTX_set_default_verify_paths(ctx) == 1
			       ? 0
			       : ssl_error(msg, ERR_CRYPTO, "certificate authorities",
					 "of the system");
	}
	if (o->ssl_ca_file != NULL) {
		code = readable("--ssl-ca-file", o->ssl_ca_file, msg);
	}
	if (code == 0 && o->ssl_ca_path != NULL) {
		code = readable("--ssl-ca-path", o->ssl_ca_path, msg);
	}
	if (code != 0) {
		return code;
	}
	if (SSL_CTX_load_verify_locations(ctx, o->ssl_ca_file, o->ssl_ca_path) != 1) {
		return ssl_error(msg, ERR_INVALID, "certificate authorities",
			o->ssl_ca_file == NULL ? o->ssl_ca_path : o->ssl_ca_file);
	}
	if (o->ssl_ca_file != NULL) {
		names = SSL_load_client_CA_file(o->ssl_ca_file);
		SSL_CTX_set_client_CA_list(ctx, names); /* takes it */
	}
	return 0;
}

int
tls_server_new(const struct options *options, const char *site_dir, struct ssl_ctx_st **out,
	struct err_msg *msg)
{
	static const unsigned char session_context[] = "spamd";
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	int code = 0;

	if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
		SSL_CTX_set_session_id_context(
			ctx, session_context, sizeof(session_context) - 1) != 1) {
		code = ssl_error(msg, ERR_CRYPTO, "TLS", "set-up");
		goto out;
	}
	/* Clients end with a bare FIN; what is missing then shows in Content-length. */
	(void)SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
	/* A reply is written from where it stands; a short write goes on from there. */
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
					    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					    SSL_MODE_RELEASE_BUFFERS);
	(void)SSL_CTX_set_num_tickets(ctx, 1);
	code = load_identity(ctx, options, site_dir, msg);
	if (code == 0 && options->ssl_verify) {
		SSL_CTX_set_verify(
			ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		code = load_authorities(ctx, options, msg);
	}
out:
	if (code != 0) {
		SSL_CTX_free(ctx);
		return code;
	}
	*out = ctx;
	return 0;
}

void
tls_server_free(struct ssl_ctx_st *ctx)
{
	SSL_CTX_free(ctx);
}

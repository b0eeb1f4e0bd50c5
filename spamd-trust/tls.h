/*
 * tls.h - the server's side of --ssl: certificate, key, client verification.
 *
 * TLS 1.2 and 1.3. The key is read before privileges are dropped; it is the one key the
 * process that parses mail holds.
 */
#ifndef SPAMD_TRUST_TLS_H
#define SPAMD_TRUST_TLS_H

#include "spamd-trust/options.h"

struct ssl_ctx_st;

/**
 * Makes the context; `site_dir` is where certs/server-key.pem and certs/server-cert.pem are by
 * default.
 * @return 0; ERR_NOTFOUND, ERR_DENIED or ERR_INVALID for a file, with its name and the reason in
 *   msg; ERR_CRYPTO.
 */
NODISCARD int tls_server_new(const struct options *options, const char *site_dir,
	struct ssl_ctx_st **out, struct err_msg *msg);
void tls_server_free(struct ssl_ctx_st *ctx);

#endif

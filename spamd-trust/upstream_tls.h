/*
 * upstream_tls.h - the client's side of TLS towards chained scorers, and whom it takes for one.
 *
 * TLS 1.2 and 1.3. Unless `upstream_tls_verify no`, the other side must have a certificate that
 * leads to `upstream_tls_ca` (else to the system's authorities) and is made out to one of
 * `upstream_tls_name`, else to the address that was configured (`localhost` by that name).
 * Whoever fails this is asked nothing: he would read the mail, and his score would count.
 */
#ifndef SPAMD_TRUST_UPSTREAM_TLS_H
#define SPAMD_TRUST_UPSTREAM_TLS_H

#include "common/conf/settings.h"
#include "spamd-trust/stream.h"
#include "spamd-trust/upstream_targets.h"

struct upstream_tls;

/**
 * Reads certificates and key; keeps the names of `settings`, which must live as long. Reads
 * files, so it comes before rights are given up.
 * @return 0; ERR_NOTFOUND, ERR_DENIED or ERR_INVALID for a file, with its name in msg;
 * ERR_NOMEM; ERR_CRYPTO.
 */
NODISCARD int upstream_tls_new(
	const struct settings *settings, struct upstream_tls **out, struct err_msg *msg);
void upstream_tls_free(struct upstream_tls *tls);

/**
 * A stream to the target over a descriptor that it takes.
 * @return 0 or ERR_CRYPTO (the descriptor stays the caller's).
 */
NODISCARD int upstream_tls_start(const struct upstream_tls *tls,
	const struct upstream_target *target, int fd, struct stream *out);

#endif

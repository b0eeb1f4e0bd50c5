/*
 * listen_spec.h - what -i, -p, --ssl-port and --socketpath say about where to listen (SPEC 12.1).
 *
 * Opens nothing, so that --check-config can look at it and a slip of the pen is a usage error.
 */
#ifndef SPAMD_TRUST_LISTEN_SPEC_H
#define SPAMD_TRUST_LISTEN_SPEC_H

#include "spamd-trust/options.h"

#define LISTENER_HOST_MAX 256
#define LISTENER_PORT_MAX 32
#define LISTENER_PATH_MAX 108 /**< sizeof(sun_path) */

/** One -i argument taken apart. */
struct listen_spec {
	bool tls;
	bool is_unix;
	char path[LISTENER_PATH_MAX];
	char host[LISTENER_HOST_MAX]; /**< "*" for all addresses */
	char port[LISTENER_PORT_MAX]; /**< number or service name */
};

/**
 * Reads one address: `[ssl:]HOST[:PORT]`, `[ssl:][V6]:PORT`, `*`, nothing (all addresses) or an
 * absolute path. Ports and TLS not given come from the options.
 * @return 0 or ERR_INVALID.
 */
NODISCARD int listen_spec_parse(const char *text, const struct options *options,
	struct listen_spec *out, struct err_msg *msg);

/**
 * Looks at all that the options say, names of services included.
 * @return 0 or ERR_INVALID.
 */
NODISCARD int listen_specs_check(const struct options *options, struct err_msg *msg);

#endif

/*
 * identity_private.h - the inside of a key pair, for identity.c and identity_file.c only.
 */
#ifndef COMMON_STATEMENT_IDENTITY_PRIVATE_H
#define COMMON_STATEMENT_IDENTITY_PRIVATE_H

#include <openssl/evp.h>

#include "common/statement/identity.h"

struct keypair {
	EVP_PKEY *pkey; /* owned; holds the secret */
	struct public_key public;
};

/**
 * Makes a key pair of pkey, which it takes, also on failure.
 * @return 0; ERR_INVALID when it is not Ed25519; ERR_NOMEM; ERR_CRYPTO.
 */
NODISCARD int keypair_wrap(EVP_PKEY *pkey, struct keypair **out);

/**
 * Returns code, having emptied this thread's error queue of OpenSSL: what a bad signature left
 * there would look like a failure of the next TLS call (SSL_get_error(3)).
 */
int identity_crypto_error(int code);

#endif

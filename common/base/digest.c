/*
 * The streaming SHA-256 functions are deprecated in OpenSSL 3 in favour of EVP, which fetches the
 * algorithm under a lock and allocates for every digest; the one-shot SHA256() does so behind
 * the scenes. A scan makes half a dozen digests of some fifty bytes, where that costs more than
 * the hashing. These functions do neither and cannot fail.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "common/base/digest.h"

#include <openssl/sha.h>

void
digest_sha256(struct slice in, struct digest *out)
{
	digest_sha256_parts(&in, 1, out);
}

void
digest_sha256_parts(const struct slice *parts, size_t n, struct digest *out)
{
	SHA256_CTX ctx;

	(void)SHA256_Init(&ctx);
	for (size_t i = 0; i < n; i++) {
		(void)SHA256_Update(&ctx, parts[i].data, parts[i].len);
	}
	(void)SHA256_Final(out->bytes, &ctx);
}

bool
digest_eq(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, DIGEST_LEN) == 0;
}

int
digest_cmp(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, DIGEST_LEN);
}

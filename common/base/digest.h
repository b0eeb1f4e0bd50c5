/*
 * digest.h - SHA-256 (FIPS 180-4), the one hash of the product.
 *
 * Thumbprints (RFC 7638), statement ids, principal digests and message digests are
 * all 32-byte SHA-256 values; DIGEST_LEN is their length everywhere.
 */
#ifndef COMMON_BASE_DIGEST_H
#define COMMON_BASE_DIGEST_H

#include "common/base/attr.h"
#include "common/base/slice.h"

#define DIGEST_LEN 32

/** A SHA-256 value. Compared with digest_eq, ordered bytewise with digest_cmp. */
struct digest {
	uint8_t bytes[DIGEST_LEN];
};

void digest_sha256(struct slice in, struct digest *out);

/** SHA-256 over the concatenation of n pieces. */
void digest_sha256_parts(const struct slice *parts, size_t n, struct digest *out);

bool digest_eq(const struct digest *a, const struct digest *b);
int digest_cmp(const struct digest *a, const struct digest *b);

static inline struct slice
digest_slice(const struct digest *d)
{
	return slice_of(d->bytes, DIGEST_LEN);
}

#endif

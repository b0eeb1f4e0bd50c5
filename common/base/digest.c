#include "common/base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

void
digest_sha256(struct slice in, struct digest *out)
{
	(void)SHA256(in.data, in.len, out->bytes);
}

/*
 * The one-shot SHA256() stays in OpenSSL 3, the streaming SHA256_Init family is
 * deprecated, and the EVP one allocates and may fail. Pieces are short (a few
 * hundred bytes), so they are gathered on the stack; longer input goes the EVP way.
 */
#define PARTS_STACK_MAX 2048

static void
sha256_evp(const struct slice *parts, size_t n, struct digest *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;

	for (size_t i = 0; ok && i < n; i++) {
		ok = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) == 1;
	}
	ok = ok && EVP_DigestFinal_ex(ctx, out->bytes, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok) {
		/* A digest nobody has: equal to no stored one, so trust is never granted by it. */
		OPENSSL_cleanse(out->bytes, DIGEST_LEN);
	}
}

void
digest_sha256_parts(const struct slice *parts, size_t n, struct digest *out)
{
	uint8_t buf[PARTS_STACK_MAX];
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (parts[i].len > sizeof(buf) - len) {
			sha256_evp(parts, n, out);
			return;
		}
		if (parts[i].len > 0) {
			memcpy(buf + len, parts[i].data, parts[i].len);
		}
		len += parts[i].len;
	}
	digest_sha256(slice_of(buf, len), out);
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

#include "gossip/id_sum.h"

#include "gossip/reconcile_wire.h"

void
id_sum_fingerprint(
	const struct id_sum *sum, uint64_t count, uint8_t out[ID_SUM_FINGERPRINT_LEN])
{
	uint8_t text[sizeof(sum->limb) + RECONCILE_VARINT_MAX];
	struct digest digest;
	size_t len = sizeof(sum->limb);

	for (size_t i = 0; i < ID_SUM_LIMBS; i++) {
		const uint64_t limb = htole64(sum->limb[i]);
		memcpy(text + i * sizeof(limb), &limb, sizeof(limb));
	}
	len += reconcile_varint(count, text + len);
	digest_sha256(slice_of(text, len), &digest);
	memcpy(out, digest.bytes, ID_SUM_FINGERPRINT_LEN);
}

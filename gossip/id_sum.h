/*
 * id_sum.h - the sum of a set of ids, and the fingerprint made of it.
 *
 * Ids are added as 256-bit little-endian integers modulo 2^256 (Negentropy protocol V1). Sums
 * can be added and subtracted, so a tree that keeps them per subtree gives the sum of any range
 * in a logarithmic number of steps.
 *
 * Such a sum is no protection against somebody who chooses ids freely: he can find two sets
 * with one sum. Ids here are SHA-256 of signed statements, so he would have to sign his way
 * there, and would only hide statements of his own from a repair.
 */
#ifndef GOSSIP_ID_SUM_H
#define GOSSIP_ID_SUM_H

#include <endian.h>

#include "common/base/digest.h"

#define ID_SUM_LIMBS           4
#define ID_SUM_FINGERPRINT_LEN 16

/** The least significant limb first. All zero is the sum of nothing. */
struct id_sum {
	uint64_t limb[ID_SUM_LIMBS];
};

static inline void
id_sum_add(struct id_sum *sum, const struct id_sum *other)
{
	uint64_t carry = 0;

	for (size_t i = 0; i < ID_SUM_LIMBS; i++) {
		const uint64_t with_carry = sum->limb[i] + carry;
		const uint64_t carried = with_carry < carry;
		sum->limb[i] = with_carry + other->limb[i];
		carry = carried | (sum->limb[i] < with_carry);
	}
}

static inline void
id_sum_sub(struct id_sum *sum, const struct id_sum *other)
{
	uint64_t borrow = 0;

	for (size_t i = 0; i < ID_SUM_LIMBS; i++) {
		const uint64_t less = sum->limb[i] - other->limb[i];
		const uint64_t borrowed = sum->limb[i] < other->limb[i];
		sum->limb[i] = less - borrow;
		borrow = borrowed | (less < borrow);
	}
}

/** The sum of one id. */
static inline struct id_sum
id_sum_of(const struct digest *id)
{
	struct id_sum sum;

	memcpy(sum.limb, id->bytes, sizeof(sum.limb));
	for (size_t i = 0; i < ID_SUM_LIMBS; i++) {
		sum.limb[i] = le64toh(sum.limb[i]);
	}
	return sum;
}

/**
 * The first 16 bytes of SHA-256 over the sum (32 bytes, little-endian) and the count as a
 * varint of base 128, most significant group first.
 */
void id_sum_fingerprint(
	const struct id_sum *sum, uint64_t count, uint8_t out[ID_SUM_FINGERPRINT_LEN]);

#endif

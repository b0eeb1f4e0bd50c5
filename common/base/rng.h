/*
 * rng.h - where random bytes come from.
 *
 * Engines take a `struct rng` and never ask the system, so that tests and
 * scenarios are repeatable. rng_system() is cryptographically strong (OpenSSL);
 * rng_seeded() is not, and belongs in tests, simulations and benchmarks only.
 */
#ifndef COMMON_BASE_RNG_H
#define COMMON_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/attr.h"

struct rng {
	/** Fills buf; 0 or ERR_CRYPTO. */
	int (*fill)(void *ctx, uint8_t *buf, size_t len);
	void *ctx;
};

/** State of the deterministic generator (SplitMix64); fields are private. */
struct rng_seeded_state {
	uint64_t x;
};

struct rng rng_system(void);

/** Borrows *state, which must outlive the generator. */
struct rng rng_seeded(struct rng_seeded_state *state, uint64_t seed);

NODISCARD int rng_bytes(const struct rng *rng, uint8_t *buf, size_t len);

/** Uniform in 0..bound-1 (bound at least 1), without modulo bias. Falls back to 0 on failure. */
uint64_t rng_below(const struct rng *rng, uint64_t bound);

#endif

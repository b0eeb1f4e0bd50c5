#include "common/base/rng.h"

#include <limits.h>
#include <string.h>

#include <openssl/rand.h>

#include "common/base/err.h"

static int
system_fill(void *ctx, uint8_t *buf, size_t len)
{
	(void)ctx;
	if (len > INT_MAX || RAND_bytes(buf, (int)len) != 1) {
		return ERR_CRYPTO;
	}
	return 0;
}

struct rng
rng_system(void)
{
	return (struct rng){.fill = system_fill};
}

/* SplitMix64: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators" (2014). */
static uint64_t
splitmix64(struct rng_seeded_state *state)
{
	uint64_t z = (state->x += 0x9e3779b97f4a7c15U);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

static int
seeded_fill(void *ctx, uint8_t *buf, size_t len)
{
	while (len > 0) {
		uint64_t word = splitmix64(ctx);
		size_t n = len < sizeof(word) ? len : sizeof(word);

		memcpy(buf, &word, n);
		buf += n;
		len -= n;
	}
	return 0;
}

struct rng
rng_seeded(struct rng_seeded_state *state, uint64_t seed)
{
	state->x = seed;
	return (struct rng){.fill = seeded_fill, .ctx = state};
}

int
rng_bytes(const struct rng *rng, uint8_t *buf, size_t len)
{
	return rng->fill(rng->ctx, buf, len);
}

uint64_t
rng_below(const struct rng *rng, uint64_t bound)
{
	uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
	uint64_t word = 0;

	do {
		if (rng_bytes(rng, (uint8_t *)&word, sizeof(word)) != 0) {
			return 0;
		}
	} while (word >= limit);
	return word % bound;
}

#include "spamd-trust/peers.h"

#include <limits.h>

int
peers_init(struct peers *p, unsigned int max, const struct rng *rng)
{
	p->max = max == 0 ? UINT_MAX : max;
	for (size_t i = 0; i < PEERS_SLOTS; i++) {
		atomic_init(&p->counts[i], 0);
	}
	return rng_bytes(rng, (uint8_t *)&p->key, sizeof(p->key));
}

/* mix - the finaliser of SplitMix64: every bit of the input changes half of the output */
static uint64_t
mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
	return x ^ (x >> 31);
}

/* slot_of - an IPv6 site gets one counter for its whole /64, as it can use any address of it */
static uint32_t
slot_of(const struct peers *p, const struct net_address *address)
{
	static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};
	uint64_t high = 0;
	uint64_t low = 0;

	memcpy(&high, address->bytes, sizeof(high));
	if (memcmp(address->bytes, v4_prefix, sizeof(v4_prefix)) == 0) {
		memcpy(&low, address->bytes + sizeof(high), sizeof(low));
	}
	return (uint32_t)(mix(mix(high ^ p->key) + low) % PEERS_SLOTS);
}

bool
peers_enter(struct peers *p, const struct net_address *address, uint32_t *slot_out)
{
	uint32_t slot = 0;

	*slot_out = PEERS_NOT_COUNTED;
	if (net_address_is_loopback(address)) {
		return true;
	}
	slot = slot_of(p, address);
	if (atomic_fetch_add_explicit(&p->counts[slot], 1, memory_order_relaxed) >= p->max) {
		(void)atomic_fetch_sub_explicit(&p->counts[slot], 1, memory_order_relaxed);
		return false;
	}
	*slot_out = slot;
	return true;
}

void
peers_leave(struct peers *p, uint32_t slot)
{
	if (slot != PEERS_NOT_COUNTED) {
		(void)atomic_fetch_sub_explicit(&p->counts[slot], 1, memory_order_relaxed);
	}
}

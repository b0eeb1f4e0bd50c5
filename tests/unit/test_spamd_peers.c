/* How many connections one address may hold. */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "spamd-trust/peers.h"

#define SEED 20260101U

static struct peers *
new_peers(unsigned int max)
{
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, SEED);
	struct peers *p = malloc(sizeof(*p));

	cr_assert_not_null(p);
	cr_assert_eq(peers_init(p, max, &rng), 0);
	return p;
}

static bool
enter(struct peers *p, const char *text, uint32_t *slot)
{
	struct net_address address;

	cr_assert_eq(net_address_parse(slice_str(text), &address), 0, "%s", text);
	return peers_enter(p, &address, slot);
}

Test(spamd_peers, stops_at_the_limit_and_goes_on_when_one_leaves)
{
	struct peers *p = new_peers(2);
	uint32_t slots[3];

	cr_expect(enter(p, "192.0.2.1", &slots[0]));
	cr_expect(enter(p, "192.0.2.1", &slots[1]));
	cr_expect_not(enter(p, "192.0.2.1", &slots[2]));
	peers_leave(p, slots[2]);
	cr_expect_not(enter(p, "192.0.2.1", &slots[2]), "a refused one does not count");
	peers_leave(p, slots[0]);
	cr_expect(enter(p, "192.0.2.1", &slots[0]));
	free(p);
}

Test(spamd_peers, keeps_addresses_apart)
{
	struct peers *p = new_peers(1);
	uint32_t slot;

	cr_expect(enter(p, "192.0.2.1", &slot));
	cr_expect(enter(p, "192.0.2.2", &slot));
	cr_expect(enter(p, "2001:db8::1", &slot));
	free(p);
}

Test(spamd_peers, counts_an_ipv6_network_of_64_bits_as_one)
{
	struct peers *p = new_peers(1);
	uint32_t slot;

	cr_expect(enter(p, "2001:db8:0:1::1", &slot));
	cr_expect_not(enter(p, "2001:db8:0:1:ffff::2", &slot));
	cr_expect(enter(p, "2001:db8:0:2::1", &slot));
	free(p);
}

Test(spamd_peers, does_not_count_loopback)
{
	static const char *const loopback[] = {"127.0.0.1", "127.1.2.3", "::1"};
	struct peers *p = new_peers(1);
	uint32_t slot;

	for (size_t i = 0; i < ARRAY_LEN(loopback); i++) {
		cr_expect(enter(p, loopback[i], &slot), "%s", loopback[i]);
		cr_expect_eq(slot, PEERS_NOT_COUNTED);
		peers_leave(p, slot);
	}
	cr_expect(enter(p, "192.0.2.1", &slot));
	cr_expect_not(enter(p, "192.0.2.1", &slot));
	free(p);
}

Test(spamd_peers, has_no_limit_where_none_is_set)
{
	struct peers *p = new_peers(0);
	uint32_t slot;

	for (size_t i = 0; i < 100000; i++) {
		cr_assert(enter(p, "192.0.2.1", &slot));
	}
	free(p);
}

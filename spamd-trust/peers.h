/*
 * peers.h - how many connections each address holds.
 *
 * One host must not take all connections away from the others. Counters are shared by all
 * worker threads without a lock: an address hashes, with a key of this process, to one of
 * PEERS_SLOTS atomic counters. Two addresses may share a counter; with 65,536 of them that is
 * rare, cannot be brought about without the key, and only makes the limit stricter. Loopback
 * addresses and UNIX sockets are not counted: behind them stands the site's own mail server.
 */
#ifndef SPAMD_TRUST_PEERS_H
#define SPAMD_TRUST_PEERS_H

#include <stdatomic.h>

#include "common/base/rng.h"
#include "common/conf/netlist.h"

#define PEERS_SLOTS 65536

/** Slot number of connections that are not counted. */
#define PEERS_NOT_COUNTED UINT32_MAX

/** Fields are private. */
struct peers {
	uint64_t key;
	unsigned int max;
	atomic_uint counts[PEERS_SLOTS];
};

/** `max` is per address, 0 for no limit. @return 0 or ERR_CRYPTO. */
NODISCARD int peers_init(struct peers *p, unsigned int max, const struct rng *rng);

/**
 * Counts a connection.
 * @return false when the address has its share already; else *slot_out is for peers_leave().
 */
NODISCARD bool peers_enter(
	struct peers *p, const struct net_address *address, uint32_t *slot_out);
void peers_leave(struct peers *p, uint32_t slot);

#endif

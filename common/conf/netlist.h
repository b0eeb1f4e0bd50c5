/*
 * netlist.h - sets of IP addresses as SpamAssassin writes them.
 *
 * Used for trusted_networks, internal_networks, msa_networks and the daemon's -A. An entry is
 *
 *     192.0.2.7   192.0.2.0/24   192.0.2.   10.   10/8   2001:db8::/32   [2001:db8::1]/128
 *     192.0.2.1-192.0.2.9   and any of them with a leading ! (excluded)
 *
 * with SpamAssassin's meaning: the first entry that holds an address decides (so an
 * exclusion stands before the network it is cut from), leading zeros are decimal, a scope
 * (%eth0) is ignored. Addresses: common/base/net_address.h.
 *
 * Pure: no I/O, memory from the caller's arena only. SPEC 13.
 */
#ifndef COMMON_CONF_NETLIST_H
#define COMMON_CONF_NETLIST_H

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/net_address.h"
#include "common/base/slice.h"

struct net_range {
	struct net_address low;
	struct net_address high; /**< inclusive */
	bool exclude;
};

/** Longest text of net_range_print, NUL included: !LOW-HIGH. */
#define NETLIST_ENTRY_TEXT_MAX (2 * NET_ADDRESS_TEXT_MAX + 2)

/** Writes it as netlist_add_text reads it, as a network or else as a range; returns `out`. */
const char *net_range_print(const struct net_range *range, char out[NETLIST_ENTRY_TEXT_MAX]);

/** Most entries of one list; a lookup walks them all. SpamAssassin sites list a few dozen. */
#define NETLIST_MAX 4096

/**
 * Fields are private. A zeroed one is empty. A copy by assignment may be added to through
 * another arena only; netlist_share() gives one for the same.
 */
struct netlist {
	struct net_range *items;
	size_t count;
	size_t capacity;
	const struct arena *arena; /* whose memory `items` is; others copy before they add */
};

/**
 * Adds one entry.
 * @return 0; ERR_INVALID (msg says what is wrong with it); ERR_TOOBIG at NETLIST_MAX; ERR_NOMEM.
 */
NODISCARD int netlist_add_text(
	struct netlist *list, struct arena *arena, struct slice entry, struct err_msg *msg);

/** A copy that shares the entries until one is added to it. */
struct netlist netlist_share(const struct netlist *list);

/** Entries that netlist_add_loopback adds. */
#define NETLIST_LOOPBACK_COUNT 2

/** Adds 127.0.0.0/8 and ::1, which come first where they are always in. @return as above. */
NODISCARD int netlist_add_loopback(struct netlist *list, struct arena *arena);

/** What the first entry that holds the address says; false where none does. */
bool netlist_contains(const struct netlist *list, const struct net_address *a);

#endif

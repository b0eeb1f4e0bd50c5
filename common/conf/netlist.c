#include "common/conf/netlist.h"

#include <stdio.h>

#include "common/base/strnum.h"

#define V6_BITS 128

/* set_host_bits - gives first and last address of the network of `prefix_len` bits around low */
static void
set_host_bits(struct net_range *range, uint32_t prefix_len)
{
	range->high = range->low;
	for (size_t i = 0; i < sizeof(range->low.bytes); i++) {
		uint32_t start = (uint32_t)i * 8;
		uint32_t network_bits = prefix_len <= start ? 0 : prefix_len - start;
		uint8_t host_mask = (uint8_t)(network_bits >= 8 ? 0 : 0xff >> network_bits);

		range->low.bytes[i] = (uint8_t)(range->low.bytes[i] & ~host_mask);
		range->high.bytes[i] |= host_mask;
	}
}

/* prefix_len_of - the length of the prefix when the range is one network, else V6_BITS + 1 */
static uint32_t
prefix_len_of(const struct net_range *range)
{
	for (uint32_t bits = 0; bits <= V6_BITS; bits++) {
		struct net_range network = {.low = range->low};

		set_host_bits(&network, bits);
		if (net_address_eq(&network.low, &range->low) &&
			net_address_eq(&network.high, &range->high)) {
			return bits;
		}
	}
	return V6_BITS + 1;
}

const char *
net_range_print(const struct net_range *range, char out[NETLIST_ENTRY_TEXT_MAX])
{
	char low[NET_ADDRESS_TEXT_MAX];
	char high[NET_ADDRESS_TEXT_MAX];
	const char *bang = range->exclude ? "!" : "";
	uint32_t bits = prefix_len_of(range);
	/* A network that only holds v4-mapped addresses is written as one of IPv4. */
	uint32_t offset = bits >= NET_ADDRESS_V4_PREFIX_LEN && net_address_is_v4(&range->low)
				  ? NET_ADDRESS_V4_PREFIX_LEN
				  : 0;

	(void)net_address_print(&range->low, low);
	if (bits == V6_BITS) {
		(void)snprintf(out, NETLIST_ENTRY_TEXT_MAX, "%s%s", bang, low);
	} else if (bits < V6_BITS) {
		(void)snprintf(
			out, NETLIST_ENTRY_TEXT_MAX, "%s%s/%u", bang, low, bits - offset);
	} else {
		(void)snprintf(out, NETLIST_ENTRY_TEXT_MAX, "%s%s-%s", bang, low,
			net_address_print(&range->high, high));
	}
	return out;
}

/* parse_interval - FIRST-LAST */
static int
parse_interval(struct slice text, size_t dash, struct net_range *range, struct err_msg *msg)
{
	if (net_address_parse(slice_take(text, dash), &range->low) != 0 ||
		net_address_parse(slice_skip(text, dash + 1), &range->high) != 0) {
		return err_set(
			msg, ERR_INVALID, "both ends of a range must be whole addresses");
	}
	if (net_address_is_v4(&range->low) != net_address_is_v4(&range->high) ||
		net_address_cmp(&range->low, &range->high) > 0) {
		return err_set(msg, ERR_INVALID, "the range ends before it begins");
	}
	return 0;
}

/* parse_network - ADDRESS, a shortened IPv4 network, or either with /BITS */
static int
parse_network(struct slice text, struct net_range *range, struct err_msg *msg)
{
	size_t slash = slice_find_byte(text, '/');
	struct slice address = slice_take(text, slash);
	bool is_short_v4 = slice_find_byte(address, ':') == address.len;
	uint32_t bits_max = is_short_v4 ? V6_BITS - NET_ADDRESS_V4_PREFIX_LEN : V6_BITS;
	uint32_t bits = bits_max;

	if (is_short_v4) {
		size_t numbers = 0;

		if (net_address_parse_v4_short(address, &range->low, &numbers) != 0) {
			return err_set(msg, ERR_INVALID,
				"not an IP address (names are not looked up)");
		}
		bits = (uint32_t)numbers * 8;
	} else if (net_address_parse(address, &range->low) != 0) {
		return err_set(msg, ERR_INVALID, "not an IPv6 address");
	}
	if (slash < text.len && strnum_u32(slice_skip(text, slash + 1), bits_max, &bits) != 0) {
		return err_set(msg, ERR_INVALID,
			"the prefix length must be a number from 0 to %u", bits_max);
	}
	set_host_bits(range, is_short_v4 ? bits + NET_ADDRESS_V4_PREFIX_LEN : bits);
	return 0;
}

static int
parse_entry(struct slice entry, struct net_range *range, struct err_msg *msg)
{
	size_t dash = 0;

	entry = slice_trim(entry);
	range->exclude = entry.len > 0 && entry.data[0] == '!';
	if (range->exclude) {
		entry = slice_trim(slice_skip(entry, 1));
	}
	if (slice_is_empty(entry)) {
		return err_set(msg, ERR_INVALID, "an address or network is missing");
	}
	dash = slice_find_byte(entry, '-');
	/* A dash inside a %scope is not one of ours. */
	if (dash < slice_find_byte(entry, '%')) {
		return parse_interval(entry, dash, range, msg);
	}
	return parse_network(entry, range, msg);
}

static int
add_range(struct netlist *list, struct arena *arena, const struct net_range *range,
	struct err_msg *msg)
{
	if (list->count == NETLIST_MAX) {
		return err_set(
			msg, ERR_TOOBIG, "more than %d networks in one list", NETLIST_MAX);
	}
	if (list->arena != arena || list->count == list->capacity) {
		size_t capacity = list->count * 2 + 4;
		struct net_range *items = arena_alloc_array(arena, capacity, sizeof(*items));

		if (items == NULL) {
			return err_set(msg, ERR_NOMEM, "out of memory");
		}
		if (list->count > 0) {
			memcpy(items, list->items, list->count * sizeof(*items));
		}
		list->items = items;
		list->capacity = capacity;
		list->arena = arena;
	}
	list->items[list->count++] = *range;
	return 0;
}

int
netlist_add_text(
	struct netlist *list, struct arena *arena, struct slice entry, struct err_msg *msg)
{
	struct net_range range = {0};
	int ret = parse_entry(entry, &range, msg);

	return ret != 0 ? ret : add_range(list, arena, &range, msg);
}

int
netlist_add_loopback(struct netlist *list, struct arena *arena)
{
	int ret = netlist_add_text(list, arena, SLICE("127.0.0.0/8"), NULL);

	return ret != 0 ? ret : netlist_add_text(list, arena, SLICE("::1"), NULL);
}

struct netlist
netlist_share(const struct netlist *list)
{
	struct netlist copy = *list;

	copy.arena = NULL;
	return copy;
}

bool
netlist_contains(const struct netlist *list, const struct net_address *a)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct net_range *range = &list->items[i];

		if (net_address_cmp(&range->low, a) <= 0 &&
			net_address_cmp(a, &range->high) <= 0) {
			return !range->exclude;
		}
	}
	return false;
}

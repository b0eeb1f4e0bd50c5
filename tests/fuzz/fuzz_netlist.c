/* Entries of network lists: what is accepted holds its ends and prints back to itself. */
#include <assert.h>

#include "common/conf/netlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct netlist list = {0};
	struct netlist again = {0};
	struct arena arena;

	arena_init(&arena, 4096);
	if (netlist_add_text(&list, &arena, slice_of(data, size), NULL) == 0) {
		const struct net_range *range = &list.items[0];
		char text[NETLIST_ENTRY_TEXT_MAX];
		int ret = 0;

		assert(net_address_cmp(&range->low, &range->high) <= 0);
		assert(netlist_contains(&list, &range->low) == !range->exclude);
		assert(netlist_contains(&list, &range->high) == !range->exclude);
		ret = netlist_add_text(
			&again, &arena, slice_str(net_range_print(range, text)), NULL);
		assert(ret == 0);
		assert(net_address_eq(&again.items[0].low, &range->low));
		assert(net_address_eq(&again.items[0].high, &range->high));
		assert(again.items[0].exclude == range->exclude);
	} else {
		assert(list.count == 0);
	}
	arena_fini(&arena);
	return 0;
}

#include "tests/support/fuzz_tree.h"

#include <assert.h>

#include "common/base/rng.h"
#include "gossip/reconcile_wire.h"

#define FUZZ_TREE_ITEMS   1500
#define FUZZ_TREE_SECONDS 100

const struct item_tree *
fuzz_tree(void)
{
	static struct item_tree tree;
	struct rng_seeded_state state;
	const struct rng rng = rng_seeded(&state, 1);

	for (size_t i = item_tree_count(&tree); i < FUZZ_TREE_ITEMS; i++) {
		struct item item = {.timestamp = rng_below(&rng, FUZZ_TREE_SECONDS)};
		int ret = rng_bytes(&rng, item.id.bytes, DIGEST_LEN);
		assert(ret == 0);
		ret = item_tree_insert(&tree, &item);
		assert(ret == 0);
	}
	return &tree;
}

void
fuzz_check_message(struct slice message)
{
	struct reconcile_reader r;
	struct reconcile_range range;
	uint8_t version = 0;
	int ret = 0;

	reconcile_reader_init(&r, message);
	ret = reconcile_read_version(&r, &version, NULL);
	assert(ret == 0 && version == RECONCILE_VERSION);
	while (reconcile_has_range(&r)) {
		ret = reconcile_read_range(&r, &range, NULL);
		assert(ret == 0);
	}
}

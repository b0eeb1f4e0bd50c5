/*
 * Any bytes as a server's message. What is reported as had is ours, and not more than we have;
 * what is needed was in the message; a refused message reports nothing.
 */
#include <assert.h>

#include "tests/support/fuzz_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct found {
	const struct item_tree *tree;
	size_t have;
	size_t need;
};

static int
on_have(void *ctx, const struct item *item)
{
	struct found *found = ctx;
	const uint64_t at = item_tree_rank(found->tree, item);

	assert(item_cmp(item_tree_select(found->tree, at), item) == 0);
	found->have++;
	return 0;
}

static int
on_need(void *ctx, const struct digest *id)
{
	struct found *found = ctx;

	(void)id;
	found->need++;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct reconcile_limits limits = {.frame_max = RECONCILE_FRAME_MIN};
	struct found found = {.tree = fuzz_tree()};
	const struct reconcile_found callbacks = {
		.have = on_have, .need = on_need, .ctx = &found};
	struct err_msg msg = {0};
	struct dynbuf out;
	bool done = false;

	dynbuf_init(&out, SIZE_MAX);
	if (reconcile_continue(found.tree, &limits, slice_of(data, size), &callbacks, &out,
		    &done, &msg) == 0) {
		assert(out.len <= limits.frame_max && done == (out.len == 0));
		assert(found.have <= item_tree_count(found.tree));
		assert(found.need <= size / DIGEST_LEN);
		if (!done) {
			fuzz_check_message(dynbuf_slice(&out));
		}
	} else {
		assert(out.len == 0 && msg.code != 0 && msg.text[0] != '\0');
		assert(found.have + found.need == 0);
	}
	dynbuf_fini(&out);
	return 0;
}

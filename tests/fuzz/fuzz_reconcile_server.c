/*
 * Any bytes as a client's message. The answer is within the frame and again a message; without a
 * frame limit it is within what the header promises.
 */
#include <assert.h>

#include "tests/support/fuzz_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct item_tree *tree = fuzz_tree();

	for (size_t frame = 0; frame <= RECONCILE_FRAME_MIN; frame += RECONCILE_FRAME_MIN) {
		const struct reconcile_limits limits = {.frame_max = frame};
		struct err_msg msg = {0};
		struct dynbuf out;

		dynbuf_init(&out, SIZE_MAX);
		if (reconcile_answer(tree, &limits, slice_of(data, size), &out, &msg) == 0) {
			assert(frame == 0 || out.len <= frame);
			assert(out.len <= item_tree_count(tree) * DIGEST_LEN + 60 * size + 60);
			fuzz_check_message(dynbuf_slice(&out));
		} else {
			assert(out.len == 0 && msg.code != 0 && msg.text[0] != '\0');
		}
		dynbuf_fini(&out);
	}
	return 0;
}

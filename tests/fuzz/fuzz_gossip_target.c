/* Request targets: what is accepted has one spelling of each number, and is found again by it. */
#include <assert.h>

#include "gossip/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct target target;
	struct target again;
	char text[NODE_TARGET_MAX];

	if (target_parse(slice_of(data, size), &target) != 0) {
		return 0;
	}
	assert(size <= NODE_TARGET_MAX);
	assert(slice_starts_with(
		slice_of(data, size), slice_str(target_path(target.endpoint))));
	if (target.endpoint == TARGET_FEED) {
		target_feed(target.epoch, target.after, text);
		int rc = target_parse(slice_str(text), &again);

		assert(rc == 0 && again.epoch == target.epoch && again.after == target.after);
		(void)rc;
	}
	return 0;
}

#include <assert.h>

#include "common/statement/key_export.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Only what is read without a passphrase: the cost of one would slow every input. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct key_export out;
	struct err_msg msg = {0};

	if (key_export_parse(slice_of(data, size), &out, &msg) == 0) {
		assert(out.head_len < KEY_EXPORT_MAX && out.blob[0] <= 20);
	}
	return 0;
}

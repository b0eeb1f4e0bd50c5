/* Decoded text fits; where nothing is to be done, nothing changes. */
#include <assert.h>
#include <stdlib.h>

#include "common/mail/encoded_word.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	uint8_t *out = malloc(ENCODED_WORD_GROWTH * size + 1);
	size_t len = 0;

	if (out == NULL) {
		return 0;
	}
	len = encoded_word_decode(in, out);
	assert(len <= ENCODED_WORD_GROWTH * size);
	assert(encoded_word_is_needed(in) || slice_eq(in, slice_of(out, len)));
	free(out);
	return 0;
}

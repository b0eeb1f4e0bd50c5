#include "tests/support/mutate.h"

#include <assert.h>
#include <stdlib.h>

void
mutate_truncations(struct slice in, void (*probe)(struct slice variant))
{
	for (size_t len = 0; len <= in.len; len++) {
		uint8_t *copy = malloc(len > 0 ? len : 1);

		assert(copy != NULL);
		memcpy(copy, in.data, len);
		probe(slice_of(copy, len));
		free(copy);
	}
}

void
mutate_bytes(struct slice in, void (*probe)(struct slice variant))
{
	static const char special[] = "\0\t\n\r \"()<>@,;:\\[].=/-aZ0\x7f\x80\xc3\xff";
	uint8_t *copy = malloc(in.len > 0 ? in.len : 1);

	assert(copy != NULL);
	memcpy(copy, in.data, in.len);
	for (size_t i = 0; i < in.len; i++) {
		for (size_t k = 0; k < sizeof(special) - 1; k++) {
			copy[i] = (uint8_t)special[k];
			probe(slice_of(copy, in.len));
		}
		copy[i] = in.data[i];
	}
	free(copy);
}

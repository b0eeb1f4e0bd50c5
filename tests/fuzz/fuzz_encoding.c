/* What base64url and hex decode encodes back to the same text: one spelling per value. */
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/encoding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
round_trip_base64url(struct slice text, uint8_t *bytes, char *again)
{
	size_t len;

	if (base64url_decode(text, bytes, text.len, &len) == 0) {
		base64url_encode((struct slice){bytes, len}, again);
		assert(strlen(again) == text.len && memcmp(again, text.data, text.len) == 0);
	}
}

static void
round_trip_hex(struct slice text, uint8_t *bytes, char *again)
{
	size_t len;

	if (hex_decode(text, bytes, text.len, &len) == 0) {
		hex_encode((struct slice){bytes, len}, again);
		for (size_t i = 0; i < text.len; i++) {
			assert(again[i] == tolower(text.data[i]));
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size + 1);
	char *again = malloc(size + 1);

	if (bytes != NULL && again != NULL) {
		round_trip_base64url((struct slice){data, size}, bytes, again);
		round_trip_hex((struct slice){data, size}, bytes, again);
	}
	free(bytes);
	free(again);
	return 0;
}

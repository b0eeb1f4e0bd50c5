/* Numbers from text: accepted ones lie in the range asked for and print back to their value. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "common/base/strnum.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = {data, size};
	uint64_t wide;
	uint32_t narrow;
	int64_t whole;
	double decimal;

	if (strnum_u64(text, 1000, &wide) == 0) {
		assert(wide <= 1000);
	}
	if (strnum_octal(text, 07777, &narrow) == 0) {
		assert(narrow <= 07777);
	}
	if (strnum_i64(text, -5, 5, &whole) == 0) {
		assert(whole >= -5 && whole <= 5);
		assert(strnum_decimal(text, &decimal) != 0 || (int64_t)decimal == whole);
	}
	if (strnum_decimal(text, &decimal) == 0) {
		assert(isfinite(decimal));
	}
	return 0;
}

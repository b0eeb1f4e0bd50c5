#include "common/metric/metric_fill.h"

#include <stdlib.h>

#include "common/base/attr.h"

/* A payer by what he can give; `index` breaks ties, so that the order is one. */
struct purse {
	uint32_t cap;
	uint32_t index;
};

static int
by_cap(const void *a, const void *b)
{
	const struct purse *x = a;
	const struct purse *y = b;

	if (x->cap != y->cap) {
		return x->cap < y->cap ? -1 : 1;
	}
	return (x->index > y->index) - (x->index < y->index);
}

/*
 * Why nobody is asked for more than his cap: let R be left over n payers whose caps sum to at
 * least R. The poorest pays min(cap, R / n). If that is his cap, the others still have R - cap. If
 * not, everybody has more than R / n rounded down, that is at least R / n rounded up, and
 * n - 1 times that is at least R - R / n. So the sum holds to the end, where n is 1.
 */
bool
metric_fill(const uint32_t *caps, size_t count, uint32_t price, uint32_t *amounts)
{
	UNINITIALIZED struct purse purses[METRIC_FILL_MAX];
	uint64_t sum = 0;
	uint32_t left = price;

	if (count == 0 || count > METRIC_FILL_MAX) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		purses[i] = (struct purse){.cap = caps[i], .index = (uint32_t)i};
		sum += caps[i];
	}
	if (sum < price) {
		return false;
	}
	if (count > 1) {
		qsort(purses, count, sizeof(purses[0]), by_cap);
	}
	for (size_t i = 0; i < count; i++) {
		uint32_t part = left / (uint32_t)(count - i);
		uint32_t pays = purses[i].cap < part ? purses[i].cap : part;

		amounts[purses[i].index] = pays;
		left -= pays;
	}
	return true;
}

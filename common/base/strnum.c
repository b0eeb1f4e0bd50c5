#include "common/base/strnum.h"

#include <stdlib.h>

#include "common/base/err.h"

#define DECIMAL_MAX_LEN 40

/* So many decimal digits are always exact in a double. */
#define EXACT_DIGITS 15

int
strnum_u64(struct slice text, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;
	bool over = false;

	if (text.len == 0) {
		return ERR_INVALID;
	}
	for (size_t i = 0; i < text.len; i++) {
		if (!ascii_is_digit(text.data[i])) {
			return ERR_INVALID;
		}
		over = over || __builtin_mul_overflow(value, 10U, &value) ||
		       __builtin_add_overflow(value, (uint64_t)(text.data[i] - '0'), &value);
	}
	if (over || value > max) {
		return ERR_RANGE;
	}
	*out = value;
	return 0;
}

int
strnum_u32(struct slice text, uint32_t max, uint32_t *out)
{
	uint64_t value = 0;
	int ret = strnum_u64(text, max, &value);

	if (ret == 0) {
		*out = (uint32_t)value;
	}
	return ret;
}

int
strnum_size(struct slice text, size_t max, size_t *out)
{
	uint64_t value = 0;
	int ret = strnum_u64(text, max, &value);

	if (ret == 0) {
		*out = (size_t)value;
	}
	return ret;
}

int
strnum_i64(struct slice text, int64_t min, int64_t max, int64_t *out)
{
	bool negative = text.len > 0 && text.data[0] == '-';
	bool has_sign = negative || (text.len > 0 && text.data[0] == '+');
	uint64_t magnitude = 0;
	int64_t value = 0;
	int ret = strnum_u64(
		slice_skip(text, has_sign ? 1 : 0), (uint64_t)INT64_MAX + negative, &magnitude);

	if (ret != 0) {
		return ret;
	}
	value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	if (value < min || value > max) {
		return ERR_RANGE;
	}
	*out = value;
	return 0;
}

int
strnum_octal(struct slice text, uint32_t max, uint32_t *out)
{
	uint64_t value = 0;

	if (text.len == 0 || text.len > 20) {
		return ERR_INVALID;
	}
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '7') {
			return ERR_INVALID;
		}
		value = value * 8 + (uint64_t)(text.data[i] - '0');
	}
	if (value > max) {
		return ERR_RANGE;
	}
	*out = (uint32_t)value;
	return 0;
}

/*
 * few_digits - the value of digits and a point, where no more than 15 digits are written
 *
 * Then the digits and the power of ten are both exact as doubles, and one division rounds as
 * strtod does (Clinger, "How to read floating point numbers accurately", 1990).
 */
static double
few_digits(struct slice text)
{
	double value = 0;
	double below = 1;
	bool is_below = false;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '.') {
			is_below = true;
		} else {
			value = value * 10 + (text.data[i] - '0');
			below = is_below ? below * 10 : below;
		}
	}
	return value / below;
}

int
strnum_decimal(struct slice text, double *out)
{
	bool has_sign = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+');
	size_t i = has_sign ? 1 : 0;
	size_t digits = 0;
	size_t points = 0;
	char copy[DECIMAL_MAX_LEN + 1];

	if (text.len > DECIMAL_MAX_LEN) {
		return ERR_INVALID;
	}
	for (; i < text.len; i++) {
		points += text.data[i] == '.';
		digits += ascii_is_digit(text.data[i]);
		if (text.data[i] != '.' && !ascii_is_digit(text.data[i])) {
			return ERR_INVALID;
		}
	}
	if (digits == 0 || points > 1) {
		return ERR_INVALID;
	}
	if (digits <= EXACT_DIGITS) {
		*out = few_digits(slice_skip(text, has_sign ? 1 : 0));
		*out = has_sign && text.data[0] == '-' ? -*out : *out;
		return 0;
	}
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	/* The programs never call setlocale, so the point is a point. */
	*out = strtod(copy, NULL);
	return 0;
}

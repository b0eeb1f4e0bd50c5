/*
 * strnum.h - the only way text becomes a number.
 *
 * Whole input, decimal digits only, range-checked, and the result untouched on
 * failure (after Dovecot's strnum). No white space, no sign where the type has
 * none, no locale.
 */
#ifndef COMMON_BASE_STRNUM_H
#define COMMON_BASE_STRNUM_H

#include "common/base/attr.h"
#include "common/base/slice.h"

/** @return 0; ERR_INVALID when it is empty or holds anything but digits; ERR_RANGE above max. */
NODISCARD int strnum_u64(struct slice text, uint64_t max, uint64_t *out);
NODISCARD int strnum_u32(struct slice text, uint32_t max, uint32_t *out);
NODISCARD int strnum_size(struct slice text, size_t max, size_t *out);

/** With an optional sign. @return as above, ERR_RANGE outside min..max. */
NODISCARD int strnum_i64(struct slice text, int64_t min, int64_t max, int64_t *out);

/** Octal digits only, as file modes. */
NODISCARD int strnum_octal(struct slice text, uint32_t max, uint32_t *out);

/**
 * [+-]digits[.digits] or [+-].digits, no exponent (SPEC 13); at most 40 bytes. The result
 * is always finite.
 */
NODISCARD int strnum_decimal(struct slice text, double *out);

#endif

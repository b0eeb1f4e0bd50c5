#include "spamd-trust/score_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/base/attr.h"
#include "common/base/strnum.h"

/* Scores below this are printed without printf, which takes its time over numbers. */
#define QUICK_MAX 1e6

/*
 * tenths - the value in tenths, rounded as printf rounds it; false where that is not certain
 *
 * The difference between ten times the value and the nearest whole number is rounded only once,
 * so it is truly below a half when it looks so.
 */
static bool
tenths(double value, double *out)
{
	double whole = nearbyint(value * 10);

	*out = whole;
	return fabs(value) < QUICK_MAX && fabs(fma(value, 10, -whole)) < 0.5;
}

/* put_tenths - "-12.3", from its end to its start */
static const char *
put_tenths(double whole, bool is_negative, struct score_text *out)
{
	char text[16];
	size_t at = sizeof(text);
	uint32_t rest = (uint32_t)fabs(whole);

	text[--at] = '\0';
	text[--at] = (char)('0' + rest % 10);
	text[--at] = '.';
	do {
		rest /= 10;
		text[--at] = (char)('0' + rest % 10);
	} while (rest >= 10);
	if (is_negative) {
		text[--at] = '-';
	}
	return memcpy(out->text, text + at, sizeof(text) - at);
}

const char *
score_text_decimal(double value, struct score_text *out)
{
	double whole = 0;

	if (tenths(value, &whole)) {
		return put_tenths(whole, signbit(value) != 0, out);
	}
	(void)snprintf(out->text, sizeof(out->text), "%2.1f", value);
	return out->text;
}

/* rounded - as it is printed: comparisons are made on what people see */
static double
rounded(double value)
{
	UNINITIALIZED struct score_text text;
	double out = value;
	double whole = 0;
	int ret = 0;

	if (tenths(value, &whole)) {
		return whole / 10;
	}
	ret = strnum_decimal(slice_str(score_text_decimal(value, &text)), &out);
	/* Numbers too long for strnum have no decimals to round. */
	return ret == 0 ? out : value;
}

const char *
score_text(const struct verdict *v, struct score_text *out)
{
	double required = rounded(v->required);

	if (v->is_spam || rounded(v->score) < required) {
		return score_text_decimal(v->score, out);
	}
	(void)snprintf(out->text, sizeof(out->text), "%.15g", required - 0.1);
	return out->text;
}

const char *
score_text_required(const struct verdict *v, struct score_text *out)
{
	return score_text_decimal(v->required, out);
}

const char *
score_text_points(double score, struct score_text *out)
{
	(void)snprintf(out->text, sizeof(out->text), "%4.*f", fabs(score) >= 10 ? 0 : 1, score);
	return out->text;
}

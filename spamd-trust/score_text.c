#include "spamd-trust/score_text.h"

#include <math.h>
#include <stdio.h>

#include "common/base/strnum.h"

static struct score_text
one_decimal(double value)
{
	struct score_text out;

	(void)snprintf(out.text, sizeof(out.text), "%2.1f", value);
	return out;
}

/* rounded - as it is printed: comparisons are made on what people see */
static double
rounded(double value)
{
	double out = value;
	int ret = strnum_decimal(slice_str(one_decimal(value).text), &out);

	/* Numbers too long for strnum have no decimals to round. */
	return ret == 0 ? out : value;
}

struct score_text
score_text(const struct verdict *v)
{
	double required = rounded(v->required);
	struct score_text out;

	if (v->is_spam || rounded(v->score) < required) {
		return one_decimal(v->score);
	}
	(void)snprintf(out.text, sizeof(out.text), "%.15g", required - 0.1);
	return out;
}

struct score_text
score_text_required(const struct verdict *v)
{
	return one_decimal(v->required);
}

struct score_text
score_text_points(double score)
{
	struct score_text out;

	(void)snprintf(out.text, sizeof(out.text), "%4.*f", fabs(score) >= 10 ? 0 : 1, score);
	return out;
}

#include "common/scan/metric.h"

#include "common/base/attr.h"

/* What one more step of hearsay costs. */
#define METRIC_STEP 0.7

static const double level_weights[] = {0.0, 0.4, 0.7, 0.9};

double
metric_level_weight(unsigned int level)
{
	return level < ARRAY_LEN(level_weights) ? level_weights[level] : 0.0;
}

double
metric_strength(struct metric_candidate *candidates, size_t count)
{
	double doubt = 1.0;

	for (size_t i = 0; i < count; i++) {
		struct metric_candidate *c = &candidates[i];

		c->weight = metric_level_weight(c->own_level) * METRIC_STEP *
			    metric_level_weight(c->vouch_level);
		doubt *= 1.0 - c->weight;
	}
	return 1.0 - doubt;
}

double
fof_score(double strength)
{
	return -(1.0 + 8.0 * strength);
}

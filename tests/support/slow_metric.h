/*
 * slow_metric.h - METRIC once more, for reading and not for speed.
 *
 * Written from METRIC alone and independent of common/metric but for its constants and the
 * number that is one: matrices and logs, walked from end to end for every question, no lists, no
 * cursors, no bounds on work. At most SLOW_MAX identities, SLOW_LOG entries in each log.
 */
#ifndef TESTS_SUPPORT_SLOW_METRIC_H
#define TESTS_SUPPORT_SLOW_METRIC_H

#include "common/base/digest.h"
#include "common/metric/metric_config.h"

#define SLOW_MAX 12
#define SLOW_LOG 4096

struct slow_amount {
	int to; /* the recipient */
	int by; /* friend, or middleman */
	uint64_t at_s;
	uint64_t amount;
};

struct slow_report {
	int by;
	int about;
	uint64_t at_s;
	bool undone;
	bool warns;
	uint64_t share[SLOW_MAX];
	bool accuses[SLOW_MAX];
};

struct slow_metric {
	struct metric_config config;
	int count;
	struct digest digest[SLOW_MAX];
	int level[SLOW_MAX][SLOW_MAX];
	bool counts[SLOW_MAX][SLOW_MAX];
	uint64_t fresh[SLOW_MAX][SLOW_LOG];
	int fresh_count[SLOW_MAX];
	bool paid[SLOW_MAX][SLOW_MAX];
	uint64_t seen_s[SLOW_MAX][SLOW_MAX];
	uint64_t share[SLOW_MAX][SLOW_MAX][SLOW_MAX];
	double score[SLOW_MAX][SLOW_MAX];
	struct slow_amount spent[SLOW_LOG];
	int spent_count;
	struct slow_amount through[SLOW_LOG];
	int through_count;
	struct slow_report reports[SLOW_LOG];
	int report_count;
};

/** Names are "i0", "i1", ... */
void slow_init(struct slow_metric *m, const struct metric_config *config, int count);
void slow_vouch(struct slow_metric *m, uint64_t t, int issuer, int subject, int level);
void slow_report(struct slow_metric *m, uint64_t t, int r, int s, bool spam);

/** The tier as a replay calls it; the score in *score_out. */
const char *slow_query(struct slow_metric *m, uint64_t t, int r, int s, double *score_out);

#endif

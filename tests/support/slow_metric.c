#include "tests/support/slow_metric.h"

#include <stdio.h>
#include <string.h>

#define ONE ((uint64_t)1000000)

void
slow_init(struct slow_metric *m, const struct metric_config *config, int count)
{
	memset(m, 0, sizeof(*m));
	m->config = *config;
	m->count = count;
	for (int i = 0; i < count; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "i%d", i);
		digest_sha256(slice_str(name), &m->digest[i]);
	}
}

void
slow_vouch(struct slow_metric *m, uint64_t t, int i, int s, int level)
{
	uint32_t in_window = 0;

	if (i == s) {
		return;
	}
	m->level[i][s] = level;
	if (level == 0 || m->counts[i][s]) {
		return;
	}
	for (int k = 0; k < m->fresh_count[i]; k++) {
		in_window += t - m->fresh[i][k] < m->config.fresh_window_s ? 1 : 0;
	}
	if (t == 0) {
		m->counts[i][s] = true;
	} else if (in_window < m->config.fresh_vouches) {
		m->counts[i][s] = true;
		m->fresh[i][m->fresh_count[i]++] = t;
	}
}

static bool
vouches(const struct slow_metric *m, int i, int s)
{
	return m->level[i][s] > 0 && m->counts[i][s];
}

static bool
knows(const struct slow_metric *m, int r, int f)
{
	return m->level[r][f] > 0;
}

static bool
suspended(const struct slow_metric *m, int r, int f, uint64_t t)
{
	for (int i = 0; i < m->report_count; i++) {
		const struct slow_report *x = &m->reports[i];
		uint64_t strikes = 0;

		if (x->undone || x->by != r || x->share[f] == 0 ||
			t - x->at_s >= m->config.suspend_s) {
			continue;
		}
		for (int k = 0; k < m->report_count; k++) {
			const struct slow_report *y = &m->reports[k];

			if (!y->undone && y->by == r && y->at_s <= x->at_s &&
				x->at_s - y->at_s < m->config.charge_life_s) {
				strikes += y->share[f];
			}
		}
		if (strikes >= m->config.suspend_strikes) {
			return true;
		}
	}
	return false;
}

static uint64_t
accusers(const struct slow_metric *m, int r, int f, uint64_t t)
{
	uint64_t n = 0;

	for (int u = 0; u < m->count; u++) {
		bool accuses = false;

		for (int i = 0; i < m->report_count; i++) {
			const struct slow_report *x = &m->reports[i];

			accuses = accuses || (!x->undone && x->by == u && x->accuses[f] &&
						     t - x->at_s < m->config.warning_life_s);
		}
		n += accuses && knows(m, r, u) ? 1 : 0;
	}
	return n;
}

static uint64_t
in_window(const struct slow_metric *m, const struct slow_amount *log, int count, int r, int by,
	uint64_t t)
{
	uint64_t sum = 0;

	for (int i = 0; i < count; i++) {
		if (log[i].to == r && log[i].by == by &&
			t - log[i].at_s < m->config.credit_window_s) {
			sum += log[i].amount;
		}
	}
	return sum;
}

static uint64_t
credit(const struct slow_metric *m, int r, int f, uint64_t t)
{
	uint64_t limit = m->config.introduction_credit;
	uint64_t blame = ONE;
	uint64_t spent = in_window(m, m->spent, m->spent_count, r, f, t);
	uint64_t listed = 0;

	if (suspended(m, r, f, t)) {
		return 0;
	}
	for (int s = 0; s < m->count; s++) {
		listed += vouches(m, f, s) ? 1 : 0;
	}
	if (listed > m->config.hub_vouches) {
		limit = limit * m->config.hub_vouches / listed;
	}
	for (int i = m->report_count - 1; i >= 0; i--) {
		const struct slow_report *x = &m->reports[i];

		if (!x->undone && x->by == r && x->share[f] > 0 &&
			t - x->at_s < m->config.charge_life_s) {
			blame = blame * (ONE - m->config.blame_factor * x->share[f] / ONE) /
				ONE;
		}
	}
	limit = limit * blame / ONE / (1 + accusers(m, r, f, t));
	return limit > spent ? limit - spent : 0;
}

struct slow_payer {
	int payer;
	int middleman;
	uint64_t cap;
	uint64_t pays;
};

/* pour - the poorest not served yet pays his part of what is left, or all he has */
static bool
pour(struct slow_payer *p, int count, uint64_t price)
{
	bool served[2 * SLOW_MAX] = {false};
	uint64_t left = price;
	uint64_t sum = 0;

	for (int i = 0; i < count; i++) {
		sum += p[i].cap;
	}
	for (int n = count; n > 0 && sum >= price; n--) {
		int poorest = -1;

		for (int i = 0; i < count; i++) {
			if (!served[i] && (poorest < 0 || p[i].cap < p[poorest].cap)) {
				poorest = i;
			}
		}
		served[poorest] = true;
		p[poorest].pays = left / (uint64_t)n;
		if (p[poorest].pays > p[poorest].cap) {
			p[poorest].pays = p[poorest].cap;
		}
		left -= p[poorest].pays;
	}
	return sum >= price;
}

/* next_by_digest - who comes after `last` (-1: the first) in ascending digest; -1 at the end */
static int
next_by_digest(const struct slow_metric *m, int last)
{
	int best = -1;

	for (int i = 0; i < m->count; i++) {
		if ((last < 0 || digest_cmp(&m->digest[i], &m->digest[last]) > 0) &&
			(best < 0 || digest_cmp(&m->digest[i], &m->digest[best]) < 0)) {
			best = i;
		}
	}
	return best;
}

static int
find_direct(const struct slow_metric *m, uint64_t t, int r, int s, struct slow_payer *p)
{
	int n = 0;

	for (int f = next_by_digest(m, -1); f >= 0; f = next_by_digest(m, f)) {
		if (f != r && f != s && knows(m, r, f) && vouches(m, f, s) &&
			credit(m, r, f, t) > 0) {
			p[n++] = (struct slow_payer){f, -1, credit(m, r, f, t), 0};
		}
	}
	return n;
}

static int
find_helpers(const struct slow_metric *m, uint64_t t, int r, int s, struct slow_payer *p, int n)
{
	bool used[SLOW_MAX] = {false};

	for (int i = 0; i < n; i++) {
		used[p[i].payer] = true;
	}
	for (int g = next_by_digest(m, -1); g >= 0; g = next_by_digest(m, g)) {
		uint64_t gone = in_window(m, m->through, m->through_count, r, g, t);

		if (g == r || g == s || knows(m, r, g) || !vouches(m, g, s) ||
			gone >= m->config.middleman_credit) {
			continue;
		}
		for (int f = next_by_digest(m, -1); f >= 0; f = next_by_digest(m, f)) {
			uint64_t room = m->config.middleman_credit - gone;
			uint64_t has = 0;

			if (f == r || f == s || used[f] || !knows(m, r, f) ||
				!vouches(m, f, g)) {
				continue;
			}
			has = credit(m, r, f, t);
			if (has > 0) {
				p[n++] = (struct slow_payer){f, g, has < room ? has : room, 0};
				used[f] = true;
				break;
			}
		}
	}
	return n;
}

static double
weight(const struct slow_metric *m, int level)
{
	return m->config.level_weight[level] / 1e6;
}

static void
/* NOLINTNEXTLINE(readability-function-size): when, whose, about whom, at what price */
record(struct slow_metric *m, uint64_t t, int r, int s, const struct slow_payer *p, int n,
	uint64_t price)
{
	double doubt = 1.0;

	memset(m->share[r][s], 0, sizeof(m->share[r][s]));
	for (int i = 0; i < n; i++) {
		int f = p[i].payer;
		int g = p[i].middleman;
		double step = m->config.step / 1e6;
		double w = weight(m, m->level[r][f]) * step;

		w *= g < 0 ? weight(m, m->level[f][s])
			   : weight(m, m->level[f][g]) * step * weight(m, m->level[g][s]);
		doubt *= 1.0 - w;
		m->share[r][s][f] = (p[i].pays * ONE + price - 1) / price;
		m->spent[m->spent_count++] = (struct slow_amount){r, f, t, p[i].pays};
		if (g >= 0) {
			m->through[m->through_count++] =
				(struct slow_amount){r, g, t, p[i].pays};
		}
	}
	m->paid[r][s] = true;
	m->seen_s[r][s] = t;
	m->score[r][s] = -(1.0 + 8.0 * (1.0 - doubt));
}

static uint64_t
warnings(const struct slow_metric *m, uint64_t t, int r, int s)
{
	uint64_t n = 0;

	for (int u = 0; u < m->count; u++) {
		bool warned = false;

		for (int i = 0; i < m->report_count; i++) {
			const struct slow_report *x = &m->reports[i];

			warned = warned ||
				 (!x->undone && x->warns && x->by == u && x->about == s &&
					 t - x->at_s < m->config.warning_life_s);
		}
		n += warned && knows(m, r, u) ? 1 : 0;
	}
	return n;
}

static bool
introduce(struct slow_metric *m, uint64_t t, int r, int s)
{
	struct slow_payer p[2 * SLOW_MAX];
	uint64_t warned = warnings(m, t, r, s);
	uint64_t price = ONE * (1 + warned);
	uint64_t sum = 0;
	int n = 0;

	if (warned >= m->config.warnings_forbid) {
		return false;
	}
	n = find_direct(m, t, r, s, p);
	for (int i = 0; i < n; i++) {
		sum += p[i].cap;
	}
	if (sum < price) {
		n = find_helpers(m, t, r, s, p, n);
		if (n < (int)m->config.helpers_payers_min) {
			return false;
		}
	}
	if (!pour(p, n, price)) {
		return false;
	}
	record(m, t, r, s, p, n, price);
	return true;
}

const char *
slow_query(struct slow_metric *m, uint64_t t, int r, int s, double *score_out)
{
	static const double direct[] = {0.0, -3.0, -6.0, -100.0};
	bool alive = m->paid[r][s] && t - m->seen_s[r][s] < m->config.introduction_life_s;

	*score_out = 0.0;
	if (r == s) {
		return "unknown";
	}
	if (alive) {
		m->seen_s[r][s] = t;
	}
	for (int i = 0; i < m->report_count; i++) {
		if (!m->reports[i].undone && m->reports[i].by == r &&
			m->reports[i].about == s) {
			*score_out = 3.0;
			return "unknown";
		}
	}
	if (m->level[r][s] > 0) {
		*score_out = direct[m->level[r][s]];
		return m->level[r][s] == 3 ? "trusted" : "known";
	}
	if (alive || introduce(m, t, r, s)) {
		*score_out = m->score[r][s];
		return "known";
	}
	return "unknown";
}

void
slow_report(struct slow_metric *m, uint64_t t, int r, int s, bool spam)
{
	struct slow_report *x = &m->reports[m->report_count];
	uint32_t before = 0;

	if (!spam) {
		for (int i = m->report_count - 1; i >= 0; i--) {
			if (m->reports[i].by == r && m->reports[i].about == s &&
				!m->reports[i].undone) {
				m->reports[i].undone = true;
				return;
			}
		}
		return;
	}
	for (int i = 0; i < m->report_count; i++) {
		before += m->reports[i].by == r && m->reports[i].warns &&
					  !m->reports[i].undone &&
					  t - m->reports[i].at_s < m->config.reporter_window_s
				  ? 1
				  : 0;
	}
	*x = (struct slow_report){
		.by = r,
		.about = s,
		.at_s = t,
		.warns = before < m->config.reporter_warnings,
	};
	if (m->paid[r][s] && t - m->seen_s[r][s] < m->config.introduction_life_s) {
		for (int f = 0; f < m->count; f++) {
			x->share[f] = m->share[r][s][f];
			x->accuses[f] = x->warns && x->share[f] > 0 &&
					x->share[f] >= m->config.accuse_share;
		}
	}
	m->report_count++;
}

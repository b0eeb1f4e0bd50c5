#include "common/scan/metric_settings.h"

/* millionths - of a setting whose range keeps it far below what fits */
static uint32_t
millionths(double value)
{
	return (uint32_t)(value * METRIC_ONE + 0.5);
}

struct metric_config
metric_config_of(const struct settings *settings)
{
	const struct settings_metric *m = &settings->metric;
	struct metric_config config = metric_config_default();

	config.introduction_credit = millionths(m->introduction_credit);
	config.credit_window_s = m->introduction_window_s;
	config.introduction_life_s = m->introduction_life_s;
	config.hub_vouches = m->hub_vouches;
	config.fresh_window_s = m->fresh_window_s;
	config.middleman_credit = millionths(m->middleman_credit);
	config.helpers_payers_min = m->helpers_payers;
	config.warnings_forbid = m->forbidding_warnings;
	config.fresh_vouches = m->fresh_vouches;
	config.learned_life_s = m->learned_life_s;
	config.blame_factor = millionths(m->blame_factor);
	config.charge_life_s = m->blame_life_s;
	config.suspend_strikes = millionths(m->suspend_strikes);
	config.suspend_s = m->suspend_time_s;
	config.reporter_warnings = m->reporter_warnings;
	config.reporter_window_s = m->reporter_window_s;
	config.warning_life_s = m->warning_life_s;
	config.accuse_share = millionths(m->accuse_share);
	config.suspect_s = m->suspect_time_s;
	config.level_weight[1] = millionths(m->weight_weak);
	config.level_weight[2] = millionths(m->weight_ordinary);
	config.level_weight[3] = millionths(m->weight_strong);
	config.step = millionths(m->step);
	return config;
}

#include "common/metric/metric_config.h"

#define DAY_S ((uint32_t)86400)

struct metric_config
metric_config_default(void)
{
	return (struct metric_config){
		.introduction_credit = METRIC_ONE,
		.credit_window_s = 30 * DAY_S,
		.introduction_life_s = 365 * DAY_S,
		.hub_vouches = 250,
		.middleman_credit = METRIC_ONE / 2,
		.helpers_payers_min = 2,
		.warnings_forbid = 2,
		.fresh_vouches = 20,
		.fresh_window_s = 30 * DAY_S,
		.learned_life_s = 400 * DAY_S,
		.blame_factor = METRIC_ONE / 2,
		.charge_life_s = 365 * DAY_S,
		.suspend_strikes = 2 * METRIC_ONE,
		.suspend_s = 90 * DAY_S,
		.reporter_warnings = 3,
		.reporter_window_s = 30 * DAY_S,
		.warning_life_s = 180 * DAY_S,
		.accuse_share = 300000,
		.suspect_s = 7 * DAY_S,
		.level_weight = {0, 400000, 700000, 900000},
		.step = 700000,
	};
}

#include "common/metric/metric_rules.h"

/* blamed - credit after one more share of blame */
static uint32_t
blamed(const struct metric_config *config, uint32_t blame, uint32_t share)
{
	uint64_t loss = (uint64_t)config->blame_factor * share / METRIC_ONE;

	if (loss >= METRIC_ONE) {
		return 0;
	}
	return (uint32_t)((uint64_t)blame * (METRIC_ONE - loss) / METRIC_ONE);
}

/* strikes_when - strikes at the time of charge `i`, itself included */
static uint64_t
strikes_when(const struct metric_config *config, const struct metric_charge *charges,
	size_t count, size_t i)
{
	uint64_t strikes = 0;

	for (size_t j = i; j < count; j++) {
		if (!metric_is_within(
			    charges[j].at_s, charges[i].at_s, config->charge_life_s)) {
			break;
		}
		strikes += charges[j].share;
	}
	return strikes;
}

/* suspended_until - by the newest charge that brought the strikes to the limit */
static uint64_t
suspended_until(const struct metric_config *config, const struct metric_charge *charges,
	size_t count, uint64_t now_s)
{
	for (size_t i = 0; i < count; i++) {
		if (!metric_is_within(charges[i].at_s, now_s, config->suspend_s)) {
			break;
		}
		if (strikes_when(config, charges, count, i) >= config->suspend_strikes) {
			return charges[i].at_s + config->suspend_s;
		}
	}
	return 0;
}

void
metric_standing_of(const struct metric_config *config, const struct metric_charge *charges,
	size_t count, uint64_t now_s, struct metric_standing *out)
{
	uint64_t strikes = 0;
	uint32_t blame = METRIC_ONE;

	for (size_t i = 0; i < count; i++) {
		if (!metric_is_within(charges[i].at_s, now_s, config->charge_life_s)) {
			break;
		}
		blame = blamed(config, blame, charges[i].share);
		strikes += charges[i].share;
	}
	*out = (struct metric_standing){
		.blame = blame,
		.strikes = strikes > UINT32_MAX ? UINT32_MAX : (uint32_t)strikes,
		.suspended_until_s = suspended_until(config, charges, count, now_s),
	};
}

bool
metric_fresh_has_room(const struct metric_config *config, const uint64_t *counted, size_t count,
	uint64_t now_s)
{
	size_t limit = config->fresh_vouches;

	if (limit == 0) {
		return false;
	}
	return count < limit ||
	       !metric_is_within(counted[limit - 1], now_s, config->fresh_window_s);
}

#include "common/metric/tier.h"

const char *
tier_name(enum tier tier)
{
	switch (tier) {
	case TIER_UNKNOWN:
		return "unknown";
	case TIER_KNOWN:
		return "known";
	case TIER_WELL_TRUSTED:
		return "well-trusted";
	case TIER_BLOCKED:
		return "blocked";
	case TIER_REVOKED:
		return "revoked";
	}
	return "unknown";
}

/*
 * metric_settings.h - the constants of the trust metric as the site set them.
 */
#ifndef COMMON_SCAN_METRIC_SETTINGS_H
#define COMMON_SCAN_METRIC_SETTINGS_H

#include "common/conf/settings.h"
#include "common/metric/metric_config.h"

/** Cheap: a few conversions into fixed point. */
struct metric_config metric_config_of(const struct settings *settings);

#endif

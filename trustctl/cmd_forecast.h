/*
 * cmd_forecast.h - `trustctl replay --mail-log FILE` and `--maildir DIR`.
 */
#ifndef TRUSTCTL_CMD_FORECAST_H
#define TRUSTCTL_CMD_FORECAST_H

#include "trustctl/command.h"

/** @return an exit status. */
int cmd_forecast(struct ctl *ctl);

#endif

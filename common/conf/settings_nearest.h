/*
 * settings_nearest.h - which setting was meant; private to common/conf.
 */
#ifndef COMMON_CONF_SETTINGS_NEAREST_H
#define COMMON_CONF_SETTINGS_NEAREST_H

#include "common/base/slice.h"

/** The known name with the smallest edit distance; empty where none is near enough to be meant. */
struct slice settings_nearest(struct slice key);

#endif

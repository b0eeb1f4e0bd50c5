/*
 * scan_custom.h - runs the administrator's own rules (common/rules) on a message.
 *
 * After ours, so that a meta may ask for them. Their scores count in every trust_mode.
 */
#ifndef COMMON_SCAN_SCAN_CUSTOM_H
#define COMMON_SCAN_SCAN_CUSTOM_H

#include "common/conf/settings.h"
#include "common/mail/header.h"
#include "common/scan/verdict.h"

/**
 * Adds those that hit to the verdict. Costs nothing where there are none.
 * @return 0 or ERR_NOMEM.
 */
NODISCARD int scan_custom(const struct settings *settings, const struct header *h,
	struct arena *arena, struct verdict *v);

#endif

/*
 * metric_config.h - every constant of the trust metric (METRIC), in one value.
 *
 * Amounts, shares, weights and factors are fixed-point integers, millionths of one
 * (METRIC_ONE); times are seconds. metric_config_default() gives METRIC's numbers; the settings
 * of the same names (docs/CONFIGURATION.md, "Trust metric") give a site its own.
 */
#ifndef COMMON_METRIC_METRIC_CONFIG_H
#define COMMON_METRIC_METRIC_CONFIG_H

#include <stdint.h>

/** One, in millionths: the price of a stranger nobody warned about. */
#define METRIC_ONE ((uint32_t)1000000)

#define METRIC_LEVELS 4 /**< 0 none, 1 weak, 2 ordinary, 3 strong */

struct metric_config {
	/* Introductions. */
	uint32_t introduction_credit; /**< what a friend may spend towards one recipient */
	uint32_t credit_window_s;     /**< in any window of this length */
	uint32_t
		introduction_life_s; /**< a paid one ends this long after the last proven mail */
	uint32_t hub_vouches;        /**< who vouches for more has proportionally less credit */
	uint32_t middleman_credit;   /**< what may go through one middleman in a window */
	uint32_t helpers_payers_min; /**< with helpers, at least this many pay */
	uint32_t warnings_forbid;    /**< so many warnings make a sender not payable at all */

	/* Which vouches count. */
	uint32_t
		fresh_vouches; /**< of an issuer's new vouches in a window, only so many count */
	uint32_t fresh_window_s; /**< its length */
	uint32_t learned_life_s; /**< a learned edge ends this long after the last mail */

	/* Reports. */
	uint32_t blame_factor;      /**< a full share of blame takes this part of the credit */
	uint32_t charge_life_s;     /**< blame and strikes end */
	uint32_t suspend_strikes;   /**< in millionths of a strike */
	uint32_t suspend_s;         /**< for how long */
	uint32_t reporter_warnings; /**< of one reporter's reports in a window so many warn */
	uint32_t reporter_window_s; /**< its length */
	uint32_t warning_life_s;    /**< warnings and accusations end */
	uint32_t accuse_share;      /**< a payer with this share or more is accused */
	uint32_t suspect_s;         /**< a reported friend is suspect for so long */

	/* Strength. */
	uint32_t level_weight[METRIC_LEVELS]; /**< [0] is 0 */
	uint32_t step;                        /**< what one more step of hearsay costs */
};

/** METRIC's constants. */
struct metric_config metric_config_default(void);

#endif

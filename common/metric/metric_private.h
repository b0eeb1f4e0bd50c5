/*
 * metric_private.h - what the files of the metric share; private to common/metric.
 */
#ifndef COMMON_METRIC_METRIC_PRIVATE_H
#define COMMON_METRIC_METRIC_PRIVATE_H

#include "common/metric/metric.h"

/** One decision under way. */
struct metric_search {
	const struct metric_config *config;
	const struct metric_world *world;
	const struct metric_ledger *ledger;
	const struct metric_question *question;
	struct metric_decision *out;
	size_t steps_left; /**< moves through lists */
};

/** The party of a principal of the graph; its digest is looked up into `buf`. */
struct metric_party metric_party_of(
	const struct metric_world *world, struct metric_ref ref, struct digest *buf);

/** What friend f may spend; METRIC_CUT_* into *cut. */
void metric_account_compute(const struct metric_search *s, struct metric_ref f,
	struct metric_account *out, unsigned int *cut);

/**
 * Tells the world that the accounts of friends come next, and the room of as many middlemen
 * (NULL: none); METRIC_EXPECT_MAX together.
 */
void metric_expect_accounts(const struct metric_search *s, const struct metric_ref *friends,
	const struct metric_ref *middlemen, size_t count);

/** What still fits through a middleman, millionths. */
uint32_t metric_middleman_room(
	const struct metric_search *s, struct metric_ref g, unsigned int *cut);

/** Distinct friends of r who warned about s, into out->warnings; stops at warnings_forbid. */
void metric_count_warnings(struct metric_search *s);

/** Fills out->payers with friends who vouch and can pay, out->broke with some who cannot. */
void metric_find_friends(struct metric_search *s);

/** Adds helpers behind them. */
void metric_find_helpers(struct metric_search *s);

/** Is this r or s himself? They pay nothing for each other. */
bool metric_is_excluded(const struct metric_question *q, struct metric_ref ref);

/** Visits out(r) with a list of vouchers, ascending, within the steps left. */
void metric_walk_common(struct metric_search *s, enum metric_list list, struct metric_ref of,
	metric_common_fn *visit, void *ctx);

/** Visits what two lists have in common, ascending, by seeking in turn. */
void metric_walk_both(struct metric_search *s, struct metric_cursor *a, struct metric_cursor *b,
	metric_common_fn *visit, void *ctx);

/** Takes one step of the budget; false, and METRIC_CUT_STEPS, when there is none left. */
bool metric_step(struct metric_search *s);

#endif

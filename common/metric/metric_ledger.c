/* Which entries a payment and a report are made of. */
#include "common/metric/metric_ledger.h"

#include "common/metric/metric.h"
#include "common/metric/metric_rules.h"

uint64_t
metric_table_life_s(const struct metric_config *config, enum metric_table table)
{
	switch (table) {
	case METRIC_SPENT:
	case METRIC_THROUGH:
		return config->credit_window_s;
	case METRIC_CHARGE:
		return (uint64_t)config->charge_life_s + config->suspend_s;
	case METRIC_WARNED:
		return config->reporter_window_s;
	case METRIC_WARNING:
	case METRIC_ACCUSATION:
		return config->warning_life_s;
	case METRIC_REPORT:
	case METRIC_TABLE_COUNT:
		break;
	}
	return UINT64_MAX;
}

bool
metric_introduction_is_live(const struct metric_config *config,
	const struct metric_introduction *introduction, uint64_t now_s)
{
	return metric_is_within(introduction->seen_s, now_s, config->introduction_life_s);
}

void
metric_payment_changes(const struct metric_payment *payment, metric_change_fn *visit, void *ctx)
{
	const struct metric_introduction *paid = &payment->introduction;

	for (size_t i = 0; i < paid->share_count; i++) {
		const struct metric_share *share = &paid->shares[i];
		struct metric_change change = {
			.table = METRIC_SPENT,
			.a = payment->recipient,
			.b = share->payer,
			.entry =
				{
					.at_s = paid->paid_s,
					.tag = payment->tag,
					.amount = share->amount,
				},
		};

		visit(ctx, &change);
		if (share->middleman.ref.node != 0 || share->middleman.digest != NULL) {
			change.table = METRIC_THROUGH;
			change.b = share->middleman;
			visit(ctx, &change);
		}
	}
}

/* party_of - with its digest in `buf`. False when the ledger needs one and there is none. */
static bool
party_of(const struct metric_world *world, struct metric_ref ref, struct digest *buf,
	struct metric_party *out)
{
	*out = (struct metric_party){.ref = ref};
	if (world->ops->digest == NULL) {
		return true;
	}
	if (buf == NULL || !world->ops->digest(world->ctx, ref, buf)) {
		return false;
	}
	out->digest = buf;
	return true;
}

/* share_of - rounded up: two strikes by thirds are two strikes */
static uint32_t
share_of(uint32_t amount, uint32_t price)
{
	return (uint32_t)(((uint64_t)amount * METRIC_ONE + price - 1) / price);
}

bool
metric_payment_of(const struct metric_world *world, const struct metric_question *question,
	const struct metric_decision *decision, struct metric_digests *digests,
	struct metric_payment *out)
{
	struct metric_introduction *paid = &out->introduction;

	out->recipient = question->recipient;
	out->sender = question->sender;
	out->tag = question->tag;
	paid->paid_s = question->now_s;
	paid->seen_s = question->now_s;
	paid->price = decision->price;
	paid->strength = decision->strength;
	paid->share_count = 0;
	for (size_t i = 0; i < decision->payer_count; i++) {
		const struct metric_payer *p = &decision->payers[i];
		struct metric_share *share = &paid->shares[paid->share_count];

		if (p->amount == 0) {
			continue;
		}
		share->middleman = (struct metric_party){0};
		if (!party_of(world, p->ref, digests == NULL ? NULL : &digests->payer[i],
			    &share->payer) ||
			(p->middleman.node != 0 &&
				!party_of(world, p->middleman,
					digests == NULL ? NULL : &digests->middleman[i],
					&share->middleman))) {
			return false;
		}
		share->amount = p->amount;
		share->share = share_of(p->amount, decision->price);
		paid->share_count++;
	}
	return true;
}

struct budget {
	const struct metric_config *config;
	uint64_t now_s;
	uint32_t warnings;
};

static bool
count_warning(void *ctx, const struct metric_entry *entry)
{
	struct budget *budget = ctx;

	if (!metric_is_within(entry->at_s, budget->now_s, budget->config->reporter_window_s)) {
		return false;
	}
	budget->warnings++;
	return budget->warnings < budget->config->reporter_warnings;
}

/* may_warn - is this within the reporter's budget of warnings? */
static bool
may_warn(const struct metric_config *config, const struct metric_ledger *ledger,
	const struct metric_party *r, uint64_t now_s)
{
	struct budget budget = {.config = config, .now_s = now_s};

	if (config->reporter_warnings == 0) {
		return false;
	}
	if (ledger->ops != NULL) {
		ledger->ops->walk(ledger->ctx, METRIC_WARNED, r, NULL, count_warning, &budget);
	}
	return budget.warnings < config->reporter_warnings;
}

void
/* NOLINTNEXTLINE(readability-function-size): who, about whom, when, which: all are the report */
metric_report_decide(const struct metric_config *config, const struct metric_ledger *ledger,
	const struct metric_party *r, const struct metric_party *s, uint64_t now_s,
	uint64_t tag, struct metric_report *out)
{
	UNINITIALIZED struct metric_introduction paid;

	out->recipient = *r;
	out->sender = *s;
	out->at_s = now_s;
	out->tag = tag;
	out->warns = may_warn(config, ledger, r, now_s);
	out->charge_count = 0;
	if (ledger->ops == NULL || !ledger->ops->introduction(ledger->ctx, r, s, &paid) ||
		!metric_introduction_is_live(config, &paid, now_s)) {
		return;
	}
	for (size_t i = 0; i < paid.share_count; i++) {
		out->charges[out->charge_count++] = (struct metric_report_charge){
			.payer = paid.shares[i].payer,
			.share = paid.shares[i].share,
			.accuses = out->warns && paid.shares[i].share >= config->accuse_share,
		};
	}
}

/* visit_warning - what a report tells others */
static void
visit_warning(const struct metric_report *report, metric_change_fn *visit, void *ctx)
{
	struct metric_change change = {
		.table = METRIC_WARNED,
		.a = report->recipient,
		.entry = {.at_s = report->at_s, .tag = report->tag},
	};

	visit(ctx, &change);
	change.table = METRIC_WARNING;
	change.a = report->sender;
	change.entry.other = report->recipient;
	visit(ctx, &change);
}

static void
visit_charge(const struct metric_report *report, const struct metric_report_charge *charge,
	metric_change_fn *visit, void *ctx)
{
	struct metric_change change = {
		.table = METRIC_CHARGE,
		.a = report->recipient,
		.b = charge->payer,
		.entry =
			{
				.at_s = report->at_s,
				.tag = report->tag,
				.amount = charge->share,
			},
	};

	visit(ctx, &change);
	if (charge->accuses) {
		change = (struct metric_change){
			.table = METRIC_ACCUSATION,
			.a = charge->payer,
			.entry =
				{
					.at_s = report->at_s,
					.tag = report->tag,
					.other = report->recipient,
				},
		};
		visit(ctx, &change);
	}
}

void
metric_report_changes(const struct metric_report *report, metric_change_fn *visit, void *ctx)
{
	struct metric_change change = {
		.table = METRIC_REPORT,
		.a = report->recipient,
		.b = report->sender,
		.entry = {.at_s = report->at_s, .tag = report->tag},
	};

	visit(ctx, &change);
	if (report->warns) {
		visit_warning(report, visit, ctx);
	}
	for (size_t i = 0; i < report->charge_count; i++) {
		visit_charge(report, &report->charges[i], visit, ctx);
	}
}

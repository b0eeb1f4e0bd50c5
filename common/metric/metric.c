#include "common/metric/metric.h"

#include <assert.h>

#include "common/metric/metric_fill.h"
#include "common/metric/metric_private.h"
#include "common/metric/metric_rules.h"

static_assert(METRIC_FILL_MAX == METRIC_PAYERS_MAX, "all payers of a decision share a price");

static void
settle(struct metric_decision *out, enum metric_rule rule, enum tier tier)
{
	out->rule = rule;
	out->tier = tier;
}

static bool
note_report(void *ctx, const struct metric_entry *entry)
{
	struct metric_decision *out = ctx;

	/* A standing report counts also from second 0 on. */
	out->reported_s = entry->at_s > 0 ? entry->at_s : 1;
	return false;
}

static void
find_report(const struct metric_search *s)
{
	if (s->ledger->ops != NULL) {
		s->ledger->ops->walk(s->ledger->ctx, METRIC_REPORT, &s->question->recipient,
			&s->question->sender, note_report, s->out);
	}
}

static bool
find_introduction(const struct metric_search *s, struct metric_introduction *out)
{
	return s->ledger->ops != NULL &&
	       s->ledger->ops->introduction(
		       s->ledger->ctx, &s->question->recipient, &s->question->sender, out) &&
	       metric_introduction_is_live(s->config, out, s->question->now_s);
}

static struct metric_ref
ref_of(const struct metric_world *world, const struct metric_party *party)
{
	struct metric_ref ref = {0};

	if ((party->ref.node == 0 && party->digest == NULL) ||
		!world->ops->resolve(world->ctx, party, &ref)) {
		return (struct metric_ref){0};
	}
	return ref;
}

/* show_paid - who paid for him, when, and how strongly */
static void
show_paid(const struct metric_search *s, const struct metric_introduction *paid)
{
	struct metric_decision *out = s->out;

	out->strength = paid->strength;
	out->price = paid->price;
	out->paid_s = paid->paid_s;
	out->ends_s = paid->seen_s + s->config->introduction_life_s;
	for (size_t i = 0; i < paid->share_count; i++) {
		const struct metric_share *share = &paid->shares[i];
		struct metric_payer *payer = &out->payers[out->payer_count++];
		struct metric_account account;

		*payer = (struct metric_payer){
			.ref = ref_of(s->world, &share->payer),
			.middleman = ref_of(s->world, &share->middleman),
			.amount = share->amount,
		};
		if (s->question->explains && payer->ref.node != 0) {
			metric_account_compute(s, payer->ref, &account, &out->cut);
			payer->credit = account.credit;
			payer->renews_s = account.renews_s;
		}
	}
}

static double
weight_of(const struct metric_config *config, unsigned int level)
{
	return level < METRIC_LEVELS ? config->level_weight[level] / (double)METRIC_ONE : 0.0;
}

/* weigh - P of every payer, and T of all, in the order of the list */
static void
weigh(const struct metric_config *config, struct metric_decision *out)
{
	double step = config->step / (double)METRIC_ONE;
	double doubt = 1.0;

	for (size_t i = 0; i < out->payer_count; i++) {
		struct metric_payer *p = &out->payers[i];

		p->weight = weight_of(config, p->friend_level) * step *
			    weight_of(config, p->vouch_level);
		if (p->middleman.node != 0) {
			p->weight *= step * weight_of(config, p->last_level);
		}
		doubt *= 1.0 - p->weight;
	}
	out->strength = (uint32_t)((1.0 - doubt) * METRIC_ONE + 0.5);
}

static uint64_t
caps_of(const struct metric_decision *out, uint32_t caps[METRIC_PAYERS_MAX])
{
	uint64_t sum = 0;

	for (size_t i = 0; i < out->payer_count; i++) {
		caps[i] = out->payers[i].cap;
		sum += caps[i];
	}
	return sum;
}

static enum metric_refusal
refusal_of(const struct metric_decision *out)
{
	if (out->payer_count == 0 && out->broke_count == 0) {
		return METRIC_REFUSAL_NO_VOUCHER;
	}
	if (out->payer_count == 1 && out->helper_count == 1 && out->broke_count == 0) {
		return METRIC_REFUSAL_ONE_HELPER;
	}
	return METRIC_REFUSAL_CREDIT;
}

/* find_payers - friends, and helpers where friends are not enough. True when they can pay. */
static bool
find_payers(struct metric_search *s)
{
	struct metric_decision *out = s->out;
	UNINITIALIZED uint32_t caps[METRIC_PAYERS_MAX];
	UNINITIALIZED uint32_t amounts[METRIC_PAYERS_MAX];
	uint64_t sum = 0;
	bool enough = true;

	metric_find_friends(s);
	sum = caps_of(out, caps);
	if (sum < out->price) {
		metric_find_helpers(s);
		sum = caps_of(out, caps);
		enough = out->payer_count >= s->config->helpers_payers_min;
	}
	out->credit_found = sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
	if (!enough || !metric_fill(caps, out->payer_count, out->price, amounts)) {
		return false;
	}
	for (size_t i = 0; i < out->payer_count; i++) {
		out->payers[i].amount = amounts[i];
	}
	return true;
}

static void
decide_stranger(struct metric_search *s)
{
	struct metric_decision *out = s->out;

	metric_count_warnings(s);
	out->price = METRIC_ONE * (1 + out->warnings);
	if (out->warnings >= s->config->warnings_forbid) {
		out->refusal = METRIC_REFUSAL_WARNINGS;
		settle(out, METRIC_RULE_NOBODY, TIER_UNKNOWN);
		return;
	}
	if (find_payers(s)) {
		weigh(s->config, out);
		settle(out, METRIC_RULE_PAYABLE, TIER_KNOWN);
		return;
	}
	out->refusal = refusal_of(out);
	settle(out, METRIC_RULE_NOBODY, TIER_UNKNOWN);
}

/* decide_proven - rules 4 to 8 */
static void
decide_proven(struct metric_search *s)
{
	const struct metric_question *q = s->question;
	struct metric_decision *out = s->out;
	UNINITIALIZED struct metric_introduction paid;

	find_report(s);
	out->refreshes = !q->is_paid_void && find_introduction(s, &paid);
	if (out->reported_s != 0 && (q->level == 0 || !q->by_hand)) {
		settle(out, METRIC_RULE_REPORTED, TIER_UNKNOWN);
	} else if (out->reported_s != 0 && metric_is_within(out->reported_s, q->now_s,
						   (uint64_t)s->config->suspect_s + 1)) {
		settle(out, METRIC_RULE_SUSPECT, TIER_KNOWN);
	} else if (q->level > 0) {
		settle(out, METRIC_RULE_DIRECT,
			q->level == METRIC_LEVELS - 1 ? TIER_WELL_TRUSTED : TIER_KNOWN);
	} else if (out->refreshes) {
		show_paid(s, &paid);
		settle(out, METRIC_RULE_PAID, TIER_KNOWN);
	} else {
		decide_stranger(s);
	}
}

/* clear - everything but the long lists, whose counts are 0 then */
static void
clear(struct metric_decision *out)
{
	memset(out, 0, offsetof(struct metric_decision, payers));
	out->tier = TIER_UNKNOWN;
	out->rule = METRIC_RULE_NOBODY;
}

void
metric_decide(const struct metric_config *config, const struct metric_world *world,
	const struct metric_ledger *ledger, const struct metric_question *question,
	struct metric_decision *out)
{
	struct metric_search s = {
		.config = config,
		.world = world,
		.ledger = ledger,
		.question = question,
		.out = out,
	};

	clear(out);
	out->level = question->level;
	if (question->revoked) {
		settle(out, METRIC_RULE_REVOKED, TIER_REVOKED);
	} else if (question->blocked) {
		settle(out, METRIC_RULE_BLOCKED, TIER_BLOCKED);
	} else if (!question->proven) {
		settle(out, METRIC_RULE_UNPROVEN, TIER_UNKNOWN);
	} else {
		decide_proven(&s);
	}
}

double
metric_score(uint32_t strength)
{
	return -(1.0 + 8.0 * strength / METRIC_ONE);
}

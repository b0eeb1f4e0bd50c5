/* What a friend may spend: METRIC, "Paying for an introduction" and "Reports". */
#include <assert.h>

#include "common/metric/metric_private.h"
#include "common/metric/metric_rules.h"

/* Distinct accusers that are told apart; more take nothing that is worth taking. */
#define ACCUSERS_MAX 64

struct metric_party
metric_party_of(const struct metric_world *world, struct metric_ref ref, struct digest *buf)
{
	struct metric_party party = {.ref = ref};

	if (world->ops->digest != NULL && world->ops->digest(world->ctx, ref, buf)) {
		party.digest = buf;
	}
	return party;
}

struct sum {
	uint64_t now_s;
	uint64_t window_s;
	uint64_t total;
	uint64_t oldest_s; /* of those within the window */
	size_t left;
};

static bool
add_to_sum(void *ctx, const struct metric_entry *entry)
{
	struct sum *sum = ctx;

	if (!metric_is_within(entry->at_s, sum->now_s, sum->window_s)) {
		return false;
	}
	if (sum->left == 0) {
		sum->total = UINT32_MAX; /* what is not counted is taken to be spent */
		return false;
	}
	sum->left--;
	sum->total += entry->amount;
	sum->oldest_s = entry->at_s;
	return true;
}

/* sum_up - what a table has between the recipient and a party within the credit window */
static struct sum
sum_up(const struct metric_search *s, enum metric_table table, const struct metric_party *party,
	unsigned int *cut)
{
	struct sum sum = {
		.now_s = s->question->now_s,
		.window_s = s->config->credit_window_s,
		.left = METRIC_ENTRIES_MAX,
	};

	if (s->ledger->ops != NULL) {
		s->ledger->ops->walk(s->ledger->ctx, table, &s->question->recipient, party,
			add_to_sum, &sum);
	}
	if (sum.left == 0) {
		*cut |= METRIC_CUT_LEDGER;
	}
	return sum;
}

struct charges {
	struct metric_charge list[METRIC_CHARGES_MAX];
	size_t count;
};

static bool
add_charge(void *ctx, const struct metric_entry *entry)
{
	struct charges *charges = ctx;

	charges->list[charges->count++] =
		(struct metric_charge){.at_s = entry->at_s, .share = entry->amount};
	return charges->count < METRIC_CHARGES_MAX;
}

static void
find_standing(const struct metric_search *s, const struct metric_party *f,
	struct metric_standing *out)
{
	UNINITIALIZED struct charges charges;

	charges.count = 0;
	if (s->ledger->ops != NULL) {
		s->ledger->ops->walk(s->ledger->ctx, METRIC_CHARGE, &s->question->recipient, f,
			add_charge, &charges);
	}
	metric_standing_of(s->config, charges.list, charges.count, s->question->now_s, out);
}

/* Friends of r among the reporters of entries, each once. */
struct reporters {
	const struct metric_search *search;
	struct metric_ref found[ACCUSERS_MAX];
	size_t count;
	size_t max;
	size_t left; /* entries to look at */
};

static bool
reporters_note(struct reporters *reporters, struct metric_ref who)
{
	const struct metric_world *world = reporters->search->world;

	for (size_t i = 0; i < reporters->count; i++) {
		if (metric_ref_eq(reporters->found[i], who)) {
			return true;
		}
	}
	if (world->ops->friend_level(world->ctx, who) > 0) {
		reporters->found[reporters->count++] = who;
	}
	return reporters->count < reporters->max;
}

static bool
add_reporter(void *ctx, const struct metric_entry *entry)
{
	struct reporters *reporters = ctx;
	const struct metric_search *s = reporters->search;
	struct metric_ref who;

	if (!metric_is_within(entry->at_s, s->question->now_s, s->config->warning_life_s) ||
		reporters->left == 0) {
		return false;
	}
	reporters->left--;
	return !s->world->ops->resolve(s->world->ctx, &entry->other, &who) ||
	       reporters_note(reporters, who);
}

static void
walk_reporters(
	struct reporters *reporters, enum metric_table table, const struct metric_party *a)
{
	const struct metric_ledger *ledger = reporters->search->ledger;

	reporters->left = METRIC_ENTRIES_MAX;
	if (ledger->ops != NULL) {
		ledger->ops->walk(ledger->ctx, table, a, NULL, add_reporter, reporters);
	}
}

static uint32_t
count_accusers(const struct metric_search *s, const struct metric_party *f)
{
	struct reporters reporters = {.search = s, .max = ACCUSERS_MAX};

	walk_reporters(&reporters, METRIC_ACCUSATION, f);
	return (uint32_t)reporters.count;
}

/* walk_warners - friends who say it by a signed statement, block or warning */
static void
walk_warners(struct reporters *reporters)
{
	const struct metric_world *world = reporters->search->world;
	struct metric_cursor c = {0};
	struct metric_edge edge;
	size_t left = METRIC_SIDE_MAX;

	world->ops->open(world->ctx, METRIC_LIST_WARNERS, (struct metric_ref){0}, &c);
	while (reporters->count < reporters->max && left-- > 0 &&
		world->ops->next(world->ctx, &c, &edge)) {
		(void)reporters_note(reporters, edge.ref);
	}
	world->ops->close(world->ctx, &c);
}

void
metric_count_warnings(struct metric_search *s)
{
	struct reporters reporters = {.search = s, .max = s->config->warnings_forbid};

	if (reporters.max == 0 || reporters.max > ACCUSERS_MAX) {
		reporters.max = ACCUSERS_MAX;
	}
	walk_reporters(&reporters, METRIC_WARNING, &s->question->sender);
	if (reporters.count < reporters.max) {
		walk_warners(&reporters);
	}
	s->out->warnings = (uint32_t)reporters.count;
	for (size_t i = 0; i < reporters.count && i < 2; i++) {
		s->out->warners[i] = reporters.found[i];
	}
}

static uint32_t
base_credit(const struct metric_search *s, struct metric_ref f)
{
	const struct metric_world *world = s->world;

	return world->ops->credit == NULL ? s->config->introduction_credit
					  : world->ops->credit(world->ctx, f);
}

/* limit_of - credit a window, by hub rule, blame and accusers */
static uint32_t
limit_of(const struct metric_config *config, uint32_t base, const struct metric_account *a)
{
	uint64_t limit = base;

	if (a->suspended_until_s != 0) {
		return 0;
	}
	if (a->vouches > config->hub_vouches) {
		limit = limit * config->hub_vouches / a->vouches;
	}
	limit = limit * a->blame / METRIC_ONE;
	return (uint32_t)(limit / (1 + a->accusers));
}

static enum metric_shortage
shortage_of(uint32_t base, const struct metric_account *a)
{
	if (a->credit > 0) {
		return METRIC_SHORT_NONE;
	}
	if (base == 0) {
		return METRIC_SHORT_FORBIDDEN;
	}
	if (a->suspended_until_s != 0) {
		return METRIC_SHORT_SUSPENDED;
	}
	return a->spent > 0 ? METRIC_SHORT_SPENT : METRIC_SHORT_LIMIT;
}

void
metric_account_compute(const struct metric_search *s, struct metric_ref f,
	struct metric_account *out, unsigned int *cut)
{
	struct digest digest;
	struct metric_party party = metric_party_of(s->world, f, &digest);
	struct metric_standing standing;
	struct sum spent;
	uint32_t base = base_credit(s, f);

	find_standing(s, &party, &standing);
	spent = sum_up(s, METRIC_SPENT, &party, cut);
	*out = (struct metric_account){
		.spent = spent.total > UINT32_MAX ? UINT32_MAX : (uint32_t)spent.total,
		.blame = standing.blame,
		.strikes = standing.strikes,
		.suspended_until_s = standing.suspended_until_s,
		.accusers = count_accusers(s, &party),
		.vouches = s->world->ops->vouch_count(s->world->ctx, f),
		.renews_s = spent.total == 0 ? 0 : spent.oldest_s + s->config->credit_window_s,
	};
	out->limit = limit_of(s->config, base, out);
	out->credit = out->limit > out->spent ? out->limit - out->spent : 0;
	out->reason = shortage_of(base, out);
}

void
metric_expect_accounts(const struct metric_search *s, const struct metric_ref *friends,
	const struct metric_ref *middlemen, size_t count)
{
	const struct metric_world *world = s->world;
	struct metric_ref who[METRIC_EXPECT_MAX];
	size_t all = middlemen == NULL ? count : 2 * count;

	if (all < 2 || world->ops->expect == NULL) {
		return;
	}
	assert(all <= METRIC_EXPECT_MAX);
	world->ops->expect(world->ctx, METRIC_LIST_VOUCHES, friends, count);
	if (world->ops->expect_digests == NULL) {
		return;
	}
	memcpy(who, friends, count * sizeof(*who));
	if (middlemen != NULL) {
		memcpy(who + count, middlemen, count * sizeof(*who));
	}
	world->ops->expect_digests(world->ctx, who, all);
}

uint32_t
metric_middleman_room(const struct metric_search *s, struct metric_ref g, unsigned int *cut)
{
	struct digest digest;
	struct metric_party party = metric_party_of(s->world, g, &digest);
	uint64_t through = sum_up(s, METRIC_THROUGH, &party, cut).total;

	return through >= s->config->middleman_credit
		       ? 0
		       : s->config->middleman_credit - (uint32_t)through;
}

void
metric_account_of(const struct metric_config *config, const struct metric_world *world,
	const struct metric_ledger *ledger, const struct metric_question *question,
	struct metric_ref f, struct metric_account *out)
{
	struct metric_search s = {
		.config = config,
		.world = world,
		.ledger = ledger,
		.question = question,
	};
	unsigned int cut = 0;

	metric_account_compute(&s, f, out, &cut);
}

/*
 * The metric in random worlds: against a slow model, and within its bounds whatever an adversary
 * builds. Seeds are printed with every failure; METRIC_SEED=N starts elsewhere.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/base/rng.h"
#include "common/base/strnum.h"
#include "common/metric/metric.h"
#include "common/replay/replay.h"
#include "tests/support/slow_metric.h"

#define DAY ((uint64_t)86400)

#define WORLDS      10000
#define WORLD_STEPS 80

static const struct replay_scores scores = {
	.well = -100.0,
	.direct = -6.0,
	.direct_weak = -3.0,
	.reported = 3.0,
};

static uint64_t
first_seed(void)
{
	const char *text = getenv("METRIC_SEED");
	uint64_t seed = 1;

	cr_assert(text == NULL || strnum_u64(slice_str(text), UINT64_MAX, &seed) == 0);
	return seed;
}

/* A replay under test, with the last answer. */
struct subject {
	struct replay *replay;
	struct dynbuf answer;
	uint64_t seed;
};

static void
subject_new(struct subject *s, const struct metric_config *config, uint64_t seed)
{
	s->seed = seed;
	dynbuf_init(&s->answer, 4096);
	cr_assert_eq(replay_new(config, &scores, &s->replay), 0);
}

static void
subject_free(struct subject *s)
{
	replay_free(s->replay);
	dynbuf_fini(&s->answer);
}

/* tell - one line, formatted; the answer, if any, is the subject's */
static const char *
tell(struct subject *s, const char *line)
{
	struct err_msg msg = {0};

	dynbuf_reset(&s->answer);
	cr_assert_eq(replay_line(s->replay, slice_str(line), &s->answer, &msg), 0,
		"seed %llu: %s: %s", (unsigned long long)s->seed, line, msg.text);
	return dynbuf_cstr(&s->answer);
}

enum event_kind {
	EVENT_VOUCH,
	EVENT_QUERY,
	EVENT_SPAM,
	EVENT_HAM,
};

struct happening {
	enum event_kind kind;
	uint64_t at_s;
	unsigned int from;
	unsigned int to;
	unsigned int level;
};

static void
line_of(const struct happening *h, char out[128])
{
	unsigned long long t = h->at_s;

	switch (h->kind) {
	case EVENT_VOUCH:
		(void)snprintf(out, 128, "A\t%llu\ti%u\ti%u\t%u", t, h->from, h->to, h->level);
		break;
	case EVENT_QUERY:
		(void)snprintf(out, 128, "Q\t%llu\ti%u\ti%u\tx", t, h->from, h->to);
		break;
	case EVENT_SPAM:
	case EVENT_HAM:
		(void)snprintf(out, 128, "R\t%llu\ti%u\ti%u\t%s", t, h->from, h->to,
			h->kind == EVENT_SPAM ? "spam" : "ham");
		break;
	}
}

static unsigned int
pick(const struct rng *rng, unsigned int below)
{
	return (unsigned int)rng_below(rng, below);
}

/* random_config - small limits, so that small worlds meet them */
static struct metric_config
random_config(const struct rng *rng)
{
	struct metric_config c = metric_config_default();

	if (pick(rng, 3) == 0) {
		return c;
	}
	c.hub_vouches = 1 + pick(rng, 5);
	c.fresh_vouches = pick(rng, 5);
	c.reporter_warnings = pick(rng, 4);
	c.warnings_forbid = 1 + pick(rng, 4);
	c.introduction_credit = pick(rng, 4) == 0 ? pick(rng, 3000001) : METRIC_ONE;
	c.middleman_credit = pick(rng, 3) == 0 ? pick(rng, METRIC_ONE) : METRIC_ONE / 2;
	c.suspend_strikes = METRIC_ONE / 2 + pick(rng, 2 * METRIC_ONE);
	c.helpers_payers_min = 1 + pick(rng, 3);
	return c;
}

/* random_time - often the same second, sometimes just at or beside the edge of a window */
static uint64_t
random_time(const struct rng *rng, uint64_t now_s)
{
	static const uint64_t steps[] = {0, 0, 0, 1, 3600, DAY, 7 * DAY, 29 * DAY, 30 * DAY - 1,
		30 * DAY, 90 * DAY, 180 * DAY, 365 * DAY};

	return now_s + steps[pick(rng, pick(rng, 4) == 0 ? ARRAY_LEN(steps) : 7)];
}

static struct happening
random_happening(const struct rng *rng, unsigned int people, uint64_t now_s)
{
	static const enum event_kind kinds[] = {EVENT_VOUCH, EVENT_VOUCH, EVENT_VOUCH,
		EVENT_QUERY, EVENT_QUERY, EVENT_QUERY, EVENT_QUERY, EVENT_SPAM, EVENT_SPAM,
		EVENT_HAM};

	return (struct happening){
		.kind = kinds[pick(rng, ARRAY_LEN(kinds))],
		.at_s = now_s,
		.from = pick(rng, people),
		.to = pick(rng, people),
		.level = pick(rng, 6) == 0 ? 0 : 1 + pick(rng, 3),
	};
}

static void
compare(struct subject *s, struct slow_metric *slow, const struct happening *h, size_t step)
{
	char line[128];
	char expected[64];
	const char *tier = NULL;
	const char *answer = NULL;
	double score = 0.0;

	line_of(h, line);
	answer = tell(s, line);
	switch (h->kind) {
	case EVENT_VOUCH:
		slow_vouch(slow, h->at_s, (int)h->from, (int)h->to, (int)h->level);
		return;
	case EVENT_SPAM:
	case EVENT_HAM:
		slow_report(slow, h->at_s, (int)h->from, (int)h->to, h->kind == EVENT_SPAM);
		return;
	case EVENT_QUERY:
		break;
	}
	tier = slow_query(slow, h->at_s, (int)h->from, (int)h->to, &score);
	(void)snprintf(expected, sizeof(expected), "x\t%s\t", tier);
	cr_assert_eq(strncmp(answer, expected, strlen(expected)), 0,
		"seed %llu step %zu: %s: %s expected %s", (unsigned long long)s->seed, step,
		line, answer, tier);
	/* Strength is kept in millionths and printed with three decimals. */
	cr_assert_float_eq(strtod(answer + strlen(expected), NULL), score, 0.0006,
		"seed %llu step %zu: %s: %s expected %f", (unsigned long long)s->seed, step,
		line, answer, score);
}

/* What the worlds were about; a comparison of nothing would agree, too. */
struct coverage {
	size_t paid_by_friends;
	size_t paid_with_helpers;
	size_t paid_before;
	size_t reported;
	size_t warned;
	size_t forbidden;
	size_t broke;
	size_t suspended;
	size_t one_helper;
};

static void
cover(struct coverage *c, const struct metric_decision *d)
{
	bool pays = d->rule == METRIC_RULE_PAYABLE;

	c->paid_by_friends += pays && d->helper_count == 0 ? 1 : 0;
	c->paid_with_helpers += pays && d->helper_count > 0 ? 1 : 0;
	c->paid_before += d->rule == METRIC_RULE_PAID ? 1 : 0;
	c->reported += d->rule == METRIC_RULE_REPORTED ? 1 : 0;
	c->warned += pays && d->warnings > 0 ? 1 : 0;
	if (d->rule == METRIC_RULE_NOBODY) {
		c->forbidden += d->refusal == METRIC_REFUSAL_WARNINGS ? 1 : 0;
		c->one_helper += d->refusal == METRIC_REFUSAL_ONE_HELPER ? 1 : 0;
		c->broke += d->refusal == METRIC_REFUSAL_CREDIT ? 1 : 0;
		c->suspended += d->broke_count > 0 && d->broke[0].account.reason ==
							      METRIC_SHORT_SUSPENDED
					? 1
					: 0;
	}
}

static void
check_coverage(const struct coverage *c)
{
	cr_expect_gt(c->paid_by_friends, WORLDS);
	cr_expect_gt(c->paid_with_helpers, WORLDS / 10);
	cr_expect_gt(c->paid_before, WORLDS / 10);
	cr_expect_gt(c->reported, WORLDS);
	cr_expect_gt(c->warned, WORLDS / 100);
	cr_expect_gt(c->forbidden, WORLDS / 20);
	cr_expect_gt(c->broke, WORLDS / 10);
	cr_expect_gt(c->suspended, WORLDS / 500);
	cr_expect_gt(c->one_helper, WORLDS / 10);
}

Test(metric_worlds, agree_with_the_slow_model, .timeout = 1000)
{
	struct slow_metric *slow = malloc(sizeof(*slow));
	struct coverage coverage = {0};

	cr_assert_not_null(slow);
	for (uint64_t seed = first_seed(), i = 0; i < WORLDS; i++, seed++) {
		struct rng_seeded_state state;
		const struct rng rng = rng_seeded(&state, seed);
		struct metric_config config = random_config(&rng);
		unsigned int people = 3 + pick(&rng, SLOW_MAX - 2);
		struct happening known = {0};
		uint64_t now_s = 0;
		struct subject s;

		subject_new(&s, &config, seed);
		slow_init(slow, &config, (int)people);
		for (size_t step = 0; step < WORLD_STEPS; step++) {
			struct happening h;

			/* A third of the story is long ago, and all vouches. */
			now_s = step < WORLD_STEPS / 3 ? 0 : random_time(&rng, now_s + 1);
			h = random_happening(&rng, people, now_s);
			if (now_s == 0) {
				h.kind = EVENT_VOUCH;
			} else if (h.kind == EVENT_SPAM && pick(&rng, 3) > 0) {
				/* Mostly of whom was let in, or of one whom all report. */
				h.from = pick(&rng, 3) > 0 ? known.from : h.from;
				h.to = pick(&rng, 3) > 0 ? known.to : 0;
			}
			compare(&s, slow, &h, step);
			if (h.kind == EVENT_QUERY && h.from != h.to) {
				cover(&coverage, replay_last(s.replay));
				if (replay_last(s.replay)->rule == METRIC_RULE_PAYABLE) {
					known = h;
				}
			}
		}
		subject_free(&s);
	}
	free(slow);
	check_coverage(&coverage);
}

/* check_payment - what every payment must be, whoever pays */
static void
check_payment(const struct metric_decision *d, uint64_t seed)
{
	uint64_t sum = 0;

	if (d->rule != METRIC_RULE_PAYABLE) {
		return;
	}
	for (size_t i = 0; i < d->payer_count; i++) {
		const struct metric_payer *p = &d->payers[i];

		cr_assert_leq(p->amount, p->cap, "seed %llu", (unsigned long long)seed);
		cr_assert_leq(p->cap, p->credit, "seed %llu", (unsigned long long)seed);
		sum += p->amount;
	}
	cr_assert_eq(sum, d->price, "seed %llu: %llu of %u", (unsigned long long)seed,
		(unsigned long long)sum, d->price);
}

/*
 * An attack: honest people know each other since long ago; some accounts are stolen; these and any
 * number of false identities vouch for whom they like, when they like, and send mail to everybody.
 */
#define HONEST       24
#define FALSE_MAX    120
#define ATTACKS      300
#define ATTACK_STEPS 1500

struct attack {
	struct subject subject;
	struct rng rng;
	unsigned int stolen;
	unsigned int false_count;
	bool knows[HONEST][HONEST];
	uint64_t entered[HONEST]
			[FALSE_MAX]; /* when a false identity was first let in, plus one */
};

static void
say(struct attack *a, const struct happening *h)
{
	char line[128];

	line_of(h, line);
	(void)tell(&a->subject, line);
}

static void
build_honest(struct attack *a)
{
	for (unsigned int i = 0; i < HONEST; i++) {
		for (unsigned int n = 0; n < 5; n++) {
			unsigned int to = pick(&a->rng, HONEST);
			struct happening h = {EVENT_VOUCH, 0, i, to, 1 + pick(&a->rng, 3)};

			if (to != i) {
				a->knows[i][to] = true;
				say(a, &h);
			}
		}
	}
}

/* evil - any of the attacker's: stolen accounts are the first honest ones */
static unsigned int
evil(struct attack *a)
{
	return pick(&a->rng, 3) == 0 ? pick(&a->rng, a->stolen)
				     : HONEST + pick(&a->rng, a->false_count);
}

static void
attack_step(struct attack *a, uint64_t now_s)
{
	unsigned int r = a->stolen + pick(&a->rng, HONEST - a->stolen);
	unsigned int s = pick(&a->rng, a->false_count);
	struct happening h = {EVENT_VOUCH, now_s, evil(a), HONEST + s, pick(&a->rng, 4)};
	const char *answer = NULL;
	char line[128];

	if (pick(&a->rng, 3) == 0) {
		say(a, &h);
		return;
	}
	if (pick(&a->rng, 30) == 0) {
		/* He may also slander, and honour himself. */
		h = (struct happening){pick(&a->rng, 2) == 0 ? EVENT_SPAM : EVENT_HAM, now_s,
			evil(a), pick(&a->rng, HONEST + a->false_count), 0};
		say(a, &h);
		return;
	}
	h = (struct happening){EVENT_QUERY, now_s, r, HONEST + s, 0};
	line_of(&h, line);
	answer = tell(&a->subject, line);
	check_payment(replay_last(a->subject.replay), a->subject.seed);
	if (strstr(answer, "known") == answer + 2 && a->entered[r][s] == 0) {
		a->entered[r][s] = now_s + 1;
	}
}

/* bound_of - per 30 days: one for each stolen friend, half for each stolen friend of a friend */
static double
bound_of(const struct attack *a, unsigned int r)
{
	double bound = 0.0;

	for (unsigned int x = 0; x < a->stolen; x++) {
		bool near = false;

		for (unsigned int f = 0; f < HONEST && !a->knows[r][x]; f++) {
			near = near || (a->knows[r][f] && a->knows[f][x]);
		}
		bound += a->knows[r][x] ? 1.0 : near ? 0.5 : 0.0;
	}
	return bound;
}

static void
check_bounds(const struct attack *a)
{
	for (unsigned int r = a->stolen; r < HONEST; r++) {
		for (unsigned int i = 0; i < a->false_count; i++) {
			uint64_t from = a->entered[r][i];
			unsigned int count = 0;

			if (from == 0) {
				continue;
			}
			for (unsigned int k = 0; k < a->false_count; k++) {
				count += a->entered[r][k] >= from &&
							 a->entered[r][k] - from < 30 * DAY
						 ? 1
						 : 0;
			}
			cr_assert_leq(count, bound_of(a, r),
				"seed %llu: %u entered within 30 days at i%u, bound %.1f",
				(unsigned long long)a->subject.seed, count, r, bound_of(a, r));
		}
	}
}

Test(metric_worlds, hold_their_bounds_against_any_attack, .timeout = 1000)
{
	struct attack *a = malloc(sizeof(*a));
	unsigned long long entered = 0;

	cr_assert_not_null(a);
	for (uint64_t seed = first_seed(), i = 0; i < ATTACKS; i++, seed++) {
		struct metric_config config = metric_config_default();
		struct rng_seeded_state state;
		uint64_t now_s = 1000 * DAY;

		memset(a, 0, sizeof(*a));
		a->rng = rng_seeded(&state, seed);
		a->stolen = 1 + pick(&a->rng, 5);
		a->false_count = 1 + pick(&a->rng, FALSE_MAX);
		subject_new(&a->subject, &config, seed);
		build_honest(a);
		for (size_t step = 0; step < ATTACK_STEPS; step++) {
			now_s += pick(&a->rng, 2) == 0 ? 0 : pick(&a->rng, 20000);
			attack_step(a, now_s);
		}
		check_bounds(a);
		for (unsigned int r = 0; r < HONEST; r++) {
			for (unsigned int s = 0; s < a->false_count; s++) {
				entered += a->entered[r][s] != 0 ? 1 : 0;
			}
		}
		subject_free(&a->subject);
	}
	free(a);
	/* Else the attacker was too weak for this to mean anything. */
	cr_assert_gt(entered, 100 * ATTACKS / 10);
}

/* A story told twice, with or without a part, or under other names. */
#define STORY_STEPS 400

static size_t
random_story(const struct rng *rng, unsigned int people, struct happening out[STORY_STEPS])
{
	uint64_t now_s = 0;

	for (size_t i = 0; i < STORY_STEPS; i++) {
		now_s = i < STORY_STEPS / 3 ? 0 : random_time(rng, now_s + 1);
		out[i] = random_happening(rng, people, now_s);
		if (now_s == 0) {
			out[i].kind = EVENT_VOUCH;
		}
	}
	return STORY_STEPS;
}

static void
expect_same(struct subject *a, struct subject *b, const char *line, const char *other)
{
	char first[256];

	(void)snprintf(first, sizeof(first), "%s", tell(a, line));
	cr_assert_str_eq(
		tell(b, other), first, "seed %llu: %s", (unsigned long long)a->seed, line);
}

Test(metric_worlds, taking_a_report_back_restores_exactly)
{
	struct happening story[STORY_STEPS];

	for (uint64_t seed = first_seed(), i = 0; i < 200; i++, seed++) {
		struct rng_seeded_state state;
		const struct rng rng = rng_seeded(&state, seed);
		struct metric_config config = random_config(&rng);
		unsigned int people = 4 + pick(&rng, 8);
		size_t count = random_story(&rng, people, story);
		struct subject plain;
		struct subject with;
		char line[128];

		subject_new(&plain, &config, seed);
		subject_new(&with, &config, seed);
		for (size_t k = 0; k < count; k++) {
			struct happening h = story[k];

			/* Reports made and taken back in between, one within the other. */
			for (unsigned int n = pick(&rng, 4); n > 0 && h.at_s > 0; n--) {
				unsigned int from = pick(&rng, people);
				unsigned int to = pick(&rng, people);
				struct happening r = {EVENT_SPAM, h.at_s, from, to, 0};

				line_of(&r, line);
				(void)tell(&with, line);
				(void)tell(&with, line);
				r.kind = EVENT_HAM;
				line_of(&r, line);
				(void)tell(&with, line);
				(void)tell(&with, line);
			}
			line_of(&h, line);
			expect_same(&plain, &with, line, line);
		}
		subject_free(&plain);
		subject_free(&with);
	}
}

Test(metric_worlds, the_same_story_has_the_same_answers)
{
	struct happening story[STORY_STEPS];

	for (uint64_t seed = first_seed(), i = 0; i < 100; i++, seed++) {
		struct rng_seeded_state state;
		const struct rng rng = rng_seeded(&state, seed);
		struct metric_config config = random_config(&rng);
		size_t count = random_story(&rng, 10, story);
		struct subject a;
		struct subject b;

		subject_new(&a, &config, seed);
		subject_new(&b, &config, seed);
		/* Who is numbered first makes no difference: digests order, numbers do not. */
		for (unsigned int n = 10; n > 0; n--) {
			char line[128];

			(void)snprintf(line, sizeof(line), "A\t0\ti%u\ti%u\t0", n - 1, n - 1);
			(void)tell(&b, line);
		}
		for (size_t k = 0; k < count; k++) {
			char line[128];

			line_of(&story[k], line);
			expect_same(&a, &b, line, line);
		}
		subject_free(&a);
		subject_free(&b);
	}
}

/* by_digest - names in the order in which the metric takes them */
static int
by_digest(const void *a, const void *b)
{
	struct digest x;
	struct digest y;

	digest_sha256(slice_str(a), &x);
	digest_sha256(slice_str(b), &y);
	return digest_cmp(&x, &y);
}

#define NAMES 10

static void
rename_line(const struct happening *h, char names[NAMES][16], char out[128])
{
	static const char letters[] = {'A', 'Q', 'R', 'R'};
	static const char *const words[] = {"", "x", "spam", "ham"};
	char level[2] = {(char)('0' + h->level), '\0'};

	(void)snprintf(out, 128, "%c\t%llu\t%s\t%s\t%s", letters[h->kind],
		(unsigned long long)h->at_s, names[h->from], names[h->to],
		h->kind == EVENT_VOUCH ? level : words[h->kind]);
}

Test(metric_worlds, names_mean_nothing_but_their_order)
{
	struct happening story[STORY_STEPS];

	for (uint64_t seed = first_seed(), i = 0; i < 100; i++, seed++) {
		struct rng_seeded_state state;
		const struct rng rng = rng_seeded(&state, seed);
		struct metric_config config = random_config(&rng);
		size_t count = random_story(&rng, NAMES, story);
		char names[2][NAMES][16];
		struct subject a;
		struct subject b;

		for (size_t k = 0; k < 2; k++) {
			for (unsigned int n = 0; n < NAMES; n++) {
				(void)snprintf(names[k][n], sizeof(names[k][n]), "%u-%u",
					pick(&rng, 1000000), n);
			}
			qsort(names[k], NAMES, sizeof(names[k][0]), by_digest);
		}
		subject_new(&a, &config, seed);
		subject_new(&b, &config, seed);
		for (size_t k = 0; k < count; k++) {
			char line[128];
			char other[128];

			rename_line(&story[k], names[0], line);
			rename_line(&story[k], names[1], other);
			expect_same(&a, &b, line, other);
		}
		subject_free(&a);
		subject_free(&b);
	}
}

Test(metric_worlds, slander_lowers_no_direct_edge)
{
	struct happening story[STORY_STEPS];

	for (uint64_t seed = first_seed(), i = 0; i < 100; i++, seed++) {
		struct rng_seeded_state state;
		const struct rng rng = rng_seeded(&state, seed);
		struct metric_config config = metric_config_default();
		size_t count = random_story(&rng, 10, story);
		unsigned int known[10][10] = {{0}};
		struct subject s;

		subject_new(&s, &config, seed);
		for (size_t k = 0; k < count; k++) {
			struct happening h = story[k];
			static const char *const tiers[] = {"", "known", "known", "trusted"};
			const char *answer = NULL;
			char line[128];

			if (h.kind == EVENT_VOUCH) {
				known[h.from][h.to] = h.from == h.to ? 0 : h.level;
			} else if (h.kind != EVENT_QUERY) {
				h.from = pick(&rng,
					2); /* two stolen accounts report whom they like */
				h.kind = EVENT_SPAM;
			}
			line_of(&h, line);
			answer = tell(&s, line);
			if (h.kind == EVENT_QUERY && h.from > 1 && known[h.from][h.to] > 0) {
				cr_assert_not_null(strstr(answer, tiers[known[h.from][h.to]]),
					"seed %llu: %s: %s", (unsigned long long)seed, line,
					answer);
			}
		}
		subject_free(&s);
	}
}

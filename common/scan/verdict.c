#include "common/scan/verdict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/err.h"
#include "common/base/strnum.h"

/* Sums below this are rounded without printf, which takes its time over numbers. */
#define QUICK_MAX 1e6

/* Our own verdicts have one to four rules. */
#define RULES_INITIAL 8

static const char *const evidence_names[] = {
	[EVIDENCE_NONE] = "E0",
	[EVIDENCE_SPF] = "E1",
	[EVIDENCE_ARC] = "E2",
	[EVIDENCE_DKIM] = "E3",
	[EVIDENCE_KEY] = "E4",
};

const char *
evidence_name(enum evidence_level level)
{
	return evidence_names[level];
}

void
verdict_init(struct verdict *v, double required, struct arena *arena)
{
	*v = (struct verdict){
		.required = required,
		.autolearn = SLICE("disabled"),
		.arena = arena,
	};
}

/* make_room - for one more rule; the old array stays in the arena, which forgets it soon */
static int
make_room(struct verdict *v)
{
	size_t capacity = v->rule_capacity == 0 ? RULES_INITIAL : v->rule_capacity * 2;
	struct rule_hit *rules = NULL;

	if (v->rule_count < v->rule_capacity) {
		return 0;
	}
	rules = arena_alloc_array(v->arena, capacity, sizeof(*rules));
	if (rules == NULL) {
		return ERR_NOMEM;
	}
	if (v->rule_count > 0) {
		memcpy(rules, v->rules, v->rule_count * sizeof(*rules));
	}
	v->rules = rules;
	v->rule_capacity = capacity;
	return 0;
}

int
verdict_add(struct verdict *v, const struct rule_hit *hit)
{
	if (v->rule_count == VERDICT_RULES_MAX) {
		return ERR_TOOBIG;
	}
	if (make_room(v) != 0) {
		return ERR_NOMEM;
	}
	v->rules[v->rule_count++] = *hit;
	v->score += hit->score;
	return 0;
}

/*
 * thousandths - a sum as the original rounds it, with "%.3f", so that 2.3 + 2.4 + 0.3 make 5
 *
 * The difference between a thousand times the sum and the nearest whole number is rounded only
 * once; where it is near a half, printf is asked. Minus zero becomes zero.
 */
static double
thousandths(double sum)
{
	double whole = nearbyint(sum * 1000);
	char text[48];
	double value = sum;
	int n = 0;

	if (fabs(sum) < QUICK_MAX && fabs(fma(sum, 1000, -whole)) < 0.499) {
		return whole / 1000 + 0.0;
	}
	n = snprintf(text, sizeof(text), "%.3f", sum);
	if (n < 0 || (size_t)n >= sizeof(text) ||
		strnum_decimal(slice_of(text, (size_t)n), &value) != 0) {
		return sum;
	}
	return value + 0.0;
}

void
verdict_finish(struct verdict *v)
{
	v->score = thousandths(v->score);
	v->is_spam = v->score >= v->required;
}

static int
by_name(const void *a, const void *b)
{
	const struct rule_hit *const *left = a;
	const struct rule_hit *const *right = b;

	return slice_cmp((*left)->name, (*right)->name);
}

const struct rule_hit **
verdict_sorted(const struct verdict *v, struct arena *arena)
{
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are sorted */
	const size_t size = sizeof(const struct rule_hit *);
	const struct rule_hit **out = arena_alloc_array(arena, v->rule_count + 1, size);

	if (out == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < v->rule_count; i++) {
		out[i] = &v->rules[i];
	}
	qsort(out, v->rule_count, size, by_name);
	return out;
}

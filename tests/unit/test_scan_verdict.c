#include <criterion/criterion.h>

#include <stdio.h>

#include "common/base/err.h"
#include "common/scan/verdict.h"

static struct arena arena;

static void
setup(void)
{
	arena_init(&arena, 1 << 20);
}

static void
teardown(void)
{
	arena_fini(&arena);
}

TestSuite(verdict, .init = setup, .fini = teardown);

Test(verdict, the_threshold_itself_is_spam_and_is_compared_unrounded)
{
	static const struct {
		const char *label;
		double score;
		bool is_spam;
	} rows[] = {
		{"exactly the threshold", 5.0, true},
		{"rounds to the threshold", 4.96, false},
		{"above", 5.01, true},
		{"negative", -100.0, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rule_hit hit = {.name = SLICE("X"), .score = rows[i].score};
		struct verdict v;

		verdict_init(&v, 5.0, &arena);
		cr_assert_eq(verdict_add(&v, &hit), 0);
		verdict_finish(&v);
		cr_expect_eq(v.is_spam, rows[i].is_spam, "%s", rows[i].label);
	}
}

Test(verdict, rules_are_sorted_bytewise_and_bounded)
{
	struct verdict v;
	const struct rule_hit **sorted = NULL;
	char names[VERDICT_RULES_MAX][8];

	verdict_init(&v, 5.0, &arena);
	for (size_t i = 0; i < VERDICT_RULES_MAX; i++) {
		struct rule_hit hit = {.score = 0.5};

		(void)snprintf(names[i], sizeof(names[i]), "R%03zu", (i * 97) % 256);
		hit.name = slice_str(names[i]);
		cr_assert_eq(verdict_add(&v, &hit), 0);
	}
	cr_assert_eq(verdict_add(&v, &(struct rule_hit){.name = SLICE("Z")}), ERR_TOOBIG);
	cr_assert_float_eq(v.score, 128.0, 1e-9);
	sorted = verdict_sorted(&v, &arena);
	for (size_t i = 1; i < v.rule_count; i++) {
		cr_assert_lt(slice_cmp(sorted[i - 1]->name, sorted[i]->name), 0, "at %zu", i);
	}
}

Test(verdict, running_out_of_memory_is_an_error_not_a_crash)
{
	struct arena tiny;
	struct verdict v;

	arena_init(&tiny, 16);
	verdict_init(&v, 5.0, &tiny);
	cr_assert_eq(verdict_add(&v, &(struct rule_hit){.name = SLICE("A")}), ERR_NOMEM);
	cr_assert_null(verdict_sorted(&(struct verdict){.rule_count = 3}, &tiny));
	arena_fini(&tiny);
}

#include <criterion/criterion.h>

#include <math.h>
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

Test(verdict, the_sum_has_three_decimals_and_does_not_depend_on_the_order)
{
	static const struct {
		const char *label;
		double scores[4];
		double sum;
		bool is_spam;
	} rows[] = {
		{"a little below, for want of precision", {2.3, 2.4, 0.3}, 5, true},
		{"another order", {0.3, 2.4, 2.3}, 5, true},
		{"three decimals are kept", {4.999}, 4.999, false},
		{"the fourth rounds up", {4.9996}, 5, true},
		{"the fourth rounds down", {4.9994}, 4.999, false},
		{"just above a half, to the threshold", {4.9995}, 5, true},
		{"just below a half", {4.0005}, 4, false},
		{"just above a half", {0.0005}, 0.001, false},
		{"exactly a half goes to the even one", {0.0625}, 0.062, false},
		{"exactly a half, upwards", {0.1875}, 0.188, false},
		{"no minus zero", {-0.0002}, 0, false},
		{"beyond the quick way", {12345678.1234}, 12345678.123, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct verdict v;
		char text[32];

		verdict_init(&v, 5.0, &arena);
		for (size_t j = 0; j < sizeof(rows[i].scores) / sizeof(rows[i].scores[0]);
			j++) {
			struct rule_hit hit = {.name = SLICE("X"), .score = rows[i].scores[j]};

			cr_assert_eq(verdict_add(&v, &hit), 0);
		}
		verdict_finish(&v);
		(void)snprintf(text, sizeof(text), "%.17g", v.score);
		cr_expect_eq(v.score, rows[i].sum, "%s: %s", rows[i].label, text);
		cr_expect_eq(signbit(v.score) != 0, false, "%s", rows[i].label);
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

#include <criterion/criterion.h>

#include "common/base/attr.h"
#include "common/rules/rule_expr.h"

/* value_of - A and B hit, C counts 3, all others nothing */
static double
value_of(void *ctx, struct slice name)
{
	(void)ctx;
	if (slice_eq(name, SLICE("A")) || slice_eq(name, SLICE("B"))) {
		return 1;
	}
	return slice_eq(name, SLICE("C")) ? 3 : 0;
}

static const struct {
	const char *text;
	double value;
} good[] = {
	{"A", 1},
	{"X", 0},
	{"(A)", 1},
	{"!A", 0},
	{"!!A", 1},
	{"! X", 1},
	{"A && B", 1},
	{"A&&X", 0},
	{"X || A", 1},
	{"X || Y", 0},
	{"A && !X && B", 1},
	{"X && A || B", 1},
	{"A || X && X", 1},
	{"(A || X) && X", 0},
	{"!(A && X)", 1},
	{"A + B + C", 5},
	{"A + B + X > 1", 1},
	{"(A + B + X) >= 3", 0},
	{"A + B == 2", 1},
	{"A + B != 2", 0},
	{"C < 3", 0},
	{"C <= 3", 1},
	{"2 * C - 1", 5},
	{"1 + 2 * 3", 7},
	{"(1 + 2) * 3", 9},
	{"7 - 2 - 1", 4},
	{"C / 2", 1.5},
	{"C / X", 0},
	{"-A + 2", 1},
	{"2 - -A", 3},
	{"0.5 + .5", 1},
	{"C && 7", 7},
	{"C || 7", 3},
	{"A\t+\tB", 2},
	{"-A < 0 && !X", 1},
};

Test(rules_expr, values_are_those_of_perl)
{
	struct arena arena;

	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct rule_expr e;
		struct err_msg msg = {0};

		cr_assert_eq(rule_expr_parse(slice_str(good[i].text), &arena, &e, &msg), 0,
			"%s: %s", good[i].text, msg.text);
		cr_expect_eq(rule_expr_value(&e, value_of, NULL), good[i].value, "%s: %f",
			good[i].text, rule_expr_value(&e, value_of, NULL));
	}
	arena_fini(&arena);
}

static const struct {
	const char *text;
	int code;
} bad[] = {
	{"", ERR_INVALID},
	{"()", ERR_INVALID},
	{"A B", ERR_INVALID},
	{"A &&", ERR_INVALID},
	{"&& A", ERR_INVALID},
	{"(A", ERR_INVALID},
	{"A)", ERR_INVALID},
	{"A & B", ERR_INVALID},
	{"A = B", ERR_INVALID},
	{"A ? B : C", ERR_INVALID},
	{"1.2.3", ERR_INVALID},
	{"1x", ERR_INVALID},
	{"\"A\"", ERR_INVALID},
	{"rules_matching(A*)", ERR_UNSUPPORTED},
};

Test(rules_expr, what_is_no_expression_is_refused)
{
	struct arena arena;

	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct rule_expr e;
		struct err_msg msg = {0};

		cr_expect_eq(rule_expr_parse(slice_str(bad[i].text), &arena, &e, &msg),
			bad[i].code, "%s", bad[i].text);
	}
	arena_fini(&arena);
}

Test(rules_expr, size_and_depth_are_bounded)
{
	static char text[8 * RULE_EXPR_STEPS_MAX];
	struct rule_expr e;
	struct arena arena;
	size_t n = 0;

	arena_init(&arena, 1 << 20);
	memset(text, '(', RULE_EXPR_DEPTH_MAX);
	text[RULE_EXPR_DEPTH_MAX] = 'A';
	memset(text + RULE_EXPR_DEPTH_MAX + 1, ')', RULE_EXPR_DEPTH_MAX);
	cr_expect_eq(rule_expr_parse(slice_str(text), &arena, &e, NULL), 0);
	cr_expect_eq(rule_expr_value(&e, value_of, NULL), 1);
	memset(text, '!', RULE_EXPR_DEPTH_MAX + 1);
	text[RULE_EXPR_DEPTH_MAX + 1] = 'A';
	text[RULE_EXPR_DEPTH_MAX + 2] = '\0';
	cr_expect_eq(rule_expr_parse(slice_str(text), &arena, &e, NULL), ERR_TOOBIG);
	for (n = 0; n < RULE_EXPR_STEPS_MAX; n += 2) {
		memcpy(text + n, "A+", 2);
	}
	memcpy(text + n, "A", 2);
	cr_expect_eq(rule_expr_parse(slice_str(text), &arena, &e, NULL), ERR_TOOBIG);
	text[n - 1] = '\0';
	cr_expect_eq(rule_expr_parse(slice_str(text), &arena, &e, NULL), 0);
	cr_expect_eq(rule_expr_value(&e, value_of, NULL), RULE_EXPR_STEPS_MAX / 2);
	arena_fini(&arena);
}

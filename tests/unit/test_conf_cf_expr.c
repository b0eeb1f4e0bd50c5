#include <criterion/criterion.h>

#include "common/conf/cf_expr.h"

static bool
has_plugin(const void *ctx, struct slice name)
{
	(void)ctx;
	return slice_eq(name, SLICE("Mail::SpamAssassin::Plugin::SPF"));
}

static bool
has_feature(const void *ctx, struct slice name)
{
	(void)ctx;
	return slice_eq(name, SLICE("Mail::SpamAssassin::Conf::feature_x"));
}

static const struct cf_expr_env env = {
	.version = 4.000001,
	.perl_version = 5.036,
	.local_tests_only = false,
	.has_plugin = has_plugin,
	.has_feature = has_feature,
};

Test(cf_expr, tells_what_is_true)
{
	static const struct {
		const char *text;
		bool truth;
	} rows[] = {
		{"1", true},
		{"0", false},
		{"0.0", false},
		{"-1", true},
		{"(1)", true},
		{"((0))", false},
		{"version > 3", true},
		{"version >= 4.000001", true},
		{"version == 4.000001", true},
		{"version != 4.000001", false},
		{"(version < 4.000000)", false},
		{"version <= 4", false},
		{"perl_version >= 5.010000", true},
		{"local_tests_only", false},
		{"!local_tests_only", true},
		{"!!local_tests_only", false},
		{"plugin(Mail::SpamAssassin::Plugin::SPF)", true},
		{"plugin (Mail::SpamAssassin::Plugin::SPF)", true},
		{"plugin ( Mail::SpamAssassin::Plugin::SPF )", true},
		{"!plugin(Mail::SpamAssassin::Plugin::SPF)", false},
		{"plugin(Mail::SpamAssassin::Plugin::DKIM)", false},
		{"can(Mail::SpamAssassin::Conf::feature_x)", true},
		{"has(Mail::SpamAssassin::Conf::feature_y)", false},
		{"1 && 1", true},
		{"1 && 0", false},
		{"0 || 1", true},
		{"0 || 0", false},
		{"1 || 0 && 0", true},
		{"(1 || 0) && 0", false},
		{"0 && 0 || 1", true},
		{"!0 && !0", true},
		{"!(1 && 0)", true},
		{"2 > 1 && 1 < 2", true},
		{"!1 == 0", true},
		{"  version>3&&!local_tests_only  ", true},
		{"(version >= 3.003000) && !plugin(Mail::SpamAssassin::Plugin::DKIM)", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err_msg msg = {0};
		bool truth = !rows[i].truth;

		cr_assert_eq(cf_expr_eval(slice_str(rows[i].text), &env, &truth, &msg), 0,
			"%s: %s", rows[i].text, msg.text);
		cr_assert_eq(truth, rows[i].truth, "%s", rows[i].text);
	}
}

Test(cf_expr, points_at_what_it_does_not_understand)
{
	static const struct {
		const char *text;
		int code;
		size_t offset;
	} rows[] = {
		{"", ERR_INVALID, 0},
		{"   ", ERR_INVALID, 3},
		{"()", ERR_INVALID, 1},
		{"(1", ERR_INVALID, 2},
		{"1)", ERR_INVALID, 1},
		{"1 1", ERR_INVALID, 2},
		{"1 &&", ERR_INVALID, 4},
		{"|| 1", ERR_INVALID, 0},
		{"1 & 1", ERR_INVALID, 2},
		{"!", ERR_INVALID, 1},
		{"version = 4", ERR_INVALID, 8},
		{"version >= 3.4.0", ERR_INVALID, 11},
		{"perlversion", ERR_INVALID, 0},
		{"system(rm)", ERR_INVALID, 0},
		{"plugin", ERR_INVALID, 6},
		{"plugin()", ERR_INVALID, 7},
		{"plugin(X", ERR_INVALID, 8},
		{"plugin('X')", ERR_INVALID, 7},
		{"plugin(X Y)", ERR_INVALID, 9},
		{"1 < 2 < 3", ERR_INVALID, 6},
		{"1 || nonsense", ERR_INVALID, 5},
		{"0 && nonsense", ERR_INVALID, 5},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err_msg msg = {0};
		bool truth = false;

		cr_assert_eq(cf_expr_eval(slice_str(rows[i].text), &env, &truth, &msg),
			rows[i].code, "%s", rows[i].text);
		cr_assert_eq(msg.offset, rows[i].offset, "%s: %zu, %s", rows[i].text,
			msg.offset, msg.text);
		cr_assert_neq(msg.text[0], '\0', "%s", rows[i].text);
	}
}

Test(cf_expr, bounds_nesting_but_not_negation)
{
	char deep[3 * CF_EXPR_DEPTH_MAX];
	char negated[10001];
	struct err_msg msg = {0};
	bool truth = false;

	/* The outermost level needs none, so one parenthesis fewer than the bound still fits. */
	for (size_t levels = CF_EXPR_DEPTH_MAX - 1; levels <= CF_EXPR_DEPTH_MAX; levels++) {
		memset(deep, '(', levels);
		deep[levels] = '1';
		memset(deep + levels + 1, ')', levels);
		cr_assert_eq(cf_expr_eval(slice_of(deep, 2 * levels + 1), &env, &truth, &msg),
			levels < CF_EXPR_DEPTH_MAX ? 0 : ERR_TOOBIG, "%zu levels", levels);
	}
	memset(negated, '!', sizeof(negated));
	negated[sizeof(negated) - 1] = '1';
	cr_assert_eq(cf_expr_eval(slice_of(negated, sizeof(negated)), &env, &truth, &msg), 0);
	cr_assert(truth, "ten thousand negations cancel out");
}

Test(cf_expr, every_beginning_of_a_good_expression_is_answered)
{
	const struct slice whole =
		SLICE("(version >= 3.003) && !plugin(X::Y) || has(A::b) == 0");

	for (size_t n = 0; n <= whole.len; n++) {
		/* A copy of exactly n bytes, so that a sanitiser sees a read beyond. */
		uint8_t *copy = malloc(n + 1);
		struct err_msg msg = {0};
		bool truth = false;
		int ret = 0;

		cr_assert_not_null(copy);
		memcpy(copy, whole.data, n);
		ret = cf_expr_eval(slice_of(copy, n), &env, &truth, &msg);
		cr_assert(ret == 0 || (ret == ERR_INVALID && msg.offset <= n), "%zu", n);
		free(copy);
	}
}

#include "common/conf/cf_expr.h"

#include "common/base/log.h"
#include "common/base/strnum.h"

/* Enough of a bad word to recognise it. */
#define WORD_SHOWN_MAX 64

struct reader {
	struct slice text;
	size_t at;
	unsigned int depth;
	const struct cf_expr_env *env;
	struct err_msg *msg;
	int error; /* sticky: after it every function returns 0 and reads nothing */
};

static double read_or(struct reader *r);

static double
fail(struct reader *r, int code, const char *what)
{
	char word[WORD_SHOWN_MAX * 4];

	if (r->error == 0) {
		struct slice rest = slice_skip(r->text, r->at);
		struct slice shown = slice_take(slice_trim(rest), WORD_SHOWN_MAX);

		r->error = err_set_at(r->msg, code, r->at, "%s%s%s%s", what,
			slice_is_empty(shown) ? " at the end" : " at \"",
			log_escape(shown, word, sizeof(word)),
			slice_is_empty(shown) ? "" : "\"");
	}
	return 0;
}

static void
skip_blanks(struct reader *r)
{
	while (r->at < r->text.len && ascii_is_space(r->text.data[r->at])) {
		r->at++;
	}
}

/* take - passes over `token` when it comes next */
static bool
take(struct reader *r, const char *token)
{
	struct slice wanted = slice_str(token);

	skip_blanks(r);
	if (r->error != 0 || !slice_starts_with(slice_skip(r->text, r->at), wanted)) {
		return false;
	}
	r->at += wanted.len;
	return true;
}

static bool
is_word_byte(uint8_t c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_' || c == ':';
}

/* take_word - a name such as version or Mail::SpamAssassin::Plugin::SPF; may be empty */
static struct slice
take_word(struct reader *r)
{
	size_t start = 0;

	skip_blanks(r);
	start = r->at;
	while (r->at < r->text.len && is_word_byte(r->text.data[r->at])) {
		r->at++;
	}
	return slice_of(r->text.data + start, r->at - start);
}

static double
read_number(struct reader *r)
{
	size_t start = r->at;
	double value = 0;

	if (r->text.data[r->at] == '-' || r->text.data[r->at] == '+') {
		r->at++;
	}
	while (r->at < r->text.len &&
		(ascii_is_digit(r->text.data[r->at]) || r->text.data[r->at] == '.')) {
		r->at++;
	}
	if (strnum_decimal(slice_of(r->text.data + start, r->at - start), &value) != 0) {
		r->at = start;
		return fail(r, ERR_INVALID, "not a number");
	}
	return value;
}

/* read_question - the argument of plugin(), has() and can(), and its answer */
static double
read_question(struct reader *r, bool is_plugin)
{
	struct slice name = {0};

	if (!take(r, "(")) {
		return fail(r, ERR_INVALID, "expected (");
	}
	name = take_word(r);
	if (slice_is_empty(name)) {
		return fail(r, ERR_INVALID, "expected the name of a plugin or feature");
	}
	if (!take(r, ")")) {
		return fail(r, ERR_INVALID, "expected )");
	}
	return is_plugin ? r->env->has_plugin(r->env->ctx, name)
			 : r->env->has_feature(r->env->ctx, name);
}

static double
read_name(struct reader *r)
{
	size_t start = r->at;
	struct slice word = take_word(r);

	if (slice_eq(word, SLICE("plugin"))) {
		return read_question(r, true);
	}
	if (slice_eq(word, SLICE("has")) || slice_eq(word, SLICE("can"))) {
		return read_question(r, false);
	}
	if (slice_eq(word, SLICE("version"))) {
		return r->env->version;
	}
	if (slice_eq(word, SLICE("perl_version"))) {
		return r->env->perl_version;
	}
	if (slice_eq(word, SLICE("local_tests_only"))) {
		return r->env->local_tests_only;
	}
	r->at = start;
	return fail(r, ERR_INVALID,
		"expected plugin(), has(), can(), version, perl_version, local_tests_only or a "
		"number");
}

static double
read_primary(struct reader *r)
{
	uint8_t c = 0;
	double value = 0;

	if (take(r, "(")) {
		value = read_or(r);
		return take(r, ")") ? value : fail(r, ERR_INVALID, "expected )");
	}
	if (r->error != 0 || r->at == r->text.len) {
		return fail(r, ERR_INVALID, "a value is missing");
	}
	c = r->text.data[r->at];
	return ascii_is_digit(c) || c == '-' || c == '+' || c == '.' ? read_number(r)
								     : read_name(r);
}

static double
read_not(struct reader *r)
{
	bool negate = false;
	bool any = false;
	double value = 0;

	while (take(r, "!")) {
		negate = !negate;
		any = true;
	}
	value = read_primary(r);
	return any ? (value != 0) != negate : value;
}

static double
read_compare(struct reader *r)
{
	double left = read_not(r);

	/* Two-character operators first, so that <= is not read as <. */
	if (take(r, "<=")) {
		return left <= read_not(r);
	}
	if (take(r, ">=")) {
		return left >= read_not(r);
	}
	if (take(r, "==")) {
		return left == read_not(r);
	}
	if (take(r, "!=")) {
		return left != read_not(r);
	}
	if (take(r, "<")) {
		return left < read_not(r);
	}
	if (take(r, ">")) {
		return left > read_not(r);
	}
	return left;
}

static double
read_and(struct reader *r)
{
	double value = read_compare(r);

	while (take(r, "&&")) {
		double right = read_compare(r);

		value = value != 0 && right != 0;
	}
	return value;
}

/* read_or - the outermost level; the only recursion, bounded by depth */
static double
read_or(struct reader *r)
{
	double value = 0;

	if (r->depth == CF_EXPR_DEPTH_MAX) {
		return fail(r, ERR_TOOBIG, "parentheses nested too deeply");
	}
	r->depth++;
	value = read_and(r);
	while (take(r, "||")) {
		double right = read_and(r);

		value = value != 0 || right != 0;
	}
	r->depth--;
	return value;
}

int
cf_expr_eval(
	struct slice text, const struct cf_expr_env *env, bool *truth_out, struct err_msg *msg)
{
	struct reader r = {.text = text, .env = env, .msg = msg};
	double value = read_or(&r);

	skip_blanks(&r);
	if (r.error == 0 && r.at < text.len) {
		(void)fail(&r, ERR_INVALID, "unexpected text");
	}
	if (r.error == 0) {
		*truth_out = value != 0;
	}
	return r.error;
}

/* The administrator's own rules: header, meta, tflags. The rules themselves are common/rules. */
#include "common/conf/rules_default.h"
#include "common/conf/settings_table.h"
#include "common/rules/rule_line.h"
#include "common/rules/rule_set.h"

/* Scores of rules that were given none, as in the original. */
#define SCORE_UNSET      1.0
#define SCORE_UNSET_TEST 0.01 /* names that begin with T_ */

/*
 * check_name - may a rule of one's own have that name? What ours say must come from us.
 *
 * SpamAssassin's files define some that are built in here (USER_IN_WELCOMELIST): those lines are
 * lines for its rule engine.
 */
static int
check_name(struct setting_change *c)
{
	struct slice value = c->value;
	struct slice name = rules_default_name(cf_next_word(&value));

	if (!rules_default_is_ours(name)) {
		return 0;
	}
	if (!slice_starts_with(name, SLICE("TRUST_"))) {
		return ERR_UNSUPPORTED;
	}
	return err_set(c->msg, ERR_INVALID, "%s: the name belongs to a rule that is built in",
		c->row->name);
}

static int
set_rule(struct setting_change *c, int (*add)(struct rule_set **set, struct slice value,
					   struct arena *arena, struct err_msg *msg))
{
	struct settings *s = c->settings;
	int code = check_name(c);

	return code != 0 ? code : add(&s->rule_set, c->value, s->arena, c->msg);
}

static int
set_header(struct setting_change *c)
{
	return set_rule(c, rule_set_add_header);
}

static int
set_meta(struct setting_change *c)
{
	return set_rule(c, rule_set_add_meta);
}

/* set_tflags - of the flags of the original only `nice` has a meaning here */
static int
set_tflags(struct setting_change *c)
{
	struct slice rest = c->value;
	struct slice name = rules_default_name(cf_next_word(&rest));
	struct rule_settings *rule = NULL;
	bool is_nice = false;

	if (!rule_name_is_valid(name) || slice_is_empty(rest)) {
		return err_set(
			c->msg, ERR_INVALID, "tflags needs the name of a rule and its flags");
	}
	while (!slice_is_empty(rest)) {
		struct slice flag = cf_next_word(&rest);

		is_nice = is_nice || slice_eq(flag, SLICE("nice"));
	}
	if (!is_nice && rule_table_find(&c->settings->rules, name) == NULL) {
		return 0;
	}
	rule = rule_table_edit(&c->settings->rules, c->settings->arena, name);
	if (rule == NULL) {
		return ERR_NOMEM;
	}
	rule->is_nice = is_nice;
	return 0;
}

static void
print_rules(const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	bool wants_meta = slice_eq(slice_str(row->name), SLICE("meta"));

	for (size_t i = 0; i < rule_set_count(s->rule_set); i++) {
		bool is_meta = false;
		struct slice value = rule_set_line(s->rule_set, i, &is_meta);

		if (is_meta == wants_meta) {
			(void)dynbuf_printf(out, "%s ", row->name);
			setting_print_text(value, out);
			(void)dynbuf_add_byte(out, '\n');
		}
	}
}

static void
print_nice(void *ctx, struct slice name, const struct rule_settings *rule)
{
	struct dynbuf *out = ctx;

	if (rule->is_nice) {
		(void)dynbuf_printf(out, "tflags %.*s nice\n", SLICE_ARG(name));
	}
}

static void
print_tflags(const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	(void)row;
	rule_table_each(&s->rules, print_nice, out);
}

const struct setting_type setting_type_header = {
	"`NAME FIELD =~ /regex/flags`, also `!~`, or `NAME exists:FIELD`", set_header,
	print_rules};
const struct setting_type setting_type_meta = {"`NAME expression`", set_meta, print_rules};
const struct setting_type setting_type_tflags = {"`NAME flags`", set_tflags, print_tflags};

double
settings_rule_score(const struct settings *s, struct slice rule)
{
	const struct rule_settings *found = rule_table_find(&s->rules, rule);
	double score = slice_starts_with(rule, SLICE("T_")) ? SCORE_UNSET_TEST : SCORE_UNSET;

	if (found == NULL || (!found->has_score && !found->is_nice)) {
		return score;
	}
	return found->has_score ? found->score : -score;
}

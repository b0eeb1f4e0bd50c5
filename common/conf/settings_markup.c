/* Settings of rules and of what is written into messages. */
#include "common/conf/rules_default.h"
#include "common/conf/settings_table.h"

/*
 * Far beyond any score in use; keeps every sum of rules finite and exact enough.
 */
#define SCORE_MAX 100000.0

static int
invalid(struct setting_change *c, const char *what)
{
	return err_set(c->msg, ERR_INVALID, "%s %s", c->row->name, what);
}

/* parse_score - n or (n), which is relative */
static int
parse_score(struct slice text, double *score_out, bool *relative_out)
{
	bool relative = text.len > 2 && text.data[0] == '(' && text.data[text.len - 1] == ')';

	if (relative) {
		text = slice_of(text.data + 1, text.len - 2);
		*relative_out = true;
	}
	return setting_read_decimal(text, score_out);
}

/*
 * set_score - NAME and one number, or four of which the last is taken: the set that the
 * original uses with learner and network tests on, which is what a chained SpamAssassin and
 * our own evidence amount to.
 */
static int
set_score(struct setting_change *c)
{
	struct slice rest = c->value;
	struct slice name = rules_default_name(cf_next_word(&rest));
	struct rule_settings *rule = NULL;
	double score = 0;
	bool relative = false;
	size_t count = 0;

	for (; !slice_is_empty(rest); count++) {
		if (parse_score(cf_next_word(&rest), &score, &relative) != 0) {
			return invalid(c, "wants decimal numbers behind the name of the rule");
		}
	}
	if (count != 1 && count != 4) {
		return invalid(c, "needs the name of a rule and one score or four");
	}
	rule = rule_table_edit(&c->settings->rules, c->settings->arena, name);
	if (rule == NULL) {
		return ERR_NOMEM;
	}
	if (relative && !rule->has_score) {
		/* A change to a rule of the distribution, which is not here: no matter. */
		return rules_default_is_ours(name)
			       ? invalid(c, "(n) changes a score, but the rule has none yet")
			       : 0;
	}
	score += relative ? rule->score : 0;
	if (!(score >= -SCORE_MAX && score <= SCORE_MAX)) {
		return err_set(c->msg, ERR_RANGE, "score must be from -100000 to 100000");
	}
	rule->score = score;
	rule->has_score = true;
	rule->score_is_configured = true;
	return 0;
}

/* Defaults are comments: written as a setting, a default of 0 would switch its rule off. */
static void
print_score_line(void *ctx, struct slice name, const struct rule_settings *rule)
{
	struct dynbuf *out = ctx;

	if (rule->has_score) {
		(void)dynbuf_printf(out, "%sscore %.*s ", rule->score_is_configured ? "" : "# ",
			SLICE_ARG(name));
		setting_print_number(rule->score, out);
		(void)dynbuf_add_byte(out, '\n');
	}
}

static void
print_scores(const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	(void)row;
	rule_table_each(&s->rules, print_score_line, out);
}

const struct setting_type setting_type_score = {
	"`NAME n`; `NAME (n)` adds to the present score; of `NAME n n n n` the last counts",
	set_score, print_scores};

static int
set_describe(struct setting_change *c)
{
	struct slice text = c->value;
	struct slice name = rules_default_name(cf_next_word(&text));
	struct rule_settings *rule = NULL;

	if (slice_is_empty(name) || slice_is_empty(text)) {
		return invalid(c, "needs the name of a rule and a text");
	}
	rule = rule_table_edit(&c->settings->rules, c->settings->arena, name);
	if (rule == NULL) {
		return ERR_NOMEM;
	}
	text = arena_copy(c->settings->arena, text);
	if (text.data == NULL) {
		return ERR_NOMEM;
	}
	rule->describe = text;
	return 0;
}

static void
print_describe_line(void *ctx, struct slice name, const struct rule_settings *rule)
{
	struct dynbuf *out = ctx;

	if (!slice_is_empty(rule->describe)) {
		(void)dynbuf_printf(out, "describe %.*s ", SLICE_ARG(name));
		setting_print_text(rule->describe, out);
		(void)dynbuf_add_byte(out, '\n');
	}
}

static void
print_describes(const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	(void)row;
	rule_table_each(&s->rules, print_describe_line, out);
}

const struct setting_type setting_type_describe = {
	"`NAME text`", set_describe, print_describes};

/** Which of the two lists of fields `ham`, `spam` and `all` mean. */
struct header_target {
	bool ham;
	bool spam;
};

/* read_target - takes the first word; false when it is none of the three */
static bool
read_target(struct slice *rest, struct header_target *out)
{
	struct slice word = cf_next_word(rest);
	bool all = slice_eq(word, SLICE("all"));

	out->ham = all || slice_eq(word, SLICE("ham"));
	out->spam = all || slice_eq(word, SLICE("spam"));
	return out->ham || out->spam;
}

/* is_header_name - letters, digits, - and _, as the original has it */
static bool
is_header_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.data[i];

		if (!ascii_is_alpha(c) && !ascii_is_digit(c) && c != '-' && c != '_') {
			return false;
		}
	}
	return name.len > 0;
}

/*
 * unescape - takes off quotes, turns \t, \n and \\ into what they stand for; another escape
 * goes with the character behind it, as in the original
 */
static int
unescape(struct slice text, struct arena *arena, struct slice *out)
{
	uint8_t *copy = arena_alloc(arena, text.len);
	size_t len = 0;

	if (copy == NULL) {
		return ERR_NOMEM;
	}
	if (text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"') {
		text = slice_of(text.data + 1, text.len - 2);
	}
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (c != '\\') {
			copy[len++] = c;
			continue;
		}
		c = ++i < text.len ? text.data[i] : 0;
		if (c == 't') {
			copy[len++] = '\t';
		} else if (c == 'n') {
			copy[len++] = '\n';
		} else if (c == '\\') {
			copy[len++] = '\\';
		}
	}
	*out = slice_of(copy, len);
	return 0;
}

/* replace_header - takes a field of that name off the list and puts the new one at its end */
static int
replace_header(
	struct strpairs *list, struct arena *arena, struct slice name, struct slice value)
{
	int ret = strpairs_remove(list, arena, name);

	return ret != 0 ? ret : strpairs_add(list, arena, name, value);
}

static int
set_add_header(struct setting_change *c)
{
	struct settings *s = c->settings;
	struct slice text = c->value;
	struct header_target target = {0};
	struct slice name = {0};
	int ret = 0;

	if (!read_target(&text, &target)) {
		return invalid(c, "begins with ham, spam or all");
	}
	name = cf_next_word(&text);
	if (!is_header_name(name)) {
		return invalid(c, "needs a name of letters, digits, - and _, without X-Spam-");
	}
	if (slice_is_empty(text)) {
		return invalid(c, "needs a text behind the name; \"\" is an empty one");
	}
	ret = unescape(text, s->arena, &text);
	if (ret == 0 && target.ham) {
		ret = replace_header(&s->headers_ham, s->arena, name, text);
	}
	if (ret == 0 && target.spam) {
		ret = replace_header(&s->headers_spam, s->arena, name, text);
	}
	return ret;
}

/* print_escaped - the reverse of unescape, in quotes */
static void
print_escaped(struct slice text, struct dynbuf *out)
{
	(void)dynbuf_add_byte(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (c == '\t') {
			(void)dynbuf_add_str(out, "\\t");
		} else if (c == '\n') {
			(void)dynbuf_add_str(out, "\\n");
		} else if (c == '\\') {
			(void)dynbuf_add_str(out, "\\\\");
		} else {
			setting_print_text(slice_of(&text.data[i], 1), out);
		}
	}
	(void)dynbuf_add_byte(out, '"');
}

static void
print_header_list(const struct strpairs *list, const char *target, struct dynbuf *out)
{
	for (size_t i = 0; i < list->count; i++) {
		(void)dynbuf_printf(
			out, "add_header %s %.*s ", target, SLICE_ARG(list->items[i].name));
		print_escaped(list->items[i].value, out);
		(void)dynbuf_add_byte(out, '\n');
	}
}

static void
print_headers(const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	(void)row;
	print_header_list(&s->headers_ham, "ham", out);
	print_header_list(&s->headers_spam, "spam", out);
}

const struct setting_type setting_type_add_header = {
	"`ham`, `spam` or `all`, a name, a template", set_add_header, print_headers};

/* The field that always stays, so that one can see who scanned a message. */
#define FIXED_HEADER SLICE("Checker-Version")

static int
set_remove_header(struct setting_change *c)
{
	struct settings *s = c->settings;
	struct slice rest = c->value;
	struct header_target target = {0};
	struct slice name = {0};
	int ret = 0;

	if (!read_target(&rest, &target)) {
		return invalid(c, "begins with ham, spam or all");
	}
	name = cf_next_word(&rest);
	if (!is_header_name(name) || !slice_is_empty(rest)) {
		return invalid(c, "needs one name of letters, digits, - and _");
	}
	if (slice_eq_nocase(name, FIXED_HEADER)) {
		return 0;
	}
	if (target.ham) {
		ret = strpairs_remove(&s->headers_ham, s->arena, name);
	}
	if (ret == 0 && target.spam) {
		ret = strpairs_remove(&s->headers_spam, s->arena, name);
	}
	return ret;
}

const struct setting_type setting_type_remove_header = {
	"`ham`, `spam` or `all`, a name", set_remove_header, NULL};

/* keep_fixed_header - a list of nothing but FIXED_HEADER, as another has it */
static int
keep_fixed_header(const struct strpairs *from, struct arena *arena, struct strpairs *out)
{
	struct strpairs kept = {0};

	for (size_t i = 0; i < from->count; i++) {
		if (slice_eq_nocase(from->items[i].name, FIXED_HEADER)) {
			int ret = strpairs_add(
				&kept, arena, from->items[i].name, from->items[i].value);

			if (ret != 0) {
				return ret;
			}
		}
	}
	*out = kept;
	return 0;
}

/* set_clear_headers - both lists keep what that of ham has, as in the original */
static int
set_clear_headers(struct setting_change *c)
{
	struct settings *s = c->settings;
	int ret = 0;

	if (!slice_is_empty(c->value)) {
		return invalid(c, "takes no value");
	}
	ret = keep_fixed_header(&s->headers_ham, s->arena, &s->headers_ham);
	return ret != 0 ? ret : keep_fixed_header(&s->headers_ham, s->arena, &s->headers_spam);
}

static void
print_clear_headers(const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	(void)s;
	(void)dynbuf_printf(out, "%s\n", row->name);
}

const struct setting_type setting_type_clear_headers = {
	"nothing", set_clear_headers, print_clear_headers};

/* set_tag - keeps the tag of one rewritten field; in From and To it becomes a comment */
static int
set_tag(struct slice tag, bool in_comment, struct arena *arena, struct slice *field)
{
	uint8_t *copy = arena_alloc(arena, tag.len);

	if (copy == NULL) {
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < tag.len; i++) {
		uint8_t c = tag.data[i];

		if (in_comment && (c == '(' || c == ')')) {
			c = c == '(' ? '[' : ']';
		}
		copy[i] = c;
	}
	*field = slice_of(copy, tag.len);
	return 0;
}

static int
set_rewrite_header(struct setting_change *c)
{
	struct settings *s = c->settings;
	struct slice tag = c->value;
	struct slice name = cf_next_word(&tag);

	if (slice_eq_nocase(name, SLICE("subject"))) {
		return set_tag(tag, false, s->arena, &s->rewrite_subject);
	}
	if (slice_eq_nocase(name, SLICE("from"))) {
		return set_tag(tag, true, s->arena, &s->rewrite_from);
	}
	if (slice_eq_nocase(name, SLICE("to"))) {
		return set_tag(tag, true, s->arena, &s->rewrite_to);
	}
	return invalid(c, "begins with subject, from or to");
}

static void
print_tag(const char *field, struct slice tag, struct dynbuf *out)
{
	(void)dynbuf_printf(out, "rewrite_header %s", field);
	if (!slice_is_empty(tag)) {
		(void)dynbuf_add_byte(out, ' ');
		setting_print_text(tag, out);
	}
	(void)dynbuf_add_byte(out, '\n');
}

static void
print_rewrite_header(
	const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	(void)row;
	print_tag("subject", s->rewrite_subject, out);
	print_tag("from", s->rewrite_from, out);
	print_tag("to", s->rewrite_to, out);
}

const struct setting_type setting_type_rewrite_header = {
	"`subject`, `from` or `to`, a tag (none: off)", set_rewrite_header,
	print_rewrite_header};

/*
 * set_report_safe - 0 also brings X-Spam-Report, and it stays when a later line says
 * otherwise: the recordings show that (SPEC 9.2)
 */
static int
set_report_safe(struct setting_change *c)
{
	struct settings *s = c->settings;
	int ret = setting_type_integer.set(c);

	if (ret == 0 && s->report_safe == 0 &&
		!strpairs_has(&s->headers_spam, SLICE("Report"))) {
		ret = strpairs_add(
			&s->headers_spam, s->arena, SLICE("Report"), SLICE("_REPORT_"));
	}
	return ret;
}

static void
print_report_safe(const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	setting_type_integer.print(row, s, out);
}

const struct setting_type setting_type_report_safe = {
	"whole number", set_report_safe, print_report_safe};

#include "common/rules/rule_set.h"

#include <stdatomic.h>

#include "common/rules/rule_expr.h"
#include "common/rules/rule_pcre.h"
#include "common/rules/rule_subject.h"

/* Metas that ask metas; deeper ones count 0. */
#define META_DEPTH_MAX 64

enum fault {
	FAULT_NONE,
	FAULT_NEW,
	FAULT_TOLD,
};

struct rule {
	struct slice name;
	struct slice value; /* the whole line */
	bool is_meta;
	struct rule_line line;
	size_t subject;   /* index */
	pcre2_code *code; /* NULL for exists: */
	struct rule_expr expr;
	atomic_int fault; /* enum fault */
};

/* What a rule looks at. */
struct subject_kind {
	struct slice field;
	enum rule_part part;
};

struct rule_set {
	struct arena *arena;
	struct rule *rules[RULE_SET_MAX]; /* by name */
	size_t count;
	struct subject_kind kinds[RULE_FIELDS_MAX];
	size_t kind_count;
	struct rule_pcre pcre;
	atomic_bool *
		has_fault; /* one that was not told yet; in the arena, as the set is read-only */
};

/* own_set - *set, made or copied so that it may be changed */
static int
own_set(struct rule_set **set, struct arena *arena)
{
	struct rule_set *own = NULL;

	if (*set != NULL && (*set)->arena == arena) {
		return 0;
	}
	own = arena_alloc(arena, sizeof(*own));
	if (own == NULL) {
		return ERR_NOMEM;
	}
	if (*set != NULL) {
		memcpy(own->rules, (*set)->rules, sizeof(own->rules));
		memcpy(own->kinds, (*set)->kinds, sizeof(own->kinds));
		own->count = (*set)->count;
		own->kind_count = (*set)->kind_count;
	}
	own->arena = arena;
	own->has_fault = arena_alloc(arena, sizeof(*own->has_fault));
	if (own->has_fault == NULL || rule_pcre_make(&own->pcre, arena) != 0) {
		return ERR_NOMEM;
	}
	*set = own;
	return 0;
}

/* --- filling ----------------------------------------------------------------------------- */

/* find - the place of a name; whether the rule there has it */
static size_t
find(const struct rule_set *set, struct slice name, bool *found_out)
{
	size_t low = 0;
	size_t high = set->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (slice_cmp(set->rules[middle]->name, name) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	*found_out = low < set->count && slice_eq(set->rules[low]->name, name);
	return low;
}

static int
insert(struct rule_set *set, struct rule *rule, struct err_msg *msg)
{
	bool found = false;
	size_t at = find(set, rule->name, &found);

	if (found) {
		set->rules[at] = rule;
		return 0;
	}
	if (set->count == RULE_SET_MAX) {
		return err_set(msg, ERR_TOOBIG, "there are %d rules already", RULE_SET_MAX);
	}
	for (size_t i = set->count++; i > at; i--) {
		set->rules[i] = set->rules[i - 1];
	}
	set->rules[at] = rule;
	return 0;
}

/* subject_of - the index of what the rule looks at */
static int
subject_of(struct rule_set *set, struct rule *rule, struct err_msg *msg)
{
	for (size_t i = 0; i < set->kind_count; i++) {
		const struct subject_kind *kind = &set->kinds[i];

		if (kind->part == rule->line.part &&
			slice_eq_nocase(kind->field, rule->line.field)) {
			rule->subject = i;
			return 0;
		}
	}
	if (set->kind_count == RULE_FIELDS_MAX) {
		return err_set(msg, ERR_TOOBIG, "rules may look at %d different fields",
			RULE_FIELDS_MAX);
	}
	rule->subject = set->kind_count;
	set->kinds[set->kind_count++] =
		(struct subject_kind){rule->line.field, rule->line.part};
	return 0;
}

static int
compile(struct rule_set *set, struct rule *rule, struct err_msg *msg)
{
	const struct rule_line *line = &rule->line;
	uint32_t options = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C |
			   (line->ignores_case ? PCRE2_CASELESS : 0) |
			   (line->is_multi_line ? PCRE2_MULTILINE : 0) |
			   (line->dot_matches_all ? PCRE2_DOTALL : 0) |
			   (line->is_extended ? PCRE2_EXTENDED : 0);
	PCRE2_UCHAR why[256] = {0};
	int code = 0;
	PCRE2_SIZE at = 0;

	rule->code = pcre2_compile(line->pattern.data, line->pattern.len, options, &code, &at,
		set->pcre.compiling);
	if (rule->code != NULL) {
		return 0;
	}
	if (arena_is_exhausted(set->arena)) {
		return ERR_NOMEM;
	}
	(void)pcre2_get_error_message(code, why, sizeof(why));
	return err_set(msg, ERR_INVALID, "pattern not taken, at its byte %zu: %s", at,
		(const char *)why);
}

/* new_rule - with a copy of the line, into which all its slices point */
static struct rule *
new_rule(struct arena *arena, struct slice value)
{
	struct rule *rule = arena_alloc(arena, sizeof(*rule));

	if (rule == NULL) {
		return NULL;
	}
	rule->value = arena_copy(arena, value);
	return rule->value.data == NULL ? NULL : rule;
}

int
rule_set_add_header(
	struct rule_set **set, struct slice value, struct arena *arena, struct err_msg *msg)
{
	struct rule_line line;
	struct rule *rule = NULL;
	int code = rule_line_parse(value, &line, msg);

	if (code != 0) {
		return code; /* before memory is taken: most lines of a rule engine end here */
	}
	rule = new_rule(arena, value);
	if (rule == NULL || own_set(set, arena) != 0) {
		return ERR_NOMEM;
	}
	code = rule_line_parse(rule->value, &rule->line, msg);
	rule->name = rule->line.name;
	if (code == 0 && !rule->line.is_exists) {
		code = compile(*set, rule, msg);
	}
	if (code == 0) {
		code = subject_of(*set, rule, msg);
	}
	return code != 0 ? code : insert(*set, rule, msg);
}

int
rule_set_add_meta(
	struct rule_set **set, struct slice value, struct arena *arena, struct err_msg *msg)
{
	struct slice rest = {0};
	struct rule *rule = new_rule(arena, value);
	int code = 0;

	if (rule == NULL || own_set(set, arena) != 0) {
		return ERR_NOMEM;
	}
	rest = rule->value;
	rule->is_meta = true;
	(void)slice_next_token(&rest, " \t", &rule->name);
	if (!rule_name_is_valid(rule->name)) {
		return err_set(msg, ERR_INVALID, "meta needs the name of a rule");
	}
	code = rule_expr_parse(rest, arena, &rule->expr, msg);
	return code != 0 ? code : insert(*set, rule, msg);
}

size_t
rule_set_count(const struct rule_set *set)
{
	return set == NULL ? 0 : set->count;
}

struct slice
rule_set_line(const struct rule_set *set, size_t i, bool *is_meta_out)
{
	*is_meta_out = set->rules[i]->is_meta;
	return set->rules[i]->value;
}

/* --- running ----------------------------------------------------------------------------- */

enum state {
	STATE_NEW,
	STATE_BUSY, /* a meta that asks for itself counts 0 */
	STATE_DONE,
};

struct answer {
	enum state state;
	double value;
};

struct subject {
	bool is_made;
	bool is_set;
	struct slice text;
};

struct run {
	const struct rule_set *set;
	const struct header *header;
	const struct rule_set_questions *ask;
	struct arena *arena;
	pcre2_match_data *match;
	struct answer *answers; /* with that guess */
	struct answer *fields;  /* those of patterns do not depend on it */
	double guess;           /* what a rule counts that cannot be run here */
	struct subject *subjects;
	unsigned int faults;
	unsigned int steps_left; /* of RULE_MESSAGE_STEPS_MAX */
	unsigned int depth;
	int error;
};

static double value_at(struct run *run, size_t i);

static const struct subject *
subject_at(struct run *run, size_t i)
{
	struct subject *s = &run->subjects[i];
	const struct subject_kind *kind = &run->set->kinds[i];

	if (!s->is_made) {
		int code = rule_subject(
			run->header, kind->field, kind->part, run->arena, &s->text, &s->is_set);

		run->error = code != 0 ? code : run->error;
		s->is_made = true;
	}
	return s;
}

/* note_fault - the rule ran into a limit; rule_set_take_fault() tells of it */
static void
note_fault(struct run *run, struct rule *rule)
{
	int none = FAULT_NONE;

	run->faults++;
	if (atomic_compare_exchange_strong(&rule->fault, &none, FAULT_NEW)) {
		atomic_store(run->set->has_fault, true);
	}
}

static double
header_value(struct run *run, struct rule *rule)
{
	const struct subject *subject = subject_at(run, rule->subject);
	struct slice text = subject->is_set ? subject->text : rule->line.if_unset;
	int code = 0;

	if (rule->line.is_exists) {
		return subject->is_set;
	}
	if (run->error != 0 || run->faults >= RULE_FAULTS_MAX) {
		return 0;
	}
	text = text.data == NULL ? SLICE("") : text;
	code = rule_pcre_match(&run->set->pcre, rule->code, text, run->match, &run->steps_left);
	if (code < 0 && code != PCRE2_ERROR_NOMATCH) {
		note_fault(run, rule);
		return 0;
	}
	return (code >= 0) != rule->line.is_negated;
}

static double
value_by_name(void *ctx, struct slice name)
{
	struct run *run = ctx;
	bool found = false;
	size_t at = find(run->set, name, &found);
	double value = 0;

	if (found) {
		return value_at(run, at);
	}
	if (run->ask->is_off(run->ask->ctx, name)) {
		return 0;
	}
	value = run->ask->value_of(run->ask->ctx, name);
	return value < 0 ? run->guess : value;
}

static double
meta_value(struct run *run, const struct rule *rule)
{
	double value = 0;

	if (run->depth < META_DEPTH_MAX) {
		run->depth++;
		value = rule_expr_value(&rule->expr, value_by_name, run);
		run->depth--;
	}
	return value;
}

static double
value_at(struct run *run, size_t i)
{
	struct rule *rule = run->set->rules[i];
	struct answer *answer = rule->is_meta ? &run->answers[i] : &run->fields[i];

	if (answer->state != STATE_NEW) {
		return answer->value;
	}
	answer->state = STATE_BUSY;
	if (!run->ask->is_off(run->ask->ctx, rule->name)) {
		answer->value = rule->is_meta ? meta_value(run, rule) : header_value(run, rule);
	}
	answer->state = STATE_DONE;
	return answer->value;
}

/*
 * hits_anyway - does a meta that hit while unknown rules count 0 also hit when they count 1?
 *
 * `A && !BODY_RULE` must not hit because nobody looks at bodies here.
 */
static bool
hits_anyway(struct run *run, struct answer *second, size_t i)
{
	struct answer *first = run->answers;
	bool hits = false;

	if (!run->set->rules[i]->is_meta) {
		return true;
	}
	run->answers = second;
	run->guess = 1;
	hits = value_at(run, i) != 0;
	run->answers = first;
	run->guess = 0;
	return hits;
}

static bool
is_hidden(struct slice name)
{
	return slice_starts_with(name, SLICE("__"));
}

int
rule_set_run(const struct rule_set *set, const struct header *h,
	const struct rule_set_questions *ask, struct arena *arena)
{
	struct run run = {.set = set,
		.header = h,
		.ask = ask,
		.arena = arena,
		.steps_left = RULE_MESSAGE_STEPS_MAX};
	struct answer *second = arena_alloc_array(arena, set->count, sizeof(*second));

	run.answers = arena_alloc_array(arena, set->count, sizeof(*run.answers));
	run.fields = run.answers;
	run.subjects = arena_alloc_array(arena, set->kind_count + 1, sizeof(*run.subjects));
	run.match = pcre2_match_data_create(1, NULL);
	if (run.answers == NULL || second == NULL || run.subjects == NULL ||
		run.match == NULL) {
		run.error = ERR_NOMEM;
	}
	for (size_t i = 0; run.error == 0 && i < set->count; i++) {
		struct slice name = set->rules[i]->name;

		if (!is_hidden(name) && value_at(&run, i) != 0 &&
			hits_anyway(&run, second, i) && run.error == 0) {
			run.error = ask->hit(ask->ctx, name);
		}
	}
	pcre2_match_data_free(run.match);
	return run.error;
}

bool
rule_set_take_fault(const struct rule_set *set, struct slice *name_out)
{
	if (set == NULL || !atomic_load_explicit(set->has_fault, memory_order_relaxed)) {
		return false;
	}
	atomic_store(set->has_fault, false); /* before looking, so that none is missed */
	for (size_t i = 0; i < set->count; i++) {
		struct rule *rule = set->rules[i];
		int fresh = FAULT_NEW;

		if (atomic_compare_exchange_strong(&rule->fault, &fresh, FAULT_TOLD)) {
			atomic_store(set->has_fault, true); /* there may be more */
			*name_out = rule->name;
			return true;
		}
	}
	return false;
}

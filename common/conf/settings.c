#include "common/conf/settings.h"

#include <stdlib.h>

#include "common/conf/rules_default.h"
#include "common/conf/settings_reader.h"

/*
 * All settings of a site. A hundred thousand addresses on a list take ten megabytes; more
 * than this is a mistake.
 */
#define SETTINGS_MEMORY_MAX ((size_t)256 * 1024 * 1024)

/* set_initial - applies the default of one row, line by line, through its own parser */
static int
set_initial(struct settings *s, const struct setting_row *row)
{
	struct slice rest = slice_str(row->initial);
	bool more = row->initial != NULL;
	int ret = 0;

	while (ret == 0 && more) {
		size_t end = slice_find_byte(rest, '\n');
		struct setting_change change = {
			.settings = s, .row = row, .value = slice_take(rest, end)};

		ret = row->type->set(&change);
		more = end < rest.len;
		rest = slice_skip(rest, end + 1);
	}
	return ret;
}

static int
set_all_initial(struct settings *s)
{
	int ret = rules_default_fill(&s->rules, s->arena);

	for (size_t i = 0; ret == 0 && i < settings_row_count; i++) {
		ret = set_initial(s, &settings_rows[i]);
	}
	return ret != 0 ? ret : settings_complete(s);
}

int
settings_new(struct settings **out)
{
	struct settings *s = calloc(1, sizeof(*s));
	int ret = 0;

	if (s == NULL) {
		return ERR_NOMEM;
	}
	arena_init(&s->own_arena, SETTINGS_MEMORY_MAX);
	s->arena = &s->own_arena;
	ret = set_all_initial(s);
	if (ret != 0) {
		settings_free(s);
		return ret;
	}
	*out = s;
	return 0;
}

void
settings_free(struct settings *s)
{
	if (s != NULL) {
		arena_fini(&s->own_arena);
		free(s);
	}
}

int
settings_complete(struct settings *s)
{
	struct rule_settings *unknown = NULL;

	/* As the original: who gives one of the two means both. */
	if (!s->internal_networks_set) {
		s->internal_networks = netlist_share(&s->trusted_networks);
	} else if (!s->trusted_networks_set) {
		s->trusted_networks = netlist_share(&s->internal_networks);
	}
	unknown = rule_table_edit(&s->rules, s->arena, SLICE("TRUST_UNKNOWN"));
	if (unknown == NULL) {
		return ERR_NOMEM;
	}
	if (!unknown->score_is_configured) {
		unknown->score = s->unknown_is_spam ? RULES_UNKNOWN_IS_SPAM_SCORE : 0;
	}
	return 0;
}

int
settings_overlay(const struct settings *base, struct slice file_name, struct slice bytes,
	const struct settings_load_options *options, struct arena *arena,
	const struct settings **out)
{
	struct settings_reader r = {
		.options = options, .is_user_prefs = true, .scratch = arena};
	struct settings *s = NULL;
	int ret = 0;

	if (bytes.len > SETTINGS_USER_PREFS_MAX) {
		return ERR_TOOBIG;
	}
	s = arena_alloc(arena, sizeof(*s));
	if (s == NULL) {
		return ERR_NOMEM;
	}
	/* Shares every list with the base; adding through another arena copies first. */
	*s = *base;
	s->own_arena = (struct arena){0};
	s->arena = arena;
	s->rules = (struct rule_table){.base = &base->rules};
	r.settings = s;
	ret = settings_reader_parse(&r, file_name, bytes);
	if (ret == 0) {
		ret = settings_complete(s);
	}
	if (ret == 0) {
		*out = s;
	}
	return ret;
}

bool
settings_score(const struct settings *s, struct slice rule, double *out)
{
	const struct rule_settings *found = rule_table_find(&s->rules, rule);

	if (found == NULL || !found->has_score) {
		return false;
	}
	*out = found->score;
	return true;
}

bool
settings_rule_is_off(const struct settings *s, struct slice rule)
{
	return rule_is_off(rule_table_find(&s->rules, rule));
}

struct slice
settings_describe(const struct settings *s, struct slice rule)
{
	const struct rule_settings *found = rule_table_find(&s->rules, rule);

	return found == NULL ? (struct slice){0} : found->describe;
}

int
settings_print(const struct settings *s, struct dynbuf *out)
{
	for (size_t i = 0; i < settings_row_count; i++) {
		const struct setting_row *row = &settings_rows[i];

		if (row->type->print != NULL) {
			row->type->print(row, s, out);
		}
	}
	return dynbuf_error(out);
}

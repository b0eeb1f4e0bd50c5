/* The table of settings as documentation (docs/CONFIGURATION.md). */
#include "common/conf/rules_default.h"
#include "common/conf/settings_ignored.h"
#include "common/conf/settings_table.h"

/* Longer defaults are shown below the table. */
#define INITIAL_INLINE_MAX 40

static void
add_range(const struct setting_row *row, struct dynbuf *out)
{
	if (row->max > row->min) {
		(void)dynbuf_add_str(out, ", ");
		setting_print_number(row->min, out);
		(void)dynbuf_add_str(out, " to ");
		setting_print_number(row->max, out);
		if (row->unit != NULL) {
			(void)dynbuf_printf(out, " %s", row->unit);
		}
	}
	if (row->choices != NULL) {
		struct slice rest = slice_str(row->choices);
		struct slice choice = {0};
		const char *before = ": ";

		while (slice_next_token(&rest, " ", &choice)) {
			(void)dynbuf_printf(out, "%s`%.*s`", before, SLICE_ARG(choice));
			before = ", ";
		}
	}
}

static bool
is_long(const struct setting_row *row)
{
	struct slice initial = slice_str(row->initial);

	return initial.len > INITIAL_INLINE_MAX || slice_find_byte(initial, '\n') < initial.len;
}

static void
add_initial(const struct setting_row *row, struct dynbuf *out)
{
	if (row->initial == NULL || row->initial[0] == '\0') {
		return;
	}
	if (is_long(row)) {
		(void)dynbuf_add_str(out, "below");
	} else {
		(void)dynbuf_printf(out, "`%s`", row->initial);
	}
}

static const char *
who(unsigned int flags)
{
	if ((flags & SETTING_ADMIN) != 0) {
		return "administrator";
	}
	return (flags & SETTING_PRIVILEGED) != 0 ? "administrator; users if `allow_user_rules`"
						 : "all";
}

static void
add_row(const struct setting_row *row, struct dynbuf *out)
{
	(void)dynbuf_printf(out, "| `%s`", row->name);
	if (row->alias != NULL) {
		(void)dynbuf_printf(out, ", `%s`", row->alias);
	}
	(void)dynbuf_printf(out, " | %s", row->type->form);
	add_range(row, out);
	(void)dynbuf_add_str(out, " | ");
	add_initial(row, out);
	(void)dynbuf_printf(out, " | %s | %s |\n", who(row->flags), row->help);
}

static void
add_long_initial(const struct setting_row *row, struct dynbuf *out)
{
	struct slice rest = slice_str(row->initial);

	(void)dynbuf_printf(out, "\nDefault of `%s`:\n\n", row->name);
	while (!slice_is_empty(rest)) {
		size_t end = slice_find_byte(rest, '\n');

		(void)dynbuf_printf(
			out, "    %s %.*s\n", row->name, SLICE_ARG(slice_take(rest, end)));
		rest = slice_skip(rest, end + 1);
	}
}

static void
add_section(enum setting_section section, struct dynbuf *out)
{
	(void)dynbuf_printf(out,
		"\n### %s\n\n| setting | value | default | who may set it | meaning |\n"
		"|---|---|---|---|---|\n",
		setting_section_title(section));
	for (size_t i = 0; i < settings_row_count; i++) {
		if (settings_rows[i].section == section) {
			add_row(&settings_rows[i], out);
		}
	}
	for (size_t i = 0; i < settings_row_count; i++) {
		if (settings_rows[i].section == section && is_long(&settings_rows[i])) {
			add_long_initial(&settings_rows[i], out);
		}
	}
}

static void
add_rules(struct dynbuf *out)
{
	(void)dynbuf_add_str(
		out, "\n### Rules\n\n| rule | default score | description |\n|---|---|---|\n");
	for (size_t i = 0; i < rules_default_count; i++) {
		const struct rule_default *rule = &rules_default[i];

		(void)dynbuf_printf(out, "| `%s`", rule->name);
		if (rule->old_name != NULL) {
			(void)dynbuf_printf(out, ", `%s`", rule->old_name);
		}
		(void)dynbuf_add_str(out, " | ");
		if (rule->is_computed) {
			(void)dynbuf_add_str(out, "computed");
		} else {
			setting_print_number(rule->score, out);
		}
		(void)dynbuf_printf(out, " | %s |\n", rule->describe);
	}
}

static void
add_ignored(struct dynbuf *out)
{
	(void)dynbuf_add_str(out, "\n### Accepted without effect\n");
	for (size_t group = 0; group < SETTING_IGNORED_COUNT; group++) {
		(void)dynbuf_printf(out, "\nBecause %s:\n",
			setting_ignored_reason((enum setting_ignored_group)group));
		for (size_t i = 0; i < settings_ignored_count; i++) {
			struct slice rest = slice_str(settings_ignored[i].names);
			struct slice name = {0};

			if (settings_ignored[i].group != group) {
				continue;
			}
			while (slice_next_token(&rest, " ", &name)) {
				(void)dynbuf_printf(out, "`%.*s`\n", SLICE_ARG(name));
			}
		}
	}
}

int
settings_print_reference(struct dynbuf *out)
{
	for (size_t i = 0; i < SETTING_SECTION_COUNT; i++) {
		add_section((enum setting_section)i, out);
	}
	add_rules(out);
	add_ignored(out);
	return dynbuf_error(out);
}

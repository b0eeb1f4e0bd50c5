#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/base/attr.h"
#include "trustctl/import/mutt_alias.h"

static void
report(FILE *out, const struct mutt_alias *m, enum mutt_alias_status status)
{
	if (status == MUTT_ALIAS_ERROR) {
		(void)fprintf(out, "!%llu:%s|", (unsigned long long)m->line_number, m->error);
	} else if (status == MUTT_ALIAS_ENTRY) {
		(void)fprintf(out, "%llu:%.*s=%.*s|", (unsigned long long)m->line_number,
			SLICE_ARG(m->key), SLICE_ARG(m->addresses));
	}
}

static char *
describe(struct slice text, size_t step)
{
	char *out = NULL;
	size_t out_len = 0;
	FILE *memory = open_memstream(&out, &out_len);
	struct lines *lines = malloc(sizeof(*lines));
	struct mutt_alias *m = malloc(sizeof(*m));
	struct line line;

	lines_init(lines);
	mutt_alias_init(m);
	while (text.len > 0) {
		size_t used;

		if (lines_feed(lines, slice_take(text, step), &used, &line)) {
			report(memory, m, mutt_alias_feed(m, &line));
		}
		text = slice_skip(text, used);
	}
	if (lines_finish(lines, &line)) {
		report(memory, m, mutt_alias_feed(m, &line));
	}
	report(memory, m, mutt_alias_finish(m));
	free(m);
	free(lines);
	cr_assert_eq(fclose(memory), 0);
	return out;
}

Test(mutt_alias, entries_and_faults_are_found_in_any_pieces)
{
	static const struct {
		const char *label;
		const char *text;
		const char *result;
	} rows[] = {
		{"name and address", "alias bob Bob Example <bob@example.net>\n",
			"1:bob=Bob Example <bob@example.net>|"},
		{"bare address", "alias bob bob@example.net", "1:bob=bob@example.net|"},
		{"several", "alias all a@example.net, B <b@example.net>\n",
			"1:all=a@example.net, B <b@example.net>|"},
		{"comment", "# mine\nalias bob bob@example.net # since 2019\n",
			"2:bob=bob@example.net|"},
		{"a # inside quotes", "alias b \"B #1\" <b@example.net>\n",
			"1:b=\"B #1\" <b@example.net>|"},
		{"groups", "alias -group work -group eu bob bob@example.net\n",
			"1:bob=bob@example.net|"},
		{"joined", "alias all a@example.net, \\\n\tb@example.net\n",
			"1:all=a@example.net, \tb@example.net|"},
		{"joined at the end", "alias a a@example.net\\", "1:a=a@example.net|"},
		{"other commands", "set from=a@example.org\nalias\tb  b@example.net\n",
			"2:b=b@example.net|"},
		{"no address", "alias bob\n", "!1:an alias without an address|"},
		{"no name", "alias\n", "!1:an alias without a name|"},
		{"empty", "", ""},
	};
	static const size_t steps[] = {SIZE_MAX, 1, 5};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t n = 0; n < ARRAY_LEN(steps); n++) {
			char *result = describe(slice_str(rows[i].text), steps[n]);

			cr_assert_str_eq(result, rows[i].result, "%s, pieces of %zu",
				rows[i].label, steps[n]);
			free(result);
		}
	}
}

Test(mutt_alias, a_line_beyond_the_bound_is_reported)
{
	size_t len = 2 * MUTT_ALIAS_LINE_MAX;
	char *text = malloc(len + 32);
	int at = snprintf(text, 32, "alias a ");

	memset(text + at, 'a', len);
	text[(size_t)at + len] = '\0';

	char *result = describe(slice_str(text), SIZE_MAX);

	cr_assert_str_eq(result, "!1:a line that is too long|");
	free(result);
	free(text);
}

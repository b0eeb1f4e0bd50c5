#include <criterion/criterion.h>

#include "trustctl/options.h"

#define WORDS_MAX 8

/* parse - a copy of the words, since parsing moves them */
static int
parse(const char *const words[WORDS_MAX], struct options *out, struct err_msg *msg)
{
	static char *argv[WORDS_MAX + 1];
	int argc = 1;

	argv[0] = (char *)"trustctl";
	for (; argc <= WORDS_MAX && words[argc - 1] != NULL; argc++) {
		argv[argc] = (char *)words[argc - 1];
	}
	return options_parse(argc, argv, out, msg);
}

Test(options, are_found_before_between_and_behind_the_words)
{
	static const struct {
		const char *label;
		const char *words[WORDS_MAX];
	} rows[] = {
		{"before", {"--user", "bob", "friend", "list"}},
		{"between", {"friend", "--user", "bob", "list"}},
		{"behind", {"friend", "list", "--user", "bob"}},
		{"joined by =", {"friend", "list", "--user=bob"}},
		{"by letter", {"friend", "list", "-u", "bob"}},
		{"by letter, joined", {"-ubob", "friend", "list"}},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct options options;
		struct err_msg msg;

		cr_assert_eq(parse(rows[i].words, &options, &msg), 0, "%s: %s", rows[i].label,
			msg.text);
		cr_assert_str_eq(options.value[OPTION_USER], "bob", "%s", rows[i].label);
		cr_assert_eq(options.word_count, 2, "%s", rows[i].label);
		cr_assert_str_eq(options.words[0], "friend", "%s", rows[i].label);
		cr_assert_str_eq(options.words[1], "list", "%s", rows[i].label);
	}
}

Test(options, wrong_ones_are_refused_with_a_remedy)
{
	static const struct {
		const char *label;
		const char *words[WORDS_MAX];
		const char *text;
	} rows[] = {
		{"unknown", {"--frobnicate"}, "unknown option --frobnicate"},
		{"mistyped", {"--usr", "bob"}, "did you mean --user?"},
		{"mistyped with a value", {"--levle=weak"}, "did you mean --level?"},
		{"unknown letter", {"-x"}, "unknown option -x"},
		{"no value", {"friend", "--user"}, "--user needs a value"},
		{"value for a switch", {"--json=yes"}, "--json takes no value"},
		{"given twice", {"--user", "a", "--user", "b"}, "--user is given twice"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct options options;
		struct err_msg msg = {0};

		cr_assert_eq(
			parse(rows[i].words, &options, &msg), ERR_INVALID, "%s", rows[i].label);
		cr_assert_not_null(strstr(msg.text, rows[i].text), "%s: got \"%s\"",
			rows[i].label, msg.text);
	}
}

Test(options, aliases_repeat_in_order)
{
	const char *words[WORDS_MAX] = {"--alias", "a", "user", "--alias=b", "add"};
	struct options options;

	cr_assert_eq(parse(words, &options, NULL), 0);
	cr_assert_eq(options.alias_count, 2);
	cr_assert_str_eq(options.aliases[0], "a");
	cr_assert_str_eq(options.aliases[1], "b");
}

Test(options, aliases_beyond_the_bound_are_refused)
{
	static char *argv[2 * (OPTIONS_REPEAT_MAX + 1) + 1];
	int argc = 0;
	struct options options;

	argv[argc++] = (char *)"trustctl";
	for (int i = 0; i <= OPTIONS_REPEAT_MAX; i++) {
		argv[argc++] = (char *)"--alias";
		argv[argc++] = (char *)"a";
	}
	cr_assert_eq(options_parse(argc - 2, argv, &options, NULL), 0);
	cr_assert_eq(options_parse(argc, argv, &options, NULL), ERR_INVALID);
}

Test(options, end_at_two_dashes_and_a_lone_dash_is_a_word)
{
	const char *words[WORDS_MAX] = {"scan", "-", "--", "--json", "--"};
	struct options options;

	cr_assert_eq(parse(words, &options, NULL), 0);
	cr_assert(!options_has(&options, OPTION_JSON));
	cr_assert_eq(options.word_count, 4);
	cr_assert_str_eq(options.words[1], "-");
	cr_assert_str_eq(options.words[2], "--json");
	cr_assert_str_eq(options.words[3], "--");
}

Test(options, an_empty_value_is_a_value)
{
	const char *words[WORDS_MAX] = {"--note=", "--user", ""};
	struct options options;

	cr_assert_eq(parse(words, &options, NULL), 0);
	cr_assert_str_eq(options.value[OPTION_NOTE], "");
	cr_assert_str_eq(options.value[OPTION_USER], "");
}

Test(options, no_words_at_all_are_fine)
{
	const char *words[WORDS_MAX] = {NULL};
	struct options options;

	cr_assert_eq(parse(words, &options, NULL), 0);
	cr_assert_eq(options.word_count, 0);
	cr_assert_eq(options.given, 0);
}

Test(options, the_nearest_name_is_found_only_when_it_is_near)
{
	static const char *const names[] = {"user", "friend", "statement"};
	static const struct {
		const char *word;
		const char *nearest;
	} rows[] = {
		{"usr", "user"},
		{"frend", "friend"},
		{"statment", "statement"},
		{"statements", "statement"},
		{"xyzzy", NULL},
		{"", NULL},
		{"a-word-that-is-longer-than-any-command-of-ours", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *nearest = options_nearest(rows[i].word, names, ARRAY_LEN(names));

		if (rows[i].nearest == NULL) {
			cr_assert_null(nearest, "\"%s\"", rows[i].word);
		} else {
			cr_assert_not_null(nearest, "\"%s\"", rows[i].word);
			cr_assert_str_eq(nearest, rows[i].nearest, "\"%s\"", rows[i].word);
		}
	}
}

Test(options, every_row_has_a_name_and_a_help_sentence)
{
	for (unsigned int i = 0; i < OPTION_COUNT; i++) {
		const struct option_spec *spec = option_spec((enum option_id)i);

		cr_assert_not_null(spec->name, "option %u", i);
		cr_assert_not_null(spec->help, "%s", spec->name);
		cr_assert_neq(spec->help[strlen(spec->help) - 1], '.', "%s", spec->name);
	}
}

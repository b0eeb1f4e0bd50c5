#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "trustctl/command.h"
#include "trustctl/help.h"

#define WORDS_MAX 16

/* split - the words of an example, at most WORDS_MAX; the text is cut in place */
static size_t
split(char *text, char *words[WORDS_MAX])
{
	struct slice rest = slice_str(text);
	struct slice word;
	size_t count = 0;

	while (count < WORDS_MAX && slice_next_token(&rest, " ", &word)) {
		words[count++] = text + (word.data - (const uint8_t *)text);
	}
	for (size_t i = 0; text[i] != '\0'; i++) {
		text[i] = text[i] == ' ' ? '\0' : text[i];
	}
	return count;
}

Test(command, every_row_is_complete)
{
	size_t count = command_count();

	for (size_t i = 0; i < count; i++) {
		const struct command *c = command_at(i);

		cr_assert_not_null(c->name);
		cr_assert_not_null(c->run, "%s", c->name);
		cr_assert_not_null(c->summary, "%s", c->name);
		cr_assert(c->summary[0] >= 'a' && c->summary[0] <= 'z', "%s", c->name);
		cr_assert_neq(c->summary[strlen(c->summary) - 1], '.', "%s %s", c->name,
			c->sub != NULL ? c->sub : "");
		cr_assert_not_null(c->examples[0], "%s %s has no example", c->name,
			c->sub != NULL ? c->sub : "");
		cr_assert_eq(c->required & ~c->options, 0, "%s requires what it does not take",
			c->name);
		cr_assert_eq(c->options & OPTIONS_EVERYWHERE, 0, "%s", c->name);
		cr_assert_leq(c->min_args, c->max_args, "%s", c->name);
		cr_assert_eq(c->arguments == NULL, c->max_args == 0, "%s %s", c->name,
			c->sub != NULL ? c->sub : "");
	}
}

Test(command, every_example_is_a_valid_call)
{
	size_t count = command_count();

	for (size_t i = 0; i < count; i++) {
		for (size_t n = 0;
			n < COMMAND_EXAMPLES_MAX && command_at(i)->examples[n] != NULL; n++) {
			const char *example = command_at(i)->examples[n];
			char *argv[WORDS_MAX + 1] = {(char *)"trustctl"};
			char text[256];
			struct options options;
			struct err_msg msg = {0};
			size_t used;
			const char *pipe = strpbrk(example, "|<>");
			size_t len = pipe != NULL ? (size_t)(pipe - example) : strlen(example);

			cr_assert_lt(len, sizeof(text), "%s", example);
			memcpy(text, example, len);
			text[len] = '\0';

			int argc = 1 + (int)split(text, argv + 1);

			cr_assert_eq(options_parse(argc, argv, &options, &msg), 0, "%s: %s",
				example, msg.text);
			cr_assert_eq(
				command_find(options.words, options.word_count, &used, &msg),
				command_at(i), "%s", example);
			cr_assert_eq(command_check(command_at(i), &options,
					     options.word_count - used, &msg),
				0, "%s: %s", example, msg.text);
		}
	}
}

Test(command, the_help_of_each_starts_with_its_summary_as_a_sentence)
{
	size_t count = command_count();

	for (size_t i = 0; i < count; i++) {
		char *text = NULL;
		size_t len = 0;
		FILE *memory = open_memstream(&text, &len);
		char sentence[64];

		help_command(command_at(i), memory);
		cr_assert_eq(fclose(memory), 0);
		(void)snprintf(sentence, sizeof(sentence), "\n\n%.24s", command_at(i)->summary);
		sentence[2] = (char)(sentence[2] - 'a' + 'A');
		cr_assert_not_null(strstr(text, sentence), "%s: %s", command_at(i)->name, text);
		cr_assert_not_null(strstr(text, "\nExamples:\n"), "%s", command_at(i)->name);
		free(text);
	}
}

Test(command, ids_that_begin_with_a_dash_are_arguments)
{
	static const char *const ids[] = {
		"-M7yW1gsud3h1mTL9OMZhdzw57BdVG1XNZgXbKsqNvY",
		"--7yW1gsud3h1mTL9OMZhdzw57BdVG1XNZgXbKsqNvY",
		"-hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhg",
	};
	struct options options;
	struct err_msg msg;

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		char *argv[] = {(char *)"trustctl", (char *)"statement", (char *)"show",
			(char *)ids[i], (char *)"--json", NULL};
		char *cut[] = {(char *)"trustctl", NULL, NULL};

		cr_assert_eq(
			options_parse(5, argv, &options, &msg), 0, "%s: %s", ids[i], msg.text);
		cr_assert_eq(options.word_count, 3, "%s", ids[i]);
		cr_expect_str_eq(options.words[2], ids[i]);
		cr_expect(options_has(&options, OPTION_JSON));
		cut[1] = strdup(ids[i]);
		cut[1][42] = '\0'; /* one byte short: no id */
		cr_expect(options_parse(2, cut, &options, &msg) != 0 || options.word_count == 0,
			"%s", cut[1]);
		free(cut[1]);
	}
}

Test(command, unknown_words_name_the_nearest_command)
{
	char *wrong[] = {(char *)"hepl"};
	char *foreign[] = {(char *)"xyzzy"};
	struct err_msg msg = {0};
	size_t used;

	cr_assert_null(command_find(wrong, 1, &used, &msg));
	cr_assert_str_eq(msg.text, "unknown command hepl; did you mean help?");
	cr_assert_null(command_find(foreign, 1, &used, &msg));
	cr_assert_not_null(strstr(msg.text, "\"trustctl help\" lists them all"));
}

Test(command, arguments_and_options_are_held_against_the_row)
{
	static const struct command row = {
		.name = "row",
		.arguments = "FILE",
		.min_args = 1,
		.max_args = 1,
		.options = OPTION_BIT(OPTION_USER) | OPTION_BIT(OPTION_LEVEL),
		.required = OPTION_BIT(OPTION_USER),
	};
	static const struct {
		const char *label;
		uint64_t given;
		size_t args;
		int rc;
		const char *text;
	} rows[] = {
		{"as it should be", OPTION_BIT(OPTION_USER), 1, 0, ""},
		{"with a global one", OPTION_BIT(OPTION_USER) | OPTION_BIT(OPTION_JSON), 1, 0,
			""},
		{"a foreign option", OPTION_BIT(OPTION_USER) | OPTION_BIT(OPTION_FORCE), 1,
			ERR_INVALID, "does not take --force"},
		{"a missing option", 0, 1, ERR_INVALID, "--user USER is missing"},
		{"too few", OPTION_BIT(OPTION_USER), 0, ERR_INVALID, "missing argument: FILE"},
		{"too many", OPTION_BIT(OPTION_USER), 2, ERR_INVALID,
			"too many arguments: expected FILE"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct options options = {.given = rows[i].given};
		struct err_msg msg = {0};

		cr_assert_eq(command_check(&row, &options, rows[i].args, &msg), rows[i].rc,
			"%s", rows[i].label);
		cr_assert_str_eq(msg.text, rows[i].text, "%s", rows[i].label);
	}
}

Test(command, every_error_has_a_status_of_sysexits)
{
	for (int err = -1; err >= ERR_LAST; err--) {
		int status = command_status(err);

		cr_assert(status >= EX__BASE && status <= EX__MAX, "%s: %d", err_text(err),
			status);
	}
	cr_assert_eq(command_status(0), EX_OK);
	cr_assert_eq(command_status(1), EX_SOFTWARE, "not an error of ours");
	cr_assert_eq(command_status(ERR_LAST - 1), EX_SOFTWARE);
}

Test(command, the_manual_is_made_from_the_present_table)
{
	char *made = NULL;
	size_t made_len = 0;
	FILE *memory = open_memstream(&made, &made_len);
	FILE *stored = fopen(TESTS_DIR "/../docs/TRUSTCTL.md", "r");
	static char text[256 * 1024];

	cr_assert_not_null(memory);
	cr_assert_not_null(stored, "docs/TRUSTCTL.md is missing");
	help_markdown(memory);
	cr_assert_eq(fclose(memory), 0);

	size_t len = fread(text, 1, sizeof(text), stored);

	cr_assert_eq(fclose(stored), 0);
	cr_assert(slice_eq(slice_of(text, len), slice_of(made, made_len)),
		"docs/TRUSTCTL.md is old; run: trustctl help --markdown >docs/TRUSTCTL.md");
	free(made);
}

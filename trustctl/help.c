#include "trustctl/help.h"

#include <string.h>

#define SUMMARY_COLUMN 26
#define TEXT_WIDTH     78

static const char overview_head[] =
	"Usage: trustctl [--store DIR] COMMAND [ARGUMENT]... [OPTION]...\n"
	"\n"
	"Manages the web of trust that spamd-trust scores mail by: users and their friends,\n"
	"signed vouches and blocks, import of address books and sent mail, and the store itself.\n"
	"\n";

static const struct {
	const char *name;
	const char *meaning;
} environment[] = {
	{"SPAMD_TRUST_STORE", "the store directory where --store is not given"},
	{"NO_COLOR", "no colours, also on a terminal"},
};

static const struct {
	int status;
	const char *meaning;
} exit_codes[] = {
	{0, "done"},
	{64, "wrong call: unknown command or option, malformed address"},
	{65, "malformed input: the message says in which file and where"},
	{66, "a file or the store is not there"},
	{67, "no such user"},
	{69, "not possible at this time"},
	{70, "an error in trustctl itself"},
	{71, "out of memory or another failure of the system"},
	{73, "already there, or cannot be created"},
	{74, "reading or writing failed, or the disk is full"},
	{75, "in use by another process: try again"},
	{77, "no permission, or refused by policy"},
	{78, "error in the configuration"},
};

/* print_wrapped - words of `text` in lines of TEXT_WIDTH, each after `indent` blanks */
static void
print_wrapped(FILE *out, const char *text, size_t indent, size_t column)
{
	struct slice rest = slice_str(text);
	struct slice word;

	while (slice_next_token(&rest, " ", &word)) {
		if (column > indent && column + 1 + word.len > TEXT_WIDTH) {
			(void)fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			(void)fputc(' ', out);
			column++;
		}
		(void)fprintf(out, "%.*s", SLICE_ARG(word));
		column += word.len;
	}
	(void)fputc('\n', out);
}

/* capital - the first letter of a summary, as a sentence starts with it; summaries are ASCII */
static char
capital(const char *summary)
{
	return (char)(summary[0] - 'a' + 'A');
}

/* print_sentence - a summary as a sentence of its own */
static void
print_sentence(FILE *out, const char *summary)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "%c%s.", capital(summary), summary + 1);
	print_wrapped(out, text, 0, 0);
}

/* print_item - "  name   text", the text wrapped under itself */
static void
print_item(FILE *out, const char *name, const char *text)
{
	size_t len = strlen(name);

	(void)fprintf(out, "  %s", name);
	if (len + 4 > SUMMARY_COLUMN) {
		(void)fprintf(out, "\n%*s", SUMMARY_COLUMN, "");
	} else {
		(void)fprintf(out, "%*s", (int)(SUMMARY_COLUMN - 2 - len), "");
	}
	print_wrapped(out, text, SUMMARY_COLUMN, SUMMARY_COLUMN);
}

static void
option_label(enum option_id id, char *out, size_t cap)
{
	const struct option_spec *spec = option_spec(id);
	char letter[8] = "";

	if (spec->letter != 0) {
		(void)snprintf(letter, sizeof(letter), "-%c, ", spec->letter);
	}
	(void)snprintf(out, cap, "%s--%s%s%s", letter, spec->name,
		spec->value != NULL ? " " : "", spec->value != NULL ? spec->value : "");
}

static void
print_options(FILE *out, uint64_t mask)
{
	for (unsigned int i = 0; i < OPTION_COUNT; i++) {
		char label[64];

		if ((mask & OPTION_BIT(i)) != 0) {
			option_label((enum option_id)i, label, sizeof(label));
			print_item(out, label, option_spec((enum option_id)i)->help);
		}
	}
}

static void
command_label(const struct command *command, char *out, size_t cap)
{
	(void)snprintf(out, cap, "%s%s%s", command->name, command->sub != NULL ? " " : "",
		command->sub != NULL ? command->sub : "");
}

/*
 * print_usage - "trustctl NAME ARGUMENTS --required VALUE [OPTION]..."; whoever acts is one of
 * two
 */
static void
print_usage(const struct command *command, FILE *out)
{
	char label[64];

	command_label(command, label, sizeof(label));
	(void)fprintf(out, "trustctl %s", label);
	if (command->arguments != NULL) {
		(void)fprintf(out, " %s", command->arguments);
	}
	for (unsigned int i = 0; i < OPTION_COUNT; i++) {
		if ((command->required & OPTION_BIT(i)) != 0) {
			const struct option_spec *spec = option_spec((enum option_id)i);

			(void)fprintf(out, " --%s%s%s", spec->name,
				spec->value != NULL ? " " : "",
				spec->value != NULL ? spec->value : "");
		}
	}
	if ((command->options & OPTION_BIT(OPTION_SITE)) != 0) {
		(void)fputs(" --user USER|--site", out);
	}
	(void)fputs(" [OPTION]...\n", out);
}

void
help_overview(FILE *out)
{
	size_t count = command_count();
	char label[64];

	(void)fputs(overview_head, out);
	(void)fputs("Commands:\n", out);
	for (size_t i = 0; i < count; i++) {
		command_label(command_at(i), label, sizeof(label));
		print_item(out, label, command_at(i)->summary);
	}
	(void)fputs("\nOptions of every command:\n", out);
	print_options(out, OPTIONS_EVERYWHERE);
	(void)fputs("\nEnvironment:\n", out);
	for (size_t i = 0; i < ARRAY_LEN(environment); i++) {
		print_item(out, environment[i].name, environment[i].meaning);
	}
	(void)fputs("\nExit status:\n", out);
	for (size_t i = 0; i < ARRAY_LEN(exit_codes); i++) {
		char status[8];

		(void)snprintf(status, sizeof(status), "%d", exit_codes[i].status);
		print_item(out, status, exit_codes[i].meaning);
	}
	(void)fputs("\nExamples:\n"
		    "  trustctl init --domain example.org\n"
		    "  trustctl user add alice@example.org\n"
		    "  trustctl friend add --user alice@example.org bob@example.net\n"
		    "\n\"trustctl COMMAND --help\" says more about each.\n",
		out);
}

void
help_command(const struct command *command, FILE *out)
{
	(void)fputs("Usage: ", out);
	print_usage(command, out);
	(void)fputc('\n', out);
	print_sentence(out, command->summary);
	if (command->details != NULL) {
		(void)fputc('\n', out);
		print_wrapped(out, command->details, 0, 0);
	}
	(void)fputs("\nOptions:\n", out);
	print_options(out, command->options | OPTIONS_EVERYWHERE);
	(void)fputs("\nExamples:\n", out);
	for (size_t i = 0; i < COMMAND_EXAMPLES_MAX && command->examples[i] != NULL; i++) {
		(void)fprintf(out, "  trustctl %s\n", command->examples[i]);
	}
}

bool
help_group(const char *name, FILE *out)
{
	size_t count = command_count();
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		if (command_at(i)->sub == NULL || strcmp(command_at(i)->name, name) != 0) {
			continue;
		}
		if (!found) {
			(void)fprintf(
				out, "Usage: trustctl %s SUB-COMMAND [OPTION]...\n\n", name);
		}
		found = true;
		print_item(out, command_at(i)->sub, command_at(i)->summary);
	}
	if (found) {
		(void)fputs("\nExamples:\n", out);
	}
	for (size_t i = 0; found && i < count; i++) {
		if (command_at(i)->sub != NULL && strcmp(command_at(i)->name, name) == 0) {
			(void)fprintf(out, "  trustctl %s\n", command_at(i)->examples[0]);
		}
	}
	return found;
}

static void
markdown_command(const struct command *command, FILE *out)
{
	char label[64];

	command_label(command, label, sizeof(label));
	(void)fprintf(out, "\n### %s\n\n", label);
	(void)fprintf(out, "%c%s.\n", capital(command->summary), command->summary + 1);
	if (command->details != NULL) {
		(void)fprintf(out, "\n%s\n", command->details);
	}
	(void)fputs("\n```\n", out);
	print_usage(command, out);
	(void)fputs("```\n", out);
	if (command->options != 0) {
		(void)fputs("\n| option | meaning |\n|---|---|\n", out);
	}
	for (unsigned int i = 0; i < OPTION_COUNT; i++) {
		char option[64];

		if ((command->options & OPTION_BIT(i)) != 0) {
			option_label((enum option_id)i, option, sizeof(option));
			(void)fprintf(out, "| `%s` | %s |\n", option,
				option_spec((enum option_id)i)->help);
		}
	}
	(void)fputs("\n```\n", out);
	for (size_t i = 0; i < COMMAND_EXAMPLES_MAX && command->examples[i] != NULL; i++) {
		(void)fprintf(out, "trustctl %s\n", command->examples[i]);
	}
	(void)fputs("```\n", out);
}

void
help_markdown(FILE *out)
{
	size_t count = command_count();

	(void)fputs("# trustctl\n\n<!-- Made by `trustctl help --markdown` from "
		    "trustctl/command_*.c; a test compares. -->\n\n```\n",
		out);
	(void)fputs(overview_head, out);
	(void)fputs(
		"```\n\n## Options of every command\n\n| option | meaning |\n|---|---|\n", out);
	for (unsigned int i = 0; i < OPTION_COUNT; i++) {
		char option[64];

		if ((OPTIONS_EVERYWHERE & OPTION_BIT(i)) != 0) {
			option_label((enum option_id)i, option, sizeof(option));
			(void)fprintf(out, "| `%s` | %s |\n", option,
				option_spec((enum option_id)i)->help);
		}
	}
	(void)fputs("\n## Environment\n\n| variable | meaning |\n|---|---|\n", out);
	for (size_t i = 0; i < ARRAY_LEN(environment); i++) {
		(void)fprintf(
			out, "| `%s` | %s |\n", environment[i].name, environment[i].meaning);
	}
	(void)fputs("\n## Exit status\n\n| status | meaning |\n|---|---|\n", out);
	for (size_t i = 0; i < ARRAY_LEN(exit_codes); i++) {
		(void)fprintf(
			out, "| %d | %s |\n", exit_codes[i].status, exit_codes[i].meaning);
	}
	(void)fputs("\n## Commands\n", out);
	for (size_t i = 0; i < count; i++) {
		markdown_command(command_at(i), out);
	}
}

/*
 * trustctl - the administrator's hand on the web of trust.
 *
 * One call: options_parse takes the words apart, command_find picks the row of the command
 * table, command_check holds the call against it, and the row's function does the work. It
 * opens the store (site.h), changes it in one transaction, prints (print.h), and returns an
 * exit status of sysexits(3). Errors go to standard error and say what, where and the remedy.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "common/base/clock.h"
#include "common/graph/store_layout.h"
#include "product_version.h"
#include "trustctl/command.h"
#include "trustctl/help.h"

static const char *
store_root(const struct options *options)
{
	const char *root = secure_getenv("SPAMD_TRUST_STORE");

	if (options_has(options, OPTION_STORE)) {
		return options->value[OPTION_STORE];
	}
	return root != NULL && root[0] != '\0' ? root : STORE_LAYOUT_ROOT_DEFAULT;
}

/* explain - `--help` at whatever level the words name */
static int
explain(struct ctl *ctl, const struct options *options)
{
	struct err_msg msg;
	size_t used;

	if (options->word_count == 0) {
		help_overview(ctl->print.out);
		return EX_OK;
	}
	const struct command *command =
		command_find(options->words, options->word_count, &used, &msg);

	if (command != NULL) {
		help_command(command, ctl->print.out);
		return EX_OK;
	}
	if (help_group(options->words[0], ctl->print.out)) {
		return EX_OK;
	}
	return command_fail(ctl, EX_USAGE, "%s", msg.text);
}

static int
run(struct ctl *ctl, const struct options *options)
{
	struct err_msg msg;
	size_t used;

	if (options->word_count == 0) {
		help_overview(ctl->print.err);
		return EX_USAGE;
	}
	ctl->command = command_find(options->words, options->word_count, &used, &msg);
	if (ctl->command == NULL) {
		return command_fail(ctl, EX_USAGE, "%s", msg.text);
	}
	ctl->args = options->words + used;
	ctl->arg_count = options->word_count - used;
	if (command_check(ctl->command, options, ctl->arg_count, &msg) != 0) {
		return command_fail(ctl, EX_USAGE, "%s (see \"trustctl %s%s%s --help\")",
			msg.text, ctl->command->name, ctl->command->sub != NULL ? " " : "",
			ctl->command->sub != NULL ? ctl->command->sub : "");
	}
	return ctl->command->run(ctl);
}

int
main(int argc, char **argv)
{
	struct options options;
	struct err_msg msg;
	struct ctl ctl = {.now_s = clock_wall_s(), .rng = rng_system()};
	int rc = options_parse(argc, argv, &options, &msg);

	/* Whatever the caller's umask: nothing of the store is for everybody. */
	(void)umask(027);
	print_init(&ctl.print, stdout, stderr, options_has(&options, OPTION_JSON),
		secure_getenv("NO_COLOR"));
	if (rc != 0) {
		return command_fail(&ctl, EX_USAGE, "%s", msg.text);
	}
	ctl.options = &options;
	ctl.root = store_root(&options);

	int status;

	if (options_has(&options, OPTION_HELP)) {
		status = explain(&ctl, &options);
	} else if (options_has(&options, OPTION_VERSION)) {
		(void)fprintf(ctl.print.out, "trustctl (spamd-trust) %s\n", PRODUCT_VERSION);
		status = EX_OK;
	} else {
		status = run(&ctl, &options);
	}
	if (print_flush(&ctl.print, &msg) != 0 && status == EX_OK) {
		status = command_fail_msg(&ctl, &msg);
	}
	return status;
}

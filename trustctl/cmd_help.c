#include <string.h>
#include <sysexits.h>

#include "trustctl/cmd.h"
#include "trustctl/help.h"

int
cmd_help(struct ctl *ctl)
{
	struct err_msg msg;
	size_t used;

	if (options_has(ctl->options, OPTION_MARKDOWN)) {
		help_markdown(ctl->print.out);
		return EX_OK;
	}
	if (ctl->arg_count == 0) {
		help_overview(ctl->print.out);
		return EX_OK;
	}
	if (ctl->arg_count == 1 && help_group(ctl->args[0], ctl->print.out)) {
		return EX_OK;
	}
	const struct command *command = command_find(ctl->args, ctl->arg_count, &used, &msg);

	if (command == NULL) {
		return command_fail(ctl, EX_USAGE, "%s", msg.text);
	}
	help_command(command, ctl->print.out);
	return EX_OK;
}

/*
 * help.h - `--help` at every level and the manual, made from the command table.
 */
#ifndef TRUSTCTL_HELP_H
#define TRUSTCTL_HELP_H

#include <stdio.h>

#include "trustctl/command.h"

/** The overview of all commands. */
void help_overview(FILE *out);

/** One command in full. */
void help_command(const struct command *command, FILE *out);

/** All sub-commands of a word such as "user". @return false when there are none. */
bool help_group(const char *name, FILE *out);

/** The whole manual, which is docs/TRUSTCTL.md. */
void help_markdown(FILE *out);

#endif

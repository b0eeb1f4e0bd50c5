/*
 * cmd.h - the functions behind the rows of the command table, one file an area.
 */
#ifndef TRUSTCTL_CMD_H
#define TRUSTCTL_CMD_H

#include "trustctl/command.h"

/* cmd_help.c */
int cmd_help(struct ctl *ctl);

#endif

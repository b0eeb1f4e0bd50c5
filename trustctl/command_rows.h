/*
 * command_rows.h - the command table in chapters, one file each; private to command_table.c.
 *
 * A new command is a row in the chapter where people would look for it.
 */
#ifndef TRUSTCTL_COMMAND_ROWS_H
#define TRUSTCTL_COMMAND_ROWS_H

#include "trustctl/command.h"

struct command_chapter {
	const struct command *rows;
	size_t count;
};

extern const struct command_chapter command_people; /**< users and whom they trust */
extern const struct command_chapter command_keys; /**< the life cycle of keys (docs/KEYS.md) */
extern const struct command_chapter
	command_mail; /**< what became of mail, and what was said of it */
extern const struct command_chapter command_peer; /**< peers of the gossip node */
extern const struct command_chapter command_site; /**< the stores as a whole */

#endif

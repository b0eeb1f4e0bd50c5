/*
 * command.h - the commands of trustctl: one table, from which everything else follows.
 *
 * A row says how a command is called, which options and how many arguments it takes, what
 * it does in a sentence, and shows examples. main.c parses the words (options.h), finds the
 * row, checks the call against it and runs its function; help.h makes `--help` and
 * docs/TRUSTCTL.md from the same rows. A command's function is given a struct ctl, prints
 * its result, and returns an exit status of sysexits(3).
 */
#ifndef TRUSTCTL_COMMAND_H
#define TRUSTCTL_COMMAND_H

#include "common/base/rng.h"
#include "common/base/slice.h"
#include "trustctl/options.h"
#include "trustctl/table.h"

struct command;

/** What a command works with; lives as long as the program. */
struct ctl {
	const struct command *command;
	const struct options *options;
	struct print print;
	const char *root; /**< store directory */
	uint64_t now_s;
	struct rng rng;
	char **args; /**< the words behind the command's name */
	size_t arg_count;
};

/** @return an exit status of sysexits(3). */
typedef int command_fn(struct ctl *ctl);

#define COMMAND_EXAMPLES_MAX 4

struct command {
	const char *name;
	const char *sub;       /**< second word, or NULL */
	const char *arguments; /**< as shown in the usage line, or NULL */
	size_t min_args;
	size_t max_args;
	uint64_t options;    /**< mask of OPTION_BIT it takes beside OPTIONS_EVERYWHERE */
	uint64_t required;   /**< those of them that must be given */
	const char *summary; /**< one sentence, third person, without a full stop */
	const char *details; /**< paragraphs, or NULL */
	const char *examples[COMMAND_EXAMPLES_MAX]; /**< without the leading "trustctl " */
	command_fn *run;
};

/** Number of commands. */
size_t command_count(void);

/** Commands in the order of the manual (command_table.c); NULL beyond the last. */
const struct command *command_at(size_t i);

/**
 * Finds the command that the words name; *used_out is how many words its name has.
 * @return NULL with msg (the nearest name, or the sub-commands there are).
 */
const struct command *command_find(
	char **words, size_t word_count, size_t *used_out, struct err_msg *msg);

/** Checks options and number of arguments against the row. @return 0 or ERR_INVALID. */
NODISCARD int command_check(const struct command *command, const struct options *options,
	size_t arg_count, struct err_msg *msg);

/** The exit status for an error of the library (sysexits(3)). */
int command_status(int err);

/** Prints "trustctl NAME: text" to standard error. @return status */
int command_fail(const struct ctl *ctl, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** As command_fail, with the text and the code of msg. */
int command_fail_msg(const struct ctl *ctl, const struct err_msg *msg);

/** Prints a remark to standard error that does not end the command. */
void command_warn(const struct ctl *ctl, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif

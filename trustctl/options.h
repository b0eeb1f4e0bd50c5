/*
 * options.h - the words of a command line, taken apart.
 *
 * One table describes every option of trustctl (name, letter, value, help sentence); which
 * command takes which is the command table's business (command.h). Options may stand
 * anywhere among the words, `--name VALUE` and `--name=VALUE` mean the same, and "--" ends
 * them. An option given twice is an error, except where the table says it may repeat: the
 * first of two contradicting words must not win or lose in silence.
 */
#ifndef TRUSTCTL_OPTIONS_H
#define TRUSTCTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

enum option_id {
	OPTION_STORE,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_DOMAIN,
	OPTION_USER,
	OPTION_SITE,
	OPTION_ALIAS,
	OPTION_FROM_FILE,
	OPTION_LEVEL,
	OPTION_NOTE,
	OPTION_PUBLISH,
	OPTION_IDENTITY,
	OPTION_AUD,
	OPTION_DRY_RUN,
	OPTION_CONFIG,
	OPTION_FORCE,
	OPTION_MARKDOWN,
	OPTION_ESTABLISHED,
	OPTION_CLASS,
	OPTION_HOST,
	OPTION_PIN,
	OPTION_NAME,
	OPTION_REPAIR,
	OPTION_WAIT,
	OPTION_AS,
	OPTION_LABEL,
	OPTION_HERE,
	OPTION_GUARDIAN,
	OPTION_NEEDED,
	OPTION_WITHDRAW,
	OPTION_WHY,
	OPTION_SINCE,
	OPTION_DEVICE,
	OPTION_PAPER,
	OPTION_NEXT,
	OPTION_REMOVE,
	OPTION_PASSPHRASE_FILE,
	OPTION_PASSPHRASE_FD,
	OPTION_SENDER,
	OPTION_HAM,
	OPTION_FORGET,
	OPTION_TIER,
	OPTION_FOLLOW,
	OPTION_SIGNER,
	OPTION_CREDIT,
	OPTION_MAIL_LOG,
	OPTION_MAILDIR,
	OPTION_COUNT,
};

/** A set of options is a mask of these. */
#define OPTION_BIT(id) (UINT64_C(1) << (id))

/** Options that every command takes. */
#define OPTIONS_EVERYWHERE                                                              \
	(OPTION_BIT(OPTION_STORE) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_HELP) | \
		OPTION_BIT(OPTION_VERSION))

/** Most values of a repeated option; as many aliases as a user may have. */
#define OPTIONS_REPEAT_MAX 32

struct option_spec {
	const char *name;  /**< without the dashes */
	char letter;       /**< short form, or 0 */
	const char *value; /**< placeholder, NULL for a switch */
	bool repeats;
	const char *help; /**< one sentence, without a full stop */
};

const struct option_spec *option_spec(enum option_id id);

/** A parsed command line; everything is borrowed from argv. */
struct options {
	uint64_t given;                  /**< mask of OPTION_BIT */
	const char *value[OPTION_COUNT]; /**< NULL where not given */
	const char
		*aliases[OPTIONS_REPEAT_MAX]; /**< values of --alias or --guardian in order */
	size_t alias_count;
	char **words; /**< what is not an option: command, sub-command, arguments */
	size_t word_count;
};

static inline bool
options_has(const struct options *options, enum option_id id)
{
	return (options->given & OPTION_BIT(id)) != 0;
}

/**
 * Takes argv[1..argc-1] apart; moves the words to the front of argv + 1.
 * @return 0 or ERR_INVALID: unknown option (msg names the nearest), missing or surplus
 * value, an option given twice.
 */
NODISCARD int options_parse(int argc, char **argv, struct options *out, struct err_msg *msg);

/**
 * The candidate nearest to `word` by number of edits, NULL when none is close (more than a
 * third of its letters differ).
 */
const char *options_nearest(
	const char *word, const char *const *candidates, size_t candidate_count);

#endif

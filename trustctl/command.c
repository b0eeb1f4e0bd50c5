#include "trustctl/command.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>
#include <sysexits.h>

/** More than there will ever be; bounds the search for the nearest name. */
#define COMMANDS_MAX 64

static bool
is_named(const struct command *command, char **words, size_t word_count)
{
	if (strcmp(command->name, words[0]) != 0) {
		return false;
	}
	return command->sub == NULL || (word_count > 1 && strcmp(command->sub, words[1]) == 0);
}

/* fail_unknown - "unknown command X; did you mean Y?" among the first words of all rows */
static void
fail_unknown(const char *word, struct err_msg *msg)
{
	const char *names[COMMANDS_MAX];
	size_t count = command_count();

	assert(count <= COMMANDS_MAX);
	for (size_t i = 0; i < count; i++) {
		names[i] = command_at(i)->name;
	}
	const char *nearest = options_nearest(word, names, count);

	if (nearest != NULL) {
		(void)err_set(msg, ERR_INVALID, "unknown command %s; did you mean %s?", word,
			nearest);
		return;
	}
	(void)err_set(
		msg, ERR_INVALID, "unknown command %s; \"trustctl help\" lists them all", word);
}

/* fail_group - "user needs one of: add, list, show"; a word that is none of them is named */
static void
fail_group(const char *name, const char *word, struct err_msg *msg)
{
	const char *names[COMMANDS_MAX];
	char subs[128] = "";
	size_t used = 0;
	size_t name_count = 0;
	size_t count = command_count();

	for (size_t i = 0; i < count && used < sizeof(subs); i++) {
		if (strcmp(command_at(i)->name, name) == 0) {
			int n = snprintf(subs + used, sizeof(subs) - used, "%s%s",
				used > 0 ? ", " : "", command_at(i)->sub);

			used += n > 0 ? (size_t)n : 0;
			names[name_count++] = command_at(i)->sub;
		}
	}
	const char *nearest = word == NULL ? NULL : options_nearest(word, names, name_count);

	if (nearest != NULL) {
		(void)err_set(msg, ERR_INVALID, "unknown command %s %.60s; did you mean %s %s?",
			name, word, name, nearest);
	} else if (word != NULL) {
		(void)err_set(msg, ERR_INVALID, "unknown command %s %.60s; %s needs one of: %s",
			name, word, name, subs);
	} else {
		(void)err_set(msg, ERR_INVALID, "%s needs one of: %s", name, subs);
	}
}

const struct command *
command_find(char **words, size_t word_count, size_t *used_out, struct err_msg *msg)
{
	bool is_group = false;
	size_t count = command_count();

	for (size_t i = 0; i < count; i++) {
		if (is_named(command_at(i), words, word_count)) {
			*used_out = command_at(i)->sub == NULL ? 1 : 2;
			return command_at(i);
		}
		is_group = is_group || strcmp(command_at(i)->name, words[0]) == 0;
	}
	if (is_group) {
		fail_group(words[0], word_count > 1 ? words[1] : NULL, msg);
	} else {
		fail_unknown(words[0], msg);
	}
	return NULL;
}

/* first_option - the lowest option of a mask that is not empty */
static const struct option_spec *
first_option(uint64_t mask)
{
	return option_spec((enum option_id)__builtin_ctzll(mask));
}

int
command_check(const struct command *command, const struct options *options, size_t arg_count,
	struct err_msg *msg)
{
	uint64_t foreign = options->given & ~(command->options | OPTIONS_EVERYWHERE);
	uint64_t missing = command->required & ~options->given;

	if (foreign != 0) {
		return err_set(
			msg, ERR_INVALID, "does not take --%s", first_option(foreign)->name);
	}
	if (missing != 0) {
		const struct option_spec *spec = first_option(missing);

		return err_set(msg, ERR_INVALID, "--%s%s%s is missing", spec->name,
			spec->value != NULL ? " " : "", spec->value != NULL ? spec->value : "");
	}
	if (arg_count < command->min_args) {
		return err_set(msg, ERR_INVALID, "missing argument: %s", command->arguments);
	}
	if (arg_count > command->max_args) {
		return err_set(msg, ERR_INVALID, "too many arguments: expected %s",
			command->max_args == 0 ? "none" : command->arguments);
	}
	return 0;
}

int
command_status(int err)
{
	static const int statuses[] = {
		[-ERR_OK] = EX_OK,
		[-ERR_NOMEM] = EX_OSERR,
		[-ERR_INVALID] = EX_DATAERR,
		[-ERR_RANGE] = EX_DATAERR,
		[-ERR_TOOBIG] = EX_DATAERR,
		[-ERR_TRUNCATED] = EX_DATAERR,
		[-ERR_NOTFOUND] = EX_NOINPUT,
		[-ERR_EXISTS] = EX_CANTCREAT,
		[-ERR_DENIED] = EX_NOPERM,
		[-ERR_SIGNATURE] = EX_DATAERR,
		[-ERR_EXPIRED] = EX_DATAERR,
		[-ERR_VERSION] = EX_UNAVAILABLE,
		[-ERR_CORRUPT] = EX_DATAERR,
		[-ERR_BUSY] = EX_TEMPFAIL,
		[-ERR_FULL] = EX_IOERR,
		[-ERR_IO] = EX_IOERR,
		[-ERR_CRYPTO] = EX_SOFTWARE,
		[-ERR_UNSUPPORTED] = EX_UNAVAILABLE,
		[-ERR_TIMEOUT] = EX_TEMPFAIL,
		[-ERR_NOTREADY] = EX_UNAVAILABLE,
	};

	return err > 0 || err < ERR_LAST ? EX_SOFTWARE : statuses[-err];
}

static void PRINTF_LIKE(2, 0) say(const struct ctl *ctl, const char *fmt, va_list ap)
{
	const struct command *command = ctl->command;
	FILE *err = ctl->print.err;

	(void)fputs("trustctl", err);
	if (command != NULL) {
		(void)fprintf(err, " %s", command->name);
	}
	if (command != NULL && command->sub != NULL) {
		(void)fprintf(err, " %s", command->sub);
	}
	(void)fputs(": ", err);
	(void)vfprintf(err, fmt, ap);
	(void)fputc('\n', err);
}

int
command_fail(const struct ctl *ctl, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(ctl, fmt, ap);
	va_end(ap);
	return status;
}

int
command_fail_msg(const struct ctl *ctl, const struct err_msg *msg)
{
	return command_fail(ctl, command_status(msg->code), "%s",
		msg->text[0] != '\0' ? msg->text : err_text(msg->code));
}

void
command_warn(const struct ctl *ctl, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(ctl, fmt, ap);
	va_end(ap);
}

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "common/base/array.h"
#include "trustctl/cmd.h"
#include "trustctl/enrol.h"
#include "trustctl/files.h"

/** Largest --from-file, bytes. */
#define FROM_FILE_MAX ((size_t)64 << 20)
#define USERS_MAX     ((size_t)100000)

/* Users to be made; texts are in the arena. */
struct batch {
	struct arena arena;
	struct enrolment *users;
	size_t count;
	size_t cap;
};

static void
batch_fini(struct batch *batch)
{
	free(batch->users);
	arena_fini(&batch->arena);
}

/* batch_next - a zeroed enrolment at the end; NULL beyond USERS_MAX, or out of memory */
static struct enrolment *
batch_next(struct batch *batch)
{
	struct enrolment *users = batch->count >= USERS_MAX
					  ? NULL
					  : ARRAY_ROOM(batch->users, batch->count, &batch->cap);

	if (users == NULL) {
		return NULL;
	}
	batch->users = users;
	users[batch->count] = (struct enrolment){0};
	return &users[batch->count++];
}

/*
 * parse_alias - an address in its canonical form, or a login name as it is. Names with blanks,
 * control characters or a colon are nobody's login.
 */
static int
parse_alias(struct slice text, bool fold, struct arena *arena, struct slice *out,
	struct err_msg *msg)
{
	struct principal address;

	if (slice_find_byte(text, '@') < text.len) {
		int rc = principal_parse_human(text, fold, &address, msg);

		if (rc != 0 || address.kind != PRINCIPAL_ADDR) {
			return rc != 0 ? rc
				       : err_set(msg, ERR_INVALID,
						 "an alias is an address or a login name");
		}
		*out = arena_copy(arena, principal_value(&address));
		return out->data != NULL ? 0 : err_set(msg, ERR_NOMEM, "out of memory");
	}
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] <= ' ' || text.data[i] >= 0x7f || text.data[i] == ':') {
			return err_set(msg, ERR_INVALID,
				"not a login name (printable ASCII, no colon)");
		}
	}
	if (text.len == 0 || text.len > PRIVATE_NAME_MAX) {
		return err_set(msg, ERR_INVALID, "a login name has 1 to %d characters",
			PRIVATE_NAME_MAX);
	}
	*out = arena_copy(arena, text);
	return out->data != NULL ? 0 : err_set(msg, ERR_NOMEM, "out of memory");
}

/* parse_user - the words "ADDRESS [ALIAS]..." */
static int
parse_user(struct batch *batch, const struct slice *words, size_t word_count, bool fold,
	struct err_msg *msg)
{
	struct enrolment *user = batch_next(batch);

	if (user == NULL && batch->count < USERS_MAX) {
		return err_set(msg, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	if (user == NULL) {
		return err_set(
			msg, ERR_TOOBIG, "too many users at a time (at most %zu)", USERS_MAX);
	}
	int rc = principal_parse_human(words[0], fold, &user->address, msg);

	if (rc == 0 && user->address.kind != PRINCIPAL_ADDR) {
		rc = err_set(msg, ERR_INVALID, "a user needs a mail address");
	}
	if (rc != 0 || word_count == 1) {
		return rc;
	}
	struct slice *aliases =
		arena_alloc_array(&batch->arena, word_count - 1, sizeof(*aliases));

	if (aliases == NULL) {
		return err_set(msg, ERR_NOMEM, "out of memory");
	}
	for (size_t i = 1; rc == 0 && i < word_count; i++) {
		rc = parse_alias(words[i], fold, &batch->arena, &aliases[i - 1], msg);
	}
	user->aliases = aliases;
	user->alias_count = word_count - 1;
	return rc;
}

static int
parse_line(struct batch *batch, struct slice line, bool fold, struct err_msg *msg)
{
	struct slice words[1 + PRIVATE_ALIASES_MAX];
	struct slice rest = slice_take(line, slice_find_byte(line, '#'));
	struct slice word;
	size_t count = 0;

	while (slice_next_token(&rest, " \t\r,", &word)) {
		if (count == ARRAY_LEN(words)) {
			return err_set(
				msg, ERR_TOOBIG, "more than %d aliases", PRIVATE_ALIASES_MAX);
		}
		words[count++] = word;
	}
	return count == 0 ? 0 : parse_user(batch, words, count, fold, msg);
}

/* parse_file - every faulty line is told; the file counts only when there is none */
static int
parse_file(struct ctl *ctl, struct batch *batch, const char *path, bool fold)
{
	struct dynbuf content;
	struct err_msg msg;
	size_t faults = 0;
	size_t number = 0;

	dynbuf_init(&content, FROM_FILE_MAX);
	if (files_read(path, &content, &msg) != 0) {
		dynbuf_fini(&content);
		return command_fail_msg(ctl, &msg);
	}
	struct slice rest = dynbuf_slice(&content);

	while (rest.len > 0) {
		struct slice line = slice_take(rest, slice_find_byte(rest, '\n'));

		number++;
		rest = slice_skip(rest, line.len + 1);
		if (parse_line(batch, line, fold, &msg) != 0) {
			command_warn(ctl, "%s:%zu: %s", path, number, msg.text);
			faults++;
		}
	}
	dynbuf_fini(&content);
	if (faults > 0) {
		return command_fail(ctl, EX_DATAERR,
			"%zu faulty line%s in %s; nobody was added", faults,
			faults == 1 ? "" : "s", path);
	}
	return EX_OK;
}

static int
parse_arguments(struct ctl *ctl, struct batch *batch, bool fold)
{
	struct slice words[1 + OPTIONS_REPEAT_MAX];
	const struct options *options = ctl->options;
	struct err_msg msg;

	words[0] = slice_str(ctl->args[0]);
	for (size_t i = 0; i < options->alias_count; i++) {
		words[i + 1] = slice_str(options->aliases[i]);
	}
	if (parse_user(batch, words, 1 + options->alias_count, fold, &msg) != 0) {
		return command_fail(ctl, EX_USAGE, "%s: %s", ctl->args[0], msg.text);
	}
	return EX_OK;
}

static int
print_added(const struct ctl *ctl, const struct batch *batch)
{
	static const struct column columns[] = {
		{"address", "ADDRESS", COLUMN_TEXT},
		{"identity", "IDENTITY", COLUMN_TEXT},
		{"existed", "EXISTED", COLUMN_BOOL},
	};
	struct table table;

	table_init(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < batch->count; i++) {
		table_text(&table, principal_value(&batch->users[i].address));
		table_str(&table, batch->users[i].identity.text);
		table_bool(&table, batch->users[i].existed);
	}
	return cmd_print_table(ctl, &table);
}

static int
add_batch(struct ctl *ctl, struct site *site, struct batch *batch)
{
	struct err_msg msg;
	bool single = !options_has(ctl->options, OPTION_FROM_FILE);

	if (enrol_users(site, ctl, batch->users, batch->count, &msg) != 0) {
		return command_fail_msg(ctl, &msg);
	}
	if (single && batch->users[0].existed && batch->users[0].alias_count == 0) {
		return command_fail(ctl, EX_CANTCREAT, "%.*s is a user already",
			SLICE_ARG(principal_value(&batch->users[0].address)));
	}
	return print_added(ctl, batch);
}

static int
add_users(struct ctl *ctl, struct site *site, void *arg)
{
	struct batch *batch = arg;
	const char *path = ctl->options->value[OPTION_FROM_FILE];
	bool fold = site->settings->fold_local_part;
	int status = path != NULL ? parse_file(ctl, batch, path, fold)
				  : parse_arguments(ctl, batch, fold);

	return status == EX_OK ? add_batch(ctl, site, batch) : status;
}

int
cmd_user_add(struct ctl *ctl)
{
	const char *path = ctl->options->value[OPTION_FROM_FILE];
	struct batch batch = {0};

	if ((path != NULL) == (ctl->arg_count == 1)) {
		return command_fail(
			ctl, EX_USAGE, "either ADDRESS or --from-file FILE is needed");
	}
	if (path != NULL && ctl->options->alias_count > 0) {
		return command_fail(ctl, EX_USAGE,
			"--alias does not go with --from-file; write aliases behind the address");
	}
	arena_init(&batch.arena, FROM_FILE_MAX * 4);
	int status = cmd_with_site(ctl, SITE_WRITE, add_users, &batch);

	batch_fini(&batch);
	return status;
}

/* put_user - the cells of one user, in the order of user_columns */
static void
put_user(struct table *table, struct site *site, const struct private_user *user)
{
	struct slice aliases[PRIVATE_ALIASES_MAX];
	size_t count = private_aliases(
		site->private_reader, &user->digest, aliases, PRIVATE_ALIASES_MAX);

	table_text(table, user->address);
	table_list(table, aliases, count);
	table_number(table, private_count(site->private_reader, &user->digest));
	table_number(table, user->created_s);
	table_str(table, user->identity.text);
}

static const struct column user_columns[] = {
	{"address", "ADDRESS", COLUMN_TEXT},
	{"aliases", "ALIASES", COLUMN_LIST},
	{"entries", "ENTRIES", COLUMN_NUMBER},
	{"created", "CREATED", COLUMN_TIME},
	{"identity", "IDENTITY", COLUMN_TEXT},
};

static int
list_users(struct ctl *ctl, struct site *site, void *arg)
{
	struct private_cursor cursor;
	struct private_user user;
	struct table table;

	(void)arg;
	table_init(&table, user_columns, ARRAY_LEN(user_columns));
	private_users(site->private_reader, &cursor);
	while (private_next_user(&cursor, &user)) {
		put_user(&table, site, &user);
	}
	private_cursor_close(&cursor);
	return cmd_print_table(ctl, &table);
}

int
cmd_user_list(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_READ, list_users, NULL);
}

static int
show_user(struct ctl *ctl, struct site *site, void *arg)
{
	struct private_user user;
	struct table table;
	struct actor actor;

	(void)arg;
	if (actor_find_user(site, ctl->args[0], &actor) != 0 ||
		!private_user_by_digest(site->private_reader, &actor.digest, &user)) {
		return command_fail(ctl, EX_NOUSER, "no user \"%s\" here", ctl->args[0]);
	}
	table_init(&table, user_columns, ARRAY_LEN(user_columns));
	put_user(&table, site, &user);
	return cmd_print_record(ctl, &table);
}

int
cmd_user_show(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_READ, show_user, NULL);
}

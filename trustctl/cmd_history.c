#include <poll.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/encoding.h"
#include "common/ledger/ledger_history.h"
#include "trustctl/actor.h"
#include "trustctl/cmd.h"
#include "trustctl/digest_name.h"
#include "trustctl/keywork.h"
#include "trustctl/ledger_file.h"
#include "trustctl/subject.h"

/* Without --since. */
#define SINCE_DEFAULT_S 86400

#define FOLLOW_MS 500

/* Rows held at a time, so that a long history is printed as it is read. */
#define BATCH 1000

static const struct column columns[] = {
	{"at", "AT", COLUMN_TIME},
	{"user", "USER", COLUMN_TEXT},
	{"sender", "SENDER", COLUMN_TEXT},
	{"evidence", "EVIDENCE", COLUMN_TEXT},
	{"tier", "TIER", COLUMN_TEXT},
	{"score", "SCORE", COLUMN_TEXT},
	{"signer", "SIGNED BY", COLUMN_TEXT},
	{"remarks", "REMARKS", COLUMN_LIST},
	{"payers", "PAID BY", COLUMN_LIST},
	{"message_id_sha256", "MESSAGE-ID", COLUMN_TEXT},
};

/* What is wanted, and how far it got. */
struct search {
	struct site *site;
	struct actor user;
	bool has_user;
	struct principal sender;
	bool has_sender;
	int tier;     /* -1: any */
	size_t limit; /* rows held at a time */
	struct ledger_history_at at;
	struct table table;
};

static bool
parse_tier(const char *text, int *out)
{
	for (int tier = TIER_UNKNOWN; tier <= TIER_REVOKED; tier++) {
		if (strcmp(text, tier_name((enum tier)tier)) == 0) {
			*out = tier;
			return true;
		}
	}
	return false;
}

/* read_options - what the command line asks for */
static int
read_options(struct ctl *ctl, struct site *site, struct search *s)
{
	const struct options *o = ctl->options;
	uint64_t since_s = ctl->now_s > SINCE_DEFAULT_S ? ctl->now_s - SINCE_DEFAULT_S : 0;
	int status = EX_OK;

	*s = (struct search){.site = site, .tier = -1, .limit = BATCH};
	if (options_has(o, OPTION_USER)) {
		s->has_user = true;
		status = actor_find(ctl, site, &s->user);
	}
	if (status == EX_OK && options_has(o, OPTION_SENDER)) {
		s->has_sender = true;
		status =
			subject_parse(ctl, site->settings, o->value[OPTION_SENDER], &s->sender);
	}
	if (status == EX_OK && options_has(o, OPTION_TIER) &&
		!parse_tier(o->value[OPTION_TIER], &s->tier)) {
		return command_fail(ctl, EX_USAGE,
			"--tier %s: unknown, known, well-trusted, blocked or revoked",
			o->value[OPTION_TIER]);
	}
	if (status == EX_OK && options_has(o, OPTION_SINCE)) {
		status = keywork_since(ctl, &since_s);
	}
	ledger_history_since(since_s, &s->at);
	return status;
}

/* is_of - is the address that sender, or of that domain? */
static bool
is_of(const struct principal *wanted, struct slice address)
{
	if (wanted->kind == PRINCIPAL_DOM) {
		address = slice_behind_last(address, '@');
	}
	return slice_eq(principal_value(wanted), address);
}

static bool
is_wanted(const struct search *s, const struct ledger_decision *d)
{
	return (!s->has_user || slice_eq(slice_str(s->user.name), d->user)) &&
	       (!s->has_sender || is_of(&s->sender, d->sender)) &&
	       (s->tier < 0 || s->tier == (int)d->tier);
}

static void
put_remarks(struct table *table, uint8_t flags)
{
	static const struct {
		uint8_t flag;
		const char *remark;
	} remarks[] = {
		{LEDGER_HISTORY_NEWKEY, "new key"},
		{LEDGER_HISTORY_REPORTED, "reported"},
		{LEDGER_HISTORY_SUSPECT, "suspect"},
		{LEDGER_HISTORY_INTRODUCED, "introduced"},
	};
	struct slice items[ARRAY_LEN(remarks)];
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(remarks); i++) {
		if ((flags & remarks[i].flag) != 0) {
			items[count++] = slice_str(remarks[i].remark);
		}
	}
	table_list(table, items, count);
}

static void
put_payers(struct search *s, const struct ledger_decision *d)
{
	char names[LEDGER_HISTORY_PAYERS_MAX][PRINCIPAL_TEXT_MAX];
	struct slice items[LEDGER_HISTORY_PAYERS_MAX];
	struct digest user;

	ledger_address_digest(d->user, &user);
	for (size_t i = 0; i < d->payer_count; i++) {
		items[i] = slice_str(
			digest_name(s->site, &user, &d->payers[i].principal, names[i]));
	}
	table_list(&s->table, items, d->payer_count);
}

static void
put_message_id(struct table *table, const struct digest *id)
{
	static const struct digest none;
	char text[2 * DIGEST_LEN + 1];

	if (digest_eq(id, &none)) {
		table_none(table);
		return;
	}
	hex_encode(digest_slice(id), text);
	table_str(table, text);
}

static bool
put_decision(void *ctx, const struct ledger_decision *d)
{
	struct search *s = ctx;
	struct table *table = &s->table;
	int32_t score = d->score_milli;
	char text[32];

	if (!is_wanted(s, d)) {
		return true;
	}
	table_number(table, d->at_s);
	table_text_if_any(table, d->user);
	table_text_if_any(table, d->sender);
	(void)snprintf(text, sizeof(text), "E%u", d->evidence);
	table_str(table, text);
	table_str(table, tier_name(d->tier));
	(void)snprintf(text, sizeof(text), "%s%d.%d", score < 0 ? "-" : "",
		(score < 0 ? -score : score) / 1000, (score < 0 ? -score : score) % 1000 / 100);
	table_str(table, text);
	table_text_if_any(table, d->signer);
	put_remarks(table, d->flags);
	put_payers(s, d);
	put_message_id(table, &d->message_id);
	return table_rows(table) < s->limit;
}

/* read_batch - the next decisions into the table; a snapshot of its own */
static int
read_batch(struct ledger_file *file, struct search *s, struct err_msg *msg)
{
	int rc = ledger_file_begin(file, msg);

	if (rc != 0) {
		return rc;
	}
	table_fini(&s->table);
	table_init(&s->table, columns, ARRAY_LEN(columns));
	ledger_history_walk(ledger_txn(file->desk.reader), &s->at, put_decision, s);
	return ledger_file_end(file, msg);
}

/* follow - prints what comes, until standard output is closed or somebody stops us */
static int
follow(struct ctl *ctl, struct ledger_file *file, struct search *s)
{
	struct err_msg msg;
	int rc = 0;

	while (rc == 0) {
		rc = read_batch(file, s, &msg);
		if (rc == 0) {
			rc = table_print_lines(&s->table, &ctl->print);
		}
		if (rc == 0 && print_flush(&ctl->print, &msg) != 0) {
			return EX_OK; /* whoever read it has gone */
		}
		if (rc == 0 && table_rows(&s->table) < BATCH) {
			(void)poll(NULL, 0, FOLLOW_MS);
		}
	}
	return command_fail_msg(ctl, &msg);
}

/* list - all of it as one table */
static int
list(struct ctl *ctl, struct ledger_file *file, struct search *s)
{
	struct err_msg msg;

	if (ledger_file_begin(file, &msg) != 0) {
		return command_fail_msg(ctl, &msg);
	}
	table_init(&s->table, columns, ARRAY_LEN(columns));
	s->limit = SIZE_MAX;
	ledger_history_walk(ledger_txn(file->desk.reader), &s->at, put_decision, s);
	if (ledger_file_end(file, &msg) != 0) {
		return command_fail_msg(ctl, &msg);
	}
	return cmd_print_table(ctl, &s->table);
}

static int
history(struct ctl *ctl, struct site *site, void *arg)
{
	struct ledger_file file;
	struct search search;
	struct err_msg msg;
	int status = read_options(ctl, site, &search);

	(void)arg;
	if (status != EX_OK) {
		return status;
	}
	if (ledger_file_open(ctl, &file, &msg) != 0) {
		return command_fail_msg(ctl, &msg);
	}
	status = options_has(ctl->options, OPTION_FOLLOW) ? follow(ctl, &file, &search)
							  : list(ctl, &file, &search);
	table_fini(&search.table);
	ledger_file_close(&file);
	return status;
}

int
cmd_history(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_READ, history, NULL);
}

#include <stdio.h>
#include <sysexits.h>

#include "common/base/strnum.h"
#include "common/metric/metric_config.h"
#include "trustctl/cmd.h"
#include "trustctl/entry.h"
#include "trustctl/publish.h"
#include "trustctl/subject.h"

/* A change to one friend, as the transaction needs it. */
struct friend_work {
	struct cmd_case about;
	struct keypair *signer; /* NULL: nothing is published */
	struct publisher publisher;
	unsigned int level;
};

static int
store_friend(void *ctx, struct site_txn *txn, struct err_msg *msg)
{
	struct friend_work *work = ctx;
	int rc = entry_store(
		txn, &work->about.actor, &work->about.subject, &work->about.entry, msg);

	if (rc == 0 && work->signer != NULL) {
		rc = publish_vouch(txn, &work->publisher, &work->about.subject,
			(enum trust_level)work->level, msg);
	}
	return rc;
}

static int
prepare_signer(
	const struct ctl *ctl, struct site *site, struct friend_work *work, struct err_msg *msg)
{
	int rc = actor_signer(site, &work->about.actor, &work->signer, msg);

	work->publisher = (struct publisher){
		.actor = &work->about.actor,
		.signer = work->signer,
		.now_s = ctl->now_s,
		.aud = STATEMENT_OPEN,
	};
	return rc;
}

/* set_identity - --identity: the user confirmed who stands behind the address */
static int
set_identity(const struct ctl *ctl, struct friend_work *work)
{
	const char *text = ctl->options->value[OPTION_IDENTITY];

	if (text == NULL) {
		return EX_OK;
	}
	if (work->about.subject.kind != PRINCIPAL_ADDR &&
		work->about.subject.kind != PRINCIPAL_DOM) {
		return command_fail(ctl, EX_USAGE,
			"--identity goes with an address or a domain, not with %s",
			work->about.subject.text);
	}
	if (thumbprint_parse(slice_str(text), &work->about.entry.record.identity) != 0) {
		return command_fail(ctl, EX_USAGE,
			"--identity %s: a thumbprint has 43 characters of base64url", text);
	}
	work->about.entry.record.has_identity = true;
	return EX_OK;
}

/* Most that a friend may introduce a month; as introduction_credit. */
#define CREDIT_MAX 100.0

/* set_credit - --credit: what this friend may spend, instead of what the site says */
static int
set_credit(const struct ctl *ctl, struct private_entry *record)
{
	const char *text = ctl->options->value[OPTION_CREDIT];
	double credit = 0.0;

	if (text == NULL) {
		return EX_OK;
	}
	record->has_credit = strcmp(text, "default") != 0;
	if (record->has_credit && (strnum_decimal(slice_str(text), &credit) != 0 ||
					  credit < 0.0 || credit > CREDIT_MAX)) {
		return command_fail(
			ctl, EX_USAGE, "--credit %s: a number from 0 to 100, or default", text);
	}
	record->credit = (uint32_t)(credit * METRIC_ONE + 0.5);
	return EX_OK;
}

/* prepare_add - everything that can be said against it is said before anything is changed */
static int
prepare_add(struct ctl *ctl, struct site *site, struct friend_work *work)
{
	const char *note = ctl->options->value[OPTION_NOTE];
	struct err_msg msg;
	int status = cmd_case_load(ctl, site, &work->about);
	unsigned int held = work->about.entry.record.level;

	if (status == EX_OK) {
		status = subject_level(ctl,
			held > TRUST_LEVEL_ORDINARY ? held : TRUST_LEVEL_ORDINARY, false,
			&work->level);
	}
	if (status != EX_OK) {
		return status;
	}
	/* Who speaks for a domain is not yet a friend's word for all of it. */
	if (work->about.subject.kind == PRINCIPAL_DOM &&
		options_has(ctl->options, OPTION_IDENTITY) &&
		!options_has(ctl->options, OPTION_LEVEL) &&
		!options_has(ctl->options, OPTION_PUBLISH)) {
		work->level = held;
	}
	if (options_has(ctl->options, OPTION_PUBLISH) &&
		subject_is_free_mail(site->settings, &work->about.subject)) {
		return subject_refuse_free_mail(ctl, &work->about.subject);
	}
	work->about.entry.record.level = (uint8_t)work->level;
	work->about.entry.record.origin = PRIVATE_BY_HAND;
	if (note != NULL && entry_set_note(&work->about.entry, note, &msg) != 0) {
		return command_fail(ctl, EX_USAGE, "--note: %s", msg.text);
	}
	status = set_credit(ctl, &work->about.entry.record);
	return status == EX_OK ? set_identity(ctl, work) : status;
}

static int
add_friend(struct ctl *ctl, struct site *site, void *arg)
{
	struct friend_work work = {0};
	struct err_msg msg;
	int status = prepare_add(ctl, site, &work);
	int rc = 0;

	(void)arg;
	if (status != EX_OK) {
		return status;
	}
	if (options_has(ctl->options, OPTION_PUBLISH)) {
		rc = prepare_signer(ctl, site, &work, &msg);
	}
	if (rc == 0) {
		rc = site_update(site, store_friend, &work, &msg);
	}
	if (rc == 0 && work.signer != NULL) {
		rc = publish_check(
			site, &work.about.actor, GRAPH_OUT, &work.about.subject, &msg);
	}
	keypair_free(work.signer);
	if (rc != 0) {
		return command_fail_msg(ctl, &msg);
	}
	if (work.about.entry.record.blocked) {
		command_warn(ctl,
			"%s is still blocked, which counts first; \"trustctl unblock\" ends that",
			ctl->args[0]);
	}
	return EX_OK;
}

int
cmd_friend_add(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, add_friend, NULL);
}

/* take_back - a published vouch for somebody who is no friend any more is withdrawn */
static int
take_back(void *ctx, struct site_txn *txn, struct err_msg *msg)
{
	struct friend_work *work = ctx;
	bool published;
	int rc = entry_store(
		txn, &work->about.actor, &work->about.subject, &work->about.entry, msg);

	if (rc == 0) {
		rc = publish_was(txn, &work->about.actor, STATEMENT_VOUCH, &work->about.subject,
			&published, msg);
	}
	if (rc != 0 || !published) {
		return rc;
	}
	work->publisher.signer = work->signer;
	return work->signer == NULL
		       ? err_set(msg, ERR_NOTREADY,
				 "a published vouch cannot be withdrawn without a key")
		       : publish_vouch(txn, &work->publisher, &work->about.subject,
				 TRUST_LEVEL_NONE, msg);
}

static int
remove_friend(struct ctl *ctl, struct site *site, void *arg)
{
	struct friend_work work = {0};
	struct err_msg msg;
	int status = cmd_case_load(ctl, site, &work.about);

	(void)arg;
	if (status != EX_OK) {
		return status;
	}
	if (work.about.entry.record.level == 0 && !work.about.entry.record.has_identity) {
		return command_fail(ctl, EX_DATAERR, "%s has no friend %s",
			work.about.actor.name, work.about.subject.text);
	}
	work.about.entry.record.level = 0;
	work.about.entry.record.has_identity = false;

	int rc = prepare_signer(ctl, site, &work, &msg);

	if (rc == 0 || rc == ERR_NOTREADY) {
		rc = site_update(site, take_back, &work, &msg);
	}
	keypair_free(work.signer);
	return rc == 0 ? EX_OK : command_fail_msg(ctl, &msg);
}

int
cmd_friend_remove(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, remove_friend, NULL);
}

static const struct column friend_columns[] = {
	{"subject", "SUBJECT", COLUMN_TEXT},
	{"level", "LEVEL", COLUMN_TEXT},
	{"blocked", "BLOCKED", COLUMN_BOOL},
	{"origin", "ORIGIN", COLUMN_TEXT},
	{"published", "PUBLISHED", COLUMN_TEXT},
	{"added", "ADDED", COLUMN_TIME},
	{"last_mail", "LAST MAIL", COLUMN_TIME},
	{"identity", "IDENTITY", COLUMN_TEXT},
	{"credit", "CREDIT", COLUMN_TEXT},
	{"note", "NOTE", COLUMN_TEXT},
};

/* A listing in the making: whose it is, and his number in the graph. */
struct listing {
	struct site *site;
	const struct actor *actor;
	graph_node self;
	uint64_t now_s;
	struct table table;
};

static void
put_level(struct table *table, unsigned int level)
{
	if (level > 0) {
		table_str(table, trust_level_name(level));
	} else {
		table_none(table);
	}
}

/* put_credit - of the friend's own, where he has one */
static void
put_credit(struct table *table, const struct private_entry *entry)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%.6g", entry->credit / (double)METRIC_ONE);
	table_text_if_any(table, entry->has_credit ? slice_str(text) : SLICE(""));
}

/* put_subject - addresses are what people know; other kinds keep their prefix */
static void
put_subject(struct table *table, struct slice text)
{
	bool is_address = slice_starts_with(text, SLICE("addr:"));

	table_text(table, is_address ? slice_skip(text, strlen("addr:")) : text);
}

/* published_level - of the actor's signed vouch, 0 without one */
static unsigned int
published_level(const struct listing *listing, const struct digest *subject)
{
	struct graph_ref to = {
		graph_order_of(subject), graph_find_digest(listing->site->graph, subject)};
	struct graph_edge edge;

	if (to.node == GRAPH_NONE || listing->self == GRAPH_NONE ||
		!graph_edge_get(listing->site->graph, GRAPH_OUT, listing->self, to, &edge) ||
		!graph_edge_is_live(&edge, listing->now_s)) {
		return 0;
	}
	return edge.level;
}

static void
put_entry(struct listing *listing, const struct private_entry *entry)
{
	struct table *table = &listing->table;

	put_subject(table, entry->text);
	put_level(table, entry->level);
	table_bool(table, entry->blocked);
	table_str(table, entry->origin == PRIVATE_BY_HAND ? "by hand" : "learned");
	put_level(table, published_level(listing, &entry->subject));
	table_number(table, entry->added_s);
	table_number(table, entry->last_mail_s);
	table_text_if_any(
		table, entry->has_identity ? slice_str(entry->identity.text) : SLICE(""));
	put_credit(table, entry);
	table_text_if_any(table, entry->note);
}

/* put_vouch - a signed vouch without a private entry */
static void
put_vouch(struct listing *listing, const struct graph_edge *edge)
{
	struct graph_reader *graph = listing->site->graph;
	struct private_entry entry;
	struct digest digest;
	struct slice text;

	if (!graph_edge_is_live(edge, listing->now_s) ||
		!graph_digest_of(graph, edge->peer, &digest) ||
		!graph_text_of(graph, edge->peer, &text) ||
		private_get(listing->site->private_reader, &listing->actor->digest, &digest,
			&entry)) {
		return;
	}
	put_subject(&listing->table, text);
	table_none(&listing->table);
	table_bool(&listing->table, false);
	table_str(&listing->table, "vouch");
	put_level(&listing->table, edge->level);
	table_number(&listing->table, edge->first_seen_s);
	table_number(&listing->table, 0);
	table_none(&listing->table);
	table_none(&listing->table);
	table_none(&listing->table);
}

static void
put_vouches(struct listing *listing)
{
	struct graph_cursor cursor;
	struct graph_edge edge;

	if (listing->self == GRAPH_NONE) {
		return;
	}
	graph_list(listing->site->graph, GRAPH_OUT, listing->self, &cursor);
	while (graph_next(&cursor, &edge)) {
		put_vouch(listing, &edge);
	}
	graph_cursor_close(&cursor);
}

static int
list_friends(struct ctl *ctl, struct site *site, void *arg)
{
	struct listing listing = {.site = site, .now_s = ctl->now_s};
	struct private_cursor cursor;
	struct private_entry entry;
	struct principal self;
	struct actor actor;
	int status = actor_find(ctl, site, &actor);

	(void)arg;
	if (status != EX_OK) {
		return status;
	}
	listing.actor = &actor;
	if (principal_from_thumbprint(slice_str(actor.identity.text), &self) == 0) {
		listing.self = graph_find(site->graph, &self);
	}
	table_init(&listing.table, friend_columns, ARRAY_LEN(friend_columns));
	private_list(site->private_reader, &actor.digest, &cursor);
	while (private_next(&cursor, &entry)) {
		put_entry(&listing, &entry);
	}
	private_cursor_close(&cursor);
	put_vouches(&listing);
	table_sort(&listing.table);
	return cmd_print_table(ctl, &listing.table);
}

int
cmd_friend_list(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_READ, list_friends, NULL);
}

#include <stdlib.h>
#include <sysexits.h>

#include "common/base/array.h"
#include "trustctl/cmd.h"
#include "trustctl/publish.h"

/* What a user leaves behind in the graph: statements of his that are in force. */
struct leaving {
	struct statement st;
	struct digest id;
};

struct departure {
	struct actor actor;
	struct leaving *items;
	size_t count;
	size_t cap;
	uint64_t entries;
	struct keypair *signer; /* NULL: nothing is taken back */
	struct publisher publisher;
};

static bool
is_left_behind(const struct departure *d, const struct statement *st)
{
	return thumbprint_eq(&st->iss, &d->actor.identity) && !statement_is_withdrawal(st) &&
	       (st->act == STATEMENT_VOUCH || st->act == STATEMENT_BLOCK ||
		       st->act == STATEMENT_BIND);
}

static int
keep(struct departure *d, const struct statement *st, const struct digest *id)
{
	struct leaving *items = ARRAY_ROOM(d->items, d->count, &d->cap);

	if (items == NULL) {
		return ERR_NOMEM;
	}
	d->items = items;
	d->items[d->count++] = (struct leaving){*st, *id};
	return 0;
}

static int
look_at(void *ctx, const struct graph_record *record)
{
	struct departure *d = ctx;
	struct statement st;
	int rc = statement_decode(record->jws, &st, NULL);

	return rc == 0 && is_left_behind(d, &st) ? keep(d, &st, &record->id) : rc;
}

/* find - in a snapshot: the user and what he leaves behind; an exit status */
static int
find(struct ctl *ctl, struct site *site, struct departure *d)
{
	struct err_msg msg;

	if (site_begin(site, &msg) != 0) {
		return command_fail_msg(ctl, &msg);
	}
	int status =
		actor_find_user(site, ctl->args[0], &d->actor) == 0
			? EX_OK
			: command_fail(ctl, EX_NOUSER, "no user \"%s\" here", ctl->args[0]);
	int rc = 0;

	if (status == EX_OK) {
		d->entries = private_count(site->private_reader, &d->actor.digest);
		rc = graph_visit(site->graph, 0, look_at, d);
	}
	if (site_end(site, &msg) != 0 && status == EX_OK) {
		return command_fail_msg(ctl, &msg);
	}
	return rc == 0 ? status : command_fail(ctl, command_status(rc), "%s", err_text(rc));
}

static int
take_back(struct departure *d, struct site_txn *txn, const struct leaving *item,
	struct err_msg *msg)
{
	switch (item->st.act) {
	case STATEMENT_VOUCH:
		return publish_vouch(txn, &d->publisher, &item->st.sub, TRUST_LEVEL_NONE, msg);
	case STATEMENT_BLOCK:
		return publish_block(txn, &d->publisher, &item->st.sub, false, msg);
	default:
		return publish_revoke_statement(
			txn, &d->publisher, &item->id, STATEMENT_WHY_RETIRED, msg);
	}
}

/*
 * leave - may run again after a crash between the stores: what is taken back already does no
 * harm
 */
static int
leave(void *ctx, struct site_txn *txn, struct err_msg *msg)
{
	struct departure *d = ctx;
	int rc = 0;

	for (size_t i = 0; rc == 0 && d->signer != NULL && i < d->count; i++) {
		rc = take_back(d, txn, &d->items[i], msg);
	}
	if (rc != 0) {
		return rc;
	}
	rc = private_user_remove(txn->private_txn, &d->actor.digest);
	return rc == 0 ? 0
		       : err_set(msg, rc, "cannot remove %s: %s", d->actor.name, err_text(rc));
}

static int
print_departure(const struct ctl *ctl, const struct departure *d)
{
	static const struct column columns[] = {
		{"address", "Removed", COLUMN_TEXT},
		{"identity", "Identity, whose keys stay", COLUMN_TEXT},
		{"entries", "Private friends and blocks", COLUMN_NUMBER},
		{"taken_back", "Published statements taken back", COLUMN_NUMBER},
	};
	struct table table;

	table_init(&table, columns, ARRAY_LEN(columns));
	table_str(&table, d->actor.name);
	table_str(&table, d->actor.identity.text);
	table_number(&table, d->entries);
	table_number(&table, d->signer == NULL ? 0 : d->count);
	return cmd_print_record(ctl, &table);
}

/* prepare_signer - without his key nothing is taken back, which has to be wanted */
static int
prepare_signer(const struct ctl *ctl, const struct site *site, struct departure *d)
{
	struct err_msg msg;

	if (d->count == 0) {
		return EX_OK;
	}
	if (actor_signer(site, &d->actor, &d->signer, &msg) != 0) {
		return options_has(ctl->options, OPTION_FORCE)
			       ? EX_OK
			       : command_fail(ctl, command_status(msg.code),
					 "%s (with --force what he published stays until it ends)",
					 msg.text);
	}
	d->publisher = (struct publisher){
		.actor = &d->actor,
		.signer = d->signer,
		.now_s = ctl->now_s,
		.aud = STATEMENT_OPEN,
	};
	return EX_OK;
}

static int
remove_user(struct ctl *ctl, struct site *site, void *arg)
{
	struct departure *d = arg;
	struct err_msg msg;
	int status = find(ctl, site, d);

	status = status == EX_OK ? prepare_signer(ctl, site, d) : status;
	if (status == EX_OK && site_update(site, leave, d, &msg) != 0) {
		status = command_fail_msg(ctl, &msg);
	}
	return status == EX_OK ? print_departure(ctl, d) : status;
}

int
cmd_user_remove(struct ctl *ctl)
{
	struct departure departure = {0};
	int status = cmd_with_site(ctl, SITE_WRITE, remove_user, &departure);

	keypair_free(departure.signer);
	free(departure.items);
	return status;
}

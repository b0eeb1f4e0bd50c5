#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/array.h"
#include "trustctl/cmd.h"
#include "trustctl/publish.h"

/**
 * Certificates of devices live 180 days: with this much left, a yearly run would miss one, a
 * monthly never.
 */
#define RENEW_BEFORE_S ((uint64_t)90 * 86400)

/* The statements to be signed again; at most a few for each local identity. */
struct renewal {
	struct ctl *ctl;
	struct site *site;
	struct statement *items;
	size_t count;
	size_t cap;
	struct thumbprint
		*present; /* identities of the users that there are, and of the site, sorted */
	size_t present_count;
	struct keystore keys;
	struct keypair *site_key; /* owned; countersigns addresses */
};

static int
compare_thumbprints(const void *a, const void *b)
{
	const struct thumbprint *left = a;
	const struct thumbprint *right = b;

	return memcmp(left->text, right->text, sizeof(left->text));
}

static int
note_present(struct renewal *r, const struct thumbprint *identity)
{
	struct thumbprint *grown =
		reallocarray(r->present, r->present_count + 1, sizeof(*grown));

	if (grown == NULL) {
		return ERR_NOMEM;
	}
	r->present = grown;
	r->present[r->present_count++] = *identity;
	return 0;
}

/* find_present - identities of users who were removed are left to end */
static int
find_present(struct renewal *r)
{
	struct private_cursor cursor;
	struct private_user user;
	struct actor actor;
	int rc = actor_find_site(r->site, &actor, NULL) == 0 ? note_present(r, &actor.identity)
							     : 0;

	private_users(r->site->private_reader, &cursor);
	while (rc == 0 && private_next_user(&cursor, &user)) {
		rc = note_present(r, &user.identity);
	}
	private_cursor_close(&cursor);
	if (r->present_count > 0) {
		qsort(r->present, r->present_count, sizeof(*r->present), compare_thumbprints);
	}
	return rc;
}

static bool
is_present(const struct renewal *r, const struct thumbprint *identity)
{
	return r->present_count > 0 &&
	       bsearch(identity, r->present, r->present_count, sizeof(*r->present),
		       compare_thumbprints) != NULL;
}

static bool
is_due(const struct renewal *r, const struct statement *st)
{
	struct principal self;

	if (st->act != STATEMENT_IDENTITY && st->act != STATEMENT_DEVICE &&
		st->act != STATEMENT_BIND) {
		return false;
	}
	if (statement_is_withdrawal(st) || st->exp > r->ctl->now_s + RENEW_BEFORE_S) {
		return false;
	}
	return principal_from_thumbprint(slice_str(st->iss.text), &self) == 0 &&
	       is_present(r, &st->iss) &&
	       graph_is_hosted(r->site->graph, graph_find(r->site->graph, &self));
}

static int
keep(struct renewal *r, const struct statement *st)
{
	struct statement *items = ARRAY_ROOM(r->items, r->count, &r->cap);

	if (items == NULL) {
		return ERR_NOMEM;
	}
	r->items = items;
	r->items[r->count++] = *st;
	return 0;
}

static int
look_at(void *ctx, const struct graph_record *record)
{
	struct renewal *r = ctx;
	struct statement st;
	int rc = statement_decode(record->jws, &st, NULL);

	return rc == 0 && is_due(r, &st) ? keep(r, &st) : rc;
}

/* find_due - in a snapshot; an exit status */
static int
find_due(struct renewal *r)
{
	struct err_msg msg;

	if (site_begin(r->site, &msg) != 0) {
		return command_fail_msg(r->ctl, &msg);
	}
	int rc = find_present(r);

	rc = rc == 0 ? graph_visit(r->site->graph, 0, look_at, r) : rc;

	if (site_end(r->site, &msg) != 0) {
		return command_fail_msg(r->ctl, &msg);
	}
	return rc == 0 ? EX_OK : command_fail(r->ctl, command_status(rc), "%s", err_text(rc));
}

static int
renew_all(void *ctx, struct site_txn *txn, struct err_msg *msg)
{
	struct renewal *r = ctx;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->count; i++) {
		rc = publish_again(
			txn, &r->keys, r->site_key, &r->items[i], r->ctl->now_s, msg);
	}
	return rc;
}

static int
print_renewed(const struct renewal *r)
{
	static const struct column columns[] = {
		{"act", "ACT", COLUMN_TEXT},
		{"subject", "SUBJECT", COLUMN_TEXT},
		{"issuer", "ISSUER", COLUMN_TEXT},
		{"ended", "WOULD HAVE ENDED", COLUMN_TIME},
	};
	struct table table;

	table_init(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < r->count; i++) {
		const struct statement *st = &r->items[i];

		table_str(&table, statement_act_name(st->act));
		table_text(&table, principal_slice(&st->sub));
		table_str(&table, st->iss.text);
		table_number(&table, st->exp);
	}
	return cmd_print_table(r->ctl, &table);
}

static int
renew(struct ctl *ctl, struct site *site, void *arg)
{
	struct renewal r = {.ctl = ctl, .site = site};
	struct err_msg msg;
	int status = find_due(&r);

	(void)arg;
	if (status == EX_OK && (site_keys(site, &r.keys, &msg) != 0 ||
				       actor_countersigner(site, &r.site_key, &msg) != 0)) {
		status = command_fail_msg(ctl, &msg);
	}
	if (status == EX_OK && r.count > 0 && !options_has(ctl->options, OPTION_DRY_RUN) &&
		site_update(site, renew_all, &r, &msg) != 0) {
		status = command_fail_msg(ctl, &msg);
	}
	status = status == EX_OK ? print_renewed(&r) : status;
	free(r.items);
	keypair_free(r.site_key);
	free(r.present);
	return status;
}

int
cmd_renew(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, renew, NULL);
}

#include <stdlib.h>
#include <sysexits.h>

#include "trustctl/cmd.h"
#include "trustctl/publish.h"

/** Certificates of devices live 180 days: with this much left, a yearly run would miss one, a monthly never. */
#define RENEW_BEFORE_S ((uint64_t)90 * 86400)

/* The statements to be signed again; at most a few for each local identity. */
struct renewal {
	struct ctl *ctl;
	struct site *site;
	struct statement *items;
	size_t count;
	size_t cap;
	struct keystore keys;
};

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
	       graph_is_hosted(r->site->graph, graph_find(r->site->graph, &self));
}

static int
keep(struct renewal *r, const struct statement *st)
{
	if (r->count == r->cap) {
		size_t cap = r->cap == 0 ? 16 : r->cap * 2;
		struct statement *items = reallocarray(r->items, cap, sizeof(*items));

		if (items == NULL) {
			return ERR_NOMEM;
		}
		r->items = items;
		r->cap = cap;
	}
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
	int rc = graph_visit(r->site->graph, 0, look_at, r);

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
		rc = publish_again(txn, &r->keys, &r->items[i], r->ctl->now_s, msg);
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
	if (status == EX_OK && site_keys(site, &r.keys, &msg) != 0) {
		status = command_fail_msg(ctl, &msg);
	}
	if (status == EX_OK && r.count > 0 && !options_has(ctl->options, OPTION_DRY_RUN) &&
		site_update(site, renew_all, &r, &msg) != 0) {
		status = command_fail_msg(ctl, &msg);
	}
	status = status == EX_OK ? print_renewed(&r) : status;
	free(r.items);
	return status;
}

int
cmd_renew(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, renew, NULL);
}

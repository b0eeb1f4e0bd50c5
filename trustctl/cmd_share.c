#include <sysexits.h>

#include "common/base/encoding.h"
#include "trustctl/cmd.h"
#include "trustctl/ledger_file.h"
#include "trustctl/publish.h"
#include "trustctl/share_plan.h"

/* A run from the ledger to what is printed. */
struct sharing {
	struct ctl *ctl;
	struct site *site;
	struct keystore keys;
	struct ledger_file file;
	struct share_plan plan;
};

/* read_plan - with both stores, and the ledger where reports are shared */
static int
read_plan(struct sharing *s, struct store_txn *ledger)
{
	struct share_plan *p = &s->plan;
	uint64_t now_s = s->ctl->now_s;
	int rc = share_plan_users(p, s->site);

	if (rc == 0 && ledger != NULL) {
		rc = share_plan_reports(p, s->site, ledger, now_s);
	}
	rc = rc == 0 ? share_plan_published(p, s->site, &s->keys, now_s) : rc;
	if (rc == 0) {
		share_plan_name(p, s->site, ledger);
		share_plan_decide(p, now_s);
	}
	return rc;
}

/* read_stores - in a snapshot of the stores */
static int
read_stores(struct sharing *s, struct store_txn *ledger, struct err_msg *msg)
{
	int rc = site_begin(s->site, msg);

	if (rc != 0) {
		return rc;
	}
	rc = read_plan(s, ledger);
	if (rc != 0) {
		(void)err_set(msg, rc, "cannot read what is published: %s", err_text(rc));
	}
	return site_end(s->site, rc == 0 ? msg : NULL) == 0 ? rc : msg->code;
}

/* read_all - without a ledger nothing is done: what is gone was not taken back by anybody */
static int
read_all(struct sharing *s, struct err_msg *msg)
{
	int rc = site_keys(s->site, &s->keys, msg);

	if (rc != 0) {
		return rc;
	}
	if (!s->site->settings->share_reports) {
		return read_stores(s, NULL, msg);
	}
	rc = ledger_file_open(s->ctl, &s->file, msg);
	rc = rc == 0 ? ledger_file_begin(&s->file, msg) : rc;
	if (rc != 0) {
		return rc;
	}
	rc = read_stores(s, ledger_txn(s->file.desk.reader), msg);
	return ledger_file_end(&s->file, rc == 0 ? msg : NULL) == 0 ? rc : msg->code;
}

static bool
is_change(const struct share_row *row)
{
	return row->action == SHARE_PUBLISH || row->action == SHARE_RENEW ||
	       row->action == SHARE_WITHDRAW;
}

/* load_keys - of those who have something to sign; who has none does not stop the others */
static int
load_keys(struct sharing *s, struct err_msg *msg)
{
	for (size_t i = 0; i < s->plan.row_count; i++) {
		struct share_row *row = &s->plan.rows[i];
		struct share_user *user = &s->plan.users[row->user];
		int rc = 0;

		if (is_change(row) && user->signer == NULL) {
			rc = actor_signer(s->site, &user->actor, &user->signer, msg);
		}
		if (rc == ERR_NOTREADY) {
			row->action = SHARE_NO_KEY;
		} else if (rc != 0) {
			return rc;
		}
	}
	return 0;
}

static bool
has_changes(const struct share_plan *p)
{
	for (size_t i = 0; i < p->row_count; i++) {
		if (is_change(&p->rows[i])) {
			return true;
		}
	}
	return false;
}

static int
publish_all(void *ctx, struct site_txn *txn, struct err_msg *msg)
{
	const struct sharing *s = ctx;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->plan.row_count; i++) {
		const struct share_row *row = &s->plan.rows[i];
		const struct share_user *user = &s->plan.users[row->user];
		const struct publisher by = {.actor = &user->actor,
			.signer = user->signer,
			.now_s = s->ctl->now_s,
			.aud = STATEMENT_PEERS};

		rc = is_change(row) ? publish_warn(txn, &by, &row->subject, row->until_s, msg)
				    : 0;
	}
	return rc;
}

static void
put_sender(struct table *table, const struct share_row *row)
{
	char hex[2 * DIGEST_LEN + 1];
	char text[sizeof("sha256:") + sizeof(hex)];

	if (row->has_subject) {
		table_text(table, principal_value(&row->subject));
		return;
	}
	hex_encode(digest_slice(&row->sender), hex);
	(void)snprintf(text, sizeof(text), "sha256:%s", hex);
	table_str(table, text);
}

static int
print_plan(const struct sharing *s)
{
	static const char *const names[] = {
		[SHARE_PUBLISH] = "published",
		[SHARE_RENEW] = "renewed",
		[SHARE_WITHDRAW] = "taken back",
		[SHARE_KEEP] = "kept",
		[SHARE_NO_SENDER] = "unknown sender",
		[SHARE_NO_KEY] = "no device key",
	};
	static const struct column columns[] = {
		{"user", "USER", COLUMN_TEXT},
		{"sender", "SENDER", COLUMN_TEXT},
		{"result", "RESULT", COLUMN_TEXT},
		{"until", "UNTIL", COLUMN_TIME},
	};
	struct table table;

	table_init(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < s->plan.row_count; i++) {
		const struct share_row *row = &s->plan.rows[i];

		table_str(&table, s->plan.users[row->user].actor.name);
		put_sender(&table, row);
		table_str(&table, names[row->action]);
		table_number(&table, row->until_s);
	}
	return cmd_print_table(s->ctl, &table);
}

/* remark - what an administrator should know beside the list */
static void
remark(const struct sharing *s)
{
	size_t nameless = 0;
	size_t keyless = 0;

	if (!s->site->settings->share_reports) {
		command_warn(s->ctl, "share_reports is no: nothing is published");
	}
	for (size_t i = 0; i < s->plan.row_count; i++) {
		nameless += s->plan.rows[i].action == SHARE_NO_SENDER ? 1 : 0;
		keyless += s->plan.rows[i].action == SHARE_NO_KEY ? 1 : 0;
	}
	if (nameless > 0) {
		command_warn(
			s->ctl, "%zu skipped: nothing here has the sender's address", nameless);
	}
	if (keyless > 0) {
		command_warn(s->ctl, "%zu skipped: the user has no device key here", keyless);
	}
}

static int
share(struct ctl *ctl, struct site *site, void *arg)
{
	struct sharing s = {.ctl = ctl, .site = site};
	struct err_msg msg = {0};
	int rc = read_all(&s, &msg);

	(void)arg;
	ledger_file_close(&s.file);
	rc = rc == 0 ? load_keys(&s, &msg) : rc;
	if (rc == 0 && has_changes(&s.plan) && !options_has(ctl->options, OPTION_DRY_RUN)) {
		rc = site_update(site, publish_all, &s, &msg);
	}
	if (rc == 0) {
		remark(&s);
	}
	int status = rc == 0 ? print_plan(&s) : command_fail_msg(ctl, &msg);

	share_plan_fini(&s.plan);
	return status;
}

int
cmd_ledger_share(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, share, NULL);
}

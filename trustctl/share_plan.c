#include "trustctl/share_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/array.h"
#include "common/ledger/ledger_history.h"
#include "common/ledger/ledger_report.h"

/* --- users --------------------------------------------------------------------------------- */

static int
add_user(struct share_plan *p, const struct private_user *user)
{
	struct share_user *grown = reallocarray(p->users, p->user_count + 1, sizeof(*grown));
	struct share_user *out;

	if (grown == NULL) {
		return ERR_NOMEM;
	}
	p->users = grown;
	out = &grown[p->user_count++];
	*out = (struct share_user){
		.actor = {.is_user = true, .digest = user->digest, .identity = user->identity}};
	(void)snprintf(
		out->actor.name, sizeof(out->actor.name), "%.*s", SLICE_ARG(user->address));
	return 0;
}

int
share_plan_users(struct share_plan *p, struct site *site)
{
	struct private_cursor cursor;
	struct private_user user;
	int rc = 0;

	private_users(site->private_reader, &cursor);
	while (rc == 0 && private_next_user(&cursor, &user)) {
		rc = add_user(p, &user);
	}
	private_cursor_close(&cursor);
	return rc;
}

static int
compare_user(const void *key, const void *element)
{
	const struct share_user *user = element;

	return digest_cmp(key, &user->actor.digest);
}

/* --- rows ---------------------------------------------------------------------------------- */

static int
add_row(struct share_plan *p, size_t *cap, const struct share_row *row)
{
	struct share_row *rows = ARRAY_ROOM(p->rows, p->row_count, cap);

	if (rows == NULL) {
		return ERR_NOMEM;
	}
	p->rows = rows;
	p->rows[p->row_count++] = *row;
	return 0;
}

/* compare_rows - by user, then by sender */
static int
compare_rows(const void *a, const void *b)
{
	const struct share_row *left = a;
	const struct share_row *right = b;

	if (left->user != right->user) {
		return left->user < right->user ? -1 : 1;
	}
	return digest_cmp(&left->sender, &right->sender);
}

/* A walk that adds rows. */
struct gathering {
	struct share_plan *plan;
	size_t cap;
	size_t wanted; /* rows at the front: what should be there */
	size_t user;   /* whose statements are visited */
	uint64_t now_s;
	uint64_t life_s;
	const struct keystore *keys;
	int rc;
};

static bool
take_report(void *ctx, const struct ledger_report *report)
{
	struct gathering *g = ctx;
	struct share_row row = {.until_s = report->at_s + g->life_s};
	const struct share_user *user = NULL;

	if (!report->did.warns || row.until_s <= g->now_s || g->plan->user_count == 0) {
		return true;
	}
	user = bsearch(report->did.recipient.digest, g->plan->users, g->plan->user_count,
		sizeof(*user), compare_user);
	if (user == NULL) {
		return true; /* he was removed */
	}
	row.user = (size_t)(user - g->plan->users);
	row.sender = *report->did.sender.digest;
	g->rc = add_row(g->plan, &g->cap, &row);
	return g->rc == 0;
}

/* join - of several reports about one sender by one user the last to end counts */
static void
join(struct share_plan *p)
{
	size_t count = 0;

	if (p->row_count > 1) {
		qsort(p->rows, p->row_count, sizeof(*p->rows), compare_rows);
	}
	for (size_t i = 0; i < p->row_count; i++) {
		struct share_row *last = count == 0 ? NULL : &p->rows[count - 1];

		if (last == NULL || compare_rows(last, &p->rows[i]) != 0) {
			p->rows[count++] = p->rows[i];
		} else if (last->until_s < p->rows[i].until_s) {
			last->until_s = p->rows[i].until_s;
		}
	}
	p->row_count = count;
}

int
share_plan_reports(
	struct share_plan *p, struct site *site, struct store_txn *ledger, uint64_t now_s)
{
	struct gathering g = {
		.plan = p, .now_s = now_s, .life_s = site->settings->metric.warning_life_s};

	ledger_report_visit(ledger, take_report, &g);
	join(p);
	return g.rc;
}

/* is_ours - was it signed by a device whose key is here? */
static bool
is_ours(const struct gathering *g, const struct statement *st)
{
	struct keystore_entry entry = {.kind = KEYSTORE_DEVICE, .identity = st->iss};

	public_key_thumbprint(&st->key, &entry.key);
	return keystore_has(g->keys, &entry);
}

static int
take_statement(void *ctx, const struct graph_record *record)
{
	struct gathering *g = ctx;
	struct share_plan *p = g->plan;
	struct share_row row = {.user = g->user, .has_subject = true};
	struct share_row *wanted = NULL;
	struct statement st;
	int rc = statement_decode(record->jws, &st, NULL);

	if (rc != 0 || st.act != STATEMENT_WARN || statement_is_withdrawal(&st) ||
		st.exp <= g->now_s) {
		return rc;
	}
	row.subject = st.sub;
	row.published_s = st.exp;
	principal_digest(&st.sub, &row.sender);
	if (g->wanted > 0) {
		wanted = bsearch(&row, p->rows, g->wanted, sizeof(row), compare_rows);
	}
	if (wanted != NULL) {
		row.until_s = wanted->until_s;
		*wanted = row;
		return 0;
	}
	return is_ours(g, &st) ? add_row(p, &g->cap, &row) : 0;
}

int
share_plan_published(
	struct share_plan *p, struct site *site, const struct keystore *keys, uint64_t now_s)
{
	struct gathering g = {.plan = p,
		.cap = p->row_count, /* at least so much is there */
		.wanted = p->row_count,
		.now_s = now_s,
		.keys = keys};
	int rc = 0;

	for (g.user = 0; rc == 0 && g.user < p->user_count; g.user++) {
		rc = graph_visit_issuer(
			site->graph, &p->users[g.user].actor.identity, take_statement, &g);
	}
	if (p->row_count > 1) {
		qsort(p->rows, p->row_count, sizeof(*p->rows), compare_rows);
	}
	return rc;
}

/* --- names --------------------------------------------------------------------------------- */

/* set_address - true when that is the sender */
static bool
set_address(struct share_row *row, struct slice address, bool fold)
{
	char text[PRINCIPAL_TEXT_MAX];
	struct digest digest;
	int n = snprintf(text, sizeof(text), "addr:%.*s", SLICE_ARG(address));

	if (n < 0 || (size_t)n >= sizeof(text) ||
		principal_parse(slice_str(text), fold, &row->subject, NULL) != 0) {
		return false;
	}
	principal_digest(&row->subject, &digest);
	row->has_subject = digest_eq(&digest, &row->sender);
	return row->has_subject;
}

/* name_by_stores - from what graph and private store know */
static void
name_by_stores(const struct share_plan *p, struct site *site, struct share_row *row)
{
	graph_node node = graph_find_digest(site->graph, &row->sender);
	bool fold = site->settings->fold_local_part;
	struct private_entry entry;
	struct private_user local;
	struct slice text = {0};

	if (private_user_by_digest(site->private_reader, &row->sender, &local)) {
		(void)set_address(row, local.address, fold);
		return;
	}
	if (private_get(site->private_reader, &p->users[row->user].actor.digest, &row->sender,
		    &entry)) {
		text = entry.text;
	} else if (node != GRAPH_NONE) {
		(void)graph_text_of(site->graph, node, &text);
	}
	if (slice_starts_with(text, SLICE("addr:"))) {
		(void)set_address(row, slice_skip(text, strlen("addr:")), fold);
	}
}

/* Rows whose sender is still to be named, ascending by his digest. */
struct nameless {
	struct share_row **rows;
	size_t count;
	size_t left;
	bool fold;
};

static int
compare_nameless(const void *a, const void *b)
{
	const struct share_row *const *left = a;
	const struct share_row *const *right = b;

	return digest_cmp(&(*left)->sender, &(*right)->sender);
}

static bool
take_decision(void *ctx, const struct ledger_decision *decision)
{
	struct nameless *n = ctx;
	struct share_row wanted;
	struct share_row *key = &wanted;
	struct share_row **found;

	ledger_address_digest(decision->sender, &wanted.sender);
	found = bsearch(&key, n->rows, n->count, sizeof(struct share_row *), compare_nameless);
	if (found == NULL) {
		return true;
	}
	while (found > n->rows && compare_nameless(found - 1, &key) == 0) {
		found--;
	}
	for (; found < n->rows + n->count && compare_nameless(found, &key) == 0; found++) {
		if (!(*found)->has_subject && set_address(*found, decision->sender, n->fold)) {
			n->left--;
		}
	}
	return n->left > 0;
}

/* name_by_history - one walk for all that are left */
static void
name_by_history(struct share_plan *p, struct store_txn *ledger, bool fold)
{
	struct nameless n = {.fold = fold};
	struct ledger_history_at at;

	n.rows = calloc(p->row_count + 1, sizeof(struct share_row *));
	if (n.rows == NULL) {
		return; /* they stay unknown until the next run */
	}
	for (size_t i = 0; i < p->row_count; i++) {
		if (!p->rows[i].has_subject) {
			n.rows[n.count++] = &p->rows[i];
		}
	}
	n.left = n.count;
	if (n.count > 0) {
		qsort(n.rows, n.count, sizeof(struct share_row *), compare_nameless);
		ledger_history_since(0, &at);
		ledger_history_walk(ledger, &at, take_decision, &n);
	}
	free(n.rows);
}

void
share_plan_name(struct share_plan *p, struct site *site, struct store_txn *ledger)
{
	for (size_t i = 0; i < p->row_count; i++) {
		if (!p->rows[i].has_subject) {
			name_by_stores(p, site, &p->rows[i]);
		}
	}
	if (ledger != NULL) {
		name_by_history(p, ledger, site->settings->fold_local_part);
	}
}

/* --- decisions ----------------------------------------------------------------------------- */

static enum share_action
action_of(const struct share_row *row, uint64_t now_s)
{
	if (row->until_s == 0) {
		return SHARE_WITHDRAW;
	}
	if (!row->has_subject) {
		return SHARE_NO_SENDER;
	}
	if (row->published_s == 0) {
		return SHARE_PUBLISH;
	}
	return row->published_s >= row->until_s ||
			       row->published_s > now_s + SHARE_RENEW_BEFORE_S
		       ? SHARE_KEEP
		       : SHARE_RENEW;
}

void
share_plan_decide(struct share_plan *p, uint64_t now_s)
{
	for (size_t i = 0; i < p->row_count; i++) {
		p->rows[i].action = action_of(&p->rows[i], now_s);
	}
}

void
share_plan_fini(struct share_plan *p)
{
	for (size_t i = 0; i < p->user_count; i++) {
		keypair_free(p->users[i].signer);
	}
	free(p->users);
	free(p->rows);
	*p = (struct share_plan){0};
}

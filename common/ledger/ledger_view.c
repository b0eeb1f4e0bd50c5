#include "common/ledger/ledger_view.h"

#include "common/ledger/ledger_entry.h"
#include "common/ledger/ledger_introduction.h"

/* A search among pending payments for the entries of (table, a, b). */
struct walk {
	struct ledger_view *view;
	enum metric_table table;
	const struct digest *b;
	metric_entry_fn *visit;
	void *ctx;
	bool stopped;
};

static void
offer_change(void *ctx, const struct metric_change *change)
{
	struct walk *w = ctx;

	if (!w->stopped && change->table == w->table && w->b != NULL &&
		digest_eq(change->b.digest, w->b)) {
		w->stopped = !w->visit(w->ctx, &change->entry);
	}
}

/* is_committed - is it in the snapshot already? */
static bool
is_committed(struct ledger_view *view, const struct ledger_payment *payment)
{
	struct metric_introduction stored;

	return ledger_introduction_find(
		       view->txn, &payment->recipient, &payment->sender, &stored) &&
	       stored.paid_s == payment->payment.introduction.paid_s;
}

static void
offer_payment(void *ctx, const struct ledger_payment *payment)
{
	struct walk *w = ctx;

	if (!w->stopped && !is_committed(w->view, payment)) {
		metric_payment_changes(&payment->payment, offer_change, w);
	}
}

/*
 * walk - pending entries first
 *
 * They are younger than what is stored, but for the moment between a commit and the removal,
 * and for a clock that was set back; neither moves anything over the edge of a window.
 */
static void
walk(void *ctx, enum metric_table table, const struct metric_party *a,
	const struct metric_party *b, metric_entry_fn *visit, void *visit_ctx)
{
	struct ledger_view *view = ctx;
	const struct digest *other = b == NULL ? NULL : b->digest;
	struct walk w = {view, table, other, visit, visit_ctx, false};

	if (view->pending != NULL && (table == METRIC_SPENT || table == METRIC_THROUGH)) {
		ledger_pending_visit(view->pending, a->digest, offer_payment, &w);
	}
	if (!w.stopped) {
		ledger_entry_walk(view->txn, table, a->digest, other, visit, visit_ctx);
	}
}

/* A search among pending payments for an introduction. */
struct search {
	const struct digest *sender;
	struct metric_introduction *out;
	bool found;
};

static void
match(void *ctx, const struct ledger_payment *payment)
{
	struct search *s = ctx;

	if (!s->found && digest_eq(&payment->sender, s->sender)) {
		*s->out = payment->payment.introduction;
		s->found = true;
	}
}

static bool
introduction(void *ctx, const struct metric_party *r, const struct metric_party *s,
	struct metric_introduction *out)
{
	struct ledger_view *view = ctx;
	struct search search = {.sender = s->digest, .out = out};

	if (view->pending != NULL) {
		ledger_pending_visit(view->pending, r->digest, match, &search);
	}
	return search.found || ledger_introduction_find(view->txn, r->digest, s->digest, out);
}

static const struct metric_ledger_ops ops = {.walk = walk, .introduction = introduction};

struct metric_ledger
ledger_view_metric(struct ledger_view *view)
{
	return (struct metric_ledger){.ops = &ops, .ctx = view};
}

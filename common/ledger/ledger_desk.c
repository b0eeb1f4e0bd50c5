#include "common/ledger/ledger_desk.h"

#include <stdlib.h>

int
ledger_desk_begin(struct ledger_desk *d)
{
	int code = d->reader == NULL ? ERR_NOTREADY : ledger_begin(d->reader);

	d->view = (struct ledger_view){.txn = code == 0 ? ledger_txn(d->reader) : NULL};
	return code;
}

void
ledger_desk_end(struct ledger_desk *d)
{
	if (d->reader != NULL) {
		ledger_end(d->reader);
	}
	d->view = (struct ledger_view){0};
}

struct metric_ledger
ledger_desk_metric(struct ledger_desk *d)
{
	return d->view.txn == NULL ? (struct metric_ledger){0} : ledger_view_metric(&d->view);
}

int
ledger_desk_error(const struct ledger_desk *d)
{
	return d->reader == NULL ? ERR_NOTREADY : ledger_error(d->reader);
}

/* make_payment - with digests of its own, which outlive the question */
static struct ledger_payment *
make_payment(const struct metric_world *world, const struct metric_question *question,
	const struct metric_decision *decision)
{
	struct ledger_payment *p = calloc(1, sizeof(*p));

	if (p == NULL ||
		!metric_payment_of(world, question, decision, &p->digests, &p->payment)) {
		free(p);
		return NULL;
	}
	p->recipient = *question->recipient.digest;
	p->sender = *question->sender.digest;
	p->payment.recipient = (struct metric_party){.digest = &p->recipient};
	p->payment.sender = (struct metric_party){.digest = &p->sender};
	for (size_t i = 0; i < p->payment.introduction.share_count; i++) {
		struct metric_share *share = &p->payment.introduction.shares[i];

		share->payer.ref = (struct metric_ref){0}; /* the snapshot's, which ends */
		share->middleman.ref = (struct metric_ref){0};
	}
	return p;
}

/* reserve - the recipient's lock is held */
static int
reserve(struct ledger_desk *d, const struct metric_world *world,
	const struct metric_question *question, const struct metric_decision *decision)
{
	struct ledger_payment *payment = make_payment(world, question, decision);
	int code = payment == NULL ? ERR_NOMEM : d->submit(d->ctx, payment);

	if (code == 0) {
		/* Whoever records it removes it under the lock that we still hold. */
		ledger_pending_add(d->pending, payment);
	} else {
		free(payment);
	}
	return code;
}

/* decide_for_good - the recipient's lock is held */
static int
decide_for_good(struct ledger_desk *d, const struct metric_config *config,
	const struct metric_world *world, const struct metric_question *question,
	struct metric_decision *decision)
{
	struct metric_ledger ledger;
	int code = ledger_desk_begin(d);

	if (code != 0) {
		return code;
	}
	d->view.pending = d->pending;
	ledger = ledger_desk_metric(d);
	metric_decide(config, world, &ledger, question, decision);
	d->view.pending = NULL;
	code = ledger_desk_error(d);
	if (code == 0 && decision->rule == METRIC_RULE_PAYABLE) {
		code = reserve(d, world, question, decision);
	}
	return code;
}

int
ledger_desk_pay(struct ledger_desk *d, const struct metric_config *config,
	const struct metric_world *world, const struct metric_question *question,
	struct metric_decision *decision)
{
	int code = 0;

	if (!ledger_desk_pays(d)) {
		return ERR_NOTREADY;
	}
	ledger_pending_lock(d->pending, question->recipient.digest);
	code = decide_for_good(d, config, world, question, decision);
	ledger_pending_unlock(d->pending, question->recipient.digest);
	return code;
}

#include "spamd-trust/ledger_group.h"

#include "common/ledger/ledger_proof.h"
#include "common/ledger/ledger_seen.h"

/* Records looked at in one round of pruning. */
#define PRUNE_STEPS 256

static void
confirm(struct store_txn *txn, struct ledger_job *job)
{
	char wanted[LEDGER_DOMAIN_MAX + 1];

	memcpy(wanted, job->domain, sizeof(wanted));
	job->code = ledger_pin_confirm(txn, &job->saying.key.user, &job->other,
		slice_str(wanted), job->saying.at_s, job->domain);
	job->changed = job->code == 0;
	if (job->code == ERR_EXISTS) {
		job->code = 0;
	}
}

static void
apply_job(struct ledger_group *g, struct store_txn *txn, struct ledger_job *job)
{
	const struct digest *user = &job->saying.key.user;

	job->code = 0;
	switch (job->kind) {
	case LEDGER_JOB_REPORT:
		job->changed = ledger_apply_report(txn, g->config, &job->saying);
		break;
	case LEDGER_JOB_REMOVAL:
		job->changed = ledger_apply_removal(txn, &job->saying.key);
		break;
	case LEDGER_JOB_PARDON:
		job->count = ledger_apply_pardon(txn, user, &job->other);
		job->changed = job->count > 0;
		break;
	case LEDGER_JOB_FORGET:
		job->count = ledger_apply_forget(txn, user, &job->other);
		job->changed = job->count > 0;
		break;
	case LEDGER_JOB_CONFIRM:
		confirm(txn, job);
		break;
	}
}

static void
apply_note(struct ledger_group *g, struct store_txn *txn, const struct ledger_note *note)
{
	const struct ledger_decision *d = &note->decision;
	struct digest user;
	struct digest sender;

	/*
	 * Without a history, too, the ledger keeps who signed, when mail came, and what it
	 * showed.
	 */
	if (g->limits->history_s > 0) {
		ledger_history_add(txn, d, g->now_ms);
	}
	if (d->sender.len == 0 || ledger_noted_test_and_set(&g->noted, note)) {
		return;
	}
	ledger_address_digest(d->sender, &sender);
	if (note->shows_identity) {
		ledger_proof_note(txn, &sender, &note->identity, d->at_s);
	}
	if (d->user.len == 0) {
		return;
	}
	ledger_address_digest(d->user, &user);
	if (note->is_acquaintance) {
		ledger_seen_note(txn, g->config, &user, &sender, d->at_s);
	}
	if (note->is_friend) {
		ledger_pin_note(txn, &user, &sender, d->signer, d->at_s);
	}
}

/* begin_noting - jobs and pruning may take back what was noted, and a commit that failed has */
static void
begin_noting(struct ledger_group *g)
{
	if (g->noted_is_open || g->prunes || !STAILQ_EMPTY(&g->jobs)) {
		ledger_noted_clear(&g->noted);
	}
	g->noted_is_open = true;
}

void
ledger_group_committed(struct ledger_group *g)
{
	/* What was noted before a job of the same group may be gone again. */
	g->noted_is_open = g->prunes || !STAILQ_EMPTY(&g->jobs);
}

int
ledger_group_apply(void *ctx, struct store_txn *txn)
{
	struct ledger_group *g = ctx;
	struct ledger_payment *payment = NULL;
	struct ledger_job *job = NULL;
	struct ledger_prune prune = g->prune;

	begin_noting(g);
	STAILQ_FOREACH(payment, &g->payments, queue)
	{
		ledger_apply_payment(txn, &payment->payment);
	}
	/* Notes before jobs: a report may be about what was decided just now. */
	for (unsigned int i = 0; i < g->workers; i++) {
		for (size_t j = 0; j < g->note_counts[i]; j++) {
			apply_note(g, txn, ledger_notes_at(g->notes[i], j));
		}
	}
	STAILQ_FOREACH(job, &g->jobs, link)
	{
		apply_job(g, txn, job);
	}
	if (g->prunes) {
		g->more_to_prune = ledger_prune_step(
			&prune, txn, g->config, g->limits, g->now_ms / 1000, PRUNE_STEPS);
		g->pruned = prune;
	}
	return store_txn_error(txn);
}

/*
 * ledger_group.h - what the ledger's writer puts into one transaction, and how it is applied.
 *
 * Jobs are changes somebody waits for; payments are reserved already; notes are what was
 * decided. Applying may happen again from the start, when the store has to grow, so nothing is
 * taken from a queue before the commit.
 */
#ifndef SPAMD_TRUST_LEDGER_GROUP_H
#define SPAMD_TRUST_LEDGER_GROUP_H

#include "common/ledger/ledger_apply.h"
#include "common/ledger/ledger_pending.h"
#include "common/ledger/ledger_pin.h"
#include "common/ledger/ledger_prune.h"
#include "spamd-trust/ledger_noted.h"
#include "spamd-trust/ledger_notes.h"

/** Jobs, and payments, in one transaction: it stays short, and its pages few. */
#define LEDGER_GROUP_MAX 256

enum ledger_job_kind {
	LEDGER_JOB_REPORT,  /**< stores what `saying` says */
	LEDGER_JOB_REMOVAL, /**< takes back what its user said about its message */
	LEDGER_JOB_PARDON, /**< forgives friend `other` what its user's reports charged him with */
	LEDGER_JOB_FORGET,  /**< takes back all its user's reports about sender `other` */
	LEDGER_JOB_CONFIRM, /**< pins `domain` for address `other` of its user */
};

/** One change of the ledger, and what became of it. */
struct ledger_job {
	STAILQ_ENTRY(ledger_job) link; /**< the writer's */
	unsigned int worker;           /**< who gets it back */
	enum ledger_job_kind kind;
	struct ledger_saying saying;
	struct digest other;
	char domain[LEDGER_DOMAIN_MAX +
		    1]; /**< CONFIRM: ""; the unknown one that came last; then: which */
	int code;     /**< 0: the ledger is as was asked, durably; CONFIRM also ERR_NOTFOUND */
	bool changed; /**< and was not before */
	size_t count; /**< PARDON, FORGET: how many entries or reports went */
	void *owner;  /**< the worker's */
};

STAILQ_HEAD(ledger_job_list, ledger_job);
STAILQ_HEAD(ledger_payment_list, ledger_payment);

struct ledger_group {
	struct ledger_job_list jobs;
	struct ledger_payment_list payments;
	struct ledger_notes *const *notes; /**< one queue a worker */
	size_t *note_counts;               /**< how many of each are in the group */
	unsigned int workers;
	const struct metric_config *config;
	const struct ledger_limits *limits;
	struct ledger_prune prune;  /**< where to go on */
	struct ledger_prune pruned; /**< and where next time, if this is committed */
	bool prunes;
	bool more_to_prune;
	uint64_t now_ms; /**< wall */
	struct ledger_noted noted;
	bool noted_is_open; /**< holds what an application noted that is not committed yet */
};

/** For store_update(). @param ctx a struct ledger_group. */
int ledger_group_apply(void *ctx, struct store_txn *txn);

/** What was applied last is committed. */
void ledger_group_committed(struct ledger_group *g);

#endif

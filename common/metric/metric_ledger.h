/*
 * metric_ledger.h - what was spent and reported: records, and which changes an event makes.
 *
 * The ledger behind the metric is a dumb store of *timed entries*. Every rule (windows,
 * lifetimes, blame, strikes, suspension, who warns) is computed from them by pure code
 * (metric_rules.h, metric.h), never by the store, so the ledger in memory (metric_book.h) and
 * the one in LMDB cannot differ. Nothing is ever updated in place: an event puts entries, taking
 * it back removes exactly those, so what is left is what would be there without it.
 *
 *	table        a   b      an entry says                              put by     needed for
 *	SPENT        r   f      f paid `amount` towards r, for s            payment    credit window
 *	THROUGH      r   g      `amount` went through middleman g to r      payment    credit window
 *	CHARGE       r   f      blame for share `amount` of a bad sender    report     life of blame + suspension
 *	REPORT       r   s      r reported s as spam                        report     as long as it stands
 *	WARNED       r   -      r's report warned (3 in 30 days do)         report     reporter's window
 *	WARNING      s   -      `other` warned about s                      report     life of warnings
 *	ACCUSATION   f   -      `other` accuses f                           report     life of warnings
 *
 * An entry is found by (table, a, b, at, tag); there is at most one. Besides, there is one
 * *introduction* record for each (r, s) that was paid.
 *
 * Parties: a ledger that must outlive a rebuilt graph uses `digest` alone and hands entries out
 * with `ref` zero; a ledger in memory uses `ref.node` alone.
 */
#ifndef COMMON_METRIC_METRIC_LEDGER_H
#define COMMON_METRIC_METRIC_LEDGER_H

#include "common/metric/metric_config.h"
#include "common/metric/metric_world.h"

/**
 * At most this many share one introduction. More make a share smaller than 1/128, no one
 * poorer.
 */
#define METRIC_PAYERS_MAX 128

enum metric_table {
	METRIC_SPENT,
	METRIC_THROUGH,
	METRIC_CHARGE,
	METRIC_REPORT,
	METRIC_WARNED,
	METRIC_WARNING,
	METRIC_ACCUSATION,
	METRIC_TABLE_COUNT,
};

struct metric_entry {
	uint64_t at_s;
	uint64_t tag;    /**< SPENT, THROUGH: the sender's; the others: the message's */
	uint32_t amount; /**< millionths; 0 where there is none */
	struct metric_party other; /**< the reporter, in WARNING and ACCUSATION; else zero */
};

/** One payer's part of an introduction. */
struct metric_share {
	struct metric_party payer;
	struct metric_party middleman; /**< node 0 and NULL without */
	uint32_t amount;               /**< millionths paid, above 0 */
	uint32_t share;                /**< q_f: amount / price in millionths, rounded up */
};

/** A paid introduction of s to r, as stored. */
struct metric_introduction {
	uint64_t paid_s;
	uint64_t seen_s;   /**< last proven mail; ends introduction_life_s after it */
	uint32_t price;    /**< millionths */
	uint32_t strength; /**< T when it was paid, millionths */
	size_t share_count;
	struct metric_share shares[METRIC_PAYERS_MAX]; /**< in the order of paying */
};

/** @return false to stop the walk. */
typedef bool metric_entry_fn(void *ctx, const struct metric_entry *entry);

struct metric_ledger_ops {
	/**
	 * Visits the entries of (table, a, b), *newest first* (descending at_s, then descending
	 * tag), until there are no more or `visit` returns false. b is NULL in tables without.
	 * Pending ones (reserved, not on disk yet) are entries like the others.
	 */
	void (*walk)(void *ctx, enum metric_table table, const struct metric_party *a,
		const struct metric_party *b, metric_entry_fn *visit, void *visit_ctx);

	/** The newest introduction of s to r, dead or alive. False when there is none. */
	bool (*introduction)(void *ctx, const struct metric_party *r,
		const struct metric_party *s, struct metric_introduction *out);
};

/** `ops` NULL is the empty ledger: nothing was spent or reported yet. */
struct metric_ledger {
	const struct metric_ledger_ops *ops;
	void *ctx;
};

/** For how long an entry may matter after at_s, seconds; UINT64_MAX: as long as it stands. */
uint64_t metric_table_life_s(const struct metric_config *config, enum metric_table table);

/* What an event writes. Values: the ledger applies them, all or nothing. */

/** One entry to put, or to remove. Parties are borrowed from what it was made of. */
struct metric_change {
	enum metric_table table;
	struct metric_party a;
	struct metric_party b; /**< node 0 and NULL in tables without */
	struct metric_entry entry;
};

typedef void metric_change_fn(void *ctx, const struct metric_change *change);

/** A payment to reserve and record: introduction.paid_s is its time. */
struct metric_payment {
	struct metric_party recipient;
	struct metric_party sender;
	uint64_t tag; /**< of the sender: first 8 bytes of his digest, or his number */
	struct metric_introduction introduction;
};

/** Visits the SPENT and THROUGH entries of a payment; the introduction is stored beside them. */
void metric_payment_changes(
	const struct metric_payment *payment, metric_change_fn *visit, void *ctx);

/** Is the introduction alive: paid, and mail proven within its life? */
bool metric_introduction_is_live(const struct metric_config *config,
	const struct metric_introduction *introduction, uint64_t now_s);

/** Whom a report charges. */
struct metric_report_charge {
	struct metric_party payer;
	uint32_t share; /**< millionths */
	bool accuses;
};

/**
 * What one report of spam did, fixed when it was made and kept with it, so that taking it back
 * undoes exactly that. The parties must still be good then: store digests.
 */
struct metric_report {
	struct metric_party recipient; /**< the reporter */
	struct metric_party sender;
	uint64_t at_s;
	uint64_t tag; /**< of the message, so that two reports in one second stay apart */
	bool warns;   /**< it was within the reporter's budget of warnings */
	size_t charge_count;
	struct metric_report_charge charges[METRIC_PAYERS_MAX];
};

/**
 * What a report of spam about s by r does now. Call it only for a message that was proven (E3)
 * and is not reported yet; any other report touches no trust.
 */
void metric_report_decide(const struct metric_config *config,
	const struct metric_ledger *ledger, const struct metric_party *r,
	const struct metric_party *s, uint64_t now_s, uint64_t tag, struct metric_report *out);

/** Visits the entries of a report: put them when it is made, remove them when it is taken back. */
void metric_report_changes(
	const struct metric_report *report, metric_change_fn *visit, void *ctx);

#endif

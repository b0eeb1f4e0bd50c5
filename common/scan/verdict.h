/*
 * verdict.h - what was decided about one message, and why.
 *
 * The scan fills it, the daemon's protocol, markup and report modules and trustctl print it.
 * It knows nothing of wire formats. Everything it points at lives in the arena of the
 * request. Scores are decimal points as SpamAssassin counts them; spam is decided on the
 * unrounded sum.
 */
#ifndef COMMON_SCAN_VERDICT_H
#define COMMON_SCAN_VERDICT_H

#include "common/base/arena.h"
#include "common/base/slice.h"
#include "common/metric/tier.h"

/** Evidence of who sent a message (DESIGN 5), weakest first. */
enum evidence_level {
	EVIDENCE_NONE, /**< E0 */
	EVIDENCE_SPF,  /**< E1: a hint in the report, never lifts a tier */
	EVIDENCE_ARC,  /**< E2: counts where the site lists the sealer */
	EVIDENCE_DKIM, /**< E3: aligned DKIM, DMARC, or our own authenticated submission */
	EVIDENCE_KEY,  /**< E4: signed by a device key */
};

/** "E0" to "E4". */
const char *evidence_name(enum evidence_level level);

struct scan_details;

/** At most this many rules hit one message (ours and those of a chained scorer). */
#define VERDICT_RULES_MAX 256

/** One rule that hit. */
struct rule_hit {
	struct slice name; /**< printable ASCII without blanks and commas */
	double score; /**< finite; rules scored exactly 0 are not listed, see verdict_add */
	struct slice area; /**< "BODY: " and the like of a chained scorer, or empty */
	struct slice describe;
	struct slice *evidence; /**< further lines of the report, or NULL */
	size_t evidence_count;
};

struct verdict {
	double score;
	double required;
	bool is_spam;
	struct rule_hit *rules;
	size_t rule_count;
	size_t rule_capacity;   /**< private */
	struct arena *arena;    /**< private */
	struct slice autolearn; /**< "disabled", or "no autolearn_force=no" ... */

	/* Ours; `has_trust` is false for verdicts that did not come from a trust scan. */
	bool has_trust;
	enum tier tier;
	enum evidence_level evidence;
	struct slice evidence_text; /**< one line, for X-Spam-Trust-Evidence */
	struct slice path; /**< one line, for X-Spam-Trust-Path: only what may leave the site */
	struct slice recipient; /**< the local user it was decided for, or empty for the site */
	struct slice sender;    /**< canonical address of From, or empty */
	const struct scan_details *details; /**< scan.h; NULL for verdicts of another origin */
};

/** Starts an empty verdict, whose rules go into the arena (borrowed). */
void verdict_init(struct verdict *v, double required, struct arena *arena);

/**
 * Adds a rule and its score. @return 0, ERR_TOOBIG beyond VERDICT_RULES_MAX, ERR_NOMEM. Names,
 * texts and evidence are borrowed. A score of exactly 0 is still listed: tiers are always a
 * rule, as some clients see only rule names; callers leave out rules the administrator set to 0
 * himself.
 */
int verdict_add(struct verdict *v, const struct rule_hit *hit);

/**
 * Rounds the score to three decimals, as the original does before it compares, so that it does not
 * matter in which order the scores were added; then decides is_spam (SPEC 8: compared before it is
 * rounded for printing). May be called again after more was added.
 */
void verdict_finish(struct verdict *v);

/**
 * Rule names in bytewise order, as SYMBOLS, tests= and the log want them; allocated from the
 * arena. NULL when out of memory.
 */
const struct rule_hit **verdict_sorted(const struct verdict *v, struct arena *arena);

#endif

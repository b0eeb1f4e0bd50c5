/*
 * trust.h - the tier of a sender for one recipient: common/metric over our stores.
 *
 * Takes what the evidence module proved and the recipient's circle, finds the sender's
 * principals (the address of From, the identity that has effect for it, its domain; a vouch or
 * an edge for any of them counts) and whether they are revoked or blocked, and has
 * metric_decide() walk METRIC's rules over circle_world.h and the ledger. What a bound cut is
 * said in the decision.
 */
#ifndef COMMON_SCAN_TRUST_H
#define COMMON_SCAN_TRUST_H

#include "common/metric/metric.h"
#include "common/scan/circle.h"
#include "common/scan/named.h"
#include "common/scan/verdict.h"

/** Which rule decided. */
enum trust_rule {
	TRUST_RULE_REVOKED,
	TRUST_RULE_BLOCKED,
	TRUST_RULE_UNPROVEN, /**< evidence below E3; nothing may lift it */
	TRUST_RULE_REPORTED, /**< the recipient reported the sender, who is no friend by hand */
	TRUST_RULE_SUSPECT,  /**< he reported a friend by hand lately: Known at most */
	TRUST_RULE_OWN_EDGE, /**< the recipient's own edge: level tells which */
	TRUST_RULE_INTRODUCTION, /**< friends of the recipient vouch: paid, or payable now */
	TRUST_RULE_NOBODY,       /**< nobody vouches, or nobody who can pay */
	TRUST_RULE_NEWKEY,    /**< a friend's address, signed by a domain that is not his yet */
	TRUST_RULE_NO_SENDER, /**< no address to look up */
	TRUST_RULE_NO_STORE,  /**< a store could not be read */
};

/** What was spent and reported, and where to pay. */
struct trust_ledger {
	struct metric_ledger metric; /**< ops NULL: nothing was spent or reported yet */
	/**
	 * Pays a METRIC_RULE_PAYABLE decision, atomically for its recipient: decides again where
	 * somebody else may have spent meanwhile, and replaces *decision by what holds.
	 * @return 0 when the decision holds and what it costs is reserved; else the sender is not
	 * introduced. NULL: nothing is paid (dry runs), what is payable counts as introduced.
	 */
	int (*pay)(void *ctx, const struct metric_config *config,
		const struct metric_world *world, const struct metric_question *question,
		struct metric_decision *decision);
	void *ctx;
};

/** Node numbers are good for the reader's present snapshot. About 16 KiB. */
struct trust_decision {
	enum tier tier;
	enum trust_rule rule;
	unsigned int level; /**< of the own edge, also when unproven (From names a friend) */
	const char *
		edge_kind; /**< "addr", "id" or "dom": which principal the edge was for; NULL without */
	struct digest sender;     /**< of the sender's address, where there is one */
	graph_node identity;      /**< that has effect for the sender, or GRAPH_NONE */
	uint64_t revoked_since_s; /**< with TRUST_RULE_REVOKED */
	bool cut;                 /**< a bound cut the search for vouchers */
	struct metric_decision
		metric; /**< of the metric's rules: payers, price, what is missing */
};

/** Who is asked about; all borrowed. */
struct trust_question {
	const struct principal *sender; /**< canonical addr: of the one From, or NULL */
	const struct named *named;      /**< all that From names, for blocks */
	bool proven;   /**< evidence of E3 or more, or E2 from a listed sealer */
	bool pays;     /**< an introduction is paid now, if the ledger can */
	bool explains; /**< also look up what only an explanation needs */
};

/**
 * Decides. Reads through the circle's readers; when one of them fails, the answer is Unknown
 * with TRUST_RULE_NO_STORE.
 * @param ledger NULL: empty, and nothing is paid.
 */
void trust_decide(const struct circle *circle, const struct metric_config *config,
	const struct trust_ledger *ledger, const struct trust_question *q,
	struct trust_decision *out);

#endif

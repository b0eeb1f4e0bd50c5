/*
 * metric.h - the trust metric: introduction credit (METRIC; docs/METRIC.md).
 *
 * In one sentence: a friend may bring you about one new person a month for free; people whom
 * several of your friends know cost each of them almost nothing.
 *
 * metric_decide() is pure: a question, the graph (metric_world.h) and what was spent and
 * reported (metric_ledger.h) in, a decision out; no clock, no I/O, no allocation. It never
 * pays: whoever wants the mail to count takes metric_payment_of() of the decision and has
 * the ledger apply it, before the answer is sent. Dry runs just do not.
 *
 * Work is bounded by the constants below, whatever the graph: a sender with a million vouchers
 * and a recipient with 50,000 colleagues cost no more. What a bound cut is reported.
 */
#ifndef COMMON_METRIC_METRIC_H
#define COMMON_METRIC_METRIC_H

#include "common/metric/metric_config.h"
#include "common/metric/metric_ledger.h"
#include "common/metric/metric_world.h"
#include "common/metric/tier.h"

/** Moves through lists while looking for friends who vouch; then as many again for helpers. */
#define METRIC_STEPS_MAX 4096

/** In search of helpers, so many of the smaller side are walked, in ascending order. */
#define METRIC_SIDE_MAX 256

/** And so many pairs of friend and middleman are considered. */
#define METRIC_PAIRS_MAX 1024

/** Ledger entries looked at for one sum; more than a window of honest use holds. */
#define METRIC_ENTRIES_MAX 1024

/** Principals a sender is known by: address, identity, domain. */
#define METRIC_SENDER_REFS_MAX 3

/** Which rule decided, in METRIC's order. */
enum metric_rule {
	METRIC_RULE_REVOKED,
	METRIC_RULE_BLOCKED,
	METRIC_RULE_UNPROVEN, /**< evidence below E3; nothing may lift it */
	METRIC_RULE_REPORTED, /**< r reported s, who is no friend by hand */
	METRIC_RULE_SUSPECT,  /**< r reported a friend by hand lately: Known at most */
	METRIC_RULE_DIRECT,   /**< r's own edge; level 3 is Well Trusted */
	METRIC_RULE_PAID,     /**< introduced before */
	METRIC_RULE_PAYABLE,  /**< payable now: metric_payment_of() */
	METRIC_RULE_NOBODY,
};

/** Who is asked about. */
struct metric_question {
	struct metric_party recipient;
	struct metric_party sender; /**< by which the ledger knows him */
	struct metric_ref
		recipient_ref; /**< r's own identity in the graph, node 0 without; vouches for nobody */
	struct metric_ref
		sender_refs[METRIC_SENDER_REFS_MAX]; /**< neither payer nor middleman */
	size_t sender_ref_count;
	uint64_t tag; /**< of the sender, see metric_payment */
	uint64_t now_s;
	bool revoked;
	bool blocked;      /**< by r or the site */
	bool explains;     /**< also look up what only an explanation needs */
	bool is_paid_void; /**< what was paid for s counts no more: those who paid never said so */
	bool proven;       /**< E3, or E2 by a listed sealer */
	unsigned int level; /**< of the edge r -> s, 0 without */
	bool by_hand;       /**< it was set by hand (colleagues count as that), not learned */
};

/** Somebody who pays, or would. */
struct metric_payer {
	struct metric_ref ref;
	struct metric_ref middleman; /**< node 0: he vouches himself */
	uint8_t friend_level;        /**< r -> f */
	uint8_t vouch_level;         /**< f -> s, or f -> g */
	uint8_t last_level;          /**< g -> s of a helper, else 0 */
	bool is_open;      /**< the statement by which he vouches may be named in mail */
	uint32_t credit;   /**< of his towards r, before he pays; of PAID: now, if asked for */
	uint64_t renews_s; /**< when his oldest spending comes back; 0: nothing is spent */
	uint32_t cap;      /**< what he can give now, millionths */
	uint32_t amount;   /**< what he gives; 0 when nothing is paid */
	double weight;     /**< P_f */
};

/** Why a friend who vouches cannot give (metric_account.reason). */
enum metric_shortage {
	METRIC_SHORT_NONE,
	METRIC_SHORT_SPENT,     /**< his credit is used up for now */
	METRIC_SHORT_SUSPENDED, /**< two strikes */
	METRIC_SHORT_FORBIDDEN, /**< his introduction_credit is 0 */
	METRIC_SHORT_LIMIT,     /**< blame, accusations or too many vouches leave him none */
};

/** What a friend may still spend towards r, and what made it so. */
struct metric_account {
	uint32_t credit; /**< limit - spent, never below 0 */
	uint32_t limit;
	uint32_t spent;   /**< in the window */
	uint32_t blame;   /**< factor, millionths; METRIC_ONE without reports */
	uint32_t strikes; /**< millionths */
	uint32_t accusers;
	uint64_t vouches;
	uint64_t suspended_until_s; /**< 0: he is not */
	uint64_t renews_s; /**< when the oldest spending leaves the window; 0: none is in it */
	enum metric_shortage reason;
};

/** Why a stranger is not introduced. */
enum metric_refusal {
	METRIC_REFUSAL_NONE,
	METRIC_REFUSAL_NO_VOUCHER, /**< no friend vouches, near or by a middleman */
	METRIC_REFUSAL_WARNINGS,   /**< too many friends warned */
	METRIC_REFUSAL_CREDIT,     /**< those who vouch have not enough credit left */
	METRIC_REFUSAL_ONE_HELPER, /**< a single friend of a friend is not enough */
	METRIC_REFUSAL_LEDGER,     /**< the ledger could not take the payment */
};

/** Friends who vouch but have no credit, kept for the explanation. */
#define METRIC_BROKE_MAX 4

struct metric_broke {
	struct metric_ref ref;
	uint8_t friend_level;
	uint8_t vouch_level;
	bool is_open;
	struct metric_account account;
};

#define METRIC_CUT_STEPS  0x01 /**< METRIC_STEPS_MAX */
#define METRIC_CUT_SIDE   0x02 /**< METRIC_SIDE_MAX */
#define METRIC_CUT_PAIRS  0x04 /**< METRIC_PAIRS_MAX */
#define METRIC_CUT_PAYERS 0x08 /**< METRIC_PAYERS_MAX */
#define METRIC_CUT_LEDGER 0x10 /**< METRIC_ENTRIES_MAX */

struct metric_decision {
	enum tier tier;
	enum metric_rule rule;
	enum metric_refusal refusal; /**< with METRIC_RULE_NOBODY */
	unsigned int level;          /**< of the edge r -> s, as asked */
	uint64_t reported_s;         /**< r's newest standing report of s; 0: none */
	bool refreshes; /**< there is a live introduction: the ledger moves its seen_s to now */
	uint32_t warnings;
	struct metric_ref warners[2];
	uint32_t price;        /**< millionths; 0 when not asked for */
	uint32_t credit_found; /**< what the payers could give together */
	uint32_t strength;     /**< T, millionths, of PAID and PAYABLE */
	uint64_t paid_s;       /**< of PAID */
	uint64_t ends_s;       /**< of PAID: when it ends without further mail */
	unsigned int cut;      /**< METRIC_CUT_*: a bound cut the search */
	size_t payer_count;
	size_t helper_count; /**< of them, at the end of the list */
	size_t broke_count;
	struct metric_payer payers[METRIC_PAYERS_MAX]; /**< friends ascending, then helpers */
	struct metric_broke broke[METRIC_BROKE_MAX];
};

/** Decides. Everything is borrowed for the call; *out is complete. */
void metric_decide(const struct metric_config *config, const struct metric_world *world,
	const struct metric_ledger *ledger, const struct metric_question *question,
	struct metric_decision *out);

/** Where a payment keeps the digests of those it names; lives as long as the payment. */
struct metric_digests {
	struct digest payer[METRIC_PAYERS_MAX];
	struct digest middleman[METRIC_PAYERS_MAX];
};

/**
 * The payment of a METRIC_RULE_PAYABLE decision, to be applied at once or never. Looks digests
 * up in the world, into `digests` (NULL where the ledger needs none).
 * @return false when a digest is missing (a store failed): pay nothing, the sender is Unknown.
 */
bool metric_payment_of(const struct metric_world *world, const struct metric_question *question,
	const struct metric_decision *decision, struct metric_digests *digests,
	struct metric_payment *out);

/** What friend f may spend towards r now. */
void metric_account_of(const struct metric_config *config, const struct metric_world *world,
	const struct metric_ledger *ledger, const struct metric_question *question,
	struct metric_ref f, struct metric_account *out);

/** The score of an introduction of strength T (millionths): -(1 + 8 T), from -1 to -9. */
double metric_score(uint32_t strength);

#endif

/*
 * trust.h - the tier of a sender for one recipient (METRIC, "first rule that fits").
 *
 * Takes what the evidence module proved and the recipient's circle, and walks the rules in order:
 * Revoked, Blocked, Unknown below E3, own edges, introduction by friends, Unknown. The
 * senders's principals are the address of From, the identity that has effect for it, and its
 * domain; a vouch or an edge for any of them counts. Work is bounded by named constants, so a
 * sender with a million vouchers costs no more than one with a thousand.
 */
#ifndef COMMON_SCAN_TRUST_H
#define COMMON_SCAN_TRUST_H

#include "common/scan/circle.h"
#include "common/scan/metric.h"
#include "common/scan/named.h"
#include "common/scan/verdict.h"

/** At most this many vouchers count for one message; the strength is near 1 long before. */
#define TRUST_VOUCHERS_MAX 64

/** Edges walked in search of vouchers, on the sender's or the recipient's side. */
#define TRUST_WALK_MAX 1024

/** Which rule decided. */
enum trust_rule {
	TRUST_RULE_REVOKED,
	TRUST_RULE_BLOCKED,
	TRUST_RULE_UNPROVEN,     /**< evidence below E3; nothing may lift it */
	TRUST_RULE_OWN_EDGE,     /**< the recipient's own edge: level tells which */
	TRUST_RULE_INTRODUCTION, /**< friends of the recipient vouch */
	TRUST_RULE_NOBODY,       /**< nobody vouches */
	TRUST_RULE_NEWKEY,    /**< a friend's address, signed by a domain that is not his yet */
	TRUST_RULE_NO_SENDER, /**< no address to look up */
	TRUST_RULE_NO_STORE,  /**< a store could not be read */
};

struct trust_voucher {
	graph_node identity;
	unsigned int own_level;
	unsigned int vouch_level;
	bool is_open; /**< mail may name him: his vouch is open, and that the recipient knows him is no secret */
	double weight;
};

/** Node numbers are good for the reader's present snapshot. */
struct trust_decision {
	enum tier tier;
	enum trust_rule rule;
	unsigned int level; /**< of the own edge, also when unproven (From names a friend) */
	const char *
		edge_kind; /**< "addr", "id" or "dom": which principal the edge was for; NULL without */
	graph_node identity;      /**< that has effect for the sender, or GRAPH_NONE */
	uint64_t revoked_since_s; /**< with TRUST_RULE_REVOKED */
	double strength;          /**< of an introduction */
	struct trust_voucher vouchers[TRUST_VOUCHERS_MAX];
	size_t voucher_count;
	bool cut; /**< a bound cut the search for vouchers */
};

/** Who is asked about; all borrowed. */
struct trust_question {
	const struct principal *sender; /**< canonical addr: of the one From, or NULL */
	const struct named *named;      /**< all that From names, for blocks */
	bool proven; /**< evidence of E3 or more, or E2 from a listed sealer */
};

/**
 * Decides. Reads through the circle's readers; when one of them fails, the answer is Unknown
 * with TRUST_RULE_NO_STORE.
 */
void trust_decide(const struct circle *circle, const struct trust_question *q,
	struct trust_decision *out);

#endif

/*
 * circle.h - whom a recipient knows: METRIC's out(r), asked one principal at a time.
 *
 * A circle is the view of one recipient (a local user, or the site itself when a message names
 * nobody we know) over both stores: the private list, learned edges, the user's own published
 * vouches and blocks, and, with `colleagues`, the other local users. An identity stands for
 * those it continues (graph_current): what anybody said of them, or they said, counts. The
 * site's circle holds its own friends and all local users; what its users hold directly,
 * private lists included, counts for it as weak edges (DESIGN 5).
 *
 * Nothing here looks at evidence or decides a tier; that is trust.h. Store errors stay
 * sticky in the readers and make every answer "no".
 */
#ifndef COMMON_SCAN_CIRCLE_H
#define COMMON_SCAN_CIRCLE_H

#include "common/graph/graph.h"
#include "common/graph/private.h"

/** Learned edges end after this long without mail, seconds (METRIC: 400 days). */
#define CIRCLE_LEARNED_LIFETIME_S ((uint64_t)400 * 86400)

/** A principal as both stores know it; node is GRAPH_NONE where the graph does not. */
struct party {
	struct digest digest;
	graph_node node;
};

/** Its place in the graph's lists. */
static inline struct graph_ref
party_ref(const struct party *p)
{
	return (struct graph_ref){graph_order_of(&p->digest), p->node};
}

/** Of two levels of edges to the same person. */
static inline unsigned int
circle_stronger(unsigned int a, unsigned int b)
{
	return a > b ? a : b;
}

/**
 * What the mail at hand shows: its address, proven at E3, is of that identity. Digests of
 * principals.
 */
struct circle_shown {
	bool is_there;
	struct digest address;
	struct digest identity;
};

/** Borrows the readers, which must be inside begin/end. Fields are private. */
struct circle {
	struct graph_reader *graph;
	struct private_reader *private_store;
	struct party
		self; /**< digest: the user's address, or id: of the site; node: the identity */
	struct party site;
	struct party
		formers[GRAPH_FORMERS_MAX]; /**< identities that the recipient's continues */
	size_t former_count;
	bool is_site;
	bool colleagues;
	uint64_t now_s;
	uint64_t learned_life_s; /**< set by circle_init to METRIC's 400 days */
	struct store_txn *
		ledger; /**< knows when mail last came, and what it showed; NULL: nobody does */
	struct circle_shown shown; /**< set by who has the mail */
};

/** The circle of a local user; of the site when `user` is NULL. */
void circle_init(struct circle *c, struct graph_reader *graph,
	struct private_reader *private_store, const struct private_user *user, bool colleagues,
	uint64_t now_s);

struct party circle_party(const struct circle *c, const struct principal *p);

/** The level (0 none, 1 to 3) of the recipient's own edge to a principal. */
unsigned int circle_level(const struct circle *c, const struct party *p);

/** What the recipient lets this friend spend on introductions; false where he did not say. */
bool circle_credit(const struct circle *c, graph_node identity, uint32_t *out);

/** Was the edge made by hand? False where it was learned from mail, and without an edge. */
bool circle_is_by_hand(const struct circle *c, const struct party *p);

/** True when the recipient, or the site, blocked the principal. */
bool circle_blocks(const struct circle *c, const struct party *p);

/**
 * True when a block covers a canonical address without naming it or its domain: the one it is a
 * sub-address of ("+"), or a domain above its own. A vouch for a domain does not reach that far, a
 * block does, since sub-addresses and sub-domains cost nothing to make.
 */
bool circle_blocks_above(const struct circle *c, struct slice address);

/** True when a block covers a canonical address in any way. */
bool circle_blocks_address(const struct circle *c, struct slice address);

/**
 * The identity whose binding of an address has effect for this recipient, or what it continues as:
 * the one he confirmed, else that of a local user, else what a local identity binds, what was
 * countersigned for the domain by an identity that the recipient or the site confirmed for
 * it, or what proven mail of the address showed (ledger_proof.h). GRAPH_NONE when there is none, or
 * when these say different things.
 */
graph_node circle_identity_of(const struct circle *c, const struct party *address);

/** The same without what the recipient confirmed, and without local users. */
graph_node circle_bound_identity(const struct circle *c, const struct party *address);

/**
 * Does the identity that the mail at hand shows claim its address, so that this is worth
 * noting?
 */
bool circle_may_show(const struct circle *c);

/**
 * The level of the recipient's edge to whoever stands behind an identity: the identity itself or
 * an address that has effect as his.
 */
unsigned int circle_voucher_level(const struct circle *c, graph_node identity);

/**
 * Is it no secret that the recipient knows this identity? True for colleagues and where his own
 * published, open vouch says so; private lists are secrets.
 */
bool circle_is_public(const struct circle *c, graph_node identity);

#endif

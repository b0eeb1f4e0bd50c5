/*
 * scope.h - whose statements are worth storing here (DESIGN 8).
 *
 * Principals have a distance from the local users: these are 0, whom they befriend (the
 * interest set, and whom they vouch for in public) is 1, whom such a one vouches for is 2, and
 * so on up to `hops`. An address is as near as who vouches for it, and identities that bind it
 * are as near as the address (at most CLAIMS_MAX of them: binding is only a claim). With an
 * identity come the next root it committed to and its guardians, who have to be heard when it
 * is stolen; what guardians themselves vouch for does not widen the scope.
 *
 * The set is held in memory and derived from the graph alone: scope_load() makes it, scope_follow()
 * adds what an issuer's new statements bring. It never shrinks in between; so it is
 * loaded anew when the interest changes and once a day.
 */
#ifndef GOSSIP_SCOPE_H
#define GOSSIP_SCOPE_H

#include "common/graph/graph_merge.h"
#include "gossip/claims.h"

/** Greatest `hops`: every further one multiplies what is stored by the mean number of vouches. */
#define SCOPE_HOPS_MAX 3

struct scope;

/** Who is told of principals that came into scope. */
typedef void scope_grown_fn(void *ctx, const struct digest *principal);

/** An empty one. @return 0, ERR_NOMEM. */
NODISCARD int scope_new(
	unsigned int hops, scope_grown_fn *grown, void *ctx, struct scope **out);
void scope_free(struct scope *s);

/**
 * Makes it anew; `grown` hears of those that were not in it before. Between graph_begin and
 * graph_end. @return 0, ERR_NOMEM, the store's.
 */
NODISCARD int scope_load(struct scope *s, struct graph_reader *r);

/**
 * Adds what an issuer's statements bring that were merged since.
 * @return 0, ERR_NOMEM, the store's.
 */
NODISCARD int scope_follow(
	struct scope *s, struct graph_reader *r, const struct thumbprint *issuer);

/*
 * Claims. Who binds an address that is in scope comes into scope with it, also while the key
 * that signed the bind waits for its certificate: only then is the certificate let in. Which claims
 * are heard when there are many is in claims.h.
 */

/** A bind: what it says, and who countersigned. */
struct scope_claim {
	struct digest address;
	struct digest identity;
	bool is_countersigned;
	struct digest countersigner; /**< as claim_key_principal() makes it */
};

/** How well founded a claim is. */
enum claim_rank scope_claim_rank(const struct scope *s, const struct scope_claim *claim);

/**
 * How many others' claims of the address are founded at least so well; CLAIMS_MAX: there is no
 * room for it.
 */
size_t scope_claims(
	const struct scope *s, const struct scope_claim *claim, enum claim_rank rank);

/** Notes a claim that was merged. @return 0, ERR_NOMEM, the store's. */
NODISCARD int scope_claim(
	struct scope *s, struct graph_reader *r, const struct scope_claim *claim);

/** True, and the distance, when the principal is in scope. */
bool scope_distance(const struct scope *s, const struct digest *principal, unsigned int *out);

/** How many principals there are, with the keys that speak for those who were named here. */
size_t scope_count(const struct scope *s);

#endif

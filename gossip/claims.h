/*
 * claims.h - who claims which address: the part of scope.h that squatters work on.
 *
 * Anybody can bind any address to an identity of his own, and whoever binds an address in scope is
 * heard. So of each address only CLAIMS_MAX claims are heard: the best founded ones, and of equally
 * founded ones the first. A claim that comes when all places are taken gets that of the last one
 * which is less well founded, so claims without any proof cannot keep the owner out once he has
 * some.
 */
#ifndef GOSSIP_CLAIMS_H
#define GOSSIP_CLAIMS_H

#include "common/graph/graph.h"

#define CLAIMS_MAX GRAPH_BINDINGS_MAX

/** What speaks for a claim, beside itself. */
enum claim_rank {
	CLAIM_BARE,  /**< nothing */
	CLAIM_KNOWN, /**< the identity is in scope without it: somebody vouches for it */
	CLAIM_COUNTERSIGNED, /**< by a key of an identity that somebody here named himself */
};

struct claim {
	struct digest by; /**< the identity, as a principal */
	enum claim_rank rank;
};

/** Of one address, in order of coming. */
struct claims {
	struct digest address;
	size_t count; /* 0: the slot is free */
	struct claim list[CLAIMS_MAX];
};

/** All addresses; open-addressed. */
struct claim_table {
	struct claims *slots; /* owned */
	size_t slot_count;    /* a power of two */
	size_t count;
};

/** @return 0, ERR_NOMEM. */
NODISCARD int claim_table_init(struct claim_table *t);
void claim_table_fini(struct claim_table *t);

/**
 * Notes a claim, or a better rank of it.
 * @return 0 (heard); ERR_TOOBIG (no room for it); ERR_NOMEM.
 */
NODISCARD int claim_table_note(struct claim_table *t, const struct digest *address,
	const struct digest *identity, enum claim_rank rank);

/** Those of one address; NULL: none. */
const struct claims *claim_table_find(
	const struct claim_table *t, const struct digest *address);

/**
 * How many other identities' claims are founded at least as well: with CLAIMS_MAX there is no
 * room for it.
 */
size_t claim_table_others(const struct claim_table *t, const struct digest *address,
	const struct digest *identity, enum claim_rank rank);

/** By what name a key is known that countersigns: the digest of the principal key:THUMBPRINT. */
void claim_key_principal(const struct thumbprint *key, struct digest *out);

#endif

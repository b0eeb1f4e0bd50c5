/*
 * synthetic_graph.h - large graphs of any seed, in memory and in a store.
 *
 * Identities are addr:uN@example.org with N from 0. Every one vouches for `degree` others on
 * average, between 1 and 2 * degree - 1; subjects are drawn with a square law, so that few are
 * vouched for by many (the number of those with k vouchers falls with the third power of k), as
 * in real webs of trust. In memory they go by their rank in ascending order of digest, from 1,
 * which is the order of lists in the store, where N + 1 is their number. Written straight
 * into the derived tables, without statements: such a graph cannot be rebuilt.
 */
#ifndef TESTS_SUPPORT_SYNTHETIC_GRAPH_H
#define TESTS_SUPPORT_SYNTHETIC_GRAPH_H

#include "common/graph/graph.h"

/**
 * One direction as compressed sparse rows of ranks: row n is peers[start[n]] to peers[start[n +
 * 1] - 1], ascending.
 */
struct csr {
	uint64_t *start;
	uint32_t *peers;
};

struct synthetic_graph {
	uint32_t nodes;
	uint64_t edges;
	struct csr out;
	struct csr in;
	struct graph_ref *refs; /**< by rank, from 1 */
	uint32_t *ranks;        /**< by number, from 1 */
	uint32_t hosted_every; /**< every so many numbers an identity is hosted here; 0: none */
};

static inline bool
synthetic_graph_is_hosted(const struct synthetic_graph *g, graph_node number)
{
	return g->hosted_every != 0 && number % g->hosted_every == 0;
}

/** Aborts when memory runs out. Freed with synthetic_graph_fini. */
void synthetic_graph_make(
	struct synthetic_graph *g, uint32_t nodes, uint32_t degree, uint64_t seed);

/** As synthetic_graph_make; besides, everybody vouches for the identity with number 1. */
void synthetic_graph_make_star(
	struct synthetic_graph *g, uint32_t nodes, uint32_t degree, uint64_t seed);
void synthetic_graph_fini(struct synthetic_graph *g);

/** The principal with that number in the store (from 1). */
void synthetic_graph_principal(graph_node number, struct principal *out);

/** The level of an edge, from the numbers of its ends. */
static inline uint8_t
synthetic_graph_level(graph_node issuer, graph_node subject)
{
	return (uint8_t)(1 + (issuer + subject) % 3);
}

/** Loads it into an empty store that was made a graph. @return 0 or the store's error. */
NODISCARD int synthetic_graph_load(const struct synthetic_graph *g, struct store *store);

#endif

/*
 * csr_world.h - the metric's world over a synthetic graph's arrays: no store, no expiry, no
 * colleagues. The floor that benches measure against, and what the store's world has to agree with.
 */
#ifndef TESTS_SUPPORT_CSR_WORLD_H
#define TESTS_SUPPORT_CSR_WORLD_H

#include "common/metric/metric.h"
#include "tests/support/synthetic_graph.h"

struct csr_world {
	struct metric_world world; /**< what metric_decide() takes */
	const struct synthetic_graph *graph;
	uint32_t recipient; /**< ranks */
	uint32_t sender;
};

/** Ranks; refs are those of the store. Borrows the graph. */
void csr_world_init(struct csr_world *w, const struct synthetic_graph *graph,
	uint32_t recipient, uint32_t sender);

/** Index of the first peer of a row at or behind a rank, from `from` on; the row's end: none. */
uint64_t csr_find(const struct csr *csr, uint32_t row, uint64_t from, uint32_t rank);

/** How many of the recipient's peers are among the sender's, by the shorter of the two lists. */
uint64_t csr_count_between(
	const struct synthetic_graph *graph, uint32_t recipient, uint32_t sender);

/** The metric's name of a rank. */
static inline struct metric_ref
csr_ref(const struct synthetic_graph *g, uint32_t rank)
{
	return (struct metric_ref){g->refs[rank].order, g->refs[rank].node};
}

#endif

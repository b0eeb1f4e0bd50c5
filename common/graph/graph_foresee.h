/*
 * graph_foresee.h - what graph_add would most likely say, before the signature was checked.
 *
 * Checking a signature costs a hundred times what this does, so whoever takes statements from
 * strangers asks here first and refuses what would be refused anyway. Nothing is written, and
 * nothing is to be concluded but refusals: what looks welcome may still be forged.
 */
#ifndef COMMON_GRAPH_GRAPH_FORESEE_H
#define COMMON_GRAPH_GRAPH_FORESEE_H

#include "common/graph/graph_merge.h"

/**
 * The outcome by what is stored now: GRAPH_TOMBSTONED, GRAPH_KNOWN, GRAPH_CONFLICT, GRAPH_STALE,
 * GRAPH_OVER_QUOTA, else GRAPH_ADDED or GRAPH_REPLACED. @param st decoded; between graph_begin
 * and graph_end.
 */
enum graph_outcome graph_foresee(
	struct graph_reader *r, const struct statement *st, uint64_t now_s);

/** True when any statement of the issuer is stored, waiting ones included. */
bool graph_has_issuer(struct graph_reader *r, const struct thumbprint *issuer);

#endif

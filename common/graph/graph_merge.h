/*
 * graph_merge.h - how statements get into the graph.
 *
 * Merging is set union: registers keep, per (iss, act, sub), the statement with the greatest
 * seq, ties broken by the greater id; revocations are a grow-only set. So any order, loss or
 * repetition of arrivals ends in the same graph. Policy (expiry, who is a friend, blocks)
 * never acts here; quotas per issuer and first-seen do, by the rules of DESIGN 3. A refused or
 * erased statement leaves its id behind (a tombstone).
 *
 * Every write happens inside one store transaction: a crash leaves the graph as it was before
 * or after a graph_txn, never between. Everything but the statements with their first-seen
 * and receipt number is derived and can be made anew by graph_rebuild().
 */
#ifndef COMMON_GRAPH_GRAPH_MERGE_H
#define COMMON_GRAPH_GRAPH_MERGE_H

#include "common/graph/graph.h"
#include "common/statement/statement.h"

/** Quotas per issuer (DESIGN 3); beyond, the newest by (iat, id) stay. */
#define GRAPH_QUOTA_VOUCHES  512
#define GRAPH_QUOTA_BLOCKS   64
#define GRAPH_QUOTA_DEVICES  16
#define GRAPH_QUOTA_BINDINGS 16
#define GRAPH_QUOTA_OTHERS   32

struct graph_txn;

struct graph_options {
	bool fold_local_part; /**< fold the ASCII case of local parts when interning (default on) */
};

enum graph_outcome {
	GRAPH_ADDED,      /**< new register or revocation */
	GRAPH_REPLACED,   /**< replaced an older one */
	GRAPH_KNOWN,      /**< this very id is already there */
	GRAPH_STALE,      /**< a newer one of the same register is there */
	GRAPH_TOMBSTONED, /**< its id was refused or erased before */
	GRAPH_OVER_QUOTA, /**< older than what the issuer's quota keeps */
	GRAPH_CONFLICT,   /**< against a frozen `next`: refused and logged by the caller */
};

/** Creates the tables of an empty store, or checks those of an existing one. */
NODISCARD int graph_create(struct store *store, struct err_msg *msg);

NODISCARD int graph_txn_begin(struct store *store, const struct graph_options *options,
	struct graph_txn **out, struct err_msg *msg);
NODISCARD int graph_txn_commit(struct graph_txn *txn, struct err_msg *msg);
void graph_txn_abort(struct graph_txn *txn);

/**
 * Merges one verified statement. @param jws what statement_open accepted; @param first_seen_s
 * now, or the kept value for rebuild, restore and site peers.
 * @return 0 with *outcome set, or an error of the store.
 */
NODISCARD int graph_add(struct graph_txn *txn, struct slice jws, const struct statement *st,
	uint64_t first_seen_s, enum graph_outcome *outcome, struct err_msg *msg);

/** Refuses an id for good. */
NODISCARD int graph_bury(struct graph_txn *txn, const struct digest *id, struct err_msg *msg);

/** Marks an identity as hosted here (a local user), or as the site itself. */
NODISCARD int graph_set_hosted(
	struct graph_txn *txn, const struct thumbprint *identity, struct err_msg *msg);
NODISCARD int graph_set_site(
	struct graph_txn *txn, const struct thumbprint *identity, struct err_msg *msg);

/** The greatest seq of a register, 0 where there is none: the next statement takes one more. */
NODISCARD int graph_last_seq(struct graph_txn *txn, const struct thumbprint *iss,
	enum statement_act act, const struct principal *sub, uint64_t *seq_out);

/** Drops everything derived and makes it anew from the statements; same transaction. */
NODISCARD int graph_rebuild(struct graph_txn *txn, struct err_msg *msg);

/** A stored statement. */
struct graph_record {
	struct digest id;
	uint64_t number; /**< order of receipt here, from 1 */
	uint64_t first_seen_s;
	struct slice jws; /**< borrowed for the call */
};

/** @return 0 to go on, anything else stops and is returned. */
typedef int graph_visit_fn(void *ctx, const struct graph_record *record);

/** Visits the statements in force in order of receipt, those with a number above `after`. */
NODISCARD int graph_visit(
	struct graph_reader *r, uint64_t after, graph_visit_fn *visit, void *ctx);

/** One statement by id. @return 0, ERR_NOTFOUND. The jws is borrowed until graph_end. */
NODISCARD int graph_get(
	struct graph_reader *r, const struct digest *id, struct graph_record *out);

#endif

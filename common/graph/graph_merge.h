/*
 * graph_merge.h - how statements get into the graph.
 *
 * Merging is set union: registers keep, per (iss, act, sub), the statement with the greatest
 * seq, ties broken by the greater id; revocations are a grow-only set. So any order, loss or
 * repetition of arrivals ends in the same graph. Policy (expiry, who is a friend, blocks)
 * never acts here; quotas per issuer and first-seen do, by the rules of DESIGN 3. A refused or
 * erased statement leaves its id behind (a tombstone).
 *
 * Who may speak for an issuer. Only statements signed by the root, or by a key the root has
 * certified, take part in registers and quotas: otherwise anybody could push out somebody's
 * statements with a greater seq in his name. Others wait apart and take part from the moment
 * the certificate arrives: a few per signing key, of a bounded number of keys per issuer, and of
 * both the first that came, so that nobody displaces what another key signed, and who was told
 * that something was taken need not ask again whether it stayed. A key that
 * revokes itself waits on a list of its own, which no other key's statements can fill.
 *
 * What is believed. A statement counts when its key is the root, or was certified at the time
 * it was first seen here, and neither key nor identity were revoked before that time, and it
 * was not itself revoked (`revoke stmt:`, by the root or by a device that is believed; only the
 * root revokes certificates so). A revocation holds from the earliest `since`, and no later
 * than its own arrival. Revocations of keys and identities cannot be revoked.
 *
 * Who else ends an identity. Its guardians, when as many as its `identity` statement asks for
 * say `guard` within GRAPH_GUARD_WINDOW_S of each other: it is stopped from the last of them
 * on, as long as not so many take it back within GRAPH_GUARD_SOFT_S that too few are left. Who
 * the guardians are was said GRAPH_GUARDIANS_DELAY_S before, or when any were named for the
 * first time: who steals the root cannot dismiss them first. And its successor: a `succeed` by
 * the key that the first `identity` statement seen here committed to; from its arrival the old
 * root and its devices say nothing more, and what they said before, and what was said of them,
 * counts as the successor's (graph_current). Both count once seen, whenever the statements end,
 * and whatever the old root revokes.
 *
 * The fresh rule (METRIC): of an issuer's vouches first seen within 30 days only the first few,
 * in order of receipt, introduce anybody; the others are there, held (GRAPH_EDGE_HELD), until
 * they are attested again, by a newer statement of the same register, while there is room. A
 * register that once had room keeps it through renewals, other levels, other devices and
 * withdrawal; room that was taken stays taken for its 30 days, whatever becomes of the vouch, so
 * that nothing (withdrawing, revoking, pushing out of the quota) makes room for more. Whether a
 * vouch is held is decided when it comes in and kept, as only then the order of receipt is
 * known; who was exempt, too. Local users' vouches are no exception: who holds the account of
 * one of them would befriend the world. An own edge of the recipient is never held back.
 *
 * What is kept, and what is derived from it. Kept are the statements with their first-seen
 * and receipt number; what is to be remembered of statements that were replaced (since when
 * an edge was seen, by whose signature; when a device was certified; when which guardians were
 * named); which vouches are held and who took room; the frozen `next` of identities;
 * tombstones; site, hosted identities and epoch. All else is a pure function of
 * that, made per issuer when a transaction ends, and made anew by graph_rebuild().
 *
 * Every write happens inside one store transaction: a crash leaves the graph as it was before
 * or after a graph_txn, never between.
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
#define GRAPH_QUOTA_OTHERS   32 /**< warnings and introductions */

/** Guards and successions are counted apart, so that warnings do not push them out. */
#define GRAPH_QUOTA_GUARDS      32
#define GRAPH_QUOTA_SUCCESSIONS 4

/**
 * Revocations are never pushed out by age, as that would undo them. One device may revoke itself so
 * often (the earliest `since` stay) and revoke so many statements (the first stay), so that a
 * stolen device cannot undo what others, or its owner with it, revoked. Beyond the number per
 * issuer the gravest stay, that is those by the root before those by devices, of the identity
 * before keys before statements, of the earlier `since` that counts before the later.
 */
#define GRAPH_QUOTA_KEY_REVOCATIONS       4
#define GRAPH_QUOTA_STATEMENT_REVOCATIONS 12
#define GRAPH_QUOTA_REVOCATIONS     \
	(64 + GRAPH_QUOTA_DEVICES * \
			(GRAPH_QUOTA_KEY_REVOCATIONS + GRAPH_QUOTA_STATEMENT_REVOCATIONS))

/**
 * Statements per issuer and key that wait for the certificate of the key: the first ones stay,
 * others are refused.
 */
#define GRAPH_QUOTA_WAITING 16

/** Keys per issuer with waiting statements: the first ones stay, others are refused. */
#define GRAPH_QUOTA_WAITING_KEYS 32

/** Waiting revocations of a key by itself, per issuer and key: those with the earliest `since`. */
#define GRAPH_QUOTA_WAITING_REVOKES 4

/**
 * Keys per issuer with waiting revocations of themselves, the first ones: so many that nobody has
 * so many devices, so few that a stranger who invents keys fills no disk.
 */
#define GRAPH_QUOTA_WAITING_REVOKE_KEYS 256

/** Changes of guardians take effect so long after they were first seen, seconds (30 days). */
#define GRAPH_GUARDIANS_DELAY_S ((uint64_t)30 * 86400)

/** Guardians must speak within so long of each other, seconds (7 days). */
#define GRAPH_GUARD_WINDOW_S ((uint64_t)7 * 86400)

/** So long they may take a stop back, seconds (14 days); then it is for good. */
#define GRAPH_GUARD_SOFT_S ((uint64_t)14 * 86400)

/**
 * The fresh rule: window in seconds (METRIC: 30 days), and vouches in it where the options say
 * none.
 */
#define GRAPH_FRESH_WINDOW_S ((uint64_t)30 * 86400)
#define GRAPH_FRESH_VOUCHES  20

/**
 * So many warnings of one issuer count that were first seen in any such window (METRIC
 * "Reports").
 */
#define GRAPH_WARN_WINDOW_S ((uint64_t)30 * 86400)
#define GRAPH_WARNINGS      3
#define GRAPH_WARNINGS_NONE UINT32_MAX

/** The option for a number where 0 is none. */
static inline uint32_t
graph_warnings_option(uint32_t warnings)
{
	return warnings == 0 ? GRAPH_WARNINGS_NONE : warnings;
}

/** A certificate counts from this long before its `iat`: clocks differ. */
#define GRAPH_CLOCK_SKEW_S 600

struct graph_txn;

struct graph_options {
	bool fold_local_part; /**< fold the ASCII case of local parts when interning (default on) */
	uint32_t fresh_window_s; /**< of the fresh rule, its window; 0: the default */
	uint32_t
		fresh_vouches; /**< of the fresh rule, for what is added from now on; 0: the default */
	uint32_t
		warn_window_s; /**< for warnings, when an issuer's are derived; 0: the default */
	uint32_t warnings;     /**< in it; 0: the default, GRAPH_WARNINGS_NONE: none */
};

enum graph_outcome {
	GRAPH_ADDED,      /**< new register or revocation, or waiting for a certificate */
	GRAPH_REPLACED,   /**< replaced an older one */
	GRAPH_KNOWN,      /**< this very id is already there */
	GRAPH_STALE,      /**< a newer one of the same register is there */
	GRAPH_TOMBSTONED, /**< its id was refused or erased before */
	GRAPH_OVER_QUOTA, /**< older than what the quota keeps, or too many wait already */
	GRAPH_CONFLICT,   /**< against a frozen `next`: refused and logged by the caller */
};

/** The tables of the graph, for store_config; what the two stores' openers (store_layout.h) use. */
extern const struct store_table graph_tables[];
extern const size_t graph_table_count;
#define GRAPH_SCHEMA_VERSION 2

/**
 * Makes an empty store a graph with this epoch (random); leaves an existing graph as it is.
 * @return 0, or an error of the store.
 */
NODISCARD int graph_create(struct store *store, uint64_t epoch, struct err_msg *msg);

/** Work inside a graph transaction; may run more than once, each time from the same start. */
typedef int graph_update_fn(void *ctx, struct graph_txn *g, struct err_msg *msg);

/**
 * Runs work in a write transaction and commits it, again where the map had to grow: the way
 * to write. The thread must hold no reader's snapshot.
 * @return 0, what work returned (nothing is changed then), ERR_FULL, ERR_CORRUPT, ERR_IO,
 * ERR_NOMEM.
 */
NODISCARD int graph_update(struct store *store, const struct graph_options *options,
	graph_update_fn *work, void *ctx, struct err_msg *msg);

/*
 * A transaction by hand, for who writes another store along with it. Ends with commit or
 * abort (NULL is fine); ERR_BUSY from either: do the work again, the map had to grow.
 */
NODISCARD int graph_txn_begin(struct store *store, const struct graph_options *options,
	struct graph_txn **out, struct err_msg *msg);
/** Derives what changed, commits and frees. */
NODISCARD int graph_txn_commit(struct graph_txn *g, struct err_msg *msg);
void graph_txn_abort(struct graph_txn *g);

/**
 * Merges one verified statement; edges follow when the transaction ends.
 * @param jws what statement_open accepted; @param first_seen_s now, or the kept value for
 * restore and site peers (of several the earliest counts).
 * @return 0 with *outcome set, or an error of the store, which sticks.
 */
NODISCARD int graph_add(struct graph_txn *g, struct slice jws, const struct statement *st,
	uint64_t first_seen_s, enum graph_outcome *outcome, struct err_msg *msg);

/**
 * As graph_add, for what is fetched when a local user or the administrator first befriends the
 * issuer: his vouches need no room under the fresh rule. Not for an issuer met as a middleman,
 * nor for anything later. One that is known already, and held, is no longer.
 */
NODISCARD int graph_add_exempt(struct graph_txn *g, struct slice jws,
	const struct statement *st, uint64_t first_seen_s, enum graph_outcome *outcome,
	struct err_msg *msg);

/**
 * True when the fresh rule holds back the vouches of this statement's register; false for all
 * that is no vouch.
 */
bool graph_is_held(struct graph_txn *g, const struct statement *st);

/** Refuses an id for good, and erases the statement where it is there. */
NODISCARD int graph_bury(struct graph_txn *g, const struct digest *id, struct err_msg *msg);

/** Marks an identity as hosted here (a local user), or as the site itself. */
NODISCARD int graph_set_hosted(
	struct graph_txn *g, const struct thumbprint *identity, struct err_msg *msg);
NODISCARD int graph_set_site(
	struct graph_txn *g, const struct thumbprint *identity, struct err_msg *msg);

/** A new epoch, for a graph that was put back from a backup. */
NODISCARD int graph_set_epoch(struct graph_txn *g, uint64_t epoch, struct err_msg *msg);

/** The greatest seq of a register, 0 where there is none: the next statement takes one more. */
NODISCARD int graph_last_seq(struct graph_txn *g, const struct thumbprint *iss,
	enum statement_act act, const struct principal *sub, uint64_t *seq_out);

/**
 * Drops everything derived and makes it anew; same transaction. Numbers of principals change.
 * @return 0; ERR_CORRUPT when a kept record is damaged (msg names it).
 */
NODISCARD int graph_rebuild(struct graph_txn *g, struct err_msg *msg);

/** A stored statement. */
struct graph_record {
	struct digest id;
	uint64_t number; /**< order of receipt here, from 1 */
	uint64_t first_seen_s;
	struct slice jws; /**< borrowed for the call */
};

/** @return 0 to go on, anything else stops and is returned. */
typedef int graph_visit_fn(void *ctx, const struct graph_record *record);

/** Visits the stored statements in order of receipt, those with a number above `after`. */
NODISCARD int graph_visit(
	struct graph_reader *r, uint64_t after, graph_visit_fn *visit, void *ctx);

/**
 * Visits the statements in force of one issuer, revocations included, those that wait for a
 * certificate not; in no order that matters.
 */
NODISCARD int graph_visit_issuer(struct graph_reader *r, const struct thumbprint *issuer,
	graph_visit_fn *visit, void *ctx);

/**
 * The statement in force of a register.
 * @return 0, ERR_NOTFOUND. The jws is borrowed until graph_end.
 */
NODISCARD int graph_get_register(struct graph_reader *r, const struct thumbprint *issuer,
	enum statement_act act, const struct principal *subject, struct graph_record *out);

/** One statement by id. @return 0, ERR_NOTFOUND. The jws is borrowed until graph_end. */
NODISCARD int graph_get(
	struct graph_reader *r, const struct digest *id, struct graph_record *out);

#endif

/*
 * graph_txn.h - the inside of a graph transaction, shared by the files that write; private to
 * common/graph.
 *
 *	graph_merge.c      statements in: registers
 *	graph_quota.c      what an issuer has too much of
 *	graph_foresee.c    what would become of a statement
 *	graph_waiting.c    the lists of those whose key is not certified yet
 *	graph_index.c      the records of one statement and the lists it stands in
 *	graph_fresh.c      which vouches wait for room under the fresh rule
 *	graph_belief.c     what is believed of one issuer
 *	graph_guardians.c  who guards an identity, and whether they stopped it
 *	graph_succeed.c    who continues an identity
 *	graph_derive.c     edges and identities of the issuers that changed
 *	graph_rebuild.c    everything derived, anew
 *	graph_feed.c       what came and went, in order
 *	graph_interest.c   whom local users befriend
 *	graph_peer.c, graph_exchange.c  peers, and what was exchanged with them
 *
 * Errors stick in the store's transaction, so most functions return nothing and are
 * checked at the end.
 */
#ifndef COMMON_GRAPH_GRAPH_TXN_H
#define COMMON_GRAPH_GRAPH_TXN_H

#include "common/graph/graph_schema.h"

/** An edge about to be stored, with what decides between two statements for it. */
struct graph_candidate {
	struct graph_edge edge;
	uint64_t iat_s;
	struct digest id;
};

/** As many edges as one issuer may have; the stored ones and the new ones are compared. */
struct graph_scratch {
	struct graph_candidate fresh[GRAPH_QUOTA_VOUCHES];
	struct graph_edge stored[GRAPH_QUOTA_VOUCHES];
};

struct graph_txn {
	struct store_txn *txn;
	bool fold_local_part;
	uint32_t fresh_vouches;
	uint64_t fresh_window_s;
	uint32_t warnings;
	uint64_t warn_window_s;
	bool is_exempt;       /* from the fresh rule: what is being added */
	uint64_t last_number; /* of receipt */
	graph_node last_node;
	bool has_dirty;
	struct digest last_dirty;      /* the issuer marked last */
	struct graph_scratch *scratch; /* owned */
};

/**
 * Begins on a write transaction (borrowed).
 * @return 0, ERR_NOMEM, ERR_NOTREADY before graph_create, the store's.
 */
NODISCARD int graph_txn_init(struct graph_txn *g, struct store_txn *txn,
	const struct graph_options *options, struct err_msg *msg);
/** Derives what changed and stores the counters. @return 0 or the sticky error. */
NODISCARD int graph_txn_finish(struct graph_txn *g, struct err_msg *msg);
void graph_txn_fini(struct graph_txn *g);

/** The sticky error with words in msg, or 0. */
NODISCARD int graph_txn_check(const struct graph_txn *g, struct err_msg *msg);

/* Numbers in the table `state`. False, and out untouched, where there is none. */
bool graph_state_get(struct store_txn *txn, struct slice key, uint64_t *out);
void graph_state_put(struct store_txn *txn, struct slice key, uint64_t number);

/* graph_feed.c */

/** Notes that a statement left the graph. */
void graph_note_dropped(struct graph_txn *g, const struct graph_fact *fact);

/* graph_index.c */

/** What of a statement decides; the subject as it is written. */
void graph_fact_of(const struct statement *st, uint64_t first_seen_s, struct graph_fact *out);

/** Reads a fact. False where there is none; damage sticks. */
bool graph_fact_get(struct store_txn *txn, const struct digest *id, struct graph_fact *out);

/** The statement in force of a register. False where there is none. */
bool graph_register_get(struct store_txn *txn, const struct digest *reg, struct digest *id_out,
	uint64_t *seq_out);

enum graph_class graph_class_of(enum statement_act act);

/** True when the fact is to replace what stands in its register: greater seq, then greater id. */
bool graph_is_newer(const struct graph_fact *fact, const struct digest *id, uint64_t seq);

/** Stores statement, number and fact. */
void graph_index_store(
	struct graph_txn *g, const struct graph_fact *fact, struct slice jws, uint64_t number);

/** Stores number and fact of a statement that is there. */
void graph_index_describe(struct graph_txn *g, const struct graph_fact *fact, uint64_t number);

/** Enters a stored statement into the list of its class and, where it has one, its register. */
void graph_index_enter(struct graph_txn *g, const struct graph_fact *fact);

/** Takes a statement out of everything but its register's memory. */
void graph_index_drop(struct graph_txn *g, const struct graph_fact *fact);

/** As graph_index_drop, and forgets what was remembered for its register. */
void graph_index_forget(struct graph_txn *g, const struct graph_fact *fact);

/** Remembers since when a register's edge, or a device's certificate, was seen. */
void graph_index_remember(struct graph_txn *g, const struct graph_fact *fact);

/** Gives a stored statement an earlier first-seen; the records follow by storing it. */
void graph_index_redate(struct graph_txn *g, struct graph_fact *fact, uint64_t first_seen_s);

/** Notes that the issuer's edges have to be derived anew. */
void graph_mark_dirty(struct graph_txn *g, const struct digest *issuer);

/** True when the root has certified the key at any time. */
bool graph_is_certified(
	struct store_txn *txn, const struct digest *issuer, const struct digest *key);

/** True for an identity of a local user, or the site's. */
bool graph_identity_is_hosted(struct store_txn *txn, const struct digest *issuer);

/** A principal's number and place, made when it is new; GRAPH_NONE with a sticky error. */
struct graph_ref graph_intern(struct graph_txn *g, const struct principal *p);

/* graph_fresh.c */

/**
 * A vouch was attested (level 1 or more, and it takes part): gives it room under the fresh rule
 * where it has none yet and there is some, or holds it; one that is exempt needs none.
 */
void graph_fresh_attest(struct graph_txn *g, const struct graph_fact *fact);

/** True while the vouch of a fact's register waits for room; false for all that is no vouch. */
bool graph_fresh_is_held(struct store_txn *txn, const struct graph_fact *fact);

/* graph_quota.c */

/** How many statements of a class an issuer, or a signer that waits, may have. */
uint64_t graph_quota(enum graph_class class);

/** Lets go what a quota has no room for. @return true when that is the statement itself */
bool graph_quota_evict(struct graph_txn *g, const struct graph_fact *fact);

/* graph_waiting.c */

/** The class of a statement whose key is not certified. */
enum graph_class graph_waiting_class(const struct graph_fact *fact);

/** False for a waiting statement of one key too many. True for all others. */
bool graph_waiting_has_room(struct graph_txn *g, const struct graph_fact *fact);

/** Notes, and forgets with its last statement, that a key waits; nothing for other classes. */
void graph_waiting_enter(struct graph_txn *g, const struct graph_fact *fact);
void graph_waiting_drop(struct graph_txn *g, const struct graph_fact *fact);

/** Ids of what waits in a class for this key's certificate. @return how many */
size_t graph_waiting_list(struct graph_txn *g, const struct digest *issuer,
	const struct digest *key, enum graph_class class,
	struct digest out[GRAPH_QUOTA_WAITING]);

/* graph_belief.c */

struct graph_belief {
	struct store_txn *txn;
	struct digest issuer;
	uint64_t identity_since_s; /* from when it says nothing more; UINT64_MAX: it speaks */
	uint64_t revoked_since_s;  /* by its root; UINT64_MAX: not */
	bool is_hosted;
	size_t count;
	struct graph_revoked {
		struct digest what; /* a key or a statement */
		uint64_t since_s;
		bool is_key;
		bool by_root;
	} revoked[GRAPH_QUOTA_REVOCATIONS];
};

/** Reads the issuer's own revocations; it says nothing from end_s on, UINT64_MAX: no such end. */
void graph_belief_load(struct graph_belief *b, struct store_txn *txn,
	const struct digest *issuer, uint64_t end_s);

/** True when a statement with this id, signed by this key and first seen then, counts. */
bool graph_believes(const struct graph_belief *b, const struct digest *signer,
	const struct digest *id, uint64_t first_seen_s);

/** When a register was first written by a signer who is believed. False: never. */
bool graph_believed_since(
	const struct graph_belief *b, const struct digest *reg, uint64_t *since_out);

/* graph_guardians.c */

/** Remembers whom an `identity` statement names as guardians; nothing for other acts. */
void graph_guardians_remember(
	struct graph_txn *g, const struct graph_fact *fact, const struct statement *st);

/**
 * True when its guardians stopped the identity of `self`, which is its own word alone (loaded
 * without an end); *since_out is from when. Whether a guardian was stopped by guardians of his
 * own plays no part: two who guard each other must not hang on each other.
 */
bool graph_guardians_stop(const struct graph_belief *self, uint64_t *since_out);

/* graph_succeed.c */

/** True when another identity continues the issuer; *since_out is when that was first seen. */
bool graph_successor_of(struct store_txn *txn, const struct digest *issuer,
	struct digest *successor_out, uint64_t *since_out);

/**
 * Keeps the identities' lists of whom they continue.
 * @param before, after the successors, GRAPH_NONE: none
 */
void graph_formers_change(
	struct graph_txn *g, graph_node node, graph_node before, graph_node after);

/** Notes that those whom the issuer guards or continues are to be derived anew. */
void graph_touch_subjects(struct graph_txn *g, const struct digest *issuer);

/* graph_derive.c */

typedef void graph_issuer_fn(struct graph_txn *g, const struct digest *issuer);

/**
 * Visits the issuers of a table that has one issuer as its whole key; `visit` must not change
 * it.
 */
void graph_each_issuer(struct graph_txn *g, enum graph_table table, graph_issuer_fn *visit);

/** Makes the edges of every issuer marked dirty. */
void graph_derive_dirty(struct graph_txn *g);

#endif

/*
 * graph.h - the web of trust as it is looked up: principals, edges, bindings, keys.
 *
 * The graph is derived from statements (graph_merge.h writes, this header reads) and
 * lives in one store. A principal is interned as a 32-bit number (graph_node); edges are
 * kept twice, as `out` (issuer -> subject) and `in` (subject -> issuer), each list sorted
 * by the other end's digest, whose first bytes are in the record, so that "which of my
 * friends vouch for this sender" is one merge of two sorted lists (walk the shorter, seek in
 * the longer), and the order is the same on every machine, however it numbers its principals.
 *
 * A reader is made once per thread and reused: graph_begin() renews its snapshot,
 * graph_end() gives it back. Nothing here allocates, writes or asks for the time. Errors of
 * the store are sticky in the reader: after one, every lookup answers "nothing found",
 * and graph_error() tells, so a damaged store can only lead to Unknown.
 *
 * Which edges are there: only those of live statements, that is of the register's newest
 * statement, level 1 or more, signed by the issuer's root or by a device whose certificate was
 * in force when the statement was first seen here, not revoked. Expiry depends on the time of
 * asking: edges carry `exp`, and the caller compares (graph_edge_is_live).
 */
#ifndef COMMON_GRAPH_GRAPH_H
#define COMMON_GRAPH_GRAPH_H

#include "common/base/digest.h"
#include "common/base/err.h"
#include "common/base/order_filter.h"
#include "common/statement/identity.h"
#include "common/statement/principal.h"
#include "common/statement/statement.h"
#include "common/store/store.h"

/**
 * Number of an interned principal; 0 is "none". Changes with a rebuild, so never stored
 * elsewhere.
 */
typedef uint32_t graph_node;

#define GRAPH_NONE ((graph_node)0)

/**
 * A principal's place in lists: by `order`, the first 8 bytes of its digest read as a
 * big-endian number, then (which takes two digests that begin alike) by number.
 */
struct graph_ref {
	uint64_t order;
	graph_node node;
};

static inline uint64_t
graph_order_of(const struct digest *digest)
{
	uint64_t order = 0;

	for (size_t i = 0; i < sizeof(order); i++) {
		order = order << 8 | digest->bytes[i];
	}
	return order;
}

/** Negative, 0 or positive, as a comes before, is, or comes after b. */
static inline int
graph_ref_cmp(struct graph_ref a, struct graph_ref b)
{
	if (a.order != b.order) {
		return a.order < b.order ? -1 : 1;
	}
	return a.node < b.node ? -1 : a.node > b.node;
}

struct graph_reader;

enum graph_direction {
	GRAPH_OUT,        /**< vouches made by the node */
	GRAPH_IN,         /**< vouches for the node */
	GRAPH_BLOCKS_OUT, /**< blocks made by the node */
	GRAPH_BLOCKS_IN,  /**< blocks against the node */
	GRAPH_WARNS_IN,   /**< warnings about the node */
	GRAPH_COLLEAGUES, /**< of GRAPH_NONE: all identities hosted here, the site's included */
};

#define GRAPH_EDGE_OPEN 0x01 /**< its statement has `aud: open` and may be named in mail */
#define GRAPH_EDGE_HELD \
	0x02 /**< beyond the fresh rule, or its issuer's warnings: does not count (graph_merge.h) */
#define GRAPH_EDGE_HOSTED 0x04 /**< its issuer is an identity hosted here */

struct graph_edge {
	uint64_t order;        /**< of the peer: see graph_ref */
	graph_node peer;       /**< the other end */
	uint8_t level;         /**< 1 to 3 (blocks: 1) */
	uint8_t flags;         /**< GRAPH_EDGE_* */
	uint32_t first_seen_s; /**< receipt clock of this site; of the edge: renewals keep it */
	uint32_t exp_s;        /**< not live from then on */
};

static inline bool
graph_edge_is_live(const struct graph_edge *edge, uint64_t now_s)
{
	return now_s < edge->exp_s;
}

static inline struct graph_ref
graph_edge_ref(const struct graph_edge *edge)
{
	return (struct graph_ref){edge->order, edge->peer};
}

/** A position in one sorted list. On the stack; fields are private; good until graph_end. */
struct graph_cursor {
	struct graph_reader *reader;
	struct store_cursor *cursor;
	enum graph_direction dir;
	graph_node node;
	struct slice run; /* records at hand */
	size_t at;        /* offset of the next one in it */
	uint64_t count;   /* of the whole list; read it with graph_list_count() */
	bool is_whole;    /* the run is the whole list */
};

/**
 * Makes a reader of an open store (borrowed, must outlive it).
 * @return 0; ERR_NOMEM; ERR_VERSION when the schema is newer; ERR_NOTFOUND when the store holds
 * no graph.
 */
NODISCARD int graph_reader_new(
	struct store *store, struct graph_reader **out, struct err_msg *msg);
void graph_reader_free(struct graph_reader *r);

/** Takes a fresh snapshot and clears the error. @return 0 or what the store said. */
NODISCARD int graph_begin(struct graph_reader *r);
void graph_end(struct graph_reader *r);

/** 0, or the first error since graph_begin. */
NODISCARD int graph_error(const struct graph_reader *r);

/** The number of a principal, GRAPH_NONE where the graph has never heard of it. */
graph_node graph_find(struct graph_reader *r, const struct principal *p);
graph_node graph_find_digest(struct graph_reader *r, const struct digest *digest);

/** As graph_find() for an identity that is known to be well formed; also gives its digest. */
graph_node graph_find_identity(
	struct graph_reader *r, const struct thumbprint *identity, struct digest *digest_out);

/** Digest and text of a node; the slice is borrowed until graph_end. False where there is none. */
bool graph_digest_of(struct graph_reader *r, graph_node node, struct digest *out);
bool graph_text_of(struct graph_reader *r, graph_node node, struct slice *out);

/** The place of a node in lists, one look-up; of GRAPH_NONE or an unknown one {0, GRAPH_NONE}. */
struct graph_ref graph_ref_of(struct graph_reader *r, graph_node node);

/** One edge. False where there is none. */
bool graph_edge_get(struct graph_reader *r, enum graph_direction dir, graph_node from,
	struct graph_ref to, struct graph_edge *out);

/** Number of edges in a list, expired ones included; O(1). */
uint64_t graph_degree(struct graph_reader *r, enum graph_direction dir, graph_node node);

/** Starts on the list of `node`, which is looked up once; then graph_next or graph_seek. */
void graph_list(struct graph_reader *r, enum graph_direction dir, graph_node node,
	struct graph_cursor *c);

/** Lists of one graph_expect(). */
#define GRAPH_EXPECT_MAX STORE_PEEK_MAX

/**
 * Says which lists will be started next: they are looked up together, in much less time than one
 * after the other. What was expected before is forgotten. Changes no answer.
 */
void graph_expect(struct graph_reader *r, enum graph_direction dir, const graph_node *nodes,
	size_t count);

/** The same for digests (and texts, and places) of nodes that are asked for next. */
void graph_expect_digests(struct graph_reader *r, const graph_node *nodes, size_t count);

/** Number of edges in the cursor's list, expired ones included. */
static inline uint64_t
graph_list_count(const struct graph_cursor *c)
{
	return c->count;
}

/** The next edge in ascending order of the peer's digest. False at the end. */
bool graph_next(struct graph_cursor *c, struct graph_edge *out);

/**
 * The first edge whose peer is at or after `peer`; may only move forward. False when there is
 * none.
 */
bool graph_seek(struct graph_cursor *c, struct graph_ref peer, struct graph_edge *out);

/**
 * An edge whose peer stands in the array, at `index`; or, with the array's size as index, one
 * that is there because its issuer is hosted here. @return false to stop.
 */
typedef bool graph_common_fn(void *ctx, size_t index, const struct graph_edge *edge);

/** What graph_list_common() looks for. */
struct graph_wanted {
	const struct graph_ref *refs; /**< ascending, each once */
	size_t count;
	const struct order_filter *filter; /**< has all of refs */
	bool or_hosted;                    /**< of a list of issuers: those hosted here, too */
};

/**
 * Visits, in ascending order, those edges of a list just started that are wanted; dead ones,
 * too. Records are compared where they lie, and only taken apart when they are wanted.
 * @param steps_left counts down by one a record looked at, or a search; at 0 it ends.
 */
void graph_list_common(struct graph_cursor *c, const struct graph_wanted *wanted,
	size_t *steps_left, graph_common_fn *visit, void *ctx);

/** The peers of a list just started, dead ones included, at most cap. @return how many. */
size_t graph_list_refs(struct graph_cursor *c, struct graph_ref *out, size_t cap);

/** Gives the cursor back to the reader's pool; a cursor never started is fine. */
void graph_cursor_close(struct graph_cursor *c);

/**
 * At most this many identities are reported to bind one address; more count as contradiction
 * anyway.
 */
#define GRAPH_BINDINGS_MAX 4

struct graph_binding {
	graph_node identity;
	bool hosted; /**< the identity is a user of this site, so its bind is our own word */
	uint32_t exp_s;
};

/**
 * Identities with a live, signed `bind` of this address. A binding is a claim: whether it
 * has effect is the caller's decision (DESIGN 3).
 * @return how many were written to out.
 */
size_t graph_bindings(struct graph_reader *r, graph_node address,
	struct graph_binding out[GRAPH_BINDINGS_MAX]);

/** Does the identity bind this address, as of now_s? A claim all the same; one look-up. */
bool graph_claims(
	struct graph_reader *r, graph_node identity, graph_node address, uint64_t now_s);

/** How well founded a binding is to the caller; 0: a claim like any other. */
typedef unsigned int graph_binding_rank_fn(void *ctx, graph_node identity);

/**
 * The same of an address that more identities claim: those of highest rank, so that no number
 * of claims crowds out a better one. `rank` is asked only where there are more than
 * GRAPH_BINDINGS_MAX.
 */
size_t graph_bindings_ranked(struct graph_reader *r, graph_node address,
	graph_binding_rank_fn *rank, void *ctx, struct graph_binding out[GRAPH_BINDINGS_MAX]);

/** The key that countersigned the binding of an address, whoever's it is; false: none did. */
bool graph_countersigner(struct graph_reader *r, graph_node identity, graph_node address,
	struct thumbprint *key_out);

/**
 * The keys that speak for an identity: its root and its devices, without those revoked.
 * @return how many.
 */
#define GRAPH_SPEAKING_MAX 17
size_t graph_speaking_keys(struct graph_reader *r, const struct thumbprint *identity,
	struct thumbprint out[GRAPH_SPEAKING_MAX]);

/**
 * True when the live binding of the address by the identity was countersigned by a key that spoke
 * for `domain_identity` then. Only a binding that spells the address as principals are compared
 * counts.
 */
bool graph_is_countersigned(struct graph_reader *r, graph_node identity, graph_node address,
	const struct thumbprint *domain_identity);

/** Addresses an identity binds, at most cap, ascending by digest. @return how many were written. */
size_t graph_bound_addresses(
	struct graph_reader *r, graph_node identity, graph_node *out, size_t cap);

/**
 * True when the identity is revoked by its root, or stopped by its guardians, as of now_s;
 * *since_out (may be NULL) is from when. Other principals cannot be revoked: what their keys
 * signed loses its edges instead.
 */
bool graph_is_revoked(
	struct graph_reader *r, graph_node node, uint64_t now_s, uint64_t *since_out);

/** How an identity ended, or did not; times are 0 where that did not happen. */
struct graph_fate {
	uint64_t revoked_since_s;   /**< by its root */
	uint64_t guarded_since_s;   /**< stopped by its guardians */
	uint64_t soft_until_s;      /**< until then they may take that back */
	uint64_t succeeded_since_s; /**< its successor was first seen then */
	graph_node successor;
};

void graph_fate(struct graph_reader *r, graph_node identity, struct graph_fate *out);

/** Whom an identity names as its guardians, and from when on they count. */
struct graph_guard_list {
	struct thumbprint who[STATEMENT_GUARDIANS_MAX];
	uint8_t count;
	uint8_t needed;
	uint64_t effective_s; /**< 0: they are in effect */
};

/** At most this many: the guardians in effect, and changes to come. */
#define GRAPH_GUARD_LISTS_MAX 9

/** @return how many lists were written, in the order they take effect. */
size_t graph_guard_lists(struct graph_reader *r, const struct thumbprint *identity,
	uint64_t now_s, struct graph_guard_list out[GRAPH_GUARD_LISTS_MAX]);

/** The successor an identity committed to first. False where none is known, or none was named. */
bool graph_committed_next(
	struct graph_reader *r, const struct thumbprint *identity, struct thumbprint *out);

/** True when the root is that key, or ever certified it here: who may speak for the identity. */
bool graph_knows_key(struct graph_reader *r, const struct thumbprint *identity,
	const struct thumbprint *key);

/** Successions are followed so far; longer chains end in the identity reached. */
#define GRAPH_FORMERS_MAX 8

/**
 * The identity that a node continues as: itself, or its last successor. Whatever was said by the
 * old one, or of it, counts as said by this one or of it. Nodes that are no identity stay
 * as they are.
 */
graph_node graph_current(struct graph_reader *r, graph_node node);

/** All identities that this one continues, at most GRAPH_FORMERS_MAX. @return how many. */
size_t graph_formers(
	struct graph_reader *r, graph_node identity, graph_node out[GRAPH_FORMERS_MAX]);

/**
 * True when the identity vouched for one of these principals (digests, as they are compared),
 * and no such vouch was signed by a key that is believed for the time when it was first seen
 * here: a thief's word. False where it never did, and where what it said is merely withdrawn or
 * expired. Looks at nothing but the identity's own revocations for nearly everybody, else at
 * GRAPH_QUOTA_VOUCHES facts.
 */
bool graph_vouch_is_void(struct graph_reader *r, graph_node identity,
	const struct digest *subjects, size_t count);

/** The site's own identity, GRAPH_NONE before `trustctl init`. */
graph_node graph_site(struct graph_reader *r);

/** True for identities of local users (and the site). */
bool graph_is_hosted(struct graph_reader *r, graph_node identity);

/**
 * True when the newest live `identity` statement of the identity has the policy `signs:
 * always`.
 */
bool graph_signs_always(struct graph_reader *r, graph_node identity);

/** Drawn at creation and at restore: a peer's position in our feed is good for one epoch. */
uint64_t graph_epoch(struct graph_reader *r);

/** True when no identity continues another: graph_current() and graph_formers() change nothing. */
bool graph_has_no_formers(struct graph_reader *r);

/** True when there is not a single edge: an empty graph must not file all mail as spam. */
bool graph_is_empty(struct graph_reader *r);

struct graph_stats {
	uint64_t statements;
	uint64_t principals;
	uint64_t edges;
	uint64_t blocks;
	uint64_t revocations;
	uint64_t tombstones;
};

NODISCARD int graph_stats(struct graph_reader *r, struct graph_stats *out);

#endif

/*
 * node_private.h - the inside of a node, shared by the files that make it up; for them alone.
 *
 *	node.c       making one, time, changes from outside
 *	node_peers.c peers: finding, adding, what passed between us
 *	node_write.c the one way into the store
 *	serve.c      requests that come in
 *	admission.c, checks.c, merge.c  statements that come in: see batch.h
 *	follow.c     what a merge, ours or another process's, brings about
 *	sync.c       asking a peer: feed, reconciliation, fetching
 *	push.c       what has to be everywhere at once
 */
#ifndef GOSSIP_NODE_PRIVATE_H
#define GOSSIP_NODE_PRIVATE_H

#include "common/graph/graph_exchange.h"
#include "common/graph/graph_interest.h"
#include "gossip/actions.h"
#include "gossip/lines.h"
#include "gossip/offer.h"
#include "gossip/passing.h"
#include "gossip/scope.h"
#include "gossip/target.h"

/** Ids a reconciliation may bring before they are fetched: 2 MiB. */
#define SYNC_NEEDS_MAX  65536
/** Ids of ours the peer lacks, looked at per reconciliation. */
#define SYNC_HAVES_MAX  4096
/** Ids that came into scope and are to be fetched, per peer; the repair finds those beyond. */
#define SYNC_WANTED_MAX 4096
/** Urgent ids under way to one peer; those beyond go by the feed. */
#define PUSH_MAX        1024
/** Wanted ids remembered per peer: a peer with much that concerns nobody here fills no disk. */
#define PEER_WANTED_MAX 100000
/** Changes of `exchange` that wait for the next transaction; one of its own is made beyond. */
#define PENDING_MAX     8192
/** How often counters are written, expired statements looked for, and other processes' changes. */
#define MAINTAIN_MS     60000

enum sync_state {
	SYNC_IDLE,      /**< entered when level, or after a failure; left when due */
	SYNC_NODE,      /**< asked who it is and where its feed stands */
	SYNC_RECONCILE, /**< a message of the reconciliation is on its way */
	SYNC_FETCH,     /**< asked for statements by id */
	SYNC_RETURN,    /**< pushes what the peer lost */
	SYNC_FEED,      /**< asked for a page */
	SYNC_MERGE,     /**< what came is being admitted */
};

struct digest_list {
	struct digest *list; /* owned */
	size_t count;
	size_t cap;
	size_t max;
};

/* One round of asking a peer. */
struct sync {
	enum sync_state state;
	enum sync_state then; /* where to go on after SYNC_MERGE */
	uint64_t due_ms;
	uint64_t token;    /* of the request on its way, 0 without one */
	bool want_repair;  /* at the next chance */
	bool is_repairing; /* between SYNC_NODE and the feed */
	bool is_first_page; /* the page under way comes before the repair, for what is urgent in it */
	bool is_progress; /* the run brought something new */
	unsigned int messages;
	unsigned int runs;
	struct node_info info;
	struct digest_list needs;
	struct digest_list wanted;
	struct item *haves; /* owned */
	size_t have_count;
	size_t asked; /* ids of the fetch, or items of the push, on their way */
	struct item returned[LINES_MAX]; /* the latter */
	bool is_more;                    /* the run found more than it could remember */
};

/* What is on its way to a peer at once. */
struct push {
	struct digest ids[PUSH_MAX];
	size_t count;
	size_t sent; /* the first so many are on their way */
	uint64_t token;
	uint64_t due_ms;
	uint32_t failures;
};

/* The last page served, until the peer shows that it has it. */
struct served_page {
	uint64_t next;
	size_t count;
	struct item items[LINES_MAX];
};

struct peer {
	struct graph_peer rec;
	bool is_dirty; /* rec differs from the store */
	struct item_tree
		items; /* what is reconciled: came from, went to, or was refused to it */
	size_t wanted_count;
	uint32_t said; /* bits of enum peer_word, forgotten with the hour */
	struct sync sync;
	struct push push;
	uint64_t passed_hour_s; /* hour of the peer's budget that `passed` is of */
	uint32_t passed;        /* revocations that it brought for others */
	struct served_page page;
};

/* What is said of a peer once an hour. */
enum peer_word {
	WORD_FAILED = 1 << 0,
	WORD_BUDGET = 1 << 1,
	WORD_CONFLICT = 1 << 2,
	WORD_MALFORMED = 1 << 3,
	WORD_FULL = 1 << 4,
};

/** Friends who are being fetched for the first time, and how long that may take. */
#define FIRST_FETCH_MAX 256
#define FIRST_FETCH_MS  600000

struct first_fetch {
	struct digest issuer;
	uint64_t until_ms;
};

struct pending {
	struct graph_exchange item;
	bool is_removed;
};

struct batch;

/**
 * Batches that share a transaction: some 1,000 statements keep the loop for a tenth of a
 * second.
 */
#define ADMISSION_GROUP_MAX 4

/* What the statements of a transaction may bring into scope. */
struct follow {
	size_t merged;
	struct thumbprint issuers[ADMISSION_GROUP_MAX * LINES_MAX];
	size_t issuer_count;
	struct scope_claim claims[ADMISSION_GROUP_MAX * LINES_MAX];
	size_t claim_count;
};

/*
 * The newest urgent statements here. A page of the feed begins with those that lie behind what
 * is asked for: whoever was away takes in that a key was stolen with the first page, not after
 * those of the thief.
 */
#define URGENT_MAX 256

struct urgent {
	uint64_t number;
	struct digest id;
};

struct node {
	struct node_config config;
	struct graph_reader *reader;
	struct node_time now; /* of the call under way */
	struct actions actions;
	struct peer *peers[GRAPH_PEERS_MAX]; /* owned, by number */
	size_t peer_count;
	struct offer offer;
	struct passing passing;
	struct scope *scope;
	uint64_t interest_version;
	struct digest_list grown;  /* principals new in scope */
	struct digest_list claims; /* at the start: ids of binds whose key waits */
	struct pending *pending;   /* owned */
	size_t pending_count;
	size_t pending_cap;
	bool is_reading; /* the reader holds a snapshot: nothing can be written */
	struct first_fetch first_fetch[FIRST_FETCH_MAX]; /* a ring */
	size_t first_fetch_next;
	struct urgent urgent[URGENT_MAX]; /* a ring */
	size_t urgent_count;              /* remembered so far, forgotten ones too */
	struct batch *batches;            /* those whose signatures are being checked */
	size_t deferred;                  /* of them, answers to requests */
	size_t checking;                  /* those with signatures out */
	size_t ready;                     /* those that wait for the others */
	struct follow follow;
	uint64_t last_token;
	uint64_t maintain_ms;
	uint64_t scope_loaded_s;
	size_t arrivals;       /* statements the trees took in at the last look */
	bool is_scope_stale;   /* some of them were not ours to follow: another process wrote */
	bool is_write_failing; /* said already */
};

/* node.c */

void node_log(struct node *node, enum node_log_level level, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/** Logs a line about a peer unless the word was said this hour. */
void node_say(struct node *node, struct peer *peer, enum peer_word word, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/**
 * Queues a request to a peer under a new token. @param target NULL: the endpoint's path.
 * @return the action; NULL when there is no memory.
 */
struct actions_entry *node_send(struct node *node, const struct peer *peer,
	enum target_endpoint endpoint, const char *target, struct slice body);
/** A random time around `ms`: between three quarters and five quarters of it. */
uint64_t node_jitter(struct node *node, uint64_t ms);
int digest_list_add(struct digest_list *list, const struct digest *digest);
void digest_list_fini(struct digest_list *list);

/* node_peers.c */

NODISCARD int peers_load(struct node *node, struct err_msg *msg);
void peers_free(struct node *node);
struct peer *peer_by_pin(const struct node *node, const struct digest *pin);
struct peer *peer_by_number(const struct node *node, uint32_t number);
/** Remembers that an id passed; beyond items_max the oldest is forgotten. */
void peer_note(struct node *node, struct peer *peer, const struct item *item, uint8_t flags);
void peer_forget(struct node *node, struct peer *peer, const struct item *item);
bool peer_has(const struct peer *peer, const struct item *item);
/** False while it is paused or closed: nothing is asked of it. */
bool peer_is_open(const struct node *node, const struct peer *peer);
/** Counts rubbish; closes the peer with the third of an hour. */
void peer_strike(struct node *node, struct peer *peer, const char *what);

/* node_write.c */

/** Work inside a transaction, which may run more than once; see graph_update_fn. */
NODISCARD int node_write(struct node *node, graph_update_fn *work, void *ctx);
/** Writes what waits for a transaction, if anything does. */
void node_flush(struct node *node);
/** Takes a snapshot; until it is given back nothing can be written. @return what the store says. */
NODISCARD int node_begin(struct node *node);
void node_end(struct node *node);

/* admission.c */

enum batch_origin {
	BATCH_FEED,
	BATCH_FETCH,
	BATCH_PUSH,
};

/** Where statements came from, and what is to happen at the end. */
struct batch_source {
	struct peer *peer;
	enum batch_origin origin;
	uint64_t request;    /* BATCH_PUSH: to be answered */
	struct feed_end end; /* BATCH_FEED */
};

/** Takes the lines of a body, which is copied. @return 0, ERR_NOMEM. */
NODISCARD int admission_start(struct node *node, const struct batch_source *source,
	struct slice body, const struct lines *lines);
void admission_free_all(struct node *node);
void admission_request_gone(struct node *node, uint64_t id);

/* serve.c */

void serve_answer(struct node *node, uint64_t id, unsigned int status, struct slice body);
/** Answers a push with one word per statement. */
void serve_outcomes(struct node *node, struct peer *peer, uint64_t id,
	const unsigned int *outcomes, size_t count);

/* follow.c */

/** Loads offer and scope. */
NODISCARD int follow_load(struct node *node, struct err_msg *msg);
/** Begins anew with what a transaction merged. */
void follow_begin(struct node *node);
/** Adds a statement of it. */
void follow_add(struct node *node, const struct statement *st);
/** What a bind claims. False when it is none. */
bool follow_claim(const struct node *node, const struct statement *st, struct scope_claim *out);
/** After a merge: trees, urgent pushes, scope, and what is wanted now. */
void follow_changes(struct node *node);
/** As follow_changes, when others may have written anything. */
void follow_others(struct node *node);
/** Notes a principal whose coming may let refused statements in. */
void follow_grown(void *ctx, const struct digest *principal);

/* sync.c */

/** Begins what is due. */
void sync_run(struct node *node, struct peer *peer);
void sync_result(struct node *node, struct peer *peer, const struct node_result *result);
/**
 * The admission of what came is over.
 * @param is_stored false: the store failed or the hour is spent.
 */
void sync_merged(struct node *node, struct peer *peer, bool is_stored, size_t fresh);
/** Makes the peer due now. */
void sync_soon(struct node *node, struct peer *peer);
void sync_fini(struct sync *sync);

/* push.c */

/** Queues an urgent statement for every peer that may have it and is not known to. */
void push_everywhere(struct node *node, const struct graph_item *item);
/**
 * Takes in a verified revocation out of scope, from a peer, and queues it for the others, once
 * per id.
 */
void push_pass(struct node *node, const struct peer *from, const struct statement *st,
	struct slice jws);
void push_run(struct node *node, struct peer *peer);
void push_result(struct node *node, struct peer *peer, const struct node_result *result);
/** True for acts that have to be everywhere at once. */
bool push_is_urgent(enum statement_act act);

/** What a failed request says of the peer. */
enum graph_peer_state node_state_of(const struct node_result *result);

#endif

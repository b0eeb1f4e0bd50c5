/*
 * node.h - the gossip node: everything it decides, and nothing it touches.
 *
 * A node is an engine in the sense of CONTRIBUTING: requests, answers, time and randomness
 * are handed in, what it wants done is taken out as a queue of actions. It opens no socket,
 * asks no clock and starts no thread. It reads and writes the graph store it is given, and
 * only inside the calls below, so that whatever was answered is durable before the answer
 * is handed out.
 *
 * The life of a request that comes in: the transport has finished the TLS handshake
 * (node_peer_at tells it whether a key may come in at all) and read a whole request;
 * node_request() takes it. Sooner or later, often before node_request returns, NODE_RESPOND
 * with the same id is in the queue.
 *
 * The life of an exchange that goes out: when its time has come (node_deadline,
 * node_timeout), NODE_SEND is in the queue; the transport makes the request and gives the
 * end of it, whatever it was, to node_result(). At most one such request per peer and lane
 * is on its way: one for synchronising, one for urgent pushes.
 *
 * Signatures: NODE_VERIFY hands out a job of at most NODE_JOB_MAX signatures.
 * node_job_run() does the work and may be called on any thread, as it looks at nothing but
 * the job; node_job_done() gives it back on the node's own thread. Where there are no
 * threads: run, then done, at once.
 *
 *	while (node_next(node, &action)) { do what it says }
 *
 * after every call that takes a `now`. All functions but node_job_run belong to one thread.
 *
 * Endpoints (DESIGN 8, docs/GOSSIP.md): GET /v1/node, GET /v1/feed, POST /v1/reconcile,
 * POST /v1/statements, POST /v1/fetch. POST /v1/pair is the transport's, as it needs the
 * TLS session; here it is 404.
 */
#ifndef GOSSIP_NODE_H
#define GOSSIP_NODE_H

#include "common/base/rng.h"
#include "common/graph/graph_peer.h"

/**
 * Longest body of a request or an answer, bytes: 256 statements of 1,024 with first-seen
 * and line ends.
 */
#define NODE_BODY_MAX     ((size_t)300 * 1024)
/** Longest path with query. */
#define NODE_TARGET_MAX   256
/** Signatures in one job: about 7 milliseconds of one core. */
#define NODE_JOB_MAX      64
/** Requests that wait for their signatures, all peers together; beyond, 503. */
#define NODE_DEFERRED_MAX 64

struct node;
struct node_job;

struct node_time {
	uint64_t wall_s;  /**< since 1970: what statements speak of */
	uint64_t mono_ms; /**< monotonic: deadlines */
};

/** Bounds that a site may set; node_limits_default() fills them. */
struct node_limits {
	unsigned int hops; /**< 0 to 3: how far from a local user an issuer may be (DESIGN 8) */
	uint64_t statements_max; /**< in the graph; beyond, only revocations and near issuers */
	uint64_t items_max; /**< ids remembered per peer; beyond, its oldest are forgotten */
	/* Per peer and hour. */
	uint64_t requests_per_hour;
	uint64_t bytes_per_hour; /**< both ways */
	uint64_t signatures_per_hour;
	/* When. */
	uint32_t sync_interval_ms;   /**< between two looks at a peer's feed */
	uint32_t repair_interval_s;  /**< between two reconciliations with a peer */
	uint32_t request_timeout_ms; /**< for what goes out */
	uint32_t backoff_max_ms;     /**< longest pause after failures */
};

void node_limits_default(struct node_limits *out);

struct node_config {
	struct store *graph; /**< borrowed, open for writing, graph_create()d */
	struct graph_options options;
	struct node_limits limits;
	struct rng rng;        /**< for jitter; borrows its state */
	struct digest own_pin; /**< SHA-256 of our own SPKI, shown by /v1/node */
};

/**
 * Loads peers, scope and item trees from the store; peers are due at once, with jitter.
 * @return 0; ERR_NOTREADY without a graph; ERR_CORRUPT; ERR_NOMEM; an error of the store.
 */
NODISCARD int node_new(const struct node_config *config, struct node_time now,
	struct node **out, struct err_msg *msg);

/** Writes what is not yet written (counters) and releases; NULL is fine. Jobs must be back. */
void node_free(struct node *node);

/** As node_free without writing: for a store that was replaced under the node. */
void node_abandon(struct node *node);

/* --- what comes in ---------------------------------------------------------------------- */

enum node_method {
	NODE_GET,
	NODE_POST,
	NODE_OTHER_METHOD,
};

/** A complete request; all slices are borrowed for the call. */
struct node_request {
	uint64_t id;       /**< the transport's; comes back in NODE_RESPOND */
	struct digest pin; /**< of the client's certificate */
	enum node_method method;
	struct slice target; /**< path with query, as it was sent */
	struct slice body;   /**< empty for GET */
};

/**
 * Takes a request. Every one is answered by exactly one NODE_RESPOND, unless
 * node_request_gone comes first.
 */
void node_request(struct node *node, struct node_time now, const struct node_request *request);

/** The client is gone: no answer is wanted any more. What it pushed is still taken. */
void node_request_gone(struct node *node, uint64_t id);

/** What the transport knows of the end of a request it made. */
enum node_transport {
	NODE_T_ANSWERED, /**< status and body are set */
	NODE_T_OFFLINE,  /**< no connection, or it broke */
	NODE_T_TIMEOUT,
	NODE_T_WRONG_KEY,   /**< the pin did not match */
	NODE_T_UNKNOWN_KEY, /**< the peer refused our certificate */
	NODE_T_TLS,         /**< any other failure of TLS */
	NODE_T_TOO_BIG,     /**< the answer was longer than asked for */
};

struct node_result {
	enum node_transport end;
	unsigned int status;    /**< HTTP status */
	uint32_t retry_after_s; /**< of Retry-After in seconds, 0 without one */
	struct slice body;      /**< borrowed for the call */
};

/**
 * The end of NODE_SEND `token`. A token that is not known any more (its peer was removed)
 * is ignored.
 */
void node_result(struct node *node, struct node_time now, uint64_t token,
	const struct node_result *result);

/* Jobs of NODE_VERIFY. */
void node_job_run(struct node_job *job);
void node_job_done(struct node *node, struct node_time now, struct node_job *job);

/* --- time ------------------------------------------------------------------------------- */

/**
 * When node_timeout is to be called next, in the monotonic clock; false when nothing is due
 * ever.
 */
bool node_deadline(const struct node *node, uint64_t *at_ms_out);
void node_timeout(struct node *node, struct node_time now);

/* --- what happens outside --------------------------------------------------------------- */

/**
 * The graph was, or may have been, changed by another process (trustctl wrote statements,
 * friends or blocks): new revocations of our own users go out at once, the scope is looked at
 * anew.
 */
void node_graph_changed(struct node *node, struct node_time now);

/** A peer as the administrator names it; slices are borrowed for the call. */
struct node_peer_spec {
	struct digest pin;
	enum graph_peer_class class;
	struct slice
		name; /**< empty: it keeps the one it has, or gets its host or a piece of its pin */
	struct slice url; /**< https://HOST[:PORT]; empty: it only calls us */
};

/**
 * Adds a peer, or changes name, URL and class of the one with this pin, and comes to it at once.
 * @return 0; ERR_TOOBIG beyond GRAPH_PEERS_MAX; ERR_INVALID with msg for a bad name or URL; the
 * store's.
 */
NODISCARD int node_peer_add(struct node *node, struct node_time now,
	const struct node_peer_spec *spec, struct err_msg *msg);

/**
 * @return 0, ERR_NOTFOUND, the store's. While paused nothing is asked of it, and it gets
 * 403.
 */
NODISCARD int node_peer_pause(struct node *node, struct node_time now, const struct digest *pin,
	bool paused, struct err_msg *msg);

/**
 * Forgets the peer and what was exchanged with it; statements stay. @return 0,
 * ERR_NOTFOUND, the store's.
 */
NODISCARD int node_peer_remove(
	struct node *node, struct node_time now, const struct digest *pin, struct err_msg *msg);

/**
 * Asks the peer now, whatever its back-off; with repair, reconciles. @return 0,
 * ERR_NOTFOUND.
 */
NODISCARD int node_peer_sync(
	struct node *node, struct node_time now, const struct digest *pin, bool repair);

/**
 * The peer with this pin as it stands, or NULL: such a key is refused in the handshake, as is
 * one whose closed_until_s has not passed. Borrowed until the next call.
 */
const struct graph_peer *node_peer_at(const struct node *node, const struct digest *pin);

size_t node_peer_count(const struct node *node);
/** @param i below node_peer_count. Borrowed until the next call. */
const struct graph_peer *node_peer(const struct node *node, size_t i);

/* --- what it wants done ------------------------------------------------------------------- */

enum node_action_kind {
	NODE_RESPOND,
	NODE_SEND,
	NODE_VERIFY,
	NODE_LOG,
};

enum node_log_level {
	NODE_LOG_WARN,
	NODE_LOG_INFO,
	NODE_LOG_DEBUG,
};

/**
 * One thing to do; which member counts follows from kind. Slices are borrowed until the
 * next call of any function but node_job_run.
 */
struct node_action {
	enum node_action_kind kind;
	union {
		struct {
			uint64_t id;
			unsigned int status;
			const char *content_type;
			uint32_t retry_after_s; /**< 0: no such field */
			struct slice body;
		} respond;
		struct {
			uint64_t token;
			struct digest pin; /**< whom the answer must come from */
			const char *url;   /**< https://HOST:PORT of the peer */
			enum node_method method;
			const char *target;       /**< path with query */
			const char *content_type; /**< of the body; NULL without one */
			struct slice body;
			size_t answer_max;   /**< longer answers are NODE_T_TOO_BIG */
			uint32_t timeout_ms; /**< for everything together */
			bool is_urgent;      /**< a push: may use a connection of its own */
		} send;
		struct node_job *verify; /**< the node's; to be given back by node_job_done */
		struct {
			enum node_log_level level;
			const char *text; /**< printable, one line, without a time */
		} log;
	};
};

/** Takes the next action out of the queue. False when there is none. */
bool node_next(struct node *node, struct node_action *out);

#endif

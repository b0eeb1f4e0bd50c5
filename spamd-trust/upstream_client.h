/*
 * upstream_client.h - the client's side of the protocol: one question to a chained spamd.
 *
 * An engine without I/O. Score and rules it asks for with REPORT (SPEC 5.3), the one command
 * whose answer has both: score and threshold with one decimal in the Spam header, and the table
 * of rules with points and descriptions in the report. SYMBOLS has no points, PROCESS and
 * HEADERS hold them only where the administrator of the other side asked for them. The fields
 * that it would add to the message are in the answer to HEADERS (5.6) alone. What users report
 * is passed on with TELL (5.7).
 *
 * The answer is bounded and read strictly: anything that is not a whole, well-formed answer is
 * no answer, so a damaged one can never pass for "no spam". The table is for people; the
 * score is the header's, which no text of a message can touch.
 */
#ifndef SPAMD_TRUST_UPSTREAM_CLIENT_H
#define SPAMD_TRUST_UPSTREAM_CLIENT_H

#include "common/base/dynbuf.h"
#include "common/scan/verdict.h"
#include "spamd-trust/spamd_proto.h"

/** Largest answer: the largest report of the original is far below. */
#define UPSTREAM_REPLY_MAX_BYTES ((size_t)1024 * 1024)

/** Largest status line and headers of an answer. */
#define UPSTREAM_HEAD_MAX_BYTES ((size_t)8192)

/** Scores and thresholds beyond, either way, are no answer. */
#define UPSTREAM_SCORE_MAX 100000.0

enum upstream_status {
	UPSTREAM_NEED_MORE, /**< send the rest of upstream_client_output(), read on */
	UPSTREAM_DONE,      /**< the answer is whole: upstream_client_reply() */
	UPSTREAM_ERROR,     /**< there will be none: upstream_client_error() */
};

enum upstream_kind {
	UPSTREAM_REPORT,  /**< answered with score and rules */
	UPSTREAM_HEADERS, /**< answered with score and the header of the marked message */
	UPSTREAM_TELL,    /**< answered with what was done */
};

/** What is asked; slices are borrowed until fini. */
struct upstream_request {
	enum upstream_kind kind;
	struct slice user; /**< left out where it is empty or does not fit a header line */
	struct slice message;
	struct spamd_tell tell; /**< for UPSTREAM_TELL */
	/**
	 * Adds (and counts) the line end that the message lacks: the original waits for it, or
	 * for the end of our sending, which with TLS could only come after the answer.
	 */
	bool ends_line;
};

/** An answer; texts are in the arena it was read into. */
struct upstream_reply {
	double score;
	double required;        /**< of the other side, for the log only: ours decides */
	struct rule_hit *rules; /**< of the table, in its order; points as rounded there */
	size_t rule_count;
};

/** Fields are private. */
struct upstream_client {
	enum upstream_kind kind;
	struct dynbuf head; /* of the request */
	struct slice message;
	struct slice tail; /* the line end that is added, or empty */
	size_t sent;
	struct dynbuf in;
	bool has_head; /* the empty line was read */
	size_t body_at;
	size_t body_len;
	double score;
	double required;
	struct spamd_told told;
	bool is_refused;
	const char *error; /* NULL: none */
};

void upstream_client_init(struct upstream_client *c, const struct upstream_request *request);
void upstream_client_fini(struct upstream_client *c);

/**
 * What is still to be sent, in pieces: ask again after each upstream_client_sent(). Empty at
 * the end.
 */
struct slice upstream_client_output(const struct upstream_client *c);
void upstream_client_sent(struct upstream_client *c, size_t n);

/** Takes bytes of the answer. The states DONE and ERROR are final. */
NODISCARD enum upstream_status upstream_client_feed(
	struct upstream_client *c, struct slice bytes);

/** The other side has ended its sending. */
NODISCARD enum upstream_status upstream_client_eof(struct upstream_client *c);

/** Why there is no answer; fixed text without bytes of the other side. */
const char *upstream_client_error(const struct upstream_client *c);

/** After UPSTREAM_ERROR: the other side speaks the protocol, and does not want to (SPEC 6). */
bool upstream_client_is_refused(const struct upstream_client *c);

/**
 * The answer to UPSTREAM_REPORT after UPSTREAM_DONE, copied into the arena.
 * @return 0 or ERR_NOMEM.
 */
NODISCARD int upstream_client_reply(
	const struct upstream_client *c, struct arena *arena, struct upstream_reply *out);

/**
 * What follows the head of the answer: a report, or a message up to its body; borrowed until
 * fini.
 */
struct slice upstream_client_body(const struct upstream_client *c);

/** The answer to UPSTREAM_TELL. */
struct spamd_told upstream_client_told(const struct upstream_client *c);

#endif

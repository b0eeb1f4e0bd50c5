/*
 * lines.h - the bodies of the gossip protocol: statements, ids, outcomes, a node's description.
 *
 *	statements   JWS LF                       to and from friends
 *	             JWS SP FIRST-SEEN LF         between hosts of one site (seconds)
 *	feed page    statements, then NEXT SP LAST LF: the number to go on from, and the last
 *	             one there is. A page without that line was cut and counts for nothing.
 *	ids          base64url of 32 bytes, LF
 *	outcomes     one word per statement that was pushed, in the same order, LF
 *	node         a JSON object: version, key, epoch, last, page_max, body_max
 *
 * Lines end with LF alone, the last one too. A line that is no statement is the sender's fault
 * and is found when it is opened; here only the frame is looked at.
 */
#ifndef GOSSIP_LINES_H
#define GOSSIP_LINES_H

#include "common/base/dynbuf.h"
#include "common/base/err.h"
#include "common/graph/graph_peer.h"

/** Statements, or ids, in one body. */
#define LINES_MAX 256

/** A line of a body, borrowed from it. */
struct line {
	struct slice jws;
	bool has_first_seen;
	uint64_t first_seen_s;
};

struct lines {
	size_t count;
	struct line line[LINES_MAX];
};

/**
 * Splits a body of statements. @return 0; ERR_TRUNCATED when the last line has no end; ERR_TOOBIG
 * beyond LINES_MAX; ERR_INVALID for an empty line or a first-seen that is no number.
 */
NODISCARD int lines_parse(struct slice body, struct lines *out);

struct feed_end {
	uint64_t next;
	uint64_t last;
};

/**
 * Splits a feed page.
 * @return as lines_parse; ERR_INVALID without its last line, or with next above last.
 */
NODISCARD int lines_parse_feed(struct slice body, struct lines *out, struct feed_end *end);

/** Appends a statement; first seen is written for peers of class site. */
void lines_add(struct dynbuf *out, struct slice jws, enum graph_peer_class class,
	uint64_t first_seen_s);
void lines_end_feed(struct dynbuf *out, const struct feed_end *end);

/**
 * Reads ids.
 * @return the count through *count_out and 0; ERR_TRUNCATED, ERR_TOOBIG, ERR_INVALID.
 */
NODISCARD int ids_parse(struct slice body, struct digest out[LINES_MAX], size_t *count_out);
void ids_add(struct dynbuf *out, const struct digest *id);

/** What became of a statement that was pushed. */
enum pushed {
	PUSHED_ADDED,
	PUSHED_REPLACED,
	PUSHED_KNOWN,
	PUSHED_REFUSED, /**< PUSHED_REFUSED + enum graph_refusal */
};

const char *pushed_name(unsigned int outcome);

/** True when the receiver now holds it. */
static inline bool
pushed_is_held(unsigned int outcome)
{
	return outcome < PUSHED_REFUSED;
}

/**
 * Reads the answer to a push of `count` statements. @return 0; ERR_TRUNCATED; ERR_INVALID for a
 * word that is none or another number of lines.
 */
NODISCARD int pushed_parse(struct slice body, unsigned int *out, size_t count);

/** How a node describes itself. */
struct node_info {
	uint64_t version;  /**< of the protocol: 1 */
	struct digest key; /**< its pin */
	uint64_t epoch;    /**< of its feed */
	uint64_t last;     /**< number of the newest statement */
};

void node_info_write(struct dynbuf *out, const struct node_info *info);
/** @return 0; ERR_INVALID; ERR_RANGE; ERR_TOOBIG; ERR_VERSION when it does not speak ours. */
NODISCARD int node_info_parse(struct slice body, struct node_info *out);

#endif

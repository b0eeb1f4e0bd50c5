/*
 * passing.h - revocations of keys that nobody here is interested in, on their way to other peers.
 *
 * DESIGN 8 has revocations relayed once per id. What is in scope is stored, and relayed with that
 * (push.h). Of issuers who are not, nothing is ever stored; yet somebody behind us may trust
 * the key, and a thief who cuts the way that his victim's word took before must not gain by our
 * having no interest. So these revocations stay in memory for as long as it takes to
 * hand them on, and are gone with a restart.
 *
 * Only what proves itself passes: the revocation of a key, signed by that key or the root, open
 * to all. As anybody can invent keys that revoke themselves, a peer has PASSING_PER_HOUR of
 * them an hour; of more than PASSING_MAX the oldest gives way, and an id passes once while it
 * is among the last PASSING_SEEN_MAX.
 */
#ifndef GOSSIP_PASSING_H
#define GOSSIP_PASSING_H

#include "common/statement/statement.h"

/** Held for peers who cannot be reached at the moment. */
#define PASSING_MAX 256

/** For so long, seconds: whoever is away for longer asks others (7 days). */
#define PASSING_LIFE_S ((uint64_t)7 * 86400)

/** What all peers together may bring in a quarter of an hour. */
#define PASSING_SEEN_MAX 4096

#define PASSING_PER_HOUR 64

struct passing_item {
	struct digest id;
	uint64_t since_s; /**< when it came */
	size_t len;       /* 0: free */
	uint8_t jws[STATEMENT_MAX];
};

/** Starts zeroed. Fields are private. */
struct passing {
	struct passing_item items[PASSING_MAX]; /* a ring */
	size_t next;
	struct digest seen[PASSING_SEEN_MAX]; /* a ring */
	size_t seen_count;
	size_t seen_next;
};

/** Is it a statement that may pass, once its signature is verified? */
bool passing_may(const struct statement *st);

/** Did this id pass before? */
bool passing_has_seen(const struct passing *p, const struct digest *id);

/** Takes a verified one in (copies). False when it passed before. */
bool passing_put(struct passing *p, const struct digest *id, struct slice jws, uint64_t now_s);

/** The one with this id while it is held; NULL where it is not. */
const struct passing_item *passing_find(
	const struct passing *p, const struct digest *id, uint64_t now_s);

static inline struct slice
passing_jws(const struct passing_item *item)
{
	return slice_of(item->jws, item->len);
}

#endif

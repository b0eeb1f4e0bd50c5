/*
 * friends.h - out(r) as one sorted array: the identities a recipient knows, for one decision.
 *
 * Who stands behind the recipient's own vouches (his earlier identities' too) and his private
 * list, as far as introductions can go by it: identities listed as such, and those that have
 * effect behind an address because he confirmed them, because mail of that address showed them
 * (ledger_proof.h), or because who was confirmed to speak for the domain countersigned it.
 * Local users are not in it unless listed as identities: a site may have tens of thousands of
 * them, and the graph keeps them as a sorted list of its own, which circle_world.h joins with
 * this.
 *
 * Loading costs a walk of two short lists, beside one of the addresses with proof, of which it
 * passes over what is in neither. Of longer ones the first FRIENDS_STEPS_MAX entries of each
 * count, in ascending order of digest, and `cut` says so.
 */
#ifndef COMMON_SCAN_FRIENDS_H
#define COMMON_SCAN_FRIENDS_H

#include "common/scan/circle.h"

#define FRIENDS_MAX       1024
#define FRIENDS_STEPS_MAX 4096

/** Local users listed by their address at level 3; more are ordinary. */
#define FRIENDS_COLLEAGUES_MAX 256

/** Large: keep one a thread. */
struct friends {
	size_t count;
	bool cut;         /**< a bound cut */
	bool has_credits; /**< some friend has an introduction credit of his own */
	bool has_strong; /**< some address is listed at level 3: a colleague may be more than that */
	bool has_colleagues; /**< friends_load_colleagues() was called */
	size_t colleague_count;
	graph_node colleagues[FRIENDS_COLLEAGUES_MAX]; /**< ascending numbers */
	struct order_filter filter;                    /**< has them all */
	struct graph_ref refs[FRIENDS_MAX];            /**< ascending, each once */
	uint8_t levels[FRIENDS_MAX];                   /**< of each, 1 to 3 */
};

/** Reads them through the circle's readers; damage leaves the error in these and an empty array. */
void friends_load(const struct circle *c, struct friends *out);

/**
 * Reads who of the hosted identities stands behind an address that the recipient listed at
 * level 3, into colleagues; needed only where has_strong, and costs a look-up for each such
 * address.
 */
void friends_load_colleagues(const struct circle *c, struct friends *f);

/** Is a hosted identity one of them? */
bool friends_is_strong_colleague(const struct friends *f, graph_node identity);

/** Index of the first one at or behind ref, out of [from, count]; count: none. */
size_t friends_seek(const struct friends *f, size_t from, struct graph_ref ref);

/** 0 for who is none. */
unsigned int friends_level(const struct friends *f, struct graph_ref ref);

#endif

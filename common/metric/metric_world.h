/*
 * metric_world.h - the graph as the metric sees it: around one recipient r and one sender s.
 *
 * A small interface, so that the same decision runs over LMDB (common/scan), over the maps of
 * `trustctl replay`, and over a bench's arrays. A world is made for one (r, s, time): it knows
 * what the time makes of expiry, which vouches count (fresh rule, level 1 or more, not revoked,
 * live), and which principals the sender has (address, identity, domain).
 *
 * Principals are `struct metric_ref`: `order`, the first 8 bytes of the principal's digest as
 * a big-endian number, and `node`, the number by which the world finds it. Lists are sorted by
 * (order, node): ascending digest, so that the same graph gives the same answers on every
 * machine; two digests that share 8 bytes (one pair in 2^64) fall back on the number.
 *
 * Lists are walked with a cursor: next and forward seek. Every call costs the metric one step
 * of its budget; a world must answer each in bounded time (a page, a lookup), and skip what
 * does not count itself, a bounded number of times in a row.
 * Errors of a store stay sticky in the world's own readers; every answer is then "none".
 */
#ifndef COMMON_METRIC_METRIC_WORLD_H
#define COMMON_METRIC_METRIC_WORLD_H

#include <stddef.h>

#include "common/base/digest.h"

struct metric_ref {
	uint64_t order; /**< digest bytes 0 to 7, big-endian */
	uint32_t node;  /**< 0: none */
};

/** Three-way comparison: the sort order of every list. */
static inline int
metric_ref_cmp(struct metric_ref a, struct metric_ref b)
{
	if (a.order != b.order) {
		return a.order < b.order ? -1 : 1;
	}
	return (a.node > b.node) - (a.node < b.node);
}

static inline bool
metric_ref_eq(struct metric_ref a, struct metric_ref b)
{
	return a.node == b.node && a.order == b.order;
}

/** A principal as the ledger needs it too. */
struct metric_party {
	struct metric_ref ref;
	const struct digest *digest; /**< borrowed; NULL in worlds that need none (replay) */
};

/** The other end of an edge, in whichever direction the list runs. */
struct metric_edge {
	struct metric_ref ref;
	uint8_t level; /**< 1 to 3 */
	bool is_open;  /**< its statement is open, so mail may name it */
};

/** Position in a list. On the stack; what is inside is the world's. */
struct metric_cursor {
	const void *list;
	uint64_t word[4];
	union {
		void *pointer;
		max_align_t align;
		unsigned char bytes[96];
	} space;
};

/** Which list. */
enum metric_list {
	METRIC_LIST_FRIENDS,         /**< out(r), with r's level; `of` unused */
	METRIC_LIST_SENDER_VOUCHERS, /**< in(s), all the sender's principals, each voucher once with
					his strongest level; `of` unused */
	METRIC_LIST_VOUCHERS,        /**< who vouches for the principal `of` */
	METRIC_LIST_VOUCHES,         /**< whom `of` vouches for */
	METRIC_LIST_WARNERS, /**< who blocks or warns about s by a live signed statement */
};

/** Lists, or digests, of one expect(). */
#define METRIC_EXPECT_MAX 16

/**
 * Somebody who stands in two lists, with his edges: r's to him and his vouch, for one.
 * @return false to stop.
 */
typedef bool metric_common_fn(
	void *ctx, const struct metric_edge *first, const struct metric_edge *second);

struct metric_world_ops {
	/**
	 * About how many entries a list has, an upper bound, cheaply; it chooses the side to
	 * walk.
	 */
	uint64_t (*count)(void *ctx, enum metric_list list, struct metric_ref of);

	/** Starts a cursor before the first entry. */
	void (*open)(void *ctx, enum metric_list list, struct metric_ref of,
		struct metric_cursor *c);
	/** The next entry in ascending order. False at the end. */
	bool (*next)(void *ctx, struct metric_cursor *c, struct metric_edge *out);
	/** The first entry at or behind `ref`; may only move forward. False when there is none. */
	bool (*seek)(void *ctx, struct metric_cursor *c, struct metric_ref ref,
		struct metric_edge *out);
	void (*close)(void *ctx, struct metric_cursor *c);

	/**
	 * Says which lists of that kind are opened next, METRIC_EXPECT_MAX at most, so that a store
	 * can look them up together. Changes no answer. NULL: it makes no difference.
	 */
	void (*expect)(
		void *ctx, enum metric_list list, const struct metric_ref *of, size_t count);

	/** Says whose digests are wanted next, as expect(). */
	void (*expect_digests)(void *ctx, const struct metric_ref *who, size_t count);

	/**
	 * Visits the friends in a list of vouchers, ascending, as walking it and asking
	 * friend_level() of each would, in one go; *steps_left counts down by one a move and ends
	 * it at 0. False, and nothing is done, where the world cannot: the metric walks then.
	 * NULL: it never can.
	 */
	bool (*common)(void *ctx, enum metric_list list, struct metric_ref of,
		size_t *steps_left, metric_common_fn *visit, void *visit_ctx);

	/**
	 * Visits whom `f` vouches for and who vouch for s, ascending, with f's vouch and theirs, as
	 * walking both lists would, in one go; otherwise as `common`.
	 */
	bool (*middlemen)(void *ctx, struct metric_ref f, size_t *steps_left,
		metric_common_fn *visit, void *visit_ctx);

	/**
	 * r's level for an identity, 0 when he is no friend. Covers friends no list holds
	 * (colleagues).
	 */
	unsigned int (*friend_level)(void *ctx, struct metric_ref who);

	/**
	 * Who of the graph a ledger entry's party (a reporter, a payer) is: himself, or the
	 * identity behind an address. False when the graph does not know him.
	 */
	bool (*resolve)(void *ctx, const struct metric_party *who, struct metric_ref *out);

	/** Counted vouches of a principal (hub rule). */
	uint64_t (*vouch_count)(void *ctx, struct metric_ref who);

	/**
	 * What r's site lets this friend spend in a window, millionths; NULL: the configured
	 * value.
	 */
	uint32_t (*credit)(void *ctx, struct metric_ref who);

	/** The principal's digest, for the ledger; NULL: the ledger needs none. */
	bool (*digest)(void *ctx, struct metric_ref who, struct digest *out);
};

struct metric_world {
	const struct metric_world_ops *ops;
	void *ctx;
	bool lists_all_friends; /**< METRIC_LIST_FRIENDS holds everyone friend_level knows */
};

#endif

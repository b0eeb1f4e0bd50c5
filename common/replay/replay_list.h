/*
 * replay_list.h - a sorted list of edges in memory, cheap to insert into at any length.
 *
 * Items ascend by metric_ref. They lie in chunks of at most REPLAY_CHUNK_MAX; a full one is split
 * in two, so putting one in moves a few kilobytes at most, also in the list of a hub with a
 * million edges. Seeking is a binary search over chunks and one within a chunk.
 */
#ifndef COMMON_REPLAY_REPLAY_LIST_H
#define COMMON_REPLAY_REPLAY_LIST_H

#include "common/base/attr.h"
#include "common/metric/metric_world.h"

/** Items of a chunk: 4 KiB. */
#define REPLAY_CHUNK_MAX 256

#define REPLAY_EDGE_COUNTED 0x01 /**< passed the fresh rule, or is exempt from it */

struct replay_edge {
	uint64_t order;
	uint32_t node;
	uint8_t level; /**< 0: withdrawn, kept for the fresh rule */
	uint8_t flags; /**< REPLAY_EDGE_* */
};

struct replay_chunk;

/** Fields are private, but for count. All zero is an empty list. */
struct replay_list {
	struct replay_chunk **chunks;
	uint32_t chunk_count;
	uint32_t chunk_capacity;
	uint32_t count;
};

/** Where in a list; good until the list changes. */
struct replay_position {
	uint32_t chunk;
	uint32_t item;
};

void replay_list_fini(struct replay_list *list);

/** The first item at or behind `ref`, not before `from`. NULL at the end. */
struct replay_edge *replay_list_seek(
	const struct replay_list *list, struct metric_ref ref, struct replay_position *from);

/** The item at a position, which moves behind it. NULL at the end. */
struct replay_edge *replay_list_next(
	const struct replay_list *list, struct replay_position *from);

/**
 * The items from a position on that lie side by side; the position moves behind them. NULL at
 * the end.
 */
const struct replay_edge *replay_list_run(
	const struct replay_list *list, struct replay_position *from, uint32_t *count_out);

/** Calls for the memory of a list that is walked soon (prefetch). */
void replay_list_call(const struct replay_list *list);

/** The item of a principal, NULL where there is none. Good until the list changes. */
struct replay_edge *replay_list_find(const struct replay_list *list, struct metric_ref ref);

/** Puts an item in that is not there yet. @return 0 or ERR_NOMEM, and then nothing changed. */
NODISCARD int replay_list_insert(struct replay_list *list, const struct replay_edge *item);

/** Removes the item of a principal; none is fine. */
void replay_list_remove(struct replay_list *list, struct metric_ref ref);

#endif

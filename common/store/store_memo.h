/*
 * store_memo.h - what one reader looked up a moment ago; private to common/store.
 *
 * A reader that renews its snapshot for every message asks for the same few keys again and
 * again: the site, its users, who speaks for them. As long as nobody has committed in between,
 * the answers are the same bytes at the same place, so a small table of them saves the walk
 * down the tree. One table belongs to one read transaction; a key has one of two places, and of
 * what was asked for there the last two stay. It allocates nothing, so what a reader asks for
 * cannot make it grow.
 */
#ifndef COMMON_STORE_STORE_MEMO_H
#define COMMON_STORE_STORE_MEMO_H

#include "common/base/slice.h"

/** Two digests, the longest keys that are asked for often; longer ones are not kept. */
#define STORE_MEMO_KEY_MAX 64

/** Pairs of places; a power of two. */
#define STORE_MEMO_PAIRS 128

struct store_memo_slot {
	uint64_t generation; /* of the memo when this was noted */
	struct slice value;  /* borrowed from the snapshot */
	bool found;
	uint8_t table;
	uint8_t key_len;
	uint8_t key[STORE_MEMO_KEY_MAX];
};

struct store_memo {
	uint64_t generation; /* 0 never, so that empty places match nothing */
	struct store_memo_slot slots[STORE_MEMO_PAIRS][2];
};

/** Forgets everything: the snapshot is another one. Also begins a memo of zero bytes. */
void store_memo_clear(struct store_memo *memo);

/** The answer to a key, borrowed until the next call; NULL where it is not known. */
const struct store_memo_slot *store_memo_find(
	const struct store_memo *memo, unsigned int table, struct slice key);

/**
 * Notes the answer to a key that was not known: a value, or NULL for none. Long keys are not
 * noted.
 */
void store_memo_note(struct store_memo *memo, unsigned int table, struct slice key,
	const struct slice *value);

#endif

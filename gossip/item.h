/*
 * item.h - what is reconciled: a time and an id.
 *
 * An item stands for one statement: its `iat` in seconds and its 32-byte id. Items are ordered
 * by time, then by id bytewise. A bound is written as an item too: what lies below it is on its
 * left.
 */
#ifndef GOSSIP_ITEM_H
#define GOSSIP_ITEM_H

#include "common/base/digest.h"

/** Above every item; no item has this time. */
#define ITEM_TIMESTAMP_INFINITY UINT64_MAX

struct item {
	uint64_t timestamp;
	struct digest id;
};

/** <0, 0, >0 as memcmp. */
static inline int
item_cmp(const struct item *a, const struct item *b)
{
	if (a->timestamp != b->timestamp) {
		return a->timestamp < b->timestamp ? -1 : 1;
	}
	return memcmp(a->id.bytes, b->id.bytes, DIGEST_LEN);
}

#endif

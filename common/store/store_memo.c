#include "common/store/store_memo.h"

void
store_memo_clear(struct store_memo *memo)
{
	memo->generation++;
}

/* mix - keys are digests, pairs of them, or short numbers: their ends tell them apart */
static uint64_t
mix(unsigned int table, struct slice key)
{
	const uint64_t odd = 0x9e3779b97f4a7c15U; /* 2^64 divided by the golden ratio */
	size_t n = key.len < sizeof(uint64_t) ? key.len : sizeof(uint64_t);
	uint64_t first = 0;
	uint64_t last = 0;

	memcpy(&first, key.data, n);
	memcpy(&last, key.data + key.len - n, n);
	return ((first ^ (last << 1)) + table) * odd;
}

static size_t
pair_of(unsigned int table, struct slice key)
{
	return (mix(table, key) >> 32) % STORE_MEMO_PAIRS;
}

static bool
is_kept(struct slice key)
{
	return key.len > 0 && key.len <= STORE_MEMO_KEY_MAX;
}

const struct store_memo_slot *
store_memo_find(const struct store_memo *memo, unsigned int table, struct slice key)
{
	const struct store_memo_slot *slot = NULL;

	if (!is_kept(key)) {
		return NULL;
	}
	slot = memo->slots[pair_of(table, key)];
	for (size_t i = 0; i < 2; i++, slot++) {
		if (slot->generation == memo->generation && slot->table == table &&
			slice_eq(slice_of(slot->key, slot->key_len), key)) {
			return slot;
		}
	}
	return NULL;
}

void
store_memo_note(struct store_memo *memo, unsigned int table, struct slice key,
	const struct slice *value)
{
	struct store_memo_slot *pair = NULL;

	if (!is_kept(key)) {
		return;
	}
	pair = memo->slots[pair_of(table, key)];
	pair[1] = pair[0];
	pair[0].generation = memo->generation;
	pair[0].table = (uint8_t)table;
	pair[0].key_len = (uint8_t)key.len;
	memcpy(pair[0].key, key.data, key.len);
	pair[0].found = value != NULL;
	pair[0].value = value == NULL ? slice_of(NULL, 0) : *value;
}

#include "common/replay/replay_names.h"

#include <assert.h>
#include <stdlib.h>

#include "common/base/digest.h"
#include "common/base/err.h"

#define BLOCK_BYTES ((size_t)64 * 1024)
#define NAMES_FIRST 256

struct replay_name {
	uint64_t order;
	uint64_t hash;
	const uint8_t *bytes;
	size_t len;
};

static_assert(REPLAY_NAME_MAX <= BLOCK_BYTES, "a name fits into a block");

void
replay_names_init(struct replay_names *n)
{
	*n = (struct replay_names){0};
}

void
replay_names_fini(struct replay_names *n)
{
	for (size_t i = 0; i < n->block_count; i++) {
		free(n->blocks[i]);
	}
	free(n->blocks);
	free(n->names);
	free(n->slots);
	*n = (struct replay_names){0};
}

/* hash_of - with a finaliser */
static uint64_t
hash_of(struct slice name)
{
	uint64_t h = slice_hash(name);

	h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdULL;
	return h ^ (h >> 33);
}

static bool
is_name(const struct replay_name *have, uint64_t hash, struct slice name)
{
	return have->hash == hash && have->len == name.len &&
	       memcmp(have->bytes, name.data, name.len) == 0;
}

/* slot_of - where the name is, or would go */
static size_t
slot_of(const struct replay_names *n, uint64_t hash, struct slice name)
{
	size_t slot = (size_t)hash & (n->slot_count - 1);

	while (n->slots[slot] != 0 && !is_name(&n->names[n->slots[slot]], hash, name)) {
		slot = (slot + 1) & (n->slot_count - 1);
	}
	return slot;
}

struct metric_ref
replay_names_ref(const struct replay_names *n, uint32_t node)
{
	return (struct metric_ref){.order = n->names[node].order, .node = node};
}

struct slice
replay_names_text(const struct replay_names *n, uint32_t node)
{
	return slice_of(n->names[node].bytes, n->names[node].len);
}

struct metric_ref
replay_names_find(const struct replay_names *n, struct slice name)
{
	uint32_t node = 0;

	if (n->slot_count > 0) {
		node = n->slots[slot_of(n, hash_of(name), name)];
	}
	return node == 0 ? (struct metric_ref){0} : replay_names_ref(n, node);
}

static int
grow_slots(struct replay_names *n)
{
	size_t count = n->slot_count == 0 ? (size_t)2 * NAMES_FIRST : 2 * n->slot_count;
	uint32_t *slots = calloc(count, sizeof(*slots));

	if (slots == NULL) {
		return ERR_NOMEM;
	}
	free(n->slots);
	n->slots = slots;
	n->slot_count = count;
	for (uint32_t node = 1; node <= n->count; node++) {
		size_t slot = (size_t)n->names[node].hash & (count - 1);

		while (slots[slot] != 0) {
			slot = (slot + 1) & (count - 1);
		}
		slots[slot] = node;
	}
	return 0;
}

static int
grow_names(struct replay_names *n)
{
	uint32_t capacity = n->capacity == 0 ? NAMES_FIRST : 2 * n->capacity;
	struct replay_name *names = NULL;

	if (capacity <= n->capacity) {
		return ERR_NOMEM; /* numbers have run out */
	}
	names = realloc(n->names, capacity * sizeof(*names));
	if (names == NULL) {
		return ERR_NOMEM;
	}
	n->names = names;
	n->capacity = capacity;
	return 0;
}

static int
add_block(struct replay_names *n)
{
	if (n->block_count == n->block_capacity) {
		size_t capacity = n->block_capacity == 0 ? 16 : 2 * n->block_capacity;
		uint8_t **blocks = realloc(n->blocks, capacity * sizeof(uint8_t *));

		if (blocks == NULL) {
			return ERR_NOMEM;
		}
		n->blocks = blocks;
		n->block_capacity = capacity;
	}
	n->blocks[n->block_count] = malloc(BLOCK_BYTES);
	if (n->blocks[n->block_count] == NULL) {
		return ERR_NOMEM;
	}
	n->block_count++;
	n->block_used = 0;
	return 0;
}

/* room - for one more name of that length */
static int
room(struct replay_names *n, size_t len)
{
	if (2 * ((size_t)n->count + 1) > n->slot_count && grow_slots(n) != 0) {
		return ERR_NOMEM;
	}
	if (n->count + 1 >= n->capacity && grow_names(n) != 0) {
		return ERR_NOMEM;
	}
	if ((n->block_count == 0 || n->block_used + len > BLOCK_BYTES) && add_block(n) != 0) {
		return ERR_NOMEM;
	}
	return 0;
}

static uint64_t
order_of(struct slice name)
{
	struct digest digest;
	uint64_t order = 0;

	digest_sha256(name, &digest);
	for (size_t i = 0; i < sizeof(order); i++) {
		order = order << 8 | digest.bytes[i];
	}
	return order;
}

int
replay_names_intern(struct replay_names *n, struct slice name, struct metric_ref *out)
{
	uint64_t hash = hash_of(name);
	uint8_t *bytes = NULL;

	if (n->slot_count > 0) {
		uint32_t node = n->slots[slot_of(n, hash, name)];

		if (node != 0) {
			*out = replay_names_ref(n, node);
			return 0;
		}
	}
	if (room(n, name.len) != 0) {
		return ERR_NOMEM;
	}
	bytes = n->blocks[n->block_count - 1] + n->block_used;
	memcpy(bytes, name.data, name.len);
	n->block_used += name.len;
	n->slots[slot_of(n, hash, name)] = ++n->count;
	n->names[n->count] = (struct replay_name){
		.order = order_of(name),
		.hash = hash,
		.bytes = bytes,
		.len = name.len,
	};
	*out = replay_names_ref(n, n->count);
	return 0;
}

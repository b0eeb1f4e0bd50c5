/*
 * replay_names.h - identifiers of a replay as numbers, from 1 in order of appearance.
 *
 * Identifiers are opaque bytes. Each is stored once, with the first 8 bytes of its SHA-256,
 * which is its place in every sorted list (metric_world.h).
 */
#ifndef COMMON_REPLAY_REPLAY_NAMES_H
#define COMMON_REPLAY_REPLAY_NAMES_H

#include "common/base/attr.h"
#include "common/base/slice.h"
#include "common/metric/metric_world.h"

/** Longest identifier, bytes: longer than any address or key there is. */
#define REPLAY_NAME_MAX 1024

struct replay_name;

/** Fields are private, but for count. */
struct replay_names {
	struct replay_name *names; /* [0] is unused */
	uint32_t count;
	uint32_t capacity;
	uint32_t *slots;
	size_t slot_count;
	uint8_t **blocks; /* the bytes of the names */
	size_t block_count;
	size_t block_capacity;
	size_t block_used;
};

void replay_names_init(struct replay_names *n);
void replay_names_fini(struct replay_names *n);

/** The principal of an identifier; node 0 when it was never seen. */
struct metric_ref replay_names_find(const struct replay_names *n, struct slice name);

/** Finds or adds it. @return 0, ERR_NOMEM. The name has 1 to REPLAY_NAME_MAX bytes. */
NODISCARD int replay_names_intern(
	struct replay_names *n, struct slice name, struct metric_ref *out);

/** The principal of a number from 1 to count. */
struct metric_ref replay_names_ref(const struct replay_names *n, uint32_t node);

/** Its bytes; borrowed. */
struct slice replay_names_text(const struct replay_names *n, uint32_t node);

#endif

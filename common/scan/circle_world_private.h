/*
 * circle_world_private.h - the inside of a world; private to circle_world.c, its lists and
 * answers, and circle_common.c, which walks two of them side by side.
 */
#ifndef COMMON_SCAN_CIRCLE_WORLD_PRIVATE_H
#define COMMON_SCAN_CIRCLE_WORLD_PRIVATE_H

#include "common/scan/circle_world.h"

/** Loaded when they are first asked for: most senders are known, or nobody vouches. */
const struct friends *circle_world_friends(struct circle_world *w);

/** Ordinary, unless the recipient says more of an address, or has no colleagues. */
unsigned int circle_world_hosted_level(struct circle_world *w, graph_node identity);

/** A list; one that was counted is kept for who opens it next, so that it is looked up once. */
struct world_list *circle_world_list(
	struct circle_world *w, enum metric_list kind, struct metric_ref of);

/** Gives it back. */
void circle_world_finish(struct world_list *l);

/** Keeps of somebody whether he is hosted here: friend_level() will be asked about him soon. */
void circle_world_remember(
	struct circle_world *w, struct metric_ref ref, const struct graph_edge *edge);

/* circle_common.c: metric_world_ops of these names. */

void circle_world_expect(
	void *ctx, enum metric_list kind, const struct metric_ref *of, size_t count);

void circle_world_expect_digests(void *ctx, const struct metric_ref *who, size_t count);

bool circle_world_common(void *ctx, enum metric_list kind, struct metric_ref of,
	size_t *steps_left, metric_common_fn *visit, void *visit_ctx);

bool circle_world_middlemen(void *ctx, struct metric_ref f, size_t *steps_left,
	metric_common_fn *visit, void *visit_ctx);

#endif

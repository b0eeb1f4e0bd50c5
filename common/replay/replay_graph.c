#include <stdlib.h>

#include "common/base/err.h"
#include "common/metric/metric_rules.h"
#include "common/replay/replay_node.h"

#define NODES_FIRST 256

void
replay_graph_init(struct replay_graph *g, const struct metric_config *config)
{
	*g = (struct replay_graph){.config = config};
	replay_names_init(&g->names);
}

void
replay_graph_fini(struct replay_graph *g)
{
	for (uint32_t i = 1; g->nodes != NULL && i <= g->names.count; i++) {
		replay_list_fini(&g->nodes[i].out);
		replay_list_fini(&g->nodes[i].in);
		free(g->nodes[i].fresh);
	}
	free(g->nodes);
	replay_names_fini(&g->names);
}

static int
grow_nodes(struct replay_graph *g)
{
	uint32_t capacity = g->node_capacity == 0 ? NODES_FIRST : 2 * g->node_capacity;
	struct replay_node *nodes = NULL;

	if (capacity <= g->node_capacity) {
		return ERR_NOMEM;
	}
	nodes = realloc(g->nodes, capacity * sizeof(*nodes));
	if (nodes == NULL) {
		return ERR_NOMEM;
	}
	memset(nodes + g->node_capacity, 0, (capacity - g->node_capacity) * sizeof(*nodes));
	g->nodes = nodes;
	g->node_capacity = capacity;
	return 0;
}

int
replay_graph_intern(struct replay_graph *g, struct slice name, struct metric_ref *out)
{
	if (g->names.count + 1 >= g->node_capacity && grow_nodes(g) != 0) {
		return ERR_NOMEM;
	}
	return replay_names_intern(&g->names, name, out);
}

static int
make_fresh(const struct replay_graph *g, struct replay_node *issuer)
{
	if (issuer->fresh == NULL) {
		issuer->fresh = calloc((size_t)g->config->fresh_vouches + 1, sizeof(uint64_t));
	}
	return issuer->fresh == NULL ? ERR_NOMEM : 0;
}

/* admit - may an edge count from now on? Takes its place if so. */
static bool
admit(const struct replay_graph *g, struct replay_node *issuer, uint64_t at_s)
{
	uint32_t kept = issuer->fresh_count;

	if (at_s == 0) {
		return true;
	}
	if (!metric_fresh_has_room(g->config, issuer->fresh, issuer->fresh_count, at_s)) {
		return false;
	}
	if (kept == g->config->fresh_vouches) {
		kept--;
	}
	memmove(&issuer->fresh[1], &issuer->fresh[0], kept * sizeof(issuer->fresh[0]));
	issuer->fresh[0] = at_s;
	issuer->fresh_count = kept + 1;
	return true;
}

/* set_in - the subject's side of a counted edge */
static int
set_in(struct replay_node *subject, struct metric_ref issuer, unsigned int level)
{
	struct replay_edge edge = {
		.order = issuer.order,
		.node = issuer.node,
		.level = (uint8_t)level,
		.flags = REPLAY_EDGE_COUNTED,
	};
	struct replay_edge *have = replay_list_find(&subject->in, issuer);

	if (level == 0) {
		replay_list_remove(&subject->in, issuer);
		return 0;
	}
	if (have == NULL) {
		return replay_list_insert(&subject->in, &edge);
	}
	have->level = (uint8_t)level;
	return 0;
}

static struct replay_edge *
find_or_add(struct replay_node *issuer, struct metric_ref subject)
{
	struct replay_edge edge = {.order = subject.order, .node = subject.node};
	struct replay_edge *have = replay_list_find(&issuer->out, subject);

	if (have == NULL && replay_list_insert(&issuer->out, &edge) == 0) {
		have = replay_list_find(&issuer->out, subject);
	}
	return have;
}

int
replay_graph_vouch(struct replay_graph *g, struct metric_ref issuer, struct metric_ref subject,
	unsigned int level, uint64_t at_s)
{
	struct replay_node *from = &g->nodes[issuer.node];
	struct replay_edge *edge = NULL;
	bool was_live = false;

	if (issuer.node == subject.node) {
		return 0;
	}
	edge = level == 0 ? replay_list_find(&from->out, subject) : find_or_add(from, subject);
	if (edge == NULL) {
		return level == 0 ? 0 : ERR_NOMEM;
	}
	if (make_fresh(g, from) != 0) {
		return ERR_NOMEM;
	}
	was_live = edge->level > 0 && (edge->flags & REPLAY_EDGE_COUNTED) != 0;
	edge->level = (uint8_t)level;
	if (level > 0 && (edge->flags & REPLAY_EDGE_COUNTED) == 0 && admit(g, from, at_s)) {
		edge->flags |= REPLAY_EDGE_COUNTED;
	}
	if ((edge->flags & REPLAY_EDGE_COUNTED) == 0) {
		return 0;
	}
	from->vouches += (level > 0 ? 1U : 0U) - (was_live ? 1U : 0U);
	return set_in(&g->nodes[subject.node], issuer, level);
}

unsigned int
replay_graph_level(
	const struct replay_graph *g, struct metric_ref issuer, struct metric_ref subject)
{
	const struct replay_edge *edge = replay_list_find(&g->nodes[issuer.node].out, subject);

	return edge == NULL ? 0 : edge->level;
}

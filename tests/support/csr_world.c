#include "tests/support/csr_world.h"

/* What is in a cursor: word[0] the next index, word[1] the end. */
enum {
	AT,
	END,
	ROW,
	IS_OUT,
};

uint64_t
csr_find(const struct csr *csr, uint32_t row, uint64_t from, uint32_t rank)
{
	uint64_t low = from;
	uint64_t high = csr->start[row + 1];

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (csr->peers[middle] < rank) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

uint64_t
csr_count_between(const struct synthetic_graph *graph, uint32_t recipient, uint32_t sender)
{
	const struct csr *walk = &graph->out;
	const struct csr *seek = &graph->in;
	uint32_t from = recipient;
	uint32_t into = sender;
	uint64_t found = 0;

	if (walk->start[from + 1] - walk->start[from] >
		seek->start[into + 1] - seek->start[into]) {
		walk = &graph->in;
		seek = &graph->out;
		from = sender;
		into = recipient;
	}
	uint64_t at = seek->start[into];

	for (uint64_t i = walk->start[from]; i < walk->start[from + 1]; i++) {
		at = csr_find(seek, into, at, walk->peers[i]);
		if (at == seek->start[into + 1]) {
			break;
		}
		found += seek->peers[at] == walk->peers[i] ? 1 : 0;
	}
	return found;
}

/* row_of - which array and which row a list is; NULL for the empty one */
static const struct csr *
row_of(const struct csr_world *w, enum metric_list list, struct metric_ref of,
	uint32_t *row_out)
{
	switch (list) {
	case METRIC_LIST_FRIENDS:
		*row_out = w->recipient;
		return &w->graph->out;
	case METRIC_LIST_SENDER_VOUCHERS:
		*row_out = w->sender;
		return &w->graph->in;
	case METRIC_LIST_VOUCHERS:
		*row_out = w->graph->ranks[of.node];
		return &w->graph->in;
	case METRIC_LIST_VOUCHES:
		*row_out = w->graph->ranks[of.node];
		return &w->graph->out;
	case METRIC_LIST_WARNERS:
		break;
	}
	return NULL;
}

static uint64_t
csr_count(void *ctx, enum metric_list list, struct metric_ref of)
{
	uint32_t row = 0;
	const struct csr *csr = row_of(ctx, list, of, &row);

	return csr == NULL ? 0 : csr->start[row + 1] - csr->start[row];
}

static void
csr_open(void *ctx, enum metric_list list, struct metric_ref of, struct metric_cursor *c)
{
	uint32_t row = 0;
	const struct csr *csr = row_of(ctx, list, of, &row);

	c->list = csr;
	c->word[ROW] = row;
	c->word[AT] = csr == NULL ? 0 : csr->start[row];
	c->word[END] = csr == NULL ? 0 : csr->start[row + 1];
	c->word[IS_OUT] = list == METRIC_LIST_FRIENDS || list == METRIC_LIST_VOUCHES;
}

static bool
csr_next(void *ctx, struct metric_cursor *c, struct metric_edge *out)
{
	const struct csr_world *w = ctx;
	const struct csr *csr = c->list;
	graph_node row = w->graph->refs[c->word[ROW]].node;

	if (c->word[AT] == c->word[END]) {
		return false;
	}
	out->ref = csr_ref(w->graph, csr->peers[c->word[AT]++]);
	out->level = c->word[IS_OUT] ? synthetic_graph_level(row, out->ref.node)
				     : synthetic_graph_level(out->ref.node, row);
	out->is_open = false;
	return true;
}

static bool
csr_seek(void *ctx, struct metric_cursor *c, struct metric_ref ref, struct metric_edge *out)
{
	const struct csr_world *w = ctx;

	if (c->list == NULL) {
		return false;
	}
	c->word[AT] = csr_find(
		c->list, (uint32_t)c->word[ROW], c->word[AT], w->graph->ranks[ref.node]);
	return csr_next(ctx, c, out);
}

static void
csr_close(void *ctx, struct metric_cursor *c)
{
	(void)ctx;
	c->list = NULL;
}

static unsigned int
csr_friend_level(void *ctx, struct metric_ref who)
{
	const struct csr_world *w = ctx;
	const struct csr *csr = &w->graph->out;
	uint32_t rank = w->graph->ranks[who.node];
	uint64_t at = csr_find(csr, w->recipient, csr->start[w->recipient], rank);

	return at < csr->start[w->recipient + 1] && csr->peers[at] == rank
		       ? synthetic_graph_level(w->graph->refs[w->recipient].node, who.node)
		       : 0;
}

static bool
csr_resolve(void *ctx, const struct metric_party *who, struct metric_ref *out)
{
	(void)ctx;
	*out = who->ref;
	return out->node != 0;
}

static uint64_t
csr_vouch_count(void *ctx, struct metric_ref who)
{
	return csr_count(ctx, METRIC_LIST_VOUCHES, who);
}

static const struct metric_world_ops csr_ops = {
	.count = csr_count,
	.open = csr_open,
	.next = csr_next,
	.seek = csr_seek,
	.close = csr_close,
	.friend_level = csr_friend_level,
	.resolve = csr_resolve,
	.vouch_count = csr_vouch_count,
};

void
csr_world_init(struct csr_world *w, const struct synthetic_graph *graph, uint32_t recipient,
	uint32_t sender)
{
	*w = (struct csr_world){
		.world = {&csr_ops, w, true},
		.graph = graph,
		.recipient = recipient,
		.sender = sender,
	};
}

#include "common/scan/introduction.h"

static bool
has_live_vouch(
	const struct circle *c, graph_node who, const struct party *subjects, size_t count)
{
	struct graph_edge edge;

	for (size_t i = 0; i < count; i++) {
		if (subjects[i].node != GRAPH_NONE &&
			graph_edge_get(
				c->graph, GRAPH_OUT, who, party_ref(&subjects[i]), &edge) &&
			graph_edge_is_live(&edge, c->now_s)) {
			return true;
		}
	}
	return false;
}

/* is_word_void - said by him, or by an identity that he continues, and nobody would say it now */
static bool
is_word_void(const struct circle *c, graph_node who, const struct party *subjects, size_t count)
{
	struct digest digests[METRIC_SENDER_REFS_MAX];
	graph_node formers[GRAPH_FORMERS_MAX];
	size_t former_count;
	bool is_void;

	if (has_live_vouch(c, who, subjects, count)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		digests[i] = subjects[i].digest;
	}
	is_void = graph_vouch_is_void(c->graph, who, digests, count);
	former_count = graph_formers(c->graph, who, formers);
	for (size_t i = 0; i < former_count && !is_void; i++) {
		is_void = graph_vouch_is_void(c->graph, formers[i], digests, count);
	}
	return is_void;
}

/* is_share_void - of a helper, either of the two vouches */
static bool
is_share_void(const struct circle *c, const struct party *senders, size_t count,
	const struct metric_payer *payer)
{
	struct party middleman = {.node = payer->middleman.node};

	if (payer->ref.node == GRAPH_NONE) {
		return false;
	}
	if (middleman.node == GRAPH_NONE) {
		return is_word_void(c, payer->ref.node, senders, count);
	}
	return graph_digest_of(c->graph, middleman.node, &middleman.digest) &&
	       (is_word_void(c, payer->ref.node, &middleman, 1) ||
		       is_word_void(c, middleman.node, senders, count));
}

bool
introduction_is_void(const struct circle *c, const struct party *senders, size_t count,
	const struct metric_decision *paid)
{
	for (size_t i = 0; i < paid->payer_count; i++) {
		if (!is_share_void(c, senders, count, &paid->payers[i])) {
			return false;
		}
	}
	return paid->payer_count > 0;
}

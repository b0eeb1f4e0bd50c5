#include <stdlib.h>

#include "common/graph/graph_txn.h"

/*
 * Edges are made per issuer from nothing but what is kept about him, and compared with what
 * is stored, so that deriving twice changes nothing and the order of arrivals leaves no
 * trace. An issuer has at most GRAPH_QUOTA_VOUCHES edges of a kind, which bounds the work.
 */
static const struct adjacency {
	enum graph_class class;
	enum statement_act act;
	enum graph_table out;
	enum graph_table in;
} adjacencies[] = {
	{GRAPH_CLASS_VOUCH, STATEMENT_VOUCH, GRAPH_T_OUT, GRAPH_T_IN},
	{GRAPH_CLASS_BLOCK, STATEMENT_BLOCK, GRAPH_T_BLOCKS_OUT, GRAPH_T_BLOCKS_IN},
	{GRAPH_CLASS_BIND, STATEMENT_BIND, GRAPH_T_BINDS_OUT, GRAPH_T_BINDS_IN},
	{GRAPH_CLASS_OTHER, STATEMENT_WARN, GRAPH_T_WARNS_OUT, GRAPH_T_WARNS_IN},
};

static uint32_t
clip(uint64_t seconds)
{
	return seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}

/* edge_since - the earliest time the edge was seen in a way that is still believed */
static uint64_t
edge_since(const struct graph_belief *b, const struct graph_fact *fact)
{
	uint64_t since;
	struct digest reg;

	graph_fact_register(fact, &reg);
	return graph_believed_since(b, &reg, &since) && since < fact->first_seen_s
		       ? since
		       : fact->first_seen_s;
}

static uint8_t
edge_flags(const struct graph_belief *b, const struct graph_fact *fact)
{
	unsigned int flags = 0;

	flags |= (fact->flags & GRAPH_FACT_OPEN) != 0 ? GRAPH_EDGE_OPEN : 0U;
	flags |= graph_fresh_is_held(b->txn, fact) ? GRAPH_EDGE_HELD : 0U;
	flags |= b->is_hosted ? GRAPH_EDGE_HOSTED : 0U;
	return (uint8_t)flags;
}

/* candidate_of - the edge of a believed fact; one withdrawn competes too, with level 0 */
static bool
candidate_of(struct graph_txn *g, const struct graph_belief *b, const struct graph_fact *fact,
	struct graph_candidate *out)
{
	bool has_level = fact->class == GRAPH_CLASS_VOUCH || fact->level == TRUST_LEVEL_NONE;
	struct principal subject;
	struct graph_ref peer;

	if (principal_parse(graph_fact_subject(fact), g->fold_local_part, &subject, NULL) !=
		0) {
		store_txn_fail(g->txn, ERR_CORRUPT);
		return false;
	}
	peer = graph_intern(g, &subject);
	*out = (struct graph_candidate){
		.edge = {.order = peer.order,
			.peer = peer.node,
			.level = has_level ? fact->level : TRUST_LEVEL_WEAK,
			.flags = edge_flags(b, fact),
			.first_seen_s = fact->level == TRUST_LEVEL_NONE
						? UINT32_MAX
						: clip(edge_since(b, fact)),
			.exp_s = clip(fact->exp_s)},
		.iat_s = fact->iat_s,
		.id = fact->id,
	};
	return peer.node != GRAPH_NONE;
}

/* collect - candidates of all believed facts of a kind. @return how many */
static size_t
collect(struct graph_txn *g, const struct graph_belief *b, const struct adjacency *adj,
	struct graph_candidate out[GRAPH_QUOTA_VOUCHES])
{
	uint8_t buf[GRAPH_ISSUED_KEY_LEN];
	struct slice key = graph_issued_key(&b->issuer, adj->class, buf);
	struct store_cursor *c = store_cursor_open(g->txn, GRAPH_T_ISSUED);
	struct graph_fact fact;
	struct slice value;
	struct digest id;
	size_t count = 0;

	for (bool more = store_set_first(c, key, &value); more;
		more = store_set_next(c, &value)) {
		if (count == GRAPH_QUOTA_VOUCHES || graph_rank_decode(value, &id) != 0 ||
			!graph_fact_get(g->txn, &id, &fact)) {
			store_txn_fail(g->txn, ERR_CORRUPT);
			break;
		}
		if (fact.act == adj->act &&
			graph_believes(b, &fact.signer, &id, fact.first_seen_s)) {
			graph_fact_keep_register(&fact);
			count += candidate_of(g, b, &fact, &out[count]) ? 1 : 0;
		}
	}
	store_cursor_close(c);
	return count;
}

/* compare_candidates - by peer as lists are sorted, the newest first */
static int
compare_candidates(const void *a, const void *b)
{
	const struct graph_candidate *x = a;
	const struct graph_candidate *y = b;

	int by_peer = graph_ref_cmp(graph_edge_ref(&x->edge), graph_edge_ref(&y->edge));

	if (by_peer != 0) {
		return by_peer;
	}
	if (x->iat_s != y->iat_s) {
		return x->iat_s > y->iat_s ? -1 : 1;
	}
	return digest_cmp(&y->id, &x->id);
}

/*
 * reduce - one edge a peer. Several registers of one issuer may fold to the same peer; then
 * the newest statement decides, and the edge is as old as the oldest and held only where all
 * are. @return how many
 */
static size_t
reduce(struct graph_candidate *c, size_t count)
{
	size_t kept = 0;

	qsort(c, count, sizeof(*c), compare_candidates);
	for (size_t i = 0; i < count;) {
		struct graph_candidate winner = c[i];

		for (i++; i < count && c[i].edge.peer == winner.edge.peer; i++) {
			if (c[i].edge.first_seen_s < winner.edge.first_seen_s) {
				winner.edge.first_seen_s = c[i].edge.first_seen_s;
			}
			if ((c[i].edge.flags & GRAPH_EDGE_HELD) == 0) {
				winner.edge.flags &= (uint8_t)~GRAPH_EDGE_HELD;
			}
		}
		if (winner.edge.level != TRUST_LEVEL_NONE) {
			c[kept++] = winner;
		}
	}
	return kept;
}

/* comes_before - by the day it was seen here, which no issuer chooses */
static bool
comes_before(const struct graph_candidate *a, const struct graph_candidate *b)
{
	return a->edge.first_seen_s < b->edge.first_seen_s ||
	       (a->edge.first_seen_s == b->edge.first_seen_s && digest_cmp(&a->id, &b->id) < 0);
}

/* next_warning - the first one behind `last` (NULL: of all), in order of arrival */
static struct graph_candidate *
next_warning(struct graph_candidate *c, size_t count, const struct graph_candidate *last)
{
	struct graph_candidate *found = NULL;

	for (size_t i = 0; i < count; i++) {
		if ((last == NULL || comes_before(last, &c[i])) &&
			(found == NULL || comes_before(&c[i], found))) {
			found = &c[i];
		}
	}
	return found;
}

/*
 * hold_warnings - of an issuer's warnings that first came within a window only the first few count
 *
 * METRIC "Reports": a stolen account must not make newcomers dear by the dozen. Warnings that
 * were taken back leave their room to others, as reports that were undone do; a renewed one
 * keeps its own.
 */
static void
hold_warnings(const struct graph_txn *g, struct graph_candidate *c, size_t count)
{
	struct graph_candidate *at = next_warning(c, count, NULL);

	for (; at != NULL; at = next_warning(c, count, at)) {
		uint32_t taken = 0;

		for (size_t i = 0; i < count; i++) {
			const struct graph_edge *other = &c[i].edge;

			if (comes_before(&c[i], at) && (other->flags & GRAPH_EDGE_HELD) == 0 &&
				at->edge.first_seen_s - other->first_seen_s <
					g->warn_window_s) {
				taken++;
			}
		}
		if (taken >= g->warnings) {
			at->edge.flags |= GRAPH_EDGE_HELD;
		}
	}
}

/* load_stored - the edges as they are. @return how many */
static size_t
load_stored(struct graph_txn *g, enum graph_table table, graph_node node,
	struct graph_edge out[GRAPH_QUOTA_VOUCHES])
{
	uint8_t buf[GRAPH_NODE_KEY_LEN];
	struct store_cursor *c = store_cursor_open(g->txn, table);
	struct slice value;
	size_t count = 0;

	for (bool more = store_set_first(c, graph_node_key(node, buf), &value); more;
		more = store_set_next(c, &value)) {
		if (count == GRAPH_QUOTA_VOUCHES ||
			graph_edge_decode(table, node, value, &out[count]) != 0) {
			store_txn_fail(g->txn, ERR_CORRUPT);
			break;
		}
		count++;
	}
	store_cursor_close(c);
	return count;
}

/* change_half - adds or removes one of the two records of an edge */
static void
change_half(struct graph_txn *g, enum graph_table table, graph_node node,
	const struct graph_edge *edge, bool is_added)
{
	uint8_t key[GRAPH_NODE_KEY_LEN];
	uint8_t buf[GRAPH_EDGE_LEN];
	struct slice value = graph_edge_encode(table, node, edge, buf);

	if (is_added) {
		store_put(g->txn, table, graph_node_key(node, key), value);
	} else {
		(void)store_delete_value(g->txn, table, graph_node_key(node, key), value);
	}
}

static void
change_edge(struct graph_txn *g, const struct adjacency *adj, struct graph_ref self,
	const struct graph_edge *edge, bool is_added)
{
	struct graph_edge back = *edge;

	back.order = self.order;
	back.peer = self.node;
	change_half(g, adj->out, self.node, edge, is_added);
	change_half(g, adj->in, edge->peer, &back, is_added);
}

static bool
edge_eq(const struct graph_edge *a, const struct graph_edge *b)
{
	return a->peer == b->peer && a->level == b->level && a->flags == b->flags &&
	       a->first_seen_s == b->first_seen_s && a->exp_s == b->exp_s;
}

/* replace_edges - turns the stored list into the fresh one; both ascend by peer */
static void
replace_edges(struct graph_txn *g, const struct adjacency *adj, struct graph_ref self,
	size_t stored, size_t fresh)
{
	const struct graph_edge *old = g->scratch->stored;
	const struct graph_candidate *new = g->scratch->fresh;
	size_t i = 0;
	size_t j = 0;

	while (i < stored || j < fresh) {
		int order = i == stored  ? 1
			    : j == fresh ? -1
					 : graph_ref_cmp(graph_edge_ref(&old[i]),
						   graph_edge_ref(&new[j].edge));
		bool has_old = order <= 0;
		bool has_new = order >= 0;

		if (!(has_old && has_new && edge_eq(&old[i], &new[j].edge))) {
			if (has_old) {
				change_edge(g, adj, self, &old[i], false);
			}
			if (has_new) {
				change_edge(g, adj, self, &new[j].edge, true);
			}
		}
		i += has_old ? 1 : 0;
		j += has_new ? 1 : 0;
	}
}

/* signs_always - whether the identity's own statement says so */
static bool
signs_always(const struct graph_belief *b)
{
	uint8_t buf[GRAPH_ISSUED_KEY_LEN];
	struct slice key = graph_issued_key(&b->issuer, GRAPH_CLASS_IDENTITY, buf);
	struct graph_fact fact;
	struct slice value;
	struct digest id;

	if (!store_get(b->txn, GRAPH_T_ISSUED, key, &value)) {
		return false;
	}
	if (graph_rank_decode(value, &id) != 0 || !graph_fact_get(b->txn, &id, &fact)) {
		store_txn_fail(b->txn, ERR_CORRUPT);
		return false;
	}
	return (fact.flags & GRAPH_FACT_SIGNS_ALWAYS) != 0 &&
	       graph_believes(b, &fact.signer, &id, fact.first_seen_s);
}

/* What others ended an identity with. */
struct ending {
	bool is_guarded;
	uint64_t guarded_since_s;
	graph_node successor;
	uint64_t succeeded_since_s;
};

/* find_ending - by its guardians or its successor. @return from when it says nothing more */
static uint64_t
find_ending(struct graph_txn *g, const struct digest *issuer, struct ending *out)
{
	struct graph_belief self;
	struct digest successor;
	struct thumbprint text;
	struct principal p;
	uint64_t end_s = UINT64_MAX;

	*out = (struct ending){0};
	graph_belief_load(&self, g->txn, issuer, UINT64_MAX);
	out->is_guarded = graph_guardians_stop(&self, &out->guarded_since_s);
	if (out->is_guarded) {
		end_s = out->guarded_since_s;
	}
	if (graph_successor_of(g->txn, issuer, &successor, &out->succeeded_since_s)) {
		graph_thumbprint_of(&successor, &text);
		if (principal_from_thumbprint(slice_str(text.text), &p) == 0) {
			out->successor = graph_intern(g, &p).node;
		}
		end_s = out->succeeded_since_s < end_s ? out->succeeded_since_s : end_s;
	}
	return end_s;
}

/* stored_successor - of the identity as it was derived before */
static graph_node
stored_successor(struct graph_txn *g, graph_node node, struct slice key)
{
	struct graph_identity before;
	struct slice value;

	if (!store_get(g->txn, GRAPH_T_IDENTITIES, key, &value)) {
		return GRAPH_NONE;
	}
	if (graph_identity_decode(node, value, &before) != 0) {
		store_txn_fail(g->txn, ERR_CORRUPT);
		return GRAPH_NONE;
	}
	return before.successor;
}

/* put_colleague - into the list of those hosted here, whom nothing takes out again */
static void
put_colleague(struct graph_txn *g, struct graph_ref self)
{
	const struct graph_edge edge = {
		.order = self.order,
		.peer = self.node,
		.level = TRUST_LEVEL_ORDINARY,
		.flags = GRAPH_EDGE_HOSTED,
		.exp_s = UINT32_MAX,
	};

	change_half(g, GRAPH_T_COLLEAGUES, GRAPH_NONE, &edge, true);
}

static void
derive_identity(struct graph_txn *g, const struct graph_belief *b, struct graph_ref self,
	const struct ending *ending)
{
	uint8_t key_buf[GRAPH_NODE_KEY_LEN];
	uint8_t buf[GRAPH_IDENTITY_LEN];
	struct slice key = graph_node_key(self.node, key_buf);
	struct graph_identity identity = {
		.successor = ending->successor, .succeeded_since_s = ending->succeeded_since_s};

	graph_formers_change(
		g, self.node, stored_successor(g, self.node, key), ending->successor);
	if (b->is_hosted) {
		identity.flags |= GRAPH_IDENTITY_HOSTED;
		put_colleague(g, self);
	}
	if (signs_always(b)) {
		identity.flags |= GRAPH_IDENTITY_SIGNS_ALWAYS;
	}
	if (b->revoked_since_s != UINT64_MAX) {
		identity.flags |= GRAPH_IDENTITY_REVOKED;
		identity.revoked_since_s = b->revoked_since_s;
	}
	if (ending->is_guarded) {
		identity.flags |= GRAPH_IDENTITY_GUARDED;
		identity.guarded_since_s = ending->guarded_since_s;
	}
	if (identity.flags == 0 && identity.successor == GRAPH_NONE) {
		(void)store_delete(g->txn, GRAPH_T_IDENTITIES, key);
	} else {
		store_put(g->txn, GRAPH_T_IDENTITIES, key,
			graph_identity_encode(self.node, &identity, buf));
	}
}

static void
derive_issuer(struct graph_txn *g, const struct digest *issuer)
{
	struct thumbprint text;
	struct principal self;
	struct graph_belief belief;
	struct ending ending;
	struct graph_ref ref;

	graph_thumbprint_of(issuer, &text);
	if (principal_from_thumbprint(slice_str(text.text), &self) != 0) {
		store_txn_fail(g->txn, ERR_CORRUPT);
		return;
	}
	ref = graph_intern(g, &self);
	graph_belief_load(&belief, g->txn, issuer, find_ending(g, issuer, &ending));
	for (size_t i = 0; i < ARRAY_LEN(adjacencies); i++) {
		const struct adjacency *adj = &adjacencies[i];
		size_t stored = load_stored(g, adj->out, ref.node, g->scratch->stored);
		size_t fresh = collect(g, &belief, adj, g->scratch->fresh);

		fresh = reduce(g->scratch->fresh, fresh);
		if (adj->act == STATEMENT_WARN) {
			hold_warnings(g, g->scratch->fresh, fresh);
		}
		if (store_txn_error(g->txn) != 0) {
			return;
		}
		replace_edges(g, adj, ref, stored, fresh);
	}
	derive_identity(g, &belief, ref, &ending);
}

void
graph_each_issuer(struct graph_txn *g, enum graph_table table, graph_issuer_fn *visit)
{
	struct store_cursor *c = store_cursor_open(g->txn, table);
	struct digest issuer;
	struct slice key;
	struct slice value;

	for (bool more = store_cursor_seek(c, slice_of("", 0), &key, &value); more;
		more = store_cursor_next(c, &key, &value)) {
		if (key.len != DIGEST_LEN) {
			store_txn_fail(g->txn, ERR_CORRUPT);
			break;
		}
		memcpy(issuer.bytes, key.data, DIGEST_LEN);
		visit(g, &issuer);
	}
	store_cursor_close(c);
}

void
graph_derive_dirty(struct graph_txn *g)
{
	/* What an issuer's word is worth decides about those he guards or continues. */
	graph_each_issuer(g, GRAPH_T_DIRTY, graph_touch_subjects);
	graph_each_issuer(g, GRAPH_T_DIRTY, derive_issuer);
	graph_each_issuer(g, GRAPH_T_TOUCHED, derive_issuer);
	store_clear(g->txn, GRAPH_T_DIRTY);
	store_clear(g->txn, GRAPH_T_TOUCHED);
	g->has_dirty = false;
}

#include "common/scan/trust.h"

#include "common/statement/statement.h"

/* The principals a sender is known by: address, effective identity, domain. */
#define SENDER_PARTIES_MAX 3

struct sender {
	struct party parties[SENDER_PARTIES_MAX];
	const char *kinds[SENDER_PARTIES_MAX];
	size_t count;
	graph_node identity;
};

static void
sender_add(struct sender *s, struct party p, const char *kind)
{
	s->parties[s->count] = p;
	s->kinds[s->count] = kind;
	s->count++;
}

static void
sender_init(struct sender *s, const struct circle *c, const struct principal *address)
{
	struct slice value = slice_behind_last(principal_value(address), '@');
	struct principal domain;
	char text[PRINCIPAL_TEXT_MAX] = "dom:";

	*s = (struct sender){0};
	sender_add(s, circle_party(c, address), "addr");
	s->identity = circle_identity_of(c, &s->parties[0]);
	if (s->identity != GRAPH_NONE) {
		struct party p = {.node = s->identity};

		if (graph_digest_of(c->graph, s->identity, &p.digest)) {
			sender_add(s, p, "id");
		}
	}
	memcpy(text + 4, value.data, value.len);
	if (principal_parse(slice_of(text, 4 + value.len), false, &domain, NULL) == 0) {
		sender_add(s, circle_party(c, &domain), "dom");
	}
}

static bool
is_revoked(const struct circle *c, const struct sender *s, uint64_t *since_out)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->parties[i].node != GRAPH_NONE &&
			graph_is_revoked(c->graph, s->parties[i].node, c->now_s, since_out)) {
			return true;
		}
	}
	return false;
}

/* is_blocked - anything that covers the sender, or another address that From names */
static bool
is_blocked(const struct circle *c, const struct sender *s, const struct trust_question *q)
{
	struct slice sender =
		q->sender == NULL ? (struct slice){0} : principal_value(q->sender);

	for (size_t i = 0; i < s->count; i++) {
		if (circle_blocks(c, &s->parties[i])) {
			return true;
		}
	}
	if (s->count > 0 && circle_blocks_above(c, sender)) {
		return true;
	}
	for (size_t i = 0; i < q->named->count; i++) {
		if (!slice_eq(q->named->items[i], sender) &&
			circle_blocks_address(c, q->named->items[i])) {
			return true;
		}
	}
	return false;
}

/* own_edge - the recipient's strongest edge to any of the sender's principals */
static void
own_edge(const struct circle *c, const struct sender *s, struct trust_decision *out)
{
	for (size_t i = 0; i < s->count; i++) {
		unsigned int level = circle_level(c, &s->parties[i]);

		if (level > out->level) {
			out->level = level;
			out->edge_kind = s->kinds[i];
		}
	}
}

/* note_voucher - keeps the strongest vouch of each voucher; false when the table is full */
static bool
note_voucher(struct trust_decision *out, const struct trust_voucher *v)
{
	for (size_t i = 0; i < out->voucher_count; i++) {
		struct trust_voucher *have = &out->vouchers[i];

		if (have->identity == v->identity) {
			if (v->vouch_level > have->vouch_level) {
				have->vouch_level = v->vouch_level;
			}
			have->is_open = have->is_open || v->is_open;
			return true;
		}
	}
	if (out->voucher_count == TRUST_VOUCHERS_MAX) {
		return false;
	}
	out->vouchers[out->voucher_count++] = *v;
	return true;
}

/* Everything one search for vouchers needs. */
struct search {
	const struct circle *circle;
	const struct sender *sender;
	struct trust_decision *out;
};

static bool
may_vouch(const struct search *s, graph_node identity)
{
	return identity != s->sender->identity && identity != s->circle->self.node;
}

/* counts - a vouch that has not ended and is not beyond the fresh rule */
static bool
counts(const struct circle *c, const struct graph_edge *edge)
{
	return graph_edge_is_live(edge, c->now_s) && (edge->flags & GRAPH_EDGE_HELD) == 0;
}

static void
consider_edge(struct search *s, graph_node identity, unsigned int own_level,
	const struct graph_edge *edge)
{
	struct trust_voucher v = {
		.identity = identity,
		.own_level = own_level,
		.vouch_level = edge->level,
		.is_open = (edge->flags & GRAPH_EDGE_OPEN) != 0 &&
			   circle_is_public(s->circle, identity),
	};

	if (!note_voucher(s->out, &v)) {
		s->out->cut = true;
	}
}

/* search_vouchers - walks those who vouch for the node and asks who of them is a friend */
static void
search_vouchers(struct search *s, graph_node node)
{
	const struct circle *c = s->circle;
	struct graph_cursor cursor = {0};
	struct graph_edge edge;

	graph_list(c->graph, GRAPH_IN, node, &cursor);
	while (graph_next(&cursor, &edge)) {
		graph_node identity = graph_current(c->graph, edge.peer);
		unsigned int own_level = 0;

		if (!counts(c, &edge) || !may_vouch(s, identity)) {
			continue;
		}
		own_level = circle_voucher_level(c, identity);
		if (own_level > 0) {
			consider_edge(s, identity, own_level, &edge);
		}
	}
	graph_cursor_close(&cursor);
}

/* family - a node and those it continues. @return how many */
static size_t
family(const struct circle *c, graph_node node, graph_node out[1 + GRAPH_FORMERS_MAX])
{
	out[0] = node;
	return node == GRAPH_NONE ? 0 : 1 + graph_formers(c->graph, node, out + 1);
}

/* consider_vouches - of a friend, or whom he continues, for one of the sender's principals */
static void
consider_vouches(struct search *s, graph_node identity, unsigned int level, graph_node sender)
{
	const struct circle *c = s->circle;
	graph_node friends[1 + GRAPH_FORMERS_MAX];
	graph_node senders[1 + GRAPH_FORMERS_MAX];
	size_t friend_count = family(c, identity, friends);
	size_t sender_count = family(c, sender, senders);
	struct graph_edge edge;

	for (size_t i = 0; i < friend_count * sender_count; i++) {
		struct graph_ref to = graph_ref_of(c->graph, senders[i % sender_count]);

		if (graph_edge_get(c->graph, GRAPH_OUT, friends[i / sender_count], to, &edge) &&
			counts(c, &edge)) {
			consider_edge(s, identity, level, &edge);
		}
	}
}

static int
visit_friend(void *ctx, graph_node identity, unsigned int level)
{
	struct search *s = ctx;

	for (size_t i = 0; may_vouch(s, identity) && i < s->sender->count; i++) {
		consider_vouches(s, identity, level, s->sender->parties[i].node);
	}
	return 0;
}

/*
 * find_vouchers - friends of the recipient who vouch for the sender
 *
 * From the sender's side when few vouch for him (the usual case), else from the recipient's: a
 * sender whom a million people list must not cost a million steps.
 */
static void
find_vouchers(const struct circle *c, const struct sender *sender, struct trust_decision *out)
{
	struct search s = {.circle = c, .sender = sender, .out = out};
	graph_node nodes[SENDER_PARTIES_MAX * (1 + GRAPH_FORMERS_MAX)];
	uint64_t total = 0;
	size_t count = 0;

	for (size_t i = 0; i < sender->count; i++) {
		count += family(c, sender->parties[i].node, nodes + count);
	}
	for (size_t i = 0; i < count; i++) {
		total += graph_degree(c->graph, GRAPH_IN, nodes[i]);
	}
	if (total > TRUST_WALK_MAX) {
		/* Colleagues are not walked from this side, so the search may be incomplete. */
		out->cut = !circle_walk(c, TRUST_WALK_MAX, visit_friend, &s) || c->colleagues;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		search_vouchers(&s, nodes[i]);
	}
}

static void
weigh_vouchers(struct trust_decision *out)
{
	struct metric_candidate candidates[TRUST_VOUCHERS_MAX];

	for (size_t i = 0; i < out->voucher_count; i++) {
		candidates[i] = (struct metric_candidate){
			.own_level = out->vouchers[i].own_level,
			.vouch_level = out->vouchers[i].vouch_level,
		};
	}
	out->strength = metric_strength(candidates, out->voucher_count);
	for (size_t i = 0; i < out->voucher_count; i++) {
		out->vouchers[i].weight = candidates[i].weight;
	}
}

static void
settle(struct trust_decision *out, enum trust_rule rule, enum tier tier)
{
	out->rule = rule;
	out->tier = tier;
}

/* apply_rules - the first that fits; `s` has no principals where there is no single sender */
static void
apply_rules(const struct circle *c, const struct sender *s, const struct trust_question *q,
	struct trust_decision *out)
{
	if (is_revoked(c, s, &out->revoked_since_s)) {
		settle(out, TRUST_RULE_REVOKED, TIER_REVOKED);
		return;
	}
	if (is_blocked(c, s, q)) {
		settle(out, TRUST_RULE_BLOCKED, TIER_BLOCKED);
		return;
	}
	if (s->count == 0) {
		return;
	}
	own_edge(c, s, out);
	if (!q->proven) {
		settle(out, TRUST_RULE_UNPROVEN, TIER_UNKNOWN);
		return;
	}
	if (out->level > 0) {
		settle(out, TRUST_RULE_OWN_EDGE,
			out->level == TRUST_LEVEL_STRONG ? TIER_WELL_TRUSTED : TIER_KNOWN);
		return;
	}
	find_vouchers(c, s, out);
	weigh_vouchers(out);
	settle(out, out->voucher_count > 0 ? TRUST_RULE_INTRODUCTION : TRUST_RULE_NOBODY,
		out->voucher_count > 0 ? TIER_KNOWN : TIER_UNKNOWN);
}

void
trust_decide(
	const struct circle *circle, const struct trust_question *q, struct trust_decision *out)
{
	struct sender s = {0};

	*out = (struct trust_decision){.tier = TIER_UNKNOWN, .rule = TRUST_RULE_NO_SENDER};
	if (q->sender != NULL) {
		sender_init(&s, circle, q->sender);
		out->identity = s.identity;
	}
	apply_rules(circle, &s, q, out);
	if (graph_error(circle->graph) != 0 || private_error(circle->private_store) != 0) {
		*out = (struct trust_decision){
			.tier = TIER_UNKNOWN,
			.rule = TRUST_RULE_NO_STORE,
		};
	}
}

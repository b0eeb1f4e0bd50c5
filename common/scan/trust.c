#include "common/scan/trust.h"

#include "common/scan/circle_world.h"
#include "common/scan/introduction.h"

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
own_edge(const struct circle *c, const struct sender *s, struct trust_decision *out,
	bool *by_hand)
{
	for (size_t i = 0; i < s->count; i++) {
		unsigned int level = circle_level(c, &s->parties[i]);

		if (level > out->level) {
			out->level = level;
			out->edge_kind = s->kinds[i];
		}
		*by_hand = *by_hand || (level > 0 && circle_is_by_hand(c, &s->parties[i]));
	}
}

static enum trust_rule
rule_of(enum metric_rule rule)
{
	switch (rule) {
	case METRIC_RULE_REVOKED:
		return TRUST_RULE_REVOKED;
	case METRIC_RULE_BLOCKED:
		return TRUST_RULE_BLOCKED;
	case METRIC_RULE_UNPROVEN:
		return TRUST_RULE_UNPROVEN;
	case METRIC_RULE_REPORTED:
		return TRUST_RULE_REPORTED;
	case METRIC_RULE_SUSPECT:
		return TRUST_RULE_SUSPECT;
	case METRIC_RULE_DIRECT:
		return TRUST_RULE_OWN_EDGE;
	case METRIC_RULE_PAID:
	case METRIC_RULE_PAYABLE:
		return TRUST_RULE_INTRODUCTION;
	case METRIC_RULE_NOBODY:
		break;
	}
	return TRUST_RULE_NOBODY;
}

/* ask - the question as the metric wants it */
static void
ask(const struct circle *c, const struct sender *s, struct metric_question *out)
{
	const struct party *address = &s->parties[0];

	out->recipient.digest = &c->self.digest;
	out->recipient_ref = circle_world_node_ref(c, c->self.node);
	out->now_s = c->now_s;
	if (s->count == 0) {
		return;
	}
	out->sender.digest = &address->digest;
	out->tag = graph_order_of(&address->digest);
	for (size_t i = 0; i < s->count; i++) {
		if (s->parties[i].node != GRAPH_NONE) {
			out->sender_refs[out->sender_ref_count++] =
				circle_world_ref(&s->parties[i]);
		}
	}
}

/* pay - what is payable counts only when it is paid, except in dry runs */
static void
pay(const struct trust_ledger *ledger, const struct metric_config *config,
	const struct metric_world *world, const struct metric_question *question,
	struct metric_decision *decision)
{
	if (decision->rule == METRIC_RULE_PAYABLE && ledger->pay != NULL &&
		ledger->pay(ledger->ctx, config, world, question, decision) != 0) {
		decision->rule = METRIC_RULE_NOBODY;
		decision->refusal = METRIC_REFUSAL_LEDGER;
		decision->tier = TIER_UNKNOWN;
	}
}

/*
 * show_present_vouches - may those who paid long ago be named in mail? As long as they vouch openly
 */
static void
show_present_vouches(
	const struct circle *c, const struct sender *s, struct metric_decision *decision)
{
	struct graph_edge edge;

	for (size_t i = 0; i < decision->payer_count * s->count; i++) {
		struct metric_payer *payer = &decision->payers[i / s->count];
		const struct party *to = &s->parties[i % s->count];

		if (payer->ref.node != 0 && payer->middleman.node == 0 &&
			to->node != GRAPH_NONE &&
			graph_edge_get(
				c->graph, GRAPH_OUT, payer->ref.node, party_ref(to), &edge) &&
			graph_edge_is_live(&edge, c->now_s)) {
			payer->vouch_level = edge.level;
			payer->is_open = payer->is_open || (edge.flags & GRAPH_EDGE_OPEN) != 0;
		}
	}
}

/*
 * asks_the_web - may it come to an introduction? Nothing else looks further than own edges and
 * ledger
 */
static bool
asks_the_web(const struct metric_question *q)
{
	return !q->revoked && !q->blocked && q->proven && q->level == 0;
}

/* What METRIC's rules are asked about. */
struct matter {
	const struct circle *circle;
	const struct metric_config *config;
	const struct trust_ledger *ledger;
	const struct sender *sender;
	bool pays;
	struct metric_question question;
};

/* judge - METRIC's rules, in its order, as far as `world` shows them the web */
static void
judge(struct matter *m, const struct metric_world *world, struct trust_decision *out)
{
	const struct metric_ledger *ledger = &m->ledger->metric;
	const struct sender *s = m->sender;

	metric_decide(m->config, world, ledger, &m->question, &out->metric);
	if (out->metric.rule == METRIC_RULE_PAID &&
		introduction_is_void(m->circle, s->parties, s->count, &out->metric)) {
		m->question.is_paid_void = true;
		metric_decide(m->config, world, ledger, &m->question, &out->metric);
	}
	if (m->pays) {
		pay(m->ledger, m->config, world, &m->question, &out->metric);
	}
	if (out->metric.rule == METRIC_RULE_PAID) {
		show_present_vouches(m->circle, s, &out->metric);
	}
	out->cut = out->metric.cut != 0;
	out->rule = rule_of(out->metric.rule);
	out->tier = out->metric.tier;
}

/*
 * judge_in_web - the same with the web around recipient and sender
 *
 * A function of its own, since its view of the web takes forty pages of the stack, each of which is
 * touched on entry (-fstack-clash-protection): friends' mail and mail without proof go without.
 */
static NOINLINE void
judge_in_web(struct matter *m, struct trust_decision *out)
{
	UNINITIALIZED struct circle_world view;
	struct metric_world world;

	circle_world_init(&view, m->circle, m->config, m->sender->parties, m->sender->count);
	world = circle_world_metric(&view);
	judge(m, &world, out);
	out->cut = out->cut || view.cut;
}

static void
decide(const struct circle *c, const struct metric_config *config,
	const struct trust_ledger *ledger, const struct sender *s,
	const struct trust_question *q, struct trust_decision *out)
{
	static const struct trust_ledger empty;
	static const struct metric_world nobody;
	struct matter m = {c, config, ledger == NULL ? &empty : ledger, s, .pays = q->pays};
	struct metric_question *question = &m.question;

	question->revoked = is_revoked(c, s, &out->revoked_since_s);
	question->blocked = !question->revoked && is_blocked(c, s, q);
	question->proven = q->proven;
	question->explains = q->explains;
	if (s->count == 0 && !question->revoked && !question->blocked) {
		return;
	}
	own_edge(c, s, out, &question->by_hand);
	question->level = out->level;
	ask(c, s, question);
	if (asks_the_web(question)) {
		judge_in_web(&m, out);
	} else {
		judge(&m, &nobody, out);
	}
}

/* settle - an answer without the metric; its long lists are left as they are, with no entries */
static void
settle(struct trust_decision *out, enum trust_rule rule)
{
	memset(out, 0, offsetof(struct trust_decision, metric.payers));
	out->tier = TIER_UNKNOWN;
	out->rule = rule;
}

void
trust_decide(const struct circle *circle, const struct metric_config *config,
	const struct trust_ledger *ledger, const struct trust_question *q,
	struct trust_decision *out)
{
	struct sender s = {0};

	settle(out, TRUST_RULE_NO_SENDER);
	if (q->sender != NULL) {
		sender_init(&s, circle, q->sender);
		out->sender = s.parties[0].digest;
		out->identity = s.identity;
	}
	decide(circle, config, ledger, &s, q, out);
	if (graph_error(circle->graph) != 0 || private_error(circle->private_store) != 0) {
		settle(out, TRUST_RULE_NO_STORE);
	}
}

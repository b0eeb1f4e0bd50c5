/* Which binding of an address has effect (DESIGN 3): a claim alone has none, for or against. */
#include "common/ledger/ledger_proof.h"
#include "common/scan/circle.h"

/* What the bindings of one address come to. */
struct outcome {
	graph_node identity;
	bool is_unclear; /* two have effect: neither, until confirmed */
};

static void
take(struct outcome *o, graph_node identity)
{
	o->is_unclear = o->is_unclear || (o->identity != GRAPH_NONE && o->identity != identity);
	o->identity = identity;
}

/* speaker_of - the identity that the recipient, or the site, confirmed to speak for a domain */
static bool
speaker_of(const struct circle *c, const struct party *address, struct thumbprint *out)
{
	char text[PRINCIPAL_TEXT_MAX] = "dom:";
	struct principal domain;
	struct private_entry e;
	struct digest digest;
	struct slice name;

	if (!graph_text_of(c->graph, address->node, &name)) {
		return false;
	}
	name = slice_behind_last(name, '@');
	if (name.len == 0 || name.len > sizeof(text) - 4) {
		return false;
	}
	memcpy(text + 4, name.data, name.len);
	if (principal_parse(slice_of(text, 4 + name.len), false, &domain, NULL) != 0) {
		return false;
	}
	principal_digest(&domain, &digest);
	if ((private_get(c->private_store, &c->self.digest, &digest, &e) && e.has_identity) ||
		(private_get(c->private_store, &c->site.digest, &digest, &e) &&
			e.has_identity)) {
		*out = e.identity;
		return true;
	}
	return false;
}

/* Who may countersign the bindings of an address; looked up when it is first asked for. */
struct signing {
	const struct circle *c;
	const struct party *address;
	bool is_looked_up;
	bool has_speaker;
	struct thumbprint speaker;
};

static bool
is_countersigned(struct signing *s, graph_node identity)
{
	if (!s->is_looked_up) {
		s->has_speaker = speaker_of(s->c, s->address, &s->speaker);
		s->is_looked_up = true;
	}
	return s->has_speaker &&
	       graph_is_countersigned(s->c->graph, identity, s->address->node, &s->speaker);
}

/* rank_of - among many claims the countersigned ones are to be seen */
static unsigned int
rank_of(void *ctx, graph_node identity)
{
	return is_countersigned(ctx, identity) ? 1 : 0;
}

/*
 * take_signed - bindings of our own identities, and countersigned ones. False without any
 * binding
 */
static bool
take_signed(const struct circle *c, const struct party *address, struct outcome *o)
{
	struct signing signing = {.c = c, .address = address};
	struct graph_binding bindings[GRAPH_BINDINGS_MAX];
	size_t count =
		graph_bindings_ranked(c->graph, address->node, rank_of, &signing, bindings);

	for (size_t i = 0; i < count; i++) {
		graph_node claimed = bindings[i].identity;

		if (c->now_s < bindings[i].exp_s &&
			(bindings[i].hosted || is_countersigned(&signing, claimed))) {
			take(o, graph_current(c->graph, claimed));
		}
	}
	return count > 0;
}

/* person_claims - does the identity bind the address, or one that is the same person today? */
static bool
person_claims(
	struct graph_reader *graph, graph_node identity, graph_node address, uint64_t now_s)
{
	graph_node all[2 + GRAPH_FORMERS_MAX] = {identity, graph_current(graph, identity)};
	size_t count = 2 + graph_formers(graph, all[1], all + 2);

	for (size_t i = 0; i < count; i++) {
		if (graph_claims(graph, all[i], address, now_s)) {
			return true;
		}
	}
	return false;
}

/*
 * take_shown - an identity that mail of the address showed has effect where it claims the
 * address
 */
static void
take_shown(const struct circle *c, const struct party *address, const struct digest *identity,
	struct outcome *o)
{
	graph_node node = graph_find_digest(c->graph, identity);

	if (node != GRAPH_NONE && person_claims(c->graph, node, address->node, c->now_s)) {
		take(o, graph_current(c->graph, node));
	}
}

/* take_proven - what the mail at hand shows, and what earlier mail did */
static void
take_proven(const struct circle *c, const struct party *address, struct outcome *o)
{
	struct ledger_proof proof;

	if (c->shown.is_there && digest_eq(&c->shown.address, &address->digest)) {
		take_shown(c, address, &c->shown.identity, o);
	}
	if (c->ledger == NULL || !ledger_proof_find(c->ledger, &address->digest, &proof)) {
		return;
	}
	for (size_t i = 0; i < proof.count; i++) {
		if (ledger_shown_is_live(&proof.shown[i], c->now_s)) {
			take_shown(c, address, &proof.shown[i].identity, o);
		}
	}
}

graph_node
circle_bound_identity(const struct circle *c, const struct party *address)
{
	struct outcome outcome = {GRAPH_NONE, false};

	if (!take_signed(c, address, &outcome)) {
		return GRAPH_NONE;
	}
	take_proven(c, address, &outcome);
	return outcome.is_unclear ? GRAPH_NONE : outcome.identity;
}

bool
circle_may_show(const struct circle *c)
{
	return c->shown.is_there &&
	       person_claims(c->graph, graph_find_digest(c->graph, &c->shown.identity),
		       graph_find_digest(c->graph, &c->shown.address), c->now_s);
}

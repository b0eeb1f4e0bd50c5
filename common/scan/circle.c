#include "common/scan/circle.h"

#include "common/ledger/ledger_seen.h"
#include "common/mail/address.h"
#include "common/statement/statement.h"

/* Local users asked about one sender for the site's view; more would add nothing but time. */
#define HOLDERS_MAX 256

/* An identity binds at most 16 addresses (GRAPH_QUOTA_BINDINGS). */
#define BOUND_MAX 16

static struct party
identity_party(const struct circle *c, const struct thumbprint *identity)
{
	struct party out;

	out.node = graph_find_identity(c->graph, identity, &out.digest);
	return out;
}

/* former_parties - the identities that a node continues. @return how many */
static size_t
former_parties(const struct circle *c, graph_node node, struct party out[GRAPH_FORMERS_MAX])
{
	graph_node nodes[GRAPH_FORMERS_MAX];
	size_t count = node == GRAPH_NONE ? 0 : graph_formers(c->graph, node, nodes);
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		out[kept].node = nodes[i];
		if (graph_digest_of(c->graph, nodes[i], &out[kept].digest)) {
			kept++;
		}
	}
	return kept;
}

void
circle_init(struct circle *c, struct graph_reader *graph, struct private_reader *private_store,
	const struct private_user *user, bool colleagues, uint64_t now_s)
{
	*c = (struct circle){
		.graph = graph,
		.private_store = private_store,
		.is_site = user == NULL,
		.colleagues = colleagues,
		.now_s = now_s,
		.learned_life_s = CIRCLE_LEARNED_LIFETIME_S,
	};
	c->site.node = graph_current(graph, graph_site(graph));
	(void)graph_digest_of(graph, c->site.node, &c->site.digest);
	if (user == NULL) {
		c->self = c->site;
	} else {
		c->self.digest = user->digest;
		c->self.node = graph_current(graph, identity_party(c, &user->identity).node);
	}
	c->former_count = former_parties(c, c->self.node, c->formers);
}

struct party
circle_party(const struct circle *c, const struct principal *p)
{
	struct party out;

	principal_digest(p, &out.digest);
	out.node = graph_find_digest(c->graph, &out.digest);
	return out;
}

/* entry_is_live - a learned one ends without mail, of which the ledger may know more */
static bool
entry_is_live(const struct circle *c, const struct digest *user, const struct private_entry *e)
{
	uint64_t last_s = e->last_mail_s != 0 ? e->last_mail_s : e->added_s;

	if (e->origin != PRIVATE_LEARNED || c->now_s < last_s + c->learned_life_s) {
		return true;
	}
	last_s = c->ledger == NULL ? 0 : ledger_seen_find(c->ledger, user, &e->subject);
	return last_s != 0 && c->now_s < last_s + c->learned_life_s;
}

/* private_level - the level a user holds privately; 0 for blocks and ended edges */
static unsigned int
private_level(const struct circle *c, const struct digest *user, const struct digest *subject)
{
	struct private_entry e;

	if (!private_get(c->private_store, user, subject, &e) || e.blocked ||
		!entry_is_live(c, user, &e)) {
		return 0;
	}
	return e.level;
}

static unsigned int
published_level(const struct circle *c, graph_node from, struct graph_ref to)
{
	struct graph_edge edge;

	if (from == GRAPH_NONE || to.node == GRAPH_NONE ||
		!graph_edge_get(c->graph, GRAPH_OUT, from, to, &edge) ||
		!graph_edge_is_live(&edge, c->now_s)) {
		return 0;
	}
	return edge.level;
}

static bool
is_colleague(const struct circle *c, const struct party *p)
{
	struct private_user user;

	if (p->node != GRAPH_NONE && p->node == c->site.node) {
		return false;
	}
	return (p->node != GRAPH_NONE && graph_is_hosted(c->graph, p->node)) ||
	       private_user_by_digest(c->private_store, &p->digest, &user);
}

/* party_is_by_hand - an edge to exactly this party that was not learned */
static bool
party_is_by_hand(const struct circle *c, const struct party *p)
{
	struct private_entry e;
	bool published = published_level(c, c->self.node, party_ref(p)) > 0;

	for (size_t i = 0; !published && i < c->former_count; i++) {
		published = published_level(c, c->formers[i].node, party_ref(p)) > 0;
	}
	return published ||
	       (private_get(c->private_store, &c->self.digest, &p->digest, &e) && !e.blocked &&
		       e.level > 0 && e.origin == PRIVATE_BY_HAND) ||
	       ((c->colleagues || c->is_site) && is_colleague(c, p));
}

bool
circle_is_by_hand(const struct circle *c, const struct party *p)
{
	struct party formers[GRAPH_FORMERS_MAX];
	size_t count = former_parties(c, p->node, formers);
	bool by_hand = party_is_by_hand(c, p);

	for (size_t i = 0; !by_hand && i < count; i++) {
		by_hand = party_is_by_hand(c, &formers[i]);
	}
	return by_hand;
}

/* is_known_to_some_user - does any local user hold a direct edge, privately or published? */
static bool
is_known_to_some_user(const struct circle *c, const struct party *p)
{
	struct private_cursor holders = {0};
	struct graph_cursor vouchers = {0};
	struct digest user;
	struct graph_edge edge;
	bool found = false;

	private_holders(c->private_store, &p->digest, &holders);
	for (size_t i = 0; !found && i < HOLDERS_MAX; i++) {
		if (!private_next_holder(&holders, &user)) {
			break;
		}
		found = private_level(c, &user, &p->digest) > 0;
	}
	private_cursor_close(&holders);
	if (found || p->node == GRAPH_NONE) {
		return found;
	}
	graph_list(c->graph, GRAPH_IN, p->node, &vouchers);
	for (size_t i = 0; !found && i < HOLDERS_MAX && graph_next(&vouchers, &edge); i++) {
		found = graph_edge_is_live(&edge, c->now_s) &&
			graph_is_hosted(c->graph, edge.peer);
	}
	graph_cursor_close(&vouchers);
	return found;
}

/* own_level - what the recipient, or an identity he continues, holds about exactly this party */
static unsigned int
own_level(const struct circle *c, const struct party *p)
{
	unsigned int level = circle_stronger(private_level(c, &c->self.digest, &p->digest),
		published_level(c, c->self.node, party_ref(p)));

	for (size_t i = 0; i < c->former_count; i++) {
		level = circle_stronger(
			level, published_level(c, c->formers[i].node, party_ref(p)));
		if (c->is_site) {
			level = circle_stronger(
				level, private_level(c, &c->formers[i].digest, &p->digest));
		}
	}
	return level;
}

static unsigned int
party_level(const struct circle *c, const struct party *p)
{
	unsigned int level = own_level(c, p);

	if (level < TRUST_LEVEL_ORDINARY && (c->colleagues || c->is_site) &&
		is_colleague(c, p)) {
		level = TRUST_LEVEL_ORDINARY;
	}
	if (level == 0 && c->is_site && is_known_to_some_user(c, p)) {
		level = TRUST_LEVEL_WEAK;
	}
	return level;
}

unsigned int
circle_level(const struct circle *c, const struct party *p)
{
	struct party formers[GRAPH_FORMERS_MAX];
	size_t count = former_parties(c, p->node, formers);
	unsigned int level = party_level(c, p);

	for (size_t i = 0; i < count; i++) {
		level = circle_stronger(level, party_level(c, &formers[i]));
	}
	return level;
}

static bool
blocked_by(const struct circle *c, const struct party *who, const struct party *p)
{
	struct private_entry e;
	struct graph_edge edge;

	if (private_get(c->private_store, &who->digest, &p->digest, &e) && e.blocked) {
		return true;
	}
	return who->node != GRAPH_NONE && p->node != GRAPH_NONE &&
	       graph_edge_get(c->graph, GRAPH_BLOCKS_OUT, who->node, party_ref(p), &edge) &&
	       graph_edge_is_live(&edge, c->now_s);
}

/* blocks_party - exactly this party, by the recipient, an identity he continues, or the site */
static bool
blocks_party(const struct circle *c, const struct party *p)
{
	if (blocked_by(c, &c->self, p) || (!c->is_site && blocked_by(c, &c->site, p))) {
		return true;
	}
	for (size_t i = 0; i < c->former_count; i++) {
		if (blocked_by(c, &c->formers[i], p)) {
			return true;
		}
	}
	return false;
}

bool
circle_blocks(const struct circle *c, const struct party *p)
{
	struct party formers[GRAPH_FORMERS_MAX];
	size_t count = former_parties(c, p->node, formers);
	bool blocked = blocks_party(c, p);

	for (size_t i = 0; !blocked && i < count; i++) {
		blocked = blocks_party(c, &formers[i]);
	}
	return blocked;
}

/* blocks_text - a block of a principal given as kind and value */
static bool
blocks_text(const struct circle *c, const char *kind, struct slice value)
{
	char text[PRINCIPAL_TEXT_MAX];
	struct principal p;
	struct party party;
	size_t n = strlen(kind);

	if (value.len == 0 || value.len > sizeof(text) - n) {
		return false;
	}
	memcpy(text, kind, n);
	memcpy(text + n, value.data, value.len);
	if (principal_parse(slice_of(text, n + value.len), false, &p, NULL) != 0) {
		return false;
	}
	party = circle_party(c, &p);
	return circle_blocks(c, &party);
}

bool
circle_blocks_above(const struct circle *c, struct slice address)
{
	struct slice domain = slice_behind_last(address, '@');
	struct address whole;
	struct address bare;

	if (slice_find_byte(address, '+') < address.len &&
		address_parse(address, false, &whole, NULL) == 0 &&
		address_strip_sub_address(&whole, "+", &bare) &&
		blocks_text(c, "addr:", address_slice(&bare))) {
		return true;
	}
	domain = slice_skip(domain, slice_find_byte(domain, '.') + 1);
	while (slice_find_byte(domain, '.') < domain.len) {
		if (blocks_text(c, "dom:", domain)) {
			return true;
		}
		domain = slice_skip(domain, slice_find_byte(domain, '.') + 1);
	}
	return false;
}

bool
circle_blocks_address(const struct circle *c, struct slice address)
{
	return blocks_text(c, "addr:", address) ||
	       blocks_text(c, "dom:", slice_behind_last(address, '@')) ||
	       circle_blocks_above(c, address);
}

graph_node
circle_identity_of(const struct circle *c, const struct party *address)
{
	struct private_entry e;
	struct private_user user;

	/* Of a domain, the entry says who speaks for it, which is nobody's identity. */
	if (private_get(c->private_store, &c->self.digest, &address->digest, &e) &&
		e.has_identity && slice_starts_with(e.text, SLICE("addr:"))) {
		return graph_current(c->graph, identity_party(c, &e.identity).node);
	}
	/*
	 * Who our own users are, we know without a statement, which a revocation may have
	 * voided.
	 */
	if (private_user_by_digest(c->private_store, &address->digest, &user)) {
		return graph_current(c->graph, identity_party(c, &user.identity).node);
	}
	if (address->node == GRAPH_NONE) {
		return GRAPH_NONE;
	}
	return circle_bound_identity(c, address);
}

/* bound_level - the recipient's level for an address that has effect as the identity's */
static unsigned int
bound_level(const struct circle *c, graph_node bound_by, graph_node identity)
{
	graph_node addresses[BOUND_MAX];
	unsigned int level = 0;
	size_t count = graph_bound_addresses(c->graph, bound_by, addresses, BOUND_MAX);

	for (size_t i = 0; i < count; i++) {
		struct party address = {.node = addresses[i]};

		if (graph_digest_of(c->graph, addresses[i], &address.digest) &&
			circle_identity_of(c, &address) == identity) {
			level = circle_stronger(level, circle_level(c, &address));
		}
	}
	return level;
}

unsigned int
circle_voucher_level(const struct circle *c, graph_node identity)
{
	struct party formers[GRAPH_FORMERS_MAX];
	struct party p = {.node = graph_current(c->graph, identity)};
	unsigned int level = 0;
	size_t count = 0;

	if (!graph_digest_of(c->graph, p.node, &p.digest)) {
		return 0;
	}
	count = former_parties(c, p.node, formers);
	level = circle_stronger(circle_level(c, &p), bound_level(c, p.node, p.node));
	for (size_t i = 0; i < count; i++) {
		level = circle_stronger(level, bound_level(c, formers[i].node, p.node));
	}
	return level;
}

static bool
entry_credit(const struct circle *c, const struct digest *subject, uint32_t *out)
{
	struct private_entry e;

	if (!private_get(c->private_store, &c->self.digest, subject, &e) || !e.has_credit) {
		return false;
	}
	*out = e.credit;
	return true;
}

bool
circle_credit(const struct circle *c, graph_node identity, uint32_t *out)
{
	graph_node addresses[BOUND_MAX];
	struct party p = {.node = identity};
	size_t count = 0;

	if (graph_digest_of(c->graph, identity, &p.digest) && entry_credit(c, &p.digest, out)) {
		return true;
	}
	count = graph_bound_addresses(c->graph, identity, addresses, BOUND_MAX);
	for (size_t i = 0; i < count; i++) {
		struct party address = {.node = addresses[i]};

		if (graph_digest_of(c->graph, addresses[i], &address.digest) &&
			circle_identity_of(c, &address) == identity &&
			entry_credit(c, &address.digest, out)) {
			return true;
		}
	}
	return false;
}

/* names_openly - an open vouch by one of the recipient's identities for exactly this one */
static bool
names_openly(const struct circle *c, graph_node by, graph_node identity)
{
	struct graph_edge edge;

	return by != GRAPH_NONE &&
	       graph_edge_get(
		       c->graph, GRAPH_OUT, by, graph_ref_of(c->graph, identity), &edge) &&
	       graph_edge_is_live(&edge, c->now_s) && (edge.flags & GRAPH_EDGE_OPEN) != 0;
}

bool
circle_is_public(const struct circle *c, graph_node identity)
{
	graph_node known[1 + GRAPH_FORMERS_MAX] = {identity};
	size_t count = 1 + graph_formers(c->graph, identity, known + 1);
	bool is_public = (c->colleagues || c->is_site) && graph_is_hosted(c->graph, identity);

	for (size_t i = 0; !is_public && i < count; i++) {
		is_public = names_openly(c, c->self.node, known[i]);
		for (size_t j = 0; !is_public && j < c->former_count; j++) {
			is_public = names_openly(c, c->formers[j].node, known[i]);
		}
	}
	return is_public;
}

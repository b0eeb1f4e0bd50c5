#include "gossip/node_private.h"

void
follow_grown(void *ctx, const struct digest *principal)
{
	struct node *node = ctx;

	if (digest_list_add(&node->grown, principal) != 0) {
		node_log(node, NODE_LOG_DEBUG, "out of memory for what came into scope");
	}
}

/* certify - a key whose certificate came: what was too much to wait for it may come now */
static void
certify(struct node *node, const struct graph_item *item)
{
	struct statement st;
	struct digest key;

	if (item->act == STATEMENT_DEVICE && statement_decode(item->jws, &st, NULL) == 0) {
		principal_digest(&st.sub, &key);
		follow_grown(node, &key);
	}
}

static void
on_arrival(void *ctx, const struct graph_item *item)
{
	struct node *node = ctx;

	node->arrivals++;
	push_everywhere(node, item);
	certify(node, item);
	if (item->act == STATEMENT_BIND && item->is_waiting &&
		digest_list_add(&node->claims, &item->id) != 0) {
		node_log(node, NODE_LOG_DEBUG, "out of memory for what came into scope");
	}
}

bool
follow_claim(const struct node *node, const struct statement *st, struct scope_claim *out)
{
	struct principal principal;
	struct thumbprint key;

	*out = (struct scope_claim){0};
	if (st->act != STATEMENT_BIND ||
		principal_parse(principal_slice(&st->sub), node->config.options.fold_local_part,
			&principal, NULL) != 0) {
		return false;
	}
	principal_digest(&principal, &out->address);
	if (principal_from_thumbprint(thumbprint_slice(&st->iss), &principal) != 0) {
		return false;
	}
	principal_digest(&principal, &out->identity);
	out->is_countersigned = st->body.bind.is_countersigned;
	if (out->is_countersigned) {
		public_key_thumbprint(&st->body.bind.by, &key);
		claim_key_principal(&key, &out->countersigner);
	}
	return true;
}

/* claim_waiting - binds whose key waits are in no list of the graph, but claim all the same */
static int
claim_waiting(struct node *node)
{
	struct graph_item item;
	struct statement st;
	struct scope_claim claim;
	int rc = 0;

	for (size_t i = 0; i < node->claims.count && rc == 0; i++) {
		if (graph_item_get(node->reader, &node->claims.list[i], &item) == 0 &&
			statement_decode(item.jws, &st, NULL) == 0 &&
			follow_claim(node, &st, &claim)) {
			rc = scope_claim(node->scope, node->reader, &claim);
		}
	}
	node->claims.count = 0;
	return rc;
}

int
follow_load(struct node *node, struct err_msg *msg)
{
	int rc = offer_follow(&node->offer, node->reader, node->now.wall_s, on_arrival, node);

	rc = rc == 0 ? scope_load(node->scope, node->reader) : rc;
	rc = rc == 0 ? claim_waiting(node) : rc;
	node->interest_version = graph_interest_version(node->reader);
	node->scope_loaded_s = node->now.wall_s;
	return rc == 0 ? 0 : err_set(msg, rc, "cannot load the graph: %s", err_text(rc));
}

void
follow_begin(struct node *node)
{
	node->follow.merged = 0;
	node->follow.issuer_count = 0;
	node->follow.claim_count = 0;
}

void
follow_add(struct node *node, const struct statement *st)
{
	struct follow *f = &node->follow;

	f->merged++;
	if (f->issuer_count == 0 ||
		!thumbprint_eq(&f->issuers[f->issuer_count - 1], &st->iss)) {
		f->issuers[f->issuer_count++] = st->iss;
	}
	f->claim_count += follow_claim(node, st, &f->claims[f->claim_count]);
}

/* What is wanted of the principals that came into scope. */
struct taking {
	struct digest_list *principals;
	struct graph_exchange items[GRAPH_WANTED_MAX];
	size_t count;
	size_t at; /* principal whose turn it is */
};

/*
 * take_wanted - they leave the table, and what passed between us and the peer, with this
 * transaction: whatever becomes of the fetch, a repair finds them
 */
static int
take_wanted(void *ctx, struct graph_txn *g, struct err_msg *msg)
{
	struct taking *t = ctx;

	(void)msg;
	t->count = graph_wanted_take(g, &t->principals->list[t->at], t->items);
	for (size_t i = 0; i < t->count; i++) {
		graph_exchange_delete(g, &t->items[i]);
	}
	return 0;
}

/* hand_over - to the peers who have them; forgotten as refused, so a repair finds them otherwise */
static void
hand_over(struct node *node, const struct taking *t)
{
	for (size_t i = 0; i < t->count; i++) {
		struct peer *peer = peer_by_number(node, t->items[i].peer);
		struct item item = {t->items[i].iat_s, t->items[i].id};

		if (peer == NULL || !peer_has(peer, &item)) {
			continue;
		}
		peer_forget(node, peer, &item);
		peer->wanted_count -= peer->wanted_count > 0;
		if (digest_list_add(&peer->sync.wanted, &item.id) != 0) {
			peer->sync.want_repair = true;
		}
		sync_soon(node, peer);
	}
}

/* find_wanted - leaves in the list those principals of whom something was refused */
static void
find_wanted(struct node *node)
{
	size_t kept = 0;

	for (size_t i = 0; i < node->grown.count; i++) {
		if (graph_is_wanted(node->reader, &node->grown.list[i])) {
			node->grown.list[kept++] = node->grown.list[i];
		}
	}
	node->grown.count = kept;
}

/* keep_from - when the store fails: those that were not reached, for the next time */
static void
keep_from(struct digest_list *list, size_t at)
{
	list->count -= at;
	memmove(list->list, &list->list[at], list->count * sizeof(list->list[0]));
}

static void
fetch_wanted(struct node *node)
{
	struct taking t = {.principals = &node->grown};

	for (t.at = 0; t.at < node->grown.count; t.at++) {
		do {
			if (node_write(node, take_wanted, &t) != 0) {
				keep_from(&node->grown, t.at);
				return;
			}
			hand_over(node, &t);
		} while (t.count == GRAPH_WANTED_MAX);
	}
	node->grown.count = 0;
}

static int
follow_scope(struct node *node)
{
	const struct follow *f = &node->follow;
	int rc = 0;

	for (size_t i = 0; i < f->claim_count && rc == 0; i++) {
		rc = scope_claim(node->scope, node->reader, &f->claims[i]);
	}
	for (size_t i = 0; i < f->issuer_count && rc == 0; i++) {
		rc = scope_follow(node->scope, node->reader, &f->issuers[i]);
	}
	return rc;
}

void
follow_changes(struct node *node)
{
	int rc = node_begin(node);

	if (rc == 0) {
		node->arrivals = 0;
		rc = offer_follow(
			&node->offer, node->reader, node->now.wall_s, on_arrival, node);
		/* More came than we merged: trustctl wrote between. */
		node->is_scope_stale |= node->arrivals > node->follow.merged;
		rc = rc == 0 ? follow_scope(node) : rc;
		node->claims.count = 0;
		find_wanted(node);
		node_end(node);
	}
	if (rc != 0) {
		node_log(node, NODE_LOG_WARN, "cannot follow the graph: %s", err_text(rc));
	}
	fetch_wanted(node);
}

/* is_scope_old - somebody may have come or gone since it was made */
static bool
is_scope_old(const struct node *node, uint64_t number_before)
{
	return node->is_scope_stale || node->offer.last_number != number_before ||
	       graph_interest_version(node->reader) != node->interest_version ||
	       node->now.wall_s - node->scope_loaded_s >= node->config.limits.repair_interval_s;
}

void
follow_others(struct node *node)
{
	uint64_t before = node->offer.last_number;
	int rc = node_begin(node);

	if (rc == 0) {
		rc = offer_follow(
			&node->offer, node->reader, node->now.wall_s, on_arrival, node);
		if (rc == 0 && is_scope_old(node, before)) {
			rc = scope_load(node->scope, node->reader);
			rc = rc == 0 ? claim_waiting(node) : rc;
			node->interest_version = graph_interest_version(node->reader);
			node->scope_loaded_s = node->now.wall_s;
			node->is_scope_stale = false;
		}
		find_wanted(node);
		node_end(node);
	}
	if (rc != 0) {
		node_log(node, NODE_LOG_WARN, "cannot follow the graph: %s", err_text(rc));
	}
	fetch_wanted(node);
}

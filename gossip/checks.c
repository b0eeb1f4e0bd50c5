#include "common/graph/graph_foresee.h"
#include "gossip/batch.h"
#include "gossip/budget.h"

void
entry_refuse(struct entry *entry, enum graph_refusal reason)
{
	entry->state = ENTRY_DONE;
	entry->outcome = PUSHED_REFUSED + reason;
}

static void
principal_of_issuer(const struct statement *st, struct digest *out)
{
	struct principal self;

	*out = (struct digest){0};
	if (principal_from_thumbprint(thumbprint_slice(&st->iss), &self) == 0) {
		principal_digest(&self, out);
	}
}

/* decode - rubbish counts against the peer; what a newer version made does not */
static void
decode(struct node *node, struct peer *peer, struct entry *entry)
{
	struct err_msg msg = {0};
	int rc = statement_decode(entry->line.jws, &entry->st, &msg);

	if (rc == 0) {
		entry->is_decoded = true;
		principal_of_issuer(&entry->st, &entry->issuer);
		return;
	}
	entry_refuse(entry, GRAPH_REFUSED_MALFORMED);
	if (rc == ERR_UNSUPPORTED || rc == ERR_VERSION || rc == ERR_NOMEM) {
		peer->rec.refused[GRAPH_REFUSED_MALFORMED]++;
	} else {
		peer_strike(node, peer, msg.text);
	}
}

static void
check_time(const struct node *node, struct entry *entry)
{
	uint64_t now_s = node->now.wall_s;

	if (offer_is_expired(entry->st.exp, now_s)) {
		entry_refuse(entry, GRAPH_REFUSED_EXPIRED);
	} else if (entry->st.iat > now_s + OFFER_SKEW_S) {
		entry_refuse(entry, GRAPH_REFUSED_FUTURE);
	}
}

/*
 * known - no news, unless a host of the site saw it before us: that goes on, with its signature,
 * as a signature is not part of the id
 */
static void
known(struct node *node, struct entry *entry)
{
	struct graph_item item;
	bool is_earlier = entry->line.has_first_seen &&
			  graph_item_get(node->reader, &entry->st.id, &item) == 0 &&
			  entry->line.first_seen_s < item.first_seen_s;

	if (!is_earlier) {
		entry->state = ENTRY_DONE;
		entry->outcome = PUSHED_KNOWN;
	}
}

static void
foresee(struct node *node, struct entry *entry)
{
	switch (graph_foresee(node->reader, &entry->st, node->now.wall_s)) {
	case GRAPH_TOMBSTONED:
		entry_refuse(entry, GRAPH_REFUSED_TOMBSTONE);
		break;
	case GRAPH_KNOWN:
		known(node, entry);
		break;
	case GRAPH_CONFLICT:
		entry_refuse(entry, GRAPH_REFUSED_CONFLICT);
		break;
	case GRAPH_STALE:
		entry_refuse(entry, GRAPH_REFUSED_STALE);
		break;
	case GRAPH_OVER_QUOTA:
		entry_refuse(entry, GRAPH_REFUSED_QUOTA);
		break;
	case GRAPH_ADDED:
	case GRAPH_REPLACED:
		break;
	}
}

/* An issuer who is in scope by what this very batch says. */
struct newcomer {
	struct digest principal;
	struct digest address; /* that he claims */
	enum claim_rank rank;
	unsigned int distance;
};

struct newcomers {
	size_t count;
	struct newcomer list[LINES_MAX];
};

/* distance_of - of an issuer, in scope by itself or by the batch */
static bool
distance_of(const struct node *node, const struct newcomers *newcomers,
	const struct digest *issuer, unsigned int *out)
{
	if (scope_distance(node->scope, issuer, out)) {
		return true;
	}
	for (size_t i = 0; i < newcomers->count; i++) {
		if (digest_eq(&newcomers->list[i].principal, issuer)) {
			*out = newcomers->list[i].distance;
			return true;
		}
	}
	return false;
}

/*
 * has_room - whether an address is claimed by so few who are as well founded that one more is
 * heard
 */
static bool
has_room(const struct node *node, const struct newcomers *newcomers,
	const struct scope_claim *claim, enum claim_rank rank)
{
	size_t others = scope_claims(node->scope, claim, rank);

	for (size_t i = 0; i < newcomers->count; i++) {
		others += newcomers->list[i].rank >= rank &&
			  digest_eq(&newcomers->list[i].address, &claim->address);
	}
	return others < CLAIMS_MAX;
}

/* admit_by_bind - an issuer who binds an address in scope comes into scope with it */
static void
admit_by_bind(struct node *node, const struct entry *entry, struct newcomers *newcomers)
{
	struct scope_claim claim;
	enum claim_rank rank;
	unsigned int distance;

	if (newcomers->count == LINES_MAX || !follow_claim(node, &entry->st, &claim) ||
		!scope_distance(node->scope, &claim.address, &distance)) {
		return;
	}
	rank = scope_claim_rank(node->scope, &claim);
	if (has_room(node, newcomers, &claim, rank)) {
		newcomers->list[newcomers->count++] =
			(struct newcomer){entry->issuer, claim.address, rank, distance};
	}
}

/* find_newcomers - what stands behind may bring in what stands before, so all is read first */
static void
find_newcomers(struct node *node, const struct batch *batch, struct newcomers *out)
{
	unsigned int distance;

	out->count = 0;
	for (size_t i = 0; i < batch->count; i++) {
		const struct entry *entry = &batch->entries[i];

		if (entry->state == ENTRY_OPEN &&
			!distance_of(node, out, &entry->issuer, &distance)) {
			admit_by_bind(node, entry, out);
		}
	}
}

/* is_full - the graph has all the statements it may have of those who are not near */
static bool
is_full(struct node *node, const struct statement *st, unsigned int distance)
{
	struct graph_stats stats;

	return distance >= node->config.limits.hops && !push_is_urgent(st->act) &&
	       graph_stats(node->reader, &stats) == 0 &&
	       stats.statements >= node->config.limits.statements_max;
}

/*
 * passes - a revocation that is not for us: its signature is looked at all the same, and
 * refused it is when that is known. Pushed ones alone, as feeds are full of old ones.
 */
static bool
passes(struct node *node, struct peer *peer, const struct batch *batch, struct entry *entry)
{
	if (batch->origin != BATCH_PUSH || entry->signature != ERR_NOTREADY ||
		!passing_may(&entry->st) || passing_has_seen(&node->passing, &entry->st.id)) {
		return false;
	}
	if (peer->passed_hour_s != peer->rec.hour_s) {
		peer->passed_hour_s = peer->rec.hour_s;
		peer->passed = 0;
	}
	if (peer->passed == PASSING_PER_HOUR) {
		return false;
	}
	peer->passed++;
	entry->is_passing = true;
	return true;
}

/*
 * ends_what_we_hold - a revocation by somebody of whom statements lie here from when he was in
 * scope: they must not outlive their key. Such issuers are known, and their revocations within
 * a quota.
 */
static bool
ends_what_we_hold(struct node *node, const struct entry *entry)
{
	return entry->st.act == STATEMENT_REVOKE &&
	       graph_has_issuer(node->reader, &entry->st.iss);
}

void
checks_scope(struct node *node, struct peer *peer, struct batch *batch)
{
	struct newcomers newcomers;
	unsigned int distance;

	if (peer->rec.class == GRAPH_PEER_SITE) {
		return; /* our own hosts have what we have */
	}
	find_newcomers(node, batch, &newcomers);
	for (size_t i = 0; i < batch->count; i++) {
		struct entry *entry = &batch->entries[i];

		if (entry->state != ENTRY_OPEN) {
			continue;
		}
		if (!distance_of(node, &newcomers, &entry->issuer, &distance)) {
			if (!ends_what_we_hold(node, entry) &&
				!passes(node, peer, batch, entry)) {
				entry_refuse(entry, GRAPH_REFUSED_SCOPE);
			}
		} else if (is_full(node, &entry->st, distance)) {
			entry_refuse(entry, GRAPH_REFUSED_QUOTA);
		}
	}
}

/*
 * is_first_fetch - of a friend of whom nothing was stored before it began, so that the rule against
 * fresh vouches (graph_add_exempt) does not hold back what he has said for years
 */
static bool
is_first_fetch(struct node *node, const struct entry *entry)
{
	struct first_fetch *next;
	unsigned int distance;

	if (!scope_distance(node->scope, &entry->issuer, &distance) || distance > 1) {
		return false;
	}
	for (size_t i = 0; i < FIRST_FETCH_MAX; i++) {
		if (node->first_fetch[i].until_ms > node->now.mono_ms &&
			digest_eq(&node->first_fetch[i].issuer, &entry->issuer)) {
			return true;
		}
	}
	if (graph_has_issuer(node->reader, &entry->st.iss)) {
		return false;
	}
	next = &node->first_fetch[node->first_fetch_next++ % FIRST_FETCH_MAX];
	*next = (struct first_fetch){entry->issuer, node->now.mono_ms + FIRST_FETCH_MS};
	return true;
}

void
checks_run(struct node *node, struct peer *peer, struct batch *batch)
{
	uint64_t left;

	for (size_t i = 0; i < batch->count; i++) {
		struct entry *entry = &batch->entries[i];

		decode(node, peer, entry);
		if (entry->state == ENTRY_OPEN) {
			check_time(node, entry);
		}
		if (entry->state == ENTRY_OPEN) {
			foresee(node, entry);
		}
	}
	checks_scope(node, peer, batch);
	left = budget_signatures_left(&peer->rec, &node->config.limits);
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->entries[i].state != ENTRY_OPEN) {
			continue;
		}
		if (batch->order_count == left) {
			batch->is_spent = true;
			break;
		}
		batch->entries[i].is_first_fetch = batch->origin == BATCH_FETCH &&
						   is_first_fetch(node, &batch->entries[i]);
		batch->order[batch->order_count++] = i;
	}
	peer->rec.hour_signatures += batch->order_count;
}

/* --- what was refused for what may change ----------------------------------------------------- */

bool
entry_is_wanted_later(const struct entry *entry)
{
	return entry->is_decoded &&
	       (entry->outcome == PUSHED_REFUSED + GRAPH_REFUSED_SCOPE ||
		       entry->outcome == PUSHED_REFUSED + GRAPH_REFUSED_QUOTA);
}

size_t
entry_names(
	const struct node *node, const struct entry *entry, struct digest out[ENTRY_NAMES_MAX])
{
	struct scope_claim claim;
	struct thumbprint key;
	unsigned int distance;

	if (entry->outcome == PUSHED_REFUSED + GRAPH_REFUSED_QUOTA) {
		public_key_thumbprint(&entry->st.key, &key);
		claim_key_principal(&key, &out[0]);
		return 1;
	}
	out[0] = entry->issuer;
	if (!follow_claim(node, &entry->st, &claim)) {
		return 1;
	}
	out[1] = claim.address;
	/* Crowded out: there is room as soon as whoever countersigned is named here. */
	if (!claim.is_countersigned ||
		!scope_distance(node->scope, &claim.address, &distance)) {
		return 2;
	}
	out[2] = claim.countersigner;
	return 3;
}

/*
 * is_welcome_now - that it would not be refused for the same reason again, which would go on
 * for ever
 */
static bool
is_welcome_now(struct node *node, const struct entry *entry)
{
	struct newcomers newcomers = {0};
	unsigned int distance;
	bool is_near;

	admit_by_bind(node, entry, &newcomers);
	is_near = distance_of(node, &newcomers, &entry->issuer, &distance);
	if (entry->outcome == PUSHED_REFUSED + GRAPH_REFUSED_SCOPE) {
		return is_near;
	}
	return graph_foresee(node->reader, &entry->st, node->now.wall_s) != GRAPH_OVER_QUOTA &&
	       !(is_near && is_full(node, &entry->st, distance));
}

void
checks_recall(struct node *node, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct entry *entry = &batch->entries[i];
		struct digest names[ENTRY_NAMES_MAX];
		size_t count = 0;

		/* Those with a signature were looked at just now. */
		if (entry->signature == ERR_NOTREADY && entry_is_wanted_later(entry) &&
			is_welcome_now(node, entry)) {
			count = entry_names(node, entry, names);
		}
		for (size_t j = 0; j < count; j++) {
			follow_grown(node, &names[j]);
		}
	}
}

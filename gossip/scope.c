#include "gossip/scope.h"

#include <stdlib.h>

#include "common/base/array.h"
#include "common/graph/graph_feed.h"
#include "common/graph/graph_interest.h"

#define SLOTS_MIN ((size_t)1024)

/* Why a principal is in the table, together; none: by binding an address that was reached. */
enum {
	REACHED = 1 << 0, /* without a claim: named here, or vouched for */
	NAMED = 1 << 1,   /* somebody here befriended it himself */
	SPEAKS = 1 << 2,  /* a key, which speaks for an identity that was named */
};

#define NOWHERE UINT8_MAX /* distance of keys, which issue nothing */

/* A principal in an open-addressed table; digests are spread evenly by themselves. */
struct entry {
	struct digest principal;
	uint8_t distance;
	uint8_t why;
	uint8_t generation; /* 0: the slot is free */
};

struct scope {
	unsigned int hops;
	struct claim_table claims; /* never taken back, as the statements stay */
	uint8_t generation;        /* entries of an older one are to go */
	struct entry *slots;
	size_t slot_count; /* a power of two */
	size_t count;
	struct digest *queue; /* principals to be followed */
	size_t queue_count;
	size_t queue_cap;
	scope_grown_fn *grown;
	void *ctx;
	int error;
};

int
scope_new(unsigned int hops, scope_grown_fn *grown, void *ctx, struct scope **out)
{
	struct scope *s = calloc(1, sizeof(*s));

	*out = NULL;
	if (s == NULL) {
		return ERR_NOMEM;
	}
	s->slots = calloc(SLOTS_MIN, sizeof(*s->slots));
	if (claim_table_init(&s->claims) != 0 || s->slots == NULL) {
		scope_free(s);
		return ERR_NOMEM;
	}
	s->grown = grown;
	s->ctx = ctx;
	s->hops = hops < SCOPE_HOPS_MAX ? hops : SCOPE_HOPS_MAX;
	s->slot_count = SLOTS_MIN;
	s->generation = 1;
	*out = s;
	return 0;
}

void
scope_free(struct scope *s)
{
	if (s != NULL) {
		free(s->slots);
		claim_table_fini(&s->claims);
		free(s->queue);
		free(s);
	}
}

size_t
scope_count(const struct scope *s)
{
	return s->count;
}

/* slot_of - where the principal is, or the free slot where it belongs */
static size_t
slot_of(const struct entry *slots, size_t slot_count, const struct digest *principal)
{
	size_t at = 0;

	memcpy(&at, principal->bytes, sizeof(at));
	at &= slot_count - 1;
	while (slots[at].generation != 0 && !digest_eq(&slots[at].principal, principal)) {
		at = (at + 1) & (slot_count - 1);
	}
	return at;
}

/* resize - into a table of that many slots, with or without what is of an older generation */
static int
resize(struct scope *s, size_t slot_count, bool with_old)
{
	struct entry *slots = calloc(slot_count, sizeof(*slots));

	if (slots == NULL) {
		return ERR_NOMEM;
	}
	s->count = 0;
	for (size_t i = 0; i < s->slot_count; i++) {
		if (s->slots[i].generation == s->generation ||
			(with_old && s->slots[i].generation != 0)) {
			slots[slot_of(slots, slot_count, &s->slots[i].principal)] = s->slots[i];
			s->count++;
		}
	}
	free(s->slots);
	s->slots = slots;
	s->slot_count = slot_count;
	return 0;
}

static void
enqueue(struct scope *s, const struct digest *principal)
{
	struct digest *queue = ARRAY_ROOM(s->queue, s->queue_count, &s->queue_cap);

	if (queue == NULL) {
		s->error = ERR_NOMEM;
		return;
	}
	s->queue = queue;
	s->queue[s->queue_count++] = *principal;
}

/* add - a principal that is new, or of an older generation */
static void
add(struct scope *s, struct entry *entry, const struct digest *principal, unsigned int distance,
	unsigned int why)
{
	bool is_new = entry->generation == 0;

	*entry = (struct entry){*principal, (uint8_t)distance, (uint8_t)why, s->generation};
	if (!is_new) {
		return;
	}
	s->grown(s->ctx, principal);
	s->count++;
	/* Entries of the last generation are carried along until the load is over. */
	if (s->count > s->slot_count / 2) {
		s->error = resize(s, 2 * s->slot_count, true);
	}
}

/*
 * reach - notes a principal at a distance. One that is nearer than before is followed again; so
 * each is followed at most hops + 1 times.
 */
static void
reach(struct scope *s, const struct digest *principal, unsigned int distance, unsigned int why)
{
	struct entry *entry = &s->slots[slot_of(s->slots, s->slot_count, principal)];

	if (distance > s->hops || s->error != 0) {
		return;
	}
	if (entry->generation == s->generation) {
		entry->why |= (uint8_t)why;
		if (entry->distance <= distance) {
			return;
		}
		why = entry->why;
	}
	enqueue(s, principal);
	add(s, entry, principal, distance, why);
}

bool
scope_distance(const struct scope *s, const struct digest *principal, unsigned int *out)
{
	const struct entry *entry = &s->slots[slot_of(s->slots, s->slot_count, principal)];

	if (entry->generation == 0 || entry->distance == NOWHERE) {
		return false;
	}
	*out = entry->distance;
	return true;
}

/* is_there - for that reason, as far as this load has come */
static bool
is_there(const struct scope *s, const struct digest *principal, unsigned int why)
{
	const struct entry *entry = &s->slots[slot_of(s->slots, s->slot_count, principal)];

	return entry->generation == s->generation && (entry->why & why) != 0;
}

static void
reach_thumbprint(struct scope *s, const struct thumbprint *who, unsigned int distance)
{
	struct principal self;
	struct digest digest;

	if (principal_from_thumbprint(thumbprint_slice(who), &self) == 0) {
		principal_digest(&self, &digest);
		reach(s, &digest, distance, REACHED);
	}
}

static void
reach_node(struct scope *s, struct graph_reader *r, graph_node node, unsigned int distance)
{
	struct digest digest;

	if (graph_digest_of(r, node, &digest)) {
		reach(s, &digest, distance, REACHED);
	}
}

/* follow_family - who has to be heard about an identity, whether or not he is anybody's friend */
static void
follow_family(struct scope *s, struct graph_reader *r, const struct thumbprint *identity,
	unsigned int distance)
{
	struct graph_guard_list lists[GRAPH_GUARD_LISTS_MAX];
	struct thumbprint next;
	size_t count = graph_guard_lists(r, identity, 0, lists);

	if (graph_committed_next(r, identity, &next)) {
		reach_thumbprint(s, &next, distance);
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < lists[i].count; j++) {
			reach_thumbprint(s, &lists[i].who[j], s->hops);
		}
	}
}

static void
follow_identity(struct scope *s, struct graph_reader *r, graph_node node,
	const struct thumbprint *identity, unsigned int distance)
{
	struct graph_cursor c;
	struct graph_edge edge;

	follow_family(s, r, identity, distance);
	if (node == GRAPH_NONE || distance >= s->hops) {
		return;
	}
	graph_list(r, GRAPH_OUT, node, &c);
	while (graph_next(&c, &edge)) {
		reach_node(s, r, edge.peer, distance + 1);
	}
	graph_cursor_close(&c);
}

enum claim_rank
scope_claim_rank(const struct scope *s, const struct scope_claim *claim)
{
	if (claim->is_countersigned && is_there(s, &claim->countersigner, SPEAKS)) {
		return CLAIM_COUNTERSIGNED;
	}
	return is_there(s, &claim->identity, REACHED) ? CLAIM_KNOWN : CLAIM_BARE;
}

size_t
scope_claims(const struct scope *s, const struct scope_claim *claim, enum claim_rank rank)
{
	return claim_table_others(&s->claims, &claim->address, &claim->identity, rank);
}

static void
note_claim(struct scope *s, const struct scope_claim *claim)
{
	int rc = claim_table_note(
		&s->claims, &claim->address, &claim->identity, scope_claim_rank(s, claim));

	if (rc == ERR_NOMEM) {
		s->error = rc;
	}
}

/* An address whose bindings in the graph are looked at. */
struct bound {
	const struct scope *s;
	struct graph_reader *r;
	graph_node address;
	struct digest digest;
};

static bool
claim_of(const struct bound *b, graph_node identity, struct scope_claim *out)
{
	struct thumbprint key;

	*out = (struct scope_claim){.address = b->digest};
	out->is_countersigned = graph_countersigner(b->r, identity, b->address, &key);
	if (out->is_countersigned) {
		claim_key_principal(&key, &out->countersigner);
	}
	return graph_digest_of(b->r, identity, &out->identity);
}

static unsigned int
rank_of(void *ctx, graph_node identity)
{
	const struct bound *b = ctx;
	struct scope_claim claim;

	return claim_of(b, identity, &claim) ? scope_claim_rank(b->s, &claim) : CLAIM_BARE;
}

static void
follow_address(struct scope *s, struct graph_reader *r, const struct digest *address,
	unsigned int distance)
{
	struct bound bound = {s, r, graph_find_digest(r, address), *address};
	struct graph_binding bindings[GRAPH_BINDINGS_MAX];
	const struct claims *claims;
	struct scope_claim claim;
	size_t count = bound.address == GRAPH_NONE ? 0
						   : graph_bindings_ranked(r, bound.address,
							     rank_of, &bound, bindings);

	for (size_t i = 0; i < count; i++) {
		if (claim_of(&bound, bindings[i].identity, &claim)) {
			note_claim(s, &claim);
		}
	}
	claims = claim_table_find(&s->claims, address);
	for (size_t i = 0; claims != NULL && i < claims->count; i++) {
		reach(s, &claims->list[i].by, distance, 0);
	}
}

/* hear_speakers - of an identity that was named here: what its keys countersign is no bare claim */
static void
hear_speakers(struct scope *s, struct graph_reader *r, const struct thumbprint *identity)
{
	struct thumbprint keys[GRAPH_SPEAKING_MAX];
	size_t count = graph_speaking_keys(r, identity, keys);
	struct digest digest;

	for (size_t i = 0; i < count && s->error == 0; i++) {
		struct entry *entry;

		claim_key_principal(&keys[i], &digest);
		entry = &s->slots[slot_of(s->slots, s->slot_count, &digest)];
		if (entry->generation == s->generation) {
			entry->why |= SPEAKS;
		} else {
			add(s, entry, &digest, NOWHERE, SPEAKS);
		}
	}
}

static int drain(struct scope *s, struct graph_reader *r);

int
scope_claim(struct scope *s, struct graph_reader *r, const struct scope_claim *claim)
{
	unsigned int distance;

	s->error = 0;
	note_claim(s, claim);
	if (scope_distance(s, &claim->address, &distance)) {
		follow_address(s, r, &claim->address, distance);
	}
	return drain(s, r);
}

/* identity_of - the thumbprint of a principal that is an identity of which something is known */
static bool
identity_of(struct graph_reader *r, graph_node node, struct thumbprint *out)
{
	struct slice text;

	return node != GRAPH_NONE && graph_text_of(r, node, &text) &&
	       slice_starts_with(text, SLICE("id:")) &&
	       thumbprint_parse(slice_skip(text, strlen("id:")), out) == 0;
}

static void
follow(struct scope *s, struct graph_reader *r, const struct digest *principal)
{
	graph_node node = graph_find_digest(r, principal);
	struct thumbprint identity;
	unsigned int distance = 0;

	if (!scope_distance(s, principal, &distance)) {
		return;
	}
	follow_address(s, r, principal, distance);
	if (!identity_of(r, node, &identity)) {
		return;
	}
	if (is_there(s, principal, NAMED)) {
		hear_speakers(s, r, &identity);
	}
	follow_identity(s, r, node, &identity, distance);
}

/* hear_all_speakers - of those that wait to be followed, before any claim is looked at */
static void
hear_all_speakers(struct scope *s, struct graph_reader *r)
{
	struct thumbprint identity;

	for (size_t i = 0; i < s->queue_count; i++) {
		if (is_there(s, &s->queue[i], NAMED) &&
			identity_of(r, graph_find_digest(r, &s->queue[i]), &identity)) {
			hear_speakers(s, r, &identity);
		}
	}
}

static int
drain(struct scope *s, struct graph_reader *r)
{
	while (s->queue_count > 0 && s->error == 0) {
		struct digest principal = s->queue[--s->queue_count];

		follow(s, r, &principal);
	}
	s->queue_count = 0;
	return s->error != 0 ? s->error : graph_error(r);
}

static int
reach_interest(void *ctx, const struct digest *principal)
{
	reach(ctx, principal, 1, REACHED | NAMED);
	return 0;
}

static int
reach_hosted(void *ctx, const struct thumbprint *identity)
{
	reach_thumbprint(ctx, identity, 0);
	return 0;
}

int
scope_load(struct scope *s, struct graph_reader *r)
{
	int rc;

	s->generation = s->generation == 1 ? 2 : 1;
	s->error = 0;
	rc = graph_hosted_visit(r, reach_hosted, s);
	rc = rc == 0 && s->hops > 0 ? graph_interest_visit(r, reach_interest, s) : rc;
	hear_all_speakers(s, r);
	int drained = drain(s, r);

	rc = rc != 0 ? rc : drained;
	return rc == 0 ? resize(s, s->slot_count, false) : rc;
}

/* reach_by_address - an identity is as near as the nearest address it binds */
static void
reach_by_address(struct scope *s, struct graph_reader *r, graph_node identity)
{
	graph_node addresses[GRAPH_QUOTA_BINDINGS];
	size_t count = graph_bound_addresses(r, identity, addresses, ARRAY_LEN(addresses));
	struct digest digest;
	unsigned int distance;

	for (size_t i = 0; i < count; i++) {
		if (graph_digest_of(r, addresses[i], &digest) &&
			scope_distance(s, &digest, &distance)) {
			follow_address(s, r, &digest, distance);
		}
	}
}

int
scope_follow(struct scope *s, struct graph_reader *r, const struct thumbprint *issuer)
{
	struct principal self;
	struct digest digest;
	graph_node node;
	unsigned int distance;

	s->error = 0;
	if (principal_from_thumbprint(thumbprint_slice(issuer), &self) != 0) {
		return ERR_INVALID;
	}
	principal_digest(&self, &digest);
	node = graph_find_digest(r, &digest);
	if (node != GRAPH_NONE) {
		reach_by_address(s, r, node);
	}
	if (scope_distance(s, &digest, &distance)) {
		enqueue(s, &digest);
	}
	return drain(s, r);
}

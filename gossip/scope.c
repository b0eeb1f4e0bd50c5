#include "gossip/scope.h"

#include <stdlib.h>

#include "common/graph/graph_feed.h"
#include "common/graph/graph_interest.h"

#define SLOTS_MIN ((size_t)1024)

/* A principal in an open-addressed table; digests are spread evenly by themselves. */
struct entry {
	struct digest principal;
	uint8_t distance;
	uint8_t generation; /* 0: the slot is free */
};

/* Who claims an address; never taken back, as the statements stay. */
struct claims {
	struct digest address;
	uint8_t count; /* 0: the slot is free */
	struct digest by[SCOPE_CLAIMS_MAX];
};

struct scope {
	unsigned int hops;
	struct claims *claims; /* owned, open-addressed */
	size_t claim_slots;    /* a power of two */
	size_t claim_count;
	uint8_t generation; /* entries of an older one are to go */
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
	s->claims = calloc(SLOTS_MIN, sizeof(*s->claims));
	if (s->slots == NULL || s->claims == NULL) {
		scope_free(s);
		return ERR_NOMEM;
	}
	s->claim_slots = SLOTS_MIN;
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
		free(s->claims);
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
	if (s->queue_count == s->queue_cap) {
		size_t cap = s->queue_cap == 0 ? 256 : 2 * s->queue_cap;
		struct digest *queue = reallocarray(s->queue, cap, sizeof(*queue));

		if (queue == NULL) {
			s->error = ERR_NOMEM;
			return;
		}
		s->queue = queue;
		s->queue_cap = cap;
	}
	s->queue[s->queue_count++] = *principal;
}

/*
 * reach - notes a principal at a distance. One that is nearer than before is followed again; so each
 * is followed at most hops + 1 times.
 */
static void
reach(struct scope *s, const struct digest *principal, unsigned int distance)
{
	struct entry *entry = &s->slots[slot_of(s->slots, s->slot_count, principal)];
	bool is_new = entry->generation == 0;

	if (distance > s->hops || s->error != 0 ||
		(entry->generation == s->generation && entry->distance <= distance)) {
		return;
	}
	*entry = (struct entry){*principal, (uint8_t)distance, s->generation};
	enqueue(s, principal);
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

bool
scope_distance(const struct scope *s, const struct digest *principal, unsigned int *out)
{
	const struct entry *entry = &s->slots[slot_of(s->slots, s->slot_count, principal)];

	if (entry->generation == 0) {
		return false;
	}
	*out = entry->distance;
	return true;
}

static void
reach_thumbprint(struct scope *s, const struct thumbprint *who, unsigned int distance)
{
	struct principal self;
	struct digest digest;

	if (principal_from_thumbprint(thumbprint_slice(who), &self) == 0) {
		principal_digest(&self, &digest);
		reach(s, &digest, distance);
	}
}

static void
reach_node(struct scope *s, struct graph_reader *r, graph_node node, unsigned int distance)
{
	struct digest digest;

	if (graph_digest_of(r, node, &digest)) {
		reach(s, &digest, distance);
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

/* claims_of - the slot of an address, or the free one where it belongs */
static struct claims *
claims_of(struct claims *slots, size_t slot_count, const struct digest *address)
{
	size_t at = 0;

	memcpy(&at, address->bytes, sizeof(at));
	while (slots[at & (slot_count - 1)].count > 0 &&
		!digest_eq(&slots[at & (slot_count - 1)].address, address)) {
		at++;
	}
	return &slots[at & (slot_count - 1)];
}

size_t
scope_claims(const struct scope *s, const struct digest *address, const struct digest *identity)
{
	const struct claims *claims = claims_of(s->claims, s->claim_slots, address);
	size_t others = claims->count;

	for (size_t i = 0; i < claims->count; i++) {
		others -= digest_eq(&claims->by[i], identity);
	}
	return others;
}

static int
grow_claims(struct scope *s)
{
	struct claims *slots = calloc(2 * s->claim_slots, sizeof(*slots));

	if (slots == NULL) {
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < s->claim_slots; i++) {
		if (s->claims[i].count > 0) {
			*claims_of(slots, 2 * s->claim_slots, &s->claims[i].address) =
				s->claims[i];
		}
	}
	free(s->claims);
	s->claims = slots;
	s->claim_slots *= 2;
	return 0;
}

/* note_claim - among the first ones */
static void
note_claim(struct scope *s, const struct digest *address, const struct digest *identity)
{
	struct claims *claims = claims_of(s->claims, s->claim_slots, address);

	for (size_t i = 0; i < claims->count; i++) {
		if (digest_eq(&claims->by[i], identity)) {
			return;
		}
	}
	if (claims->count == SCOPE_CLAIMS_MAX) {
		return;
	}
	claims->address = *address;
	claims->by[claims->count++] = *identity;
	if (claims->count == 1 && ++s->claim_count > s->claim_slots / 2) {
		s->error = grow_claims(s);
	}
}

static void
follow_address(struct scope *s, struct graph_reader *r, const struct digest *address,
	unsigned int distance)
{
	graph_node node = graph_find_digest(r, address);
	struct graph_binding bindings[GRAPH_BINDINGS_MAX];
	size_t count = node == GRAPH_NONE ? 0 : graph_bindings(r, node, bindings);
	struct claims claims;
	struct digest identity;

	for (size_t i = 0; i < count; i++) {
		if (graph_digest_of(r, bindings[i].identity, &identity)) {
			note_claim(s, address, &identity);
			reach(s, &identity, distance);
		}
	}
	claims = *claims_of(s->claims, s->claim_slots, address);
	for (size_t i = 0; i < claims.count; i++) {
		reach(s, &claims.by[i], distance);
	}
}

static int drain(struct scope *s, struct graph_reader *r);

int
scope_claim(struct scope *s, struct graph_reader *r, const struct digest *address,
	const struct digest *identity)
{
	unsigned int distance;

	s->error = 0;
	note_claim(s, address, identity);
	if (scope_distance(s, address, &distance)) {
		follow_address(s, r, address, distance);
	}
	return drain(s, r);
}

static void
follow(struct scope *s, struct graph_reader *r, const struct digest *principal)
{
	graph_node node = graph_find_digest(r, principal);
	struct thumbprint identity;
	unsigned int distance = 0;
	struct slice text;

	if (!scope_distance(s, principal, &distance)) {
		return;
	}
	follow_address(s, r, principal, distance);
	if (node == GRAPH_NONE || !graph_text_of(r, node, &text)) {
		return;
	}
	if (slice_starts_with(text, SLICE("id:")) &&
		thumbprint_parse(slice_skip(text, strlen("id:")), &identity) == 0) {
		follow_identity(s, r, node, &identity, distance);
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
	reach(ctx, principal, 1);
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

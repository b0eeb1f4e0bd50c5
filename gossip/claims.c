#include "gossip/claims.h"

#include <stdlib.h>

#define SLOTS_MIN ((size_t)1024)

int
claim_table_init(struct claim_table *t)
{
	*t = (struct claim_table){.slot_count = SLOTS_MIN};
	t->slots = calloc(SLOTS_MIN, sizeof(*t->slots));
	return t->slots == NULL ? ERR_NOMEM : 0;
}

void
claim_table_fini(struct claim_table *t)
{
	free(t->slots);
	t->slots = NULL;
}

/*
 * slot_of - where the address is, or the free slot where it belongs; digests are spread evenly
 * by themselves
 */
static struct claims *
slot_of(struct claims *slots, size_t slot_count, const struct digest *address)
{
	size_t at = 0;

	memcpy(&at, address->bytes, sizeof(at));
	while (slots[at & (slot_count - 1)].count > 0 &&
		!digest_eq(&slots[at & (slot_count - 1)].address, address)) {
		at++;
	}
	return &slots[at & (slot_count - 1)];
}

static int
grow(struct claim_table *t)
{
	struct claims *slots = calloc(2 * t->slot_count, sizeof(*slots));

	if (slots == NULL) {
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < t->slot_count; i++) {
		if (t->slots[i].count > 0) {
			*slot_of(slots, 2 * t->slot_count, &t->slots[i].address) = t->slots[i];
		}
	}
	free(t->slots);
	t->slots = slots;
	t->slot_count *= 2;
	return 0;
}

/* weakest - the last of the claims that are founded least */
static struct claim *
weakest(struct claims *c)
{
	struct claim *found = &c->list[0];

	for (size_t i = 1; i < c->count; i++) {
		if (c->list[i].rank <= found->rank) {
			found = &c->list[i];
		}
	}
	return found;
}

int
claim_table_note(struct claim_table *t, const struct digest *address,
	const struct digest *identity, enum claim_rank rank)
{
	struct claims *c = slot_of(t->slots, t->slot_count, address);

	for (size_t i = 0; i < c->count; i++) {
		if (digest_eq(&c->list[i].by, identity)) {
			c->list[i].rank = rank > c->list[i].rank ? rank : c->list[i].rank;
			return 0;
		}
	}
	if (c->count == CLAIMS_MAX) {
		struct claim *out = weakest(c);

		if (out->rank >= rank) {
			return ERR_TOOBIG;
		}
		*out = (struct claim){*identity, rank};
		return 0;
	}
	c->address = *address;
	c->list[c->count++] = (struct claim){*identity, rank};
	return c->count == 1 && ++t->count > t->slot_count / 2 ? grow(t) : 0;
}

const struct claims *
claim_table_find(const struct claim_table *t, const struct digest *address)
{
	const struct claims *c = slot_of(t->slots, t->slot_count, address);

	return c->count > 0 ? c : NULL;
}

size_t
claim_table_others(const struct claim_table *t, const struct digest *address,
	const struct digest *identity, enum claim_rank rank)
{
	const struct claims *c = slot_of(t->slots, t->slot_count, address);
	size_t others = 0;

	for (size_t i = 0; i < c->count; i++) {
		others += c->list[i].rank >= rank && !digest_eq(&c->list[i].by, identity);
	}
	return others;
}

void
claim_key_principal(const struct thumbprint *key, struct digest *out)
{
	const struct slice parts[] = {SLICE("key:"), thumbprint_slice(key)};

	digest_sha256_parts(parts, ARRAY_LEN(parts), out);
}

#include "spamd-trust/ledger_notes.h"

#include <stdatomic.h>
#include <stdlib.h>

struct ledger_notes {
	/* Each end's own count, apart from the other's; they only ever grow. */
	_Alignas(64) atomic_size_t put;
	atomic_uint_least64_t lost;
	_Alignas(64) atomic_size_t taken;
	struct ledger_note slots[LEDGER_NOTES_MAX];
};

struct ledger_notes *
ledger_notes_new(void)
{
	struct ledger_notes *n = aligned_alloc(_Alignof(struct ledger_notes), sizeof(*n));

	if (n != NULL) {
		/* The slots are left alone: pages that are never used are never there. */
		atomic_init(&n->put, 0);
		atomic_init(&n->lost, 0);
		atomic_init(&n->taken, 0);
	}
	return n;
}

void
ledger_notes_free(struct ledger_notes *n)
{
	free(n);
}

/* keep - a copy of a text at *used of the note, cut to `max` */
static struct slice
keep(struct ledger_note *note, size_t *used, struct slice text, size_t max)
{
	struct slice kept = slice_of(note->text + *used, text.len < max ? text.len : max);

	if (kept.len > 0) {
		memcpy(note->text + *used, text.data, kept.len);
	}
	*used += kept.len;
	return kept;
}

bool
ledger_notes_put(struct ledger_notes *n, const struct ledger_note *note)
{
	size_t put = atomic_load_explicit(&n->put, memory_order_relaxed);
	size_t waiting = put - atomic_load_explicit(&n->taken, memory_order_acquire);
	struct ledger_note *slot = &n->slots[put % LEDGER_NOTES_MAX];
	size_t used = 0;

	if (waiting == LEDGER_NOTES_MAX) {
		atomic_fetch_add_explicit(&n->lost, 1, memory_order_relaxed);
		return true;
	}
	slot->decision = note->decision;
	slot->is_acquaintance = note->is_acquaintance;
	slot->is_friend = note->is_friend;
	slot->shows_identity = note->shows_identity;
	slot->identity = note->identity;
	slot->decision.user = keep(slot, &used, note->decision.user, LEDGER_ADDRESS_MAX);
	slot->decision.sender = keep(slot, &used, note->decision.sender, LEDGER_ADDRESS_MAX);
	slot->decision.signer = keep(slot, &used, note->decision.signer, LEDGER_DOMAIN_MAX);
	atomic_store_explicit(&n->put, put + 1, memory_order_release);
	return waiting + 1 == LEDGER_NOTES_MAX / 2;
}

size_t
ledger_notes_count(const struct ledger_notes *n)
{
	return atomic_load_explicit(&n->put, memory_order_acquire) -
	       atomic_load_explicit(&n->taken, memory_order_relaxed);
}

const struct ledger_note *
ledger_notes_at(const struct ledger_notes *n, size_t index)
{
	size_t taken = atomic_load_explicit(&n->taken, memory_order_relaxed);

	return &n->slots[(taken + index) % LEDGER_NOTES_MAX];
}

void
ledger_notes_drop(struct ledger_notes *n, size_t count)
{
	atomic_fetch_add_explicit(&n->taken, count, memory_order_release);
}

uint64_t
ledger_notes_lost(const struct ledger_notes *n)
{
	return atomic_load_explicit(&n->lost, memory_order_relaxed);
}

#include "common/ledger/ledger_proof.h"

int
ledger_proof_encode(struct slice key, const struct ledger_proof *proof,
	uint8_t buf[LEDGER_PROOF_MAX], struct slice *out)
{
	struct wire_writer w;

	if (proof->count == 0) {
		return ERR_INVALID;
	}
	if (proof->count > LEDGER_PROOF_IDENTITIES_MAX) {
		return ERR_TOOBIG;
	}
	record_begin(&w, buf, LEDGER_PROOF_MAX);
	wire_write_u8(&w, (uint8_t)proof->count);
	for (size_t i = 0; i < proof->count; i++) {
		wire_write_bytes(&w, digest_slice(&proof->shown[i].identity));
		wire_write_u64(&w, proof->shown[i].first_s);
		wire_write_u64(&w, proof->shown[i].last_s);
	}
	return record_end(&w, key, out);
}

int
ledger_proof_decode(struct slice key, struct slice record, struct ledger_proof *out)
{
	struct wire_reader r;
	int ret = record_open(&r, key, record);

	*out = (struct ledger_proof){0};
	if (ret != 0) {
		return ret;
	}
	out->count = wire_read_u8(&r);
	if (out->count == 0 || out->count > LEDGER_PROOF_IDENTITIES_MAX) {
		out->count = 0;
		return ERR_CORRUPT;
	}
	for (size_t i = 0; i < out->count; i++) {
		wire_read_copy(&r, out->shown[i].identity.bytes, DIGEST_LEN);
		out->shown[i].first_s = wire_read_u64(&r);
		out->shown[i].last_s = wire_read_u64(&r);
	}
	return wire_reader_finish(&r) == 0 ? 0 : ERR_CORRUPT;
}

uint64_t
ledger_proof_last_s(const struct ledger_proof *proof)
{
	uint64_t last_s = 0;

	for (size_t i = 0; i < proof->count; i++) {
		if (proof->shown[i].last_s > last_s) {
			last_s = proof->shown[i].last_s;
		}
	}
	return last_s;
}

bool
ledger_proof_any(struct store_txn *txn)
{
	return store_count(txn, LEDGER_PROOFS) > 0;
}

bool
ledger_proof_find(struct store_txn *txn, const struct digest *address, struct ledger_proof *out)
{
	struct slice record;
	int code = 0;

	if (!store_get(txn, LEDGER_PROOFS, digest_slice(address), &record)) {
		return false;
	}
	code = ledger_proof_decode(digest_slice(address), record, out);
	if (code != 0) {
		store_txn_fail(txn, code);
	}
	return code == 0;
}

/* slot_for - that of the identity, a free one, or the one not shown for the longest time */
static struct ledger_shown *
slot_for(struct ledger_proof *proof, const struct digest *identity)
{
	struct ledger_shown *oldest = &proof->shown[0];

	for (size_t i = 0; i < proof->count; i++) {
		if (digest_eq(&proof->shown[i].identity, identity)) {
			return &proof->shown[i];
		}
		if (proof->shown[i].last_s < oldest->last_s) {
			oldest = &proof->shown[i];
		}
	}
	if (proof->count < LEDGER_PROOF_IDENTITIES_MAX) {
		oldest = &proof->shown[proof->count++];
	}
	*oldest = (struct ledger_shown){.identity = *identity};
	return oldest;
}

void
ledger_proof_note(struct store_txn *txn, const struct digest *address,
	const struct digest *identity, uint64_t now_s)
{
	uint8_t buf[LEDGER_PROOF_MAX];
	struct ledger_proof proof = {0};
	struct ledger_shown *shown = NULL;
	struct slice record;
	int code = 0;

	if (now_s == 0 || (!ledger_proof_find(txn, address, &proof) &&
				  store_count(txn, LEDGER_PROOFS) >= LEDGER_PROOFS_MAX)) {
		return;
	}
	shown = slot_for(&proof, identity);
	if (shown->last_s != 0 && now_s < shown->last_s + LEDGER_PROOF_STEP_S) {
		return;
	}
	shown->first_s = ledger_shown_is_live(shown, now_s) ? shown->first_s : now_s;
	shown->last_s = now_s;
	code = ledger_proof_encode(digest_slice(address), &proof, buf, &record);
	ledger_put(txn, LEDGER_PROOFS, digest_slice(address), code, &record);
}

/* move - to the first address at or behind a key */
static void
move(struct ledger_proof_walk *w, struct slice from)
{
	struct slice key;
	struct slice record;

	w->has_address =
		store_cursor_seek(w->cursor, from, &key, &record) && key.len == DIGEST_LEN;
	if (w->has_address) {
		memcpy(w->address.bytes, key.data, DIGEST_LEN);
	}
}

void
ledger_proof_walk_begin(struct ledger_proof_walk *w, struct store_txn *txn)
{
	w->cursor = store_cursor_open(txn, LEDGER_PROOFS);
	move(w, slice_of(NULL, 0));
}

void
ledger_proof_walk_seek(struct ledger_proof_walk *w, const struct digest *from)
{
	if (w->has_address && digest_cmp(&w->address, from) < 0) {
		move(w, digest_slice(from));
	}
}

void
ledger_proof_walk_end(struct ledger_proof_walk *w)
{
	store_cursor_close(w->cursor);
	*w = (struct ledger_proof_walk){0};
}

#include "common/graph/graph_txn.h"

/*
 * Revocations of keys and of the identity hold whoever of the two allowed made them (the key
 * itself, the root), even when their maker is revoked: they only ever take trust away, and
 * who could fake them already has the key. Revocations of single statements are different:
 * made by a stolen device they would take away what others said, so they count only as far
 * as the device is believed, and never against a certificate.
 */

static void
add_revoked(struct graph_belief *b, const struct graph_fact *revoke)
{
	struct slice subject = graph_fact_subject(revoke);
	bool is_identity = slice_starts_with(subject, SLICE("id:"));
	bool is_key = slice_starts_with(subject, SLICE("key:"));
	struct digest what;

	if (graph_raw_of(slice_skip(subject, slice_find_byte(subject, ':') + 1), &what) != 0) {
		return;
	}
	if (is_identity || (is_key && digest_eq(&what, &b->issuer))) {
		if (graph_effective_since(revoke) < b->revoked_since_s) {
			b->revoked_since_s = graph_effective_since(revoke);
		}
		if (b->revoked_since_s < b->identity_since_s) {
			b->identity_since_s = b->revoked_since_s;
		}
		return;
	}
	if (b->count == ARRAY_LEN(b->revoked)) {
		store_txn_fail(b->txn, ERR_CORRUPT); /* the quota lets no more in */
		return;
	}
	b->revoked[b->count++] = (struct graph_revoked){
		what, graph_effective_since(revoke), is_key, graph_fact_is_by_root(revoke)};
}

/* key_since - from when a key of the issuer is not believed */
static uint64_t
key_since(const struct graph_belief *b, const struct digest *key)
{
	uint64_t since = b->identity_since_s;

	for (size_t i = 0; i < b->count; i++) {
		const struct graph_revoked *r = &b->revoked[i];

		if (r->is_key && r->since_s < since && digest_eq(&r->what, key)) {
			since = r->since_s;
		}
	}
	return since;
}

static bool
is_statement_revoked(const struct graph_belief *b, const struct digest *id, bool only_by_root)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct graph_revoked *r = &b->revoked[i];

		if (!r->is_key && (r->by_root || !only_by_root) && digest_eq(&r->what, id)) {
			return true;
		}
	}
	return false;
}

/* covers - whether the certificate was in force at the time and is believed itself */
static bool
covers(const struct graph_belief *b, const struct graph_cert *cert, uint64_t at_s)
{
	return cert->iat_s <= at_s + GRAPH_CLOCK_SKEW_S && at_s < cert->exp_s &&
	       cert->first_seen_s < b->identity_since_s &&
	       !is_statement_revoked(b, &cert->id, true);
}

static bool
is_certified_at(const struct graph_belief *b, const struct digest *key, uint64_t at_s)
{
	uint8_t buf[GRAPH_CERT_KEY_LEN];
	struct slice certs = graph_cert_key(&b->issuer, key, buf);
	struct store_cursor *c = store_cursor_open(b->txn, GRAPH_T_CERTS);
	struct graph_cert cert;
	struct slice value;
	bool found = false;
	bool more = store_set_first(c, certs, &value);

	while (more && !found) {
		if (graph_cert_decode(value, &cert) != 0) {
			store_txn_fail(b->txn, ERR_CORRUPT);
			break;
		}
		found = covers(b, &cert, at_s);
		more = store_set_next(c, &value);
	}
	store_cursor_close(c);
	return found;
}

/* believes_key - whether the key spoke for the issuer at that time */
static bool
believes_key(const struct graph_belief *b, const struct digest *signer, uint64_t first_seen_s)
{
	if (first_seen_s >= key_since(b, signer)) {
		return false;
	}
	return digest_eq(signer, &b->issuer) || is_certified_at(b, signer, first_seen_s);
}

bool
graph_believes(const struct graph_belief *b, const struct digest *signer,
	const struct digest *id, uint64_t first_seen_s)
{
	return !is_statement_revoked(b, id, false) && believes_key(b, signer, first_seen_s);
}

/*
 * load - the revocations of one kind: those that hold by themselves, or those that need a
 * believed device
 */
static void
load(struct graph_belief *b, bool of_devices)
{
	uint8_t buf[GRAPH_ISSUED_KEY_LEN];
	struct slice key = graph_issued_key(&b->issuer, GRAPH_CLASS_REVOKE, buf);
	struct store_cursor *c = store_cursor_open(b->txn, GRAPH_T_REVOCATIONS);
	struct graph_fact fact;
	struct digest id;
	struct slice value;

	for (bool more = store_set_first(c, key, &value); more;
		more = store_set_next(c, &value)) {
		if (graph_rank_decode(value, &id) != 0 || !graph_fact_get(b->txn, &id, &fact)) {
			store_txn_fail(b->txn, ERR_CORRUPT);
			break;
		}
		bool needs_belief =
			!graph_fact_is_by_root(&fact) &&
			slice_starts_with(graph_fact_subject(&fact), SLICE("stmt:"));

		if (needs_belief == of_devices &&
			(!of_devices || believes_key(b, &fact.signer, fact.first_seen_s))) {
			add_revoked(b, &fact);
		}
	}
	store_cursor_close(c);
}

bool
graph_believed_since(
	const struct graph_belief *b, const struct digest *reg, uint64_t *since_out)
{
	struct store_cursor *c = store_cursor_open(b->txn, GRAPH_T_HISTORY);
	struct graph_history seen;
	struct slice value;
	bool found = false;

	for (bool more = store_set_first(c, digest_slice(reg), &value); more && !found;
		more = store_set_next(c, &value)) {
		if (graph_history_decode(value, &seen) != 0) {
			store_txn_fail(b->txn, ERR_CORRUPT);
			break;
		}
		found = graph_believes(b, &seen.signer, &seen.id, seen.first_seen_s);
	}
	store_cursor_close(c);
	if (found) {
		*since_out = seen.first_seen_s;
	}
	return found;
}

void
graph_belief_load(struct graph_belief *b, struct store_txn *txn, const struct digest *issuer,
	uint64_t end_s)
{
	b->txn = txn;
	b->issuer = *issuer;
	b->identity_since_s = end_s;
	b->revoked_since_s = UINT64_MAX;
	b->is_hosted = graph_identity_is_hosted(txn, issuer);
	b->count = 0;
	load(b, false);
	load(b, true);
}

/* What a reader is told of identities: how they ended, who guards them, whom they continue. */
#include "common/graph/graph_reader.h"
#include "common/graph/graph_txn.h"

/* identity_get - flags and endings; false where there is nothing to say of it */
static bool
identity_get(struct graph_reader *r, graph_node node, struct graph_identity *out)
{
	uint8_t key[GRAPH_NODE_KEY_LEN];
	struct slice value;

	if (!store_get(r->txn, GRAPH_T_IDENTITIES, graph_node_key(node, key), &value)) {
		return false;
	}
	if (graph_identity_decode(node, value, out) != 0) {
		store_txn_fail(r->txn, ERR_CORRUPT);
		return false;
	}
	return true;
}

static bool
has_flag(struct graph_reader *r, graph_node node, uint8_t flag)
{
	struct graph_identity identity;

	return identity_get(r, node, &identity) && (identity.flags & flag) != 0;
}

bool
graph_is_hosted(struct graph_reader *r, graph_node identity)
{
	return has_flag(r, identity, GRAPH_IDENTITY_HOSTED);
}

bool
graph_signs_always(struct graph_reader *r, graph_node identity)
{
	return has_flag(r, identity, GRAPH_IDENTITY_SIGNS_ALWAYS);
}

void
graph_fate(struct graph_reader *r, graph_node identity, struct graph_fate *out)
{
	struct graph_identity record;

	*out = (struct graph_fate){0};
	if (!identity_get(r, identity, &record)) {
		return;
	}
	if ((record.flags & GRAPH_IDENTITY_REVOKED) != 0) {
		out->revoked_since_s = record.revoked_since_s;
	}
	if ((record.flags & GRAPH_IDENTITY_GUARDED) != 0) {
		out->guarded_since_s = record.guarded_since_s;
		out->soft_until_s = record.guarded_since_s + GRAPH_GUARD_SOFT_S;
	}
	out->successor = record.successor;
	out->succeeded_since_s = record.succeeded_since_s;
}

bool
graph_is_revoked(struct graph_reader *r, graph_node node, uint64_t now_s, uint64_t *since_out)
{
	struct graph_identity identity;
	uint64_t since_s = UINT64_MAX;

	if (!identity_get(r, node, &identity)) {
		return false;
	}
	if ((identity.flags & GRAPH_IDENTITY_REVOKED) != 0) {
		since_s = identity.revoked_since_s;
	}
	if ((identity.flags & GRAPH_IDENTITY_GUARDED) != 0 &&
		identity.guarded_since_s < since_s) {
		since_s = identity.guarded_since_s;
	}
	if (since_s == UINT64_MAX || since_s > now_s) {
		return false;
	}
	if (since_out != NULL) {
		*since_out = since_s;
	}
	return true;
}

bool
graph_has_no_formers(struct graph_reader *r)
{
	return store_count(r->txn, GRAPH_T_FORMERS) == 0;
}

graph_node
graph_current(struct graph_reader *r, graph_node node)
{
	struct graph_identity identity;

	for (int i = 0; i < GRAPH_FORMERS_MAX; i++) {
		if (node == GRAPH_NONE || !identity_get(r, node, &identity) ||
			identity.successor == GRAPH_NONE) {
			break;
		}
		node = identity.successor;
	}
	return node;
}

/*
 * direct_formers - those that the identity itself continues, behind the first `count`
 *
 * Few continue anything, and a reader remembers that of those it asks for with every message.
 */
static size_t
direct_formers(struct graph_reader *r, graph_node identity, size_t count,
	graph_node out[GRAPH_FORMERS_MAX])
{
	uint8_t key[GRAPH_NODE_KEY_LEN];
	struct store_cursor *c = NULL;
	struct slice value;
	bool more = store_get(r->txn, GRAPH_T_FORMERS, graph_node_key(identity, key), &value);

	if (!more) {
		return count;
	}
	c = store_cursor_open(r->txn, GRAPH_T_FORMERS);
	more = store_set_first(c, graph_node_key(identity, key), &value);
	while (more && count < GRAPH_FORMERS_MAX) {
		if (graph_former_decode(identity, value, &out[count]) != 0) {
			store_txn_fail(r->txn, ERR_CORRUPT);
			break;
		}
		count++;
		more = store_set_next(c, &value);
	}
	store_cursor_close(c);
	return count;
}

size_t
graph_formers(struct graph_reader *r, graph_node identity, graph_node out[GRAPH_FORMERS_MAX])
{
	size_t count = direct_formers(r, identity, 0, out);

	for (size_t i = 0; i < count; i++) {
		count = direct_formers(r, out[i], count, out);
	}
	return graph_error(r) == 0 ? count : 0;
}

bool
graph_committed_next(
	struct graph_reader *r, const struct thumbprint *identity, struct thumbprint *out)
{
	struct digest raw;
	struct slice frozen;

	return graph_raw_of(thumbprint_slice(identity), &raw) == 0 &&
	       store_get(r->txn, GRAPH_T_FROZEN, digest_slice(&raw), &frozen) &&
	       thumbprint_parse(frozen, out) == 0;
}

bool
graph_knows_key(
	struct graph_reader *r, const struct thumbprint *identity, const struct thumbprint *key)
{
	struct digest issuer;
	struct digest signer;

	if (thumbprint_eq(identity, key)) {
		return true;
	}
	return graph_raw_of(thumbprint_slice(identity), &issuer) == 0 &&
	       graph_raw_of(thumbprint_slice(key), &signer) == 0 &&
	       graph_is_certified(r->txn, &issuer, &signer);
}

static int
visit_class(struct graph_reader *r, const struct digest *issuer, enum graph_class class,
	graph_visit_fn *visit, void *ctx)
{
	uint8_t buf[GRAPH_ISSUED_KEY_LEN];
	struct store_cursor *c = store_cursor_open(r->txn, graph_class_table(class));
	struct graph_record record = {.number = 0};
	struct digest id;
	struct slice value;
	int rc = 0;
	bool more = store_set_first(c, graph_issued_key(issuer, class, buf), &value);

	while (more && rc == 0) {
		if (graph_rank_decode(value, &id) != 0 || graph_get(r, &id, &record) != 0) {
			store_txn_fail(r->txn, ERR_CORRUPT);
			break;
		}
		rc = visit(ctx, &record);
		more = store_set_next(c, &value);
	}
	store_cursor_close(c);
	return rc;
}

int
graph_visit_issuer(struct graph_reader *r, const struct thumbprint *issuer,
	graph_visit_fn *visit, void *ctx)
{
	struct digest raw;
	int rc = graph_raw_of(thumbprint_slice(issuer), &raw);

	for (unsigned int class = 0; rc == 0 && class < GRAPH_CLASS_COUNT; class ++) {
		if (!graph_class_is_waiting((enum graph_class) class)) {
			rc = visit_class(r, &raw, (enum graph_class) class, visit, ctx);
		}
	}
	return rc != 0 ? rc : graph_error(r);
}

int
graph_get_register(struct graph_reader *r, const struct thumbprint *issuer,
	enum statement_act act, const struct principal *subject, struct graph_record *out)
{
	struct digest reg;
	struct digest id;
	uint64_t seq;

	graph_register_key(issuer, act, principal_slice(subject), &reg);
	if (!graph_register_get(r->txn, &reg, &id, &seq)) {
		int code = graph_error(r);

		return code != 0 ? code : ERR_NOTFOUND;
	}
	return graph_get(r, &id, out);
}

/* countersigner_of - who countersigned a stored binding, and when that was first seen */
static bool
countersigner_of(struct graph_reader *r, graph_node identity, graph_node address,
	struct digest *key_out, struct graph_record *record_out)
{
	struct principal subject;
	struct thumbprint key;
	struct statement st;
	struct slice issuer;
	struct slice text;

	if (!graph_text_of(r, identity, &issuer) || !graph_text_of(r, address, &text) ||
		thumbprint_parse(slice_skip(issuer, strlen("id:")), &key) != 0 ||
		principal_parse(text, false, &subject, NULL) != 0 ||
		graph_get_register(r, &key, STATEMENT_BIND, &subject, record_out) != 0 ||
		statement_decode(record_out->jws, &st, NULL) != 0 ||
		!st.body.bind.is_countersigned) {
		return false;
	}
	public_key_thumbprint(&st.body.bind.by, &key);
	return graph_raw_of(thumbprint_slice(&key), key_out) == 0;
}

bool
graph_countersigner(struct graph_reader *r, graph_node identity, graph_node address,
	struct thumbprint *key_out)
{
	struct graph_record record;
	struct digest key;

	if (!countersigner_of(r, identity, address, &key, &record)) {
		return false;
	}
	graph_thumbprint_of(&key, key_out);
	return true;
}

static_assert(GRAPH_SPEAKING_MAX == 1 + GRAPH_QUOTA_DEVICES, "the root and its devices");

/* is_speaking_device - a certified key that was not revoked before its certificate ends */
static bool
is_speaking_device(
	struct graph_belief *belief, const struct digest *certificate, struct digest *key_out)
{
	struct graph_fact fact;

	if (!graph_fact_get(belief->txn, certificate, &fact)) {
		store_txn_fail(belief->txn, ERR_CORRUPT);
		return false;
	}
	return graph_raw_of(slice_skip(graph_fact_subject(&fact), strlen("key:")), key_out) ==
		       0 &&
	       fact.exp_s > 0 && graph_believes(belief, key_out, certificate, fact.exp_s - 1);
}

size_t
graph_speaking_keys(struct graph_reader *r, const struct thumbprint *identity,
	struct thumbprint out[GRAPH_SPEAKING_MAX])
{
	uint8_t buf[GRAPH_ISSUED_KEY_LEN];
	struct graph_belief belief;
	struct store_cursor *c;
	struct digest issuer;
	struct digest id;
	struct digest key;
	struct slice value;
	size_t count = 0;

	if (graph_raw_of(thumbprint_slice(identity), &issuer) != 0) {
		return 0;
	}
	graph_belief_load(&belief, r->txn, &issuer, UINT64_MAX);
	if (graph_believes(&belief, &issuer, &issuer, UINT64_MAX - 1)) {
		out[count++] = *identity;
	}
	c = store_cursor_open(r->txn, GRAPH_T_ISSUED);
	for (bool more = store_set_first(
		     c, graph_issued_key(&issuer, GRAPH_CLASS_DEVICE, buf), &value);
		more && count < GRAPH_SPEAKING_MAX; more = store_set_next(c, &value)) {
		if (graph_rank_decode(value, &id) == 0 &&
			is_speaking_device(&belief, &id, &key)) {
			graph_thumbprint_of(&key, &out[count++]);
		}
	}
	store_cursor_close(c);
	return graph_error(r) == 0 ? count : 0;
}

bool
graph_is_countersigned(struct graph_reader *r, graph_node identity, graph_node address,
	const struct thumbprint *domain_identity)
{
	struct graph_belief belief;
	struct graph_record record;
	struct digest issuer;
	struct digest key;

	if (!countersigner_of(r, identity, address, &key, &record) ||
		graph_raw_of(thumbprint_slice(domain_identity), &issuer) != 0) {
		return false;
	}
	graph_belief_load(&belief, r->txn, &issuer, UINT64_MAX);
	return graph_believes(&belief, &key, &record.id, record.first_seen_s);
}

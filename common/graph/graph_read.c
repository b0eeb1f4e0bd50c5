#include <limits.h>
#include <stdlib.h>

#include "common/base/wire_reader.h"
#include "common/base/wire_writer.h"
#include "common/graph/graph_reader.h"

/* More claims on one address than this are not even looked at. */
#define BINDINGS_SCAN_MAX 256

int
graph_reader_new(struct store *store, struct graph_reader **out, struct err_msg *msg)
{
	struct graph_reader *r = calloc(1, sizeof(*r));
	struct slice value;
	int rc;

	*out = NULL;
	if (r == NULL) {
		return err_set(msg, ERR_NOMEM, "out of memory");
	}
	rc = store_begin_read(store, &r->txn);
	if (rc != 0) {
		free(r);
		return err_set(msg, rc, "the graph cannot be read: %s", err_text(rc));
	}
	if (!store_get(r->txn, GRAPH_T_STATE, GRAPH_STATE_EPOCH, &value)) {
		rc = store_txn_error(r->txn) != 0 ? ERR_CORRUPT : ERR_NOTFOUND;
		graph_reader_free(r);
		return err_set(msg, rc,
			"the store holds no graph: make one with "
			"`trustctl init`, or restore a backup");
	}
	store_pause(r->txn);
	*out = r;
	return 0;
}

void
graph_reader_free(struct graph_reader *r)
{
	if (r != NULL) {
		store_abort(r->txn);
		free(r);
	}
}

int
graph_begin(struct graph_reader *r)
{
	r->begin_error = store_renew(r->txn);
	r->knows_site = r->knows_site && store_is_unchanged(r->txn);
	r->lists.count = 0;
	r->principals.count = 0;
	return r->begin_error;
}

void
graph_end(struct graph_reader *r)
{
	r->lists.count = 0;
	r->principals.count = 0;
	store_pause(r->txn);
}

int
graph_error(const struct graph_reader *r)
{
	return r->begin_error != 0 ? r->begin_error : store_txn_error(r->txn);
}

graph_node
graph_find_digest(struct graph_reader *r, const struct digest *digest)
{
	graph_node node = GRAPH_NONE;
	struct slice value;

	if (!store_get(r->txn, GRAPH_T_NODES, digest_slice(digest), &value)) {
		return GRAPH_NONE;
	}
	if (graph_node_decode(digest, value, &node) != 0) {
		store_txn_fail(r->txn, ERR_CORRUPT);
		return GRAPH_NONE;
	}
	return node;
}

graph_node
graph_find(struct graph_reader *r, const struct principal *p)
{
	struct digest digest;

	principal_digest(p, &digest);
	return graph_find_digest(r, &digest);
}

/* principal_get - the record of a node; false where there is none */
static bool
principal_get(struct graph_reader *r, graph_node node, struct digest *digest_out,
	struct slice *text_out)
{
	const struct store_peek *known =
		graph_expected_find(r, &r->principals, GRAPH_T_PRINCIPALS, node);
	uint8_t key[GRAPH_NODE_KEY_LEN];
	struct wire_reader reader;
	struct slice value;

	if (known != NULL) {
		value = known->values;
	} else if (!store_get(r->txn, GRAPH_T_PRINCIPALS, graph_node_key(node, key), &value)) {
		return false;
	}
	if (value.len == 0) {
		return false;
	}
	wire_reader_init(&reader, value);
	wire_read_copy(&reader, digest_out->bytes, DIGEST_LEN);
	*text_out = wire_reader_rest(&reader);
	if (wire_reader_error(&reader) != 0 || text_out->len == 0) {
		store_txn_fail(r->txn, ERR_CORRUPT);
		return false;
	}
	return true;
}

bool
graph_digest_of(struct graph_reader *r, graph_node node, struct digest *out)
{
	struct slice text;

	return principal_get(r, node, out, &text);
}

struct graph_ref
graph_ref_of(struct graph_reader *r, graph_node node)
{
	struct digest digest;
	struct slice text;

	if (node == GRAPH_NONE || !principal_get(r, node, &digest, &text)) {
		return (struct graph_ref){0, GRAPH_NONE};
	}
	return (struct graph_ref){graph_order_of(&digest), node};
}

bool
graph_text_of(struct graph_reader *r, graph_node node, struct slice *out)
{
	struct digest digest;

	return principal_get(r, node, &digest, out);
}

/* The best founded bindings so far, strongest first. */
struct best {
	size_t count;
	struct graph_binding list[GRAPH_BINDINGS_MAX];
	unsigned int rank[GRAPH_BINDINGS_MAX];
};

/* best_add - behind all that are as well founded */
static void
best_add(struct best *b, const struct graph_binding *binding, unsigned int rank)
{
	size_t at = b->count;

	while (at > 0 && b->rank[at - 1] < rank) {
		at--;
	}
	if (at == GRAPH_BINDINGS_MAX) {
		return;
	}
	b->count += b->count < GRAPH_BINDINGS_MAX ? 1 : 0;
	for (size_t i = b->count - 1; i > at; i--) {
		b->list[i] = b->list[i - 1];
		b->rank[i] = b->rank[i - 1];
	}
	b->list[at] = *binding;
	b->rank[at] = rank;
}

size_t
graph_bindings_ranked(struct graph_reader *r, graph_node address, graph_binding_rank_fn *rank,
	void *ctx, struct graph_binding out[GRAPH_BINDINGS_MAX])
{
	uint8_t key[GRAPH_NODE_KEY_LEN];
	struct slice set = graph_node_key(address, key);
	struct store_cursor *c = store_cursor_open(r->txn, GRAPH_T_BINDS_IN);
	bool is_crowded = rank != NULL && store_set_count(c, set) > GRAPH_BINDINGS_MAX;
	struct best best = {0};
	struct graph_edge edge;
	struct slice value;
	bool more = store_set_first(c, set, &value);

	for (int i = 0; more && i < BINDINGS_SCAN_MAX; i++) {
		struct graph_binding binding;

		if (!graph_edge_read(r, GRAPH_T_BINDS_IN, address, value, &edge)) {
			best.count = 0;
			break;
		}
		binding = (struct graph_binding){
			edge.peer, graph_is_hosted(r, edge.peer), edge.exp_s};
		/* Our own word is never crowded out by claims of others. */
		best_add(&best, &binding,
			binding.hosted ? UINT_MAX
			: is_crowded   ? rank(ctx, edge.peer)
				       : 0);
		more = store_set_next(c, &value);
	}
	store_cursor_close(c);
	memcpy(out, best.list, sizeof(best.list));
	return best.count;
}

size_t
graph_bindings(struct graph_reader *r, graph_node address,
	struct graph_binding out[GRAPH_BINDINGS_MAX])
{
	return graph_bindings_ranked(r, address, NULL, NULL, out);
}

size_t
graph_bound_addresses(struct graph_reader *r, graph_node identity, graph_node *out, size_t cap)
{
	uint8_t key[GRAPH_NODE_KEY_LEN];
	struct store_cursor *c = store_cursor_open(r->txn, GRAPH_T_BINDS_OUT);
	struct graph_edge edge;
	struct slice value;
	size_t count = 0;
	bool more = store_set_first(c, graph_node_key(identity, key), &value);

	while (more && count < cap) {
		if (!graph_edge_read(r, GRAPH_T_BINDS_OUT, identity, value, &edge)) {
			count = 0;
			break;
		}
		out[count++] = edge.peer;
		more = store_set_next(c, &value);
	}
	store_cursor_close(c);
	return count;
}

graph_node
graph_find_identity(
	struct graph_reader *r, const struct thumbprint *identity, struct digest *digest_out)
{
	struct slice text = thumbprint_slice(identity);
	struct graph_known_identity *known = NULL;
	uint16_t place = 0;

	/* Thumbprints are digests in letters: any few of them will do. */
	memcpy(&place, identity->text, sizeof(place));
	known = &r->known[(place ^ (place >> 8)) % GRAPH_KNOWN_MAX];
	if (!slice_eq(slice_str(known->identity.text), text)) {
		known->identity = *identity;
		/* principal_digest() of it */
		digest_sha256_parts(
			(const struct slice[]){SLICE("id:"), text}, 2, &known->digest);
	}
	*digest_out = known->digest;
	return graph_find_digest(r, digest_out);
}

/* look_up_site - damage sticks */
static graph_node
look_up_site(struct graph_reader *r)
{
	struct thumbprint site;
	struct digest digest;
	struct slice value;

	if (!store_get(r->txn, GRAPH_T_STATE, GRAPH_STATE_SITE, &value)) {
		return GRAPH_NONE;
	}
	if (thumbprint_parse(value, &site) != 0) {
		store_txn_fail(r->txn, ERR_CORRUPT);
		return GRAPH_NONE;
	}
	return graph_find_identity(r, &site, &digest);
}

graph_node
graph_site(struct graph_reader *r)
{
	if (!r->knows_site) {
		r->site = look_up_site(r);
		r->knows_site = graph_error(r) == 0;
	}
	return r->site;
}

uint64_t
graph_epoch(struct graph_reader *r)
{
	struct wire_reader reader;
	struct slice value;
	uint64_t epoch;

	if (!store_get(r->txn, GRAPH_T_STATE, GRAPH_STATE_EPOCH, &value)) {
		return 0;
	}
	wire_reader_init(&reader, value);
	epoch = wire_read_u64(&reader);
	if (wire_reader_finish(&reader) != 0) {
		store_txn_fail(r->txn, ERR_CORRUPT);
	}
	return epoch;
}

bool
graph_is_empty(struct graph_reader *r)
{
	return store_count(r->txn, GRAPH_T_OUT) == 0;
}

int
graph_stats(struct graph_reader *r, struct graph_stats *out)
{
	*out = (struct graph_stats){
		.statements = store_count(r->txn, GRAPH_T_STATEMENTS),
		.principals = store_count(r->txn, GRAPH_T_PRINCIPALS),
		.edges = store_count(r->txn, GRAPH_T_OUT),
		.blocks = store_count(r->txn, GRAPH_T_BLOCKS_OUT),
		.revocations = store_count(r->txn, GRAPH_T_REVOCATIONS),
		.tombstones = store_count(r->txn, GRAPH_T_TOMBSTONES),
	};
	return graph_error(r);
}

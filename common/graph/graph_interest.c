#include "common/graph/graph_interest.h"

#include "common/graph/graph_reader.h"
#include "common/graph/graph_txn.h"

/* read_digest - the key of an entry; damage sticks */
static bool
read_digest(struct store_txn *txn, struct slice key, struct digest *out)
{
	if (key.len != DIGEST_LEN) {
		store_txn_fail(txn, ERR_CORRUPT);
		return false;
	}
	memcpy(out->bytes, key.data, DIGEST_LEN);
	return true;
}

/* first_at_or_after - the first stored digest that is not below `from`; NULL: of all */
static bool
first_at_or_after(struct store_txn *txn, const struct digest *from, struct digest *out)
{
	struct store_cursor *c = store_cursor_open(txn, GRAPH_T_INTEREST);
	struct slice start = from == NULL ? slice_of("", 0) : digest_slice(from);
	struct slice key;
	struct slice value;
	bool found = store_cursor_seek(c, start, &key, &value) && read_digest(txn, key, out);

	store_cursor_close(c);
	return found;
}

/* first_after - the first stored digest above one */
static bool
first_after(struct store_txn *txn, const struct digest *from, struct digest *out)
{
	struct digest next = *from;
	size_t at = DIGEST_LEN;

	while (at > 0 && ++next.bytes[at - 1] == 0) {
		at--;
	}
	return at > 0 && first_at_or_after(txn, &next, out);
}

/* A walk over what is stored and what is to be, both ascending. */
struct pass {
	struct store_txn *txn;
	struct digest stored;
	bool has_stored;
	const struct digest *wanted;
	const struct digest *end;
	bool changed;
};

/*
 * step - the lower of the two is taken out or put in; writing ends cursors, so each is sought
 * anew
 */
static void
step(struct pass *p)
{
	bool is_stored_first =
		p->wanted == p->end || (p->has_stored && digest_cmp(&p->stored, p->wanted) < 0);
	bool is_same = !is_stored_first && p->has_stored && digest_eq(&p->stored, p->wanted);

	if (is_stored_first) {
		(void)store_delete(p->txn, GRAPH_T_INTEREST, digest_slice(&p->stored));
	} else if (!is_same) {
		store_put(p->txn, GRAPH_T_INTEREST, digest_slice(p->wanted), slice_of("", 0));
	}
	p->changed |= !is_same;
	p->wanted += !is_stored_first;
	if (is_stored_first || is_same) {
		p->has_stored = first_after(p->txn, &p->stored, &p->stored);
	}
}

int
graph_interest_set(
	struct graph_txn *g, const struct digest *sorted, size_t count, struct err_msg *msg)
{
	struct pass pass = {
		.txn = g->txn, .wanted = sorted, .end = count == 0 ? sorted : sorted + count};
	uint64_t version = 0;

	pass.has_stored = first_at_or_after(g->txn, NULL, &pass.stored);
	while ((pass.has_stored || pass.wanted != pass.end) && store_txn_error(g->txn) == 0) {
		step(&pass);
	}
	if (pass.changed) {
		(void)graph_state_get(g->txn, GRAPH_STATE_INTEREST, &version);
		graph_state_put(g->txn, GRAPH_STATE_INTEREST, version + 1);
	}
	return graph_txn_check(g, msg);
}

struct comparison {
	const struct digest *sorted;
	size_t count;
	size_t at;
};

static int
compare(void *ctx, const struct digest *principal)
{
	struct comparison *c = ctx;

	return c->at < c->count && digest_eq(principal, &c->sorted[c->at++]) ? 0 : ERR_NOTFOUND;
}

bool
graph_interest_equals(struct graph_reader *r, const struct digest *sorted, size_t count)
{
	struct comparison c = {sorted, count, 0};

	return graph_interest_visit(r, compare, &c) == 0 && c.at == count;
}

int
graph_interest_visit(struct graph_reader *r, graph_interest_fn *visit, void *ctx)
{
	struct store_txn *txn = r->txn;
	struct store_cursor *c = store_cursor_open(txn, GRAPH_T_INTEREST);
	struct digest principal;
	struct slice key;
	struct slice value;
	int rc = 0;

	for (bool more = store_cursor_seek(c, slice_of("", 0), &key, &value);
		more && read_digest(txn, key, &principal);
		more = rc == 0 && store_cursor_next(c, &key, &value)) {
		rc = visit(ctx, &principal);
	}
	store_cursor_close(c);
	return rc != 0 ? rc : graph_error(r);
}

int
graph_hosted_visit(struct graph_reader *r, graph_hosted_fn *visit, void *ctx)
{
	struct store_cursor *c = store_cursor_open(r->txn, GRAPH_T_HOSTED);
	struct thumbprint identity;
	struct digest raw;
	struct slice key;
	struct slice value;
	int rc = 0;

	for (bool more = store_cursor_seek(c, slice_of("", 0), &key, &value);
		more && read_digest(r->txn, key, &raw);
		more = rc == 0 && store_cursor_next(c, &key, &value)) {
		graph_thumbprint_of(&raw, &identity);
		rc = visit(ctx, &identity);
	}
	store_cursor_close(c);
	return rc != 0 ? rc : graph_error(r);
}

uint64_t
graph_interest_version(struct graph_reader *r)
{
	uint64_t version = 0;

	(void)graph_state_get(r->txn, GRAPH_STATE_INTEREST, &version);
	return version;
}

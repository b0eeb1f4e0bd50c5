#include "trustctl/reissue.h"

#include <stdlib.h>

#include "common/base/array.h"

static bool
is_signed_by(const struct statement *st, const struct thumbprint *signer)
{
	struct thumbprint key;

	public_key_thumbprint(&st->key, &key);
	return signer == NULL || thumbprint_eq(&key, signer);
}

/* is_believed - vouches and blocks have an edge then; of the others their time tells */
static bool
is_believed(const struct reissue *r, const struct statement *st)
{
	enum graph_direction dir = st->act == STATEMENT_VOUCH ? GRAPH_OUT : GRAPH_BLOCKS_OUT;
	struct principal self;
	struct graph_edge edge;

	if (st->act != STATEMENT_VOUCH && st->act != STATEMENT_BLOCK) {
		return true;
	}
	if (principal_from_thumbprint(thumbprint_slice(&st->iss), &self) != 0) {
		return false;
	}
	return graph_edge_get(r->graph, dir, graph_find(r->graph, &self),
		graph_ref_of(r->graph, graph_find(r->graph, &st->sub)), &edge);
}

static int
keep(struct reissue *r, const struct statement *st)
{
	struct statement *items = ARRAY_ROOM(r->items, r->count, &r->cap);

	if (items == NULL) {
		return ERR_NOMEM;
	}
	r->items = items;
	r->items[r->count++] = *st;
	return 0;
}

static int
look_at(void *ctx, const struct graph_record *record)
{
	struct reissue *r = ctx;
	struct statement st;
	int rc = statement_decode(record->jws, &st, NULL);

	if (rc != 0 || !is_signed_by(&st, r->signer) ||
		(st.act != STATEMENT_VOUCH && st.act != STATEMENT_BLOCK &&
			st.act != STATEMENT_BIND && st.act != STATEMENT_GUARD)) {
		return rc;
	}
	if (record->first_seen_s >= r->since_s) {
		r->later++;
		return 0;
	}
	if (statement_is_withdrawal(&st) || st.exp <= r->now_s || !is_believed(r, &st)) {
		return 0;
	}
	return keep(r, &st);
}

int
reissue_collect(struct keywork *w, const struct thumbprint *signer, uint64_t since_s,
	struct reissue *out, struct err_msg *msg)
{
	int rc = site_begin(w->site, msg);

	*out = (struct reissue){.graph = w->site->graph,
		.signer = signer,
		.since_s = since_s,
		.now_s = w->ctl->now_s};
	if (rc != 0) {
		return rc;
	}
	rc = graph_visit_issuer(w->site->graph, &w->actor.identity, look_at, out);
	int end_rc = site_end(w->site, msg);

	out->graph = NULL;
	if (rc != 0) {
		return err_set(msg, rc, "the statements of %s cannot be read: %s",
			w->actor.name, err_text(rc));
	}
	return end_rc;
}

static int
issue_one(const struct statement *st, const struct issuer *by, uint64_t seq,
	struct issued *made, struct err_msg *msg)
{
	switch (st->act) {
	case STATEMENT_VOUCH:
		return issue_vouch(by, seq, &st->sub, (enum trust_level)st->lvl, made, msg);
	case STATEMENT_BLOCK:
		return issue_block(by, seq, &st->sub, st->why, made, msg);
	case STATEMENT_BIND:
		return issue_bind(by, seq, &st->sub, made, msg);
	case STATEMENT_GUARD:
		return issue_guard(by, seq, &st->sub, st->why, made, msg);
	case STATEMENT_IDENTITY:
	case STATEMENT_DEVICE:
	case STATEMENT_WARN:
	case STATEMENT_REVOKE:
	case STATEMENT_SUCCEED:
	case STATEMENT_INTRODUCE:
		break;
	}
	return err_set(msg, ERR_INVALID, "%s statements are not signed again",
		statement_act_name(st->act));
}

int
reissue_publish(const struct reissue *r, const struct issuer *by, struct site_txn *txn,
	struct err_msg *msg)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->count; i++) {
		const struct statement *st = &r->items[i];
		struct issuer issuer = *by;
		struct issued made;
		uint64_t seq;

		issuer.aud = st->aud;
		rc = publish_seq(txn, &issuer.identity, st->act, &st->sub, &seq, msg);
		rc = rc == 0 ? issue_one(st, &issuer, seq, &made, msg) : rc;
		rc = rc == 0 ? publish_made(txn, &made, issuer.now_s, msg) : rc;
	}
	return rc;
}

void
reissue_fini(struct reissue *r)
{
	free(r->items);
	*r = (struct reissue){0};
}

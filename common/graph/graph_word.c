/*
 * Whether what somebody once said was said by him: after a theft, the thief's part of it was
 * not.
 */
#include "common/graph/graph_reader.h"
#include "common/graph/graph_txn.h"

static bool
issuer_of(struct graph_reader *r, graph_node identity, struct digest *out)
{
	struct slice text;

	return graph_text_of(r, identity, &text) && slice_starts_with(text, SLICE("id:")) &&
	       graph_raw_of(slice_skip(text, strlen("id:")), out) == 0;
}

/* has_revoked - nearly nobody has, and then all that he said was his */
static bool
has_revoked(struct graph_reader *r, const struct digest *issuer)
{
	uint8_t buf[GRAPH_ISSUED_KEY_LEN];
	struct slice value;

	return store_get(r->txn, GRAPH_T_REVOCATIONS,
		graph_issued_key(issuer, GRAPH_CLASS_REVOKE, buf), &value);
}

/* is_about - however the subject is spelled */
static bool
is_about(const struct graph_fact *fact, const struct digest *subjects, size_t count)
{
	struct principal subject;
	struct digest digest;

	for (int fold = 0; fold <= 1; fold++) {
		if (principal_parse(graph_fact_subject(fact), fold != 0, &subject, NULL) != 0) {
			return false;
		}
		principal_digest(&subject, &digest);
		for (size_t i = 0; i < count; i++) {
			if (digest_eq(&digest, &subjects[i])) {
				return true;
			}
		}
	}
	return false;
}

bool
graph_vouch_is_void(struct graph_reader *r, graph_node identity, const struct digest *subjects,
	size_t count)
{
	uint8_t buf[GRAPH_ISSUED_KEY_LEN];
	UNINITIALIZED struct graph_belief belief;
	struct store_cursor *c = NULL;
	struct graph_fact fact;
	struct digest issuer;
	struct digest reg;
	struct digest id;
	struct slice value;
	uint64_t since_s;
	bool is_void = false;

	if (!issuer_of(r, identity, &issuer) || !has_revoked(r, &issuer)) {
		return false;
	}
	graph_belief_load(&belief, r->txn, &issuer, UINT64_MAX);
	c = store_cursor_open(r->txn, GRAPH_T_ISSUED);
	for (bool more = store_set_first(
		     c, graph_issued_key(&issuer, GRAPH_CLASS_VOUCH, buf), &value);
		more; more = store_set_next(c, &value)) {
		if (graph_rank_decode(value, &id) != 0 || !graph_fact_get(r->txn, &id, &fact)) {
			store_txn_fail(r->txn, ERR_CORRUPT);
			break;
		}
		if (!is_about(&fact, subjects, count)) {
			continue;
		}
		graph_fact_register(&fact, &reg);
		is_void = !graph_believed_since(&belief, &reg, &since_s);
		if (!is_void) {
			break;
		}
	}
	store_cursor_close(c);
	return is_void;
}

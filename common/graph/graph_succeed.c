#include "common/graph/graph_txn.h"

bool
graph_successor_of(struct store_txn *txn, const struct digest *issuer,
	struct digest *successor_out, uint64_t *since_out)
{
	struct graph_belief successor;
	char subject[3 + IDENTITY_THUMBPRINT_LEN + 1] = "id:";
	struct thumbprint next;
	struct thumbprint self;
	struct digest reg;
	struct slice frozen;

	if (!store_get(txn, GRAPH_T_FROZEN, digest_slice(issuer), &frozen) || frozen.len == 0) {
		return false;
	}
	if (thumbprint_parse(frozen, &next) != 0 || graph_raw_of(frozen, successor_out) != 0) {
		store_txn_fail(txn, ERR_CORRUPT);
		return false;
	}
	graph_thumbprint_of(issuer, &self);
	memcpy(subject + 3, self.text, sizeof(self.text));
	graph_register_key(&next, STATEMENT_SUCCEED, slice_str(subject), &reg);
	graph_belief_load(&successor, txn, successor_out, UINT64_MAX);
	return graph_believed_since(&successor, &reg, since_out);
}

static void
change_former(struct graph_txn *g, graph_node current, graph_node former, bool is_added)
{
	uint8_t key_buf[GRAPH_NODE_KEY_LEN];
	uint8_t buf[GRAPH_FORMER_LEN];
	struct slice key = graph_node_key(current, key_buf);
	struct slice value = graph_former_encode(current, former, buf);

	if (current == GRAPH_NONE) {
		return;
	}
	if (is_added) {
		store_put(g->txn, GRAPH_T_FORMERS, key, value);
	} else {
		(void)store_delete_value(g->txn, GRAPH_T_FORMERS, key, value);
	}
}

void
graph_formers_change(struct graph_txn *g, graph_node node, graph_node before, graph_node after)
{
	if (before != after) {
		change_former(g, before, node, false);
		change_former(g, after, node, true);
	}
}

static void
touch_class(struct graph_txn *g, const struct digest *issuer, enum graph_class class)
{
	uint8_t buf[GRAPH_ISSUED_KEY_LEN];
	struct store_cursor *c = store_cursor_open(g->txn, GRAPH_T_ISSUED);
	struct graph_fact fact;
	struct digest id;
	struct digest who;
	struct slice value;

	for (bool more = store_set_first(c, graph_issued_key(issuer, class, buf), &value); more;
		more = store_set_next(c, &value)) {
		if (graph_rank_decode(value, &id) != 0 || !graph_fact_get(g->txn, &id, &fact)) {
			store_txn_fail(g->txn, ERR_CORRUPT);
			break;
		}
		if (graph_raw_of(slice_skip(graph_fact_subject(&fact), strlen("id:")), &who) ==
			0) {
			store_put(g->txn, GRAPH_T_TOUCHED, digest_slice(&who), slice_of("", 0));
		}
	}
	store_cursor_close(c);
}

void
graph_touch_subjects(struct graph_txn *g, const struct digest *issuer)
{
	touch_class(g, issuer, GRAPH_CLASS_GUARD);
	touch_class(g, issuer, GRAPH_CLASS_SUCCEED);
}

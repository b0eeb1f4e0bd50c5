#include "gossip/node_private.h"

/* What one transaction writes: the caller's work, and what has been waiting. */
struct write {
	struct node *node;
	graph_update_fn *work;
	void *ctx;
};

static int
write_peers(struct node *node, struct graph_txn *g, struct err_msg *msg)
{
	int rc = 0;

	for (size_t i = 0; i < node->peer_count && rc == 0; i++) {
		if (node->peers[i]->is_dirty) {
			rc = graph_peer_put(g, &node->peers[i]->rec, msg);
		}
	}
	return rc;
}

static int
write_all(void *ctx, struct graph_txn *g, struct err_msg *msg)
{
	const struct write *w = ctx;
	struct node *node = w->node;
	int rc;

	/* First, as it is older than the work, which may take some of it back. */
	for (size_t i = 0; i < node->pending_count; i++) {
		if (node->pending[i].is_removed) {
			graph_exchange_delete(g, &node->pending[i].item);
		} else {
			graph_exchange_put(g, &node->pending[i].item);
		}
	}
	rc = w->work == NULL ? 0 : w->work(w->ctx, g, msg);
	return rc == 0 ? write_peers(node, g, msg) : rc;
}

int
node_write(struct node *node, graph_update_fn *work, void *ctx)
{
	struct write w = {node, work, ctx};
	struct err_msg msg = {0};
	int rc = graph_update(node->config.graph, &node->config.options, write_all, &w, &msg);

	if (rc != 0) {
		if (!node->is_write_failing) {
			node_log(
				node, NODE_LOG_WARN, "cannot write to the graph: %s", msg.text);
		}
		node->is_write_failing = true;
		return rc;
	}
	if (node->is_write_failing) {
		node_log(node, NODE_LOG_INFO, "the graph can be written again");
		node->is_write_failing = false;
	}
	node->pending_count = 0;
	for (size_t i = 0; i < node->peer_count; i++) {
		node->peers[i]->is_dirty = false;
	}
	return 0;
}

int
node_begin(struct node *node)
{
	int rc = graph_begin(node->reader);

	node->is_reading = rc == 0;
	return rc;
}

void
node_end(struct node *node)
{
	graph_end(node->reader);
	node->is_reading = false;
}

void
node_flush(struct node *node)
{
	bool is_dirty = node->pending_count > 0;

	for (size_t i = 0; i < node->peer_count; i++) {
		is_dirty |= node->peers[i]->is_dirty;
	}
	if (is_dirty && node_write(node, NULL, NULL) != 0 &&
		node->pending_count >= PENDING_MAX) {
		/* After a restart the next repair finds again what is forgotten here. */
		node->pending_count = 0;
	}
}

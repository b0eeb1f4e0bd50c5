#include "trustctl/bound.h"

#include <string.h>

#include "common/scan/circle.h"
#include "trustctl/ledger_file.h"

/* sort_out - each address of the identity to those that have effect, or to the claims */
static void
sort_out(const struct circle *c, graph_node identity, struct bound *out)
{
	graph_node nodes[BOUND_ADDRESSES_MAX];
	graph_node current = graph_current(c->graph, identity);
	size_t count = graph_bound_addresses(c->graph, identity, nodes, BOUND_ADDRESSES_MAX);

	for (size_t i = 0; i < count; i++) {
		struct party address = {.node = nodes[i]};
		struct slice text;

		if (!graph_claims(c->graph, identity, nodes[i], c->now_s) ||
			!graph_digest_of(c->graph, nodes[i], &address.digest) ||
			!graph_text_of(c->graph, nodes[i], &text)) {
			continue;
		}
		text = slice_skip(text, strlen("addr:"));
		if (circle_identity_of(c, &address) == current) {
			out->effective[out->effective_count++] = text;
		} else {
			out->claimed[out->claimed_count++] = text;
		}
	}
}

int
bound_find(const struct ctl *ctl, struct site *site, graph_node identity, struct bound *out,
	struct err_msg *msg)
{
	struct ledger_file file;
	struct circle c;
	int rc = ledger_file_open(ctl, &file, msg);

	*out = (struct bound){0};
	if (rc == 0 && file.store != NULL) {
		rc = ledger_file_begin(&file, msg);
	}
	if (rc == 0) {
		circle_init(&c, site->graph, site->private_reader, NULL,
			site->settings->colleagues, ctl->now_s);
		c.ledger = file.store == NULL ? NULL : ledger_txn(file.desk.reader);
		sort_out(&c, identity, out);
	}
	if (rc == 0 && file.store != NULL) {
		rc = ledger_file_end(&file, msg);
	}
	ledger_file_close(&file);
	return rc;
}

/*
 * graph_reader.h - the inside of a reader, shared by the files that read; private to common/graph.
 *
 *	graph_read.c     snapshots, principals, identities, bindings, statements
 *	graph_list.c     edges and their lists
 */
#ifndef COMMON_GRAPH_GRAPH_READER_H
#define COMMON_GRAPH_GRAPH_READER_H

#include "common/graph/graph_schema.h"

/* Lists looked up before they are started. */
struct graph_expected {
	enum graph_direction dir;
	size_t count;
	size_t next; /* index of the one that is probably started next */
	graph_node nodes[GRAPH_EXPECT_MAX];
	struct store_peek found[GRAPH_EXPECT_MAX];
};

struct graph_reader {
	struct store_txn *txn;
	int begin_error; /* of the last graph_begin */

	/* The site's thumbprint read last, and the digest of that principal: it hardly ever changes. */
	struct thumbprint site;
	struct digest site_digest;

	struct graph_expected expected; /* of this snapshot */
};

/** Takes an edge record apart; damage sticks and is no edge. */
bool graph_edge_read(struct graph_reader *r, enum graph_table table, graph_node node,
	struct slice value, struct graph_edge *out);

#endif

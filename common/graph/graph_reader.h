/*
 * graph_reader.h - the inside of a reader, shared by the files that read; private to common/graph.
 *
 *	graph_read.c     snapshots, principals, identities, bindings, statements
 *	graph_list.c     edges and their lists
 */
#ifndef COMMON_GRAPH_GRAPH_READER_H
#define COMMON_GRAPH_GRAPH_READER_H

#include "common/graph/graph_schema.h"

/* Lists, or principals, looked up before they are asked for. */
struct graph_expected {
	enum graph_table table;
	size_t count;
	size_t next; /* index of the one that is probably next */
	graph_node nodes[GRAPH_EXPECT_MAX];
	struct store_peek found[GRAPH_EXPECT_MAX];
};

/* Digests of identities kept: those of the site and its users are asked for with every message. */
#define GRAPH_KNOWN_MAX 64

struct graph_known_identity {
	struct thumbprint identity;
	struct digest digest;
};

struct graph_reader {
	struct store_txn *txn;
	int begin_error; /* of the last graph_begin */

	struct graph_known_identity known[GRAPH_KNOWN_MAX]; /* each in its place, or empty */

	/* Of this snapshot, and of later ones that are the same. */
	bool knows_site;
	graph_node site;

	/* Of this snapshot. */
	struct graph_expected lists;
	struct graph_expected principals;
};

/** What is known of a node's list, or record, before it is looked up; NULL: nothing. */
const struct store_peek *graph_expected_find(struct graph_reader *r, struct graph_expected *e,
	enum graph_table table, graph_node node);

/** Takes an edge record apart; damage sticks and is no edge. */
bool graph_edge_read(struct graph_reader *r, enum graph_table table, graph_node node,
	struct slice value, struct graph_edge *out);

#endif

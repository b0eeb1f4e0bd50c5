/*
 * graph_reader.h - the inside of a reader, shared by the files that read; private to
 * common/graph.
 */
#ifndef COMMON_GRAPH_GRAPH_READER_H
#define COMMON_GRAPH_GRAPH_READER_H

#include "common/graph/graph_schema.h"

struct graph_reader {
	struct store_txn *txn;
	int begin_error; /* of the last graph_begin */
};

#endif

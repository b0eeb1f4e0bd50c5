/*
 * graph_world.h - a graph in a store of its own, to which tests add statements and of which
 * they ask for edges. Failures abort through Criterion.
 */
#ifndef TESTS_SUPPORT_GRAPH_WORLD_H
#define TESTS_SUPPORT_GRAPH_WORLD_H

#include <criterion/criterion.h>

#include "common/graph/graph_merge.h"
#include "tests/support/people.h"
#include "tests/support/temp_dir.h"

enum world_backend {
	WORLD_MEM,
	WORLD_LMDB,
};

struct world {
	struct store *store;
	struct temp_dir dir; /* WORLD_LMDB */
	enum world_backend backend;
	struct graph_options options;
};

static inline void
world_open(struct world *w, enum store_mode mode)
{
	struct store_config config = {
		.path = w->dir.path,
		.mode = mode,
		.tables = graph_tables,
		.table_count = graph_table_count,
		.schema_version = GRAPH_SCHEMA_VERSION,
	};
	struct err_msg msg = {0};
	int rc = w->backend == WORLD_MEM ? store_mem_open(&config, &w->store, &msg)
					 : store_lmdb_open(&config, &w->store, &msg);

	cr_assert_eq(rc, 0, "%s", msg.text);
}

static inline void
world_make(struct world *w, enum world_backend backend)
{
	struct err_msg msg = {0};

	*w = (struct world){.backend = backend, .options = {.fold_local_part = true}};
	if (backend == WORLD_LMDB) {
		temp_dir_make(&w->dir);
	}
	world_open(w, STORE_CREATE);
	cr_assert_eq(graph_create(w->store, 42, &msg), 0, "%s", msg.text);
}

/** From now on as the daemon has it, which only reads; in memory there is no such difference. */
static inline void
world_read_only(struct world *w)
{
	if (w->backend == WORLD_LMDB) {
		store_close(w->store);
		world_open(w, STORE_READ);
	}
}

static inline void
world_fini(struct world *w)
{
	store_close(w->store);
	if (w->backend == WORLD_LMDB) {
		temp_dir_remove(&w->dir);
	}
}

static inline struct graph_txn *
world_begin(struct world *w)
{
	struct graph_txn *txn = NULL;
	struct err_msg msg = {0};

	cr_assert_eq(graph_txn_begin(w->store, &w->options, &txn, &msg), 0, "%s", msg.text);
	return txn;
}

static inline void
world_commit(struct graph_txn *txn)
{
	struct err_msg msg = {0};

	cr_assert_eq(graph_txn_commit(txn, &msg), 0, "%s", msg.text);
}

static inline enum graph_outcome
world_put(struct graph_txn *txn, const struct issued *made, uint64_t first_seen_s)
{
	enum graph_outcome outcome = GRAPH_CONFLICT;
	struct err_msg msg = {0};

	cr_assert_eq(
		graph_add(txn, issued_slice(made), &made->st, first_seen_s, &outcome, &msg), 0,
		"%s", msg.text);
	return outcome;
}

/** Adds one statement in a transaction of its own. */
static inline enum graph_outcome
world_add(struct world *w, struct issued made, uint64_t first_seen_s)
{
	struct graph_txn *txn = world_begin(w);
	enum graph_outcome outcome = world_put(txn, &made, first_seen_s);

	world_commit(txn);
	return outcome;
}

static inline struct graph_reader *
world_read(struct world *w)
{
	struct graph_reader *r = NULL;
	struct err_msg msg = {0};

	cr_assert_eq(graph_reader_new(w->store, &r, &msg), 0, "%s", msg.text);
	cr_assert_eq(graph_begin(r), 0);
	return r;
}

static inline void
world_read_end(struct graph_reader *r)
{
	cr_assert_eq(graph_error(r), 0);
	graph_end(r);
	graph_reader_free(r);
}

/** The edge from a person to a subject; level 0 where there is none. Both halves must agree. */
static inline struct graph_edge
world_edge(struct world *w, enum graph_direction dir, const struct person *from,
	const char *subject)
{
	struct graph_reader *r = world_read(w);
	struct principal to = principal_of(subject);
	struct graph_edge edge = {0};
	struct graph_edge back = {0};
	graph_node a = graph_find(r, &from->self);
	graph_node b = graph_find(r, &to);
	bool found = a != GRAPH_NONE && b != GRAPH_NONE &&
		     graph_edge_get(r, dir, a, graph_ref_of(r, b), &edge);
	bool found_back = a != GRAPH_NONE && b != GRAPH_NONE &&
			  graph_edge_get(r, dir == GRAPH_OUT ? GRAPH_IN : GRAPH_BLOCKS_IN, b,
				  graph_ref_of(r, a), &back);

	cr_assert_eq(found, found_back, "both directions");
	cr_assert(!found || (edge.level == back.level && edge.exp_s == back.exp_s &&
				    edge.flags == back.flags &&
				    edge.first_seen_s == back.first_seen_s),
		"both directions");
	world_read_end(r);
	return found ? edge : (struct graph_edge){0};
}

static inline unsigned int
world_level(struct world *w, const struct person *from, const char *subject)
{
	return world_edge(w, GRAPH_OUT, from, subject).level;
}

#endif

#include <criterion/criterion.h>

#include "common/base/rng.h"
#include "common/graph/graph_schema.h"
#include "tests/support/graph_world.h"
#include "tests/support/synthetic_graph.h"

#define NOW   1800000000U
#define BOB   "addr:bob@example.net"
#define OWN   "addr:alice@example.org"
#define NODES 3000
#define SEED  11

static struct world w;
static struct person alice;

/* one_vouch - a graph in which alice vouches for bob, and uses an address */
static void
one_vouch(void)
{
	world_make(&w, WORLD_MEM);
	person_make(&alice, 1);
	(void)world_add(&w, person_vouch(&alice, BY_ROOT, 1, NOW, BOB, TRUST_LEVEL_WEAK), NOW);
	(void)world_add(&w, person_bind(&alice, BY_ROOT, 1, NOW, OWN), NOW);
	(void)world_add(&w, person_identity(&alice, 1, NOW, NULL, true), NOW);
}

static void
one_vouch_end(void)
{
	person_fini(&alice);
	world_fini(&w);
}

TestSuite(graph_read, .init = one_vouch, .fini = one_vouch_end);

/* first_record - key and value of a table with one record */
static void
first_record(enum graph_table table, uint8_t key_out[64], size_t *key_len_out,
	uint8_t value_out[64], size_t *value_len_out)
{
	struct store_txn *txn = NULL;
	struct store_cursor *c;
	struct slice key;
	struct slice value;

	cr_assert_eq(store_begin_read(w.store, &txn), 0);
	c = store_cursor_open(txn, table);
	cr_assert(store_cursor_seek(c, slice_of("", 0), &key, &value));
	cr_assert(key.len <= 64 && value.len <= 64);
	memcpy(key_out, key.data, key.len);
	memcpy(value_out, value.data, value.len);
	*key_len_out = key.len;
	*value_len_out = value.len;
	store_abort(txn);
}

static void
replace_record(enum graph_table table, struct slice key, struct slice value)
{
	struct store_txn *txn = NULL;

	cr_assert_eq(store_begin_write(w.store, &txn), 0);
	(void)store_delete(txn, table, key);
	store_put(txn, table, key, value);
	cr_assert_eq(store_commit(txn), 0);
}

/* assert_edge_is_true - what is found is what was stored */
static void
assert_edge_is_true(struct graph_reader *r, enum graph_direction dir, graph_node from,
	graph_node to, const char *label)
{
	struct graph_edge edge;

	if (graph_edge_get(r, dir, from, graph_ref_of(r, to), &edge)) {
		cr_assert_eq(edge.level, TRUST_LEVEL_WEAK, "%s", label);
		cr_assert_eq(edge.exp_s, NOW + STATEMENT_LIFETIME_MAX_S, "%s", label);
		cr_assert_eq(edge.first_seen_s, NOW, "%s", label);
	}
}

/* assert_nothing_but_the_truth - every lookup gives what was stored, or nothing */
static void
assert_nothing_but_the_truth(const char *label)
{
	struct graph_reader *r = NULL;
	struct principal bob = principal_of(BOB);
	struct principal own = principal_of(OWN);
	struct err_msg msg = {0};
	graph_node bound = GRAPH_NONE;
	graph_node from;
	graph_node to;

	cr_assert_eq(graph_reader_new(w.store, &r, &msg), 0, "%s", msg.text);
	cr_assert_eq(graph_begin(r), 0);
	from = graph_find(r, &alice.self);
	to = graph_find(r, &bob);
	assert_edge_is_true(r, GRAPH_OUT, from, to, label);
	assert_edge_is_true(r, GRAPH_IN, to, from, label);
	if (graph_bound_addresses(r, from, &bound, 1) == 1) {
		cr_assert_eq(bound, graph_find(r, &own), "%s", label);
	}
	cr_assert_not(graph_is_hosted(r, from), "%s", label);
	cr_assert_not(graph_is_revoked(r, from, UINT64_MAX, NULL), "%s", label);
	if (graph_error(r) != 0) {
		cr_assert_eq(graph_error(r), ERR_CORRUPT, "%s", label);
		cr_assert_eq(graph_find(r, &bob), GRAPH_NONE, "%s: errors stick", label);
	}
	graph_end(r);
	graph_reader_free(r);
}

Test(graph_read, a_flipped_bit_is_never_another_answer)
{
	static const enum graph_table tables[] = {
		GRAPH_T_OUT, GRAPH_T_IN, GRAPH_T_NODES, GRAPH_T_IDENTITIES, GRAPH_T_BINDS_OUT};

	for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
		const char *name = graph_tables[tables[t]].name;
		uint8_t key[64];
		uint8_t value[64];
		size_t key_len;
		size_t len;

		first_record(tables[t], key, &key_len, value, &len);
		for (size_t bit = 0; bit < 8 * len; bit++) {
			value[bit / 8] = (uint8_t)(value[bit / 8] ^ 1U << bit % 8);
			replace_record(tables[t], slice_of(key, key_len), slice_of(value, len));
			assert_nothing_but_the_truth(name);
			value[bit / 8] = (uint8_t)(value[bit / 8] ^ 1U << bit % 8);
		}
		for (size_t cut = 1; cut < len; cut++) {
			replace_record(tables[t], slice_of(key, key_len), slice_of(value, cut));
			assert_nothing_but_the_truth(name);
		}
		replace_record(tables[t], slice_of(key, key_len), slice_of(value, len));
	}
	cr_assert_eq(world_level(&w, &alice, BOB), TRUST_LEVEL_WEAK);
}

Test(graph_read, an_edge_under_another_key_is_damage)
{
	struct graph_reader *r;
	uint8_t key[64];
	uint8_t value[64];
	size_t key_len;
	size_t len;
	struct graph_edge edge;

	first_record(GRAPH_T_OUT, key, &key_len, value, &len);
	key[key_len - 1]++;
	replace_record(GRAPH_T_OUT, slice_of(key, key_len), slice_of(value, len));
	r = world_read(&w);
	cr_assert_not(
		graph_edge_get(r, GRAPH_OUT, key[key_len - 1], graph_edge_peer(value), &edge));
	cr_assert_eq(graph_error(r), ERR_CORRUPT);
	cr_assert_eq(graph_begin(r), 0);
	cr_assert_eq(graph_error(r), 0, "a new snapshot begins without error");
	graph_end(r);
	graph_reader_free(r);
}

Test(graph_read, a_store_without_a_graph_is_refused)
{
	struct store_config config = {
		.mode = STORE_CREATE,
		.tables = graph_tables,
		.table_count = graph_table_count,
		.schema_version = GRAPH_SCHEMA_VERSION,
	};
	struct graph_options options = {0};
	struct graph_reader *r = NULL;
	struct graph_txn *txn = NULL;
	struct store *store = NULL;
	struct err_msg msg = {0};

	cr_assert_eq(store_mem_open(&config, &store, &msg), 0);
	cr_assert_eq(graph_reader_new(store, &r, &msg), ERR_NOTFOUND);
	cr_assert_not_null(strstr(msg.text, "trustctl init"));
	cr_assert_eq(graph_txn_begin(store, &options, &txn, &msg), ERR_NOTREADY);
	cr_assert_null(txn);
	store_close(store);
}

Test(graph_read, a_reader_sees_a_new_snapshot_when_it_begins_again)
{
	struct graph_reader *r = world_read(&w);
	struct principal carol = principal_of("addr:carol@example.net");

	(void)world_add(
		&w, person_vouch(&alice, BY_ROOT, 1, NOW, "addr:carol@example.net", 2), NOW);
	cr_assert_eq(graph_find(r, &carol), GRAPH_NONE);
	cr_assert_eq(graph_begin(r), 0);
	cr_assert_neq(graph_find(r, &carol), GRAPH_NONE);
	world_read_end(r);
}

/* behind - the place right behind a principal's */
static struct graph_ref
behind(const struct synthetic_graph *g, uint32_t rank)
{
	struct graph_ref ref = g->refs[rank];

	ref.node++;
	return ref;
}

/* assert_row - walking and every kind of seek in one list agree with the array */
static void
assert_row(struct graph_reader *r, const struct synthetic_graph *g, enum graph_direction dir,
	uint32_t rank)
{
	graph_node node = g->refs[rank].node;
	const struct csr *csr = dir == GRAPH_OUT ? &g->out : &g->in;
	uint64_t start = csr->start[rank];
	uint64_t end = csr->start[rank + 1];
	struct graph_cursor c;
	struct graph_edge edge;

	cr_assert_eq(graph_degree(r, dir, node), end - start);
	graph_list(r, dir, node, &c);
	for (uint64_t i = start; i < end; i++) {
		cr_assert(graph_next(&c, &edge));
		cr_assert_eq(edge.peer, g->refs[csr->peers[i]].node);
	}
	cr_assert_not(graph_next(&c, &edge));
	cr_assert_not(graph_seek(&c, (struct graph_ref){UINT64_MAX, UINT32_MAX}, &edge));
	graph_cursor_close(&c);

	/* Every third, between two, and going on from there. */
	graph_list(r, dir, node, &c);
	for (uint64_t i = start; i + 1 < end; i += 3) {
		cr_assert(graph_seek(&c, behind(g, csr->peers[i]), &edge));
		cr_assert_eq(edge.peer, g->refs[csr->peers[i + 1]].node);
		if (i + 2 < end) {
			cr_assert(graph_next(&c, &edge));
			cr_assert_eq(edge.peer, g->refs[csr->peers[i + 2]].node);
		}
	}
	graph_cursor_close(&c);
}

Test(graph_read, lists_are_walked_and_searched_whatever_their_size)
{
	enum world_backend backends[] = {WORLD_MEM, WORLD_LMDB};
	struct synthetic_graph g;

	synthetic_graph_make(&g, NODES, 20, SEED);
	for (size_t i = 0; i < ARRAY_LEN(backends); i++) {
		struct world big;
		struct graph_reader *r;

		world_make(&big, backends[i]);
		cr_assert_eq(synthetic_graph_load(&g, big.store), 0);
		r = world_read(&big);
		for (uint32_t rank = 1; rank <= NODES; rank++) {
			assert_row(r, &g, GRAPH_OUT, rank);
			assert_row(r, &g, GRAPH_IN, rank);
		}
		world_read_end(r);
		world_fini(&big);
	}
	synthetic_graph_fini(&g);
}

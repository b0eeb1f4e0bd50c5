/*
 * A whole node against a peer who says anything: the input is cut into pieces, each a request to
 * the node or the answer to what it asked. Every request is answered exactly once, nothing is
 * stored that did not verify, and the node can be made again from its store.
 *
 * A piece: kind u8, length u16, bytes. Kinds 0 to 4 are requests to the endpoints, 5 a request
 * with the piece as its target, 6 and above answers (200, or the status 400 + kind).
 */
#include <assert.h>
#include <stdlib.h>

#include "common/base/wire_reader.h"
#include "common/graph/graph_interest.h"
#include "gossip/node.h"
#include "gossip/target.h"
#include "tests/support/people.h"

#define PIECES_MAX 64
#define NOW_S      1700000000

static const struct graph_options options = {.fold_local_part = true};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	struct store *store;
	struct node *node;
	struct node_time now;
	struct rng_seeded_state rng;
	uint64_t asked;
	uint64_t answered;
	uint64_t tokens[16];
	size_t token_count;
};

static void
drain(struct run *run)
{
	struct node_action action;

	while (node_next(run->node, &action)) {
		switch (action.kind) {
		case NODE_RESPOND:
			assert(action.respond.id == run->answered + 1);
			assert(action.respond.body.len <= NODE_BODY_MAX);
			run->answered++;
			break;
		case NODE_SEND:
			assert(run->token_count < ARRAY_LEN(run->tokens));
			run->tokens[run->token_count++] = action.send.token;
			break;
		case NODE_VERIFY:
			node_job_run(action.verify);
			node_job_done(run->node, run->now, action.verify);
			break;
		case NODE_LOG:
			break;
		}
	}
}

static void
start(struct run *run)
{
	struct node_config config = {.graph = run->store, .options = options};
	struct err_msg msg;

	node_limits_default(&config.limits);
	config.limits.repair_interval_s = 3600;
	config.rng = rng_seeded(&run->rng, 1);
	int rc = node_new(&config, run->now, &run->node, &msg);

	assert(rc == 0);
	(void)rc;
}

static int
prepare(void *ctx, struct graph_txn *g, struct err_msg *msg)
{
	struct digest *friend = ctx;

	return graph_interest_set(g, friend, 1, msg);
}

static void
make(struct run *run)
{
	const struct store_config config = {.path = "memory",
		.mode = STORE_CREATE,
		.tables = graph_tables,
		.table_count = graph_table_count,
		.schema_version = GRAPH_SCHEMA_VERSION};
	struct node_peer_spec spec = {.pin = {{1}},
		.name = SLICE("mallory"),
		.url = SLICE("https://mallory.example.net")};
	struct principal friend = principal_of("addr:bob@example.net");
	struct digest digest;
	struct err_msg msg;
	int rc = store_mem_open(&config, &run->store, &msg);

	principal_digest(&friend, &digest);
	rc = rc == 0 ? graph_create(run->store, 7, &msg) : rc;
	rc = rc == 0 ? graph_update(run->store, &options, prepare, &digest, &msg) : rc;
	assert(rc == 0);
	start(run);
	rc = node_peer_add(run->node, run->now, &spec, &msg);
	assert(rc == 0);
	(void)rc;
}

static void
ask(struct run *run, uint8_t kind, struct slice bytes)
{
	char feed[NODE_TARGET_MAX];
	struct node_request request = {.id = ++run->asked, .pin = {{1}}, .body = bytes};

	target_feed(7, bytes.len, feed);
	switch (kind) {
	case TARGET_NODE:
	case TARGET_RECONCILE:
	case TARGET_STATEMENTS:
	case TARGET_FETCH:
		request.target = slice_str(target_path((enum target_endpoint)kind));
		request.method = kind == TARGET_NODE ? NODE_GET : NODE_POST;
		break;
	case TARGET_FEED:
		request.target = slice_str(feed);
		break;
	default:
		request.target = bytes;
		break;
	}
	node_request(run->node, run->now, &request);
}

static void
answer(struct run *run, uint8_t kind, struct slice bytes)
{
	struct node_result result = {
		.end = NODE_T_ANSWERED, .status = kind == 6 ? 200 : 400U + kind, .body = bytes};

	if (run->token_count > 0) {
		node_result(run->node, run->now, run->tokens[--run->token_count], &result);
	}
}

static int
check_stored(void *ctx, const struct graph_record *record)
{
	struct statement st;
	int rc = statement_open(record->jws, &st, NULL);

	(void)ctx;
	assert(rc == 0 && digest_eq(&st.id, &record->id));
	(void)rc;
	return 0;
}

static void
finish(struct run *run)
{
	struct graph_reader *r = NULL;
	struct err_msg msg;

	node_free(run->node);
	start(run);
	node_free(run->node);
	int rc = graph_reader_new(run->store, &r, &msg);

	rc = rc == 0 ? graph_begin(r) : rc;
	rc = rc == 0 ? graph_visit(r, 0, check_stored, NULL) : rc;
	assert(rc == 0);
	(void)rc;
	graph_end(r);
	graph_reader_free(r);
	store_close(run->store);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run run = {.now = {NOW_S, 1}};
	struct wire_reader r;

	make(&run);
	wire_reader_init(&r, slice_of(data, size));
	for (size_t i = 0; i < PIECES_MAX && wire_reader_rest(&r).len > 0; i++) {
		uint8_t kind = wire_read_u8(&r);
		struct slice bytes = wire_read_string(&r);

		node_timeout(run.node, run.now);
		drain(&run);
		if (wire_reader_error(&r) != 0) {
			break;
		}
		if (kind < 6) {
			ask(&run, kind, bytes);
		} else {
			answer(&run, kind, bytes);
		}
		drain(&run);
		assert(run.asked == run.answered);
		run.now.wall_s += 60;
		run.now.mono_ms += 60000;
	}
	finish(&run);
	return 0;
}

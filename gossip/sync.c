#include "gossip/sync.h"

#include <stdlib.h>

#include "gossip/budget.h"
#include "gossip/node_private.h"

/* A pause asked for by a peer is kept within these. */
#define WAIT_MIN_S 1
#define WAIT_MAX_S 3600

void
sync_fini(struct sync *sync)
{
	digest_list_fini(&sync->needs);
	digest_list_fini(&sync->wanted);
	free(sync->haves);
	sync->haves = NULL;
}

/* is_fetching - ids are asked for, or what came for them is not in the graph yet */
static bool
is_fetching(const struct sync *sync)
{
	return sync->state == SYNC_FETCH ||
	       (sync->state == SYNC_MERGE && sync->then == SYNC_FETCH);
}

/* want_again - a repair finds again what it did not fetch; for others nobody would ask again */
static void
want_again(struct sync *sync)
{
	/* Those on their way still lie behind the rest of the list. */
	for (size_t i = 0; i < sync->needs.count + sync->asked; i++) {
		if (digest_list_add(&sync->wanted, &sync->needs.list[i]) != 0) {
			sync->want_repair = true;
			break;
		}
	}
}

/* rest - ends the round */
static void
rest(struct node *node, struct peer *peer, uint64_t pause_ms)
{
	struct sync *sync = &peer->sync;

	if (is_fetching(sync) && !sync->is_repairing) {
		want_again(sync);
	}
	sync->state = SYNC_IDLE;
	sync->is_repairing = false;
	sync->is_first_page = false;
	sync->needs.count = 0;
	sync->have_count = 0;
	sync->due_ms = node->now.mono_ms + pause_ms;
	peer->is_dirty = true;
}

void
sync_soon(struct node *node, struct peer *peer)
{
	peer->sync.due_ms = node->now.mono_ms;
	peer->push.due_ms = node->now.mono_ms;
}

static uint64_t
backoff_ms(struct node *node, const struct peer *peer)
{
	const struct node_limits *limits = &node->config.limits;
	unsigned int shift = peer->rec.failures < 16 ? peer->rec.failures : 16;
	uint64_t pause_ms = (uint64_t)limits->sync_interval_ms << shift;

	return node_jitter(
		node, pause_ms < limits->backoff_max_ms ? pause_ms : limits->backoff_max_ms);
}

static void
fail(struct node *node, struct peer *peer, enum graph_peer_state state)
{
	bool is_news = peer->rec.state != state;

	peer->rec.state = state;
	node_say(node, peer, WORD_FAILED, "%s", graph_peer_state_name(state));
	rest(node, peer, backoff_ms(node, peer));
	peer->rec.failures++;
	if (is_news && !node->is_reading) {
		/* Whoever looks at the list of peers now wants to see why. */
		node_flush(node);
	}
}

/* fail_answer - the peer's fault, which counts against it */
static void
fail_answer(struct node *node, struct peer *peer, const char *what)
{
	peer_strike(node, peer, what);
	fail(node, peer, GRAPH_PEER_PROTOCOL);
}

static void
succeed(struct node *node, struct peer *peer)
{
	if (peer->rec.failures > 0) {
		node_log(node, NODE_LOG_INFO, "peer \"%s\" answers again", peer->rec.name);
		peer->said &= ~(uint32_t)WORD_FAILED;
		peer->push.due_ms = node->now.mono_ms;
	}
	peer->rec.failures = 0;
	peer->rec.state = GRAPH_PEER_OK;
}

void
sync_ask(struct node *node, struct peer *peer, enum sync_state state,
	enum target_endpoint endpoint, const char *target, struct slice body)
{
	struct actions_entry *action = node_send(node, peer, endpoint, target, body);

	if (action == NULL) {
		fail(node, peer, GRAPH_PEER_OFFLINE);
		return;
	}
	peer->sync.state = state;
	peer->sync.token = action->action.send.token;
	peer->rec.last_tried_s = node->now.wall_s;
}

static void
ask_feed(struct node *node, struct peer *peer)
{
	char target[NODE_TARGET_MAX];

	target_feed(peer->rec.epoch, peer->rec.after, target);
	sync_ask(node, peer, SYNC_FEED, TARGET_FEED, target, (struct slice){0});
}

static bool
is_repair_due(const struct node *node, const struct peer *peer)
{
	uint64_t since_s = node->now.wall_s - peer->rec.last_repair_s;

	return peer->rec.epoch == 0 || peer->sync.want_repair ||
	       since_s >= node->config.limits.repair_interval_s;
}

/* move_wanted - what came into scope becomes what is fetched */
static void
move_wanted(struct sync *sync)
{
	for (size_t i = 0; i < sync->wanted.count; i++) {
		if (digest_list_add(&sync->needs, &sync->wanted.list[i]) != 0) {
			sync->want_repair = true;
			break;
		}
	}
	sync->wanted.count = 0;
}

static void
begin(struct node *node, struct peer *peer)
{
	struct sync *sync = &peer->sync;

	sync->needs.count = 0;
	sync->is_repairing = false;
	if (is_repair_due(node, peer)) {
		sync_ask(node, peer, SYNC_NODE, TARGET_NODE, NULL, (struct slice){0});
	} else if (sync->wanted.count > 0) {
		move_wanted(sync);
		repair_fetch(node, peer);
	} else {
		ask_feed(node, peer);
	}
}

void
sync_run(struct node *node, struct peer *peer)
{
	struct sync *sync = &peer->sync;

	if (sync->state != SYNC_IDLE || node->now.mono_ms < sync->due_ms ||
		peer->rec.url[0] == '\0') {
		return;
	}
	(void)budget_roll(&peer->rec, node->now.wall_s);
	if (!peer_is_open(node, peer)) {
		rest(node, peer, node->config.limits.backoff_max_ms);
		return;
	}
	if (budget_is_spent(&peer->rec, &node->config.limits) ||
		budget_signatures_left(&peer->rec, &node->config.limits) == 0) {
		node_say(node, peer, WORD_BUDGET, "has used up what it may cost in an hour");
		rest(node, peer, (uint64_t)budget_wait_s(&peer->rec, node->now.wall_s) * 1000);
		return;
	}
	begin(node, peer);
}

/* level - we have all that the peer offers */
static void
level(struct node *node, struct peer *peer)
{
	peer->rec.last_sync_s = node->now.wall_s;
	peer->rec.lag = 0;
	rest(node, peer,
		peer->sync.wanted.count > 0
			? 0
			: node_jitter(node, node->config.limits.sync_interval_ms));
}

void
sync_go_on(struct node *node, struct peer *peer)
{
	if (!peer_is_open(node, peer)) {
		rest(node, peer, node->config.limits.backoff_max_ms);
	} else {
		ask_feed(node, peer);
	}
}

static void
take_page(struct node *node, struct peer *peer, struct slice body)
{
	struct batch_source source = {.peer = peer, .origin = BATCH_FEED};
	struct lines lines;
	int rc = lines_parse_feed(body, &lines, &source.end);
	bool is_stuck = rc == 0 && source.end.next == peer->rec.after &&
			(lines.count > 0 || source.end.last > source.end.next);

	if (rc != 0 || source.end.next < peer->rec.after || is_stuck) {
		fail_answer(node, peer, "a page of its feed");
		return;
	}
	peer->sync.state = SYNC_MERGE;
	peer->sync.then = SYNC_FEED;
	if (admission_start(node, &source, body, &lines) != 0) {
		rest(node, peer, backoff_ms(node, peer));
	}
}

/* take_info - the two are to be compared, but first comes a page, with what is urgent */
static void
take_info(struct node *node, struct peer *peer, struct slice body)
{
	struct sync *sync = &peer->sync;

	if (node_info_parse(body, &sync->info) != 0 || sync->info.epoch == 0) {
		fail_answer(node, peer, "its description");
		return;
	}
	if (peer->rec.epoch != sync->info.epoch) {
		peer->rec.epoch = sync->info.epoch;
		peer->rec.after = 0;
		sync->want_repair = true; /* until it is done */
	}
	sync->is_first_page = true;
	ask_feed(node, peer);
}

void
sync_merged(struct node *node, struct peer *peer, bool is_stored, size_t fresh)
{
	struct sync *sync = &peer->sync;

	if (sync->state != SYNC_MERGE) {
		return;
	}
	if (!is_stored || !peer_is_open(node, peer)) {
		/* Comes again: the cursor stands before it. */
		rest(node, peer, backoff_ms(node, peer));
		return;
	}
	if (sync->then == SYNC_FETCH) {
		sync->is_progress |= fresh > 0;
		repair_fetch(node, peer);
	} else if (sync->is_first_page) {
		sync->is_first_page = false;
		repair_begin(node, peer);
	} else if (peer->rec.lag > 0) {
		sync_go_on(node, peer);
	} else {
		level(node, peer);
	}
}

enum graph_peer_state
node_state_of(const struct node_result *result)
{
	switch (result->end) {
	case NODE_T_ANSWERED:
		return result->status == 429 || result->status == 503 || result->status == 403
			       ? GRAPH_PEER_BUSY
			       : GRAPH_PEER_PROTOCOL;
	case NODE_T_OFFLINE:
		return GRAPH_PEER_OFFLINE;
	case NODE_T_TIMEOUT:
		return GRAPH_PEER_TIMEOUT;
	case NODE_T_WRONG_KEY:
		return GRAPH_PEER_WRONG_KEY;
	case NODE_T_UNKNOWN_KEY:
		return GRAPH_PEER_UNKNOWN;
	case NODE_T_TLS:
		return GRAPH_PEER_TLS;
	case NODE_T_TOO_BIG:
		return GRAPH_PEER_PROTOCOL;
	}
	return GRAPH_PEER_PROTOCOL;
}

/* fail_result - by how the request ended */
static void
fail_result(struct node *node, struct peer *peer, const struct node_result *result)
{
	enum graph_peer_state state = node_state_of(result);
	uint64_t wait_s = result->retry_after_s;

	fail(node, peer, state);
	if (state == GRAPH_PEER_BUSY && wait_s >= WAIT_MIN_S) {
		wait_s = wait_s < WAIT_MAX_S ? wait_s : WAIT_MAX_S;
		peer->sync.due_ms = node->now.mono_ms + node_jitter(node, wait_s * 1000);
	}
}

static void
take_answer(struct node *node, struct peer *peer, enum sync_state state, struct slice body)
{
	switch (state) {
	case SYNC_NODE:
		take_info(node, peer, body);
		break;
	case SYNC_RECONCILE:
		if (!repair_message(node, peer, body)) {
			fail_answer(node, peer, "a message of the reconciliation");
		}
		break;
	case SYNC_FETCH:
		if (!repair_fetched(node, peer, body)) {
			fail_answer(node, peer, "statements it was asked for");
		}
		break;
	case SYNC_RETURN:
		if (!repair_returned(node, peer, body)) {
			fail_answer(node, peer, "an answer to a push");
		}
		break;
	case SYNC_FEED:
		take_page(node, peer, body);
		break;
	case SYNC_IDLE:
	case SYNC_MERGE:
		break;
	}
}

void
sync_result(struct node *node, struct peer *peer, const struct node_result *result)
{
	struct sync *sync = &peer->sync;
	enum sync_state state = sync->state;

	sync->token = 0;
	(void)budget_roll(&peer->rec, node->now.wall_s);
	(void)budget_bytes(&peer->rec, &node->config.limits, result->body.len);
	if (result->end == NODE_T_ANSWERED && result->status == 410 && state == SYNC_FEED) {
		/* Another epoch: its numbers say nothing any more. */
		peer->rec.epoch = 0;
		rest(node, peer, 0);
		return;
	}
	if (result->end != NODE_T_ANSWERED || result->status != 200) {
		fail_result(node, peer, result);
		return;
	}
	succeed(node, peer);
	take_answer(node, peer, state, result->body);
}

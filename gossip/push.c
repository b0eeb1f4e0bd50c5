#include "gossip/node_private.h"

/* What is older when the node starts comes by the feed; so a start costs no storm. */
#define RECENT_S ((uint64_t)7 * 86400)

#define RETRY_MIN_MS 1000

bool
push_is_urgent(enum statement_act act)
{
	return act == STATEMENT_REVOKE || act == STATEMENT_SUCCEED || act == STATEMENT_GUARD;
}

static bool
is_queued(const struct push *push, const struct digest *id)
{
	for (size_t i = 0; i < push->count; i++) {
		if (digest_eq(&push->ids[i], id)) {
			return true;
		}
	}
	return false;
}

/* enqueue - for a peer who can be called and is not known to have it */
static void
enqueue(const struct node *node, struct peer *peer, const struct item *key)
{
	struct push *push = &peer->push;

	if (peer->rec.url[0] == '\0' || push->count == PUSH_MAX || peer_has(peer, key) ||
		is_queued(push, &key->id)) {
		return;
	}
	push->ids[push->count++] = key->id;
	if (push->failures == 0) {
		push->due_ms = node->now.mono_ms;
	}
}

void
push_pass(struct node *node, const struct peer *from, const struct statement *st,
	struct slice jws)
{
	struct item key = {st->iat, st->id};

	if (!passing_put(&node->passing, &st->id, jws, node->now.wall_s)) {
		return;
	}
	for (size_t i = 0; i < node->peer_count; i++) {
		if (node->peers[i] != from) {
			enqueue(node, node->peers[i], &key);
		}
	}
}

/*
 * push_everywhere - each id is relayed once: the graph takes it in once, and peers who sent it,
 * or were sent it, are known to have it.
 */
void
push_everywhere(struct node *node, const struct graph_item *item)
{
	struct item key = {item->iat_s, item->id};

	if (!push_is_urgent(item->act)) {
		return;
	}
	node->urgent[node->urgent_count++ % URGENT_MAX] =
		(struct urgent){item->number, item->id};
	if (item->first_seen_s + RECENT_S < node->now.wall_s) {
		return;
	}
	for (size_t i = 0; i < node->peer_count; i++) {
		struct peer *peer = node->peers[i];

		if (offer_includes(item, peer->rec.class, node->now.wall_s)) {
			enqueue(node, peer, &key);
		}
	}
}

static void
drop(struct push *push, size_t at, size_t n)
{
	push->count -= n;
	memmove(&push->ids[at], &push->ids[at + n], (push->count - at) * sizeof(push->ids[0]));
}

/* add_line - a statement of the graph, or one that passes. False when it is neither any more */
static bool
add_line(struct node *node, const struct peer *peer, const struct digest *id,
	struct dynbuf *body)
{
	const struct passing_item *passing;
	struct graph_item item;

	if (graph_item_get(node->reader, id, &item) == 0) {
		if (!offer_includes(&item, peer->rec.class, node->now.wall_s)) {
			return false;
		}
		lines_add(body, item.jws, peer->rec.class, item.first_seen_s);
		return true;
	}
	passing = passing_find(&node->passing, id, node->now.wall_s);
	if (passing != NULL) {
		lines_add(body, passing_jws(passing), peer->rec.class, passing->since_s);
	}
	return passing != NULL;
}

/* fill - writes the first of the queue into a body; what is gone meanwhile leaves the queue */
static void
fill(struct node *node, struct peer *peer, struct dynbuf *body)
{
	struct push *push = &peer->push;

	push->sent = 0;
	while (push->sent < push->count && push->sent < LINES_MAX) {
		if (add_line(node, peer, &push->ids[push->sent], body)) {
			push->sent++;
		} else {
			drop(push, push->sent, 1);
		}
	}
}

void
push_run(struct node *node, struct peer *peer)
{
	struct push *push = &peer->push;
	struct actions_entry *action;
	struct dynbuf body;

	if (push->count == 0 || push->token != 0 || node->now.mono_ms < push->due_ms ||
		!peer_is_open(node, peer) || node_begin(node) != 0) {
		return;
	}
	dynbuf_init(&body, NODE_BODY_MAX);
	fill(node, peer, &body);
	node_end(node);
	if (push->sent > 0 && dynbuf_error(&body) == 0) {
		action = node_send(node, peer, TARGET_STATEMENTS, NULL, dynbuf_slice(&body));
		if (action != NULL) {
			action->action.send.is_urgent = true;
			push->token = action->action.send.token;
		}
	}
	dynbuf_fini(&body);
}

/* settle - notes who holds what now. @return false when the answer is none */
static bool
settle(struct node *node, struct peer *peer, struct slice body)
{
	struct push *push = &peer->push;
	unsigned int outcomes[LINES_MAX];
	struct graph_item item;

	if (pushed_parse(body, outcomes, push->sent) != 0) {
		return false;
	}
	if (node_begin(node) != 0) {
		return true;
	}
	for (size_t i = 0; i < push->sent; i++) {
		if (pushed_is_held(outcomes[i]) &&
			graph_item_get(node->reader, &push->ids[i], &item) == 0) {
			struct item key = {item.iat_s, item.id};

			peer_note(node, peer, &key, GRAPH_EXCHANGE_OFFERED);
		}
	}
	node_end(node);
	peer->rec.sent += push->sent;
	peer->is_dirty = true;
	return true;
}

static void
retry(struct node *node, struct push *push, uint32_t wait_s)
{
	uint64_t max_ms = node->config.limits.backoff_max_ms;
	unsigned int shift = push->failures < 16 ? push->failures : 16;
	uint64_t pause_ms = (uint64_t)RETRY_MIN_MS << shift;

	push->failures++;
	pause_ms = pause_ms < max_ms ? pause_ms : max_ms;
	if (pause_ms < (uint64_t)wait_s * 1000) {
		pause_ms = (uint64_t)wait_s * 1000;
	}
	push->due_ms = node->now.mono_ms + node_jitter(node, pause_ms);
}

void
push_result(struct node *node, struct peer *peer, const struct node_result *result)
{
	struct push *push = &peer->push;

	push->token = 0;
	if (result->end == NODE_T_ANSWERED && result->status == 200) {
		if (!settle(node, peer, result->body)) {
			peer_strike(node, peer, "an answer to a push");
		}
		/* What was refused is not offered twice this way; the feed has it too. */
		drop(push, 0, push->sent);
		push->failures = 0;
		push->due_ms = node->now.mono_ms;
	} else {
		retry(node, push, result->retry_after_s);
	}
	push->sent = 0;
}

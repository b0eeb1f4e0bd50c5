#include "gossip/budget.h"
#include "gossip/node_private.h"
#include "gossip/reconcile.h"

#define TEXT   "text/plain; charset=utf-8"
#define JSON   "application/json"
#define BINARY "application/octet-stream"

/* Statements looked at for one page: what a peer is not offered costs time too. */
#define SCAN_MAX 4096

static const struct reconcile_limits limits = {
	.frame_max = (size_t)128 * 1024, .message_max = NODE_BODY_MAX};

static struct actions_entry *
respond(struct node *node, uint64_t id, unsigned int status, const char *content_type)
{
	struct actions_entry *entry = actions_add(&node->actions, NODE_RESPOND);

	if (entry != NULL) {
		entry->action.respond.id = id;
		entry->action.respond.status = status;
		entry->action.respond.content_type = content_type;
	}
	return entry;
}

void
serve_answer(struct node *node, uint64_t id, unsigned int status, struct slice body)
{
	struct actions_entry *entry = respond(node, id, status, TEXT);

	if (entry != NULL) {
		(void)dynbuf_add(&entry->body, body);
	}
}

/* refuse - with when to come again */
static void
refuse(struct node *node, uint64_t id, unsigned int status, uint64_t wait_s)
{
	struct actions_entry *entry = respond(node, id, status, TEXT);

	if (entry != NULL) {
		entry->action.respond.retry_after_s = (uint32_t)wait_s;
	}
}

/* refuse_malformed - a bad request is rubbish like any other */
static void
refuse_malformed(struct node *node, struct peer *peer, uint64_t id, const char *what)
{
	peer_strike(node, peer, what);
	serve_answer(node, id, 400, SLICE("malformed\n"));
}

/* done - an answer that could not be made whole becomes an error */
static void
done(struct peer *peer, const struct node *node, struct actions_entry *entry)
{
	if (dynbuf_error(&entry->body) != 0) {
		dynbuf_reset(&entry->body);
		entry->action.respond.status = 503;
	}
	(void)budget_bytes(&peer->rec, &node->config.limits, dynbuf_slice(&entry->body).len);
}

static void
serve_node(struct node *node, struct peer *peer, const struct node_request *request)
{
	struct actions_entry *entry = respond(node, request->id, 200, JSON);
	struct node_info info = {.version = 1, .key = node->config.own_pin};

	if (entry == NULL) {
		return;
	}
	info.epoch = graph_epoch(node->reader);
	/*
	 * Not further than what is reconciled: what trustctl has just written is in no tree
	 * yet, and the peer's cursor must not pass it by.
	 */
	info.last = node->offer.last_number;
	node_info_write(&entry->body, &info);
	done(peer, node, entry);
}

/* --- the feed ------------------------------------------------------------------------------- */

struct page {
	struct node *node;
	struct peer *peer;
	struct dynbuf *body;
	struct feed_end end;
	size_t scanned;
	size_t count;
	size_t urgent_count; /* of peer->page.items */
};

/* is_returned - whether both sides go on speaking of it: what only passes down is not reconciled */
static bool
is_returned(const struct peer *peer, const struct graph_item *item)
{
	return item->is_open || peer->rec.class == GRAPH_PEER_SITE;
}

/* add_line - unless it is not for this peer, or there already */
static void
add_line(struct page *page, const struct graph_item *item)
{
	struct item key = {item->iat_s, item->id};

	if (!offer_includes(item, page->peer->rec.class, page->node->now.wall_s) ||
		peer_has(page->peer, &key)) {
		return;
	}
	lines_add(page->body, item->jws, page->peer->rec.class, item->first_seen_s);
	page->count++;
	if (is_returned(page->peer, item)) {
		page->peer->page.items[page->peer->page.count++] = key;
	}
}

/*
 * add_urgent - what is urgent and comes later in the feed, the newest first, as far as half a
 * page goes
 */
static void
add_urgent(struct page *page, uint64_t after)
{
	const struct node *node = page->node;
	size_t count = node->urgent_count < URGENT_MAX ? node->urgent_count : URGENT_MAX;
	struct graph_item item;

	for (size_t i = 1; i <= count && page->count < LINES_MAX / 2; i++) {
		const struct urgent *urgent =
			&node->urgent[(node->urgent_count - i) % URGENT_MAX];

		if (urgent->number > after &&
			graph_item_get(node->reader, &urgent->id, &item) == 0) {
			add_line(page, &item);
		}
	}
	page->urgent_count = page->peer->page.count;
}

/* is_on_page - among the urgent ones at its beginning */
static bool
is_on_page(const struct page *page, const struct graph_item *item)
{
	for (size_t i = 0; push_is_urgent(item->act) && i < page->urgent_count; i++) {
		if (digest_eq(&page->peer->page.items[i].id, &item->id)) {
			return true;
		}
	}
	return false;
}

static int
add_to_page(void *ctx, const struct graph_item *item)
{
	struct page *page = ctx;

	if (page->count == LINES_MAX || page->scanned++ == SCAN_MAX) {
		return ERR_TOOBIG; /* the page is full */
	}
	page->end.next = item->number;
	if (!is_on_page(page, item)) {
		add_line(page, item);
	}
	return 0;
}

/* settle_page - whoever asks for what comes behind a page has it */
static void
settle_page(struct node *node, struct peer *peer, uint64_t after)
{
	struct served_page *page = &peer->page;

	for (size_t i = 0; after >= page->next && i < page->count; i++) {
		peer_note(node, peer, &page->items[i], GRAPH_EXCHANGE_OFFERED);
	}
	page->count = 0;
}

static void
serve_feed(struct node *node, struct peer *peer, const struct node_request *request,
	const struct target *target)
{
	struct page page = {.node = node, .peer = peer, .end.next = target->after};
	struct actions_entry *entry;
	int rc;

	page.end.last = graph_last_number(node->reader);
	if (target->epoch != graph_epoch(node->reader) || target->after > page.end.last) {
		serve_answer(node, request->id, 410, SLICE("another epoch\n"));
		return;
	}
	entry = respond(node, request->id, 200, TEXT);
	if (entry == NULL) {
		return;
	}
	page.body = &entry->body;
	settle_page(node, peer, target->after);
	add_urgent(&page, target->after);
	rc = graph_items_visit(node->reader, target->after, add_to_page, &page);
	if (rc == 0) {
		page.end.next = page.end.last;
	} else if (rc != ERR_TOOBIG) {
		(void)dynbuf_reserve(&entry->body, NODE_BODY_MAX + 1); /* makes it fail */
	}
	lines_end_feed(&entry->body, &page.end);
	peer->page.next = page.end.next;
	peer->rec.sent += page.count;
	done(peer, node, entry);
}

/* --- the other endpoints ---------------------------------------------------------------------- */

static void
serve_reconcile(struct node *node, struct peer *peer, const struct node_request *request)
{
	struct actions_entry *entry;
	struct dynbuf answer;
	struct err_msg msg = {0};
	int rc;

	dynbuf_init(&answer, NODE_BODY_MAX);
	rc = reconcile_answer(
		&node->offer.trees[peer->rec.class], &limits, request->body, &answer, &msg);
	if (rc == ERR_INVALID || rc == ERR_TRUNCATED || rc == ERR_TOOBIG) {
		refuse_malformed(node, peer, request->id, "a message of the reconciliation");
	} else if (rc != 0) {
		refuse(node, request->id, 503, 1);
	} else {
		entry = respond(node, request->id, 200, BINARY);
		if (entry != NULL) {
			(void)dynbuf_add(&entry->body, dynbuf_slice(&answer));
			done(peer, node, entry);
		}
	}
	dynbuf_fini(&answer);
}

static void
serve_fetch(struct node *node, struct peer *peer, const struct node_request *request)
{
	struct digest ids[LINES_MAX];
	struct actions_entry *entry;
	struct graph_item item;
	size_t count;

	if (ids_parse(request->body, ids, &count) != 0) {
		refuse_malformed(node, peer, request->id, "a list of ids");
		return;
	}
	entry = respond(node, request->id, 200, TEXT);
	for (size_t i = 0; entry != NULL && i < count; i++) {
		struct item key = {0};

		if (graph_item_get(node->reader, &ids[i], &item) != 0 ||
			!offer_includes(&item, peer->rec.class, node->now.wall_s)) {
			continue;
		}
		lines_add(&entry->body, item.jws, peer->rec.class, item.first_seen_s);
		peer->rec.sent++;
		key = (struct item){item.iat_s, item.id};
		if (is_returned(peer, &item)) {
			peer_note(node, peer, &key, GRAPH_EXCHANGE_OFFERED);
		}
	}
	if (entry != NULL) {
		done(peer, node, entry);
	}
}

static void
serve_statements(struct node *node, struct peer *peer, const struct node_request *request)
{
	struct batch_source source = {
		.peer = peer, .origin = BATCH_PUSH, .request = request->id};
	struct lines lines;

	if (lines_parse(request->body, &lines) != 0) {
		refuse_malformed(node, peer, request->id, "a push");
	} else if (lines.count > budget_signatures_left(&peer->rec, &node->config.limits)) {
		node_say(node, peer, WORD_BUDGET, "has used up what it may cost in an hour");
		refuse(node, request->id, 429, budget_wait_s(&peer->rec, node->now.wall_s));
	} else if (node->deferred >= NODE_DEFERRED_MAX ||
		   admission_start(node, &source, request->body, &lines) != 0) {
		refuse(node, request->id, 503, 1);
	}
}

void
serve_outcomes(struct node *node, struct peer *peer, uint64_t id, const unsigned int *outcomes,
	size_t count)
{
	struct actions_entry *entry = respond(node, id, 200, TEXT);

	for (size_t i = 0; entry != NULL && i < count; i++) {
		(void)dynbuf_add_str(&entry->body, pushed_name(outcomes[i]));
		(void)dynbuf_add_byte(&entry->body, '\n');
	}
	if (entry != NULL) {
		done(peer, node, entry);
	}
}

/* dispatch - by endpoint; all but the push read the graph */
static void
dispatch(struct node *node, struct peer *peer, const struct node_request *request,
	const struct target *target)
{
	if (target->endpoint == TARGET_STATEMENTS) {
		serve_statements(node, peer, request);
		return;
	}
	if (node_begin(node) != 0) {
		refuse(node, request->id, 503, 1);
		return;
	}
	switch (target->endpoint) {
	case TARGET_NODE:
		serve_node(node, peer, request);
		break;
	case TARGET_FEED:
		serve_feed(node, peer, request, target);
		break;
	case TARGET_RECONCILE:
		serve_reconcile(node, peer, request);
		break;
	case TARGET_FETCH:
		serve_fetch(node, peer, request);
		break;
	case TARGET_STATEMENTS:
		break;
	}
	node_end(node);
}

/* may_ask - who it is, and whether it still may this hour. False: it was answered */
static bool
may_ask(struct node *node, struct peer *peer, const struct node_request *request)
{
	uint64_t now_s = node->now.wall_s;
	bool is_rich;

	if (peer == NULL || peer->rec.paused) {
		serve_answer(node, request->id, 403, SLICE("not a peer\n"));
		return false;
	}
	if (budget_is_closed(&peer->rec, now_s)) {
		refuse(node, request->id, 403, peer->rec.closed_until_s - now_s);
		return false;
	}
	if (budget_roll(&peer->rec, now_s)) {
		peer->said = 0;
	}
	is_rich = budget_request(&peer->rec, &node->config.limits);
	is_rich = budget_bytes(&peer->rec, &node->config.limits, request->body.len) && is_rich;
	peer->is_dirty = true;
	if (!is_rich) {
		node_say(node, peer, WORD_BUDGET, "has used up what it may cost in an hour");
		refuse(node, request->id, 429, budget_wait_s(&peer->rec, now_s));
	}
	return is_rich;
}

void
node_request(struct node *node, struct node_time now, const struct node_request *request)
{
	struct peer *peer = peer_by_pin(node, &request->pin);
	struct target target;
	int rc;

	node->now = now;
	if (!may_ask(node, peer, request)) {
		return;
	}
	/* Who calls is there: what failed before is tried again now. */
	peer->rec.last_heard_s = now.wall_s;
	if (peer->rec.failures > 0 && peer->sync.state == SYNC_IDLE) {
		sync_soon(node, peer);
	}
	rc = target_parse(request->target, &target);
	if (rc == ERR_NOTFOUND) {
		serve_answer(node, request->id, 404, SLICE("no such thing\n"));
	} else if (rc != 0 || request->body.len > NODE_BODY_MAX) {
		refuse_malformed(node, peer, request->id, "a request");
	} else if (request->method != target.method) {
		serve_answer(node, request->id, 405, SLICE("not this way\n"));
	} else {
		dispatch(node, peer, request, &target);
	}
}

void
node_request_gone(struct node *node, uint64_t id)
{
	admission_request_gone(node, id);
}

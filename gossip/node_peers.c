#include <stdio.h>
#include <stdlib.h>

#include "common/base/array.h"
#include "common/base/encoding.h"
#include "common/base/log.h"
#include "common/base/utf8.h"
#include "gossip/budget.h"
#include "gossip/node_private.h"

/* Of a pin, enough to tell two peers apart and for `trustctl peer` to find one. */
#define SHORT_PIN_LEN 8

/* peer_new - appended to the node's, due now; NULL when there is no memory */
static struct peer *
peer_new(struct node *node, const struct graph_peer *rec)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	if (peer == NULL) {
		return NULL;
	}
	peer->rec = *rec;
	item_tree_init(&peer->items);
	peer->sync.needs.max = SYNC_NEEDS_MAX;
	peer->sync.wanted.max = SYNC_WANTED_MAX;
	peer->sync.due_ms = node->now.mono_ms;
	/* What was under way when the node ended is in no list; and equal sets cost little. */
	peer->sync.want_repair = true;
	node->peers[node->peer_count++] = peer;
	return peer;
}

static void
peer_free(struct peer *peer)
{
	item_tree_fini(&peer->items);
	sync_fini(&peer->sync);
	free(peer);
}

void
peers_free(struct node *node)
{
	for (size_t i = 0; i < node->peer_count; i++) {
		peer_free(node->peers[i]);
	}
	node->peer_count = 0;
}

static int
load_peer(void *ctx, const struct graph_peer *rec)
{
	struct node *node = ctx;

	if (node->peer_count == GRAPH_PEERS_MAX) {
		return ERR_CORRUPT;
	}
	return peer_new(node, rec) == NULL ? ERR_NOMEM : 0;
}

struct item_load {
	struct peer *peer;
	struct item *items; /* owned */
	size_t count;
	size_t cap;
};

static int
load_item(void *ctx, const struct graph_exchange *item)
{
	struct item_load *load = ctx;
	struct item *items = ARRAY_ROOM(load->items, load->count, &load->cap);

	if (items == NULL) {
		return ERR_NOMEM;
	}
	load->items = items;
	load->items[load->count++] = (struct item){item->iat_s, item->id};
	load->peer->wanted_count += (item->flags & GRAPH_EXCHANGE_WANTED) != 0;
	return 0;
}

static int
load_items(struct node *node, struct peer *peer)
{
	struct item_load load = {.peer = peer};
	int rc = graph_exchange_visit(node->reader, peer->rec.number, load_item, &load);

	if (rc == 0 && load.count > 0) {
		rc = item_tree_build(&peer->items, load.items, load.count);
	}
	free(load.items);
	return rc;
}

/* check_epoch - a graph that was put back from a backup has to be compared with everybody again */
static void
check_epoch(struct peer *peer, uint64_t own_epoch)
{
	if (peer->rec.own_epoch != own_epoch) {
		peer->rec.own_epoch = own_epoch;
		peer->rec.epoch = 0;
		peer->is_dirty = true;
	}
}

int
peers_load(struct node *node, struct err_msg *msg)
{
	int rc = graph_peers_visit(node->reader, load_peer, node);

	for (size_t i = 0; i < node->peer_count && rc == 0; i++) {
		check_epoch(node->peers[i], graph_epoch(node->reader));
		rc = load_items(node, node->peers[i]);
	}
	return rc == 0 ? 0 : err_set(msg, rc, "cannot load the peers: %s", err_text(rc));
}

struct peer *
peer_by_pin(const struct node *node, const struct digest *pin)
{
	for (size_t i = 0; i < node->peer_count; i++) {
		if (digest_eq(&node->peers[i]->rec.pin, pin)) {
			return node->peers[i];
		}
	}
	return NULL;
}

struct peer *
peer_by_number(const struct node *node, uint32_t number)
{
	for (size_t i = 0; i < node->peer_count; i++) {
		if (node->peers[i]->rec.number == number) {
			return node->peers[i];
		}
	}
	return NULL;
}

/* write_later - with the next transaction, or with one of its own when many wait */
static void
write_later(struct node *node, struct peer *peer, const struct item *item, uint8_t flags,
	bool remove)
{
	struct pending *pending = NULL;

	if (node->pending_count >= PENDING_MAX && !node->is_reading) {
		node_flush(node);
	}
	pending = ARRAY_ROOM(node->pending, node->pending_count, &node->pending_cap);
	if (pending == NULL) {
		return; /* after a restart the next repair finds it again */
	}
	node->pending = pending;
	node->pending[node->pending_count++] =
		(struct pending){{peer->rec.number, item->timestamp, item->id, flags}, remove};
}

void
peer_note(struct node *node, struct peer *peer, const struct item *item, uint8_t flags)
{
	int rc;

	while (item_tree_count(&peer->items) >= node->config.limits.items_max) {
		struct item oldest = *item_tree_select(&peer->items, 0);

		node_say(node, peer, WORD_FULL,
			"offers more than is remembered: its oldest ids are forgotten");
		peer_forget(node, peer, &oldest);
	}
	rc = item_tree_insert(&peer->items, item);
	if (rc != 0 && rc != ERR_EXISTS) {
		return; /* no memory: the next repair finds it again */
	}
	peer->wanted_count += (flags & GRAPH_EXCHANGE_WANTED) != 0;
	write_later(node, peer, item, flags, false);
}

void
peer_forget(struct node *node, struct peer *peer, const struct item *item)
{
	struct item copy = *item;

	if (item_tree_remove(&peer->items, &copy) == 0) {
		write_later(node, peer, &copy, 0, true);
	}
}

bool
peer_has(const struct peer *peer, const struct item *item)
{
	uint64_t at = item_tree_rank(&peer->items, item);

	return at < item_tree_count(&peer->items) &&
	       item_cmp(item_tree_select(&peer->items, at), item) == 0;
}

bool
peer_is_open(const struct node *node, const struct peer *peer)
{
	return !peer->rec.paused && !budget_is_closed(&peer->rec, node->now.wall_s);
}

void
peer_strike(struct node *node, struct peer *peer, const char *what)
{
	peer->rec.refused[GRAPH_REFUSED_MALFORMED]++;
	peer->is_dirty = true;
	node_say(node, peer, WORD_MALFORMED, "sent what is none: %s", what);
	if (budget_strike(&peer->rec, node->now.wall_s)) {
		node_log(node, NODE_LOG_WARN,
			"peer \"%s\" is closed for an hour: %d malformed items", peer->rec.name,
			BUDGET_STRIKES_MAX);
	}
}

/* --- the administrator's wishes ------------------------------------------------------------ */

/* copy_text - printable UTF-8 of limited length */
static bool
copy_text(struct slice text, char *out, size_t cap)
{
	if (text.len >= cap || !utf8_is_valid(text) || utf8_has_control(text)) {
		return false;
	}
	if (text.len > 0) { /* what is left out has no data */
		memcpy(out, text.data, text.len);
	}
	out[text.len] = '\0';
	return true;
}

/* is_url - https://HOST[:PORT] in printable ASCII, nothing else */
static bool
is_url(struct slice url)
{
	struct slice host = slice_skip(url, strlen("https://"));

	for (size_t i = 0; i < url.len; i++) {
		if (url.data[i] <= ' ' || url.data[i] >= 0x7f) {
			return false;
		}
	}
	return slice_starts_with(url, SLICE("https://")) && host.len > 0 &&
	       slice_find_byte(host, '/') == host.len &&
	       slice_find_byte(host, '@') == host.len &&
	       slice_find_byte(host, '?') == host.len && slice_find_byte(host, '#') == host.len;
}

/* name_by_itself - for a peer whom nobody named: its host, else the beginning of its pin */
static void
name_by_itself(struct graph_peer *rec)
{
	struct slice host = target_host(slice_str(rec->url));
	char pin[BASE64URL_LEN(DIGEST_LEN) + 1];

	if (host.len > 0 && copy_text(host, rec->name, sizeof(rec->name))) {
		return;
	}
	base64url_encode(digest_slice(&rec->pin), pin);
	(void)snprintf(rec->name, sizeof(rec->name), "%.*s", SHORT_PIN_LEN, pin);
}

static int
apply_spec(const struct node_peer_spec *spec, struct graph_peer *rec, struct err_msg *msg)
{
	rec->pin = spec->pin;
	rec->class = spec->class;
	if (spec->name.len > 0 && !copy_text(spec->name, rec->name, sizeof(rec->name))) {
		return err_set(msg, ERR_INVALID, "a peer's name is UTF-8 of at most %d bytes",
			GRAPH_PEER_NAME_MAX - 1);
	}
	if (spec->url.len > 0 && !is_url(spec->url)) {
		return err_set(
			msg, ERR_INVALID, "a peer's address is written https://HOST[:PORT]");
	}
	if (!copy_text(spec->url, rec->url, sizeof(rec->url))) {
		return err_set(msg, ERR_INVALID, "a peer's address has at most %d bytes",
			GRAPH_PEER_URL_MAX - 1);
	}
	if (rec->name[0] == '\0') {
		name_by_itself(rec);
	}
	return 0;
}

struct peer_write {
	struct graph_peer *rec;
	uint32_t number; /* before the first try */
};

static int
put_peer(void *ctx, struct graph_txn *g, struct err_msg *msg)
{
	struct peer_write *write = ctx;

	write->rec->number = write->number;
	return graph_peer_put(g, write->rec, msg);
}

static int
store_peer(struct node *node, struct graph_peer *rec, struct err_msg *msg)
{
	struct peer_write write = {rec, rec->number};

	return graph_update(node->config.graph, &node->config.options, put_peer, &write, msg);
}

int
node_peer_add(struct node *node, struct node_time now, const struct node_peer_spec *spec,
	struct err_msg *msg)
{
	struct peer *peer = peer_by_pin(node, &spec->pin);
	struct graph_peer rec = {.added_s = now.wall_s};
	int rc;

	node->now = now;
	if (peer != NULL) {
		rec = peer->rec;
	} else if (node->peer_count == GRAPH_PEERS_MAX) {
		return err_set(msg, ERR_TOOBIG, "there are %d peers already, which is the most",
			GRAPH_PEERS_MAX);
	}
	rc = apply_spec(spec, &rec, msg);
	if (rc == 0 && peer == NULL && node_begin(node) == 0) {
		rec.own_epoch = graph_epoch(node->reader);
		node_end(node);
	}
	rc = rc == 0 ? store_peer(node, &rec, msg) : rc;
	if (rc != 0) {
		return rc;
	}
	if (peer == NULL) {
		peer = peer_new(node, &rec);
		if (peer == NULL) {
			return err_set(msg, ERR_NOMEM, "out of memory");
		}
	}
	peer->rec = rec;
	sync_soon(node, peer);
	return 0;
}

int
node_peer_pause(struct node *node, struct node_time now, const struct digest *pin, bool paused,
	struct err_msg *msg)
{
	struct peer *peer = peer_by_pin(node, pin);
	struct graph_peer rec;
	int rc;

	node->now = now;
	if (peer == NULL) {
		return err_set(msg, ERR_NOTFOUND, "there is no such peer");
	}
	rec = peer->rec;
	rec.paused = paused;
	rc = store_peer(node, &rec, msg);
	if (rc == 0) {
		peer->rec = rec;
		sync_soon(node, peer);
	}
	return rc;
}

static int
remove_peer(void *ctx, struct graph_txn *g, struct err_msg *msg)
{
	return graph_peer_remove(g, ctx, msg);
}

int
node_peer_remove(
	struct node *node, struct node_time now, const struct digest *pin, struct err_msg *msg)
{
	struct peer *peer = peer_by_pin(node, pin);
	size_t at = 0;
	int rc;

	node->now = now;
	if (peer == NULL) {
		return err_set(msg, ERR_NOTFOUND, "there is no such peer");
	}
	node_flush(node);
	rc = graph_update(
		node->config.graph, &node->config.options, remove_peer, &peer->rec, msg);
	if (rc != 0) {
		return rc;
	}
	while (node->peers[at] != peer) {
		at++;
	}
	node->peer_count--;
	for (; at < node->peer_count; at++) {
		node->peers[at] = node->peers[at + 1];
	}
	peer_free(peer);
	return 0;
}

int
node_peer_sync(struct node *node, struct node_time now, const struct digest *pin, bool repair)
{
	struct peer *peer = peer_by_pin(node, pin);

	node->now = now;
	if (peer == NULL) {
		return ERR_NOTFOUND;
	}
	peer->sync.want_repair |= repair;
	peer->rec.failures = 0;
	sync_soon(node, peer);
	return 0;
}

const struct graph_peer *
node_peer_at(const struct node *node, const struct digest *pin)
{
	const struct peer *peer = peer_by_pin(node, pin);

	return peer == NULL ? NULL : &peer->rec;
}

size_t
node_peer_count(const struct node *node)
{
	return node->peer_count;
}

const struct graph_peer *
node_peer(const struct node *node, size_t i)
{
	return &node->peers[i]->rec;
}

#include "common/graph/graph_peer.h"

#include "common/base/wire_reader.h"
#include "common/base/wire_writer.h"
#include "common/graph/graph_exchange.h"
#include "common/graph/graph_reader.h"
#include "common/graph/graph_txn.h"

/*
 * Peer record, integers big-endian:
 *	version u8, pin 32, class u8, paused u8, state u8, name, url (u16 and bytes),
 *	added, own epoch, epoch, after, lag, last sync, repair, heard, tried u64, failures u32,
 *	sent, received, stored u64, number of refusals u8 and that many u64,
 *	hour, requests, bytes, signatures u64, strikes u32, closed until u64
 */
#define RECORD_VERSION  1
#define PEER_RECORD_MAX 1024
#define PEER_KEY_LEN    4

static const char *const refusal_names[] = {
	[GRAPH_REFUSED_MALFORMED] = "malformed",
	[GRAPH_REFUSED_EXPIRED] = "expired",
	[GRAPH_REFUSED_FUTURE] = "future",
	[GRAPH_REFUSED_SCOPE] = "scope",
	[GRAPH_REFUSED_QUOTA] = "quota",
	[GRAPH_REFUSED_STALE] = "stale",
	[GRAPH_REFUSED_TOMBSTONE] = "tombstone",
	[GRAPH_REFUSED_CONFLICT] = "conflict",
	[GRAPH_REFUSED_BUDGET] = "budget",
};

static const char *const state_names[] = {
	[GRAPH_PEER_NEVER] = "not asked yet",
	[GRAPH_PEER_OK] = "ok",
	[GRAPH_PEER_OFFLINE] = "offline",
	[GRAPH_PEER_TIMEOUT] = "no answer in time",
	[GRAPH_PEER_WRONG_KEY] = "another key answers there",
	[GRAPH_PEER_UNKNOWN] = "does not know our key",
	[GRAPH_PEER_TLS] = "no TLS 1.3",
	[GRAPH_PEER_BUSY] = "asks us to wait",
	[GRAPH_PEER_PROTOCOL] = "answers what is none",
	[GRAPH_PEER_CLOSED] = "closed for sending rubbish",
};

const char *
graph_refusal_name(enum graph_refusal reason)
{
	return reason < GRAPH_REFUSED_COUNT ? refusal_names[reason] : "unknown";
}

const char *
graph_peer_state_name(enum graph_peer_state state)
{
	return state < GRAPH_PEER_STATE_COUNT ? state_names[state] : "unknown";
}

static struct slice
peer_key(uint32_t number, uint8_t buf[PEER_KEY_LEN])
{
	struct wire_writer w;

	wire_writer_init(&w, buf, PEER_KEY_LEN);
	wire_write_u32(&w, number);
	return slice_of(buf, PEER_KEY_LEN);
}

static void
encode_counters(struct wire_writer *w, const struct graph_peer *peer)
{
	const uint64_t times[] = {peer->added_s, peer->own_epoch, peer->epoch, peer->after,
		peer->lag, peer->last_sync_s, peer->last_repair_s, peer->last_heard_s,
		peer->last_tried_s};
	const uint64_t budget[] = {
		peer->hour_s, peer->hour_requests, peer->hour_bytes, peer->hour_signatures};

	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		wire_write_u64(w, times[i]);
	}
	wire_write_u32(w, peer->failures);
	wire_write_u64(w, peer->sent);
	wire_write_u64(w, peer->received);
	wire_write_u64(w, peer->stored);
	wire_write_u8(w, GRAPH_REFUSED_COUNT);
	for (size_t i = 0; i < GRAPH_REFUSED_COUNT; i++) {
		wire_write_u64(w, peer->refused[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(budget); i++) {
		wire_write_u64(w, budget[i]);
	}
	wire_write_u32(w, peer->strikes);
	wire_write_u64(w, peer->closed_until_s);
}

static void
decode_counters(struct wire_reader *r, struct graph_peer *out)
{
	uint64_t *times[] = {&out->added_s, &out->own_epoch, &out->epoch, &out->after,
		&out->lag, &out->last_sync_s, &out->last_repair_s, &out->last_heard_s,
		&out->last_tried_s};
	uint64_t *budget[] = {
		&out->hour_s, &out->hour_requests, &out->hour_bytes, &out->hour_signatures};
	uint8_t reasons;

	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		*times[i] = wire_read_u64(r);
	}
	out->failures = wire_read_u32(r);
	out->sent = wire_read_u64(r);
	out->received = wire_read_u64(r);
	out->stored = wire_read_u64(r);
	reasons = wire_read_u8(r);
	for (size_t i = 0; i < reasons; i++) {
		uint64_t count = wire_read_u64(r);

		if (i < GRAPH_REFUSED_COUNT) {
			out->refused[i] = count;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(budget); i++) {
		*budget[i] = wire_read_u64(r);
	}
	out->strikes = wire_read_u32(r);
	out->closed_until_s = wire_read_u64(r);
}

/* read_text - a NUL-terminated copy. False when it does not fit */
static bool
read_text(struct wire_reader *r, char *out, size_t cap)
{
	struct slice text = wire_read_string(r);

	if (text.len >= cap) {
		return false;
	}
	memcpy(out, text.data, text.len);
	out[text.len] = '\0';
	return true;
}

static int
peer_decode(struct slice key, struct slice in, struct graph_peer *out)
{
	struct wire_reader r;
	uint8_t class;
	uint8_t state;

	*out = (struct graph_peer){0};
	wire_reader_init(&r, key);
	out->number = wire_read_u32(&r);
	if (wire_reader_finish(&r) != 0 || in.len == 0 || in.data[0] != RECORD_VERSION) {
		return ERR_CORRUPT;
	}
	wire_reader_init(&r, slice_skip(in, 1));
	wire_read_copy(&r, out->pin.bytes, DIGEST_LEN);
	class = wire_read_u8(&r);
	out->paused = wire_read_u8(&r) != 0;
	state = wire_read_u8(&r);
	if (class > GRAPH_PEER_SITE || state >= GRAPH_PEER_STATE_COUNT ||
		!read_text(&r, out->name, sizeof(out->name)) ||
		!read_text(&r, out->url, sizeof(out->url))) {
		return ERR_CORRUPT;
	}
	out->class = (enum graph_peer_class) class;
	out->state = (enum graph_peer_state)state;
	decode_counters(&r, out);
	return wire_reader_finish(&r) == 0 ? 0 : ERR_CORRUPT;
}

int
graph_peers_visit(struct graph_reader *r, graph_peer_visit_fn *visit, void *ctx)
{
	struct store_txn *txn = r->txn;
	struct store_cursor *c = store_cursor_open(txn, GRAPH_T_PEERS);
	struct graph_peer peer;
	struct slice key;
	struct slice value;
	int rc = 0;

	for (bool more = store_cursor_seek(c, slice_of("", 0), &key, &value); more && rc == 0;
		more = rc == 0 && store_cursor_next(c, &key, &value)) {
		rc = peer_decode(key, value, &peer);
		if (rc != 0) {
			store_txn_fail(txn, rc);
			break;
		}
		rc = visit(ctx, &peer);
	}
	store_cursor_close(c);
	return rc != 0 ? rc : graph_error(r);
}

/* next_number - one that no peer had before, as long as the last one's exchange may be there */
static uint32_t
next_number(struct store_txn *txn)
{
	uint64_t last = 0;

	(void)graph_state_get(txn, GRAPH_STATE_PEER, &last);
	graph_state_put(txn, GRAPH_STATE_PEER, last + 1);
	return (uint32_t)(last + 1);
}

int
graph_peer_put(struct graph_txn *g, struct graph_peer *peer, struct err_msg *msg)
{
	uint8_t key[PEER_KEY_LEN];
	uint8_t buf[PEER_RECORD_MAX];
	struct wire_writer w;
	struct slice value;

	if (peer->number == 0) {
		if (store_count(g->txn, GRAPH_T_PEERS) >= GRAPH_PEERS_MAX) {
			return err_set(msg, ERR_TOOBIG,
				"there are %d peers already, which is the most",
				GRAPH_PEERS_MAX);
		}
		peer->number = next_number(g->txn);
	}
	wire_writer_init(&w, buf, sizeof(buf));
	wire_write_u8(&w, RECORD_VERSION);
	wire_write_bytes(&w, digest_slice(&peer->pin));
	wire_write_u8(&w, (uint8_t)peer->class);
	wire_write_u8(&w, peer->paused ? 1 : 0);
	wire_write_u8(&w, (uint8_t)peer->state);
	wire_write_string(&w, slice_str(peer->name));
	wire_write_string(&w, slice_str(peer->url));
	encode_counters(&w, peer);
	if (wire_writer_finish(&w, &value) != 0) {
		store_txn_fail(g->txn, ERR_TOOBIG);
	} else {
		store_put(g->txn, GRAPH_T_PEERS, peer_key(peer->number, key), value);
	}
	return graph_txn_check(g, msg);
}

/* remove_exchange - one record with the peer's prefix. False when there is none left */
static bool
remove_exchange(struct store_txn *txn, struct slice prefix)
{
	struct store_cursor *c = store_cursor_open(txn, GRAPH_T_EXCHANGE);
	uint8_t victim[STORE_KEY_MAX];
	struct slice key;
	struct slice value;
	bool found =
		store_cursor_seek(c, prefix, &key, &value) && slice_starts_with(key, prefix);

	if (found) {
		memcpy(victim, key.data, key.len);
		key.data = victim;
	}
	store_cursor_close(c);
	return found && store_delete(txn, GRAPH_T_EXCHANGE, key);
}

int
graph_peer_remove(struct graph_txn *g, const struct graph_peer *peer, struct err_msg *msg)
{
	uint8_t buf[PEER_KEY_LEN];
	struct slice key = peer_key(peer->number, buf);

	(void)store_delete(g->txn, GRAPH_T_PEERS, key);
	while (remove_exchange(g->txn, key)) {
	}
	return graph_txn_check(g, msg);
}

#include "common/ledger/ledger_history.h"

#define FLAG_HAS_LEAD 0x10
#define FLAGS_ALL     0x1f

#define EVIDENCE_MAX 4

#define DOMAIN_MAX 255

#define DELIVERY_LEN (RECORD_FRAME_LEN + LEDGER_HISTORY_KEY_LEN)

static const struct digest no_digest;

static void
write_payers(struct wire_writer *w, const struct ledger_decision *d)
{
	wire_write_u8(w, (uint8_t)d->payer_count);
	for (size_t i = 0; i < d->payer_count; i++) {
		wire_write_bytes(w, digest_slice(&d->payers[i].principal));
		wire_write_u32(w, d->payers[i].share);
	}
}

int
ledger_history_encode(struct slice key, const struct ledger_decision *decision,
	uint8_t buf[LEDGER_HISTORY_MAX], struct slice *out)
{
	const struct ledger_decision *d = decision;
	struct wire_writer w;

	if (d->payer_count > LEDGER_HISTORY_PAYERS_MAX) {
		return ERR_TOOBIG;
	}
	record_begin(&w, buf, LEDGER_HISTORY_MAX);
	wire_write_u64(&w, d->at_s);
	wire_write_u8(&w, d->evidence);
	wire_write_u8(&w, (uint8_t)d->tier);
	wire_write_u8(&w, (uint8_t)(d->flags | (d->has_lead ? FLAG_HAS_LEAD : 0)));
	wire_write_u32(&w, (uint32_t)d->score_milli);
	wire_write_bytes(&w, digest_slice(&d->message_id));
	wire_write_bytes(&w, digest_slice(d->has_lead ? &d->lead : &no_digest));
	wire_write_string(&w, slice_take(d->user, LEDGER_ADDRESS_MAX));
	wire_write_string(&w, slice_take(d->sender, LEDGER_ADDRESS_MAX));
	wire_write_string(&w, slice_take(d->signer, DOMAIN_MAX));
	write_payers(&w, d);
	return record_end(&w, key, out);
}

static void
read_digest(struct wire_reader *r, struct digest *out)
{
	wire_read_copy(r, out->bytes, DIGEST_LEN);
}

/* read_payers - false when there are too many */
static bool
read_payers(struct wire_reader *r, struct ledger_decision *out)
{
	out->payer_count = wire_read_u8(r);
	if (out->payer_count > LEDGER_HISTORY_PAYERS_MAX) {
		return false;
	}
	for (size_t i = 0; i < out->payer_count; i++) {
		read_digest(r, &out->payers[i].principal);
		out->payers[i].share = wire_read_u32(r);
	}
	return true;
}

int
ledger_history_decode(struct slice key, struct slice record, struct ledger_decision *out)
{
	struct wire_reader r;
	uint8_t tier = 0;
	int ret = record_open(&r, key, record);

	*out = (struct ledger_decision){0};
	if (ret != 0) {
		return ret;
	}
	out->at_s = wire_read_u64(&r);
	out->evidence = wire_read_u8(&r);
	tier = wire_read_u8(&r);
	out->flags = wire_read_u8(&r);
	out->score_milli = (int32_t)wire_read_u32(&r);
	read_digest(&r, &out->message_id);
	read_digest(&r, &out->lead);
	out->user = wire_read_string(&r);
	out->sender = wire_read_string(&r);
	out->signer = wire_read_string(&r);
	if (!read_payers(&r, out) || out->evidence > EVIDENCE_MAX || tier > TIER_REVOKED ||
		out->flags > FLAGS_ALL || wire_reader_finish(&r) != 0) {
		return ERR_CORRUPT;
	}
	out->tier = (enum tier)tier;
	out->has_lead = (out->flags & FLAG_HAS_LEAD) != 0;
	out->flags &= (uint8_t)~FLAG_HAS_LEAD;
	return 0;
}

void
ledger_address_digest(struct slice address, struct digest *out)
{
	digest_sha256_parts((const struct slice[]){SLICE("addr:"), address}, 2, out);
}

static void
make_key(uint64_t ms, uint32_t number, uint8_t out[LEDGER_HISTORY_KEY_LEN])
{
	struct wire_writer w;

	wire_writer_init(&w, out, LEDGER_HISTORY_KEY_LEN);
	wire_write_u64(&w, ms);
	wire_write_u32(&w, number);
}

/* next_key - behind the last one, also where the clock was set back */
static void
next_key(struct store_txn *txn, uint64_t now_ms, uint8_t out[LEDGER_HISTORY_KEY_LEN])
{
	struct store_cursor *c = store_cursor_open(txn, LEDGER_HISTORY);
	struct wire_reader r;
	struct slice key;
	struct slice record;
	uint64_t ms = now_ms;
	uint32_t number = 0;

	if (store_cursor_last(c, &key, &record)) {
		uint64_t last_ms = 0;

		wire_reader_init(&r, key);
		last_ms = wire_read_u64(&r);
		if (last_ms >= now_ms) {
			ms = last_ms;
			number = wire_read_u32(&r) + 1;
		}
	}
	store_cursor_close(c);
	make_key(ms, number, out);
}

static void
put_delivery(struct store_txn *txn, const struct ledger_decision *d, struct slice history_key)
{
	uint8_t key_buf[LEDGER_PAIR_LEN];
	uint8_t buf[DELIVERY_LEN];
	struct wire_writer w;
	struct digest user;
	struct slice key;
	struct slice record;
	int code = 0;

	ledger_address_digest(d->user, &user);
	ledger_pair_key(&d->lead, &user, key_buf, &key);
	record_begin(&w, buf, sizeof(buf));
	wire_write_bytes(&w, history_key);
	code = record_end(&w, key, &record);
	ledger_put(txn, LEDGER_DELIVERIES, key, code, &record);
}

void
ledger_history_add(
	struct store_txn *txn, const struct ledger_decision *decision, uint64_t now_ms)
{
	uint8_t key_buf[LEDGER_HISTORY_KEY_LEN];
	UNINITIALIZED uint8_t buf[LEDGER_HISTORY_MAX];
	struct slice key = slice_of(key_buf, sizeof(key_buf));
	struct slice record;
	int code = 0;

	next_key(txn, now_ms, key_buf);
	code = ledger_history_encode(key, decision, buf, &record);
	if (code != 0) {
		store_txn_fail(txn, code);
		return;
	}
	store_append(txn, LEDGER_HISTORY, key, record);
	if (decision->has_lead && decision->user.len > 0) {
		put_delivery(txn, decision, key);
	}
}

/* find_delivery - the history key in a delivery record; false when there is none */
static bool
find_delivery(struct store_txn *txn, struct slice key, struct slice *history_key_out)
{
	struct slice record;
	struct wire_reader r;
	int code = 0;

	if (!store_get(txn, LEDGER_DELIVERIES, key, &record)) {
		return false;
	}
	code = record_open(&r, key, record);
	if (code == 0) {
		*history_key_out = wire_read_bytes(&r, LEDGER_HISTORY_KEY_LEN);
		code = wire_reader_finish(&r) == 0 ? 0 : ERR_CORRUPT;
	}
	if (code != 0) {
		store_txn_fail(txn, code);
	}
	return code == 0;
}

bool
ledger_history_find(struct store_txn *txn, const struct digest *lead, const struct digest *user,
	struct ledger_decision *out)
{
	uint8_t key_buf[LEDGER_PAIR_LEN];
	struct slice key;
	struct slice at;
	struct slice record;
	int code = 0;

	ledger_pair_key(lead, user, key_buf, &key);
	if (!find_delivery(txn, key, &at) || !store_get(txn, LEDGER_HISTORY, at, &record)) {
		return false;
	}
	code = ledger_history_decode(at, record, out);
	if (code != 0) {
		store_txn_fail(txn, code);
	}
	return code == 0;
}

/* drop_delivery - of a decision that goes, unless a newer one took its place */
static void
drop_delivery(struct store_txn *txn, const struct ledger_decision *d, struct slice history_key)
{
	uint8_t key_buf[LEDGER_PAIR_LEN];
	struct digest user;
	struct slice key;
	struct slice at;

	ledger_address_digest(d->user, &user);
	ledger_pair_key(&d->lead, &user, key_buf, &key);
	if (find_delivery(txn, key, &at) && slice_eq(at, history_key)) {
		(void)store_delete(txn, LEDGER_DELIVERIES, key);
	}
}

static uint64_t
written_s(struct slice key)
{
	struct wire_reader r;

	wire_reader_init(&r, key);
	return wire_read_u64(&r) / 1000;
}

/* first - the oldest decision; false when there is none */
static bool
first(struct store_txn *txn, uint8_t key_out[LEDGER_HISTORY_KEY_LEN], struct slice *record)
{
	struct store_cursor *c = store_cursor_open(txn, LEDGER_HISTORY);
	struct slice key;
	bool found = store_cursor_seek(c, slice_of(NULL, 0), &key, record) &&
		     key.len == LEDGER_HISTORY_KEY_LEN;

	if (found) {
		memcpy(key_out, key.data, LEDGER_HISTORY_KEY_LEN);
	}
	store_cursor_close(c);
	return found;
}

void
ledger_history_prune(struct store_txn *txn, uint64_t before_s, uint64_t keep, size_t steps)
{
	uint8_t key_buf[LEDGER_HISTORY_KEY_LEN];
	struct slice key = slice_of(key_buf, sizeof(key_buf));
	struct slice record;

	for (size_t i = 0; i < steps && first(txn, key_buf, &record); i++) {
		struct ledger_decision d;

		if (written_s(key) >= before_s && store_count(txn, LEDGER_HISTORY) <= keep) {
			return;
		}
		/* A damaged one goes too: nothing depends on it. */
		if (ledger_history_decode(key, record, &d) == 0 && d.has_lead) {
			drop_delivery(txn, &d, key);
		}
		(void)store_delete(txn, LEDGER_HISTORY, key);
	}
}

uint64_t
ledger_history_oldest(struct store_txn *txn)
{
	uint8_t key[LEDGER_HISTORY_KEY_LEN];
	struct slice record;

	return first(txn, key, &record) ? written_s(slice_of(key, sizeof(key))) : 0;
}

void
ledger_history_since(uint64_t since_s, struct ledger_history_at *out)
{
	make_key(since_s > UINT64_MAX / 1000 ? UINT64_MAX : since_s * 1000, 0, out->bytes);
}

void
ledger_history_walk(struct store_txn *txn, struct ledger_history_at *at,
	ledger_history_fn *visit, void *ctx)
{
	struct store_cursor *c = store_cursor_open(txn, LEDGER_HISTORY);
	struct slice key;
	struct slice record;
	bool more = store_cursor_seek(
		c, slice_of(at->bytes, LEDGER_HISTORY_KEY_LEN), &key, &record);

	while (more) {
		struct ledger_decision d;
		struct wire_reader r;
		int code = key.len == LEDGER_HISTORY_KEY_LEN
				   ? ledger_history_decode(key, record, &d)
				   : ERR_CORRUPT;

		if (code != 0) {
			store_txn_fail(txn, code);
			break;
		}
		wire_reader_init(&r, key);
		uint64_t ms = wire_read_u64(&r);

		make_key(ms, wire_read_u32(&r) + 1, at->bytes);
		more = visit(ctx, &d) && store_cursor_next(c, &key, &record);
	}
	store_cursor_close(c);
}

#include "common/ledger/ledger_introduction.h"

static void
write_share(struct wire_writer *w, const struct metric_share *share)
{
	wire_write_bytes(w, digest_slice(share->payer.digest));
	wire_write_u32(w, share->amount);
	wire_write_u32(w, share->share);
	wire_write_u8(w, share->middleman.digest != NULL);
	if (share->middleman.digest != NULL) {
		wire_write_bytes(w, digest_slice(share->middleman.digest));
	}
}

int
ledger_introduction_encode(struct slice key, const struct metric_introduction *introduction,
	uint8_t buf[LEDGER_INTRODUCTION_MAX], struct slice *out)
{
	struct wire_writer w;

	if (introduction->share_count > METRIC_PAYERS_MAX) {
		return ERR_TOOBIG;
	}
	record_begin(&w, buf, LEDGER_INTRODUCTION_MAX);
	wire_write_u64(&w, introduction->paid_s);
	wire_write_u64(&w, introduction->seen_s);
	wire_write_u32(&w, introduction->price);
	wire_write_u32(&w, introduction->strength);
	wire_write_u8(&w, (uint8_t)introduction->share_count);
	for (size_t i = 0; i < introduction->share_count; i++) {
		if (introduction->shares[i].payer.digest == NULL) {
			return ERR_INVALID;
		}
		write_share(&w, &introduction->shares[i]);
	}
	return record_end(&w, key, out);
}

/* read_share - false when it is malformed */
static bool
read_share(struct wire_reader *r, struct metric_share *out)
{
	uint8_t has_middleman = 0;

	*out = (struct metric_share){.payer.digest = ledger_read_digest(r)};
	out->amount = wire_read_u32(r);
	out->share = wire_read_u32(r);
	has_middleman = wire_read_u8(r);
	if (has_middleman == 1) {
		out->middleman.digest = ledger_read_digest(r);
	}
	return has_middleman <= 1 && wire_reader_error(r) == 0;
}

int
ledger_introduction_decode(
	struct slice key, struct slice record, struct metric_introduction *out)
{
	struct wire_reader r;
	int ret = record_open(&r, key, record);

	if (ret != 0) {
		return ret;
	}
	out->paid_s = wire_read_u64(&r);
	out->seen_s = wire_read_u64(&r);
	out->price = wire_read_u32(&r);
	out->strength = wire_read_u32(&r);
	out->share_count = wire_read_u8(&r);
	if (out->share_count > METRIC_PAYERS_MAX) {
		return ERR_CORRUPT;
	}
	for (size_t i = 0; i < out->share_count; i++) {
		if (!read_share(&r, &out->shares[i])) {
			return ERR_CORRUPT;
		}
	}
	return wire_reader_finish(&r) == 0 ? 0 : ERR_CORRUPT;
}

bool
ledger_introduction_find(struct store_txn *txn, const struct digest *r, const struct digest *s,
	struct metric_introduction *out)
{
	uint8_t buf[LEDGER_PAIR_LEN];
	struct slice key;
	struct slice record;
	int code = 0;

	ledger_pair_key(r, s, buf, &key);
	if (!store_get(txn, LEDGER_INTRODUCTIONS, key, &record)) {
		return false;
	}
	code = ledger_introduction_decode(key, record, out);
	if (code != 0) {
		store_txn_fail(txn, code);
	}
	return code == 0;
}

void
ledger_introduction_put(struct store_txn *txn, const struct digest *r, const struct digest *s,
	const struct metric_introduction *introduction)
{
	uint8_t key_buf[LEDGER_PAIR_LEN];
	uint8_t buf[LEDGER_INTRODUCTION_MAX];
	struct slice key;
	struct slice record;
	int code = 0;

	ledger_pair_key(r, s, key_buf, &key);
	code = ledger_introduction_encode(key, introduction, buf, &record);
	ledger_put(txn, LEDGER_INTRODUCTIONS, key, code, &record);
}

void
ledger_introduction_visit(
	struct store_txn *txn, const struct digest *r, ledger_introduction_fn *visit, void *ctx)
{
	struct store_cursor *c = store_cursor_open(txn, LEDGER_INTRODUCTIONS);
	struct slice key;
	struct slice record;
	bool more = store_cursor_seek(c, digest_slice(r), &key, &record);

	while (more && key.len == LEDGER_PAIR_LEN && slice_starts_with(key, digest_slice(r))) {
		struct metric_introduction paid;
		struct wire_reader sender;
		int code = ledger_introduction_decode(key, record, &paid);

		wire_reader_init(&sender, slice_skip(key, DIGEST_LEN));
		if (code != 0) {
			store_txn_fail(txn, code);
		}
		more = code == 0 && visit(ctx, ledger_read_digest(&sender), &paid) &&
		       store_cursor_next(c, &key, &record);
	}
	store_cursor_close(c);
}

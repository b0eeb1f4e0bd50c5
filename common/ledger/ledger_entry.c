#include "common/ledger/ledger_entry.h"

static const struct digest no_digest;

/* What comes in front of time and tag. */
#define PREFIX_LEN (1 + LEDGER_PAIR_LEN)

void
ledger_entry_key_encode(const struct ledger_entry_key *key, uint8_t buf[LEDGER_ENTRY_KEY_LEN],
	struct slice *out)
{
	struct wire_writer w;

	wire_writer_init(&w, buf, LEDGER_ENTRY_KEY_LEN);
	wire_write_u8(&w, (uint8_t)key->table);
	wire_write_bytes(&w, digest_slice(key->a));
	wire_write_bytes(&w, digest_slice(key->b == NULL ? &no_digest : key->b));
	wire_write_u64(&w, ~key->at_s);
	wire_write_u64(&w, key->tag);
	*out = slice_of(buf, LEDGER_ENTRY_KEY_LEN);
}

int
ledger_entry_key_decode(struct slice bytes, struct ledger_entry_key *out)
{
	struct wire_reader r;
	uint8_t table = 0;

	wire_reader_init(&r, bytes);
	table = wire_read_u8(&r);
	*out = (struct ledger_entry_key){
		.table = (enum metric_table)table,
		.a = ledger_read_digest(&r),
		.b = ledger_read_digest(&r),
		.at_s = ~wire_read_u64(&r),
		.tag = wire_read_u64(&r),
	};
	return table < METRIC_TABLE_COUNT && wire_reader_finish(&r) == 0 ? 0 : ERR_CORRUPT;
}

int
ledger_entry_encode(struct slice key, const struct metric_entry *entry,
	uint8_t buf[LEDGER_ENTRY_MAX], struct slice *out)
{
	struct wire_writer w;

	record_begin(&w, buf, LEDGER_ENTRY_MAX);
	wire_write_u32(&w, entry->amount);
	wire_write_u8(&w, entry->other.digest != NULL);
	if (entry->other.digest != NULL) {
		wire_write_bytes(&w, digest_slice(entry->other.digest));
	}
	return record_end(&w, key, out);
}

/* decode - an entry, and where it stands */
static int
decode(struct slice key, struct slice record, struct ledger_entry_key *at_out,
	struct metric_entry *out)
{
	struct wire_reader r;
	uint8_t has_other = 0;
	int ret = ledger_entry_key_decode(key, at_out);

	if (ret == 0) {
		ret = record_open(&r, key, record);
	}
	if (ret != 0) {
		return ret;
	}
	*out = (struct metric_entry){
		.at_s = at_out->at_s, .tag = at_out->tag, .amount = wire_read_u32(&r)};
	has_other = wire_read_u8(&r);
	if (has_other == 1) {
		out->other.digest = ledger_read_digest(&r);
	}
	return has_other <= 1 && wire_reader_finish(&r) == 0 ? 0 : ERR_CORRUPT;
}

int
ledger_entry_decode(struct slice key, struct slice record, struct metric_entry *out)
{
	struct ledger_entry_key at;

	return decode(key, record, &at, out);
}

void
ledger_entry_put(struct store_txn *txn, const struct ledger_entry_key *key,
	const struct metric_entry *entry)
{
	uint8_t key_buf[LEDGER_ENTRY_KEY_LEN];
	uint8_t buf[LEDGER_ENTRY_MAX];
	struct slice at;
	struct slice record;
	int code = 0;

	ledger_entry_key_encode(key, key_buf, &at);
	code = ledger_entry_encode(at, entry, buf, &record);
	ledger_put(txn, LEDGER_ENTRIES, at, code, &record);
}

void
ledger_entry_remove(struct store_txn *txn, const struct ledger_entry_key *key)
{
	uint8_t buf[LEDGER_ENTRY_KEY_LEN];
	struct slice at;

	ledger_entry_key_encode(key, buf, &at);
	(void)store_delete(txn, LEDGER_ENTRIES, at);
}

/* visit_run - the entries from `first` on whose keys begin with its first `prefix_len` bytes */
static void
visit_run(struct store_txn *txn, const struct ledger_entry_key *first, size_t prefix_len,
	ledger_entry_fn *visit, void *ctx)
{
	uint8_t buf[LEDGER_ENTRY_KEY_LEN];
	struct store_cursor *c = store_cursor_open(txn, LEDGER_ENTRIES);
	struct slice at;
	struct slice key;
	struct slice record;
	bool more = false;

	ledger_entry_key_encode(first, buf, &at);
	more = store_cursor_seek(c, at, &key, &record);
	while (more && slice_starts_with(key, slice_take(at, prefix_len))) {
		struct ledger_entry_key where;
		struct metric_entry entry;
		int code = decode(key, record, &where, &entry);

		if (code != 0) {
			store_txn_fail(txn, code);
		}
		more = code == 0 && visit(ctx, &where, &entry) &&
		       store_cursor_next(c, &key, &record);
	}
	store_cursor_close(c);
}

/* Who visits entries and does not ask where they stand. */
struct walker {
	metric_entry_fn *visit;
	void *ctx;
};

static bool
walk_on(void *ctx, const struct ledger_entry_key *key, const struct metric_entry *entry)
{
	const struct walker *walker = ctx;

	(void)key;
	return walker->visit(walker->ctx, entry);
}

void
ledger_entry_walk(struct store_txn *txn, enum metric_table table, const struct digest *a,
	const struct digest *b, metric_entry_fn *visit, void *ctx)
{
	const struct ledger_entry_key first = {table, a, b, UINT64_MAX, 0};
	struct walker walker = {visit, ctx};

	visit_run(txn, &first, PREFIX_LEN, walk_on, &walker);
}

void
ledger_entry_visit(struct store_txn *txn, enum metric_table table, const struct digest *a,
	ledger_entry_fn *visit, void *ctx)
{
	const struct ledger_entry_key first = {table, a, NULL, UINT64_MAX, 0};

	visit_run(txn, &first, 1 + DIGEST_LEN, visit, ctx);
}

#include "common/ledger/ledger_schema.h"

const struct store_table ledger_tables[LEDGER_TABLE_COUNT] = {
	[LEDGER_REPORTS] = {"reports", STORE_PLAIN},
	[LEDGER_ENTRIES] = {"entries", STORE_PLAIN},
	[LEDGER_INTRODUCTIONS] = {"introductions", STORE_PLAIN},
	[LEDGER_PINS] = {"pins", STORE_PLAIN},
	[LEDGER_SEEN] = {"seen", STORE_PLAIN},
	[LEDGER_HISTORY] = {"history", STORE_PLAIN},
	[LEDGER_DELIVERIES] = {"deliveries", STORE_PLAIN},
	[LEDGER_PROOFS] = {"proofs", STORE_PLAIN},
};

void
ledger_pair_key(const struct digest *a, const struct digest *b, uint8_t buf[LEDGER_PAIR_LEN],
	struct slice *out)
{
	memcpy(buf, a->bytes, DIGEST_LEN);
	memcpy(buf + DIGEST_LEN, b->bytes, DIGEST_LEN);
	*out = slice_of(buf, LEDGER_PAIR_LEN);
}

void
ledger_put(struct store_txn *txn, enum ledger_table table, struct slice key, int code,
	const struct slice *record)
{
	if (code != 0) {
		store_txn_fail(txn, code);
		return;
	}
	store_put(txn, table, key, *record);
}

const struct digest *
ledger_read_digest(struct wire_reader *r)
{
	struct slice bytes = wire_read_bytes(r, DIGEST_LEN);

	_Static_assert(
		_Alignof(struct digest) == 1, "a digest is its bytes, wherever they lie");
	return bytes.len == DIGEST_LEN ? (const struct digest *)(const void *)bytes.data : NULL;
}

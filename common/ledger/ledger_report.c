#include "common/ledger/ledger_report.h"

#define CLASS_HAM  0
#define CLASS_SPAM 1

void
ledger_report_key_encode(const struct ledger_report_key *key,
	uint8_t buf[LEDGER_REPORT_KEY_LEN], struct slice *out)
{
	memcpy(buf, key->message.bytes, DIGEST_LEN);
	memcpy(buf + DIGEST_LEN, key->user.bytes, DIGEST_LEN);
	*out = slice_of(buf, LEDGER_REPORT_KEY_LEN);
}

int
ledger_report_encode(struct slice key, const struct ledger_report *report,
	uint8_t buf[LEDGER_REPORT_LEN], struct slice *out)
{
	struct wire_writer w;

	record_begin(&w, buf, LEDGER_REPORT_LEN);
	wire_write_u8(&w, report->is_spam ? CLASS_SPAM : CLASS_HAM);
	wire_write_u64(&w, report->at_s);
	return record_end(&w, key, out);
}

int
ledger_report_decode(struct slice key, struct slice record, struct ledger_report *out)
{
	struct wire_reader r;
	uint8_t class = 0;
	int ret = record_open(&r, key, record);

	if (ret != 0) {
		return ret;
	}
	class = wire_read_u8(&r);
	*out = (struct ledger_report){
		.is_spam = class == CLASS_SPAM, .at_s = wire_read_u64(&r)};
	return class <= CLASS_SPAM && wire_reader_finish(&r) == 0 ? 0 : ERR_CORRUPT;
}

/* find - the report under an encoded key */
static bool
find(struct store_txn *txn, struct slice key, struct ledger_report *out)
{
	struct slice record;
	int code = 0;

	if (!store_get(txn, LEDGER_REPORTS, key, &record)) {
		return false;
	}
	code = ledger_report_decode(key, record, out);
	if (code != 0) {
		store_txn_fail(txn, code);
	}
	return code == 0;
}

bool
ledger_report_find(
	struct store_txn *txn, const struct ledger_report_key *key, struct ledger_report *out)
{
	uint8_t buf[LEDGER_REPORT_KEY_LEN];
	struct slice at;

	ledger_report_key_encode(key, buf, &at);
	return find(txn, at, out);
}

bool
ledger_report_set(struct store_txn *txn, const struct ledger_report_key *key,
	const struct ledger_report *report)
{
	uint8_t key_buf[LEDGER_REPORT_KEY_LEN];
	uint8_t buf[LEDGER_REPORT_LEN];
	struct ledger_report known;
	struct slice at;
	struct slice record;
	int code = 0;

	ledger_report_key_encode(key, key_buf, &at);
	if (find(txn, at, &known) && known.is_spam == report->is_spam) {
		return false;
	}
	code = ledger_report_encode(at, report, buf, &record);
	if (code != 0) {
		store_txn_fail(txn, code);
	}
	store_put(txn, LEDGER_REPORTS, at, record);
	return store_txn_error(txn) == 0;
}

bool
ledger_report_remove(struct store_txn *txn, const struct ledger_report_key *key)
{
	uint8_t buf[LEDGER_REPORT_KEY_LEN];
	struct slice at;

	ledger_report_key_encode(key, buf, &at);
	return store_delete(txn, LEDGER_REPORTS, at);
}

uint64_t
ledger_report_count(struct store_txn *txn)
{
	return store_count(txn, LEDGER_REPORTS);
}

#include "common/ledger/ledger_report.h"

enum class {
	CLASS_HAM,
	CLASS_SPAM,
	CLASS_TOUCHED, /* spam, and what it did to trust */
};

void
ledger_report_key_encode(const struct ledger_report_key *key,
	uint8_t buf[LEDGER_REPORT_KEY_LEN], struct slice *out)
{
	ledger_pair_key(&key->message, &key->user, buf, out);
}

static enum class class_of(const struct ledger_report *report) {
	if (!report->is_spam){return CLASS_HAM;
}
return report->touched ? CLASS_TOUCHED : CLASS_SPAM;
}

static void
write_effect(struct wire_writer *w, const struct metric_report *did)
{
	wire_write_bytes(w, digest_slice(did->sender.digest));
	wire_write_u64(w, did->tag);
	wire_write_u8(w, did->warns);
	wire_write_u8(w, (uint8_t)did->charge_count);
	for (size_t i = 0; i < did->charge_count; i++) {
		wire_write_bytes(w, digest_slice(did->charges[i].payer.digest));
		wire_write_u32(w, did->charges[i].share);
		wire_write_u8(w, did->charges[i].accuses);
	}
}

/* is_storable - nothing in it that the record has no place for */
static bool
is_storable(const struct ledger_report *report)
{
	if (!report->touched) {
		return true;
	}
	if (!report->is_spam || report->did.sender.digest == NULL ||
		report->did.at_s != report->at_s) {
		return false;
	}
	for (size_t i = 0; i < report->did.charge_count; i++) {
		if (report->did.charges[i].payer.digest == NULL) {
			return false;
		}
	}
	return true;
}

int
ledger_report_encode(struct slice key, const struct ledger_report *report,
	uint8_t buf[LEDGER_REPORT_MAX], struct slice *out)
{
	struct wire_writer w;

	if (report->touched && report->did.charge_count > METRIC_PAYERS_MAX) {
		return ERR_TOOBIG;
	}
	if (!is_storable(report)) {
		return ERR_INVALID;
	}
	record_begin(&w, buf, LEDGER_REPORT_MAX);
	wire_write_u8(&w, (uint8_t)class_of(report));
	wire_write_u64(&w, report->at_s);
	if (report->touched) {
		write_effect(&w, &report->did);
	}
	return record_end(&w, key, out);
}

/* read_flag - a byte that is 0 or 1; anything else fails the reader's user */
static bool
read_flag(struct wire_reader *r, bool *ok)
{
	uint8_t value = wire_read_u8(r);

	*ok = *ok && value <= 1;
	return value == 1;
}

/* read_effect - false when it is malformed */
static bool
read_effect(struct wire_reader *r, struct metric_report *out)
{
	bool ok = true;

	out->sender.digest = ledger_read_digest(r);
	out->tag = wire_read_u64(r);
	out->warns = read_flag(r, &ok);
	out->charge_count = wire_read_u8(r);
	if (!ok || out->charge_count > METRIC_PAYERS_MAX) {
		return false;
	}
	for (size_t i = 0; i < out->charge_count; i++) {
		out->charges[i] = (struct metric_report_charge){
			.payer.digest = ledger_read_digest(r), .share = wire_read_u32(r)};
		out->charges[i].accuses = read_flag(r, &ok);
	}
	return ok && wire_reader_error(r) == 0;
}

int
ledger_report_decode(struct slice key, struct slice record, struct ledger_report *out)
{
	struct wire_reader r;
	struct wire_reader key_reader;
	uint8_t class = 0;
	int ret = record_open(&r, key, record);

	if (ret != 0) {
		return ret;
	}
	class = wire_read_u8(&r);
	out->is_spam = class != CLASS_HAM;
	out->touched = class == CLASS_TOUCHED;
	out->at_s = wire_read_u64(&r);
	if (class > CLASS_TOUCHED) {
		return ERR_CORRUPT;
	}
	if (out->touched) {
		wire_reader_init(&key_reader, slice_skip(key, DIGEST_LEN));
		out->did.at_s = out->at_s;
		out->did.recipient =
			(struct metric_party){.digest = ledger_read_digest(&key_reader)};
		out->did.sender = (struct metric_party){0};
		if (!read_effect(&r, &out->did) || out->did.recipient.digest == NULL) {
			return ERR_CORRUPT;
		}
	}
	return wire_reader_finish(&r) == 0 ? 0 : ERR_CORRUPT;
}

bool
ledger_report_find(
	struct store_txn *txn, const struct ledger_report_key *key, struct ledger_report *out)
{
	uint8_t buf[LEDGER_REPORT_KEY_LEN];
	struct slice at;
	struct slice record;
	int code = 0;

	ledger_report_key_encode(key, buf, &at);
	if (!store_get(txn, LEDGER_REPORTS, at, &record)) {
		return false;
	}
	code = ledger_report_decode(at, record, out);
	if (code != 0) {
		store_txn_fail(txn, code);
		return false;
	}
	/* The key above is on this stack; the caller has the same user. */
	out->did.recipient.digest = &key->user;
	return true;
}

void
ledger_report_put(struct store_txn *txn, const struct ledger_report_key *key,
	const struct ledger_report *report)
{
	uint8_t key_buf[LEDGER_REPORT_KEY_LEN];
	uint8_t buf[LEDGER_REPORT_MAX];
	struct slice at;
	struct slice record;
	int code = 0;

	ledger_report_key_encode(key, key_buf, &at);
	code = ledger_report_encode(at, report, buf, &record);
	ledger_put(txn, LEDGER_REPORTS, at, code, &record);
}

bool
ledger_report_delete(struct store_txn *txn, const struct ledger_report_key *key)
{
	uint8_t buf[LEDGER_REPORT_KEY_LEN];
	struct slice at;

	ledger_report_key_encode(key, buf, &at);
	return store_delete(txn, LEDGER_REPORTS, at);
}

void
ledger_report_visit(struct store_txn *txn, ledger_report_fn *visit, void *ctx)
{
	struct store_cursor *c = store_cursor_open(txn, LEDGER_REPORTS);
	struct ledger_report report;
	struct slice key;
	struct slice record;

	for (bool more = store_cursor_seek(c, SLICE(""), &key, &record); more;
		more = store_cursor_next(c, &key, &record)) {
		int code = ledger_report_decode(key, record, &report);

		if (code != 0) {
			store_txn_fail(txn, code);
			break;
		}
		if (report.touched && !visit(ctx, &report)) {
			break;
		}
	}
	store_cursor_close(c);
}

uint64_t
ledger_report_count(struct store_txn *txn)
{
	return store_count(txn, LEDGER_REPORTS);
}

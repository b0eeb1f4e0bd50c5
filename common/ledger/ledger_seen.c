#include "common/ledger/ledger_seen.h"

#include "common/ledger/ledger_introduction.h"

int
ledger_seen_encode(
	struct slice key, uint64_t at_s, uint8_t buf[LEDGER_SEEN_LEN], struct slice *out)
{
	struct wire_writer w;

	record_begin(&w, buf, LEDGER_SEEN_LEN);
	wire_write_u64(&w, at_s);
	return record_end(&w, key, out);
}

int
ledger_seen_decode(struct slice key, struct slice record, uint64_t *out)
{
	struct wire_reader r;
	int ret = record_open(&r, key, record);

	if (ret != 0) {
		return ret;
	}
	*out = wire_read_u64(&r);
	return wire_reader_finish(&r) == 0 ? 0 : ERR_CORRUPT;
}

/* find - the time under an encoded key */
static uint64_t
find(struct store_txn *txn, struct slice key)
{
	struct slice record;
	uint64_t at_s = 0;
	int code = 0;

	if (!store_get(txn, LEDGER_SEEN, key, &record)) {
		return 0;
	}
	code = ledger_seen_decode(key, record, &at_s);
	if (code != 0) {
		store_txn_fail(txn, code);
	}
	return code == 0 ? at_s : 0;
}

uint64_t
ledger_seen_find(struct store_txn *txn, const struct digest *user, const struct digest *sender)
{
	uint8_t buf[LEDGER_PAIR_LEN];
	struct slice key;

	ledger_pair_key(user, sender, buf, &key);
	return find(txn, key);
}

/* refresh - moves the introduction's own clock, which counts from the last mail */
static void
refresh(struct store_txn *txn, const struct metric_config *config, const struct digest *user,
	const struct digest *sender, uint64_t now_s)
{
	struct metric_introduction introduction;

	if (ledger_introduction_find(txn, user, sender, &introduction) &&
		introduction.seen_s < now_s &&
		metric_introduction_is_live(config, &introduction, now_s)) {
		introduction.seen_s = now_s;
		ledger_introduction_put(txn, user, sender, &introduction);
	}
}

void
ledger_seen_note(struct store_txn *txn, const struct metric_config *config,
	const struct digest *user, const struct digest *sender, uint64_t now_s)
{
	uint8_t key_buf[LEDGER_PAIR_LEN];
	uint8_t buf[LEDGER_SEEN_LEN];
	struct slice key;
	struct slice record;
	uint64_t known_s = 0;
	int code = 0;

	ledger_pair_key(user, sender, key_buf, &key);
	known_s = find(txn, key);
	if (known_s != 0 && now_s < known_s + LEDGER_SEEN_STEP_S) {
		return;
	}
	code = ledger_seen_encode(key, now_s, buf, &record);
	ledger_put(txn, LEDGER_SEEN, key, code, &record);
	refresh(txn, config, user, sender, now_s);
}

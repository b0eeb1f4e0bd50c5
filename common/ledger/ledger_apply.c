#include "common/ledger/ledger_apply.h"

#include "common/ledger/ledger_entry.h"
#include "common/ledger/ledger_history.h"
#include "common/ledger/ledger_introduction.h"
#include "common/ledger/ledger_view.h"

/* Entries forgiven in one go; a transaction stays short. */
#define PARDON_MAX 256

static struct ledger_entry_key
key_of(const struct metric_change *change)
{
	return (struct ledger_entry_key){
		.table = change->table,
		.a = change->a.digest,
		.b = change->b.digest,
		.at_s = change->entry.at_s,
		.tag = change->entry.tag,
	};
}

static void
put(void *ctx, const struct metric_change *change)
{
	struct ledger_entry_key key = key_of(change);

	ledger_entry_put(ctx, &key, &change->entry);
}

static void
take_away(void *ctx, const struct metric_change *change)
{
	struct ledger_entry_key key = key_of(change);

	ledger_entry_remove(ctx, &key);
}

void
ledger_apply_payment(struct store_txn *txn, const struct metric_payment *payment)
{
	metric_payment_changes(payment, put, txn);
	ledger_introduction_put(
		txn, payment->recipient.digest, payment->sender.digest, &payment->introduction);
}

/* Digests of a report that is stored, kept over the writes that undo it. */
struct kept_report {
	struct ledger_report report;
	struct digest sender;
	struct digest payers[METRIC_PAYERS_MAX];
};

/* keep - copies what is borrowed from the store */
static void
keep(struct kept_report *kept)
{
	struct metric_report *did = &kept->report.did;

	if (!kept->report.touched) {
		return;
	}
	kept->sender = *did->sender.digest;
	did->sender.digest = &kept->sender;
	for (size_t i = 0; i < did->charge_count; i++) {
		kept->payers[i] = *did->charges[i].payer.digest;
		did->charges[i].payer.digest = &kept->payers[i];
	}
}

/*
 * undo - what the user said before is as if it had never been said; true when there was
 * something
 */
static bool
undo(struct store_txn *txn, const struct ledger_report_key *key)
{
	struct kept_report kept;

	if (!ledger_report_find(txn, key, &kept.report)) {
		return ledger_report_delete(txn, key); /* a damaged one goes, too */
	}
	keep(&kept);
	if (kept.report.touched) {
		metric_report_changes(&kept.report.did, take_away, txn);
	}
	return ledger_report_delete(txn, key);
}

/* tag_of - tells reports of one second apart */
static uint64_t
tag_of(const struct digest *message)
{
	struct wire_reader r;

	wire_reader_init(&r, digest_slice(message));
	return wire_read_u64(&r);
}

static void
touch_trust(struct store_txn *txn, const struct metric_config *config,
	const struct ledger_saying *saying, const struct digest *sender,
	struct kept_report *out)
{
	const struct metric_party r = {.digest = &saying->key.user};
	const struct metric_party s = {.digest = sender};
	struct ledger_view view = {.txn = txn};
	const struct metric_ledger ledger = ledger_view_metric(&view);

	metric_report_decide(config, &ledger, &r, &s, saying->at_s,
		tag_of(&saying->key.message), &out->report.did);
	out->report.touched = true;
	keep(out);
	metric_report_changes(&out->report.did, put, txn);
}

/* find_sender - whom a report is about, if it may touch trust */
static bool
find_sender(struct store_txn *txn, const struct ledger_saying *saying, struct digest *out)
{
	struct ledger_decision decided;

	if (saying->has_lead &&
		ledger_history_find(txn, &saying->lead, &saying->key.user, &decided)) {
		ledger_address_digest(decided.sender, out);
		return true;
	}
	*out = saying->sender;
	return saying->touches;
}

bool
ledger_apply_report(struct store_txn *txn, const struct metric_config *config,
	const struct ledger_saying *saying)
{
	struct kept_report kept;
	struct digest sender;

	if (ledger_report_find(txn, &saying->key, &kept.report) &&
		kept.report.is_spam == saying->is_spam) {
		return false;
	}
	if (store_txn_error(txn) != 0) {
		return false;
	}
	(void)undo(txn, &saying->key);
	kept.report.is_spam = saying->is_spam;
	kept.report.touched = false;
	kept.report.at_s = saying->at_s;
	if (saying->is_spam && find_sender(txn, saying, &sender)) {
		touch_trust(txn, config, saying, &sender, &kept);
	}
	ledger_report_put(txn, &saying->key, &kept.report);
	return store_txn_error(txn) == 0;
}

bool
ledger_apply_removal(struct store_txn *txn, const struct ledger_report_key *key)
{
	return undo(txn, key);
}

/* Keys of entries that are to go. */
struct doomed {
	const struct digest *reporter; /* only his; NULL: all */
	size_t count;
	struct {
		uint64_t at_s;
		uint64_t tag;
	} entries[PARDON_MAX];
};

static bool
doom(void *ctx, const struct metric_entry *entry)
{
	struct doomed *d = ctx;

	if (d->reporter == NULL ||
		(entry->other.digest != NULL && digest_eq(entry->other.digest, d->reporter))) {
		d->entries[d->count].at_s = entry->at_s;
		d->entries[d->count].tag = entry->tag;
		d->count++;
	}
	return d->count < PARDON_MAX;
}

/* remove_all - the entries of (table, a, b), or those of them that one reporter made */
static size_t
remove_all(struct store_txn *txn, enum metric_table table, const struct digest *a,
	const struct digest *b, const struct digest *reporter)
{
	struct doomed d = {.reporter = reporter};

	ledger_entry_walk(txn, table, a, b, doom, &d);
	for (size_t i = 0; i < d.count; i++) {
		const struct ledger_entry_key key = {
			table, a, b, d.entries[i].at_s, d.entries[i].tag};

		ledger_entry_remove(txn, &key);
	}
	return d.count;
}

size_t
ledger_apply_pardon(struct store_txn *txn, const struct digest *r, const struct digest *f)
{
	return remove_all(txn, METRIC_CHARGE, r, f, NULL) +
	       remove_all(txn, METRIC_ACCUSATION, f, NULL, r);
}

/* find_report_of - the next report that touched trust, by r about s, at or behind `from` */
static bool
find_report_of(struct store_txn *txn, const struct digest *r, const struct digest *s,
	uint8_t from[LEDGER_REPORT_KEY_LEN], struct ledger_report_key *out)
{
	struct store_cursor *c = store_cursor_open(txn, LEDGER_REPORTS);
	struct slice key;
	struct slice record;
	bool more = store_cursor_seek(c, slice_of(from, LEDGER_REPORT_KEY_LEN), &key, &record);
	bool found = false;

	while (more && !found && key.len == LEDGER_REPORT_KEY_LEN) {
		struct ledger_report report;

		memcpy(out->message.bytes, key.data, DIGEST_LEN);
		memcpy(out->user.bytes, key.data + DIGEST_LEN, DIGEST_LEN);
		found = digest_eq(&out->user, r) &&
			ledger_report_decode(key, record, &report) == 0 && report.touched &&
			digest_eq(report.did.sender.digest, s);
		more = !found && store_cursor_next(c, &key, &record);
	}
	store_cursor_close(c);
	return found;
}

size_t
ledger_apply_forget(struct store_txn *txn, const struct digest *r, const struct digest *s)
{
	uint8_t from[LEDGER_REPORT_KEY_LEN] = {0};
	struct ledger_report_key key;
	struct slice at;
	size_t count = 0;

	while (count < PARDON_MAX && find_report_of(txn, r, s, from, &key)) {
		count += undo(txn, &key) ? 1 : 0;
		ledger_report_key_encode(&key, from, &at);
	}
	return count;
}

#include <criterion/criterion.h>

#include "common/base/encoding.h"
#include "common/ledger/ledger_entry.h"
#include "common/ledger/ledger_history.h"
#include "common/ledger/ledger_introduction.h"
#include "common/ledger/ledger_pin.h"
#include "common/ledger/ledger_proof.h"
#include "common/ledger/ledger_report.h"
#include "common/ledger/ledger_seen.h"

#define RECORD_MAX (LEDGER_INTRODUCTION_MAX + LEDGER_PIN_MAX)

static const struct digest ones = {{1, 1, 1}};
static const struct digest twos = {{2, 2, 2}};

/* A codec with a value of its own: it writes it, and reads and compares it. */
struct codec {
	const char *label;
	size_t key_len;
	int (*encode)(struct slice key, uint8_t *buf, struct slice *out);
	/** 0 when it reads as it was written; 1 when it reads as something else. */
	int (*decode)(struct slice key, struct slice record);
	const char *known; /* hex under a key of zeros, as the header has it; NULL: not there */
};

static int
encode_entry(struct slice key, uint8_t *buf, struct slice *out)
{
	const struct metric_entry entry = {.amount = 500000};

	return ledger_entry_encode(key, &entry, buf, out);
}

static int
decode_entry(struct slice key, struct slice record)
{
	struct metric_entry entry;
	int code = ledger_entry_decode(key, record, &entry);

	return code != 0 ? code : entry.amount != 500000 || entry.other.digest != NULL;
}

static int
encode_warning(struct slice key, uint8_t *buf, struct slice *out)
{
	const struct metric_entry entry = {.other.digest = &twos};

	return ledger_entry_encode(key, &entry, buf, out);
}

static int
decode_warning(struct slice key, struct slice record)
{
	struct metric_entry entry;
	int code = ledger_entry_decode(key, record, &entry);

	return code != 0 ? code
			 : entry.amount != 0 || entry.other.digest == NULL ||
				   !digest_eq(entry.other.digest, &twos);
}

static int
encode_introduction(struct slice key, uint8_t *buf, struct slice *out)
{
	const struct metric_introduction paid = {.paid_s = 1700000000,
		.seen_s = 1700000000,
		.price = METRIC_ONE,
		.strength = 568000};

	return ledger_introduction_encode(key, &paid, buf, out);
}

static int
decode_introduction(struct slice key, struct slice record)
{
	struct metric_introduction paid;
	int code = ledger_introduction_decode(key, record, &paid);

	return code != 0 ? code
			 : paid.paid_s != 1700000000 || paid.seen_s != 1700000000 ||
				   paid.price != METRIC_ONE || paid.strength != 568000 ||
				   paid.share_count != 0;
}

static int
encode_paid(struct slice key, uint8_t *buf, struct slice *out)
{
	static struct metric_introduction paid;

	paid.share_count = 2;
	paid.shares[0] =
		(struct metric_share){.payer.digest = &ones, .amount = 700000, .share = 350000};
	paid.shares[1] = (struct metric_share){
		.payer.digest = &twos, .middleman.digest = &ones, .amount = 1, .share = 0};
	return ledger_introduction_encode(key, &paid, buf, out);
}

static int
decode_paid(struct slice key, struct slice record)
{
	static struct metric_introduction paid;
	int code = ledger_introduction_decode(key, record, &paid);

	return code != 0 ? code
			 : paid.share_count != 2 ||
				   !digest_eq(paid.shares[0].payer.digest, &ones) ||
				   paid.shares[0].amount != 700000 ||
				   paid.shares[0].share != 350000 ||
				   paid.shares[0].middleman.digest != NULL ||
				   !digest_eq(paid.shares[1].payer.digest, &twos) ||
				   !digest_eq(paid.shares[1].middleman.digest, &ones);
}

static int
encode_report(struct slice key, uint8_t *buf, struct slice *out)
{
	static const struct ledger_report report = {.is_spam = true, .at_s = 1700000000};

	return ledger_report_encode(key, &report, buf, out);
}

static int
decode_report(struct slice key, struct slice record)
{
	static struct ledger_report report;
	int code = ledger_report_decode(key, record, &report);

	return code != 0 ? code
			 : !report.is_spam || report.touched || report.at_s != 1700000000;
}

static int
encode_touched(struct slice key, uint8_t *buf, struct slice *out)
{
	static struct ledger_report report = {
		.is_spam = true,
		.touched = true,
		.at_s = 17,
		.did = {.sender.digest = &ones,
			.at_s = 17,
			.tag = 9,
			.warns = true,
			.charge_count = 2},
	};

	report.did.charges[0] = (struct metric_report_charge){
		.payer.digest = &twos, .share = 600000, .accuses = true};
	report.did.charges[1] =
		(struct metric_report_charge){.payer.digest = &ones, .share = 400000};
	return ledger_report_encode(key, &report, buf, out);
}

static int
decode_touched(struct slice key, struct slice record)
{
	static struct ledger_report r;
	int code = ledger_report_decode(key, record, &r);

	return code != 0 ? code
			 : !r.is_spam || !r.touched || r.at_s != 17 || r.did.at_s != 17 ||
				   r.did.tag != 9 || !r.did.warns || r.did.charge_count != 2 ||
				   !digest_eq(r.did.sender.digest, &ones) ||
				   !digest_eq(r.did.charges[0].payer.digest, &twos) ||
				   r.did.charges[0].share != 600000 ||
				   !r.did.charges[0].accuses || r.did.charges[1].accuses;
}

static int
encode_pin(struct slice key, uint8_t *buf, struct slice *out)
{
	const struct ledger_pin pin = {
		.count = 1, .domains = {{1700000000, SLICE("example.org")}}};

	return ledger_pin_encode(key, &pin, buf, out);
}

static int
decode_pin(struct slice key, struct slice record)
{
	struct ledger_pin pin;
	int code = ledger_pin_decode(key, record, &pin);

	return code != 0 ? code
			 : pin.count != 1 || pin.domains[0].at_s != 1700000000 ||
				   !ledger_pin_holds(&pin, SLICE("example.org")) ||
				   pin.unknown.at_s != 0;
}

static int
encode_pins(struct slice key, uint8_t *buf, struct slice *out)
{
	const struct ledger_pin pin = {.count = 2,
		.domains = {{1, SLICE("example.org")}, {2, SLICE("example.net")}},
		.unknown = {3, SLICE("example.com")}};

	return ledger_pin_encode(key, &pin, buf, out);
}

static int
decode_pins(struct slice key, struct slice record)
{
	struct ledger_pin pin;
	int code = ledger_pin_decode(key, record, &pin);

	return code != 0 ? code
			 : pin.count != 2 || !ledger_pin_holds(&pin, SLICE("example.net")) ||
				   ledger_pin_holds(&pin, SLICE("example.com")) ||
				   !slice_eq(pin.unknown.domain, SLICE("example.com"));
}

static int
encode_seen(struct slice key, uint8_t *buf, struct slice *out)
{
	return ledger_seen_encode(key, 1700000000, buf, out);
}

static int
decode_seen(struct slice key, struct slice record)
{
	uint64_t at_s = 0;
	int code = ledger_seen_decode(key, record, &at_s);

	return code != 0 ? code : at_s != 1700000000;
}

static int
encode_proof(struct slice key, uint8_t *buf, struct slice *out)
{
	const struct ledger_proof proof = {
		.count = 1, .shown = {{{{0}}, 1700000000, 1700000000}}};

	return ledger_proof_encode(key, &proof, buf, out);
}

static int
decode_proof(struct slice key, struct slice record)
{
	struct ledger_proof proof;
	int code = ledger_proof_decode(key, record, &proof);

	return code != 0 ? code
			 : proof.count != 1 || proof.shown[0].first_s != 1700000000 ||
				   proof.shown[0].last_s != 1700000000;
}

static int
encode_proofs(struct slice key, uint8_t *buf, struct slice *out)
{
	const struct ledger_proof proof = {.count = 2, .shown = {{ones, 1, 2}, {twos, 3, 4}}};

	return ledger_proof_encode(key, &proof, buf, out);
}

static int
decode_proofs(struct slice key, struct slice record)
{
	struct ledger_proof proof;
	int code = ledger_proof_decode(key, record, &proof);

	return code != 0 ? code
			 : proof.count != 2 || !digest_eq(&proof.shown[0].identity, &ones) ||
				   !digest_eq(&proof.shown[1].identity, &twos) ||
				   proof.shown[1].first_s != 3 ||
				   ledger_proof_last_s(&proof) != 4;
}

static struct ledger_decision
decision(void)
{
	struct ledger_decision d = {
		.at_s = 1700000000,
		.evidence = 3,
		.tier = TIER_KNOWN,
		.flags = LEDGER_HISTORY_INTRODUCED,
		.score_milli = -5500,
		.message_id = ones,
		.has_lead = true,
		.lead = twos,
		.user = SLICE("alice@example.org"),
		.sender = SLICE("carol@example.net"),
		.signer = SLICE("example.net"),
		.payer_count = 1,
	};

	d.payers[0] = (struct ledger_history_payer){ones, METRIC_ONE};
	return d;
}

static int
encode_history(struct slice key, uint8_t *buf, struct slice *out)
{
	const struct ledger_decision d = decision();

	return ledger_history_encode(key, &d, buf, out);
}

static int
decode_history(struct slice key, struct slice record)
{
	const struct ledger_decision d = decision();
	struct ledger_decision out;
	int code = ledger_history_decode(key, record, &out);

	return code != 0
		       ? code
		       : out.at_s != d.at_s || out.evidence != 3 || out.tier != TIER_KNOWN ||
				 out.flags != d.flags || out.score_milli != -5500 ||
				 !digest_eq(&out.message_id, &ones) || !out.has_lead ||
				 !digest_eq(&out.lead, &twos) || !slice_eq(out.user, d.user) ||
				 !slice_eq(out.sender, d.sender) ||
				 !slice_eq(out.signer, d.signer) || out.payer_count != 1 ||
				 !digest_eq(&out.payers[0].principal, &ones) ||
				 out.payers[0].share != METRIC_ONE;
}

static const struct codec codecs[] = {
	{"entry", LEDGER_ENTRY_KEY_LEN, encode_entry, decode_entry,
		"010007a1200066cf54b23f532e4e"},
	{"entry with another party", LEDGER_ENTRY_KEY_LEN, encode_warning, decode_warning,
		NULL},
	{"introduction", LEDGER_PAIR_LEN, encode_introduction, decode_introduction,
		"01000000006553f100000000006553f100000f42400008aac000c830f70a6a155efb"},
	{"introduction with payers", LEDGER_PAIR_LEN, encode_paid, decode_paid, NULL},
	{"report", LEDGER_PAIR_LEN, encode_report, decode_report,
		"0101000000006553f10036d8ff3d3f0371e5"},
	{"report that touched trust", LEDGER_PAIR_LEN, encode_touched, decode_touched, NULL},
	{"pin", LEDGER_PAIR_LEN, encode_pin, decode_pin,
		"0101000000006553f100000b6578616d706c652e6f726700000000000000000000"
		"41bd3ee288f642e3"},
	{"pins and an unknown domain", LEDGER_PAIR_LEN, encode_pins, decode_pins, NULL},
	{"seen", LEDGER_PAIR_LEN, encode_seen, decode_seen,
		"01000000006553f100a7d74eff01a8200d"},
	{"history", LEDGER_HISTORY_KEY_LEN, encode_history, decode_history, NULL},
	{"proof", DIGEST_LEN, encode_proof, decode_proof,
		"0101000000000000000000000000000000000000000000000000000000000000"
		"0000000000006553f100000000006553f10092951b5389e180ca"},
	{"proofs of two identities", DIGEST_LEN, encode_proofs, decode_proofs, NULL},
};

Test(ledger_records, have_the_documented_bytes)
{
	static uint8_t buf[RECORD_MAX];
	const uint8_t zeros[LEDGER_ENTRY_KEY_LEN] = {0};
	char text[2 * 128 + 1];

	for (size_t i = 0; i < ARRAY_LEN(codecs); i++) {
		struct slice record;

		if (codecs[i].known == NULL) {
			continue;
		}
		cr_assert_eq(codecs[i].encode(slice_of(zeros, codecs[i].key_len), buf, &record),
			0, "%s", codecs[i].label);
		cr_assert_leq(record.len, 128);
		hex_encode(record, text);
		cr_expect_str_eq(text, codecs[i].known, "%s", codecs[i].label);
	}
}

Test(ledger_records, come_back_as_they_were)
{
	static uint8_t buf[RECORD_MAX];
	const uint8_t key[LEDGER_ENTRY_KEY_LEN] = {0, 7};

	for (size_t i = 0; i < ARRAY_LEN(codecs); i++) {
		struct slice at = slice_of(key, codecs[i].key_len);
		struct slice record;

		cr_assert_eq(codecs[i].encode(at, buf, &record), 0, "%s", codecs[i].label);
		cr_expect_eq(codecs[i].decode(at, record), 0, "%s", codecs[i].label);
	}
}

Test(ledger_records, damage_is_told)
{
	static uint8_t buf[RECORD_MAX];
	uint8_t key[LEDGER_ENTRY_KEY_LEN] = {0};

	for (size_t i = 0; i < ARRAY_LEN(codecs); i++) {
		struct slice at = slice_of(key, codecs[i].key_len);
		struct slice record;

		cr_assert_eq(codecs[i].encode(at, buf, &record), 0, "%s", codecs[i].label);
		for (size_t n = 0; n < record.len; n++) {
			cr_expect_eq(codecs[i].decode(at, slice_take(record, n)), ERR_CORRUPT,
				"%s cut at %zu", codecs[i].label, n);
		}
		for (size_t bit = 0; bit < record.len * 8; bit++) {
			buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
			cr_expect_lt(codecs[i].decode(at, record), 0, "%s, bit %zu",
				codecs[i].label, bit);
			buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		key[3] ^= 1;
		cr_expect_eq(codecs[i].decode(at, record), ERR_CORRUPT, "%s under another key",
			codecs[i].label);
		key[3] ^= 1;
	}
}

/* Records with a good check that no writer of ours makes. */
Test(ledger_records, what_no_writer_makes_is_corrupt)
{
	static const struct {
		const char *label;
		size_t codec;
		const char *hex; /* the fields, without version and check */
	} rows[] = {
		{"entry with a flag of 2", 0, "0007a12002"},
		{"entry that ends before the other party", 0, "0007a12001"},
		{"entry with bytes behind", 0, "0007a1200000"},
		{"introduction with 129 payers", 2,
			"000000000000000000000000000000000000000000000000"
			"81"},
		{"report of class 3", 4, "030000000000000000"},
		{"report with bytes behind", 4, "01000000000000000000"},
		{"pin without a domain", 6, "0000000000000000000000"},
		{"pin with 9 domains", 6, "09"},
		{"pin with an empty domain", 6, "0100000000000000010000000000000000000000"},
		{"pin with an unknown domain of no time", 6,
			"010000000000000001000161000000000000000000"
			"0162"},
		{"seen with bytes behind", 8, "000000000000000000"},
		{"proof without an identity", 10, "00"},
		{"proof of 9 identities", 10, "09"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct codec *codec = &codecs[rows[i].codec];
		const uint8_t zeros[LEDGER_ENTRY_KEY_LEN] = {0};
		struct slice key = slice_of(zeros, codec->key_len);
		uint8_t fields[64];
		uint8_t buf[128];
		struct wire_writer w;
		struct slice record;
		size_t len = 0;

		cr_assert_eq(hex_decode(slice_str(rows[i].hex), fields, sizeof(fields), &len),
			0, "%s", rows[i].label);
		record_begin(&w, buf, sizeof(buf));
		wire_write_bytes(&w, slice_of(fields, len));
		cr_assert_eq(record_end(&w, key, &record), 0);
		cr_expect_eq(codec->decode(key, record), ERR_CORRUPT, "%s", rows[i].label);
	}
}

Test(ledger_records, greatest_ones_fit_and_greater_ones_are_refused)
{
	static uint8_t buf[RECORD_MAX];
	static struct metric_introduction paid;
	static struct ledger_report report;
	static char long_name[LEDGER_ADDRESS_MAX + 100];
	const uint8_t zeros[LEDGER_PAIR_LEN] = {0};
	struct slice key = slice_of(zeros, sizeof(zeros));
	struct ledger_decision d = decision();
	struct ledger_pin pin = {0};
	struct slice record;

	paid.share_count = METRIC_PAYERS_MAX;
	report = (struct ledger_report){.is_spam = true, .touched = true};
	report.did.sender.digest = &ones;
	report.did.charge_count = METRIC_PAYERS_MAX;
	for (size_t i = 0; i < METRIC_PAYERS_MAX; i++) {
		paid.shares[i].payer.digest = &ones;
		paid.shares[i].middleman.digest = &twos;
		report.did.charges[i].payer.digest = &ones;
	}
	cr_expect_eq(ledger_introduction_encode(key, &paid, buf, &record), 0);
	cr_expect_eq(record.len, LEDGER_INTRODUCTION_MAX);
	paid.share_count++;
	cr_expect_eq(ledger_introduction_encode(key, &paid, buf, &record), ERR_TOOBIG);
	cr_expect_eq(ledger_report_encode(key, &report, buf, &record), 0);
	cr_expect_eq(record.len, LEDGER_REPORT_MAX);
	report.is_spam = false;
	cr_expect_eq(ledger_report_encode(key, &report, buf, &record), ERR_INVALID);
	memset(long_name, 'x', sizeof(long_name));
	d.user = d.sender = d.signer = slice_of(long_name, sizeof(long_name));
	d.payer_count = LEDGER_HISTORY_PAYERS_MAX;
	cr_expect_eq(ledger_history_encode(key, &d, buf, &record), 0);
	cr_expect_eq(record.len, LEDGER_HISTORY_MAX);
	cr_expect_eq(ledger_history_decode(key, record, &d), 0);
	cr_expect_eq(d.user.len, LEDGER_ADDRESS_MAX);
	pin.count = LEDGER_PIN_DOMAINS_MAX;
	pin.unknown.at_s = 1;
	pin.unknown.domain = slice_of(long_name, LEDGER_DOMAIN_MAX);
	for (size_t i = 0; i < pin.count; i++) {
		pin.domains[i].domain = slice_of(long_name, LEDGER_DOMAIN_MAX);
	}
	cr_expect_eq(ledger_pin_encode(key, &pin, buf, &record), 0);
	cr_expect_eq(record.len, LEDGER_PIN_MAX);
}

Test(ledger_records, entry_keys_sort_the_newest_first)
{
	static const struct ledger_entry_key keys[] = {
		{METRIC_SPENT, &ones, &ones, 200, 1},
		{METRIC_SPENT, &ones, &ones, 200, 2},
		{METRIC_SPENT, &ones, &ones, 100, 0},
		{METRIC_SPENT, &ones, &twos, 300, 0},
		{METRIC_SPENT, &twos, &ones, 300, 0},
		{METRIC_WARNED, &ones, NULL, 300, 0},
	};
	uint8_t previous[LEDGER_ENTRY_KEY_LEN];
	uint8_t buf[LEDGER_ENTRY_KEY_LEN];

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct ledger_entry_key back;
		struct slice key;

		ledger_entry_key_encode(&keys[i], buf, &key);
		cr_expect_eq(ledger_entry_key_decode(key, &back), 0);
		cr_expect_eq(back.at_s, keys[i].at_s);
		cr_expect_eq(back.tag, keys[i].tag);
		cr_expect_eq(back.table, keys[i].table);
		cr_expect(i == 0 || memcmp(previous, buf, sizeof(buf)) < 0, "key %zu", i);
		memcpy(previous, buf, sizeof(buf));
	}
	buf[0] = METRIC_TABLE_COUNT;
	struct ledger_entry_key back;

	cr_expect_eq(ledger_entry_key_decode(slice_of(buf, sizeof(buf)), &back), ERR_CORRUPT);
	cr_expect_eq(ledger_entry_key_decode(slice_of(buf, 10), &back), ERR_CORRUPT);
}

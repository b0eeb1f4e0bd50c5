#include <criterion/criterion.h>

#include <sys/stat.h>

#include "common/base/encoding.h"
#include "common/graph/store_layout.h"
#include "common/ledger/ledger_report.h"
#include "tests/support/temp_dir.h"

static const struct ledger_report spam = {.is_spam = true, .at_s = 1700000000};
static const struct ledger_report ham = {.is_spam = false, .at_s = 1700000001};

static struct slice
encoded(const struct ledger_report *report, const struct ledger_report_key *key,
	uint8_t key_buf[LEDGER_REPORT_KEY_LEN], uint8_t buf[LEDGER_REPORT_LEN],
	struct slice *at)
{
	struct slice record;

	ledger_report_key_encode(key, key_buf, at);
	cr_assert_eq(ledger_report_encode(*at, report, buf, &record), 0);
	return record;
}

Test(ledger_report, record_has_the_documented_bytes)
{
	static const char expected[] = "0101000000006553f10036d8ff3d3f0371e5";
	const struct ledger_report_key key = {0};
	uint8_t key_buf[LEDGER_REPORT_KEY_LEN];
	uint8_t buf[LEDGER_REPORT_LEN];
	char text[2 * LEDGER_REPORT_LEN + 1] = "";
	struct slice at;
	struct slice record = encoded(&spam, &key, key_buf, buf, &at);

	hex_encode(record, text);
	cr_assert_str_eq(text, expected);
}

Test(ledger_report, record_comes_back_as_it_was)
{
	const struct ledger_report_key key = {.message = {{1}}, .user = {{2}}};
	const struct ledger_report all[] = {
		spam, ham, {.at_s = 0}, {.is_spam = true, .at_s = UINT64_MAX}};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		uint8_t key_buf[LEDGER_REPORT_KEY_LEN];
		uint8_t buf[LEDGER_REPORT_LEN];
		struct ledger_report out;
		struct slice at;
		struct slice record = encoded(&all[i], &key, key_buf, buf, &at);

		cr_assert_eq(ledger_report_decode(at, record, &out), 0, "row %zu", i);
		cr_expect_eq(out.is_spam, all[i].is_spam, "row %zu", i);
		cr_expect_eq(out.at_s, all[i].at_s, "row %zu", i);
	}
}

Test(ledger_report, damaged_record_is_told)
{
	const struct ledger_report_key key = {.message = {{1}}, .user = {{2}}};
	uint8_t key_buf[LEDGER_REPORT_KEY_LEN];
	uint8_t buf[LEDGER_REPORT_LEN];
	struct ledger_report out;
	struct slice at;
	struct slice record = encoded(&spam, &key, key_buf, buf, &at);

	for (size_t n = 0; n < record.len; n++) {
		cr_expect_eq(ledger_report_decode(at, slice_take(record, n), &out), ERR_CORRUPT,
			"cut at %zu", n);
	}
	for (size_t bit = 0; bit < record.len * 8; bit++) {
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		cr_expect_neq(ledger_report_decode(at, record, &out), 0, "bit %zu", bit);
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	key_buf[0] ^= 1;
	cr_expect_eq(ledger_report_decode(at, record, &out), ERR_CORRUPT, "another key");
}

/* What a sequence of changes by one user leaves, and which of them change something. */
enum change {
	SAY_SPAM,
	SAY_HAM,
	TAKE_BACK,
	END,
};

static const struct {
	const char *label;
	enum change changes[5];
	const char *did; /* y or n for each */
	bool is_there;
	bool is_spam;
} sequences[] = {
	{"spam", {SAY_SPAM, END}, "y", true, true},
	{"spam twice", {SAY_SPAM, SAY_SPAM, END}, "yn", true, true},
	{"spam, then ham", {SAY_SPAM, SAY_HAM, END}, "yy", true, false},
	{"ham, then spam, then ham", {SAY_HAM, SAY_SPAM, SAY_HAM, END}, "yyy", true, false},
	{"taken back", {SAY_HAM, TAKE_BACK, END}, "yy", false, false},
	{"taken back twice", {SAY_SPAM, TAKE_BACK, TAKE_BACK, END}, "yyn", false, false},
	{"taken back unknown", {TAKE_BACK, END}, "n", false, false},
	{"again after it was taken back", {SAY_SPAM, TAKE_BACK, SAY_SPAM, END}, "yyy", true,
		true},
};

static bool
apply(struct store_txn *txn, const struct ledger_report_key *key, enum change change)
{
	if (change == TAKE_BACK) {
		return ledger_report_remove(txn, key);
	}
	return ledger_report_set(txn, key, change == SAY_SPAM ? &spam : &ham);
}

/* run_sequences - each in a transaction of its own that is dropped, before a report of another user */
static void
run_sequences(struct store *store)
{
	const struct ledger_report_key key = {.message = {{1}}, .user = {{2}}};
	const struct ledger_report_key other = {.message = {{1}}, .user = {{3}}};

	for (size_t i = 0; i < ARRAY_LEN(sequences); i++) {
		const char *label = sequences[i].label;
		struct ledger_report out = {0};
		struct store_txn *txn = NULL;

		cr_assert_eq(store_begin_write(store, &txn), 0, "%s", label);
		cr_assert(ledger_report_set(txn, &other, &spam), "%s", label);
		for (size_t j = 0; sequences[i].changes[j] != END; j++) {
			cr_expect_eq(apply(txn, &key, sequences[i].changes[j]),
				sequences[i].did[j] == 'y', "%s, step %zu", label, j);
		}
		cr_expect_eq(ledger_report_find(txn, &key, &out), sequences[i].is_there, "%s",
			label);
		cr_expect_eq(out.is_spam, sequences[i].is_spam, "%s", label);
		cr_expect(ledger_report_find(txn, &other, &out) && out.is_spam, "%s", label);
		cr_expect_eq(ledger_report_count(txn), 1 + (uint64_t)sequences[i].is_there,
			"%s", label);
		cr_assert_eq(store_txn_error(txn), 0, "%s", label);
		store_abort(txn);
	}
}

static struct store *
open_mem(void)
{
	const struct store_config config = {
		.mode = STORE_CREATE,
		.tables = ledger_tables,
		.table_count = LEDGER_TABLE_COUNT,
		.schema_version = LEDGER_SCHEMA_VERSION,
	};
	struct store *store = NULL;

	cr_assert_eq(store_mem_open(&config, &store, NULL), 0);
	return store;
}

Test(ledger_report, last_one_wins_in_memory)
{
	struct store *store = open_mem();

	run_sequences(store);
	store_close(store);
}

Test(ledger_report, last_one_wins_on_disk)
{
	struct temp_dir dir;
	struct store *store = NULL;
	struct err_msg msg = {0};
	char path[PATH_MAX];

	temp_dir_make(&dir);
	cr_assert_eq(mkdir(temp_dir_path(&dir, "ledger", path), 0750), 0);
	cr_assert_eq(
		store_layout_open(STORE_LAYOUT_LEDGER, dir.path, STORE_CREATE, &store, &msg), 0,
		"%s", msg.text);
	run_sequences(store);
	store_close(store);
	temp_dir_remove(&dir);
}

Test(ledger_report, damage_in_the_store_fails_the_transaction)
{
	const struct ledger_report_key key = {.message = {{1}}, .user = {{2}}};
	uint8_t buf[LEDGER_REPORT_KEY_LEN];
	struct store *store = open_mem();
	struct store_txn *txn = NULL;
	struct ledger_report out;
	struct slice at;

	ledger_report_key_encode(&key, buf, &at);
	cr_assert_eq(store_begin_write(store, &txn), 0);
	store_put(txn, LEDGER_REPORTS, at, SLICE("\x01garbage garbage!!"));
	cr_expect_not(ledger_report_find(txn, &key, &out));
	cr_expect_eq(store_txn_error(txn), ERR_CORRUPT);
	cr_expect_not(ledger_report_set(txn, &key, &spam));
	cr_expect_eq(store_commit(txn), ERR_CORRUPT);
	store_close(store);
}

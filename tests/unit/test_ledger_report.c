#include <criterion/criterion.h>

#include <sys/stat.h>

#include "common/graph/store_layout.h"
#include "common/ledger/ledger_apply.h"
#include "tests/support/temp_dir.h"

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
	const struct metric_config config = metric_config_default();
	const struct ledger_saying saying = {
		.key = *key, .is_spam = change == SAY_SPAM, .at_s = 1700000000};

	return change == TAKE_BACK ? ledger_apply_removal(txn, key)
				   : ledger_apply_report(txn, &config, &saying);
}

/*
 * run_sequences - each in a transaction of its own that is dropped, before a report of another
 * user
 */
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
		cr_assert(apply(txn, &other, SAY_SPAM), "%s", label);
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
	cr_expect_not(apply(txn, &key, SAY_SPAM));
	cr_expect_eq(store_commit(txn), ERR_CORRUPT);
	store_close(store);
}

/* A ledger as version 1 of the schema had it: reports alone. */
Test(ledger_report, ledger_of_version_1_is_brought_up_to_date)
{
	const struct ledger_report_key key = {.message = {{1}}, .user = {{2}}};
	static struct ledger_report report;
	struct store_config old = {
		.mode = STORE_CREATE,
		.tables = ledger_tables,
		.table_count = 1,
		.schema_version = 1,
	};
	struct temp_dir dir;
	struct store *store = NULL;
	struct store_txn *txn = NULL;
	struct err_msg msg = {0};
	char path[PATH_MAX];

	temp_dir_make(&dir);
	old.path = temp_dir_path(&dir, "ledger", path);
	cr_assert_eq(mkdir(path, 0750), 0);
	cr_assert_eq(store_lmdb_open(&old, &store, &msg), 0, "%s", msg.text);
	cr_assert_eq(store_begin_write(store, &txn), 0);
	report = (struct ledger_report){.is_spam = true, .at_s = 1700000000};
	ledger_report_put(txn, &key, &report);
	cr_assert_eq(store_commit(txn), 0);
	store_close(store);
	cr_expect_eq(store_layout_open(STORE_LAYOUT_LEDGER, dir.path, STORE_READ, &store, &msg),
		ERR_VERSION);
	cr_expect_not_null(strstr(msg.text, "start spamd-trust"), "%s", msg.text);
	for (int round = 0; round < 2; round++) {
		cr_assert_eq(store_layout_open(
				     STORE_LAYOUT_LEDGER, dir.path, STORE_CREATE, &store, &msg),
			0, "%s", msg.text);
		cr_assert_eq(store_begin_write(store, &txn), 0);
		cr_expect(ledger_report_find(txn, &key, &report) && report.is_spam &&
			  !report.touched);
		cr_expect_eq(store_count(txn, LEDGER_ENTRIES), 0);
		cr_expect_not(apply(txn, &key, SAY_SPAM), "it is known");
		cr_assert_eq(store_commit(txn), 0);
		store_close(store);
	}
	cr_expect_eq(
		store_layout_open(STORE_LAYOUT_LEDGER, dir.path, STORE_READ, &store, &msg), 0);
	store_close(store);
	cr_expect_eq(store_lmdb_open(&old, &store, &msg), ERR_VERSION, "not by an old program");
	temp_dir_remove(&dir);
}

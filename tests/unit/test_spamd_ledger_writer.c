#include <criterion/criterion.h>

#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/graph/store_layout.h"
#include "spamd-trust/ledger_writer.h"
#include "tests/support/temp_dir.h"

#define WORKERS 3

/* A store directory with or without a place for the ledger, and a writer for it. */
struct bench {
	struct temp_dir dir;
	struct ledger_writer *writer;
};

static void
set_up(struct bench *b, bool with_ledger)
{
	struct err_msg msg = {0};
	char path[PATH_MAX];

	temp_dir_make(&b->dir);
	cr_assert(!with_ledger || mkdir(temp_dir_path(&b->dir, "ledger", path), 0750) == 0);
	cr_assert_eq(ledger_writer_new(b->dir.path, NULL, WORKERS, &b->writer, &msg), 0, "%s",
		msg.text);
}

static void
tear_down(struct bench *b)
{
	ledger_writer_free(b->writer);
	temp_dir_remove(&b->dir);
}

static void
submit(struct bench *b, unsigned int worker, uint8_t message, bool is_spam)
{
	struct ledger_job *job = calloc(1, sizeof(*job));

	cr_assert_not_null(job);
	job->worker = worker;
	job->key.message.bytes[0] = message;
	job->report.is_spam = is_spam;
	cr_assert_eq(ledger_writer_submit(b->writer, job), 0);
}

/* next - waits for a finished job of the worker */
static struct ledger_job
next(struct bench *b, unsigned int worker)
{
	struct pollfd fd = {.fd = ledger_writer_fd(b->writer, worker), .events = POLLIN};
	struct ledger_job *job = ledger_writer_collect(b->writer, worker);
	struct ledger_job copy;

	while (job == NULL) {
		cr_assert_eq(poll(&fd, 1, 60000), 1, "the worker was not woken");
		job = ledger_writer_collect(b->writer, worker);
	}
	copy = *job;
	free(job);
	return copy;
}

Test(spamd_ledger_writer, gives_each_worker_its_own_jobs_in_their_order)
{
	struct bench b;

	set_up(&b, true);
	for (uint8_t message = 0; message < 200; message++) {
		submit(&b, message % WORKERS, message, true);
	}
	for (uint8_t message = 0; message < 200; message++) {
		struct ledger_job job = next(&b, message % WORKERS);

		cr_expect_eq(job.key.message.bytes[0], message);
		cr_expect_eq(job.code, 0);
		cr_expect(job.changed);
	}
	cr_expect_null(ledger_writer_collect(b.writer, 0));
	tear_down(&b);
}

Test(spamd_ledger_writer, tells_what_changed_also_within_one_group)
{
	static const struct {
		bool is_spam;
		bool changed;
	} rows[] = {{true, true}, {true, false}, {false, true}, {false, false}, {true, true}};
	struct bench b;

	set_up(&b, true);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		submit(&b, 0, 7, rows[i].is_spam);
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ledger_job job = next(&b, 0);

		cr_expect_eq(job.code, 0, "row %zu", i);
		cr_expect_eq(job.changed, rows[i].changed, "row %zu", i);
	}
	tear_down(&b);
}

Test(spamd_ledger_writer, what_it_gives_back_is_in_the_store)
{
	const struct ledger_report_key key = {.message = {{9}}};
	struct ledger_report report;
	struct store *store = NULL;
	struct store_txn *txn = NULL;
	struct bench b;

	set_up(&b, true);
	submit(&b, 1, 9, true);
	cr_assert_eq(next(&b, 1).code, 0);
	ledger_writer_free(b.writer);
	b.writer = NULL;
	cr_assert_eq(
		store_layout_open(STORE_LAYOUT_LEDGER, b.dir.path, STORE_READ, &store, NULL),
		0);
	cr_assert_eq(store_begin_read(store, &txn), 0);
	cr_expect(ledger_report_find(txn, &key, &report) && report.is_spam);
	store_abort(txn);
	store_close(store);
	tear_down(&b);
}

Test(spamd_ledger_writer, fails_honestly_without_a_ledger_and_goes_on_when_there_is_one)
{
	struct ledger_job job;
	struct bench b;
	char path[PATH_MAX];

	set_up(&b, false);
	submit(&b, 0, 1, true);
	job = next(&b, 0);
	cr_expect_eq(job.code, ERR_NOTFOUND);
	cr_expect_not(job.changed);
	cr_assert_eq(mkdir(temp_dir_path(&b.dir, "ledger", path), 0750), 0);
	submit(&b, 0, 1, true);
	job = next(&b, 0);
	cr_expect_eq(job.code, 0);
	cr_expect(job.changed);
	tear_down(&b);
}

Test(spamd_ledger_writer, writes_what_was_submitted_before_it_ends)
{
	struct store *store = NULL;
	struct store_txn *txn = NULL;
	struct bench b;

	set_up(&b, true);
	for (uint8_t message = 0; message < 100; message++) {
		submit(&b, 0, message, false);
	}
	ledger_writer_free(b.writer);
	b.writer = NULL;
	cr_assert_eq(
		store_layout_open(STORE_LAYOUT_LEDGER, b.dir.path, STORE_READ, &store, NULL),
		0);
	cr_assert_eq(store_begin_read(store, &txn), 0);
	cr_expect_eq(ledger_report_count(txn), 100);
	store_abort(txn);
	store_close(store);
	tear_down(&b);
}

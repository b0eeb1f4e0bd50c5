#include <criterion/criterion.h>

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/graph/store_layout.h"
#include "common/ledger/ledger_introduction.h"
#include "common/ledger/ledger_proof.h"
#include "common/ledger/ledger_seen.h"
#include "spamd-trust/ledger_noted.h"
#include "spamd-trust/ledger_writer.h"
#include "tests/support/temp_dir.h"

#define WORKERS 3

/* A store directory with or without a place for the ledger, and a writer for it. */
struct bench {
	struct temp_dir dir;
	struct metric_config metric;
	struct ledger_pending *pending;
	struct ledger_writer *writer;
	atomic_int stores; /* opened less closed */
};

static void
on_store(void *ctx, struct store *store)
{
	struct bench *b = ctx;

	atomic_fetch_add(&b->stores, store == NULL ? -1 : 1);
}

static void
set_up(struct bench *b, bool with_ledger)
{
	struct err_msg msg = {0};
	char path[PATH_MAX];

	*b = (struct bench){.metric = metric_config_default()};
	temp_dir_make(&b->dir);
	cr_assert(!with_ledger || mkdir(temp_dir_path(&b->dir, "ledger", path), 0750) == 0);
	cr_assert_eq(ledger_pending_new(&b->pending), 0);

	const struct ledger_writer_config config = {
		.directory = b->dir.path,
		.workers = WORKERS,
		.desks = 1,
		.metric = &b->metric,
		.limits = {.history_s = 90 * 86400, .history_max = 100000},
		.pending = b->pending,
		.on_store = on_store,
		.ctx = b,
	};

	cr_assert_eq(ledger_writer_new(&config, NULL, &b->writer, &msg), 0, "%s", msg.text);
}

/* finish - ends the writer; what was handed in is written */
static void
finish(struct bench *b)
{
	ledger_writer_free(b->writer);
	b->writer = NULL;
	cr_expect_eq(b->stores, 0, "each store that was opened was closed");
}

/* open_again - the store as the writer left it */
static struct store_txn *
open_again(struct bench *b, struct store **store)
{
	struct store_txn *txn = NULL;

	cr_assert_eq(
		store_layout_open(STORE_LAYOUT_LEDGER, b->dir.path, STORE_READ, store, NULL),
		0);
	cr_assert_eq(store_begin_read(*store, &txn), 0);
	return txn;
}

static void
tear_down(struct bench *b)
{
	finish(b);
	ledger_pending_free(b->pending);
	temp_dir_remove(&b->dir);
}

static void
submit(struct bench *b, unsigned int worker, uint8_t message, bool is_spam)
{
	struct ledger_job *job = calloc(1, sizeof(*job));

	cr_assert_not_null(job);
	job->worker = worker;
	job->saying.key.message.bytes[0] = message;
	job->saying.is_spam = is_spam;
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

		cr_expect_eq(job.saying.key.message.bytes[0], message);
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
	static struct ledger_report report;
	struct store *store = NULL;
	struct store_txn *txn = NULL;
	struct bench b;

	set_up(&b, true);
	submit(&b, 1, 9, true);
	cr_assert_eq(next(&b, 1).code, 0);
	finish(&b);
	txn = open_again(&b, &store);
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

Test(spamd_ledger_writer, writes_what_was_handed_in_before_it_ends)
{
	static struct ledger_note note = {.is_acquaintance = true,
		.is_friend = true,
		.shows_identity = true,
		.identity = {{7, 7}}};
	struct store *store = NULL;
	struct store_txn *txn = NULL;
	struct ledger_proof proof;
	struct ledger_pin pin;
	struct digest user;
	struct digest sender;
	struct bench b;

	set_up(&b, true);
	note.decision = (struct ledger_decision){.at_s = 1700000000,
		.evidence = 3,
		.tier = TIER_KNOWN,
		.has_lead = true,
		.user = SLICE("alice@example.org"),
		.sender = SLICE("bob@example.net"),
		.signer = SLICE("example.net")};
	for (uint8_t message = 0; message < 100; message++) {
		submit(&b, 0, message, false);
		ledger_writer_note(b.writer, message % WORKERS, &note);
	}
	finish(&b);
	txn = open_again(&b, &store);
	cr_expect_eq(ledger_report_count(txn), 100);
	cr_expect_eq(store_count(txn, LEDGER_HISTORY), 100);
	cr_expect_eq(store_count(txn, LEDGER_DELIVERIES), 1);
	ledger_address_digest(note.decision.user, &user);
	ledger_address_digest(note.decision.sender, &sender);
	cr_expect_eq(ledger_seen_find(txn, &user, &sender), 1700000000);
	cr_expect(ledger_pin_find(txn, &user, &sender, &pin) &&
		  ledger_pin_holds(&pin, SLICE("example.net")));
	cr_assert(ledger_proof_find(txn, &sender, &proof));
	cr_expect_eq(proof.count, 1);
	cr_expect(digest_eq(&proof.shown[0].identity, &note.identity));
	cr_expect_eq(proof.shown[0].last_s, 1700000000);
	store_abort(txn);
	store_close(store);
	tear_down(&b);
}

/* pay - reserves and hands in, as a worker does; the code of handing in */
static int
pay(struct bench *b, uint8_t sender)
{
	struct ledger_payment *p = calloc(1, sizeof(*p));
	struct metric_introduction *paid = &p->payment.introduction;
	int code = 0;

	cr_assert_not_null(p);
	p->sender.bytes[0] = sender;
	p->payment.recipient.digest = &p->recipient;
	p->payment.sender.digest = &p->sender;
	paid->share_count = 1;
	paid->shares[0] = (struct metric_share){
		.payer.digest = &p->digests.payer[0], .amount = 1, .share = METRIC_ONE};
	paid->paid_s = sender;
	ledger_pending_lock(b->pending, &p->recipient);
	code = ledger_writer_pay(b->writer, p);
	if (code == 0) {
		ledger_pending_add(b->pending, p);
	}
	ledger_pending_unlock(b->pending, &p->recipient);
	if (code != 0) {
		free(p);
	}
	return code;
}

static void
count_payment(void *ctx, const struct ledger_payment *payment)
{
	(void)payment;
	(*(size_t *)ctx)++;
}

Test(spamd_ledger_writer, payments_are_pending_until_they_are_recorded)
{
	const struct digest nobody = {{0}};
	static struct metric_introduction found;
	struct ledger_counters counters = {0};
	struct store *store = NULL;
	struct store_txn *txn = NULL;
	size_t pending = 0;
	struct bench b;

	set_up(&b, true);
	submit(&b, 0, 1, true);
	cr_assert_eq(next(&b, 0).code, 0, "it is open now");
	for (uint8_t sender = 1; sender <= 100; sender++) {
		cr_assert_eq(pay(&b, sender), 0);
	}
	while (counters.payments < 100) {
		submit(&b, 0, 1, true);
		cr_assert_eq(next(&b, 0).code, 0);
		ledger_writer_count(b.writer, &counters);
	}
	ledger_pending_lock(b.pending, &nobody);
	ledger_pending_visit(b.pending, &nobody, count_payment, &pending);
	ledger_pending_unlock(b.pending, &nobody);
	cr_expect_eq(pending, 0);
	cr_expect_eq(counters.payments_forgotten, 0);
	finish(&b);
	txn = open_again(&b, &store);
	for (uint8_t sender = 1; sender <= 100; sender++) {
		const struct digest digest = {{sender}};

		cr_expect(ledger_introduction_find(txn, &nobody, &digest, &found));
	}
	store_abort(txn);
	store_close(store);
	tear_down(&b);
}

Test(spamd_ledger_writer, takes_no_payment_that_it_cannot_record)
{
	struct ledger_counters counters = {0};
	struct bench b;
	char path[PATH_MAX];

	set_up(&b, false);
	submit(&b, 0, 1, true);
	cr_assert_eq(next(&b, 0).code, ERR_NOTFOUND);
	cr_expect_eq(pay(&b, 1), ERR_NOTREADY);
	cr_assert_eq(mkdir(temp_dir_path(&b.dir, "ledger", path), 0750), 0);
	submit(&b, 0, 1, true);
	cr_assert_eq(next(&b, 0).code, 0);
	cr_expect_eq(pay(&b, 1), 0);
	ledger_writer_count(b.writer, &counters);
	cr_expect(counters.works);
	tear_down(&b);
}

Test(spamd_ledger_writer, jobs_of_the_administrator_tell_what_they_did)
{
	struct ledger_job *job = calloc(1, sizeof(*job));
	struct ledger_job done;
	struct bench b;

	set_up(&b, true);
	cr_assert_not_null(job);
	job->worker = WORKERS; /* the desk behind the workers */
	job->kind = LEDGER_JOB_CONFIRM;
	cr_assert_eq(ledger_writer_submit(b.writer, job), 0);
	cr_expect_eq(next(&b, WORKERS).code, ERR_NOTFOUND, "nothing to confirm");
	job = calloc(1, sizeof(*job));
	cr_assert_not_null(job);
	*job = (struct ledger_job){.worker = WORKERS, .kind = LEDGER_JOB_CONFIRM};
	memcpy(job->domain, "example.net", sizeof("example.net"));
	job->saying.at_s = 17;
	cr_assert_eq(ledger_writer_submit(b.writer, job), 0);
	done = next(&b, WORKERS);
	cr_expect_eq(done.code, 0);
	cr_expect(done.changed);
	cr_expect_str_eq(done.domain, "example.net");
	tear_down(&b);
}

Test(spamd_ledger_notes, come_out_as_they_went_in_until_the_queue_is_full)
{
	static struct ledger_note note;
	struct ledger_notes *n = ledger_notes_new();
	size_t half = 0;

	cr_assert_not_null(n);
	for (int32_t i = 0; i < LEDGER_NOTES_MAX + 5; i++) {
		char sender[32];

		(void)snprintf(sender, sizeof(sender), "%d@example.net", i);
		note.decision = (struct ledger_decision){.score_milli = i,
			.user = SLICE("alice@example.org"),
			.sender = slice_str(sender)};
		if (ledger_notes_put(n, &note) && half == 0) {
			half = (size_t)i + 1;
		}
	}
	cr_expect_eq(half, LEDGER_NOTES_MAX / 2);
	cr_expect_eq(ledger_notes_lost(n), 5);
	cr_assert_eq(ledger_notes_count(n), LEDGER_NOTES_MAX);
	for (size_t i = 0; i < LEDGER_NOTES_MAX; i++) {
		char sender[32];

		(void)snprintf(sender, sizeof(sender), "%zu@example.net", i);
		cr_expect_eq(ledger_notes_at(n, i)->decision.score_milli, (int32_t)i);
		cr_expect(slice_eq(ledger_notes_at(n, i)->decision.sender, slice_str(sender)));
	}
	ledger_notes_drop(n, LEDGER_NOTES_MAX);
	cr_expect_eq(ledger_notes_count(n), 0);
	note.decision.sender = SLICE("again@example.net");
	(void)ledger_notes_put(n, &note);
	cr_expect_eq(ledger_notes_count(n), 1);
	ledger_notes_free(n);
}

Test(spamd_ledger_noted, knows_the_same_again_for_a_while)
{
	static struct ledger_noted noted;
	static char long_name[LEDGER_NOTED_TEXT_MAX];
	static const struct {
		const char *label;
		const char *sender;
		const char *signer;
		uint64_t at_s;
		bool is_friend;
		bool expected;
	} steps[] = {
		{"first", "bob@example.net", "example.net", 1000, true, false},
		{"again", "bob@example.net", "example.net", 1000, true, true},
		{"a little later", "bob@example.net", "example.net", 1059, true, true},
		{"later", "bob@example.net", "example.net", 1060, true, false},
		{"from then on", "bob@example.net", "example.net", 1100, true, true},
		{"clock set back", "bob@example.net", "example.net", 1059, true, false},
		{"another signer", "bob@example.net", "example.com", 1060, true, false},
		{"another sender", "carol@example.net", "example.net", 1060, true, false},
		{"cut elsewhere", "carol@example.nete", "xample.net", 1060, true, false},
		{"no friend", "dave@example.net", "example.net", 1060, false, false},
		{"a friend now", "dave@example.net", "example.net", 1060, true, false},
		{"too long", long_name, "example.net", 1060, true, false},
		{"too long again", long_name, "example.net", 1060, true, false},
		{"without a clock", "erin@example.net", "example.net", 0, true, false},
		{"without a clock again", "erin@example.net", "example.net", 0, true, false},
	};
	static struct ledger_note note;

	memset(long_name, 'x', sizeof(long_name) - 1);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		note.decision = (struct ledger_decision){
			.at_s = steps[i].at_s,
			.user = SLICE("alice@example.org"),
			.sender = slice_str(steps[i].sender),
			.signer = slice_str(steps[i].signer),
		};
		note.is_friend = steps[i].is_friend;
		cr_expect_eq(ledger_noted_test_and_set(&noted, &note), steps[i].expected, "%s",
			steps[i].label);
	}
	note.shows_identity = true;
	cr_expect_not(ledger_noted_test_and_set(&noted, &note), "shows an identity");
	note.identity.bytes[0] = 1;
	cr_expect_not(ledger_noted_test_and_set(&noted, &note), "shows another");
	note.decision.at_s = 2000;
	(void)ledger_noted_test_and_set(&noted, &note);
	cr_expect(ledger_noted_test_and_set(&noted, &note));
	ledger_noted_clear(&noted);
	cr_expect_not(ledger_noted_test_and_set(&noted, &note), "forgotten");
}

/* note_friend - as the history gets it for a friend's message */
static void
note_friend(struct bench *b, uint64_t at_s)
{
	static struct ledger_note note;

	note.decision = (struct ledger_decision){
		.at_s = at_s,
		.evidence = 4,
		.user = SLICE("alice@example.org"),
		.sender = SLICE("bob@example.net"),
		.signer = SLICE("example.net"),
	};
	note.is_friend = true;
	note.is_acquaintance = true;
	ledger_writer_note(b->writer, 0, &note);
}

Test(spamd_ledger_writer, friends_are_noted_with_jobs_between)
{
	struct bench b;
	struct store *store = NULL;
	struct store_txn *txn = NULL;
	struct ledger_pin pin;
	struct digest user;
	struct digest sender;

	set_up(&b, true);
	for (uint8_t i = 0; i < 3; i++) {
		note_friend(&b, 1000);
		submit(&b, 0, i, true); /* a job in between */
		(void)next(&b, 0);
	}
	note_friend(&b, 1000);
	finish(&b);
	txn = open_again(&b, &store);
	ledger_address_digest(SLICE("alice@example.org"), &user);
	ledger_address_digest(SLICE("bob@example.net"), &sender);
	cr_assert(ledger_pin_find(txn, &user, &sender, &pin));
	cr_expect(ledger_pin_holds(&pin, SLICE("example.net")));
	cr_expect_eq(ledger_seen_find(txn, &user, &sender), 1000);
	cr_expect_eq(store_count(txn, LEDGER_HISTORY), 4, "every decision is in the history");
	store_abort(txn);
	store_close(store);
	tear_down(&b);
}

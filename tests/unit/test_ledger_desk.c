#include <criterion/criterion.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/graph/store_layout.h"
#include "common/ledger/ledger_apply.h"
#include "common/ledger/ledger_desk.h"
#include "common/ledger/ledger_introduction.h"
#include "tests/support/temp_dir.h"

#define NOW_S ((uint64_t)1700000000)

#define THREADS 8
#define SENDERS 200

static const struct digest alice = {{0xa}};

/* The world of one question: bob is alice's friend and vouches for everybody. */
static const struct digest bob = {{0xb}};
static const struct metric_ref bob_ref = {.order = UINT64_C(0xb) << 56, .node = 2};

static uint64_t
world_count(void *ctx, enum metric_list list, struct metric_ref of)
{
	(void)ctx;
	(void)of;
	return list == METRIC_LIST_FRIENDS || list == METRIC_LIST_SENDER_VOUCHERS;
}

static void
world_open(void *ctx, enum metric_list list, struct metric_ref of, struct metric_cursor *c)
{
	c->word[0] = world_count(ctx, list, of);
}

static bool
world_next(void *ctx, struct metric_cursor *c, struct metric_edge *out)
{
	(void)ctx;
	*out = (struct metric_edge){.ref = bob_ref, .level = 2};
	return c->word[0] != 0 && c->word[0]-- > 0;
}

static bool
world_seek(void *ctx, struct metric_cursor *c, struct metric_ref ref, struct metric_edge *out)
{
	return metric_ref_cmp(bob_ref, ref) >= 0 && world_next(ctx, c, out);
}

static void
world_close(void *ctx, struct metric_cursor *c)
{
	(void)ctx;
	(void)c;
}

static unsigned int
world_level(void *ctx, struct metric_ref who)
{
	(void)ctx;
	return metric_ref_eq(who, bob_ref) ? 2 : 0;
}

static bool
world_resolve(void *ctx, const struct metric_party *who, struct metric_ref *out)
{
	(void)ctx;
	*out = bob_ref;
	return who->digest != NULL && digest_eq(who->digest, &bob);
}

static uint64_t
world_vouches(void *ctx, struct metric_ref who)
{
	(void)ctx;
	(void)who;
	return 1;
}

static bool
world_digest(void *ctx, struct metric_ref who, struct digest *out)
{
	(void)ctx;
	*out = bob;
	return metric_ref_eq(who, bob_ref);
}

static const struct metric_world_ops world_ops = {
	.count = world_count,
	.open = world_open,
	.next = world_next,
	.seek = world_seek,
	.close = world_close,
	.friend_level = world_level,
	.resolve = world_resolve,
	.vouch_count = world_vouches,
	.digest = world_digest,
};
static const struct metric_world world = {.ops = &world_ops, .lists_all_friends = true};

/* A ledger on disk, many who decide, and one who records, as in the daemon. */
struct office {
	struct temp_dir dir;
	struct store *store;
	struct ledger_pending *pending;
	pthread_mutex_t lock;
	pthread_cond_t wakeup;
	struct ledger_payment *queue[THREADS * SENDERS];
	size_t queued;
	bool is_over;
	bool refuses; /* nothing can be recorded */
	pthread_t recorder;
	struct metric_config config;
	atomic_uint granted;
	atomic_uint paid_before;
	atomic_uint refused;
};

static int
submit(void *ctx, struct ledger_payment *payment)
{
	struct office *o = ctx;

	if (o->refuses) {
		return ERR_FULL;
	}
	(void)pthread_mutex_lock(&o->lock);
	o->queue[o->queued++] = payment;
	(void)pthread_cond_signal(&o->wakeup);
	(void)pthread_mutex_unlock(&o->lock);
	return 0;
}

static int
apply(void *ctx, struct store_txn *txn)
{
	ledger_apply_payment(txn, ctx);
	return store_txn_error(txn);
}

static void *
record(void *arg)
{
	struct office *o = arg;
	size_t done = 0;

	(void)pthread_mutex_lock(&o->lock);
	while (done < o->queued || !o->is_over) {
		if (done == o->queued) {
			(void)pthread_cond_wait(&o->wakeup, &o->lock);
			continue;
		}
		struct ledger_payment *payment = o->queue[done++];

		(void)pthread_mutex_unlock(&o->lock);
		if (store_update(o->store, apply, &payment->payment) != 0) {
			abort();
		}
		ledger_pending_remove(o->pending, payment);
		free(payment);
		(void)pthread_mutex_lock(&o->lock);
	}
	(void)pthread_mutex_unlock(&o->lock);
	return NULL;
}

static void
open_office(struct office *o, uint32_t credit)
{
	struct err_msg msg = {0};
	char path[PATH_MAX];

	*o = (struct office){.config = metric_config_default()};
	o->config.introduction_credit = credit;
	temp_dir_make(&o->dir);
	cr_assert_eq(mkdir(temp_dir_path(&o->dir, "ledger", path), 0750), 0);
	cr_assert_eq(store_layout_open(
			     STORE_LAYOUT_LEDGER, o->dir.path, STORE_CREATE, &o->store, &msg),
		0, "%s", msg.text);
	cr_assert_eq(ledger_pending_new(&o->pending), 0);
	(void)pthread_mutex_init(&o->lock, NULL);
	(void)pthread_cond_init(&o->wakeup, NULL);
	cr_assert_eq(pthread_create(&o->recorder, NULL, record, o), 0);
}

static void
close_office(struct office *o)
{
	(void)pthread_mutex_lock(&o->lock);
	o->is_over = true;
	(void)pthread_cond_signal(&o->wakeup);
	(void)pthread_mutex_unlock(&o->lock);
	cr_assert_eq(pthread_join(o->recorder, NULL), 0);
	ledger_pending_free(o->pending);
	store_close(o->store);
	temp_dir_remove(&o->dir);
	(void)pthread_mutex_destroy(&o->lock);
	(void)pthread_cond_destroy(&o->wakeup);
}

static struct ledger_desk
desk_of(struct office *o, bool pays)
{
	struct ledger_desk d = {.pending = o->pending, .ctx = o};

	d.submit = pays ? submit : NULL;
	cr_assert_eq(ledger_reader_new(o->store, &d.reader, NULL), 0);
	return d;
}

/* decide - as the daemon does for one message; true when it is let in */
static bool
decide(struct office *o, struct ledger_desk *d, uint8_t sender)
{
	const struct digest digest = {{0x50, sender}};
	const struct metric_question question = {
		.recipient.digest = &alice,
		.sender.digest = &digest,
		.tag = sender,
		.now_s = NOW_S,
		.proven = true,
	};
	struct metric_decision decision;
	struct metric_ledger ledger;
	int code = ledger_desk_begin(d);

	if (code == 0) {
		ledger = ledger_desk_metric(d);
		metric_decide(&o->config, &world, &ledger, &question, &decision);
		if (decision.rule == METRIC_RULE_PAYABLE) {
			code = ledger_desk_pay(d, &o->config, &world, &question, &decision);
		}
	}
	ledger_desk_end(d);
	if (code == 0 && decision.rule == METRIC_RULE_PAYABLE) {
		atomic_fetch_add(&o->granted, 1);
	} else if (code == 0 && decision.rule == METRIC_RULE_PAID) {
		atomic_fetch_add(&o->paid_before, 1);
	} else {
		atomic_fetch_add(&o->refused, 1);
		return false;
	}
	return true;
}

static void *
decide_all(void *arg)
{
	struct office *o = arg;
	struct ledger_desk d = desk_of(o, true);

	for (int sender = 0; sender < SENDERS; sender++) {
		(void)decide(o, &d, (uint8_t)sender);
	}
	ledger_reader_free(d.reader);
	return NULL;
}

static uint64_t
spent_by_bob(struct office *o)
{
	struct ledger_desk d = desk_of(o, false);
	const struct metric_question question = {
		.recipient.digest = &alice, .sender.digest = &bob, .now_s = NOW_S};
	struct metric_account account;
	struct metric_ledger ledger;

	cr_assert_eq(ledger_desk_begin(&d), 0);
	ledger = ledger_desk_metric(&d);
	metric_account_of(&o->config, &world, &ledger, &question, bob_ref, &account);
	ledger_desk_end(&d);
	ledger_reader_free(d.reader);
	return account.spent;
}

static void
race(struct office *o)
{
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++) {
		cr_assert_eq(pthread_create(&threads[i], NULL, decide_all, o), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		cr_assert_eq(pthread_join(threads[i], NULL), 0);
	}
}

Test(ledger_desk, many_threads_never_spend_a_credit_twice)
{
	static struct office o;

	for (uint32_t credit = 1; credit <= 7; credit += 3) {
		open_office(&o, credit * METRIC_ONE);
		race(&o);
		cr_expect_eq(o.granted, credit, "credit %u, granted %u", credit, o.granted);
		cr_expect_eq(o.granted + o.paid_before + o.refused, THREADS * SENDERS);
		close_office(&o);
	}
}

Test(ledger_desk, every_credit_is_granted_and_asking_again_is_free)
{
	static struct office o;

	open_office(&o, SENDERS * METRIC_ONE);
	race(&o);
	cr_expect_eq(o.granted, SENDERS);
	cr_expect_eq(o.paid_before, (THREADS - 1) * SENDERS);
	cr_expect_eq(o.refused, 0);
	close_office(&o);
}

Test(ledger_desk, what_cannot_be_recorded_is_not_granted)
{
	static struct office o;
	struct ledger_desk d;

	open_office(&o, METRIC_ONE);
	d = desk_of(&o, true);
	o.refuses = true;
	cr_expect_not(decide(&o, &d, 1));
	o.refuses = false;
	cr_expect(decide(&o, &d, 2), "the credit is still there");
	cr_expect_not(decide(&o, &d, 1), "now it is not");
	ledger_reader_free(d.reader);
	d.reader = NULL;
	cr_expect_not(decide(&o, &d, 2), "without a ledger nobody is introduced");
	close_office(&o);
}

Test(ledger_desk, dry_runs_pay_nothing)
{
	static struct office o;
	struct ledger_desk d;

	open_office(&o, METRIC_ONE);
	d = desk_of(&o, false);
	cr_expect_not(decide(&o, &d, 1));
	cr_expect_eq(spent_by_bob(&o), 0);
	ledger_reader_free(d.reader);
	close_office(&o);
}

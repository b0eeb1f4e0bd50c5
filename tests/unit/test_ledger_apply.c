#include <criterion/criterion.h>

#include <stdlib.h>

#include "common/ledger/ledger_apply.h"
#include "common/ledger/ledger_entry.h"
#include "common/ledger/ledger_history.h"
#include "common/ledger/ledger_introduction.h"
#include "common/ledger/ledger_pin.h"
#include "common/ledger/ledger_proof.h"
#include "common/ledger/ledger_prune.h"
#include "common/ledger/ledger_seen.h"
#include "common/ledger/ledger_view.h"

#define NOW_S ((uint64_t)1700000000)
#define DAY_S ((uint64_t)86400)

static const struct digest alice = {{0xa}};
static const struct digest bob = {{0xb}};
static const struct digest carol = {{0xc}};
static const struct digest dave = {{0xd}};

static struct store_txn *
begin(struct store **store)
{
	const struct store_config config = {
		.mode = STORE_CREATE,
		.tables = ledger_tables,
		.table_count = LEDGER_TABLE_COUNT,
		.schema_version = LEDGER_SCHEMA_VERSION,
	};
	struct store_txn *txn = NULL;

	cr_assert_eq(store_mem_open(&config, store, NULL), 0);
	cr_assert_eq(store_begin_write(*store, &txn), 0);
	return txn;
}

static void
end(struct store *store, struct store_txn *txn)
{
	cr_expect_eq(store_txn_error(txn), 0);
	store_abort(txn);
	store_close(store);
}

/* pay - bob and carol paid `amounts` to bring `sender` to alice; carol through dave */
static void
pay(struct store_txn *txn, const struct digest *sender, uint64_t at_s, uint32_t from_bob,
	uint32_t from_carol)
{
	static struct metric_payment payment;
	struct metric_introduction *paid = &payment.introduction;

	payment = (struct metric_payment){
		.recipient.digest = &alice, .sender.digest = sender, .tag = sender->bytes[0]};
	paid->paid_s = paid->seen_s = at_s;
	paid->price = METRIC_ONE;
	paid->shares[paid->share_count++] = (struct metric_share){
		.payer.digest = &bob, .amount = from_bob, .share = from_bob};
	if (from_carol > 0) {
		paid->shares[paid->share_count++] =
			(struct metric_share){.payer.digest = &carol,
				.middleman.digest = &dave,
				.amount = from_carol,
				.share = from_carol};
	}
	ledger_apply_payment(txn, &payment);
}

/* digest_of - all entries, so that two states of the ledger can be compared */
static struct digest
digest_of(struct store_txn *txn, enum ledger_table table)
{
	struct store_cursor *c = store_cursor_open(txn, table);
	struct digest sum = {{0}};
	struct slice key;
	struct slice record;
	bool more = store_cursor_seek(c, slice_of(NULL, 0), &key, &record);

	for (; more; more = store_cursor_next(c, &key, &record)) {
		const struct slice parts[] = {digest_slice(&sum), key, record};

		digest_sha256_parts(parts, ARRAY_LEN(parts), &sum);
	}
	store_cursor_close(c);
	return sum;
}

struct total {
	uint64_t count;
	uint64_t amount;
	uint64_t last_s;
	bool ascending; /* a time before one that came earlier */
};

static bool
add_up(void *ctx, const struct metric_entry *entry)
{
	struct total *t = ctx;

	t->ascending = t->ascending || (t->count > 0 && entry->at_s > t->last_s);
	t->last_s = entry->at_s;
	t->count++;
	t->amount += entry->amount;
	return true;
}

static struct total
total(struct store_txn *txn, enum metric_table table, const struct digest *a,
	const struct digest *b)
{
	struct ledger_view view = {.txn = txn};
	struct metric_ledger ledger = ledger_view_metric(&view);
	const struct metric_party first = {.digest = a};
	const struct metric_party second = {.digest = b};
	struct total t = {0};

	ledger.ops->walk(ledger.ctx, table, &first, b == NULL ? NULL : &second, add_up, &t);
	return t;
}

static struct ledger_saying
spam_of(uint8_t message, const struct digest *sender, uint64_t at_s)
{
	return (struct ledger_saying){
		.key = {.message = {{message}}, .user = alice},
		.is_spam = true,
		.touches = true,
		.sender = *sender,
		.at_s = at_s,
	};
}

Test(ledger_apply, a_payment_is_found_where_the_metric_looks)
{
	static struct metric_introduction found;
	const struct digest stranger = {{0x51}};
	struct store *store = NULL;
	struct store_txn *txn = begin(&store);

	pay(txn, &stranger, NOW_S, 600000, 400000);
	pay(txn, &stranger, NOW_S, 600000, 400000);
	pay(txn, &dave, NOW_S - DAY_S, 1000000, 0);
	cr_expect_eq(total(txn, METRIC_SPENT, &alice, &bob).amount, 1600000, "once each");
	cr_expect_eq(total(txn, METRIC_SPENT, &alice, &carol).amount, 400000);
	cr_expect_eq(total(txn, METRIC_THROUGH, &alice, &dave).amount, 400000);
	cr_expect_eq(total(txn, METRIC_SPENT, &carol, &bob).count, 0, "another recipient");
	cr_expect_not(total(txn, METRIC_SPENT, &alice, &bob).ascending, "newest first");
	cr_assert(ledger_introduction_find(txn, &alice, &stranger, &found));
	cr_expect_eq(found.share_count, 2);
	cr_expect_eq(found.shares[1].share, 400000);
	cr_expect_not(ledger_introduction_find(txn, &bob, &stranger, &found));
	end(store, txn);
}

Test(ledger_apply, a_report_charges_who_paid_and_undoing_restores_exactly)
{
	enum {
		REMOVE,
		SAY_HAM,
		WAYS
	};
	static const char *const labels[] = {"removed", "ham"};
	const struct metric_config config = metric_config_default();
	const struct digest stranger = {{0x51}};

	for (int way = REMOVE; way < WAYS; way++) {
		struct store *store = NULL;
		struct store_txn *txn = begin(&store);
		struct ledger_saying first = spam_of(1, &dave, NOW_S - 100);
		struct ledger_saying saying = spam_of(2, &stranger, NOW_S);
		struct digest before;

		pay(txn, &stranger, NOW_S - DAY_S, 600000, 400000);
		cr_expect(ledger_apply_report(txn, &config, &first));
		before = digest_of(txn, LEDGER_ENTRIES);
		cr_expect(ledger_apply_report(txn, &config, &saying));
		cr_expect_not(ledger_apply_report(txn, &config, &saying), "twice is once");
		saying.at_s += 5;
		cr_expect_not(ledger_apply_report(txn, &config, &saying), "later, too");
		cr_expect_eq(total(txn, METRIC_REPORT, &alice, &stranger).count, 1);
		cr_expect_eq(total(txn, METRIC_CHARGE, &alice, &bob).amount, 600000);
		cr_expect_eq(total(txn, METRIC_CHARGE, &alice, &carol).amount, 400000);
		cr_expect_eq(total(txn, METRIC_ACCUSATION, &bob, NULL).count, 1);
		cr_expect_eq(total(txn, METRIC_WARNING, &stranger, NULL).count, 1);
		cr_expect_eq(total(txn, METRIC_WARNED, &alice, NULL).count, 2);
		/* What is paid meanwhile stays. */
		pay(txn, &carol, NOW_S + 10, 500000, 0);
		if (way == REMOVE) {
			cr_expect(ledger_apply_removal(txn, &saying.key));
			cr_expect_not(ledger_apply_removal(txn, &saying.key));
		} else {
			saying.is_spam = false;
			cr_expect(ledger_apply_report(txn, &config, &saying));
			cr_expect_not(ledger_apply_report(txn, &config, &saying));
		}
		cr_expect_eq(total(txn, METRIC_SPENT, &alice, &bob).amount, 1100000);
		ledger_entry_remove(txn, &(struct ledger_entry_key){METRIC_SPENT, &alice, &bob,
						 NOW_S + 10, carol.bytes[0]});
		struct digest after = digest_of(txn, LEDGER_ENTRIES);

		cr_expect(digest_eq(&before, &after), "%s", labels[way]);
		end(store, txn);
	}
}

Test(ledger_apply, a_report_that_proves_nothing_touches_no_trust)
{
	const struct metric_config config = metric_config_default();
	struct store *store = NULL;
	struct store_txn *txn = begin(&store);
	struct ledger_saying saying = spam_of(1, &dave, NOW_S);
	struct ledger_report report;

	saying.touches = false;
	cr_expect(ledger_apply_report(txn, &config, &saying));
	cr_expect_eq(store_count(txn, LEDGER_ENTRIES), 0);
	cr_expect(ledger_report_find(txn, &saying.key, &report) && !report.touched);
	saying.is_spam = false;
	saying.touches = true;
	cr_expect(ledger_apply_report(txn, &config, &saying));
	cr_expect_eq(store_count(txn, LEDGER_ENTRIES), 0, "ham never does");
	end(store, txn);
}

Test(ledger_apply, warnings_of_one_reporter_have_a_budget)
{
	const struct metric_config config = metric_config_default();
	struct store *store = NULL;
	struct store_txn *txn = begin(&store);

	for (uint8_t i = 0; i < 5; i++) {
		const struct digest stranger = {{0x60, i}};
		struct ledger_saying saying = spam_of((uint8_t)(10 + i), &stranger, NOW_S + i);

		cr_expect(ledger_apply_report(txn, &config, &saying));
		cr_expect_eq(total(txn, METRIC_WARNING, &stranger, NULL).count,
			i < config.reporter_warnings, "report %u", i);
	}
	end(store, txn);
}

Test(ledger_apply, pardon_and_forget_take_back_what_they_name)
{
	const struct metric_config config = metric_config_default();
	const struct digest stranger = {{0x51}};
	struct store *store = NULL;
	struct store_txn *txn = begin(&store);
	struct ledger_saying saying = spam_of(1, &stranger, NOW_S);
	struct ledger_saying other = spam_of(2, &stranger, NOW_S + 1);
	struct ledger_saying of_bob = spam_of(1, &stranger, NOW_S + 2);

	of_bob.key.user = bob;
	pay(txn, &stranger, NOW_S - DAY_S, 600000, 400000);
	cr_assert(ledger_apply_report(txn, &config, &saying));
	cr_assert(ledger_apply_report(txn, &config, &other));
	cr_assert(ledger_apply_report(txn, &config, &of_bob));
	cr_expect_eq(ledger_apply_pardon(txn, &alice, &bob), 4, "two charges, two accusations");
	cr_expect_eq(total(txn, METRIC_CHARGE, &alice, &bob).count, 0);
	cr_expect_eq(total(txn, METRIC_ACCUSATION, &bob, NULL).count, 0);
	cr_expect_eq(total(txn, METRIC_CHARGE, &alice, &carol).count, 2);
	cr_expect_eq(ledger_apply_pardon(txn, &alice, &bob), 0);
	cr_expect_eq(ledger_apply_forget(txn, &alice, &stranger), 2);
	cr_expect_eq(total(txn, METRIC_REPORT, &alice, &stranger).count, 0);
	cr_expect_eq(total(txn, METRIC_REPORT, &bob, &stranger).count, 1, "bob's stays");
	cr_expect_eq(total(txn, METRIC_CHARGE, &alice, &carol).count, 0);
	cr_expect_eq(ledger_report_count(txn), 1);
	end(store, txn);
}

/* What a friend's mail, signed by one domain after the other, does to the pin. */
Test(ledger_pin, first_domain_is_pinned_and_others_wait_for_confirmation)
{
	struct store *store = NULL;
	struct store_txn *txn = begin(&store);
	char domain[LEDGER_DOMAIN_MAX + 1] = "";
	struct ledger_pin pin;

	cr_expect_eq(
		ledger_pin_confirm(txn, &alice, &bob, SLICE(""), NOW_S, domain), ERR_NOTFOUND);
	ledger_pin_note(txn, &alice, &bob, SLICE(""), NOW_S);
	cr_expect_not(ledger_pin_find(txn, &alice, &bob, &pin), "no domain, no pin");
	ledger_pin_note(txn, &alice, &bob, SLICE("example.net"), NOW_S);
	ledger_pin_note(txn, &alice, &bob, SLICE("example.net"), NOW_S + 1);
	cr_assert(ledger_pin_find(txn, &alice, &bob, &pin));
	cr_expect(pin.count == 1 && pin.domains[0].at_s == NOW_S && pin.unknown.at_s == 0);
	cr_expect_eq(ledger_pin_confirm(txn, &alice, &bob, SLICE(""), NOW_S, domain),
		ERR_NOTFOUND, "nothing to confirm");
	ledger_pin_note(txn, &alice, &bob, SLICE("evil.example"), NOW_S + 2);
	cr_assert(ledger_pin_find(txn, &alice, &bob, &pin));
	cr_expect(pin.count == 1 && !ledger_pin_holds(&pin, SLICE("evil.example")));
	ledger_pin_note(txn, &alice, &bob, SLICE("example.com"), NOW_S + 3);
	cr_expect_eq(ledger_pin_confirm(txn, &alice, &bob, SLICE(""), NOW_S + 4, domain), 0);
	cr_expect_str_eq(domain, "example.com", "the one that came last");
	cr_assert(ledger_pin_find(txn, &alice, &bob, &pin));
	cr_expect(pin.count == 2 && ledger_pin_holds(&pin, SLICE("example.com")) &&
		  pin.unknown.at_s == 0);
	cr_expect_eq(ledger_pin_confirm(txn, &alice, &bob, SLICE("example.com"), NOW_S, domain),
		ERR_EXISTS);
	cr_expect_not(ledger_pin_find(txn, &carol, &bob, &pin), "another user's is his own");
	for (char c = 'a'; c < 'a' + LEDGER_PIN_DOMAINS_MAX; c++) {
		const char name[] = {c, '\0'};

		cr_expect_eq(
			ledger_pin_confirm(txn, &alice, &bob, slice_str(name), NOW_S, domain),
			0);
	}
	cr_assert(ledger_pin_find(txn, &alice, &bob, &pin));
	cr_expect(pin.count == LEDGER_PIN_DOMAINS_MAX &&
			  !ledger_pin_holds(&pin, SLICE("example.net")),
		"the oldest gave way");
	end(store, txn);
}

Test(ledger_seen, keeps_an_introduction_alive_but_wakes_none_up)
{
	static struct metric_introduction paid;
	const struct metric_config config = metric_config_default();
	const uint64_t life_s = config.introduction_life_s;
	struct store *store = NULL;
	struct store_txn *txn = begin(&store);

	pay(txn, &dave, NOW_S, 1000000, 0);
	ledger_seen_note(txn, &config, &alice, &dave, NOW_S + DAY_S);
	cr_expect_eq(ledger_seen_find(txn, &alice, &dave), NOW_S + DAY_S);
	cr_expect_eq(ledger_seen_find(txn, &dave, &alice), 0);
	ledger_seen_note(txn, &config, &alice, &dave, NOW_S + DAY_S + 60);
	cr_expect_eq(ledger_seen_find(txn, &alice, &dave), NOW_S + DAY_S, "to the day");
	cr_assert(ledger_introduction_find(txn, &alice, &dave, &paid));
	cr_expect_eq(paid.seen_s, NOW_S + DAY_S);
	cr_expect_eq(paid.paid_s, NOW_S);
	ledger_seen_note(txn, &config, &alice, &dave, NOW_S + DAY_S + life_s);
	cr_assert(ledger_introduction_find(txn, &alice, &dave, &paid));
	cr_expect_eq(paid.seen_s, NOW_S + DAY_S, "it had ended");
	end(store, txn);
}

static struct ledger_decision
decision(uint8_t number, bool has_lead)
{
	return (struct ledger_decision){
		.at_s = NOW_S + number,
		.evidence = 3,
		.tier = TIER_KNOWN,
		.score_milli = number,
		.has_lead = has_lead,
		.lead = {{number}},
		.user = SLICE("alice@example.org"),
		.sender = SLICE("dave@example.net"),
	};
}

struct seen_scores {
	size_t count;
	int32_t scores[16];
	size_t stop_at;
};

static bool
note_score(void *ctx, const struct ledger_decision *d)
{
	struct seen_scores *s = ctx;

	s->scores[s->count++] = d->score_milli;
	return s->count != s->stop_at;
}

Test(ledger_history, is_read_in_order_and_goes_on_where_it_stopped)
{
	struct store *store = NULL;
	struct store_txn *txn = begin(&store);
	struct seen_scores seen = {.stop_at = 2};
	struct ledger_history_at at;

	for (uint8_t i = 0; i < 5; i++) {
		const struct ledger_decision d = decision(i, false);

		/* The clock stands still, then goes back. */
		ledger_history_add(txn, &d, i < 3 ? NOW_S * 1000 : NOW_S * 1000 - 5000);
	}
	ledger_history_since(0, &at);
	ledger_history_walk(txn, &at, note_score, &seen);
	cr_expect_eq(seen.count, 2);
	ledger_history_walk(txn, &at, note_score, &seen);
	cr_assert_eq(seen.count, 5);
	for (int32_t i = 0; i < 5; i++) {
		cr_expect_eq(seen.scores[i], i);
	}
	ledger_history_walk(txn, &at, note_score, &seen);
	cr_expect_eq(seen.count, 5, "nothing new");
	ledger_history_since(NOW_S + 1, &at);
	ledger_history_walk(txn, &at, note_score, &seen);
	cr_expect_eq(seen.count, 5, "nothing since");
	cr_expect_eq(ledger_history_oldest(txn), NOW_S);
	end(store, txn);
}

Test(ledger_history, finds_the_newest_decision_about_a_message_until_it_is_pruned)
{
	struct store *store = NULL;
	struct store_txn *txn = begin(&store);
	struct ledger_decision d = decision(7, true);
	struct ledger_decision out;
	struct digest user;

	ledger_address_digest(d.user, &user);
	ledger_history_add(txn, &d, NOW_S * 1000);
	d.score_milli = 8;
	ledger_history_add(txn, &d, (NOW_S + 50) * 1000);
	cr_assert(ledger_history_find(txn, &d.lead, &user, &out));
	cr_expect_eq(out.score_milli, 8);
	cr_expect_not(ledger_history_find(txn, &d.lead, &bob, &out), "another user");
	cr_expect_not(ledger_history_find(txn, &user, &user, &out), "another message");
	ledger_history_prune(txn, NOW_S + 10, 100, 100);
	cr_expect_eq(store_count(txn, LEDGER_HISTORY), 1);
	cr_expect(ledger_history_find(txn, &d.lead, &user, &out), "the newer one is there");
	ledger_history_prune(txn, NOW_S + 51, 100, 100);
	cr_expect_eq(store_count(txn, LEDGER_HISTORY), 0);
	cr_expect_eq(store_count(txn, LEDGER_DELIVERIES), 0);
	cr_expect_eq(ledger_history_oldest(txn), 0);
	end(store, txn);
}

Test(ledger_history, is_bounded_in_number_and_pruned_in_steps)
{
	struct store *store = NULL;
	struct store_txn *txn = begin(&store);

	for (uint8_t i = 0; i < 100; i++) {
		const struct ledger_decision d = decision(i, i % 2 == 0);

		ledger_history_add(txn, &d, (NOW_S + i) * 1000);
	}
	ledger_history_prune(txn, 0, 10, 20);
	cr_expect_eq(store_count(txn, LEDGER_HISTORY), 80);
	ledger_history_prune(txn, 0, 10, 1000);
	cr_expect_eq(store_count(txn, LEDGER_HISTORY), 10);
	cr_expect_eq(store_count(txn, LEDGER_DELIVERIES), 5);
	cr_expect_eq(ledger_history_oldest(txn), NOW_S + 90);
	end(store, txn);
}

Test(ledger_prune, drops_what_is_over_and_nothing_else)
{
	const struct metric_config config = metric_config_default();
	const struct ledger_limits limits = {.history_s = 90 * DAY_S, .history_max = 1000};
	const uint64_t later_s = NOW_S + 2000 * DAY_S;
	struct store *store = NULL;
	struct store_txn *txn = begin(&store);
	struct ledger_prune prune = {0};
	struct ledger_saying saying = spam_of(1, &dave, NOW_S);
	struct ledger_saying quiet = spam_of(2, &dave, NOW_S);

	quiet.touches = false;
	for (uint8_t i = 0; i < 50; i++) {
		const struct digest stranger = {{0x51, i}};

		pay(txn, &stranger, NOW_S + i, 600000, 400000);
		ledger_seen_note(txn, &config, &alice, &stranger, NOW_S);
	}
	cr_assert(ledger_apply_report(txn, &config, &saying));
	cr_assert(ledger_apply_report(txn, &config, &quiet));
	ledger_pin_note(txn, &alice, &bob, SLICE("example.net"), NOW_S);
	ledger_proof_note(txn, &bob, &carol, NOW_S);
	ledger_proof_note(txn, &dave, &carol, later_s - DAY_S);
	pay(txn, &carol, later_s, 1000000, 0);
	for (int i = 0; i < 500; i++) {
		(void)ledger_prune_step(&prune, txn, &config, &limits, NOW_S + 60, 7);
	}
	cr_expect_eq(total(txn, METRIC_SPENT, &alice, &bob).count, 51, "not yet");
	cr_expect_eq(ledger_report_count(txn), 2);
	cr_expect_eq(store_count(txn, LEDGER_PROOFS), 2);
	for (int i = 0; i < 500; i++) {
		(void)ledger_prune_step(&prune, txn, &config, &limits, later_s, 7);
	}
	cr_expect_eq(total(txn, METRIC_SPENT, &alice, &bob).count, 1);
	cr_expect_eq(total(txn, METRIC_THROUGH, &alice, &dave).count, 0);
	cr_expect_eq(total(txn, METRIC_WARNING, &dave, NULL).count, 0);
	cr_expect_eq(total(txn, METRIC_REPORT, &alice, &dave).count, 1, "it stands");
	cr_expect_eq(ledger_report_count(txn), 1, "the one that touched no trust went");
	cr_expect_eq(store_count(txn, LEDGER_INTRODUCTIONS), 1);
	cr_expect_eq(store_count(txn, LEDGER_SEEN), 0);
	cr_expect_eq(store_count(txn, LEDGER_PINS), 1, "pins stay");
	cr_expect_eq(store_count(txn, LEDGER_PROOFS), 1, "one was shown a day ago");
	end(store, txn);
}

/* shown - when an identity was shown first and last; zero for never */
static struct ledger_shown
shown(struct store_txn *txn, const struct digest *address, const struct digest *identity)
{
	struct ledger_proof proof = {0};

	(void)ledger_proof_find(txn, address, &proof);
	for (size_t i = 0; i < proof.count; i++) {
		if (digest_eq(&proof.shown[i].identity, identity)) {
			return proof.shown[i];
		}
	}
	return (struct ledger_shown){0};
}

Test(ledger_proof, keeps_when_an_identity_was_shown_to_the_day)
{
	struct store *store = NULL;
	struct store_txn *txn = begin(&store);

	cr_expect_not(ledger_proof_any(txn));
	ledger_proof_note(txn, &bob, &carol, NOW_S);
	cr_expect(ledger_proof_any(txn));
	ledger_proof_note(txn, &bob, &carol, NOW_S + DAY_S - 1);
	cr_expect_eq(shown(txn, &bob, &carol).last_s, NOW_S, "not twice a day");
	ledger_proof_note(txn, &bob, &carol, NOW_S + DAY_S);
	cr_expect_eq(shown(txn, &bob, &carol).last_s, NOW_S + DAY_S);
	cr_expect_eq(shown(txn, &bob, &carol).first_s, NOW_S);
	ledger_proof_note(txn, &bob, &carol, NOW_S - 9 * DAY_S);
	cr_expect_eq(shown(txn, &bob, &carol).last_s, NOW_S + DAY_S, "a clock set back");
	ledger_proof_note(txn, &bob, &carol, NOW_S + 500 * DAY_S);
	cr_expect_eq(shown(txn, &bob, &carol).first_s, NOW_S + 500 * DAY_S, "it had ended");
	cr_expect_eq(shown(txn, &carol, &bob).last_s, 0);
	end(store, txn);
}

Test(ledger_proof, holds_so_many_identities_of_an_address_at_most)
{
	struct store *store = NULL;
	struct store_txn *txn = begin(&store);
	struct ledger_proof proof;

	for (uint8_t i = 0; i <= LEDGER_PROOF_IDENTITIES_MAX; i++) {
		const struct digest identity = {{i, 9}};

		ledger_proof_note(txn, &bob, &identity, NOW_S + i);
	}
	cr_assert(ledger_proof_find(txn, &bob, &proof));
	cr_expect_eq(proof.count, LEDGER_PROOF_IDENTITIES_MAX);
	cr_expect_eq(shown(txn, &bob, &(struct digest){{0, 9}}).last_s, 0, "the oldest went");
	cr_expect_eq(shown(txn, &bob, &(struct digest){{1, 9}}).last_s, NOW_S + 1);
	end(store, txn);
}

Test(ledger_proof, is_walked_beside_another_list)
{
	struct store *store = NULL;
	struct store_txn *txn = begin(&store);
	struct ledger_proof_walk walk = {0};

	ledger_proof_walk_seek(&walk, &bob);
	cr_expect_not(walk.has_address, "none was begun");
	for (uint8_t i = 1; i <= 5; i++) {
		ledger_proof_note(txn, &(struct digest){{i * 10}}, &carol, NOW_S);
	}
	ledger_proof_walk_begin(&walk, txn);
	cr_expect_eq(walk.address.bytes[0], 10);
	ledger_proof_walk_seek(&walk, &(struct digest){{5}});
	cr_expect_eq(walk.address.bytes[0], 10, "it is there already");
	ledger_proof_walk_seek(&walk, &(struct digest){{30}});
	cr_expect_eq(walk.address.bytes[0], 30);
	ledger_proof_walk_seek(&walk, &(struct digest){{30, 1}});
	cr_expect_eq(walk.address.bytes[0], 40);
	ledger_proof_walk_seek(&walk, &(struct digest){{51}});
	cr_expect_not(walk.has_address);
	ledger_proof_walk_end(&walk);
	end(store, txn);
}

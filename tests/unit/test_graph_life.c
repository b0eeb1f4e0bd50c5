/* The life cycle of keys, each rule by the attack it stops (DESIGN 3). */
#include <criterion/criterion.h>

#include <inttypes.h>
#include <stdio.h>

#include "tests/support/graph_world.h"

#define DAY     86400U
#define NOW     1800000000U
#define MALLORY "addr:mallory@example.com"
#define BOB     "addr:bob@example.net"
#define NEVER   UINT64_MAX

static struct world w;
static struct person alice;
static struct person next; /* the root that alice committed to */
static struct person thief;
static struct person bob;
static struct person carol;
static struct person dave;
static const struct person *guardians[] = {&bob, &carol, &dave};
static const struct person *cronies[] = {&thief};

static void
setup(void)
{
	world_make(&w, WORLD_MEM);
	person_make(&alice, 1);
	person_make(&next, 2);
	person_make(&thief, 3);
	person_make(&bob, 4);
	person_make(&carol, 5);
	person_make(&dave, 6);
}

static void
teardown(void)
{
	struct person *all[] = {&alice, &next, &thief, &bob, &carol, &dave};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		person_fini(all[i]);
	}
	world_fini(&w);
}

TestSuite(graph_life, .init = setup, .fini = teardown);

static struct graph_fate
fate_of(const struct person *p)
{
	struct graph_reader *r = world_read(&w);
	struct graph_fate fate;

	graph_fate(r, graph_find(r, &p->self), &fate);
	world_read_end(r);
	return fate;
}

static bool
is_current(const struct person *old, const struct person *current)
{
	struct graph_reader *r = world_read(&w);
	graph_node node = graph_find(r, &old->self);
	bool same =
		node != GRAPH_NONE && graph_current(r, node) == graph_find(r, &current->self);

	world_read_end(r);
	return same;
}

static void
rebuild(void)
{
	struct graph_txn *txn = world_begin(&w);
	struct err_msg msg = {0};

	cr_assert_eq(graph_rebuild(txn, &msg), 0, "%s", msg.text);
	world_commit(txn);
}

/* stopped_since - what is derived, and derived again; NEVER where she is not stopped */
static uint64_t
stopped_since(const struct person *p)
{
	uint64_t since = fate_of(p).guarded_since_s;

	rebuild();
	cr_assert_eq(fate_of(p).guarded_since_s, since, "rebuilt");
	return since == 0 ? NEVER : since;
}

/*
 * introduce_alice - her identity with its committed next and three guardians, two of whom stop
 * her
 */
static void
introduce_alice(uint64_t at_s)
{
	cr_assert_eq(world_add(&w,
			     person_identity_guarded(&alice, 1, at_s, &next, guardians,
				     ARRAY_LEN(guardians), 2),
			     at_s),
		GRAPH_ADDED);
}

static void
say(const struct person *guardian, uint64_t seq, uint64_t at_s, bool in_force)
{
	(void)world_add(&w, person_guard(guardian, BY_ROOT, seq, at_s, &alice, in_force), at_s);
}

/* --- succession ----------------------------------------------------------------------------- */

Test(graph_life, the_committed_successor_continues_the_identity)
{
	graph_node formers[GRAPH_FORMERS_MAX];
	struct graph_reader *r;

	introduce_alice(NOW);
	cr_assert_eq(
		world_add(&w, person_succeed(&next, 1, NOW, &alice), NOW + 10), GRAPH_ADDED);
	cr_assert(is_current(&alice, &next));
	cr_assert(is_current(&next, &next));
	cr_assert_eq(fate_of(&alice).succeeded_since_s, NOW + 10);
	r = world_read(&w);
	cr_assert_eq(graph_formers(r, graph_find(r, &next.self), formers), 1);
	cr_assert_eq(formers[0], graph_find(r, &alice.self));
	world_read_end(r);
	rebuild();
	cr_assert(is_current(&alice, &next));
}

Test(graph_life, a_thief_with_the_root_cannot_move_the_identity)
{
	introduce_alice(NOW);
	cr_assert_eq(world_add(&w, person_identity(&alice, 9, NOW, &thief, false), NOW + 5),
		GRAPH_CONFLICT, "another successor is refused");
	(void)world_add(&w, person_succeed(&thief, 1, NOW, &alice), NOW + 6);
	cr_assert(is_current(&alice, &alice));
	(void)world_add(&w, person_succeed(&next, 1, NOW, &alice), NOW + 7);
	cr_assert(is_current(&alice, &next));
}

Test(graph_life, a_successor_of_whom_nobody_committed_to_is_none)
{
	(void)world_add(&w, person_succeed(&thief, 1, NOW, &alice), NOW);
	cr_assert(!is_current(&alice, &thief));
	(void)world_add(&w, person_identity(&alice, 1, NOW, NULL, false), NOW);
	cr_assert(is_current(&alice, &alice));
}

Test(graph_life, the_succession_may_come_before_the_identity)
{
	(void)world_add(&w, person_succeed(&next, 1, NOW, &alice), NOW);
	introduce_alice(NOW + 5);
	cr_assert(is_current(&alice, &next));
	cr_assert_eq(fate_of(&alice).succeeded_since_s, NOW);
}

Test(graph_life, after_the_succession_the_old_root_says_nothing_more)
{
	introduce_alice(NOW);
	(void)world_add(&w, person_vouch(&alice, BY_ROOT, 1, NOW, BOB, 2), NOW + 1);
	(void)world_add(&w, person_succeed(&next, 1, NOW, &alice), NOW + 10);
	(void)world_add(&w, person_vouch(&alice, BY_ROOT, 1, NOW, MALLORY, 3), NOW + 11);
	(void)world_add(&w, person_device(&alice, BY_PHONE, 1, NOW), NOW + 12);
	(void)world_add(
		&w, person_vouch(&alice, BY_PHONE, 1, NOW, "dom:example.com", 3), NOW + 13);
	cr_assert_eq(world_level(&w, &alice, BOB), 2, "what it said before stays");
	cr_assert_eq(world_level(&w, &alice, MALLORY), 0);
	cr_assert_eq(world_level(&w, &alice, "dom:example.com"), 0);
}

Test(graph_life, a_revoked_root_does_not_take_the_successor_along)
{
	struct issued first = person_identity(&alice, 1, NOW, &next, false);
	struct principal what = principal_of_statement(&first);

	(void)world_add(&w, first, NOW);
	(void)world_add(&w, person_revoke(&alice, BY_ROOT, 1, NOW, &what, 0), NOW + 1);
	(void)world_add(&w, person_revoke(&alice, BY_ROOT, 1, NOW, &alice.self, 0), NOW + 2);
	(void)world_add(&w, person_succeed(&next, 1, NOW, &alice), NOW + 10);
	cr_assert(is_current(&alice, &next), "whatever the thief revoked");
	cr_assert_neq(fate_of(&alice).revoked_since_s, NEVER);
	cr_assert_eq(fate_of(&next).revoked_since_s, 0);
}

Test(graph_life, a_successor_that_was_revoked_before_it_spoke_is_none)
{
	introduce_alice(NOW);
	(void)world_add(
		&w, person_revoke(&next, BY_ROOT, 1, NOW, &next.self, NOW + 5), NOW + 5);
	(void)world_add(&w, person_succeed(&next, 1, NOW, &alice), NOW + 10);
	cr_assert(is_current(&alice, &alice));
}

Test(graph_life, successions_in_a_row_and_in_a_ring_end)
{
	(void)world_add(&w, person_identity(&alice, 1, NOW, &bob, false), NOW);
	(void)world_add(&w, person_identity(&bob, 1, NOW, &carol, false), NOW);
	(void)world_add(&w, person_succeed(&bob, 1, NOW, &alice), NOW);
	(void)world_add(&w, person_succeed(&carol, 1, NOW, &bob), NOW);
	cr_assert(is_current(&alice, &carol));
	(void)world_add(&w, person_identity(&carol, 1, NOW, &alice, false), NOW);
	(void)world_add(&w, person_succeed(&alice, 1, NOW, &carol), NOW);
	(void)is_current(&alice, &carol);
}

/* --- guardians ------------------------------------------------------------------------------ */

Test(graph_life, enough_guardians_stop_an_identity_without_its_owner)
{
	static const struct {
		const char *label;
		uint64_t second_s;
		uint64_t stopped_s;
	} rows[] = {
		{"at once", NOW, NOW},
		{"within the week", NOW + 7 * DAY, NOW + 7 * DAY},
		{"too late", NOW + 7 * DAY + 1, NEVER},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		world_fini(&w);
		world_make(&w, WORLD_MEM);
		introduce_alice(NOW - DAY);
		say(&bob, 1, NOW, true);
		cr_assert_eq(stopped_since(&alice), NEVER, "one is not enough");
		say(&carol, 1, rows[i].second_s, true);
		cr_assert_eq(stopped_since(&alice), rows[i].stopped_s, "%s", rows[i].label);
	}
}

Test(graph_life, what_a_stopped_identity_says_does_not_count)
{
	struct graph_reader *r;
	uint64_t since = 0;

	introduce_alice(NOW);
	(void)world_add(&w, person_vouch(&alice, BY_ROOT, 1, NOW, BOB, 2), NOW + 1);
	say(&bob, 1, NOW + 5, true);
	say(&dave, 1, NOW + 10, true);
	(void)world_add(&w, person_vouch(&alice, BY_ROOT, 1, NOW, MALLORY, 3), NOW + 11);
	cr_assert_eq(world_level(&w, &alice, BOB), 2);
	cr_assert_eq(world_level(&w, &alice, MALLORY), 0);
	r = world_read(&w);
	cr_assert(graph_is_revoked(r, graph_find(r, &alice.self), NOW + 10, &since));
	cr_assert_eq(since, NOW + 10);
	cr_assert_not(graph_is_revoked(r, graph_find(r, &alice.self), NOW + 9, NULL));
	world_read_end(r);
	cr_assert_eq(fate_of(&alice).soft_until_s, NOW + 10 + 14 * DAY);
}

Test(graph_life, strangers_and_one_guardian_twice_stop_nobody)
{
	introduce_alice(NOW);
	say(&thief, 1, NOW, true);
	say(&next, 1, NOW, true);
	say(&bob, 1, NOW, true);
	say(&bob, 2, NOW + 5, true);
	cr_assert_eq(stopped_since(&alice), NEVER);
}

Test(graph_life, guardians_may_take_a_stop_back_for_two_weeks)
{
	static const struct {
		const char *label;
		uint64_t back_s;
		uint64_t stopped_s;
	} rows[] = {
		{"at once", NOW + 1, NEVER},
		{"on the last day", NOW + 14 * DAY, NEVER},
		{"too late", NOW + 14 * DAY + 1, NOW},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		world_fini(&w);
		world_make(&w, WORLD_MEM);
		introduce_alice(NOW - DAY);
		say(&bob, 1, NOW, true);
		say(&carol, 1, NOW, true);
		say(&bob, 2, rows[i].back_s, false);
		cr_assert_eq(stopped_since(&alice), rows[i].stopped_s, "%s", rows[i].label);
	}
}

Test(graph_life, a_thief_with_the_root_cannot_dismiss_the_guardians_first)
{
	introduce_alice(NOW);
	(void)world_add(&w,
		person_identity_guarded(&alice, 2, NOW + 40 * DAY, &next, cronies, 1, 1),
		NOW + 40 * DAY);
	say(&thief, 1, NOW + 50 * DAY, true);
	cr_assert_eq(stopped_since(&alice), NEVER, "his own guardian does not count yet");
	say(&bob, 1, NOW + 69 * DAY, true);
	say(&carol, 1, NOW + 69 * DAY, true);
	cr_assert_eq(stopped_since(&alice), NOW + 69 * DAY);
	/* What he says once she is stopped, also after the delay, changes nothing. */
	for (uint64_t i = 0; i < 40; i++) {
		(void)world_add(&w,
			person_identity_guarded(&alice, 3 + i, NOW, &next, cronies, 1, 1),
			NOW + (80 + 40 * i) * DAY);
	}
	cr_assert_eq(stopped_since(&alice), NOW + 69 * DAY);
}

Test(graph_life, a_change_of_guardians_counts_after_thirty_days)
{
	static const struct {
		const char *label;
		uint64_t at_s;
		bool stopped;
	} rows[] = {
		{"before", NOW + 30 * DAY - 1, false},
		{"from then on", NOW + 30 * DAY, true},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		world_fini(&w);
		world_make(&w, WORLD_MEM);
		introduce_alice(NOW - 99 * DAY);
		(void)world_add(
			&w, person_identity_guarded(&alice, 2, NOW, &next, cronies, 1, 1), NOW);
		say(&thief, 1, rows[i].at_s, true);
		cr_assert_eq(stopped_since(&alice), rows[i].stopped ? rows[i].at_s : NEVER,
			"%s", rows[i].label);
	}
}

Test(graph_life, guardians_named_for_the_first_time_count_at_once)
{
	(void)world_add(&w, person_identity(&alice, 1, NOW, &next, false), NOW);
	(void)world_add(&w, person_identity_guarded(&alice, 2, NOW + 5, &next, guardians, 3, 2),
		NOW + 5);
	say(&bob, 1, NOW + 6, true);
	say(&carol, 1, NOW + 7, true);
	cr_assert_eq(stopped_since(&alice), NOW + 7);
}

Test(graph_life, the_word_of_a_guardian_whose_key_was_stolen_is_void)
{
	introduce_alice(NOW);
	say(&bob, 1, NOW + 10, true);
	say(&carol, 1, NOW + 20, true);
	(void)world_add(&w, person_revoke(&bob, BY_ROOT, 1, NOW, &bob.self, NOW + 5), NOW + 30);
	cr_assert_eq(stopped_since(&alice), NEVER);
	say(&dave, 1, NOW + 40, true);
	cr_assert_eq(stopped_since(&alice), NOW + 40);
}

Test(graph_life, a_guardian_who_warns_of_many_keeps_his_guard)
{
	struct issuer by = {bob.identity, bob.keys[BY_ROOT], NOW + DAY, STATEMENT_PEERS, NULL};
	struct graph_txn *txn;
	struct issued made;
	struct err_msg msg = {0};

	introduce_alice(NOW);
	say(&bob, 1, NOW, true);
	say(&carol, 1, NOW, true);
	txn = world_begin(&w);
	for (unsigned int i = 0; i < 2 * GRAPH_QUOTA_OTHERS; i++) {
		struct principal to;
		char text[64];

		(void)snprintf(text, sizeof(text), "addr:u%u@example.net", i);
		to = principal_of(text);
		cr_assert_eq(issue_guard(&by, 1, &alice.self, 0, &made, &msg), 0);
		made.st.act = STATEMENT_WARN;
		made.st.sub = to;
		made.st.exp = made.st.iat + 90 * DAY;
		{
			struct dynbuf jws;

			dynbuf_init(&jws, STATEMENT_MAX);
			cr_assert_eq(statement_encode(&made.st, by.signer, &jws, &msg), 0, "%s",
				msg.text);
			made.jws_len = dynbuf_slice(&jws).len;
			memcpy(made.jws, dynbuf_slice(&jws).data, made.jws_len);
			dynbuf_fini(&jws);
		}
		(void)world_put(txn, &made, NOW + DAY);
	}
	world_commit(txn);
	cr_assert_eq(stopped_since(&alice), NOW);
}

Test(graph_life, the_lists_of_guardians_show_what_is_to_come)
{
	struct graph_guard_list lists[GRAPH_GUARD_LISTS_MAX];
	struct graph_reader *r;

	introduce_alice(NOW);
	(void)world_add(
		&w, person_identity_guarded(&alice, 2, NOW, &next, cronies, 1, 1), NOW + DAY);
	r = world_read(&w);
	cr_assert_eq(graph_guard_lists(r, &alice.identity, NOW + 2 * DAY, lists), 2);
	cr_assert_eq(lists[0].count, 3);
	cr_assert_eq(lists[0].needed, 2);
	cr_assert_eq(lists[0].effective_s, 0);
	cr_assert(thumbprint_eq(&lists[1].who[0], &thief.identity));
	cr_assert_eq(lists[1].effective_s, NOW + 31 * DAY);
	cr_assert_eq(graph_guard_lists(r, &alice.identity, NOW + 32 * DAY, lists), 1);
	cr_assert(thumbprint_eq(&lists[0].who[0], &thief.identity));
	cr_assert_eq(graph_guard_lists(r, &bob.identity, NOW, lists), 0);
	world_read_end(r);
}

/* --- revocations ---------------------------------------------------------------------------- */

Test(graph_life, a_later_since_does_not_push_out_the_paper_copy)
{
	(void)world_add(&w, person_vouch(&alice, BY_ROOT, 1, NOW, BOB, 2), NOW);
	/* The paper copy, which counts from its arrival. */
	(void)world_add(
		&w, person_revoke(&alice, BY_ROOT, 1, NOW, &alice.self, INT64_MAX), NOW + 10);
	(void)world_add(&w, person_vouch(&alice, BY_ROOT, 1, NOW, MALLORY, 3), NOW + 20);
	for (uint64_t i = 0; i < GRAPH_QUOTA_REVOCATIONS + 5; i++) {
		(void)world_add(&w,
			person_revoke(&alice, BY_ROOT, 2 + i, NOW, &alice.self, NOW + 9999 - i),
			NOW + 30);
	}
	cr_assert_eq(world_level(&w, &alice, BOB), 2);
	cr_assert_eq(world_level(&w, &alice, MALLORY), 0, "the thief did not come back");
	cr_assert_eq(fate_of(&alice).revoked_since_s, NOW + 10);
}

Test(graph_life, a_stolen_device_cannot_undo_what_another_revoked)
{
	struct issued slip = person_vouch(&alice, BY_LAPTOP, 1, NOW, MALLORY, 2);
	struct issued other = person_vouch(&alice, BY_PHONE, 1, NOW, "dom:example.com", 2);
	struct principal slip_id = principal_of_statement(&slip);
	struct principal other_id = principal_of_statement(&other);
	struct principal phone;

	person_key_principal(&alice, BY_PHONE, &phone);
	(void)world_add(&w, person_device(&alice, BY_PHONE, 1, NOW), NOW);
	(void)world_add(&w, person_device(&alice, BY_LAPTOP, 1, NOW), NOW);
	(void)world_add(&w, slip, NOW);
	(void)world_add(&w, other, NOW);
	(void)world_add(&w, person_revoke(&alice, BY_LAPTOP, 1, NOW, &slip_id, 0), NOW + 1);
	(void)world_add(&w, person_revoke(&alice, BY_PHONE, 1, NOW, &other_id, 0), NOW + 1);
	for (uint64_t i = 0; i < 2 * GRAPH_QUOTA_REVOCATIONS; i++) {
		struct issued any = person_vouch(&alice, BY_PHONE, i + 1, NOW, BOB, 1);
		struct principal what = principal_of_statement(&any);

		(void)world_add(&w, person_revoke(&alice, BY_PHONE, 1, NOW, &what, 0), NOW + 2);
		(void)world_add(&w,
			person_revoke(&alice, BY_PHONE, 1 + i, NOW, &phone, NOW + 9999 - i),
			NOW + 3);
	}
	cr_assert_eq(world_level(&w, &alice, MALLORY), 0);
	cr_assert_eq(world_level(&w, &alice, "dom:example.com"), 0);
	rebuild();
	cr_assert_eq(world_level(&w, &alice, MALLORY), 0);
	cr_assert_eq(world_level(&w, &alice, "dom:example.com"), 0);
}

Test(graph_life, invented_keys_that_revoke_themselves_are_bounded)
{
	struct graph_txn *txn = world_begin(&w);
	struct graph_stats stats;
	struct graph_reader *r;
	struct err_msg msg = {0};

	for (unsigned int i = 0; i < GRAPH_QUOTA_WAITING_REVOKE_KEYS + 20; i++) {
		uint8_t seed[IDENTITY_KEY_LEN] = {9, (uint8_t)i, (uint8_t)(i >> 8)};
		struct issuer by = {alice.identity, NULL, NOW, STATEMENT_OPEN, NULL};
		struct keypair *pair;
		struct thumbprint key;
		struct principal what;
		struct issued made;
		char text[PRINCIPAL_TEXT_MAX];

		cr_assert_eq(keypair_from_seed(seed, &pair), 0);
		public_key_thumbprint(keypair_public(pair), &key);
		(void)snprintf(text, sizeof(text), "key:%s", key.text);
		what = principal_of(text);
		by.signer = pair;
		cr_assert_eq(
			issue_revoke(&by, 1, &what,
				&(struct issue_reason){STATEMENT_WHY_HACKED, NOW}, &made, &msg),
			0);
		cr_assert_eq(world_put(txn, &made, NOW),
			i < GRAPH_QUOTA_WAITING_REVOKE_KEYS ? GRAPH_ADDED : GRAPH_OVER_QUOTA);
		keypair_free(pair);
	}
	world_commit(txn);
	r = world_read(&w);
	cr_assert_eq(graph_stats(r, &stats), 0);
	cr_assert_eq(stats.statements, GRAPH_QUOTA_WAITING_REVOKE_KEYS);
	world_read_end(r);
	/* Hers, once certified, is no invented one. */
	(void)world_add(&w, person_device(&alice, BY_PHONE, 1, NOW), NOW);
	{
		struct principal phone;

		person_key_principal(&alice, BY_PHONE, &phone);
		cr_assert_eq(world_add(&w, person_revoke(&alice, BY_PHONE, 1, NOW, &phone, NOW),
				     NOW),
			GRAPH_ADDED);
	}
}

Test(graph_life, a_revoked_device_takes_nothing_else_along)
{
	struct principal phone;

	person_key_principal(&alice, BY_PHONE, &phone);
	(void)world_add(&w, person_device(&alice, BY_PHONE, 1, NOW), NOW);
	(void)world_add(&w, person_device(&alice, BY_LAPTOP, 1, NOW), NOW);
	(void)world_add(&w, person_vouch(&alice, BY_LAPTOP, 1, NOW, BOB, 2), NOW + 30);
	(void)world_add(&w, person_revoke(&alice, BY_ROOT, 1, NOW, &phone, 0), NOW + 20);
	cr_assert_eq(world_level(&w, &alice, BOB), 2);
	cr_assert_eq(fate_of(&alice).revoked_since_s, 0);
}

Test(graph_life, the_reader_knows_who_may_speak_for_an_identity)
{
	struct thumbprint phone;
	struct thumbprint committed;
	struct graph_reader *r;

	public_key_thumbprint(keypair_public(alice.keys[BY_PHONE]), &phone);
	introduce_alice(NOW);
	r = world_read(&w);
	cr_assert(graph_knows_key(r, &alice.identity, &alice.identity));
	cr_assert_not(graph_knows_key(r, &alice.identity, &phone));
	cr_assert(graph_committed_next(r, &alice.identity, &committed));
	cr_assert(thumbprint_eq(&committed, &next.identity));
	cr_assert_not(graph_committed_next(r, &bob.identity, &committed));
	world_read_end(r);
	(void)world_add(&w, person_device(&alice, BY_PHONE, 1, NOW), NOW);
	r = world_read(&w);
	cr_assert(graph_knows_key(r, &alice.identity, &phone));
	cr_assert_not(graph_knows_key(r, &bob.identity, &phone));
	world_read_end(r);
}

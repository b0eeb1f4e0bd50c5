#include <criterion/criterion.h>

#include <stdio.h>

#include "common/graph/graph_feed.h"
#include "tests/support/graph_world.h"

#define DAY     86400U
#define NOW     1800000000U
#define MALLORY "addr:mallory@example.com"
#define BOB     "addr:bob@example.net"

static struct world w;
static struct person alice;
static struct person carol;

static void
setup(void)
{
	world_make(&w, WORLD_MEM);
	person_make(&alice, 1);
	person_make(&carol, 2);
}

static void
teardown(void)
{
	person_fini(&alice);
	person_fini(&carol);
	world_fini(&w);
}

TestSuite(graph_merge, .init = setup, .fini = teardown);

/* certify - alice's phone, certified at the time given */
static void
certify(uint64_t at_s)
{
	cr_assert_eq(
		world_add(&w, person_device(&alice, BY_PHONE, 1, at_s), at_s), GRAPH_ADDED);
}

Test(graph_merge, a_vouch_by_a_certified_device_is_an_edge)
{
	struct graph_edge edge;

	certify(NOW);
	cr_assert_eq(world_add(&w, person_vouch(&alice, BY_PHONE, 1, NOW, BOB, 2), NOW + 5),
		GRAPH_ADDED);
	edge = world_edge(&w, GRAPH_OUT, &alice, BOB);
	cr_assert_eq(edge.level, 2);
	cr_assert_eq(edge.flags, GRAPH_EDGE_OPEN);
	cr_assert_eq(edge.first_seen_s, NOW + 5);
	cr_assert_eq(edge.exp_s, NOW + 400 * DAY);
	cr_assert(graph_edge_is_live(&edge, NOW));
	cr_assert_not(graph_edge_is_live(&edge, edge.exp_s));
}

Test(graph_merge, a_vouch_by_the_root_needs_no_certificate)
{
	cr_assert_eq(
		world_add(&w, person_vouch(&alice, BY_ROOT, 1, NOW, BOB, 3), NOW), GRAPH_ADDED);
	cr_assert_eq(world_level(&w, &alice, BOB), 3);
}

Test(graph_merge, a_vouch_by_an_unknown_key_waits_for_its_certificate)
{
	cr_assert_eq(world_add(&w, person_vouch(&alice, BY_PHONE, 1, NOW, BOB, 2), NOW),
		GRAPH_ADDED);
	cr_assert_eq(world_level(&w, &alice, BOB), 0);
	cr_assert_eq(
		world_add(&w, person_device(&alice, BY_PHONE, 1, NOW), NOW + 60), GRAPH_ADDED);
	cr_assert_eq(world_level(&w, &alice, BOB), 2);
	cr_assert_eq(world_edge(&w, GRAPH_OUT, &alice, BOB).first_seen_s, NOW);
}

Test(graph_merge, a_certificate_must_be_in_force_when_the_vouch_is_first_seen)
{
	static const struct {
		const char *label;
		uint64_t seen_s;
		unsigned int level;
	} rows[] = {
		{"long before", NOW - 2 * GRAPH_CLOCK_SKEW_S, 0},
		{"a clock's difference before", NOW - GRAPH_CLOCK_SKEW_S, 2},
		{"at once", NOW, 2},
		{"on the last day", NOW + 180 * DAY - 1, 2},
		{"when it has expired", NOW + 180 * DAY, 0},
	};

	certify(NOW);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char subject[64];

		(void)snprintf(subject, sizeof(subject), "addr:u%zu@example.net", i);
		(void)world_add(
			&w, person_vouch(&alice, BY_PHONE, 1, NOW, subject, 2), rows[i].seen_s);
		cr_assert_eq(
			world_level(&w, &alice, subject), rows[i].level, "%s", rows[i].label);
	}
}

Test(graph_merge, a_renewed_certificate_keeps_what_was_said_under_the_old_one)
{
	certify(NOW);
	(void)world_add(&w, person_vouch(&alice, BY_PHONE, 1, NOW, BOB, 2), NOW + DAY);
	cr_assert_eq(world_add(&w, person_device(&alice, BY_PHONE, 2, NOW + 100 * DAY),
			     NOW + 100 * DAY),
		GRAPH_REPLACED);
	cr_assert_eq(world_level(&w, &alice, BOB), 2);
}

Test(graph_merge, the_greater_seq_wins_in_either_order)
{
	struct issued first = person_vouch(&alice, BY_ROOT, 1, NOW, BOB, 1);
	struct issued second = person_vouch(&alice, BY_ROOT, 2, NOW - 5, BOB, 3);

	cr_assert_eq(world_add(&w, first, NOW), GRAPH_ADDED);
	cr_assert_eq(world_add(&w, second, NOW), GRAPH_REPLACED);
	cr_assert_eq(world_level(&w, &alice, BOB), 3);
	cr_assert_eq(world_add(&w, first, NOW), GRAPH_STALE);
	cr_assert_eq(world_add(&w, second, NOW), GRAPH_KNOWN);
	cr_assert_eq(world_level(&w, &alice, BOB), 3);
}

Test(graph_merge, of_equal_seq_the_greater_id_wins_in_either_order)
{
	struct issued a = person_vouch(&alice, BY_ROOT, 1, NOW, BOB, 1);
	struct issued b = person_vouch(&alice, BY_ROOT, 1, NOW, BOB, 3);
	unsigned int winner = digest_cmp(&a.st.id, &b.st.id) > 0 ? 1 : 3;
	struct world other;

	(void)world_add(&w, a, NOW);
	(void)world_add(&w, b, NOW);
	cr_assert_eq(world_level(&w, &alice, BOB), winner);
	world_make(&other, WORLD_MEM);
	(void)world_add(&other, b, NOW);
	(void)world_add(&other, a, NOW);
	cr_assert_eq(world_level(&other, &alice, BOB), winner);
	world_fini(&other);
}

Test(graph_merge, level_0_withdraws)
{
	(void)world_add(&w, person_vouch(&alice, BY_ROOT, 1, NOW, BOB, 2), NOW);
	(void)world_add(&w, person_vouch(&alice, BY_ROOT, 2, NOW, BOB, 0), NOW);
	cr_assert_eq(world_level(&w, &alice, BOB), 0);
}

Test(graph_merge, a_strangers_key_cannot_push_out_what_somebody_said)
{
	struct issuer forger = {
		alice.identity, carol.keys[BY_PHONE], NOW, STATEMENT_OPEN, NULL};
	struct principal bob = principal_of(BOB);
	struct issued forged;
	struct err_msg msg = {0};

	certify(NOW);
	(void)world_add(&w, person_vouch(&alice, BY_PHONE, 1, NOW, BOB, 2), NOW);
	for (uint64_t seq = 1000; seq < 1000 + 2 * GRAPH_QUOTA_WAITING; seq++) {
		cr_assert_eq(issue_vouch(&forger, seq, &bob, 0, &forged, &msg), 0);
		(void)world_add(&w, forged, NOW);
	}
	cr_assert_eq(world_level(&w, &alice, BOB), 2);
}

Test(graph_merge, what_waits_is_not_pushed_out_by_what_comes_later)
{
	struct issued made[GRAPH_QUOTA_WAITING + 3];
	struct graph_reader *r;
	char subject[32];

	for (size_t i = 0; i < ARRAY_LEN(made); i++) {
		(void)snprintf(subject, sizeof(subject), "addr:p%zu@example.net", i);
		made[i] = person_vouch(&alice, BY_PHONE, 1, NOW + i, subject, 1);
		cr_assert_eq(world_add(&w, made[i], NOW + 50),
			i < GRAPH_QUOTA_WAITING ? GRAPH_ADDED : GRAPH_OVER_QUOTA, "%zu", i);
	}
	r = world_read(&w);
	for (size_t i = 0; i < ARRAY_LEN(made); i++) {
		cr_assert_eq(graph_has(r, &made[i].st.id), i < GRAPH_QUOTA_WAITING, "%zu", i);
	}
	world_read_end(r);
	certify(NOW + 60);
	for (size_t i = 0; i < ARRAY_LEN(made); i++) {
		cr_assert_eq(world_add(&w, made[i], NOW + 70),
			i < GRAPH_QUOTA_WAITING ? GRAPH_KNOWN : GRAPH_ADDED, "%zu", i);
	}
}

Test(graph_merge, what_a_revoked_device_signed_counts_if_seen_before_since)
{
	struct principal phone;
	struct graph_edge edge;

	person_key_principal(&alice, BY_PHONE, &phone);
	certify(NOW);
	(void)world_add(&w, person_vouch(&alice, BY_PHONE, 1, NOW, BOB, 2), NOW + 10);
	/* Made, it says, before the theft, but seen after. */
	(void)world_add(&w, person_vouch(&alice, BY_PHONE, 1, NOW, MALLORY, 3), NOW + 30);
	(void)world_add(
		&w, person_revoke(&alice, BY_ROOT, 1, NOW + 50, &phone, NOW + 20), NOW + 50);
	edge = world_edge(&w, GRAPH_OUT, &alice, BOB);
	cr_assert_eq(edge.level, 2);
	cr_assert_eq(world_level(&w, &alice, MALLORY), 0);
}

Test(graph_merge, of_several_revocations_the_earliest_since_counts)
{
	struct principal phone;

	person_key_principal(&alice, BY_PHONE, &phone);
	certify(NOW);
	(void)world_add(&w, person_vouch(&alice, BY_PHONE, 1, NOW, BOB, 2), NOW + 10);
	(void)world_add(&w, person_revoke(&alice, BY_ROOT, 2, NOW, &phone, NOW + 20), NOW + 50);
	cr_assert_eq(world_level(&w, &alice, BOB), 2);
	(void)world_add(&w, person_revoke(&alice, BY_PHONE, 1, NOW, &phone, NOW + 5), NOW + 60);
	cr_assert_eq(world_level(&w, &alice, BOB), 0, "a smaller seq does not make it void");
	(void)world_add(&w, person_revoke(&alice, BY_ROOT, 3, NOW, &phone, NOW + 40), NOW + 70);
	cr_assert_eq(world_level(&w, &alice, BOB), 0);
}

Test(graph_merge, a_revocation_from_the_future_counts_as_now)
{
	struct principal phone;

	person_key_principal(&alice, BY_PHONE, &phone);
	certify(NOW);
	(void)world_add(&w, person_vouch(&alice, BY_PHONE, 1, NOW, BOB, 2), NOW + 10);
	(void)world_add(
		&w, person_revoke(&alice, BY_ROOT, 1, NOW, &phone, NOW + 999999), NOW + 20);
	(void)world_add(&w, person_vouch(&alice, BY_PHONE, 1, NOW, MALLORY, 2), NOW + 30);
	cr_assert_eq(world_level(&w, &alice, BOB), 2);
	cr_assert_eq(world_level(&w, &alice, MALLORY), 0);
}

Test(graph_merge, a_revoked_statement_is_dead_and_the_edge_with_it)
{
	struct issued vouch = person_vouch(&alice, BY_PHONE, 1, NOW, MALLORY, 3);
	struct principal what = principal_of_statement(&vouch);

	certify(NOW);
	(void)world_add(&w, vouch, NOW);
	(void)world_add(&w, person_revoke(&carol, BY_ROOT, 1, NOW, &what, NOW), NOW);
	cr_assert_eq(world_level(&w, &alice, MALLORY), 3, "others cannot");
	(void)world_add(&w, person_revoke(&alice, BY_ROOT, 1, NOW, &what, NOW), NOW + 5);
	cr_assert_eq(world_level(&w, &alice, MALLORY), 0);
}

Test(graph_merge, a_stolen_device_cannot_revoke_what_others_said)
{
	struct issued by_root = person_vouch(&alice, BY_ROOT, 1, NOW, BOB, 2);
	struct issued laptop = person_device(&alice, BY_LAPTOP, 1, NOW);
	struct principal statement = principal_of_statement(&by_root);
	struct principal certificate = principal_of_statement(&laptop);
	struct principal phone;

	person_key_principal(&alice, BY_PHONE, &phone);
	certify(NOW);
	(void)world_add(&w, laptop, NOW);
	(void)world_add(&w, by_root, NOW);
	(void)world_add(&w, person_vouch(&alice, BY_LAPTOP, 1, NOW, MALLORY, 1), NOW);
	(void)world_add(&w, person_revoke(&alice, BY_PHONE, 1, NOW, &statement, NOW), NOW + 30);
	cr_assert_eq(world_level(&w, &alice, BOB), 0, "while it is believed it may");
	(void)world_add(
		&w, person_revoke(&alice, BY_PHONE, 1, NOW, &certificate, NOW), NOW + 30);
	cr_assert_eq(world_level(&w, &alice, MALLORY), 1, "but never a certificate");
	(void)world_add(&w, person_revoke(&alice, BY_ROOT, 1, NOW, &phone, NOW + 20), NOW + 40);
	cr_assert_eq(world_level(&w, &alice, BOB), 2);
}

Test(graph_merge, a_flood_of_revocations_does_not_push_out_the_roots)
{
	struct principal phone;

	person_key_principal(&alice, BY_PHONE, &phone);
	certify(NOW);
	(void)world_add(&w, person_revoke(&alice, BY_ROOT, 1, NOW, &phone, NOW + 10), NOW + 10);
	(void)world_add(&w, person_vouch(&alice, BY_PHONE, 1, NOW, MALLORY, 3), NOW + 20);
	for (uint64_t i = 0; i < 2 * GRAPH_QUOTA_REVOCATIONS; i++) {
		struct issued any = person_vouch(&alice, BY_PHONE, i + 1, NOW, BOB, 1);
		struct principal what = principal_of_statement(&any);

		(void)world_add(
			&w, person_revoke(&alice, BY_PHONE, 1, NOW + DAY, &what, 0), NOW + 30);
	}
	cr_assert_eq(world_level(&w, &alice, MALLORY), 0);
}

Test(graph_merge, a_revoked_identity_says_nothing_from_then_on)
{
	struct graph_reader *r;
	uint64_t since = 0;

	certify(NOW);
	(void)world_add(&w, person_vouch(&alice, BY_PHONE, 1, NOW, BOB, 2), NOW + 10);
	(void)world_add(&w, person_vouch(&alice, BY_ROOT, 1, NOW, MALLORY, 2), NOW + 30);
	(void)world_add(
		&w, person_revoke(&alice, BY_ROOT, 1, NOW, &alice.self, NOW + 20), NOW + 40);
	cr_assert_eq(world_level(&w, &alice, BOB), 2);
	cr_assert_eq(world_level(&w, &alice, MALLORY), 0);
	r = world_read(&w);
	cr_assert(graph_is_revoked(r, graph_find(r, &alice.self), NOW + 40, &since));
	cr_assert_eq(since, NOW + 20);
	cr_assert_not(graph_is_revoked(r, graph_find(r, &carol.self), NOW + 40, NULL));
	world_read_end(r);
}

Test(graph_merge, an_edge_is_as_old_as_the_first_believed_statement_for_it)
{
	struct principal phone;

	person_key_principal(&alice, BY_PHONE, &phone);
	certify(NOW);
	(void)world_add(&w, person_device(&alice, BY_LAPTOP, 1, NOW), NOW);
	(void)world_add(&w, person_vouch(&alice, BY_PHONE, 1, NOW, BOB, 1), NOW + 100);
	(void)world_add(&w, person_vouch(&alice, BY_LAPTOP, 2, NOW, BOB, 2), NOW + 200);
	cr_assert_eq(world_edge(&w, GRAPH_OUT, &alice, BOB).first_seen_s, NOW + 100);
	(void)world_add(
		&w, person_revoke(&alice, BY_ROOT, 1, NOW, &phone, NOW + 50), NOW + 300);
	cr_assert_eq(world_level(&w, &alice, BOB), 2);
	cr_assert_eq(world_edge(&w, GRAPH_OUT, &alice, BOB).first_seen_s, NOW + 200,
		"the phone is not believed any more");
}

Test(graph_merge, a_withdrawn_vouch_does_not_date_a_later_one_back)
{
	(void)world_add(&w, person_vouch(&alice, BY_ROOT, 1, NOW, BOB, 0), NOW + 10);
	(void)world_add(&w, person_vouch(&alice, BY_ROOT, 2, NOW, BOB, 2), NOW + 200);
	cr_assert_eq(world_edge(&w, GRAPH_OUT, &alice, BOB).first_seen_s, NOW + 200);
}

Test(graph_merge, the_earlier_of_two_arrivals_of_one_statement_counts)
{
	struct issued vouch = person_vouch(&alice, BY_ROOT, 1, NOW, BOB, 2);

	(void)world_add(&w, vouch, NOW + 100);
	cr_assert_eq(world_add(&w, vouch, NOW + 50), GRAPH_KNOWN);
	cr_assert_eq(world_edge(&w, GRAPH_OUT, &alice, BOB).first_seen_s, NOW + 50);
	cr_assert_eq(world_add(&w, vouch, NOW + 500), GRAPH_KNOWN);
	cr_assert_eq(world_edge(&w, GRAPH_OUT, &alice, BOB).first_seen_s, NOW + 50);
}

Test(graph_merge, the_next_root_is_frozen_at_the_first_sight)
{
	struct person dave;

	person_make(&dave, 9);
	cr_assert_eq(world_add(&w, person_identity(&alice, 1, NOW, &carol, false), NOW),
		GRAPH_ADDED);
	cr_assert_eq(world_add(&w, person_identity(&alice, 2, NOW, &dave, false), NOW),
		GRAPH_CONFLICT);
	cr_assert_eq(world_add(&w, person_identity(&alice, 2, NOW, NULL, false), NOW),
		GRAPH_CONFLICT);
	cr_assert_eq(world_add(&w, person_identity(&alice, 2, NOW, &carol, true), NOW),
		GRAPH_REPLACED);
	person_fini(&dave);
}

Test(graph_merge, the_policy_to_sign_always_is_known_of_an_identity)
{
	struct graph_reader *r;

	(void)world_add(&w, person_identity(&alice, 1, NOW, NULL, true), NOW);
	(void)world_add(&w, person_identity(&carol, 1, NOW, NULL, false), NOW);
	r = world_read(&w);
	cr_assert(graph_signs_always(r, graph_find(r, &alice.self)));
	cr_assert_not(graph_signs_always(r, graph_find(r, &carol.self)));
	world_read_end(r);
	(void)world_add(&w, person_identity(&alice, 2, NOW, NULL, false), NOW);
	r = world_read(&w);
	cr_assert_not(graph_signs_always(r, graph_find(r, &alice.self)));
	world_read_end(r);
}

Test(graph_merge, blocks_have_lists_of_their_own)
{
	(void)world_add(&w, person_block(&alice, BY_ROOT, 1, NOW, MALLORY), NOW);
	cr_assert_eq(world_edge(&w, GRAPH_BLOCKS_OUT, &alice, MALLORY).level, 1);
	cr_assert_eq(world_level(&w, &alice, MALLORY), 0);
}

Test(graph_merge, quotas_keep_the_newest)
{
	struct graph_txn *txn = world_begin(&w);
	struct graph_stats stats;
	struct graph_reader *r;
	char subject[64];

	for (uint64_t i = 0; i < GRAPH_QUOTA_BLOCKS + 10; i++) {
		struct issued made;

		(void)snprintf(
			subject, sizeof(subject), "addr:u%u@example.com", (unsigned int)i);
		made = person_block(&alice, BY_ROOT, 1, NOW + i, subject);
		cr_assert_eq(world_put(txn, &made, NOW), GRAPH_ADDED);
	}
	{
		struct issued old = person_block(&alice, BY_ROOT, 1, NOW - 1, MALLORY);

		cr_assert_eq(world_put(txn, &old, NOW), GRAPH_OVER_QUOTA);
	}
	world_commit(txn);
	r = world_read(&w);
	cr_assert_eq(graph_stats(r, &stats), 0);
	cr_assert_eq(stats.statements, GRAPH_QUOTA_BLOCKS);
	cr_assert_eq(stats.blocks, GRAPH_QUOTA_BLOCKS);
	world_read_end(r);
	cr_assert_eq(world_edge(&w, GRAPH_BLOCKS_OUT, &alice, "addr:u9@example.com").level, 0);
	cr_assert_eq(world_edge(&w, GRAPH_BLOCKS_OUT, &alice, "addr:u10@example.com").level, 1);
}

Test(graph_merge, a_buried_statement_is_gone_and_stays_away)
{
	struct issued vouch = person_vouch(&alice, BY_ROOT, 1, NOW, BOB, 2);
	struct graph_txn *txn;
	struct graph_record record;
	struct graph_reader *r;
	struct err_msg msg = {0};

	(void)world_add(&w, vouch, NOW);
	txn = world_begin(&w);
	cr_assert_eq(graph_bury(txn, &vouch.st.id, &msg), 0);
	world_commit(txn);
	cr_assert_eq(world_level(&w, &alice, BOB), 0);
	cr_assert_eq(world_add(&w, vouch, NOW), GRAPH_TOMBSTONED);
	r = world_read(&w);
	cr_assert_eq(graph_get(r, &vouch.st.id, &record), ERR_NOTFOUND);
	world_read_end(r);
}

Test(graph_merge, registers_that_fold_to_one_address_give_one_edge_the_newest)
{
	(void)world_add(&w,
		person_vouch(&alice, BY_ROOT, 1, NOW + 1, "addr:Bob@example.net", 3), NOW + 5);
	(void)world_add(&w, person_vouch(&alice, BY_ROOT, 7, NOW, BOB, 1), NOW + 3);
	cr_assert_eq(world_level(&w, &alice, BOB), 3);
	cr_assert_eq(world_edge(&w, GRAPH_OUT, &alice, BOB).first_seen_s, NOW + 3);
	(void)world_add(&w,
		person_vouch(&alice, BY_ROOT, 2, NOW + 2, "addr:Bob@example.net", 0), NOW + 6);
	cr_assert_eq(world_level(&w, &alice, BOB), 0, "taken back in one spelling");
}

Test(graph_merge, seq_goes_on_where_a_register_ended)
{
	struct principal bob = principal_of(BOB);
	struct graph_txn *txn;
	uint64_t seq = 99;

	(void)world_add(&w, person_vouch(&alice, BY_ROOT, 7, NOW, BOB, 2), NOW);
	txn = world_begin(&w);
	cr_assert_eq(graph_last_seq(txn, &alice.identity, STATEMENT_VOUCH, &bob, &seq), 0);
	cr_assert_eq(seq, 7);
	cr_assert_eq(graph_last_seq(txn, &alice.identity, STATEMENT_BLOCK, &bob, &seq), 0);
	cr_assert_eq(seq, 0);
	graph_txn_abort(txn);
}

Test(graph_merge, bindings_are_claims_of_identities_ours_first)
{
	struct graph_binding found[GRAPH_BINDINGS_MAX];
	struct principal bob = principal_of(BOB);
	graph_node addresses[4];
	struct graph_txn *txn = world_begin(&w);
	struct graph_reader *r;
	struct err_msg msg = {0};

	for (uint8_t i = 0; i < 6; i++) {
		struct person claimant;
		struct issued bind;

		person_make(&claimant, (uint8_t)(20 + i));
		bind = person_bind(&claimant, BY_ROOT, 1, NOW, BOB);
		cr_assert_eq(world_put(txn, &bind, NOW), GRAPH_ADDED);
		if (i == 5) {
			cr_assert_eq(graph_set_hosted(txn, &claimant.identity, &msg), 0);
		}
		person_fini(&claimant);
	}
	world_commit(txn);
	r = world_read(&w);
	cr_assert_eq(graph_bindings(r, graph_find(r, &bob), found), GRAPH_BINDINGS_MAX);
	for (size_t i = 0, hosted = 0; i < GRAPH_BINDINGS_MAX; i++) {
		hosted += found[i].hosted ? 1 : 0;
		cr_assert_eq(found[i].exp_s, NOW + 400 * DAY);
		cr_assert(i < GRAPH_BINDINGS_MAX - 1 || hosted == 1);
		cr_assert_eq(graph_bound_addresses(r, found[i].identity, addresses, 4), 1);
		cr_assert_eq(addresses[0], graph_find(r, &bob));
	}
	world_read_end(r);
}

static unsigned int
rank_by_node(void *ctx, graph_node identity)
{
	const graph_node *best = ctx;

	return identity == best[0] ? 9 : identity == best[1] ? 8 : 0;
}

Test(graph_merge, no_number_of_claims_crowds_out_a_better_founded_one)
{
	struct principal bob = principal_of(BOB);
	struct graph_txn *txn = world_begin(&w);
	struct graph_binding found[GRAPH_BINDINGS_MAX];
	graph_node nodes[200];
	struct graph_reader *r;
	struct person claimant;

	for (uint8_t i = 0; i < ARRAY_LEN(nodes); i++) {
		struct issued bind;

		person_make(&claimant, (uint8_t)(20 + i));
		bind = person_bind(&claimant, BY_ROOT, 1, NOW, BOB);
		cr_assert_eq(world_put(txn, &bind, NOW), GRAPH_ADDED);
		person_fini(&claimant);
	}
	world_commit(txn);
	r = world_read(&w);
	for (uint8_t i = 0; i < ARRAY_LEN(nodes); i++) {
		person_make(&claimant, (uint8_t)(20 + i));
		nodes[i] = graph_find(r, &claimant.self);
		person_fini(&claimant);
	}
	for (size_t i = 0; i + 1 < ARRAY_LEN(nodes); i++) {
		cr_assert_eq(graph_bindings_ranked(
				     r, graph_find(r, &bob), rank_by_node, &nodes[i], found),
			GRAPH_BINDINGS_MAX);
		cr_assert_eq(found[0].identity, nodes[i]);
		cr_assert_eq(found[1].identity, nodes[i + 1]);
	}
	world_read_end(r);
}

Test(graph_merge, the_site_and_its_users_are_hosted)
{
	struct graph_txn *txn = world_begin(&w);
	struct graph_reader *r;
	struct err_msg msg = {0};

	cr_assert_eq(graph_set_site(txn, &alice.identity, &msg), 0);
	world_commit(txn);
	r = world_read(&w);
	cr_assert_neq(graph_site(r), GRAPH_NONE);
	cr_assert_eq(graph_site(r), graph_find(r, &alice.self));
	cr_assert(graph_is_hosted(r, graph_site(r)));
	cr_assert(graph_is_empty(r));
	cr_assert_eq(graph_epoch(r), 42);
	world_read_end(r);
}

static int
collect_numbers(void *ctx, const struct graph_record *record)
{
	uint64_t *last = ctx;
	struct statement st;
	struct err_msg msg;

	cr_assert_gt(record->number, *last);
	cr_assert_eq(statement_open(record->jws, &st, &msg), 0);
	cr_assert(digest_eq(&st.id, &record->id));
	*last = record->number;
	return 0;
}

Test(graph_merge, statements_are_visited_in_order_of_receipt)
{
	struct graph_reader *r;
	uint64_t last = 0;

	(void)world_add(&w, person_vouch(&alice, BY_ROOT, 1, NOW, BOB, 2), NOW);
	(void)world_add(&w, person_vouch(&alice, BY_ROOT, 1, NOW, MALLORY, 2), NOW);
	(void)world_add(&w, person_vouch(&alice, BY_ROOT, 2, NOW, BOB, 3), NOW);
	r = world_read(&w);
	cr_assert_eq(graph_visit(r, 0, collect_numbers, &last), 0);
	cr_assert_eq(last, 3);
	last = 2;
	cr_assert_eq(graph_visit(r, 2, collect_numbers, &last), 0);
	cr_assert_eq(last, 3);
	cr_assert_eq(graph_visit(r, UINT64_MAX, collect_numbers, &last), 0);
	world_read_end(r);
}

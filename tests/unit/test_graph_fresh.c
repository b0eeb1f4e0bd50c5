#include <criterion/criterion.h>

#include <stdio.h>

#include "tests/support/graph_world.h"

#define NOW   1800000000U
#define DAY   86400U
#define LIMIT GRAPH_FRESH_VOUCHES

static struct world w;
static struct person alice;

static void
make(void)
{
	world_make(&w, WORLD_MEM);
	person_make(&alice, 1);
	(void)world_add(&w, person_device(&alice, BY_PHONE, 1, NOW - DAY), NOW - DAY);
}

static void
end(void)
{
	person_fini(&alice);
	world_fini(&w);
}

TestSuite(graph_fresh, .init = make, .fini = end);

static const char *
stranger(unsigned int number)
{
	static char text[64];

	(void)snprintf(text, sizeof(text), "addr:u%u@example.net", number);
	return text;
}

static void
vouch(unsigned int number, uint64_t seq, enum trust_level level, uint64_t at_s)
{
	(void)world_add(
		&w, person_vouch(&alice, BY_ROOT, seq, at_s, stranger(number), level), at_s);
}

/* vouches - for so many strangers from `first` on */
static void
vouches(unsigned int first, unsigned int count, uint64_t at_s)
{
	for (unsigned int i = first; i < first + count; i++) {
		vouch(i, 1, TRUST_LEVEL_ORDINARY, at_s);
	}
}

static bool
counts(unsigned int number)
{
	struct graph_edge edge = world_edge(&w, GRAPH_OUT, &alice, stranger(number));

	cr_assert_neq(edge.level, 0, "u%u is there", number);
	return (edge.flags & GRAPH_EDGE_HELD) == 0;
}

static unsigned int
counted(unsigned int first, unsigned int count)
{
	unsigned int n = 0;

	for (unsigned int i = first; i < first + count; i++) {
		n += counts(i) ? 1 : 0;
	}
	return n;
}

static void
rebuild(void)
{
	struct graph_txn *txn = world_begin(&w);
	struct err_msg msg = {0};

	cr_assert_eq(graph_rebuild(txn, &msg), 0, "%s", msg.text);
	world_commit(txn);
}

Test(graph_fresh, the_first_of_a_window_count_in_order_of_receipt)
{
	vouches(0, LIMIT + 5, NOW);
	cr_assert_eq(counted(0, LIMIT), LIMIT);
	cr_assert_eq(counted(LIMIT, 5), 0);
	rebuild();
	cr_assert_eq(counted(0, LIMIT), LIMIT, "rebuilt");
	cr_assert_eq(counted(LIMIT, 5), 0, "rebuilt");
}

Test(graph_fresh, every_trailing_window_has_its_limit)
{
	for (unsigned int i = 0; i < 2 * LIMIT; i++) {
		vouch(i, 1, TRUST_LEVEL_WEAK, NOW + i * DAY);
	}
	/* The 21st comes on day 20, and so on to day 29; the first one leaves on day 30. */
	cr_assert_eq(counted(0, LIMIT), LIMIT);
	cr_assert_eq(counted(LIMIT, 10), 0);
	cr_assert_eq(counted(30, 10), 10);
}

Test(graph_fresh, one_beyond_the_limit_counts_when_it_is_attested_again_while_there_is_room)
{
	vouches(0, LIMIT + 1, NOW);
	vouch(LIMIT, 2, TRUST_LEVEL_ORDINARY, NOW + 29 * DAY);
	cr_assert_not(counts(LIMIT), "no room yet");
	vouch(LIMIT + 1, 1, TRUST_LEVEL_WEAK, NOW + 31 * DAY);
	cr_assert_not(counts(LIMIT), "others change nothing");
	vouch(LIMIT, 3, TRUST_LEVEL_ORDINARY, NOW + 31 * DAY);
	cr_assert(counts(LIMIT));
	cr_assert_eq(world_edge(&w, GRAPH_OUT, &alice, stranger(LIMIT)).first_seen_s, NOW,
		"it is as old as it is");
}

Test(graph_fresh, what_counts_goes_on_through_renewal_level_device_and_withdrawal)
{
	vouches(0, LIMIT + 1, NOW);
	vouch(0, 2, TRUST_LEVEL_STRONG, NOW + DAY);
	cr_assert(counts(0), "another level");
	(void)world_add(&w, person_vouch(&alice, BY_PHONE, 3, NOW + 2 * DAY, stranger(0), 1),
		NOW + 2 * DAY);
	cr_assert(counts(0), "another device");
	vouch(0, 4, TRUST_LEVEL_NONE, NOW + 3 * DAY);
	vouch(LIMIT, 2, TRUST_LEVEL_ORDINARY, NOW + 3 * DAY);
	cr_assert_not(counts(LIMIT), "a withdrawn one makes no room");
	vouch(0, 5, TRUST_LEVEL_ORDINARY, NOW + 4 * DAY);
	cr_assert(counts(0), "and may come back");
}

Test(graph_fresh, neither_revoking_nor_the_quota_makes_room)
{
	struct principal phone;

	for (unsigned int i = 0; i < LIMIT; i++) {
		(void)world_add(
			&w, person_vouch(&alice, BY_PHONE, 1, NOW, stranger(i), 2), NOW);
	}
	person_key_principal(&alice, BY_PHONE, &phone);
	(void)world_add(&w, person_revoke(&alice, BY_ROOT, 1, NOW, &phone, NOW), NOW + 1);
	vouches(LIMIT, 1, NOW + 2);
	cr_assert_not(counts(LIMIT), "the thief's are gone, their room is not");

	/* The quota lets the oldest go, which are the thief's. */
	for (unsigned int i = 0; i < GRAPH_QUOTA_VOUCHES - 1; i++) {
		vouch(1000 + i, 1, TRUST_LEVEL_WEAK, NOW + 10);
	}
	vouch(0, 2, TRUST_LEVEL_ORDINARY, NOW + 11);
	cr_assert_not(counts(0), "forgotten, it comes as a new one");
	cr_assert_eq(counted(1400, 100), 0);
}

Test(graph_fresh, what_is_fetched_from_a_new_friend_is_exempt)
{
	struct issued late = person_vouch(
		&alice, BY_PHONE, 1, NOW, "addr:carol@example.net", TRUST_LEVEL_WEAK);
	struct graph_txn *txn;
	enum graph_outcome outcome;
	struct err_msg msg = {0};

	vouches(0, LIMIT + 2, NOW);
	txn = world_begin(&w);
	for (unsigned int i = LIMIT; i < 2 * LIMIT; i++) {
		struct issued made = person_vouch(
			&alice, BY_ROOT, 1, NOW, stranger(i), TRUST_LEVEL_ORDINARY);

		cr_assert_eq(graph_add_exempt(
				     txn, issued_slice(&made), &made.st, NOW, &outcome, &msg),
			0);
	}
	cr_assert_eq(
		graph_add_exempt(txn, issued_slice(&late), &late.st, NOW, &outcome, &msg), 0);
	world_commit(txn);
	cr_assert_eq(counted(LIMIT, LIMIT), LIMIT, "known ones too");
	rebuild();
	cr_assert_eq(counted(LIMIT, LIMIT), LIMIT, "rebuilt");
	vouches(100, 1, NOW + 1);
	cr_assert_not(counts(100), "later ones are not");
	/* They took no room. */
	vouches(101, 1, NOW + 30 * DAY);
	cr_assert(counts(101));
}

Test(graph_fresh, a_vouch_that_waited_for_its_certificate_is_as_old_as_it_is)
{
	for (unsigned int i = 0; i < 3; i++) {
		(void)world_add(
			&w, person_vouch(&alice, BY_LAPTOP, 1, NOW, stranger(100 + i), 1), NOW);
	}
	vouches(0, LIMIT, NOW + 10 * DAY);
	(void)world_add(&w, person_device(&alice, BY_LAPTOP, 1, NOW - DAY), NOW + 20 * DAY);
	cr_assert_eq(counted(100, 3), 0, "else some 30 days would hold more than the limit");
}

Test(graph_fresh, another_issuer_has_room_of_his_own_and_the_option_sets_how_much)
{
	struct person bob;

	person_make(&bob, 2);
	w.options.fresh_vouches = 3;
	vouches(0, 5, NOW);
	cr_assert_eq(counted(0, 5), 3);
	(void)world_add(&w, person_vouch(&bob, BY_ROOT, 1, NOW, stranger(0), 2), NOW);
	cr_assert_eq(world_edge(&w, GRAPH_OUT, &bob, stranger(0)).flags & GRAPH_EDGE_HELD, 0);
	w.options.fresh_vouches = 0;
	vouch(4, 2, TRUST_LEVEL_ORDINARY, NOW + 1);
	cr_assert(counts(4), "more room, once it is attested again");
	person_fini(&bob);
}

Test(graph_fresh, an_issuer_hosted_here_shows_in_his_edges_and_in_the_list)
{
	struct graph_reader *r;
	struct graph_cursor c;
	struct graph_edge edge;
	struct graph_txn *txn;
	struct err_msg msg = {0};

	vouches(0, 1, NOW);
	cr_assert_eq(world_edge(&w, GRAPH_OUT, &alice, stranger(0)).flags, GRAPH_EDGE_OPEN);
	txn = world_begin(&w);
	cr_assert_eq(graph_set_hosted(txn, &alice.identity, &msg), 0);
	world_commit(txn);
	rebuild();
	cr_assert_eq(world_edge(&w, GRAPH_OUT, &alice, stranger(0)).flags,
		GRAPH_EDGE_OPEN | GRAPH_EDGE_HOSTED);
	r = world_read(&w);
	graph_list(r, GRAPH_COLLEAGUES, GRAPH_NONE, &c);
	cr_assert(graph_next(&c, &edge));
	cr_assert_eq(edge.peer, graph_find(r, &alice.self));
	cr_assert_not(graph_next(&c, &edge));
	cr_assert_eq(graph_degree(r, GRAPH_COLLEAGUES, GRAPH_NONE), 1);
	graph_cursor_close(&c);
	world_read_end(r);
}

/* --- warnings: METRIC "Reports" -------------------------------------------------------------- */

static void
warn(unsigned int number, uint64_t seq, bool in_force, uint64_t at_s)
{
	(void)world_add(
		&w, person_warn(&alice, BY_ROOT, seq, at_s, stranger(number), in_force), at_s);
}

/* warning - alice's about a stranger; level 0 where there is none */
static struct graph_edge
warning(unsigned int number)
{
	struct graph_reader *r = world_read(&w);
	struct principal about = principal_of(stranger(number));
	graph_node from = graph_find(r, &alice.self);
	graph_node to = graph_find(r, &about);
	struct graph_edge edge = {0};

	if (to == GRAPH_NONE ||
		!graph_edge_get(r, GRAPH_WARNS_IN, to, graph_ref_of(r, from), &edge)) {
		edge = (struct graph_edge){0};
	}
	world_read_end(r);
	return edge;
}

static bool
warns(unsigned int number)
{
	struct graph_edge edge = warning(number);

	return edge.level != 0 && (edge.flags & GRAPH_EDGE_HELD) == 0;
}

Test(graph_fresh, of_an_issuers_warnings_three_in_thirty_days_count)
{
	for (unsigned int i = 0; i < 6; i++) {
		warn(i, 1, true, NOW + i * DAY);
	}
	for (unsigned int i = 0; i < 6; i++) {
		cr_expect_eq(warns(i), i < 3, "u%u", i);
	}
	warn(6, 1, true, NOW + 30 * DAY);
	cr_expect(warns(6), "the first one is a window away");
	warn(7, 1, true, NOW + 30 * DAY + 1);
	cr_expect_not(warns(7), "the others are not");
	rebuild();
	cr_expect(warns(2) && !warns(3) && warns(6) && !warns(7), "likewise after a rebuild");
}

Test(graph_fresh, a_warning_taken_back_leaves_its_room_and_a_renewed_one_keeps_it)
{
	for (unsigned int i = 0; i < 4; i++) {
		warn(i, 1, true, NOW + i);
	}
	cr_expect_not(warns(3));
	warn(1, 2, false, NOW + DAY);
	cr_expect(warns(3));
	cr_expect_eq(warning(1).level, 0);
	warn(0, 2, true, NOW + 60 * DAY);
	cr_expect(warns(0));
	cr_expect_eq(warning(0).first_seen_s, NOW, "it ends with its first day all the same");
	for (unsigned int i = 10; i < 13; i++) {
		warn(i, 1, true, NOW + 60 * DAY + i);
		cr_expect(warns(i), "a renewal takes no room: u%u", i);
	}
}

Test(graph_fresh, the_number_of_warnings_is_the_administrators)
{
	w.options.warnings = 1;
	w.options.warn_window_s = DAY;
	warn(0, 1, true, NOW);
	warn(1, 1, true, NOW + 1);
	cr_expect(warns(0) && !warns(1));
	warn(2, 1, true, NOW + DAY);
	cr_expect(warns(2));
	w.options.warnings = graph_warnings_option(0);
	warn(3, 1, true, NOW + 9 * DAY);
	cr_expect(!warns(3) && !warns(0), "none");
}

/* Whose statements are worth storing, by the words of DESIGN 8. */
#include "common/graph/graph_interest.h"
#include "gossip/scope.h"
#include "tests/support/graph_world.h"

#define NOW   1700000000
#define BOB   "addr:bob@example.net"
#define CAROL "addr:carol@example.net"
#define DAVE  "addr:dave@example.net"

static struct world w;
static struct person alice, bob, carol, dave, erin;
static struct person *const all[] = {&alice, &bob, &carol, &dave, &erin};
static size_t grown;

static void
count_grown(void *ctx, const struct digest *principal)
{
	(void)ctx;
	(void)principal;
	grown++;
}

static void
setup(void)
{
	world_make(&w, WORLD_MEM);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		person_make(all[i], (uint8_t)(i + 1));
	}
	grown = 0;
}

static void
teardown(void)
{
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		person_fini(all[i]);
	}
	world_fini(&w);
}

TestSuite(gossip_scope, .init = setup, .fini = teardown);

static void
befriend(const char *text)
{
	struct graph_txn *txn = world_begin(&w);
	struct principal p = principal_of(text);
	struct digest digest;
	struct err_msg msg;

	principal_digest(&p, &digest);
	cr_assert_eq(graph_interest_set(txn, &digest, 1, &msg), 0);
	world_commit(txn);
}

static struct scope *
load(unsigned int hops)
{
	struct scope *s = NULL;
	struct graph_reader *r = world_read(&w);

	cr_assert_eq(scope_new(hops, count_grown, NULL, &s), 0);
	cr_assert_eq(scope_load(s, r), 0);
	world_read_end(r);
	return s;
}

static int
distance(const struct scope *s, const struct principal *p)
{
	unsigned int d = 0;
	struct digest digest;

	principal_digest(p, &digest);
	return scope_distance(s, &digest, &d) ? (int)d : -1;
}

static int
distance_of_text(const struct scope *s, const char *text)
{
	struct principal p = principal_of(text);

	return distance(s, &p);
}

/* Alice lives here and befriends bob's address; bob binds it, vouches for carol; carol for dave. */
static void
make_chain(void)
{
	struct graph_txn *txn = world_begin(&w);
	struct err_msg msg;

	cr_assert_eq(graph_set_hosted(txn, &alice.identity, &msg), 0);
	world_commit(txn);
	befriend(BOB);
	(void)world_add(&w, person_bind(&bob, BY_ROOT, 1, NOW, BOB), NOW);
	(void)world_add(&w, person_vouch(&bob, BY_ROOT, 1, NOW, CAROL, 2), NOW);
	(void)world_add(&w, person_bind(&carol, BY_ROOT, 1, NOW, CAROL), NOW);
	(void)world_add(&w, person_vouch(&carol, BY_ROOT, 1, NOW, DAVE, 2), NOW);
	(void)world_add(&w, person_bind(&dave, BY_ROOT, 1, NOW, DAVE), NOW);
}

Test(gossip_scope, reaches_as_far_as_the_hops)
{
	make_chain();
	for (unsigned int hops = 0; hops <= SCOPE_HOPS_MAX; hops++) {
		struct scope *s = load(hops);
		const int h = (int)hops;

		cr_assert_eq(distance(s, &alice.self), 0);
		cr_assert_eq(distance_of_text(s, BOB), h >= 1 ? 1 : -1, "%u hops", hops);
		cr_assert_eq(distance(s, &bob.self), h >= 1 ? 1 : -1, "%u hops", hops);
		cr_assert_eq(distance(s, &carol.self), h >= 2 ? 2 : -1, "%u hops", hops);
		cr_assert_eq(distance(s, &dave.self), h >= 3 ? 3 : -1, "%u hops", hops);
		cr_assert_eq(distance(s, &erin.self), -1);
		scope_free(s);
	}
}

Test(gossip_scope, follows_what_is_merged_later)
{
	struct scope *s;
	struct graph_reader *r;

	make_chain();
	s = load(2);
	grown = 0;
	(void)world_add(&w, person_vouch(&bob, BY_ROOT, 1, NOW, DAVE, 2), NOW);
	r = world_read(&w);
	cr_assert_eq(scope_follow(s, r, &bob.identity), 0);
	world_read_end(r);
	cr_assert_eq(distance(s, &dave.self), 2);
	cr_assert_eq(grown, 2, "the address, and who binds it");
	scope_free(s);
}

Test(gossip_scope, hears_the_guardians_and_the_next_root_of_friends)
{
	const struct person *guardians[] = {&erin};
	struct scope *s;

	befriend(bob.self.text);
	(void)world_add(
		&w, person_identity_guarded(&bob, 1, NOW, &carol, guardians, 1, 1), NOW);
	(void)world_add(&w, person_vouch(&erin, BY_ROOT, 1, NOW, DAVE, 2), NOW);
	s = load(2);
	cr_assert_eq(distance(s, &carol.self), 1);
	cr_assert_eq(distance(s, &erin.self), 2);
	cr_assert_eq(distance_of_text(s, DAVE), -1, "a guardian widens nothing");
	scope_free(s);
}

Test(gossip_scope, a_withdrawn_interest_is_gone_with_the_next_load)
{
	struct scope *s;
	struct graph_reader *r;

	make_chain();
	s = load(2);
	befriend(DAVE);
	r = world_read(&w);
	grown = 0;
	cr_assert_eq(scope_load(s, r), 0);
	world_read_end(r);
	cr_assert_eq(distance(s, &bob.self), -1);
	cr_assert_eq(distance(s, &dave.self), 1);
	cr_assert_eq(grown, 2);
	scope_free(s);
}

Test(gossip_scope, an_address_has_room_for_few_claims)
{
	struct principal address = principal_of(BOB);
	struct scope *s;
	struct graph_reader *r;
	struct digest digest;
	struct digest claimant = {{0}};
	unsigned int d;

	befriend(BOB);
	s = load(2);
	principal_digest(&address, &digest);
	r = world_read(&w);
	for (uint8_t i = 0; i < SCOPE_CLAIMS_MAX + 2; i++) {
		claimant.bytes[0] = i;
		cr_assert_eq(scope_claims(s, &digest, &claimant),
			i < SCOPE_CLAIMS_MAX ? i : SCOPE_CLAIMS_MAX);
		cr_assert_eq(scope_claim(s, r, &digest, &claimant), 0);
		cr_assert_eq(scope_distance(s, &claimant, &d), i < SCOPE_CLAIMS_MAX);
	}
	claimant.bytes[0] = 0;
	cr_assert_eq(scope_claims(s, &digest, &claimant), SCOPE_CLAIMS_MAX - 1,
		"who is there already does not count against himself");
	world_read_end(r);
	scope_free(s);
}

Test(gossip_scope, thousands_find_their_place)
{
	struct scope *s;
	struct graph_txn *txn = world_begin(&w);
	struct digest *friends = calloc(5000, sizeof(*friends));
	struct graph_reader *r;
	struct err_msg msg;
	unsigned int d;

	cr_assert_not_null(friends);
	for (size_t i = 0; i < 5000; i++) {
		friends[i].bytes[0] = (uint8_t)(i >> 8);
		friends[i].bytes[1] = (uint8_t)i;
	}
	cr_assert_eq(graph_interest_set(txn, friends, 5000, &msg), 0);
	world_commit(txn);
	s = load(1);
	cr_assert_eq(scope_count(s), 5000);
	for (size_t i = 0; i < 5000; i++) {
		cr_assert(scope_distance(s, &friends[i], &d));
	}
	r = world_read(&w);
	cr_assert_eq(scope_load(s, r), 0);
	world_read_end(r);
	cr_assert_eq(scope_count(s), 5000);
	free(friends);
	scope_free(s);
}

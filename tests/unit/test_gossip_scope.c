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

/*
 * --- claims: whoever binds an address in scope is heard, but not whoever comes with many
 * --------
 */

#define SQUATTERS 9

static struct person squatters[SQUATTERS];

static void
make_squatters(void)
{
	for (size_t i = 0; i < SQUATTERS; i++) {
		person_make(&squatters[i], (uint8_t)(100 + i));
	}
}

static void
end_squatters(void)
{
	for (size_t i = 0; i < SQUATTERS; i++) {
		person_fini(&squatters[i]);
	}
}

/* bind - into the graph, countersigned by a key of `by` where there is one */
static struct scope_claim
bind(const struct person *who, const char *text, const struct person *by, enum person_key key)
{
	struct issuer issuer = {who->identity, who->keys[BY_ROOT], NOW, STATEMENT_OPEN,
		by == NULL ? NULL : by->keys[key]};
	struct principal address = principal_of(text);
	struct scope_claim claim = {.is_countersigned = by != NULL};
	struct thumbprint thumbprint;
	struct err_msg msg = {0};
	struct issued made;

	cr_assert_eq(issue_bind(&issuer, 1, &address, &made, &msg), 0, "%s", msg.text);
	cr_assert_eq(world_add(&w, made, NOW), GRAPH_ADDED);
	principal_digest(&address, &claim.address);
	principal_digest(&who->self, &claim.identity);
	if (by != NULL) {
		public_key_thumbprint(keypair_public(by->keys[key]), &thumbprint);
		claim_key_principal(&thumbprint, &claim.countersigner);
	}
	return claim;
}

static void
hear(struct scope *s, const struct scope_claim *claim)
{
	struct graph_reader *r = world_read(&w);

	cr_assert_eq(scope_claim(s, r, claim), 0);
	world_read_end(r);
}

/* squat - all the squatters claim bob's address; they countersign for each other, too */
static void
squat(struct scope *s, bool signs)
{
	for (size_t i = 0; i < SQUATTERS; i++) {
		struct scope_claim claim = bind(&squatters[i], BOB,
			signs ? &squatters[(i + 1) % SQUATTERS] : NULL, BY_ROOT);

		hear(s, &claim);
	}
}

static size_t
squatters_heard(const struct scope *s)
{
	size_t heard = 0;

	for (size_t i = 0; i < SQUATTERS; i++) {
		heard += distance(s, &squatters[i].self) >= 0;
	}
	return heard;
}

/* befriend_both - an address, and an identity that was named for its domain */
static void
befriend_both(const char *text, const struct person *site)
{
	struct graph_txn *txn = world_begin(&w);
	struct principal p = principal_of(text);
	struct digest digests[2];
	struct err_msg msg;

	principal_digest(&p, &digests[0]);
	principal_digest(&site->self, &digests[1]);
	if (digest_cmp(&digests[0], &digests[1]) > 0) {
		struct digest first = digests[1];

		digests[1] = digests[0];
		digests[0] = first;
	}
	cr_assert_eq(graph_interest_set(txn, digests, 2, &msg), 0);
	world_commit(txn);
	(void)world_add(&w, person_identity(site, 1, NOW, NULL, false), NOW);
	(void)world_add(&w, person_device(site, BY_PHONE, 1, NOW), NOW);
}

/* again - what a restart would make of the same graph */
static int
distance_after_restart(const struct principal *p)
{
	struct scope *s = load(2);
	int d = distance(s, p);

	scope_free(s);
	return d;
}

Test(gossip_scope, an_address_has_room_for_few_bare_claims)
{
	struct scope_claim claim;
	struct scope *s;

	make_squatters();
	befriend(BOB);
	s = load(2);
	for (size_t i = 0; i < SQUATTERS; i++) {
		claim = bind(&squatters[i], BOB, NULL, BY_ROOT);
		cr_assert_eq(scope_claim_rank(s, &claim), CLAIM_BARE);
		cr_assert_eq(scope_claims(s, &claim, CLAIM_BARE),
			i < CLAIMS_MAX ? i : CLAIMS_MAX, "how many others");
		hear(s, &claim);
		cr_assert_eq(distance(s, &squatters[i].self), i < CLAIMS_MAX ? 1 : -1);
	}
	claim = bind(&bob, BOB, NULL, BY_ROOT);
	hear(s, &claim);
	cr_assert_eq(distance(s, &bob.self), -1, "nothing tells him from the others");
	scope_free(s);
	end_squatters();
}

Test(gossip_scope, what_the_domain_countersigned_is_heard_among_squatters)
{
	for (int signs = 0; signs <= 1; signs++) {
		struct scope_claim claim;
		struct scope *s;

		teardown();
		setup();
		make_squatters();
		befriend_both(BOB, &carol);
		s = load(2);
		squat(s, signs == 1);
		cr_assert_eq(squatters_heard(s), CLAIMS_MAX);
		claim = bind(&bob, BOB, &carol, BY_PHONE);
		cr_assert_eq(scope_claim_rank(s, &claim), CLAIM_COUNTERSIGNED);
		cr_assert_eq(scope_claims(s, &claim, CLAIM_COUNTERSIGNED), 0);
		hear(s, &claim);
		cr_assert_eq(distance(s, &bob.self), 1, "squatters sign: %d", signs);
		scope_free(s);
		cr_assert_eq(distance_after_restart(&bob.self), 1);
		s = load(2);
		cr_assert_eq(squatters_heard(s), CLAIMS_MAX - 1, "he took one place");
		scope_free(s);
		end_squatters();
	}
}

Test(gossip_scope, a_stolen_key_of_the_domain_countersigns_nothing)
{
	struct principal phone;
	struct scope_claim claim;
	struct scope *s;

	make_squatters();
	befriend_both(BOB, &carol);
	person_key_principal(&carol, BY_PHONE, &phone);
	(void)world_add(&w, person_revoke(&carol, BY_ROOT, 1, NOW, &phone, NOW + 5), NOW + 5);
	s = load(2);
	claim = bind(&bob, BOB, &carol, BY_PHONE);
	cr_assert_eq(scope_claim_rank(s, &claim), CLAIM_BARE);
	claim.is_countersigned = false;
	cr_assert_eq(scope_claim_rank(s, &claim), CLAIM_BARE);
	scope_free(s);
	end_squatters();
}

Test(gossip_scope, who_is_vouched_for_is_heard_among_squatters)
{
	struct scope_claim claim;
	struct graph_reader *r;
	struct scope *s;

	make_squatters();
	make_chain();
	s = load(2);
	for (size_t i = 0; i < SQUATTERS; i++) {
		claim = bind(&squatters[i], CAROL, NULL, BY_ROOT);
		hear(s, &claim);
	}
	cr_assert_eq(squatters_heard(s), CLAIMS_MAX - 1, "carol was there before");
	claim = bind(&erin, CAROL, NULL, BY_ROOT);
	hear(s, &claim);
	cr_assert_eq(distance(s, &erin.self), -1);
	/* A friend of alice's vouches for erin herself, at the end of the hops. */
	(void)world_add(&w, person_vouch(&bob, BY_ROOT, 1, NOW, erin.self.text, 2), NOW);
	r = world_read(&w);
	cr_assert_eq(scope_follow(s, r, &bob.identity), 0);
	world_read_end(r);
	cr_assert_eq(scope_claim_rank(s, &claim), CLAIM_KNOWN);
	cr_assert_eq(distance(s, &erin.self), 2);
	scope_free(s);
	end_squatters();
}

Test(gossip_scope, who_was_named_later_speaks_from_then_on)
{
	struct principal phone;
	struct scope_claim claim;
	struct graph_reader *r;
	struct digest key;
	struct scope *s;
	unsigned int d;

	make_squatters();
	befriend(BOB);
	s = load(2);
	squat(s, true);
	claim = bind(&bob, BOB, &carol, BY_PHONE);
	hear(s, &claim);
	cr_assert_eq(distance(s, &bob.self), -1);
	befriend_both(BOB, &carol);
	grown = 0;
	r = world_read(&w);
	cr_assert_eq(scope_load(s, r), 0);
	world_read_end(r);
	cr_assert_eq(distance(s, &bob.self), 1);
	cr_assert_eq(grown, 4, "carol, her two keys, and bob: what they say is fetched");
	person_key_principal(&carol, BY_PHONE, &phone);
	principal_digest(&phone, &key);
	cr_assert_not(scope_distance(s, &key, &d), "a key is nowhere near");
	scope_free(s);
	end_squatters();
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

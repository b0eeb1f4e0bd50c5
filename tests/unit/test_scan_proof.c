/*
 * A binding gets its effect from mail of the address that shows the identity (DESIGN 3), and from
 * nothing less. Whole scans over a real graph and a ledger:
 *
 *	alice    the recipient, a local user
 *	bob      has an identity elsewhere, which binds bob@example.net
 *	thief    has one, too, and binds what he likes
 *	frank    a stranger for whom one of them vouches
 */
#include <stdio.h>

#include "common/graph/private.h"
#include "common/ledger/ledger_proof.h"
#include "common/scan/scan.h"
#include "tests/support/graph_world.h"

#define NOW_S  UINT64_C(1767225600)
#define DAY_S  UINT64_C(86400)
#define SEEN_S (NOW_S - 10 * DAY_S)

#define BOB_ADDRESS   "addr:bob@example.net"
#define FRANK_ADDRESS "addr:frank@example.net"

enum {
	SITE,
	ALICE,
	BOB,
	BOB2,
	THIEF,
	PEOPLE,
};

static struct person people[PEOPLE];
static struct world graph;
static struct store *private_store;
static struct store *ledger;
static struct ledger_desk desk;
static struct scanner scanner;
static struct arena arena;
static struct settings *settings;
static struct digest alice_digest;

static struct settings *
load(void)
{
	struct settings_source source = {SETTINGS_SOURCE_TEXT,
		"authres_trusted_authserv mx.example.org\ndmarc_spf yes\n", "site"};
	struct settings_load_options options = {.check = true};
	struct settings *s = NULL;
	struct err_msg msg = {0};

	cr_assert_eq(settings_load(&source, 1, &options, &s, &msg), 0, "%s", msg.text);
	return s;
}

static void
open_private(void)
{
	const struct store_config config = {.mode = STORE_CREATE,
		.tables = private_tables,
		.table_count = PRIVATE_TABLE_COUNT,
		.schema_version = PRIVATE_SCHEMA_VERSION};
	struct principal address = principal_of("addr:alice@example.org");
	struct private_txn *txn = NULL;
	struct err_msg msg = {0};

	principal_digest(&address, &alice_digest);
	cr_assert_eq(store_mem_open(&config, &private_store, &msg), 0, "%s", msg.text);
	cr_assert_eq(private_create(private_store, &msg), 0);
	cr_assert_eq(private_txn_begin(private_store, &txn, &msg), 0);
	cr_assert_eq(private_user_add(txn, &address, &people[ALICE].identity, SEEN_S, &msg), 0);
	cr_assert_eq(private_txn_commit(txn, &msg), 0);
}

static void
open_graph(void)
{
	struct err_msg msg = {0};
	struct graph_txn *txn = NULL;

	world_make(&graph, WORLD_MEM);
	txn = world_begin(&graph);
	cr_assert_eq(graph_set_site(txn, &people[SITE].identity, &msg), 0);
	cr_assert_eq(graph_set_hosted(txn, &people[ALICE].identity, &msg), 0);
	world_commit(txn);
	for (size_t i = 0; i < PEOPLE; i++) {
		const struct person *next = i == BOB ? &people[BOB2] : NULL;

		(void)world_add(
			&graph, person_identity(&people[i], 1, SEEN_S, next, false), SEEN_S);
		(void)world_add(&graph, person_device(&people[i], BY_PHONE, 1, SEEN_S), SEEN_S);
	}
}

static void
open_ledger(void)
{
	const struct store_config config = {.mode = STORE_CREATE,
		.tables = ledger_tables,
		.table_count = LEDGER_TABLE_COUNT,
		.schema_version = LEDGER_SCHEMA_VERSION};
	struct err_msg msg = {0};

	cr_assert_eq(store_mem_open(&config, &ledger, &msg), 0, "%s", msg.text);
	desk = (struct ledger_desk){0};
	cr_assert_eq(ledger_reader_new(ledger, &desk.reader, &msg), 0);
	scanner.ledger = &desk;
}

static void
setup(void)
{
	struct err_msg msg = {0};

	for (uint8_t i = 0; i < PEOPLE; i++) {
		person_make(&people[i], (uint8_t)(i + 1));
	}
	open_graph();
	open_private();
	open_ledger();
	cr_assert_eq(graph_reader_new(graph.store, &scanner.graph, &msg), 0, "%s", msg.text);
	cr_assert_eq(private_reader_new(private_store, &scanner.private_store, &msg), 0);
	arena_init(&arena, 8 << 20);
	settings = load();
}

static void
teardown(void)
{
	settings_free(settings);
	arena_fini(&arena);
	private_reader_free(scanner.private_store);
	graph_reader_free(scanner.graph);
	ledger_reader_free(desk.reader);
	store_close(ledger);
	store_close(private_store);
	world_fini(&graph);
	for (size_t i = 0; i < PEOPLE; i++) {
		person_fini(&people[i]);
	}
}

TestSuite(scan_proof, .init = setup, .fini = teardown);

/* --- what there is -------------------------------------------------------------------------- */

static void
befriend(const char *subject, uint8_t level)
{
	const struct private_entry entry = {.level = level, .added_s = SEEN_S};
	struct principal principal = principal_of(subject);
	struct private_txn *txn = NULL;
	struct err_msg msg = {0};

	cr_assert_eq(private_txn_begin(private_store, &txn, &msg), 0);
	cr_assert_eq(private_put(txn, &alice_digest, &principal, &entry, &msg), 0);
	cr_assert_eq(private_txn_commit(txn, &msg), 0);
}

static void
bind(int who, const char *address)
{
	cr_assert_eq(world_add(&graph, person_bind(&people[who], BY_PHONE, 1, SEEN_S, address),
			     SEEN_S),
		GRAPH_ADDED);
}

static void
vouch(int who, const char *subject)
{
	(void)world_add(&graph,
		person_vouch(&people[who], BY_PHONE, 1, SEEN_S, subject, TRUST_LEVEL_STRONG),
		SEEN_S);
}

/* revoke - a device of his, or with NULL his identity, from that time on */
static void
revoke(int who, bool device, uint64_t since_s)
{
	struct principal what = people[who].self;

	if (device) {
		person_key_principal(&people[who], BY_PHONE, &what);
	}
	(void)world_add(
		&graph, person_revoke(&people[who], BY_ROOT, 1, NOW_S, &what, since_s), NOW_S);
}

/* --- mail ----------------------------------------------------------------------------------- */

/* How mail comes in. */
enum proof {
	COVERED,  /* DKIM signs From and the field */
	BARE,     /* DKIM signs From, the field was added later */
	BY_SPF,   /* proven, but by no signature */
	UNPROVEN, /* nobody says anything */
};

/* mail - from that address, with a field that shows somebody, or none (-1) */
static const char *
mail(enum proof proof, const char *from, int shows)
{
	static char text[2048];
	static const char *const results[] = {
		[COVERED] = "Authentication-Results: mx.example.org; dkim=pass "
			    "header.d=example.net header.s=s header.b=abcdefgh\n",
		[BARE] = "Authentication-Results: mx.example.org; dkim=pass "
			 "header.d=example.net header.s=s header.b=abcdefgh\n",
		[BY_SPF] = "Authentication-Results: mx.example.org; spf=pass "
			   "smtp.mailfrom=x@example.net; dmarc=pass header.from=example.net\n",
		[UNPROVEN] = "",
	};

	(void)snprintf(text, sizeof(text),
		"%sReceived: from relay.example.net (relay.example.net [198.51.100.7])\n"
		"\tby mx.example.org with ESMTPS id 1; Mon, 01 Jan 2024 10:00:00 +0000\n"
		"DKIM-Signature: v=1; d=example.net; s=s; h=from%s; bh=x; b=abcdefghijkl\n"
		"%s%s%sFrom: <%s>\nTo: alice@example.org\nSubject: x\n\nhello\n",
		results[proof], proof == COVERED ? ":trust-identity" : "",
		shows < 0 ? "" : "Trust-Identity: ", shows < 0 ? "" : people[shows].self.text,
		shows < 0 ? "" : "\n", from);
	return text;
}

static struct verdict
scan_at(const char *message, uint64_t now_s)
{
	const struct scan_request request = {
		.message = slice_str(message),
		.user = SLICE("alice@example.org"),
		.now_s = now_s,
		.show_private = true,
	};
	struct verdict v;

	arena_reset(&arena);
	cr_assert_eq(scan_message(&scanner, settings, &request, &arena, &v), 0);
	return v;
}

/*
 * receive - scans it and notes what the daemon's writer would note of it. True when that is
 * something
 */
static bool
receive_at(const char *message, uint64_t now_s)
{
	struct verdict v = scan_at(message, now_s);
	struct principal address;
	struct digest digest;
	struct store_txn *txn = NULL;

	if (!v.details->shows_identity) {
		return false;
	}
	address = v.details->evidence.sender;
	principal_digest(&address, &digest);
	cr_assert_eq(store_begin_write(ledger, &txn), 0);
	ledger_proof_note(txn, &digest, &v.details->evidence.identity, now_s);
	cr_assert_eq(store_commit(txn), 0);
	return true;
}

static bool
receive(const char *message)
{
	return receive_at(message, NOW_S);
}

/* frank - how alice stands to him, whom bob or the thief introduces */
static enum tier
frank_at(uint64_t now_s)
{
	return scan_at(mail(BARE, "frank@example.net", -1), now_s).tier;
}

static enum tier
frank(void)
{
	return frank_at(NOW_S);
}

/* identity_of_bob - that has effect for his address, as mail of it is scored */
static struct slice
identity_of_bob(void)
{
	return scan_at(mail(BARE, "bob@example.net", -1), NOW_S).details->identity;
}

static bool
is_person(struct slice identity, int who)
{
	return slice_eq(identity, slice_str(people[who].self.text));
}

/* bob_is_a_friend - by his address, with an identity that vouches for frank */
static void
bob_is_a_friend(void)
{
	befriend(BOB_ADDRESS, TRUST_LEVEL_STRONG);
	bind(BOB, BOB_ADDRESS);
	vouch(BOB, FRANK_ADDRESS);
}

/* --- the rule ------------------------------------------------------------------------------- */

Test(scan_proof, a_binding_has_effect_once_mail_of_the_address_showed_the_identity)
{
	bob_is_a_friend();
	cr_expect_eq(frank(), TIER_UNKNOWN, "a claim alone has no effect");
	cr_expect_eq(identity_of_bob().len, 0);
	cr_assert(receive(mail(COVERED, "bob@example.net", BOB)));
	cr_expect_eq(frank(), TIER_KNOWN);
	cr_expect(is_person(identity_of_bob(), BOB), "also for mail that shows nothing");
}

Test(scan_proof, the_first_mail_that_shows_it_is_scored_by_it)
{
	bind(BOB, BOB_ADDRESS);
	befriend(people[BOB].self.text, TRUST_LEVEL_STRONG);
	cr_expect_eq(scan_at(mail(BARE, "bob@example.net", BOB), NOW_S).tier, TIER_UNKNOWN);
	cr_expect_eq(
		scan_at(mail(COVERED, "bob@example.net", BOB), NOW_S).tier, TIER_WELL_TRUSTED);
}

Test(scan_proof, what_proves_less_has_no_effect)
{
	static const struct {
		const char *label;
		enum proof proof;
		const char *from;
		int shows;
	} rows[] = {
		{"a field that nothing signed", BARE, "bob@example.net", BOB},
		{"proof by SPF", BY_SPF, "bob@example.net", BOB},
		{"no proof at all", UNPROVEN, "bob@example.net", BOB},
		{"no field", COVERED, "bob@example.net", -1},
		{"another address of the domain", COVERED, "eve@example.net", BOB},
		{"an address of another domain", COVERED, "bob@example.com", BOB},
		{"an identity that claims nothing", COVERED, "bob@example.net", THIEF},
		{"an identity nobody ever heard of", COVERED, "bob@example.net", BOB2},
	};

	bob_is_a_friend();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cr_expect_not(receive(mail(rows[i].proof, rows[i].from, rows[i].shows)), "%s",
			rows[i].label);
		cr_expect_eq(frank(), TIER_UNKNOWN, "%s", rows[i].label);
		cr_expect_eq(identity_of_bob().len, 0, "%s", rows[i].label);
	}
}

Test(scan_proof, it_is_over_when_the_identity_was_not_shown_for_long)
{
	const uint64_t late_s = SEEN_S + 390 * DAY_S;

	bob_is_a_friend();
	cr_assert(receive_at(mail(COVERED, "bob@example.net", BOB), SEEN_S));
	cr_expect_eq(frank_at(late_s), TIER_KNOWN);
	(void)world_add(&graph, person_device(&people[BOB], BY_PHONE, 2, late_s), late_s);
	(void)world_add(
		&graph, person_bind(&people[BOB], BY_PHONE, 2, late_s, BOB_ADDRESS), late_s);
	(void)world_add(&graph,
		person_vouch(&people[BOB], BY_PHONE, 2, late_s, FRANK_ADDRESS, 3), late_s);
	cr_expect_eq(frank_at(late_s + DAY_S), TIER_KNOWN, "a renewed binding");
	cr_expect_eq(frank_at(SEEN_S + LEDGER_PROOF_LIFE_S), TIER_UNKNOWN);
}

Test(scan_proof, without_the_ledger_it_has_no_effect)
{
	bob_is_a_friend();
	cr_assert(receive(mail(COVERED, "bob@example.net", BOB)));
	scanner.ledger = NULL;
	cr_expect_eq(identity_of_bob().len, 0);
}

Test(scan_proof, a_friend_by_a_published_vouch_counts_likewise)
{
	bind(BOB, BOB_ADDRESS);
	vouch(BOB, FRANK_ADDRESS);
	vouch(ALICE, "addr:aaron@example.net");
	vouch(ALICE, BOB_ADDRESS);
	vouch(ALICE, "addr:zoe@example.net");
	cr_expect_eq(frank(), TIER_UNKNOWN);
	cr_assert(receive(mail(COVERED, "bob@example.net", BOB)));
	cr_expect_eq(frank(), TIER_KNOWN);
}

Test(scan_proof, among_many_friends_and_many_proofs_the_right_ones_meet)
{
	struct store_txn *txn = NULL;
	const struct digest somebody = {{1}};

	cr_assert_eq(store_begin_write(ledger, &txn), 0);
	for (int i = 0; i < 300; i++) {
		struct principal p;
		struct digest address;
		char text[64];

		(void)snprintf(text, sizeof(text), "addr:p%d@example.com", i);
		p = principal_of(text);
		principal_digest(&p, &address);
		ledger_proof_note(txn, &address, &somebody, NOW_S);
		if (i < 100) {
			(void)snprintf(text, sizeof(text), "addr:f%d@example.com", i);
			befriend(text, 2);
		}
	}
	cr_assert_eq(store_commit(txn), 0);
	bob_is_a_friend();
	cr_expect_eq(frank(), TIER_UNKNOWN);
	cr_assert(receive(mail(COVERED, "bob@example.net", BOB)));
	cr_expect_eq(frank(), TIER_KNOWN);
}

/* --- against -------------------------------------------------------------------------------- */

Test(scan_proof, a_revoked_identity_counts_against_the_address_then)
{
	bind(BOB, BOB_ADDRESS);
	befriend(BOB_ADDRESS, TRUST_LEVEL_STRONG);
	cr_assert(receive(mail(COVERED, "bob@example.net", BOB)));
	revoke(BOB, false, NOW_S - 1);
	/* What it signed before it was stolen still stands: the binding as well. */
	cr_expect_eq(scan_at(mail(BARE, "bob@example.net", -1), NOW_S).tier, TIER_REVOKED);
}

Test(scan_proof, a_revoked_thief_who_claimed_the_address_is_no_stain_on_it)
{
	bind(THIEF, BOB_ADDRESS);
	befriend(BOB_ADDRESS, TRUST_LEVEL_STRONG);
	cr_assert_not(receive(mail(COVERED, "bob@example.net", BOB)));
	revoke(THIEF, false, NOW_S - 1);
	cr_expect_eq(
		scan_at(mail(COVERED, "bob@example.net", BOB), NOW_S).tier, TIER_WELL_TRUSTED);
}

/* --- attacks -------------------------------------------------------------------------------- */

Test(scan_proof, a_thief_who_claims_a_friends_address_gains_nothing)
{
	bob_is_a_friend();
	bind(THIEF, BOB_ADDRESS);
	vouch(THIEF, "addr:mallory@example.net");
	/* Bob writes; so do forgers in his name, and the thief from where he may. */
	(void)receive(mail(COVERED, "bob@example.net", -1));
	cr_expect_not(receive(mail(BARE, "bob@example.net", THIEF)), "added on the way");
	cr_expect_not(receive(mail(UNPROVEN, "bob@example.net", THIEF)));
	cr_expect_not(receive(mail(BY_SPF, "bob@example.net", THIEF)));
	cr_expect_not(receive(mail(COVERED, "thief@example.net", THIEF)));
	cr_expect_eq(identity_of_bob().len, 0);
	cr_expect_eq(scan_at(mail(BARE, "mallory@example.net", -1), NOW_S).tier, TIER_UNKNOWN);
	/* And once bob's own mail shows him, the thief's claim is not in the way either. */
	cr_assert(receive(mail(COVERED, "bob@example.net", BOB)));
	cr_expect(is_person(identity_of_bob(), BOB));
	cr_expect_eq(frank(), TIER_KNOWN);
	cr_expect_eq(scan_at(mail(BARE, "mallory@example.net", -1), NOW_S).tier, TIER_UNKNOWN);
}

Test(scan_proof, claims_of_many_do_not_crowd_the_proven_one_out)
{
	bob_is_a_friend();
	for (uint8_t i = 0; i < 80; i++) {
		struct person p;

		person_make(&p, (uint8_t)(100 + i));
		(void)world_add(&graph, person_identity(&p, 1, SEEN_S, NULL, false), SEEN_S);
		(void)world_add(
			&graph, person_bind(&p, BY_ROOT, 1, SEEN_S, BOB_ADDRESS), SEEN_S);
		person_fini(&p);
	}
	cr_assert(receive(mail(COVERED, "bob@example.net", BOB)));
	cr_expect_eq(frank(), TIER_KNOWN);
}

Test(scan_proof, two_identities_that_the_mail_of_one_address_showed_are_neither)
{
	bob_is_a_friend();
	bind(THIEF, BOB_ADDRESS);
	cr_assert(receive(mail(COVERED, "bob@example.net", BOB)));
	cr_assert(receive(mail(COVERED, "bob@example.net", THIEF)), "his mailbox was stolen");
	cr_expect_eq(identity_of_bob().len, 0);
	cr_expect_eq(frank(), TIER_UNKNOWN);
	cr_expect_eq(
		scan_at(mail(COVERED, "bob@example.net", BOB), NOW_S).details->identity.len, 0,
		"nor does the mail at hand decide between them");
}

Test(scan_proof, what_a_revoked_device_bound_afterwards_has_no_effect_whatever_it_dates)
{
	befriend(people[BOB].self.text, TRUST_LEVEL_STRONG);
	revoke(BOB, true, NOW_S - DAY_S);
	/* The thief has bob's phone, and binds his own address, back-dated by nine days. */
	(void)world_add(&graph,
		person_bind(
			&people[BOB], BY_PHONE, 1, SEEN_S + DAY_S, "addr:mallory@example.net"),
		NOW_S);
	cr_expect_not(receive(mail(COVERED, "mallory@example.net", BOB)));
	cr_expect_eq(
		scan_at(mail(COVERED, "mallory@example.net", BOB), NOW_S).tier, TIER_UNKNOWN);
}

Test(scan_proof, what_a_stolen_device_bound_ends_with_its_revocation)
{
	befriend(people[BOB].self.text, TRUST_LEVEL_STRONG);
	bind(BOB, "addr:mallory@example.net");
	cr_assert(receive_at(mail(COVERED, "mallory@example.net", BOB), SEEN_S + 1));
	revoke(BOB, true, SEEN_S - 1);
	cr_expect_eq(
		scan_at(mail(COVERED, "mallory@example.net", BOB), NOW_S).tier, TIER_UNKNOWN);
}

Test(scan_proof, a_withdrawn_binding_ends_it)
{
	struct issuer issuer = {people[BOB].identity, people[BOB].keys[BY_PHONE], SEEN_S + 1,
		STATEMENT_OPEN, NULL};
	struct principal address = principal_of(BOB_ADDRESS);
	struct err_msg msg = {0};
	struct issued made;

	bob_is_a_friend();
	cr_assert(receive(mail(COVERED, "bob@example.net", BOB)));
	cr_assert_eq(issue_unbind(&issuer, 2, &address, &made, &msg), 0, "%s", msg.text);
	(void)world_add(&graph, made, NOW_S);
	cr_expect_eq(frank(), TIER_UNKNOWN);
}

/* --- succession ----------------------------------------------------------------------------- */

Test(scan_proof, who_continues_his_identity_is_proven_still)
{
	bob_is_a_friend();
	cr_assert(receive(mail(COVERED, "bob@example.net", BOB)));
	(void)world_add(
		&graph, person_succeed(&people[BOB2], 1, SEEN_S, &people[BOB]), SEEN_S + 1);
	cr_expect(is_person(identity_of_bob(), BOB2));
	cr_expect_eq(frank(), TIER_KNOWN);
	cr_assert(
		receive(mail(COVERED, "bob@example.net", BOB2)), "his mail shows the new one");
	cr_expect(is_person(identity_of_bob(), BOB2), "both are the same person");
}

/*
 * Whole scans over a real graph: statements are signed and merged, friends are private entries,
 * messages are bytes. One small world:
 *
 *	alice, dave    local users (colleagues of each other)
 *	bob            has an identity elsewhere; the alice of each row may know him
 *	carol          another one
 *	erin, frank    strangers, known by address only
 */
#include <stdio.h>

#include "common/graph/private.h"
#include "common/scan/scan.h"
#include "tests/support/graph_world.h"

#define NOW_S  UINT64_C(1767225600)
#define DAY_S  UINT64_C(86400)
#define SEEN_S (NOW_S - 10 * DAY_S)

#define PROOF "Authentication-Results: mx.example.org; dkim=pass header.d=example.net\n"
#define HOP                                                                     \
	"Received: from relay.example.net (relay.example.net [198.51.100.7])\n" \
	"\tby mx.example.org (Postfix) with ESMTPS id 1; Mon, 01 Jan 2024 10:00:00 +0000\n"
#define FROM(who) "From: <" who "@example.net>\n"
#define BODY      "To: alice@example.org\nSubject: x\n\nhello\n"

enum {
	SITE,
	ALICE,
	DAVE,
	BOB,
	CAROL,
	PEOPLE,
};

static struct person people[PEOPLE];
static struct world graph;
static struct store *private_store;
static struct scanner scanner;
static struct arena arena;
static struct settings *settings;
static struct digest alice_digest;
static struct digest dave_digest;

static struct settings *
load(const char *text)
{
	struct settings_source sources[] = {
		{SETTINGS_SOURCE_TEXT, "authres_trusted_authserv mx.example.org\n", "site"},
		{SETTINGS_SOURCE_TEXT, text, "row"},
	};
	struct settings_load_options options = {.check = true};
	struct settings *s = NULL;
	struct err_msg msg = {0};

	cr_assert_eq(settings_load(sources, 2, &options, &s, &msg), 0, "%s", msg.text);
	return s;
}

static void
add_user(struct private_txn *txn, const char *address, const struct person *p,
	struct digest *out)
{
	struct principal principal = principal_of(address);
	struct err_msg msg = {0};

	principal_digest(&principal, out);
	cr_assert_eq(private_user_add(txn, &principal, &p->identity, SEEN_S, &msg), 0, "%s",
		msg.text);
}

static void
open_private(void)
{
	struct store_config config = {
		.mode = STORE_CREATE,
		.tables = private_tables,
		.table_count = PRIVATE_TABLE_COUNT,
		.schema_version = PRIVATE_SCHEMA_VERSION,
	};
	struct private_txn *txn = NULL;
	struct err_msg msg = {0};

	cr_assert_eq(store_mem_open(&config, &private_store, &msg), 0, "%s", msg.text);
	cr_assert_eq(private_create(private_store, &msg), 0);
	cr_assert_eq(private_txn_begin(private_store, &txn, &msg), 0);
	cr_assert_eq(private_set_site_domain(txn, SLICE("example.org")), 0);
	add_user(txn, "addr:alice@example.org", &people[ALICE], &alice_digest);
	add_user(txn, "addr:dave@example.org", &people[DAVE], &dave_digest);
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
	cr_assert_eq(graph_set_hosted(txn, &people[DAVE].identity, &msg), 0);
	world_commit(txn);
	for (size_t i = 0; i < PEOPLE; i++) {
		(void)world_add(
			&graph, person_identity(&people[i], 1, SEEN_S, NULL, false), SEEN_S);
		(void)world_add(&graph, person_device(&people[i], BY_PHONE, 1, SEEN_S), SEEN_S);
	}
	(void)world_add(&graph,
		person_bind(&people[ALICE], BY_PHONE, 1, SEEN_S, "addr:alice@example.org"),
		SEEN_S);
	(void)world_add(&graph,
		person_bind(&people[DAVE], BY_PHONE, 1, SEEN_S, "addr:dave@example.org"),
		SEEN_S);
	(void)world_add(&graph,
		person_bind(&people[BOB], BY_PHONE, 1, SEEN_S, "addr:bob@example.net"), SEEN_S);
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
	cr_assert_eq(graph_reader_new(graph.store, &scanner.graph, &msg), 0, "%s", msg.text);
	cr_assert_eq(private_reader_new(private_store, &scanner.private_store, &msg), 0);
	arena_init(&arena, 8 << 20);
	settings = load("");
}

static void
teardown(void)
{
	settings_free(settings);
	arena_fini(&arena);
	private_reader_free(scanner.private_store);
	graph_reader_free(scanner.graph);
	store_close(private_store);
	world_fini(&graph);
	for (size_t i = 0; i < PEOPLE; i++) {
		person_fini(&people[i]);
	}
}

TestSuite(scan, .init = setup, .fini = teardown);

static void
hold(const struct digest *user, const char *subject, const struct private_entry *entry)
{
	struct principal principal = principal_of(subject);
	struct private_txn *txn = NULL;
	struct err_msg msg = {0};

	cr_assert_eq(private_txn_begin(private_store, &txn, &msg), 0);
	cr_assert_eq(private_put(txn, user, &principal, entry, &msg), 0, "%s", msg.text);
	cr_assert_eq(private_txn_commit(txn, &msg), 0);
}

static void
befriend(const struct digest *user, const char *subject, uint8_t level)
{
	struct private_entry entry = {.level = level, .added_s = SEEN_S};

	hold(user, subject, &entry);
}

/* befriend_bob - alice knows bob's address and confirmed that it is his identity */
static void
befriend_bob(uint8_t level)
{
	struct private_entry entry = {
		.level = level,
		.added_s = SEEN_S,
		.has_identity = true,
		.identity = people[BOB].identity,
	};

	hold(&alice_digest, "addr:bob@example.net", &entry);
}

static void
vouch(int who, const char *subject, enum trust_level level)
{
	(void)world_add(&graph, person_vouch(&people[who], BY_PHONE, 1, SEEN_S, subject, level),
		SEEN_S);
}

static struct verdict
scan_as(const struct settings *s, const char *user, const char *message)
{
	struct scan_request request = {
		.message = slice_str(message),
		.user = slice_str(user),
		.now_s = NOW_S,
	};
	struct verdict v;

	arena_reset(&arena);
	cr_assert_eq(scan_message(&scanner, s, &request, &arena, &v), 0);
	return v;
}

static struct verdict
scan(const char *message)
{
	return scan_as(settings, "alice@example.org", message);
}

static bool
has_rule(const struct verdict *v, const char *name)
{
	for (size_t i = 0; i < v->rule_count; i++) {
		if (slice_eq(v->rules[i].name, slice_str(name))) {
			return true;
		}
	}
	return false;
}

static void
expect(const struct verdict *v, const char *label, enum tier tier, const char *rule,
	double score)
{
	cr_expect_eq(v->tier, tier, "%s: tier %s", label, tier_name(v->tier));
	cr_expect(has_rule(v, rule), "%s: no %s, path '%.*s'", label, rule, SLICE_ARG(v->path));
	cr_expect_float_eq(v->score, score, 1e-3, "%s: score %f", label, v->score);
	cr_expect_eq(v->is_spam, v->score >= 5.0, "%s", label);
	cr_expect_gt(v->path.len, 0, "%s: no path", label);
	cr_expect_gt(v->evidence_text.len, 0, "%s: no evidence text", label);
}

Test(scan, own_edges_give_their_tier_only_with_proof)
{
	static const struct {
		const char *label;
		uint8_t level;
		enum tier tier;
		const char *rule;
		double score;
	} rows[] = {
		{"strong", 3, TIER_WELL_TRUSTED, "TRUST_WELL", -100.0},
		{"ordinary", 2, TIER_KNOWN, "TRUST_DIRECT", -6.0},
		{"weak", 1, TIER_KNOWN, "TRUST_DIRECT_WEAK", -3.0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct verdict v;

		befriend(&alice_digest, "addr:erin@example.net", rows[i].level);
		v = scan(PROOF HOP FROM("erin") BODY);
		expect(&v, rows[i].label, rows[i].tier, rows[i].rule, rows[i].score);
		cr_expect_eq(v.evidence, EVIDENCE_DKIM);
		v = scan(HOP FROM("erin") BODY);
		expect(&v, rows[i].label, TIER_UNKNOWN, "TRUST_UNKNOWN", 0.0);
		cr_expect(has_rule(&v, "TRUST_UNPROVEN"), "%s", rows[i].label);
	}
}

Test(scan, a_stranger_is_unknown_and_costs_nothing)
{
	struct verdict v = scan(PROOF HOP FROM("frank") BODY);

	expect(&v, "stranger", TIER_UNKNOWN, "TRUST_UNKNOWN", 0.0);
	cr_assert(!has_rule(&v, "TRUST_UNPROVEN"), "nobody's name was used");
	cr_assert(slice_eq(v.sender, SLICE("frank@example.net")));
	cr_assert(slice_eq(v.recipient, SLICE("alice@example.org")));
}

Test(scan, a_confirmed_friend_introduces_whom_he_vouches_for)
{
	struct verdict v;

	befriend_bob(2);
	vouch(BOB, "addr:frank@example.net", TRUST_LEVEL_ORDINARY);
	v = scan(PROOF HOP FROM("frank") BODY);
	expect(&v, "friend of friend", TIER_KNOWN, "TRUST_FOF", -(1 + 8 * 0.343));
	cr_assert_eq(v.details->voucher_count, 1);
	v = scan(HOP FROM("frank") BODY);
	expect(&v, "unproven", TIER_UNKNOWN, "TRUST_UNKNOWN", 0.0);
}

Test(scan, a_friend_may_have_an_introduction_credit_of_his_own)
{
	struct private_entry bob = {
		.level = 2,
		.added_s = SEEN_S,
		.has_identity = true,
		.identity = people[BOB].identity,
		.has_credit = true,
		.credit = 0,
	};
	struct verdict v;

	vouch(BOB, "addr:frank@example.net", TRUST_LEVEL_ORDINARY);
	hold(&alice_digest, "addr:bob@example.net", &bob);
	v = scan(PROOF HOP FROM("frank") BODY);
	expect(&v, "none", TIER_UNKNOWN, "TRUST_UNKNOWN", 0.0);
	cr_assert_eq(v.details->broke_count, 1);
	cr_assert_eq(v.details->broke[0].reason, METRIC_SHORT_FORBIDDEN);
	cr_assert(slice_ends_with(
		v.details->advice, SLICE("is not allowed to introduce anybody")));
	bob.credit = 999999;
	hold(&alice_digest, "addr:bob@example.net", &bob);
	v = scan(PROOF HOP FROM("frank") BODY);
	expect(&v, "less than the price", TIER_UNKNOWN, "TRUST_UNKNOWN", 0.0);
	cr_assert_eq(v.details->refusal, METRIC_REFUSAL_CREDIT);
	bob.credit = 3000000;
	hold(&alice_digest, "addr:bob@example.net", &bob);
	v = scan(PROOF HOP FROM("frank") BODY);
	expect(&v, "three", TIER_KNOWN, "TRUST_FOF", -(1 + 8 * 0.343));
	cr_assert_eq(v.details->vouchers[0].credit, 2000000, "two are left");
}

Test(scan, an_address_nobody_confirmed_introduces_nobody)
{
	struct verdict v;

	befriend(&alice_digest, "addr:bob@example.net", 2);
	vouch(BOB, "addr:frank@example.net", TRUST_LEVEL_STRONG);
	v = scan(PROOF HOP FROM("frank") BODY);
	expect(&v, "bind without effect", TIER_UNKNOWN, "TRUST_UNKNOWN", 0.0);
	befriend(&alice_digest, people[BOB].self.text, 2);
	v = scan(PROOF HOP FROM("frank") BODY);
	expect(&v, "the identity itself is a friend", TIER_KNOWN, "TRUST_FOF",
		-(1 + 8 * 0.7 * 0.7 * 0.9));
}

Test(scan, two_vouchers_weigh_more_than_one)
{
	struct verdict v;

	befriend_bob(2);
	befriend(&alice_digest, people[CAROL].self.text, 2);
	vouch(BOB, "addr:frank@example.net", TRUST_LEVEL_ORDINARY);
	vouch(CAROL, "addr:frank@example.net", TRUST_LEVEL_ORDINARY);
	v = scan(PROOF HOP FROM("frank") BODY);
	expect(&v, "two", TIER_KNOWN, "TRUST_FOF", -(1 + 8 * (1 - 0.657 * 0.657)));
}

Test(scan, a_vouch_for_the_domain_covers_its_addresses_and_no_subdomain)
{
	struct verdict v;

	befriend(&alice_digest, "dom:example.net", 2);
	v = scan(PROOF HOP FROM("frank") BODY);
	expect(&v, "domain", TIER_KNOWN, "TRUST_DIRECT", -6.0);
	v = scan(PROOF HOP "From: frank@sub.example.net\n" BODY);
	expect(&v, "subdomain", TIER_UNKNOWN, "TRUST_UNKNOWN", 0.0);
}

Test(scan, colleagues_know_each_other_unless_the_site_says_no)
{
	static const char message[] =
		"Authentication-Results: mx.example.org; dkim=pass header.d=example.org\n" HOP
		"From: dave@example.org\n" BODY;
	struct settings *without = load("colleagues no\n");
	struct verdict v = scan(message);

	expect(&v, "colleague", TIER_KNOWN, "TRUST_DIRECT", -6.0);
	v = scan_as(without, "alice", message);
	expect(&v, "colleagues no", TIER_UNKNOWN, "TRUST_UNKNOWN", 0.0);
	settings_free(without);
}

Test(scan, blocks_need_no_proof_and_outrank_friendship)
{
	struct private_entry block = {.blocked = true, .added_s = SEEN_S};
	struct verdict v;

	befriend(&alice_digest, "dom:example.net", 3);
	hold(&alice_digest, "addr:erin@example.net", &block);
	v = scan(PROOF HOP FROM("erin") BODY);
	expect(&v, "blocked", TIER_BLOCKED, "TRUST_BLOCKED", 100.0);
	v = scan(HOP FROM("erin") BODY);
	expect(&v, "blocked without proof", TIER_BLOCKED, "TRUST_BLOCKED", 100.0);
	v = scan_as(settings, "dave", PROOF HOP FROM("erin") BODY);
	expect(&v, "another user's block", TIER_UNKNOWN, "TRUST_UNKNOWN", 0.0);
	v = scan("Return-Path: <>\n" PROOF HOP FROM("erin") BODY);
	expect(&v, "a null envelope sender is no way round", TIER_BLOCKED, "TRUST_BLOCKED",
		100.0);
}

Test(scan, a_block_outranks_the_welcome_list)
{
	struct private_entry block = {.blocked = true, .added_s = SEEN_S};
	struct settings *welcome = load("welcomelist_from *@example.net\n"
					"welcomelist_auth *@example.net\n"
					"welcomelist_from_rcvd *@example.net example.net\n");
	struct verdict v;

	v = scan_as(welcome, "alice@example.org", PROOF HOP FROM("erin") BODY);
	expect(&v, "welcome", TIER_UNKNOWN, "USER_IN_DKIM_WELCOMELIST", -200.0);
	hold(&alice_digest, "addr:erin@example.net", &block);
	v = scan_as(welcome, "alice@example.org", PROOF HOP FROM("erin") BODY);
	expect(&v, "blocked", TIER_BLOCKED, "TRUST_BLOCKED", 100.0);
	settings_free(welcome);
}

Test(scan, a_block_cannot_be_written_around)
{
	static const struct {
		const char *label;
		const char *header;
		bool blocked;
	} rows[] = {
		{"second address", "From: mallory@example.com, x@example.net\n", true},
		{"open comment", "From: mallory@example.com (\n", true},
		{"stray bracket", "From: Mal <mallory@example.com> <\n", true},
		{"no angle brackets", "From: =?utf-8?q?x?= mallory@example.com\n", true},
		{"second From", "From: x@example.net\nFrom: mallory@example.com\n", true},
		{"upper case", "From: MALLORY@EXAMPLE.COM\n", true},
		{"sub-address", "From: mallory+new@example.com\n", true},
		{"below a blocked domain", "From: x@mail.bad.example\n", true},
		{"the blocked domain", "From: x@bad.example\n", true},
		{"another domain that ends alike", "From: x@notbad.example\n", false},
		{"another address of the domain", "From: trent@example.com\n", false},
		{"the display name of somebody else", "From: \"mallory\" <x@example.net>\n",
			false},
	};
	struct private_entry block = {.blocked = true, .added_s = SEEN_S};

	hold(&alice_digest, "addr:mallory@example.com", &block);
	hold(&alice_digest, "dom:bad.example", &block);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char message[1024];
		struct verdict v;

		(void)snprintf(message, sizeof(message), HOP "%s" BODY, rows[i].header);
		v = scan(message);
		expect(&v, rows[i].label, rows[i].blocked ? TIER_BLOCKED : TIER_UNKNOWN,
			rows[i].blocked ? "TRUST_BLOCKED" : "TRUST_UNKNOWN",
			rows[i].blocked ? 100.0 : 0.0);
	}
}

Test(scan, thousands_of_fields_hide_no_blocked_sender)
{
	static char message[64 * 1024];
	struct private_entry block = {.blocked = true, .added_s = SEEN_S};
	size_t n = 0;
	struct verdict v;

	hold(&alice_digest, "addr:mallory@example.com", &block);
	for (size_t i = 0; i < 3000; i++) {
		n += (size_t)snprintf(message + n, sizeof(message) - n, "A:\n");
	}
	(void)snprintf(message + n, sizeof(message) - n, "From: mallory@example.com\n" BODY);
	v = scan(message);
	expect(&v, "late From", TIER_BLOCKED, "TRUST_BLOCKED", 100.0);
	cr_expect_eq(v.evidence, EVIDENCE_NONE);
}

Test(scan, the_sites_block_holds_for_everybody)
{
	struct private_entry block = {.blocked = true, .added_s = SEEN_S};
	struct digest site;
	struct verdict v;

	principal_digest(&people[SITE].self, &site);
	hold(&site, "dom:example.net", &block);
	befriend(&alice_digest, "addr:erin@example.net", 3);
	v = scan(PROOF HOP FROM("erin") BODY);
	expect(&v, "site block", TIER_BLOCKED, "TRUST_BLOCKED", 100.0);
}

Test(scan, a_revoked_identity_is_worse_than_unknown)
{
	struct verdict v;

	befriend_bob(3);
	v = scan(PROOF HOP FROM("bob") BODY);
	expect(&v, "before", TIER_WELL_TRUSTED, "TRUST_WELL", -100.0);
	(void)world_add(&graph,
		person_revoke(&people[BOB], BY_ROOT, 1, SEEN_S, &people[BOB].self, SEEN_S),
		SEEN_S);
	v = scan(PROOF HOP FROM("bob") BODY);
	expect(&v, "after", TIER_REVOKED, "TRUST_REVOKED", 25.0);
}

Test(scan, what_a_revoked_identity_vouches_counts_no_more)
{
	struct verdict v;

	befriend_bob(2);
	vouch(BOB, "addr:frank@example.net", TRUST_LEVEL_ORDINARY);
	(void)world_add(&graph,
		person_revoke(&people[BOB], BY_ROOT, 1, NOW_S - 5 * DAY_S, &people[BOB].self,
			SEEN_S - DAY_S),
		NOW_S - 5 * DAY_S);
	v = scan(PROOF HOP FROM("frank") BODY);
	expect(&v, "vouched by a revoked one", TIER_UNKNOWN, "TRUST_UNKNOWN", 0.0);
}

Test(scan, learned_edges_end_after_four_hundred_days_without_mail)
{
	struct private_entry entry = {
		.level = 2,
		.origin = PRIVATE_LEARNED,
		.added_s = NOW_S - 900 * DAY_S,
		.last_mail_s = NOW_S - 399 * DAY_S,
	};
	struct verdict v;

	hold(&alice_digest, "addr:erin@example.net", &entry);
	v = scan(PROOF HOP FROM("erin") BODY);
	expect(&v, "399 days", TIER_KNOWN, "TRUST_DIRECT", -6.0);
	entry.last_mail_s = NOW_S - 400 * DAY_S;
	hold(&alice_digest, "addr:erin@example.net", &entry);
	v = scan(PROOF HOP FROM("erin") BODY);
	expect(&v, "400 days", TIER_UNKNOWN, "TRUST_UNKNOWN", 0.0);
	entry.added_s = SEEN_S;
	hold(&alice_digest, "addr:erin@example.net", &entry);
	v = scan(PROOF HOP FROM("erin") BODY);
	expect(&v, "imported lately, but old", TIER_UNKNOWN, "TRUST_UNKNOWN", 0.0);
}

Test(scan, expired_vouches_do_not_count)
{
	struct scan_request request = {
		.message = SLICE(PROOF HOP FROM("frank") BODY),
		.user = SLICE("alice"),
		.now_s = SEEN_S + 401 * DAY_S,
	};
	struct verdict v;

	befriend_bob(2);
	vouch(BOB, "addr:frank@example.net", TRUST_LEVEL_ORDINARY);
	cr_assert_eq(scan_message(&scanner, settings, &request, &arena, &v), 0);
	expect(&v, "expired", TIER_UNKNOWN, "TRUST_UNKNOWN", 0.0);
}

Test(scan, the_site_takes_its_users_contacts_as_weak)
{
	struct verdict v;

	befriend(&dave_digest, "addr:erin@example.net", 3);
	v = scan_as(settings, "nobody", PROOF HOP FROM("erin") BODY);
	expect(&v, "private edge of a user", TIER_KNOWN, "TRUST_DIRECT_WEAK", -3.0);
	cr_assert_eq(v.recipient.len, 0);
	vouch(ALICE, "addr:frank@example.net", TRUST_LEVEL_STRONG);
	v = scan_as(settings, "", PROOF HOP FROM("frank") BODY);
	expect(&v, "published vouch of a user", TIER_KNOWN, "TRUST_DIRECT_WEAK", -3.0);
}

Test(scan, recipients_come_from_the_fields_the_site_names)
{
	struct settings *s = load("recipient_headers X-Envelope-To Delivered-To\n");
	struct verdict v;

	befriend(&alice_digest, "addr:erin@example.net", 3);
	v = scan_as(
		s, "root", "X-Envelope-To: alice@example.org\n" PROOF HOP FROM("erin") BODY);
	expect(&v, "X-Envelope-To", TIER_WELL_TRUSTED, "TRUST_WELL", -100.0);
	v = scan_as(s, "root",
		"X-Envelope-To: alice@example.org, dave@example.org\n" PROOF HOP FROM("erin")
			BODY);
	expect(&v, "for two: the more cautious", TIER_UNKNOWN, "TRUST_UNKNOWN", 0.0);
	v = scan_as(s, "root", PROOF HOP "Delivered-To: alice@example.org\n" FROM("erin") BODY);
	cr_expect_eq(v.recipient.len, 0, "written by the sender, below the first Received");
	v = scan_as(settings, "root",
		"X-Envelope-To: alice@example.org\n" PROOF HOP FROM("erin") BODY);
	cr_expect_eq(v.recipient.len, 0, "not named as the site's own");
	settings_free(s);
}

Test(scan, one_users_block_does_not_take_the_mail_from_the_others)
{
	struct settings *s = load("recipient_headers X-Envelope-To\n");
	struct private_entry block = {.blocked = true, .added_s = SEEN_S};
	struct verdict v;

	befriend(&alice_digest, "addr:erin@example.net", 2);
	hold(&dave_digest, "addr:erin@example.net", &block);
	v = scan_as(s, "root",
		"X-Envelope-To: alice@example.org, dave@example.org\n" PROOF HOP FROM("erin")
			BODY);
	expect(&v, "blocked by one of two", TIER_KNOWN, "TRUST_DIRECT", -6.0);
	settings_free(s);
}

Test(scan, sub_addresses_are_kept_unless_the_site_says_otherwise)
{
	struct settings *s = load("subaddress_delimiter +\n");
	struct verdict v;

	befriend(&alice_digest, "addr:erin@example.net", 2);
	v = scan_as(settings, "alice+shop@example.org", PROOF HOP FROM("erin") BODY);
	cr_expect_eq(v.recipient.len, 0);
	v = scan_as(s, "alice+shop@example.org", PROOF HOP FROM("erin") BODY);
	expect(&v, "stripped", TIER_KNOWN, "TRUST_DIRECT", -6.0);
	settings_free(s);
}

Test(scan, an_empty_circle_never_turns_mail_into_spam)
{
	struct settings *s = load("unknown_is_spam yes\n");
	struct verdict v = scan_as(s, "alice", PROOF HOP FROM("frank") BODY);

	expect(&v, "empty", TIER_UNKNOWN, "TRUST_UNKNOWN", 0.0);
	befriend(&alice_digest, "addr:erin@example.net", 2);
	v = scan_as(s, "alice", PROOF HOP FROM("frank") BODY);
	expect(&v, "somebody is known", TIER_UNKNOWN, "TRUST_UNKNOWN", 6.5);
	cr_expect(v.is_spam);
	v = scan_as(s, "alice", "Return-Path: <>\n" PROOF HOP FROM("frank") BODY);
	expect(&v, "bounce", TIER_UNKNOWN, "TRUST_BOUNCE", 0.0);
	cr_expect_eq(v.rule_count, 1, "no tier rule for bounces");
	settings_free(s);
}

Test(scan, without_a_store_everything_is_unknown_and_costs_nothing)
{
	struct settings *s = load("unknown_is_spam yes\nscore TRUST_UNKNOWN 7\n");
	struct scanner broken = {.graph = scanner.graph};
	struct scan_request request = {
		.message = SLICE(PROOF HOP FROM("erin") BODY),
		.user = SLICE("alice"),
		.now_s = NOW_S,
	};
	struct verdict v;

	befriend(&alice_digest, "addr:erin@example.net", 3);
	cr_assert_eq(scan_message(&broken, s, &request, &arena, &v), 0);
	expect(&v, "no private store", TIER_UNKNOWN, "TRUST_NO_STORE", 0.0);
	cr_expect(has_rule(&v, "TRUST_UNKNOWN"));
	broken = (struct scanner){0};
	cr_assert_eq(scan_message(&broken, s, &request, &arena, &v), 0);
	expect(&v, "no store at all", TIER_UNKNOWN, "TRUST_NO_STORE", 0.0);
	settings_free(s);
}

Test(scan, observe_shows_the_tier_and_scores_nothing)
{
	struct settings *s = load("trust_mode observe\n");
	struct verdict v;

	befriend(&alice_digest, "addr:erin@example.net", 3);
	v = scan_as(s, "alice", PROOF HOP FROM("erin") BODY);
	expect(&v, "observe", TIER_WELL_TRUSTED, "TRUST_WELL", 0.0);
	settings_free(s);
}

Test(scan, scores_are_the_administrators)
{
	struct settings *s = load("score TRUST_DIRECT -2.5\nscore TRUST_FOF -1\n"
				  "score TRUST_UNPROVEN 0\nscore TRUST_UNKNOWN 0\n");
	struct verdict v;

	befriend_bob(2);
	vouch(BOB, "addr:frank@example.net", TRUST_LEVEL_ORDINARY);
	v = scan_as(s, "alice", PROOF HOP FROM("bob") BODY);
	expect(&v, "tuned", TIER_KNOWN, "TRUST_DIRECT", -2.5);
	v = scan_as(s, "alice", PROOF HOP FROM("frank") BODY);
	expect(&v, "computed score overridden", TIER_KNOWN, "TRUST_FOF", -1.0);
	v = scan_as(s, "alice", HOP FROM("bob") BODY);
	cr_expect(!has_rule(&v, "TRUST_UNPROVEN"), "a rule set to 0 is off");
	cr_expect(!has_rule(&v, "TRUST_UNKNOWN"), "that of the tier, too");
	cr_expect_eq(v.tier, TIER_UNKNOWN);
	settings_free(s);
}

Test(scan, a_friend_who_always_signs_cannot_be_imitated_for_free)
{
	struct verdict v;

	befriend_bob(2);
	(void)world_add(&graph, person_identity(&people[BOB], 2, SEEN_S, NULL, true), SEEN_S);
	v = scan(HOP FROM("bob") BODY);
	expect(&v, "always signs", TIER_UNKNOWN, "TRUST_FORGED", 2.0);
}

Test(scan, the_test_string_and_forged_results_have_rules_of_their_own)
{
	struct verdict v = scan(HOP FROM(
		"frank") "Subject: x\n\n"
			 "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\n");

	expect(&v, "gtube", TIER_UNKNOWN, "GTUBE", 1000.0);
	v = scan(HOP PROOF FROM("frank") BODY);
	expect(&v, "forged", TIER_UNKNOWN, "TRUST_AR_FORGED", 0.5);
}

static void
vouch_to(int who, enum statement_aud aud, const char *subject)
{
	struct issuer by = {
		.identity = people[who].identity,
		.signer = people[who].keys[BY_PHONE],
		.now_s = SEEN_S,
		.aud = aud,
	};
	struct principal principal = principal_of(subject);
	struct issued made;
	struct err_msg msg = {0};

	cr_assert_eq(issue_vouch(&by, 1, &principal, TRUST_LEVEL_ORDINARY, &made, &msg), 0,
		"%s", msg.text);
	(void)world_add(&graph, made, SEEN_S);
}

Test(scan, mail_names_only_vouchers_who_said_so_openly)
{
	static const char message[] = PROOF HOP FROM("frank") BODY;
	struct scan_request request = {
		.message = slice_str(message),
		.user = SLICE("alice"),
		.now_s = NOW_S,
		.show_private = true,
	};
	struct verdict v;

	befriend_bob(2);
	vouch_to(BOB, STATEMENT_PEERS, "addr:frank@example.net");
	v = scan(message);
	cr_assert_eq(v.details->voucher_count, 1);
	cr_expect(slice_eq(v.details->vouchers[0].name, SLICE("a private contact")));
	cr_expect_eq(slice_find(v.path, SLICE("bob")), v.path.len, "%.*s", SLICE_ARG(v.path));
	cr_assert_eq(scan_message(&scanner, settings, &request, &arena, &v), 0);
	cr_expect(slice_eq(v.details->vouchers[0].name, SLICE("bob@example.net")),
		"the administrator sees all");
	vouch_to(BOB, STATEMENT_OPEN, "addr:erin@example.net");
	v = scan(PROOF HOP FROM("erin") BODY);
	cr_expect(slice_eq(v.details->vouchers[0].name, SLICE("a private contact")),
		"that alice knows bob is her own affair");
	vouch_to(ALICE, STATEMENT_OPEN, people[BOB].self.text);
	v = scan(PROOF HOP FROM("erin") BODY);
	cr_assert_eq(v.details->voucher_count, 1);
	cr_expect(slice_eq(v.details->vouchers[0].name, SLICE("bob@example.net")));
	cr_expect_lt(slice_find(v.path, SLICE("bob@example.net")), v.path.len);
}

Test(scan, any_bytes_are_a_message)
{
	static const char *const messages[] = {
		"",
		"\n",
		"\n\n\n",
		"From",
		"From:",
		"From: ",
		"no header at all, just text",
		"From: \"unclosed\nTo: <\n\n",
		"From: a@b\nFrom: c@d\nFrom: e@f\n\n",
		"Authentication-Results:\n\n",
		"Authentication-Results: mx.example.org\n\n",
		"Received:\nReceived:\n\n",
		"From: x@[127.0.0.1]\n\n",
		"From: \xff\xfe@\x80.example\n\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		struct verdict v = scan(messages[i]);

		cr_expect_eq(v.tier, TIER_UNKNOWN, "message %zu", i);
		cr_expect_float_eq(v.score, 0.0, 1e-9, "message %zu", i);
	}
}

Test(scan, too_little_memory_is_an_error_the_caller_can_see)
{
	struct scan_request request = {
		.message = SLICE(PROOF HOP FROM("erin") BODY),
		.user = SLICE("alice"),
		.now_s = NOW_S,
	};

	befriend(&alice_digest, "addr:erin@example.net", 3);
	for (size_t max = 0; max < 16384; max += 64) {
		struct arena small;
		struct verdict v = {0};
		int ret = 0;

		arena_init(&small, max);
		ret = scan_message(&scanner, settings, &request, &small, &v);
		cr_assert(ret == 0 || ret == ERR_NOMEM, "at %zu: %d", max, ret);
		cr_assert(
			ret != 0 || v.tier == TIER_WELL_TRUSTED, "at %zu: half a verdict", max);
		arena_fini(&small);
	}
}

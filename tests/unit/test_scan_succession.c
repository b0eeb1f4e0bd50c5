/*
 * A tier does not change when somebody continues his identity under the committed next root:
 * neither the sender's, nor the voucher's, nor the recipient's.
 */
#include "common/graph/private.h"
#include "common/scan/trust.h"
#include "tests/support/graph_world.h"

#define NOW    1800000000U
#define SENDER "addr:sender@example.net"

static struct world w;
static struct store *private_store;
static struct person alice; /* the recipient, a local user */
static struct person alice2;
static struct person bob; /* her friend */
static struct person bob2;
static struct person sender;
static struct person sender2;
static struct person thief;
static struct digest alice_digest;

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

	cr_assert_eq(store_mem_open(&config, &private_store, &msg), 0, "%s", msg.text);
	cr_assert_eq(private_create(private_store, &msg), 0);
	cr_assert_eq(private_txn_begin(private_store, &txn, &msg), 0);
	cr_assert_eq(private_user_add(txn, &address, &alice.identity, NOW, &msg), 0);
	cr_assert_eq(private_txn_commit(txn, &msg), 0);
	principal_digest(&address, &alice_digest);
}

static void
setup(void)
{
	struct person *all[] = {&alice, &alice2, &bob, &bob2, &sender, &sender2, &thief};

	world_make(&w, WORLD_MEM);
	for (uint8_t i = 0; i < ARRAY_LEN(all); i++) {
		person_make(all[i], (uint8_t)(i + 1));
	}
	(void)world_add(&w, person_identity(&alice, 1, NOW, &alice2, false), NOW);
	(void)world_add(&w, person_identity(&bob, 1, NOW, &bob2, false), NOW);
	(void)world_add(&w, person_identity(&sender, 1, NOW, &sender2, false), NOW);
	open_private();
}

static void
teardown(void)
{
	struct person *all[] = {&alice, &alice2, &bob, &bob2, &sender, &sender2, &thief};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		person_fini(all[i]);
	}
	store_close(private_store);
	world_fini(&w);
}

TestSuite(scan_succession, .init = setup, .fini = teardown);

/* hold - what alice holds privately; `identity` confirmed where it is not NULL */
static void
hold(const char *subject, uint8_t level, bool blocked, const struct person *identity)
{
	struct principal p = principal_of(subject);
	struct private_entry entry = {.level = level, .blocked = blocked};
	struct private_txn *txn = NULL;
	struct err_msg msg = {0};

	if (identity != NULL) {
		entry.has_identity = true;
		entry.identity = identity->identity;
	}
	cr_assert_eq(private_txn_begin(private_store, &txn, &msg), 0);
	cr_assert_eq(private_put(txn, &alice_digest, &p, &entry, &msg), 0);
	cr_assert_eq(private_txn_commit(txn, &msg), 0);
}

static void
hold_identity(const struct person *who, uint8_t level, bool blocked)
{
	hold(who->self.text, level, blocked, NULL);
}

/* decide - about proven mail of the sender to alice */
static struct trust_decision
decide(void)
{
	const struct named named = {.count = 0};
	struct principal address = principal_of(SENDER);
	const struct trust_question q = {.sender = &address, .named = &named, .proven = true};
	struct graph_reader *graph = world_read(&w);
	struct private_reader *reader = NULL;
	struct private_user user;
	const struct metric_config config = metric_config_default();
	struct trust_decision out;
	struct err_msg msg = {0};
	struct circle circle;

	cr_assert_eq(private_reader_new(private_store, &reader, &msg), 0);
	cr_assert_eq(private_begin(reader), 0);
	cr_assert(private_user_by_digest(reader, &alice_digest, &user));
	circle_init(&circle, graph, reader, &user, false, NOW + 100);
	trust_decide(&circle, &config, NULL, &q, &out);
	private_end(reader);
	private_reader_free(reader);
	world_read_end(graph);
	return out;
}

static void
succeed(const struct person *successor, const struct person *old)
{
	cr_assert_eq(
		world_add(&w, person_succeed(successor, 1, NOW, old), NOW + 50), GRAPH_ADDED);
}

Test(scan_succession, a_friend_by_identity_stays_one)
{
	hold(SENDER, 0, false, &sender);
	hold_identity(&sender, TRUST_LEVEL_STRONG, false);
	cr_assert_eq(decide().tier, TIER_WELL_TRUSTED);
	succeed(&sender2, &sender);
	cr_assert_eq(decide().tier, TIER_WELL_TRUSTED);
}

Test(scan_succession, a_blocked_identity_stays_blocked)
{
	hold(SENDER, 0, false, &sender);
	hold_identity(&sender, 0, true);
	cr_assert_eq(decide().tier, TIER_BLOCKED);
	succeed(&sender2, &sender);
	cr_assert_eq(decide().tier, TIER_BLOCKED, "a new root does not shake it off");
}

Test(scan_succession, vouches_for_the_old_identity_count_for_the_new_one)
{
	hold(SENDER, 0, false, &sender);
	hold_identity(&bob, TRUST_LEVEL_STRONG, false);
	(void)world_add(&w, person_vouch(&bob, BY_ROOT, 1, NOW, sender.self.text, 3), NOW + 1);
	cr_assert_eq(decide().rule, TRUST_RULE_INTRODUCTION);
	succeed(&sender2, &sender);
	cr_assert_eq(decide().rule, TRUST_RULE_INTRODUCTION);
}

Test(scan_succession, vouches_by_the_old_identity_count_as_the_new_ones)
{
	hold_identity(&bob, TRUST_LEVEL_STRONG, false);
	(void)world_add(&w, person_vouch(&bob, BY_ROOT, 1, NOW, SENDER, 3), NOW + 1);
	succeed(&bob2, &bob);
	cr_assert_eq(decide().rule, TRUST_RULE_INTRODUCTION);
	cr_assert_eq(decide().metric.payer_count, 1);
	(void)world_add(&w, person_vouch(&bob2, BY_ROOT, 1, NOW, SENDER, 2), NOW + 60);
	cr_assert_eq(decide().metric.payer_count, 1, "he and his old self are one voucher");
}

Test(scan_succession, a_list_with_the_new_identity_takes_the_old_ones_vouches)
{
	hold_identity(&bob2, TRUST_LEVEL_STRONG, false);
	(void)world_add(&w, person_vouch(&bob, BY_ROOT, 1, NOW, SENDER, 3), NOW + 1);
	cr_assert_eq(decide().tier, TIER_UNKNOWN);
	succeed(&bob2, &bob);
	cr_assert_eq(decide().rule, TRUST_RULE_INTRODUCTION);
}

Test(scan_succession, the_recipients_own_vouches_go_on)
{
	(void)world_add(&w, person_vouch(&alice, BY_ROOT, 1, NOW, SENDER, 3), NOW + 1);
	cr_assert_eq(decide().tier, TIER_WELL_TRUSTED);
	succeed(&alice2, &alice);
	cr_assert_eq(decide().tier, TIER_WELL_TRUSTED);
}

Test(scan_succession, a_revoked_root_is_no_stain_on_its_successor)
{
	hold(SENDER, TRUST_LEVEL_ORDINARY, false, &sender);
	(void)world_add(
		&w, person_revoke(&sender, BY_ROOT, 1, NOW, &sender.self, NOW), NOW + 1);
	cr_assert_eq(decide().tier, TIER_REVOKED);
	succeed(&sender2, &sender);
	cr_assert_eq(decide().tier, TIER_KNOWN);
	(void)world_add(
		&w, person_revoke(&sender2, BY_ROOT, 1, NOW, &sender2.self, NOW), NOW + 60);
	cr_assert_eq(decide().tier, TIER_REVOKED);
}

Test(scan_succession, a_thief_who_says_he_continues_gets_nothing)
{
	hold_identity(&bob, TRUST_LEVEL_STRONG, false);
	succeed(&thief, &bob);
	(void)world_add(&w, person_vouch(&thief, BY_ROOT, 1, NOW, SENDER, 3), NOW + 60);
	cr_assert_eq(decide().tier, TIER_UNKNOWN);
}

Test(scan_succession, what_the_thief_says_with_the_old_root_afterwards_is_void)
{
	hold_identity(&bob, TRUST_LEVEL_STRONG, false);
	succeed(&bob2, &bob);
	(void)world_add(&w, person_vouch(&bob, BY_ROOT, 1, NOW, SENDER, 3), NOW + 60);
	cr_assert_eq(decide().tier, TIER_UNKNOWN);
}

/* --- bindings: a claim alone has no effect, for or against ----------------------------------- */

/* countersigned - the sender's claim to his address, with the signature of who speaks for it */
static void
bind_countersigned(const struct person *who, const struct person *by, enum person_key key)
{
	struct issuer issuer = {who->identity, who->keys[BY_ROOT], NOW, STATEMENT_OPEN,
		by == NULL ? NULL : by->keys[key]};
	struct principal address = principal_of(SENDER);
	struct err_msg msg = {0};
	struct statement st;
	struct issued made;

	cr_assert_eq(issue_bind(&issuer, 1, &address, &made, &msg), 0, "%s", msg.text);
	cr_assert_eq(statement_open(issued_slice(&made), &st, &msg), 0, "%s", msg.text);
	cr_assert_eq(st.body.bind.is_countersigned, by != NULL);
	cr_assert_eq(world_add(&w, made, NOW + 1), GRAPH_ADDED);
}

/* bob speaks for example.net here, and the sender's identity is a strong friend's */
static void
confirm_domain(void)
{
	hold("dom:example.net", 0, false, &bob);
	hold_identity(&sender, TRUST_LEVEL_STRONG, false);
}

Test(scan_succession, a_claim_alone_has_no_effect_for_or_against)
{
	confirm_domain();
	bind_countersigned(&sender, NULL, BY_ROOT);
	cr_assert_eq(decide().tier, TIER_UNKNOWN, "for");
	hold_identity(&sender, 0, true);
	cr_assert_eq(decide().tier, TIER_UNKNOWN, "against");
	(void)world_add(
		&w, person_revoke(&sender, BY_ROOT, 1, NOW, &sender.self, NOW + 5), NOW + 5);
	cr_assert_eq(decide().tier, TIER_UNKNOWN, "revoked");
}

Test(scan_succession, what_the_domains_own_key_countersigned_has_effect)
{
	bind_countersigned(&sender, &bob, BY_ROOT);
	hold_identity(&sender, TRUST_LEVEL_STRONG, false);
	cr_assert_eq(decide().tier, TIER_UNKNOWN, "nobody confirmed bob for the domain");
	confirm_domain();
	cr_assert_eq(decide().tier, TIER_WELL_TRUSTED);
	hold_identity(&sender, 0, true);
	cr_assert_eq(decide().tier, TIER_BLOCKED);
}

Test(scan_succession, a_friend_by_an_address_that_was_countersigned_introduces)
{
	struct issuer issuer = {
		sender.identity, sender.keys[BY_ROOT], NOW, STATEMENT_OPEN, bob.keys[BY_ROOT]};
	struct principal friend = principal_of("addr:friend@example.net");
	struct err_msg msg = {0};
	struct issued made;

	/* `sender` is the friend here, and vouches for the address that the mail comes from. */
	cr_assert_eq(issue_bind(&issuer, 1, &friend, &made, &msg), 0, "%s", msg.text);
	(void)world_add(&w, made, NOW + 1);
	(void)world_add(&w, person_vouch(&sender, BY_ROOT, 1, NOW, SENDER, 3), NOW + 1);
	hold("addr:friend@example.net", TRUST_LEVEL_STRONG, false, NULL);
	cr_expect_eq(decide().tier, TIER_UNKNOWN, "nobody speaks for the domain");
	hold("dom:example.net", 0, false, &bob);
	cr_expect_eq(decide().rule, TRUST_RULE_INTRODUCTION);
	hold("addr:friend@example.net", 0, false, NULL);
	cr_expect_eq(decide().tier, TIER_UNKNOWN, "no friend any more");
	(void)world_add(&w, person_vouch(&alice, BY_ROOT, 1, NOW, "addr:friend@example.net", 2),
		NOW + 1);
	cr_expect_eq(decide().rule, TRUST_RULE_INTRODUCTION, "by a published vouch");
	hold("dom:example.net", 0, false, &thief);
	cr_expect_eq(decide().tier, TIER_UNKNOWN, "somebody else speaks for it");
}

Test(scan_succession, a_countersignature_needs_a_key_that_is_alive)
{
	struct principal phone;

	confirm_domain();
	bind_countersigned(&sender, &bob, BY_PHONE);
	cr_assert_eq(decide().tier, TIER_UNKNOWN, "not certified");
	(void)world_add(&w, person_device(&bob, BY_PHONE, 1, NOW), NOW);
	cr_assert_eq(decide().tier, TIER_WELL_TRUSTED);
	person_key_principal(&bob, BY_PHONE, &phone);
	(void)world_add(&w, person_revoke(&bob, BY_ROOT, 1, NOW, &phone, NOW), NOW + 9);
	cr_assert_eq(decide().tier, TIER_UNKNOWN, "revoked since before");
}

Test(scan_succession, a_stranger_countersigns_nothing)
{
	confirm_domain();
	bind_countersigned(&sender, &thief, BY_ROOT);
	cr_assert_eq(decide().tier, TIER_UNKNOWN);
}

Test(scan_succession, two_identities_for_one_address_have_neither)
{
	confirm_domain();
	bind_countersigned(&sender, &bob, BY_ROOT);
	bind_countersigned(&thief, &bob, BY_ROOT);
	cr_assert_eq(decide().tier, TIER_UNKNOWN);
	hold(SENDER, 0, false, &sender);
	cr_assert_eq(decide().tier, TIER_WELL_TRUSTED, "until the recipient confirmed one");
}

Test(scan_succession, no_number_of_squatters_takes_the_effect_of_what_was_countersigned)
{
	struct person squatter;

	confirm_domain();
	for (uint8_t i = 0; i < 100; i++) {
		person_make(&squatter, (uint8_t)(100 + i));
		bind_countersigned(&squatter, &thief, BY_ROOT);
		person_fini(&squatter);
	}
	cr_assert_eq(decide().tier, TIER_UNKNOWN);
	bind_countersigned(&sender, &bob, BY_ROOT);
	cr_assert_eq(decide().tier, TIER_WELL_TRUSTED);
}

Test(scan_succession, a_countersignature_fits_one_claim_only)
{
	struct issuer issuer = {
		thief.identity, thief.keys[BY_ROOT], NOW, STATEMENT_OPEN, bob.keys[BY_ROOT]};
	struct principal address = principal_of(SENDER);
	struct err_msg msg = {0};
	struct statement st;
	struct issued made;
	struct dynbuf jws;

	cr_assert_eq(issue_bind(&issuer, 1, &address, &made, &msg), 0);
	/* The same second signature under another issuer, address, or end. */
	for (int i = 0; i < 3; i++) {
		struct statement forged = made.st;
		const struct keypair *signer = thief.keys[BY_ROOT];

		if (i == 0) {
			forged.iss = sender.identity;
			signer = sender.keys[BY_ROOT];
		} else if (i == 1) {
			forged.sub = principal_of("addr:other@example.net");
		} else {
			forged.exp--;
		}
		dynbuf_init(&jws, STATEMENT_MAX);
		cr_assert_eq(statement_encode(&forged, signer, &jws, &msg), 0, "%s", msg.text);
		cr_assert_eq(statement_open(dynbuf_slice(&jws), &st, &msg), ERR_SIGNATURE);
		dynbuf_fini(&jws);
	}
}

Test(scan_succession, two_identities_in_a_row_that_bind_one_address_are_one)
{
	struct graph_txn *txn;
	struct err_msg msg = {0};

	(void)world_add(&w, person_bind(&sender, BY_ROOT, 1, NOW, SENDER), NOW + 1);
	succeed(&sender2, &sender);
	(void)world_add(&w, person_bind(&sender2, BY_ROOT, 1, NOW, SENDER), NOW + 60);
	txn = world_begin(&w);
	cr_assert_eq(graph_set_hosted(txn, &sender.identity, &msg), 0);
	cr_assert_eq(graph_set_hosted(txn, &sender2.identity, &msg), 0);
	world_commit(txn);
	hold_identity(&sender2, TRUST_LEVEL_STRONG, false);
	cr_assert_eq(decide().tier, TIER_WELL_TRUSTED);
}

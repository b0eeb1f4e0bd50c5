/*
 * A paid introduction stands on somebody's word: it outlives a vouch that is taken back, and ends
 * with one that a thief made.
 */
#include "common/graph/private.h"
#include "common/scan/trust.h"
#include "tests/support/graph_world.h"

#define NOW    1800000000U
#define THEFT  (NOW + 10)
#define SENDER "addr:sender@example.net"

static struct world w;
static struct store *private_store;
static struct person alice; /* the recipient, a local user */
static struct person bob;   /* her friends */
static struct person carol;
static struct person dora; /* a friend of bob's, and nobody of alice's */
static struct digest alice_digest;

static struct person *const all[] = {&alice, &bob, &carol, &dora};

/* The only introduction in the ledger: who paid. */
static struct metric_introduction paid;
static struct digest paid_by[METRIC_PAYERS_MAX];
static struct digest paid_through;

static void
walk_nothing(void *ctx, enum metric_table table, const struct metric_party *a,
	const struct metric_party *b, metric_entry_fn *visit, void *visit_ctx)
{
	(void)ctx;
	(void)table;
	(void)a;
	(void)b;
	(void)visit;
	(void)visit_ctx;
}

static bool
find_paid(void *ctx, const struct metric_party *r, const struct metric_party *s,
	struct metric_introduction *out)
{
	(void)ctx;
	(void)r;
	(void)s;
	*out = paid;
	return paid.share_count > 0;
}

static const struct metric_ledger_ops ledger_ops = {
	.walk = walk_nothing, .introduction = find_paid};

/* pay - of the introduction; `middleman` is NULL where bob vouches himself */
static void
pay(const struct person *payer, const struct person *middleman)
{
	struct metric_share *share = &paid.shares[paid.share_count];
	struct digest *digest = &paid_by[paid.share_count++];

	principal_digest(&payer->self, digest);
	*share = (struct metric_share){
		.payer.digest = digest, .amount = METRIC_ONE, .share = METRIC_ONE};
	if (middleman != NULL) {
		principal_digest(&middleman->self, &paid_through);
		share->middleman.digest = &paid_through;
	}
	paid.paid_s = paid.seen_s = NOW + 50;
	paid.price = METRIC_ONE;
}

static void
setup(void)
{
	const struct store_config config = {.mode = STORE_CREATE,
		.tables = private_tables,
		.table_count = PRIVATE_TABLE_COUNT,
		.schema_version = PRIVATE_SCHEMA_VERSION};
	const struct private_entry friend = {.level = TRUST_LEVEL_ORDINARY};
	struct principal address = principal_of("addr:alice@example.org");
	struct private_txn *txn = NULL;
	struct err_msg msg = {0};

	world_make(&w, WORLD_MEM);
	for (uint8_t i = 0; i < ARRAY_LEN(all); i++) {
		person_make(all[i], (uint8_t)(i + 1));
		(void)world_add(&w, person_identity(all[i], 1, NOW, NULL, false), NOW);
		(void)world_add(&w, person_device(all[i], BY_PHONE, 1, NOW), NOW);
		(void)world_add(&w, person_device(all[i], BY_LAPTOP, 1, NOW), NOW);
	}
	principal_digest(&address, &alice_digest);
	cr_assert_eq(store_mem_open(&config, &private_store, &msg), 0, "%s", msg.text);
	cr_assert_eq(private_create(private_store, &msg), 0);
	cr_assert_eq(private_txn_begin(private_store, &txn, &msg), 0);
	cr_assert_eq(private_user_add(txn, &address, &alice.identity, NOW, &msg), 0);
	cr_assert_eq(private_put(txn, &alice_digest, &bob.self, &friend, &msg), 0);
	cr_assert_eq(private_put(txn, &alice_digest, &carol.self, &friend, &msg), 0);
	cr_assert_eq(private_txn_commit(txn, &msg), 0);
}

static void
teardown(void)
{
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		person_fini(all[i]);
	}
	store_close(private_store);
	world_fini(&w);
}

TestSuite(scan_introduction, .init = setup, .fini = teardown);

/* rule - by which proven mail of the sender to alice is decided */
static enum metric_rule
rule(void)
{
	const struct named named = {.count = 0};
	struct principal address = principal_of(SENDER);
	const struct trust_question q = {.sender = &address, .named = &named, .proven = true};
	const struct trust_ledger ledger = {.metric.ops = &ledger_ops};
	const struct metric_config config = metric_config_default();
	struct graph_reader *graph = world_read(&w);
	struct private_reader *reader = NULL;
	struct trust_decision out;
	struct private_user user;
	struct err_msg msg = {0};
	struct circle circle;

	cr_assert_eq(private_reader_new(private_store, &reader, &msg), 0);
	cr_assert_eq(private_begin(reader), 0);
	cr_assert(private_user_by_digest(reader, &alice_digest, &user));
	circle_init(&circle, graph, reader, &user, false, NOW + 100);
	trust_decide(&circle, &config, &ledger, &q, &out);
	cr_assert_eq(out.metric.refreshes, out.metric.rule == METRIC_RULE_PAID);
	private_end(reader);
	private_reader_free(reader);
	world_read_end(graph);
	return out.metric.rule;
}

static void
vouch(const struct person *who, enum person_key by, uint64_t seq, const char *subject,
	enum trust_level level, uint64_t at_s)
{
	cr_assert_leq(world_add(&w, person_vouch(who, by, seq, at_s, subject, level), at_s),
		GRAPH_REPLACED);
}

/* revoke - the phone, since the theft, some time after it */
static void
revoke(const struct person *who)
{
	struct principal phone;

	person_key_principal(who, BY_PHONE, &phone);
	cr_assert_eq(
		world_add(&w, person_revoke(who, BY_ROOT, 1, NOW, &phone, THEFT), NOW + 60),
		GRAPH_ADDED);
}

Test(scan_introduction, outlives_a_vouch_that_is_taken_back)
{
	vouch(&bob, BY_PHONE, 1, SENDER, TRUST_LEVEL_ORDINARY, THEFT);
	pay(&bob, NULL);
	cr_assert_eq(rule(), METRIC_RULE_PAID);
	vouch(&bob, BY_PHONE, 2, SENDER, TRUST_LEVEL_NONE, NOW + 55);
	cr_assert_eq(rule(), METRIC_RULE_PAID);
	revoke(&carol);
	cr_assert_eq(rule(), METRIC_RULE_PAID, "somebody else's theft");
}

Test(scan_introduction, ends_when_a_thief_made_the_vouch)
{
	vouch(&bob, BY_PHONE, 1, SENDER, TRUST_LEVEL_ORDINARY, THEFT);
	pay(&bob, NULL);
	revoke(&bob);
	cr_assert_eq(rule(), METRIC_RULE_NOBODY);
}

Test(scan_introduction, ends_also_when_the_thief_spells_him_in_another_way)
{
	vouch(&bob, BY_PHONE, 1, "addr:SENDER@example.net", TRUST_LEVEL_ORDINARY, THEFT);
	pay(&bob, NULL);
	cr_assert_eq(rule(), METRIC_RULE_PAID);
	revoke(&bob);
	cr_assert_eq(rule(), METRIC_RULE_NOBODY);
}

Test(scan_introduction, ends_also_when_the_thief_takes_his_vouch_back)
{
	vouch(&bob, BY_PHONE, 1, SENDER, TRUST_LEVEL_ORDINARY, THEFT);
	pay(&bob, NULL);
	vouch(&bob, BY_PHONE, 2, SENDER, TRUST_LEVEL_NONE, NOW + 55);
	revoke(&bob);
	cr_assert_eq(rule(), METRIC_RULE_NOBODY);
}

Test(scan_introduction, stays_when_the_vouch_is_older_than_the_theft)
{
	vouch(&bob, BY_PHONE, 1, SENDER, TRUST_LEVEL_ORDINARY, NOW + 1);
	pay(&bob, NULL);
	revoke(&bob);
	cr_assert_eq(rule(), METRIC_RULE_PAID);
	vouch(&bob, BY_LAPTOP, 2, SENDER, TRUST_LEVEL_NONE, NOW + 70);
	cr_assert_eq(rule(), METRIC_RULE_PAID, "taken back by himself");
}

Test(scan_introduction, stays_when_another_device_said_so_too)
{
	vouch(&bob, BY_PHONE, 1, SENDER, TRUST_LEVEL_ORDINARY, THEFT);
	pay(&bob, NULL);
	vouch(&bob, BY_LAPTOP, 2, SENDER, TRUST_LEVEL_WEAK, NOW + 55);
	revoke(&bob);
	cr_assert_eq(rule(), METRIC_RULE_PAID);
}

Test(scan_introduction, stays_while_one_of_those_who_paid_did_say_so)
{
	vouch(&bob, BY_PHONE, 1, SENDER, TRUST_LEVEL_ORDINARY, THEFT);
	vouch(&carol, BY_PHONE, 1, SENDER, TRUST_LEVEL_ORDINARY, THEFT);
	pay(&bob, NULL);
	pay(&carol, NULL);
	revoke(&bob);
	cr_assert_eq(rule(), METRIC_RULE_PAID);
	revoke(&carol);
	cr_assert_eq(rule(), METRIC_RULE_NOBODY);
}

Test(scan_introduction, somebody_elses_word_can_be_paid_for_anew)
{
	vouch(&bob, BY_PHONE, 1, SENDER, TRUST_LEVEL_ORDINARY, THEFT);
	vouch(&carol, BY_PHONE, 1, SENDER, TRUST_LEVEL_ORDINARY, THEFT);
	pay(&bob, NULL);
	revoke(&bob);
	cr_assert_eq(rule(), METRIC_RULE_PAYABLE);
}

Test(scan_introduction, of_a_helper_needs_both_vouches)
{
	static struct person *const thieved[] = {&bob, &dora};

	for (size_t i = 0; i < ARRAY_LEN(thieved); i++) {
		teardown();
		setup();
		vouch(&bob, BY_PHONE, 1, dora.self.text, TRUST_LEVEL_ORDINARY, THEFT);
		vouch(&dora, BY_PHONE, 1, SENDER, TRUST_LEVEL_ORDINARY, THEFT);
		paid.share_count = 0;
		pay(&bob, &dora);
		cr_assert_eq(rule(), METRIC_RULE_PAID);
		revoke(thieved[i]);
		cr_assert_eq(rule(), METRIC_RULE_NOBODY, "%zu", i);
	}
}

Test(scan_introduction, ends_with_the_whole_identity_too)
{
	vouch(&bob, BY_ROOT, 1, SENDER, TRUST_LEVEL_ORDINARY, THEFT);
	pay(&bob, NULL);
	(void)world_add(&w, person_revoke(&bob, BY_ROOT, 1, NOW, &bob.self, THEFT), NOW + 60);
	cr_assert_eq(rule(), METRIC_RULE_NOBODY);
}

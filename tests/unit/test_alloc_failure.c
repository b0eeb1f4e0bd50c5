/*
 * Each operation is run again and again, its first, second, third ... allocation failing, until
 * it succeeds: every failure is a clean error, and nothing is left allocated.
 */
#include <criterion/criterion.h>

#include "common/base/arena.h"
#include "common/base/dynbuf.h"
#include "common/base/err.h"
#include "common/graph/private.h"
#include "common/statement/issue.h"
#include "tests/support/failing_alloc.h"

/* More allocations than any of the operations makes. */
#define ROUNDS_MAX 1000

#define NOW_S 1767225600

typedef int operation(void);

/* torture - see above; at_least guards against an operation that does not allocate at all */
static void
torture(operation *run, size_t at_least)
{
	size_t live = failing_alloc_live();

	for (size_t nth = 1; nth < ROUNDS_MAX; nth++) {
		int ret = 0;
		bool fired = false;

		failing_alloc_arm(nth);
		ret = run();
		fired = failing_alloc_has_fired();
		failing_alloc_arm(0);
		cr_expect_eq(failing_alloc_live(), live, "allocation %zu: a leak", nth);
		if (!fired) {
			cr_expect_eq(ret, 0, "without a failure: %s", err_text(ret));
			cr_expect_gt(nth, at_least, "only %zu allocations", nth - 1);
			return;
		}
		cr_expect_eq(ret, ERR_NOMEM, "allocation %zu: %s", nth, err_text(ret));
	}
	cr_assert_fail("more than %d allocations", ROUNDS_MAX);
}

static int
fill_dynbuf(void)
{
	struct dynbuf b;
	int ret = 0;

	dynbuf_init(&b, 100000);
	for (int i = 0; i < 100; i++) {
		dynbuf_printf(&b, "%0300d", i);
		dynbuf_add_str(&b, "text");
		dynbuf_add_byte(&b, 'x');
	}
	ret = dynbuf_error(&b);
	cr_expect(ret != 0 || dynbuf_slice(&b).len == 100 * 305);
	dynbuf_fini(&b);
	return ret;
}

Test(alloc_failure, dynbuf)
{
	torture(fill_dynbuf, 5);
}

static int
use_dynbuf_after_failure(void)
{
	struct dynbuf b;
	int ret = 0;

	dynbuf_init(&b, 1000);
	dynbuf_add_str(&b, "kept");
	(void)dynbuf_reserve(&b, 500);
	ret = dynbuf_error(&b);
	dynbuf_reset(&b);
	/* After a reset the buffer works again, with whatever memory there is. */
	dynbuf_add_str(&b, "again");
	cr_expect_eq(dynbuf_error(&b), 0);
	cr_expect(slice_eq(dynbuf_slice(&b), SLICE("again")));
	dynbuf_fini(&b);
	return ret;
}

Test(alloc_failure, dynbuf_after_reset)
{
	torture(use_dynbuf_after_failure, 2);
}

static int
fill_arena(void)
{
	struct arena a;
	int ret = 0;

	arena_init(&a, 1000000);
	for (int round = 0; ret == 0 && round < 3; round++) {
		for (int i = 0; ret == 0 && i < 10; i++) {
			bool ok = arena_alloc(&a, 20000) != NULL &&
				  arena_printf(&a, "%d", i) != NULL &&
				  arena_strdup(&a, SLICE("text")) != NULL &&
				  arena_alloc_array(&a, 100, 8) != NULL;

			ret = ok ? 0 : ERR_NOMEM;
		}
		arena_reset(&a);
	}
	arena_fini(&a);
	return ret;
}

Test(alloc_failure, arena)
{
	torture(fill_arena, 5);
}

static struct keypair *root;

static void
make_root(void)
{
	const uint8_t seed[IDENTITY_KEY_LEN] = {1};

	cr_assert_eq(keypair_from_seed(seed, &root), 0);
}

static void
free_root(void)
{
	keypair_free(root);
}

static int
issue_one(struct issued *out)
{
	struct issuer by = {.signer = root, .now_s = NOW_S, .aud = STATEMENT_OPEN};
	struct statement_identity_body body = {.guardian_count = 1, .needed = 1};

	public_key_thumbprint(keypair_public(root), &by.identity);
	cr_assert_eq(thumbprint_parse(SLICE("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
			     &body.guardians[0]),
		0);
	return issue_identity(&by, 1, &body, out, NULL);
}

static int
encode_statement(void)
{
	struct issued made;
	int ret = issue_one(&made);

	cr_expect(ret == 0 || made.jws_len == 0, "half a statement came out");
	return ret;
}

Test(alloc_failure, statement_encode, .init = make_root, .fini = free_root)
{
	torture(encode_statement, 5);
}

Test(alloc_failure, decoding_a_statement_allocates_nothing, .init = make_root,
	.fini = free_root)
{
	struct issued made;
	struct statement st;

	cr_assert_eq(issue_one(&made), 0);
	failing_alloc_arm(1);
	cr_expect_eq(statement_open(issued_slice(&made), &st, NULL), 0);
	cr_expect_not(failing_alloc_has_fired());
	failing_alloc_arm(0);
}

static int
make_keypair(void)
{
	const uint8_t seed[IDENTITY_KEY_LEN] = {2};
	struct keypair *pair = NULL;
	int ret = keypair_from_seed(seed, &pair);

	keypair_free(pair);
	return ret;
}

Test(alloc_failure, keypair)
{
	torture(make_keypair, 1);
}

/* befriend - alice trusts bob, and is asked */
static int
befriend(struct store *store)
{
	struct private_txn *txn = NULL;
	struct private_reader *reader = NULL;
	struct private_entry entry = {.level = 3};
	struct principal alice;
	struct principal bob;
	struct digest user;
	struct digest subject;
	int ret = private_txn_begin(store, &txn, NULL);

	cr_assert_eq(principal_parse(SLICE("addr:alice@example.org"), true, &alice, NULL), 0);
	cr_assert_eq(principal_parse(SLICE("addr:bob@example.net"), true, &bob, NULL), 0);
	principal_digest(&alice, &user);
	principal_digest(&bob, &subject);
	if (ret == 0) {
		int put = private_put(txn, &user, &bob, &entry, NULL);

		ret = private_txn_commit(txn, NULL);
		cr_expect_eq(put, ret, "put and commit tell the same");
	}
	if (ret == 0) {
		ret = private_reader_new(store, &reader, NULL);
	}
	if (ret == 0) {
		ret = private_begin(reader);
	}
	if (ret == 0) {
		bool found = private_get(reader, &user, &subject, &entry);

		ret = private_error(reader);
		cr_expect_eq(found, ret == 0);
	}
	private_reader_free(reader);
	return ret;
}

static int
use_private_store(void)
{
	const struct store_config config = {
		.mode = STORE_CREATE,
		.tables = private_tables,
		.table_count = PRIVATE_TABLE_COUNT,
		.schema_version = PRIVATE_SCHEMA_VERSION,
	};
	struct store *store = NULL;
	int ret = store_mem_open(&config, &store, NULL);

	if (ret == 0) {
		ret = befriend(store);
	}
	store_close(store);
	return ret;
}

Test(alloc_failure, private_store)
{
	torture(use_private_store, 5);
}

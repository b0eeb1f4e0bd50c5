#include <criterion/criterion.h>

#include <stdlib.h>

#include "gossip/passing.h"
#include "tests/support/people.h"

#define NOW_S UINT64_C(1700000000)

static struct passing *p;
static struct person bob;
static struct person eve;

static void
setup(void)
{
	p = calloc(1, sizeof(*p));
	cr_assert_not_null(p);
	person_make(&bob, 1);
	person_make(&eve, 2);
}

static void
teardown(void)
{
	free(p);
	person_fini(&bob);
	person_fini(&eve);
}

TestSuite(gossip_passing, .init = setup, .fini = teardown);

static struct digest
id_of(uint32_t number)
{
	struct digest id = {{0}};

	memcpy(id.bytes, &number, sizeof(number));
	return id;
}

static bool
put(uint32_t number)
{
	struct digest id = id_of(number);

	return passing_put(p, &id, SLICE("statement"), NOW_S);
}

static bool
is_held(uint32_t number, uint64_t now_s)
{
	struct digest id = id_of(number);

	return passing_find(p, &id, now_s) != NULL;
}

Test(gossip_passing, only_revocations_of_keys_that_are_open_to_all_pass)
{
	struct principal phone;
	struct principal statement;
	struct issued vouch = person_vouch(&bob, BY_ROOT, 1, NOW_S, "addr:x@example.net", 2);
	struct issued made[] = {
		person_revoke(&bob, BY_ROOT, 1, NOW_S, &bob.self, NOW_S),
		vouch,
		person_succeed(&eve, 1, NOW_S, &bob),
		person_guard(&eve, BY_ROOT, 1, NOW_S, &bob, true),
		person_device(&bob, BY_PHONE, 1, NOW_S),
	};

	for (size_t i = 0; i < ARRAY_LEN(made); i++) {
		cr_expect_eq(passing_may(&made[i].st), i == 0, "%zu", i);
	}
	person_key_principal(&bob, BY_PHONE, &phone);
	made[0] = person_revoke(&bob, BY_PHONE, 1, NOW_S, &phone, NOW_S);
	cr_expect(passing_may(&made[0].st), "a key revokes itself");
	made[0].st.aud = STATEMENT_PEERS;
	cr_expect_not(passing_may(&made[0].st));
	statement = principal_of_statement(&vouch);
	made[0] = person_revoke(&bob, BY_ROOT, 1, NOW_S, &statement, NOW_S);
	cr_expect_not(passing_may(&made[0].st), "a statement nobody here has");
}

Test(gossip_passing, an_id_passes_once)
{
	struct digest id = id_of(1);
	const struct passing_item *item;

	cr_expect_not(passing_has_seen(p, &id));
	cr_expect(put(1));
	cr_expect(passing_has_seen(p, &id));
	cr_expect_not(put(1));
	item = passing_find(p, &id, NOW_S);
	cr_assert_not_null(item);
	cr_expect(slice_eq(passing_jws(item), SLICE("statement")));
	cr_expect_eq(item->since_s, NOW_S);
}

Test(gossip_passing, it_is_held_for_a_week_or_until_there_are_newer_ones)
{
	cr_expect(put(0));
	cr_expect(is_held(0, NOW_S + PASSING_LIFE_S - 1));
	cr_expect_not(is_held(0, NOW_S + PASSING_LIFE_S));
	for (uint32_t i = 1; i < PASSING_MAX; i++) {
		cr_assert(put(i));
	}
	cr_expect(is_held(0, NOW_S));
	cr_expect(put(PASSING_MAX));
	cr_expect_not(is_held(0, NOW_S));
	cr_expect(is_held(1, NOW_S) && is_held(PASSING_MAX, NOW_S));
	cr_expect_not(put(0), "it is known to have passed all the same");
	for (uint32_t i = PASSING_MAX + 1; i <= PASSING_SEEN_MAX; i++) {
		cr_assert(put(i));
	}
	cr_expect(put(0), "that is forgotten, too");
}

Test(gossip_passing, what_is_no_statement_by_its_size_does_not_pass)
{
	static const uint8_t large[STATEMENT_MAX + 1];
	struct digest id = id_of(1);

	cr_expect_not(passing_put(p, &id, slice_of(large, sizeof(large)), NOW_S));
	cr_expect_not(passing_put(p, &id, slice_of(large, 0), NOW_S));
	cr_expect(passing_put(p, &id, slice_of(large, STATEMENT_MAX), NOW_S));
}

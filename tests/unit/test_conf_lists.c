#include <criterion/criterion.h>

#include <stdio.h>

#include "common/base/err.h"
#include "common/conf/rule_table.h"
#include "common/conf/strlist.h"

#define ARENA_MAX ((size_t)16 * 1024 * 1024)

static struct arena arena;
static struct arena other;

static void
set_up(void)
{
	arena_init(&arena, ARENA_MAX);
	arena_init(&other, ARENA_MAX);
}

static void
tear_down(void)
{
	arena_fini(&arena);
	arena_fini(&other);
}

TestSuite(strlist, .init = set_up, .fini = tear_down);
TestSuite(rule_table, .init = set_up, .fini = tear_down);

/* number - a text that is the same for the same n, in the arena */
static struct slice
number(int n)
{
	return slice_str(arena_printf(&arena, "entry-%d", n));
}

Test(strlist, keeps_order_through_growth_and_removal)
{
	struct strlist list = {0};

	for (int i = 0; i < 100; i++) {
		cr_assert_eq(strlist_add(&list, &arena, number(i)), 0);
	}
	for (int i = 0; i < 100; i += 2) {
		cr_assert_eq(strlist_remove(&list, &arena, number(i)), 0);
	}
	cr_assert_eq(list.count, 50);
	for (size_t i = 0; i < list.count; i++) {
		cr_assert(slice_eq(list.items[i], number((int)i * 2 + 1)), "entry %zu", i);
	}
}

Test(strlist, finds_and_removes_in_any_case)
{
	struct strlist list = {0};

	cr_assert_eq(strlist_add_lower(&list, &arena, SLICE("Alice@Example.ORG")), 0);
	cr_assert(slice_eq(list.items[0], SLICE("alice@example.org")));
	cr_assert(strlist_has(&list, SLICE("ALICE@example.org")));
	cr_assert_not(strlist_has(&list, SLICE("alice@example.or")));
	cr_assert_eq(strlist_remove(&list, &arena, SLICE("aLice@example.org")), 0);
	cr_assert_eq(list.count, 0);
	cr_assert_eq(strlist_remove(&list, &arena, SLICE("never there")), 0);
}

Test(strlist, copies_what_it_is_given)
{
	struct strlist list = {0};
	char text[] = "alice";

	cr_assert_eq(strlist_add(&list, &arena, slice_str(text)), 0);
	text[0] = 'X';
	cr_assert(slice_eq(list.items[0], SLICE("alice")));
	cr_assert_eq(list.items[0].data[5], '\0', "ends in a NUL for C functions");
}

Test(strlist, overlay_never_writes_into_its_base)
{
	struct strlist base = {0};
	struct strlist adds = {0};
	struct strlist removes = {0};

	cr_assert_eq(strlist_add(&base, &arena, SLICE("a")), 0);
	cr_assert_eq(strlist_add(&base, &arena, SLICE("b")), 0);
	adds = base;
	removes = base;
	cr_assert_eq(strlist_add(&adds, &other, SLICE("mallory")), 0);
	cr_assert_eq(strlist_remove(&removes, &other, SLICE("a")), 0);
	cr_assert_eq(strlist_add(&base, &arena, SLICE("c")), 0);

	cr_assert_eq(base.count, 3);
	cr_assert(slice_eq(base.items[0], SLICE("a")));
	cr_assert(slice_eq(base.items[2], SLICE("c")));
	cr_assert_eq(adds.count, 3);
	cr_assert(slice_eq(adds.items[2], SLICE("mallory")));
	cr_assert_eq(removes.count, 1);
	cr_assert(slice_eq(removes.items[0], SLICE("b")));
}

Test(strlist, says_when_memory_ends_and_stays_whole)
{
	struct arena small;
	struct strlist list = {0};
	int ret = 0;

	arena_init(&small, 1024);
	while (ret == 0) {
		ret = strlist_add(&list, &small, SLICE("entry"));
	}
	cr_assert_eq(ret, ERR_NOMEM);
	cr_assert_gt(list.count, 1);
	for (size_t i = 0; i < list.count; i++) {
		cr_assert(slice_eq(list.items[i], SLICE("entry")));
	}
	arena_fini(&small);
}

Test(strlist, matches_globs)
{
	struct strlist list = {0};

	cr_assert_not(strlist_has_glob_match(&list, SLICE("")));
	cr_assert_eq(strlist_add(&list, &arena, SLICE("*@example.net")), 0);
	cr_assert_eq(strlist_add(&list, &arena, SLICE("bob@*")), 0);
	cr_assert(strlist_has_glob_match(&list, SLICE("Bob@example.org")));
	cr_assert(strlist_has_glob_match(&list, SLICE("carol@example.net")));
	cr_assert_not(strlist_has_glob_match(&list, SLICE("carol@example.org")));
}

Test(strlist, pairs_are_found_and_removed_by_name)
{
	struct strpairs pairs = {0};
	struct strpairs overlay = {0};

	cr_assert_eq(strpairs_add(&pairs, &arena, SLICE("Level"), SLICE("1")), 0);
	cr_assert_eq(strpairs_add(&pairs, &arena, SLICE("Flag"), SLICE("2")), 0);
	cr_assert_eq(strpairs_add(&pairs, &arena, SLICE("LEVEL"), SLICE("3")), 0);
	cr_assert(strpairs_has(&pairs, SLICE("level")));
	overlay = pairs;
	cr_assert_eq(strpairs_remove(&overlay, &other, SLICE("level")), 0);
	cr_assert_eq(overlay.count, 1);
	cr_assert(slice_eq(overlay.items[0].value, SLICE("2")));
	cr_assert_eq(pairs.count, 3);
	cr_assert(slice_eq(pairs.items[0].value, SLICE("1")));
}

static void
set_score(struct rule_table *t, struct arena *a, const char *name, double score)
{
	struct rule_settings *rule = rule_table_edit(t, a, slice_str(name));

	cr_assert_not_null(rule);
	rule->score = score;
	rule->has_score = true;
}

Test(rule_table, finds_each_of_many_names_in_any_order_of_filling)
{
	enum {
		COUNT = 5000
	};

	/* Ascending, descending, and scattered by a step that is prime to COUNT. */
	static const int steps[] = {1, COUNT - 1, 1777};

	for (size_t s = 0; s < ARRAY_LEN(steps); s++) {
		struct rule_table t = {0};

		for (int i = 0; i < COUNT; i++) {
			char name[32];
			int n = (int)((long)i * steps[s] % COUNT);

			(void)snprintf(name, sizeof(name), "RULE_%05d", n);
			set_score(&t, &arena, name, n);
		}
		cr_assert_eq(t.count, COUNT);
		for (int n = 0; n < COUNT; n++) {
			char name[32];
			const struct rule_settings *rule = NULL;

			(void)snprintf(name, sizeof(name), "RULE_%05d", n);
			rule = rule_table_find(&t, slice_str(name));
			cr_assert_not_null(rule, "step %d: %s", steps[s], name);
			cr_assert_eq(rule->score, n);
		}
		cr_assert_null(rule_table_find(&t, SLICE("RULE_05000")));
		cr_assert_null(rule_table_find(&t, SLICE("")));
	}
}

static void
check_ascending(void *ctx, struct slice name, const struct rule_settings *rule)
{
	struct slice *last = ctx;

	(void)rule;
	cr_assert_lt(slice_cmp(*last, name), 0);
	*last = name;
}

Test(rule_table, walks_in_bytewise_order)
{
	struct rule_table t = {0};
	struct slice last = {0};

	set_score(&t, &arena, "B", 1);
	set_score(&t, &arena, "a", 1);
	set_score(&t, &arena, "A_LONGER", 1);
	set_score(&t, &arena, "A", 1);
	rule_table_each(&t, check_ascending, &last);
	cr_assert(slice_eq(last, SLICE("a")));
}

Test(rule_table, overlay_looks_through_and_starts_from_what_it_sees)
{
	struct rule_table base = {0};
	struct rule_table overlay = {.base = &base};
	struct rule_settings *rule = NULL;

	set_score(&base, &arena, "ONE", 1);
	set_score(&base, &arena, "TWO", 2);
	rule = rule_table_edit(&overlay, &other, SLICE("TWO"));
	cr_assert_not_null(rule);
	cr_assert_eq(rule->score, 2);
	rule->score = 3;

	cr_assert_eq(rule_table_find(&overlay, SLICE("ONE"))->score, 1);
	cr_assert_eq(rule_table_find(&overlay, SLICE("TWO"))->score, 3);
	cr_assert_eq(rule_table_find(&base, SLICE("TWO"))->score, 2);
	cr_assert_eq(rule_table_edit(&overlay, &other, SLICE("TWO")), rule, "one entry a name");
}

Test(rule_table, says_when_memory_ends)
{
	struct arena small;
	struct rule_table t = {0};

	arena_init(&small, 64);
	cr_assert_null(rule_table_edit(&t, &small, SLICE("RULE")));
	cr_assert_null(rule_table_find(&t, SLICE("RULE")));
	cr_assert_eq(t.count, 0);
	arena_fini(&small);
}

/*
 * store_body.h - what every storage backend promises, as one test body.
 *
 * A test file defines body_open() for its backend and includes this file; STORE_SUITE names
 * the suite.
 */
#ifndef TESTS_UNIT_STORE_BODY_H
#define TESTS_UNIT_STORE_BODY_H

#include <criterion/criterion.h>

#include <stdio.h>

#include "common/base/rng.h"
#include "common/store/store.h"

enum {
	PLAIN,
	SETS,
	OTHER,
};

static const struct store_table body_tables[] = {
	[PLAIN] = {"plain", STORE_PLAIN},
	[SETS] = {"sets", STORE_SET},
	[OTHER] = {"other", STORE_PLAIN},
};

/* Supplied by the backend's test file; the store is closed by body_close. */
static struct store *body_open(void);
static void body_close(struct store *store);

static struct store_txn *
begin_write(struct store *store)
{
	struct store_txn *txn = NULL;

	cr_assert_eq(store_begin_write(store, &txn), 0);
	return txn;
}

static struct store_txn *
begin_read(struct store *store)
{
	struct store_txn *txn = NULL;

	cr_assert_eq(store_begin_read(store, &txn), 0);
	return txn;
}

static void
assert_value(struct store_txn *txn, unsigned int table, const char *key, const char *expected)
{
	struct slice value = {0};
	bool found = store_get(txn, table, slice_str(key), &value);

	cr_assert_eq(found, expected != NULL, "key %s", key);
	if (expected != NULL) {
		cr_assert(slice_eq(value, slice_str(expected)), "key %s has %.*s", key,
			SLICE_ARG(value));
	}
}

Test(STORE_SUITE, a_committed_value_is_found_and_an_aborted_one_is_not)
{
	struct store *store = body_open();
	struct store_txn *txn = begin_write(store);

	store_put(txn, PLAIN, SLICE("a"), SLICE("1"));
	assert_value(txn, PLAIN, "a", "1");
	cr_assert_eq(store_commit(txn), 0);

	txn = begin_write(store);
	store_put(txn, PLAIN, SLICE("a"), SLICE("2"));
	store_put(txn, PLAIN, SLICE("b"), SLICE("2"));
	store_abort(txn);

	txn = begin_read(store);
	assert_value(txn, PLAIN, "a", "1");
	assert_value(txn, PLAIN, "b", NULL);
	assert_value(txn, OTHER, "a", NULL);
	store_abort(txn);
	body_close(store);
}

Test(STORE_SUITE, a_value_may_be_empty_and_is_replaced)
{
	struct store *store = body_open();
	struct store_txn *txn = begin_write(store);

	store_put(txn, PLAIN, SLICE("a"), SLICE(""));
	assert_value(txn, PLAIN, "a", "");
	store_put(txn, PLAIN, SLICE("a"), SLICE("longer than before"));
	assert_value(txn, PLAIN, "a", "longer than before");
	cr_assert_eq(store_count(txn, PLAIN), 1);
	store_abort(txn);
	body_close(store);
}

Test(STORE_SUITE, keys_are_ordered_bytewise)
{
	static const char *const sorted[] = {"", "\x01", "a", "aa", "ab", "b", "\xff"};
	struct store *store = body_open();
	struct store_txn *txn = begin_write(store);
	struct store_cursor *c;
	struct slice key;
	struct slice value;

	for (size_t i = ARRAY_LEN(sorted) - 1; i > 0; i--) {
		store_put(txn, PLAIN, slice_str(sorted[i]), SLICE("x"));
	}
	c = store_cursor_open(txn, PLAIN);
	cr_assert(store_cursor_seek(c, SLICE(""), &key, &value));
	for (size_t i = 1; i < ARRAY_LEN(sorted); i++) {
		cr_assert(slice_eq(key, slice_str(sorted[i])), "position %zu", i);
		cr_assert_eq(store_cursor_next(c, &key, &value), i + 1 < ARRAY_LEN(sorted));
	}
	cr_assert(store_cursor_seek(c, SLICE("aaa"), &key, &value));
	cr_assert(slice_eq(key, SLICE("ab")));
	cr_assert(store_cursor_last(c, &key, &value));
	cr_assert(slice_eq(key, SLICE("\xff")));
	cr_assert_not(store_cursor_seek(c, SLICE("\xff\x01"), &key, &value));
	cr_assert_eq(store_txn_error(txn), 0, "finding nothing is no error");
	store_cursor_close(c);
	store_abort(txn);
	body_close(store);
}

Test(STORE_SUITE, a_set_keeps_its_values_sorted_and_once)
{
	struct store *store = body_open();
	struct store_txn *txn = begin_write(store);
	struct store_cursor *c;
	struct slice key;
	struct slice value;

	store_put(txn, SETS, SLICE("k"), SLICE("cc"));
	store_put(txn, SETS, SLICE("k"), SLICE("aa"));
	store_put(txn, SETS, SLICE("k"), SLICE("ba"));
	store_put(txn, SETS, SLICE("k"), SLICE("aa"));
	store_put(txn, SETS, SLICE("j"), SLICE("zz"));
	store_put(txn, SETS, SLICE("l"), SLICE("yy"));
	cr_assert_eq(store_count(txn, SETS), 5);

	c = store_cursor_open(txn, SETS);
	cr_assert_eq(store_set_count(c, SLICE("k")), 3);
	cr_assert_eq(store_set_count(c, SLICE("none")), 0);
	cr_assert(store_set_first(c, SLICE("k"), &value));
	cr_assert(slice_eq(value, SLICE("aa")));
	cr_assert(store_set_next(c, &value));
	cr_assert(slice_eq(value, SLICE("ba")));
	cr_assert(store_set_next(c, &value));
	cr_assert(slice_eq(value, SLICE("cc")));
	cr_assert_not(store_set_next(c, &value), "the set of another key is not entered");
	cr_assert_not(store_set_first(c, SLICE("kk"), &value));

	cr_assert(store_set_seek(c, SLICE("k"), SLICE("b"), &value), "a prefix will do");
	cr_assert(slice_eq(value, SLICE("ba")));
	cr_assert(store_set_seek(c, SLICE("k"), SLICE("ba"), &value));
	cr_assert(slice_eq(value, SLICE("ba")));
	cr_assert_not(store_set_seek(c, SLICE("k"), SLICE("d"), &value));
	cr_assert(store_set_seek(c, SLICE("j"), SLICE("a"), &value), "a set of one");
	cr_assert(slice_eq(value, SLICE("zz")));

	cr_assert(store_cursor_seek(c, SLICE("j"), &key, &value));
	cr_assert(store_cursor_next(c, &key, &value), "all values of all keys in a row");
	cr_assert(slice_eq(key, SLICE("k")) && slice_eq(value, SLICE("aa")));
	cr_assert(store_cursor_last(c, &key, &value));
	cr_assert(slice_eq(key, SLICE("l")));
	store_cursor_close(c);
	store_abort(txn);
	body_close(store);
}

Test(STORE_SUITE, deleting_takes_one_value_or_the_whole_key)
{
	struct store *store = body_open();
	struct store_txn *txn = begin_write(store);

	store_put(txn, PLAIN, SLICE("a"), SLICE("1"));
	store_put(txn, SETS, SLICE("k"), SLICE("aa"));
	store_put(txn, SETS, SLICE("k"), SLICE("bb"));
	store_put(txn, SETS, SLICE("k"), SLICE("cc"));
	store_put(txn, SETS, SLICE("l"), SLICE("cc"));

	cr_assert(store_delete(txn, PLAIN, SLICE("a")));
	cr_assert_not(store_delete(txn, PLAIN, SLICE("a")));
	cr_assert(store_delete_value(txn, SETS, SLICE("k"), SLICE("bb")));
	cr_assert_not(store_delete_value(txn, SETS, SLICE("k"), SLICE("bb")));
	cr_assert_not(store_delete_value(txn, SETS, SLICE("m"), SLICE("bb")));
	cr_assert_eq(store_count(txn, SETS), 3);
	cr_assert(store_delete(txn, SETS, SLICE("k")));
	cr_assert_not(store_delete(txn, SETS, SLICE("k")));
	cr_assert_eq(store_count(txn, SETS), 1);
	store_clear(txn, SETS);
	cr_assert_eq(store_count(txn, SETS), 0);
	cr_assert_eq(store_commit(txn), 0);
	body_close(store);
}

Test(STORE_SUITE, a_reader_keeps_its_snapshot_until_renewed)
{
	struct store *store = body_open();
	struct store_txn *reader = begin_read(store);
	struct store_txn *writer = begin_write(store);

	store_put(writer, PLAIN, SLICE("a"), SLICE("1"));
	cr_assert_eq(store_commit(writer), 0);
	assert_value(reader, PLAIN, "a", NULL);
	cr_assert_eq(store_renew(reader), 0);
	assert_value(reader, PLAIN, "a", "1");
	store_pause(reader);
	assert_value(reader, PLAIN, "a", NULL);
	cr_assert_eq(store_renew(reader), 0);
	assert_value(reader, PLAIN, "a", "1");
	store_abort(reader);
	body_close(store);
}

/* put - one value, committed */
static void
put_value(struct store *store, const char *key, const char *value)
{
	struct store_txn *writer = begin_write(store);

	store_put(writer, PLAIN, slice_str(key), slice_str(value));
	cr_assert_eq(store_commit(writer), 0);
}

/*
 * More keys than are remembered, each asked for twice: the answers are those of the present
 * snapshot.
 */
Test(STORE_SUITE, a_renewed_reader_remembers_nothing_of_an_older_snapshot)
{
	struct store *store = body_open();
	struct store_txn *reader = begin_read(store);

	for (int round = 0; round < 4; round++) {
		char value[2] = {(char)('0' + round), '\0'};

		put_value(store, round % 2 == 0 ? "even" : "odd", value);
		cr_assert_eq(store_renew(reader), 0);
		cr_expect_not(store_is_unchanged(reader), "round %d", round);
		for (int twice = 0; twice < 2; twice++) {
			assert_value(reader, PLAIN, "even", round < 2 ? "0" : "2");
			assert_value(reader, PLAIN, "odd",
				round == 0  ? NULL
				: round < 3 ? "1"
					    : "3");
			for (int i = 0; i < 1000; i++) {
				char key[16];

				(void)snprintf(key, sizeof(key), "nobody%d", i);
				assert_value(reader, PLAIN, key, NULL);
			}
			cr_assert_eq(store_renew(reader), 0);
		}
	}
	store_abort(reader);
	body_close(store);
}

Test(STORE_SUITE, cursors_of_a_renewed_reader_see_the_new_snapshot)
{
	struct store *store = body_open();
	struct store_txn *reader = begin_read(store);
	struct store_cursor *c = store_cursor_open(reader, SETS);
	struct store_cursor *again;
	struct slice value;

	cr_assert_not(store_set_first(c, SLICE("k"), &value));
	store_cursor_close(c);
	for (int round = 0; round < 3; round++) {
		struct store_txn *writer = begin_write(store);
		char text[3] = {'v', (char)('0' + round), '\0'};

		store_put(writer, SETS, SLICE("k"), slice_str(text));
		cr_assert_eq(store_commit(writer), 0);
		cr_assert_eq(store_renew(reader), 0);
		again = store_cursor_open(reader, SETS);
		cr_assert_eq(again, c, "the pool hands out the same cursor");
		cr_assert_eq(store_set_count(again, SLICE("k")), (uint64_t)round + 1);
		store_cursor_close(again);
	}
	store_abort(reader);
	body_close(store);
}

Test(STORE_SUITE, several_cursors_move_independently)
{
	struct store *store = body_open();
	struct store_txn *txn = begin_write(store);
	struct store_cursor *a;
	struct store_cursor *b;
	struct slice key;
	struct slice value;

	store_put(txn, PLAIN, SLICE("a"), SLICE("1"));
	store_put(txn, PLAIN, SLICE("b"), SLICE("2"));
	a = store_cursor_open(txn, PLAIN);
	b = store_cursor_open(txn, PLAIN);
	cr_assert_neq(a, b);
	cr_assert(store_cursor_seek(a, SLICE("a"), &key, &value));
	cr_assert(store_cursor_seek(b, SLICE("b"), &key, &value));
	store_put(txn, OTHER, SLICE("z"), SLICE("3"));
	cr_assert(store_cursor_next(a, &key, &value), "writing another table moves nothing");
	cr_assert(slice_eq(key, SLICE("b")));
	store_abort(txn);
	body_close(store);
}

Test(STORE_SUITE, an_error_sticks_and_nothing_is_committed)
{
	struct store *store = body_open();
	struct store_txn *txn = begin_write(store);

	store_put(txn, PLAIN, SLICE("a"), SLICE("1"));
	store_put(txn, PLAIN, SLICE(""), SLICE("a key must not be empty"));
	cr_assert_eq(store_txn_error(txn), ERR_RANGE);
	assert_value(txn, PLAIN, "a", NULL);
	cr_assert_null(store_cursor_open(txn, PLAIN));
	store_put(txn, PLAIN, SLICE("b"), SLICE("1"));
	cr_assert_eq(store_commit(txn), ERR_RANGE);

	txn = begin_read(store);
	assert_value(txn, PLAIN, "a", NULL);
	assert_value(txn, PLAIN, "b", NULL);
	store_put(txn, PLAIN, SLICE("a"), SLICE("1"));
	cr_assert_eq(store_txn_error(txn), ERR_DENIED, "a reader cannot write");
	store_txn_fail(txn, ERR_CORRUPT);
	cr_assert_eq(store_txn_error(txn), ERR_DENIED, "the first error stays");
	store_abort(txn);
	body_close(store);
}

Test(STORE_SUITE, keys_have_a_largest_size)
{
	static const uint8_t big[STORE_KEY_MAX + 1] = {1};
	struct store *store = body_open();
	struct store_txn *txn = begin_write(store);
	struct slice value;

	store_put(txn, PLAIN, slice_of(big, STORE_KEY_MAX), SLICE("1"));
	cr_assert(store_get(txn, PLAIN, slice_of(big, STORE_KEY_MAX), &value));
	store_put(txn, PLAIN, slice_of(big, sizeof(big)), SLICE("1"));
	cr_assert_eq(store_commit(txn), ERR_RANGE);
	body_close(store);
}

Test(STORE_SUITE, appending_wants_ascending_order)
{
	struct store *store = body_open();
	struct store_txn *txn = begin_write(store);

	store_append(txn, PLAIN, SLICE("a"), SLICE("1"));
	store_append(txn, PLAIN, SLICE("b"), SLICE("1"));
	store_append(txn, SETS, SLICE("k"), SLICE("aa"));
	store_append(txn, SETS, SLICE("k"), SLICE("bb"));
	cr_assert_eq(store_txn_error(txn), 0);
	store_append(txn, PLAIN, SLICE("a"), SLICE("1"));
	cr_assert_eq(store_commit(txn), ERR_RANGE);

	txn = begin_write(store);
	store_append(txn, SETS, SLICE("k"), SLICE("bb"));
	store_append(txn, SETS, SLICE("k"), SLICE("aa"));
	cr_assert_eq(store_commit(txn), ERR_RANGE);
	body_close(store);
}

Test(STORE_SUITE, appending_a_set_wants_a_greater_key_and_ascending_values)
{
	static const struct {
		const char *label;
		const char *key;
		const char *values;
		int error;
	} rows[] = {
		{"greater", "m", "aabbcc", 0},
		{"one value", "n", "aa", 0},
		{"the same key", "k", "cc", ERR_RANGE},
		{"a smaller key", "a", "aa", ERR_RANGE},
		{"no values", "z", "", ERR_RANGE},
		{"half a value", "z", "aab", ERR_RANGE},
		{"not ascending", "z", "bbaa", ERR_RANGE},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct store *store = body_open();
		struct store_txn *txn = begin_write(store);
		struct slice run;
		uint64_t count = 0;

		store_append_set(txn, SETS, SLICE("k"), SLICE("aabb"), 2);
		store_append_set(
			txn, SETS, slice_str(rows[i].key), slice_str(rows[i].values), 2);
		cr_assert_eq(store_txn_error(txn), rows[i].error, "%s", rows[i].label);
		if (rows[i].error == 0) {
			struct store_cursor *c = store_cursor_open(txn, SETS);

			cr_assert(store_set_open(c, slice_str(rows[i].key), &run, &count));
			cr_assert_eq(count, strlen(rows[i].values) / 2, "%s", rows[i].label);
			cr_assert_not(store_set_open(c, SLICE("other"), &run, &count));
		}
		store_abort(txn);
		body_close(store);
	}
}

Test(STORE_SUITE, runs_cover_a_set_in_order_whatever_its_size)
{
	static const unsigned int sizes[] = {1, 2, 50, 20000};
	struct store *store = body_open();

	for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
		struct store_txn *txn = begin_write(store);
		struct store_cursor *c;
		struct slice run;
		struct slice value;
		unsigned int seen = 0;
		bool more;

		store_clear(txn, SETS);
		for (unsigned int i = 0; i < sizes[s]; i++) {
			uint8_t v[3] = {(uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};

			store_put(txn, SETS, SLICE("k"), slice_of(v, sizeof(v)));
		}
		store_put(txn, SETS, SLICE("l"), SLICE("xyz"));
		c = store_cursor_open(txn, SETS);
		more = store_set_first(c, SLICE("k"), &value);
		while (more) {
			cr_assert(store_set_run(c, &run));
			cr_assert_eq(run.len % 3, 0);
			for (size_t at = 0; at < run.len; at += 3, seen++) {
				cr_assert_eq((unsigned int)run.data[at] << 16 |
						     (unsigned int)run.data[at + 1] << 8 |
						     run.data[at + 2],
					seen, "size %u", sizes[s]);
			}
			more = store_set_next(c, &value);
		}
		cr_assert_eq(seen, sizes[s]);
		store_cursor_close(c);
		cr_assert_eq(store_commit(txn), 0);
	}
	body_close(store);
}

/* A model beside the store: values of one byte under keys of one byte. */
#define MODEL_KEYS   64
#define MODEL_VALUES 64

struct model {
	int plain[MODEL_KEYS]; /* -1: none */
	bool sets[MODEL_KEYS][MODEL_VALUES];
};

static void
random_change(struct store_txn *txn, const struct rng *rng, struct model *model)
{
	uint8_t k = (uint8_t)rng_below(rng, MODEL_KEYS);
	uint8_t v = (uint8_t)rng_below(rng, MODEL_VALUES);
	struct slice key = slice_of(&k, 1);
	struct slice value = slice_of(&v, 1);

	switch (rng_below(rng, 6)) {
	case 0:
	case 1:
		store_put(txn, PLAIN, key, value);
		model->plain[k] = v;
		break;
	case 2:
		cr_assert_eq(store_delete(txn, PLAIN, key), model->plain[k] >= 0);
		model->plain[k] = -1;
		break;
	case 3:
	case 4:
		store_put(txn, SETS, key, value);
		model->sets[k][v] = true;
		break;
	default:
		cr_assert_eq(store_delete_value(txn, SETS, key, value), model->sets[k][v]);
		model->sets[k][v] = false;
		break;
	}
}

static void
assert_model(struct store_txn *txn, const struct model *model)
{
	struct store_cursor *c = store_cursor_open(txn, SETS);

	for (unsigned int i = 0; i < MODEL_KEYS; i++) {
		uint8_t k = (uint8_t)i;
		uint64_t count = 0;
		struct slice value;
		bool found = store_get(txn, PLAIN, slice_of(&k, 1), &value);

		cr_assert_eq(found, model->plain[i] >= 0, "key %u", i);
		cr_assert(!found || value.data[0] == model->plain[i], "key %u", i);
		found = store_set_first(c, slice_of(&k, 1), &value);
		for (unsigned int v = 0; v < MODEL_VALUES; v++) {
			if (model->sets[i][v]) {
				cr_assert(found && value.data[0] == v, "key %u value %u", i, v);
				found = store_set_next(c, &value);
				count++;
			}
		}
		cr_assert_not(found, "key %u has more than it should", i);
		cr_assert_eq(store_set_count(c, slice_of(&k, 1)), count, "key %u", i);
	}
	store_cursor_close(c);
	cr_assert_eq(store_txn_error(txn), 0);
}

Test(STORE_SUITE, random_changes_agree_with_a_model)
{
	struct rng_seeded_state state;
	uint64_t seed = 20261123;
	struct rng rng = rng_seeded(&state, seed);
	struct store *store = body_open();
	static struct model model;
	static struct model before;

	cr_log_info("seed %llu", (unsigned long long)seed);
	for (size_t i = 0; i < MODEL_KEYS; i++) {
		model.plain[i] = -1;
	}
	for (int round = 0; round < 60; round++) {
		struct store_txn *txn = begin_write(store);
		bool is_kept = rng_below(&rng, 4) != 0;

		before = model;
		for (int i = 0; i < 100; i++) {
			random_change(txn, &rng, &model);
		}
		assert_model(txn, &model);
		if (is_kept) {
			cr_assert_eq(store_commit(txn), 0);
		} else {
			store_abort(txn);
			model = before;
		}
		txn = begin_read(store);
		assert_model(txn, &model);
		store_abort(txn);
	}
	body_close(store);
}

static int
count_and_fail(void *ctx, struct store_txn *txn)
{
	int *calls = ctx;

	(*calls)++;
	store_put(txn, PLAIN, SLICE("a"), SLICE("1"));
	return ERR_NOTREADY;
}

static int
put_one(void *ctx, struct store_txn *txn)
{
	(void)ctx;
	store_put(txn, PLAIN, SLICE("b"), SLICE("1"));
	return 0;
}

Test(STORE_SUITE, an_update_is_kept_whole_or_not_at_all)
{
	struct store *store = body_open();
	struct store_txn *txn;
	int calls = 0;

	cr_assert_eq(store_update(store, count_and_fail, &calls), ERR_NOTREADY);
	cr_assert_eq(calls, 1, "what the work refuses is not tried again");
	cr_assert_eq(store_update(store, put_one, NULL), 0);
	txn = begin_read(store);
	assert_value(txn, PLAIN, "a", NULL);
	assert_value(txn, PLAIN, "b", "1");
	store_abort(txn);
	body_close(store);
}

Test(STORE_SUITE, every_commit_is_counted_and_nothing_else)
{
	struct store *store = body_open();
	struct store_usage before;
	struct store_usage after;
	int calls = 0;

	cr_assert_eq(store_usage(store, &before), 0);
	cr_assert_eq(store_update(store, count_and_fail, &calls), ERR_NOTREADY);
	store_abort(begin_read(store));
	cr_assert_eq(store_usage(store, &after), 0);
	cr_expect_eq(after.commits, before.commits);
	cr_assert_eq(store_update(store, put_one, NULL), 0);
	cr_assert_eq(store_usage(store, &after), 0);
	cr_expect_gt(after.commits, before.commits);
	body_close(store);
}

#endif

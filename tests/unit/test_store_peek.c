#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/rng.h"
#include "common/store/store_peek.h"
#include "tests/support/temp_dir.h"

#define VALUE_LEN 24
#define SET_MAX   600
#define KEY_STEP  3 /* two numbers of three are no keys */

static const struct store_table tables[] = {{"plain", STORE_PLAIN}, {"sets", STORE_SET}};

enum {
	PLAIN,
	SETS,
};

static struct temp_dir dir;

static struct store *
open_store(enum store_mode mode)
{
	const struct store_config config = {
		.path = dir.path,
		.mode = mode,
		.tables = tables,
		.table_count = ARRAY_LEN(tables),
		.schema_version = 1,
	};
	struct store *store = NULL;
	struct err_msg msg = {0};

	cr_assert_eq(store_lmdb_open(&config, &store, &msg), 0, "%s", msg.text);
	return store;
}

static struct slice
key_of(uint32_t number, uint8_t buf[4])
{
	for (int i = 0; i < 4; i++) {
		buf[i] = (uint8_t)(number >> (24 - 8 * i));
	}
	return slice_of(buf, 4);
}

/* put_set - values that say whose they are, and in which version */
static void
put_set(struct store_txn *txn, uint32_t number, size_t count, uint8_t version)
{
	uint8_t key[4];
	uint8_t value[VALUE_LEN] = {version};

	for (size_t i = 0; i < count; i++) {
		(void)key_of((uint32_t)i, value + 4);
		(void)key_of(number, value + 8);
		store_put(txn, SETS, key_of(number, key), slice_of(value, sizeof(value)));
	}
}

/* make_store - sets under the numbers 3, 6, 9 ...; most are small */
static void
make_store(struct rng *rng, uint32_t keys)
{
	struct store *store;
	struct store_txn *txn = NULL;

	temp_dir_make(&dir);
	store = open_store(STORE_CREATE);
	cr_assert_eq(store_begin_write(store, &txn), 0);
	for (uint32_t i = 1; i <= keys; i++) {
		size_t most = rng_below(rng, 20) == 0 ? SET_MAX : 40;

		put_set(txn, i * KEY_STEP, 1 + (size_t)rng_below(rng, most), 1);
	}
	cr_assert_eq(store_commit(txn), 0);
	store_close(store);
}

/*
 * check_batch - what is known is what opening says; small sets and those that are not there are
 * known
 */
static void
check_batch(struct store_txn *txn, const uint32_t *numbers, size_t count)
{
	struct store_peek seen[STORE_PEEK_MAX];
	struct store_cursor *c = store_cursor_open(txn, SETS);

	store_sets_peek(txn, SETS, numbers, count, seen);
	for (size_t i = 0; i < count; i++) {
		uint8_t key[4];
		struct slice run = {0};
		uint64_t size = 0;
		bool found = store_set_open(c, key_of(numbers[i], key), &run, &size);

		cr_assert(seen[i].is_known || size * VALUE_LEN > 1000, "%u of %lu", numbers[i],
			(unsigned long)size);
		if (seen[i].is_known) {
			cr_assert_eq(found, seen[i].values.len > 0, "%u", numbers[i]);
			cr_assert_eq(seen[i].values.len, size * VALUE_LEN, "%u", numbers[i]);
			cr_assert(slice_eq(seen[i].values, run), "%u", numbers[i]);
		}
	}
	store_cursor_close(c);
}

Test(store_peek, knows_what_opening_each_set_says)
{
	static const uint32_t sizes[] = {0, 1, 5, 300, 20000};
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, 17);

	for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
		struct store_txn *txn = NULL;
		struct store *store;

		make_store(&rng, sizes[s]);
		store = open_store(STORE_READ);
		cr_assert_eq(store_begin_read(store, &txn), 0);
		for (int i = 0; i < 500; i++) {
			uint32_t numbers[STORE_PEEK_MAX] = {0, UINT32_MAX, KEY_STEP};
			size_t count = (size_t)rng_below(&rng, STORE_PEEK_MAX + 1);

			for (size_t j = i == 0 ? 3 : 0; j < count; j++) {
				numbers[j] = (uint32_t)rng_below(
					&rng, (uint64_t)(sizes[s] + 2) * KEY_STEP);
			}
			check_batch(txn, numbers, count);
		}
		store_abort(txn);
		store_close(store);
		temp_dir_remove(&dir);
	}
}

/* change_when_told - a process that writes once it may */
static pid_t
change_when_told(int go)
{
	pid_t pid = fork();
	struct store_txn *txn = NULL;
	struct store *store;
	char byte;

	cr_assert_geq(pid, 0);
	if (pid > 0) {
		return pid;
	}
	if (read(go, &byte, 1) != 1) {
		_exit(1);
	}
	store = open_store(STORE_WRITE);
	if (store_begin_write(store, &txn) != 0) {
		_exit(2);
	}
	store_clear(txn, SETS);
	for (uint32_t i = 1; i <= 500; i++) {
		put_set(txn, i * KEY_STEP + 1, 5, 2);
	}
	_exit(store_commit(txn) == 0 ? 0 : 3);
}

Test(store_peek, keeps_to_the_snapshot_and_follows_a_new_one)
{
	const uint32_t numbers[] = {KEY_STEP, KEY_STEP + 1};
	struct store_peek seen[2];
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, 18);
	struct store_txn *txn = NULL;
	struct store *store;
	int pipe_ends[2];
	int status = 0;
	pid_t pid;

	make_store(&rng, 3000);
	cr_assert_eq(pipe(pipe_ends), 0);
	pid = change_when_told(pipe_ends[0]);
	store = open_store(STORE_READ);
	cr_assert_eq(store_begin_read(store, &txn), 0);
	cr_assert_eq(write(pipe_ends[1], "x", 1), 1);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);

	store_sets_peek(txn, SETS, numbers, 2, seen);
	cr_assert(seen[0].is_known && seen[0].values.len > 0 && seen[0].values.data[0] == 1);
	cr_assert(seen[1].is_known && seen[1].values.len == 0);
	cr_assert_eq(store_renew(txn), 0);
	store_sets_peek(txn, SETS, numbers, 2, seen);
	cr_assert(seen[0].is_known && seen[0].values.len == 0);
	cr_assert(seen[1].is_known && seen[1].values.len == (size_t)5 * VALUE_LEN &&
		  seen[1].values.data[0] == 2);
	store_abort(txn);
	store_close(store);
	temp_dir_remove(&dir);
}

Test(store_peek, knows_nothing_where_the_map_may_move_or_something_failed)
{
	const uint32_t number = KEY_STEP;
	struct store_peek seen = {.is_known = true};
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, 19);
	struct store_txn *txn = NULL;
	struct store *store;

	make_store(&rng, 10);
	store = open_store(STORE_WRITE);
	cr_assert_eq(store_begin_read(store, &txn), 0);
	store_sets_peek(txn, SETS, &number, 1, &seen);
	cr_assert_not(seen.is_known);
	store_abort(txn);
	store_close(store);

	store = open_store(STORE_READ);
	cr_assert_eq(store_begin_read(store, &txn), 0);
	store_sets_peek(txn, SETS, &number, 1, &seen);
	cr_assert(seen.is_known);
	store_txn_fail(txn, ERR_CORRUPT);
	store_sets_peek(txn, SETS, &number, 1, &seen);
	cr_assert_not(seen.is_known);
	store_abort(txn);
	store_close(store);
	temp_dir_remove(&dir);
}

/* read_file - in memory of exactly its size, so that a sanitiser sees every step beyond it */
static uint8_t *
read_file(size_t *len_out)
{
	char path[PATH_MAX];
	FILE *f = fopen(temp_dir_path(&dir, "data.mdb", path), "rb");
	uint8_t *bytes;

	cr_assert_not_null(f);
	cr_assert_eq(fseek(f, 0, SEEK_END), 0);
	*len_out = (size_t)ftell(f);
	rewind(f);
	bytes = malloc(*len_out);
	cr_assert_not_null(bytes);
	cr_assert_eq(fread(bytes, 1, *len_out, f), *len_out);
	cr_assert_eq(fclose(f), 0);
	return bytes;
}

/*
 * sets_tree - of the table, from its record: the only one in the file with as many entries as
 * that
 */
static void
sets_tree(const struct store_map *map, struct format_tree *out)
{
	struct format_meta metas[2];
	const uint8_t *leaf;
	struct format_page head;

	memcpy(&metas[0], map->bytes, sizeof(metas[0]));
	memcpy(&metas[1], map->bytes + map->page_size, sizeof(metas[1]));
	leaf = map->bytes + metas[metas[1].txn > metas[0].txn].main_tree.root * map->page_size;
	memcpy(&head, leaf, sizeof(head));
	cr_assert_eq(head.flags & FORMAT_KINDS, FORMAT_LEAF);
	for (size_t i = 0; i < (head.lower - sizeof(head)) / 2; i++) {
		struct format_node node;
		uint16_t offset;

		memcpy(&offset, leaf + sizeof(head) + 2 * i, sizeof(offset));
		memcpy(&node, leaf + offset, sizeof(node));
		if (node.key_size == strlen("sets") &&
			memcmp(leaf + offset + sizeof(node), "sets", strlen("sets")) == 0) {
			cr_assert(store_peek_tree(
				slice_of(leaf + offset + sizeof(node) + node.key_size,
					format_node_size(&node)),
				out));
			return;
		}
	}
	cr_assert(false, "the table is not there");
}

Test(store_peek, damaged_pages_lead_nowhere)
{
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, 20);
	struct store_map map = {.page_size = 4096};
	struct format_tree tree;
	struct store_peek seen[STORE_PEEK_MAX];
	size_t known = 0;
	size_t len = 0;
	uint8_t *bytes;

	make_store(&rng, 300);
	bytes = read_file(&len);
	map.bytes = bytes;
	map.page_count = len / map.page_size;
	sets_tree(&map, &tree);
	for (int i = 0; i < 20000; i++) {
		size_t page = (size_t)rng_below(&rng, map.page_count);
		/* Heads and offsets are where it hurts. */
		size_t at = page * map.page_size +
			    (size_t)rng_below(&rng, i % 2 == 0 ? 64 : map.page_size);
		uint8_t was = bytes[at];
		uint32_t numbers[STORE_PEEK_MAX];

		bytes[at] = (uint8_t)rng_below(&rng, 256);
		for (size_t j = 0; j < STORE_PEEK_MAX; j++) {
			numbers[j] = (uint32_t)rng_below(&rng, 1000);
		}
		store_peek_sets(&map, &tree, numbers, STORE_PEEK_MAX, seen);
		for (size_t j = 0; j < STORE_PEEK_MAX; j++) {
			struct slice values = seen[j].values;

			known += seen[j].is_known ? 1 : 0;
			cr_assert(values.len == 0 ||
				  (values.data >= bytes &&
					  values.data + values.len <= bytes + len));
		}
		bytes[at] = was;
	}
	cr_assert_gt(known, 200000);
	free(bytes);
	temp_dir_remove(&dir);
}

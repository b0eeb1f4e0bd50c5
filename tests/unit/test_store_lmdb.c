#define STORE_SUITE store_lmdb
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/temp_dir.h"
#include "tests/unit/store_body.h"

static struct temp_dir dir;

static struct store_config
config_of(enum store_mode mode)
{
	return (struct store_config){
		.path = dir.path,
		.mode = mode,
		.tables = body_tables,
		.table_count = ARRAY_LEN(body_tables),
		.schema_version = 1,
	};
}

static struct store *
open_mode(enum store_mode mode)
{
	struct store_config config = config_of(mode);
	struct store *store = NULL;
	struct err_msg msg = {0};

	cr_assert_eq(store_lmdb_open(&config, &store, &msg), 0, "%s", msg.text);
	return store;
}

static struct store *
body_open(void)
{
	temp_dir_make(&dir);
	return open_mode(STORE_CREATE);
}

static void
body_close(struct store *store)
{
	store_close(store);
	temp_dir_remove(&dir);
}

static mode_t
mode_of(const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	(void)temp_dir_path(&dir, name, path);
	cr_assert_eq(stat(path, &st), 0, "%s", path);
	return st.st_mode & 07777;
}

static void
put_key(struct store *store, const char *key)
{
	struct store_txn *txn = begin_write(store);

	store_put(txn, PLAIN, slice_str(key), SLICE("1"));
	cr_assert_eq(store_commit(txn), 0);
}

static void
assert_key(struct store *store, const char *key, bool expected)
{
	struct store_txn *txn = begin_read(store);

	assert_value(txn, PLAIN, key, expected ? "1" : NULL);
	store_abort(txn);
}

/* make_store - a closed store with the key "a" */
static void
make_store(void)
{
	struct store *store = body_open();

	put_key(store, "a");
	store_close(store);
}

/*
 * assert_refused - that opening fails with the code and a message that names the path and holds
 * `word`
 */
static void
assert_refused(enum store_mode mode, int code, const char *word)
{
	struct store_config config = config_of(mode);
	struct store *store = NULL;
	struct err_msg msg = {0};
	int rc = store_lmdb_open(&config, &store, &msg);

	cr_assert_eq(rc, code, "%s: got %s: %s", word, err_text(rc), msg.text);
	cr_assert_null(store);
	cr_assert_not_null(strstr(msg.text, dir.path), "%s", msg.text);
	cr_assert_not_null(strstr(msg.text, word), "%s", msg.text);
}

/* in_child - runs work in a child of another user and returns its exit code */
static int
in_child(uid_t uid, gid_t gid, int (*work)(void))
{
	int status = 0;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		if (setgid(gid) != 0 || setuid(uid) != 0) {
			_exit(99);
		}
		_exit(work());
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Test(store_lmdb, what_was_committed_is_there_after_reopening)
{
	struct store *store;

	make_store();
	store = open_mode(STORE_WRITE);
	assert_key(store, "a", true);
	put_key(store, "b");
	store_close(store);
	store = open_mode(STORE_READ);
	assert_key(store, "b", true);
	body_close(store);
}

Test(store_lmdb, files_have_their_modes_whatever_the_umask)
{
	(void)umask(0077);
	make_store();
	cr_assert_eq(mode_of("data.mdb"), 0640);
	cr_assert_eq(mode_of("lock.mdb"), 0660);
	temp_dir_remove(&dir);
}

Test(store_lmdb, files_made_by_root_belong_to_the_directorys_owner)
{
	char path[PATH_MAX];
	struct stat st;
	struct store *store;

	if (geteuid() != 0) {
		cr_skip("only root can give files away");
	}
	temp_dir_make(&dir);
	cr_assert_eq(chown(dir.path, 1234, 2345), 0);
	store = open_mode(STORE_CREATE);
	(void)temp_dir_path(&dir, "lock.mdb", path);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_uid, 1234);
	cr_assert_eq(st.st_gid, 2345);
	body_close(store);
}

static int
read_a(void)
{
	struct store_config config = config_of(STORE_READ);
	struct store_txn *txn = NULL;
	struct store *store = NULL;
	struct err_msg msg = {0};
	struct slice value;
	int rc = store_lmdb_open(&config, &store, &msg);

	if (rc != 0) {
		return -rc;
	}
	if (store_begin_read(store, &txn) != 0) {
		return 98;
	}
	if (!store_get(txn, PLAIN, SLICE("a"), &value)) {
		return 97;
	}
	store_abort(txn);
	store_close(store);
	return 0;
}

static int
begin_write_fails(void)
{
	struct store_config config = config_of(STORE_WRITE);
	struct store *store = NULL;
	struct err_msg msg = {0};

	return -store_lmdb_open(&config, &store, &msg);
}

Test(store_lmdb, the_group_may_read_but_not_write)
{
	if (geteuid() != 0) {
		cr_skip("only root can become another user");
	}
	temp_dir_make(&dir);
	cr_assert_eq(chown(dir.path, 1234, 2345), 0);
	cr_assert_eq(chmod(dir.path, 0750), 0);
	{
		struct store *store = open_mode(STORE_CREATE);

		put_key(store, "a");
		store_close(store);
	}
	cr_assert_eq(in_child(4321, 2345, read_a), 0, "group member");
	cr_assert_eq(in_child(4321, 2345, begin_write_fails), -ERR_DENIED);
	cr_assert_eq(in_child(4321, 4321, read_a), -ERR_DENIED, "stranger");
	temp_dir_remove(&dir);
}

Test(store_lmdb, a_missing_or_empty_store_is_named)
{
	char path[PATH_MAX];

	temp_dir_make(&dir);
	assert_refused(STORE_READ, ERR_NOTFOUND, "trustctl init");
	assert_refused(STORE_WRITE, ERR_NOTFOUND, "trustctl init");
	(void)temp_dir_path(&dir, "data.mdb", path);
	cr_assert_eq(close(open(path, O_CREAT | O_WRONLY, 0640)), 0);
	assert_refused(STORE_READ, ERR_NOTFOUND, "empty");
	temp_dir_remove(&dir);
	assert_refused(STORE_READ, ERR_NOTFOUND, "no store here");
	assert_refused(STORE_CREATE, ERR_NOTFOUND, "no store here");
}

Test(store_lmdb, a_schema_of_another_version_is_refused)
{
	struct store_config config;
	struct store *store = NULL;
	struct err_msg msg = {0};

	temp_dir_make(&dir);
	config = config_of(STORE_CREATE);
	config.schema_version = 2;
	cr_assert_eq(store_lmdb_open(&config, &store, &msg), 0);
	store_close(store);
	assert_refused(STORE_READ, ERR_VERSION, "newer");
	assert_refused(STORE_CREATE, ERR_VERSION, "newer");
	config.schema_version = 3;
	cr_assert_eq(store_lmdb_open(&config, &store, &msg), ERR_VERSION);
	cr_assert_not_null(strstr(msg.text, "older"), "%s", msg.text);
	temp_dir_remove(&dir);
}

/* put_and_commit - one record, by which an upgrade becomes final */
static int
put_and_commit(void *ctx, struct store_txn *txn)
{
	(void)ctx;
	store_put(txn, 0, SLICE("key"), SLICE("new"));
	return store_txn_error(txn);
}

static int
put_and_fail(void *ctx, struct store_txn *txn)
{
	int rc = put_and_commit(ctx, txn);

	return rc == 0 ? ERR_INVALID : rc;
}

Test(store_lmdb, an_older_schema_is_upgraded_by_the_first_commit_and_not_before)
{
	static const struct store_table newer[] = {{"plain", STORE_PLAIN}, {"set", STORE_SET}};
	struct store_config config;
	struct store *store = NULL;
	struct err_msg msg = {0};
	struct store_config old;

	temp_dir_make(&dir);
	old = config_of(STORE_CREATE);
	old.tables = newer;
	old.table_count = 1;
	cr_assert_eq(store_lmdb_open(&old, &store, &msg), 0, "%s", msg.text);
	cr_assert_eq(store_update(store, put_and_commit, NULL), 0);
	store_close(store);

	config = old;
	config.schema_version = 2;
	config.table_count = 2;
	config.mode = STORE_UPGRADE;
	cr_assert_eq(
		store_lmdb_open(&config, &store, &msg), ERR_VERSION, "no rebuild, no upgrade");
	config.can_rebuild = true;
	config.mode = STORE_WRITE;
	cr_assert_eq(store_lmdb_open(&config, &store, &msg), ERR_VERSION);
	cr_assert_not_null(strstr(msg.text, "trustctl rebuild"), "%s", msg.text);

	config.mode = STORE_UPGRADE;
	cr_assert_eq(store_lmdb_open(&config, &store, &msg), 0, "%s", msg.text);
	cr_assert(store_is_outdated(store));
	cr_assert_eq(store_update(store, put_and_fail, NULL), ERR_INVALID);
	cr_assert(store_is_outdated(store));
	store_close(store);
	old.mode = STORE_WRITE;
	cr_assert_eq(store_lmdb_open(&old, &store, &msg), 0, "as before: %s", msg.text);
	store_close(store);

	cr_assert_eq(store_lmdb_open(&config, &store, &msg), 0, "%s", msg.text);
	cr_assert_eq(store_update(store, put_and_commit, NULL), 0);
	cr_assert_not(store_is_outdated(store));
	store_close(store);
	cr_assert_eq(store_lmdb_open(&old, &store, &msg), ERR_VERSION);
	cr_assert_eq(store_lmdb_open(&config, &store, &msg), 0, "%s", msg.text);
	cr_assert_not(store_is_outdated(store));
	store_close(store);
	temp_dir_remove(&dir);
}

Test(store_lmdb, a_store_with_other_tables_is_refused)
{
	static const struct store_table others[] = {{"plain", STORE_SET}};
	static const struct store_table more[] = {{"plain", STORE_PLAIN}, {"new", STORE_PLAIN}};
	struct store_config config;
	struct store *store = NULL;
	struct err_msg msg = {0};

	make_store();
	config = config_of(STORE_READ);
	config.tables = others;
	config.table_count = 1;
	cr_assert_eq(store_lmdb_open(&config, &store, &msg), ERR_CORRUPT, "other kind");
	config.tables = more;
	config.table_count = 2;
	cr_assert_eq(store_lmdb_open(&config, &store, &msg), ERR_CORRUPT, "missing table");
	temp_dir_remove(&dir);
}

/* damage - overwrites bytes of data.mdb */
static void
damage(off_t offset, const void *bytes, size_t len)
{
	char path[PATH_MAX];
	int fd;

	(void)temp_dir_path(&dir, "data.mdb", path);
	fd = open(path, O_WRONLY);
	cr_assert_geq(fd, 0);
	cr_assert_eq(pwrite(fd, bytes, len, offset), (ssize_t)len);
	cr_assert_eq(close(fd), 0);
}

Test(store_lmdb, damaged_headers_are_refused)
{
	static const struct {
		const char *label;
		off_t offset;
		uint32_t value;
		int code;
		const char *word;
	} rows[] = {
		{"magic of page 0", 16, 0x12345678, ERR_CORRUPT, "not an LMDB file"},
		{"magic of page 1", 4096 + 16, 0x12345678, ERR_CORRUPT, "is damaged"},
		{"version", 20, 2, ERR_VERSION, "another version"},
		{"version of page 1", 4096 + 20, 999, ERR_VERSION, "another version"},
		{"page size 0", 40, 0, ERR_CORRUPT, "is damaged"},
		{"page size 17", 40, 17, ERR_CORRUPT, "is damaged"},
		{"page size 1 GiB", 40, 1U << 30, ERR_CORRUPT, "is damaged"},
		{"page size unlike page 1's", 4096 + 40, 8192, ERR_CORRUPT, "is damaged"},
		{"root in the header", 128, 0, ERR_CORRUPT, "is damaged"},
		{"root behind the last page", 128, 4000000, ERR_CORRUPT, "is damaged"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		make_store();
		damage(rows[i].offset, &rows[i].value, sizeof(rows[i].value));
		assert_refused(STORE_READ, rows[i].code, rows[i].word);
		assert_refused(STORE_CREATE, rows[i].code, rows[i].word);
		temp_dir_remove(&dir);
	}
}

/* fill - puts n values of 1000 bytes under keys from `first` on */
static int
fill(struct store_txn *txn, uint32_t first, uint32_t n)
{
	static const uint8_t value[1000] = {1};

	for (uint32_t i = first; i < first + n; i++) {
		store_put(txn, PLAIN, slice_of(&i, sizeof(i)), slice_of(value, sizeof(value)));
	}
	return store_txn_error(txn);
}

/* many_shapes - a store with all LMDB makes: small sets, sets that are trees, long free lists */
static void
many_shapes(void)
{
	static const uint8_t value[700] = {1};
	struct store *store = body_open();

	for (uint32_t round = 0; round < 6; round++) {
		struct store_txn *txn = begin_write(store);

		for (uint32_t i = 0; i < 400; i++) {
			uint32_t key = i * 7919 % 400;
			uint32_t set = i % 2 == 0 ? 1 : i;

			store_put(txn, PLAIN, slice_of(&key, sizeof(key)),
				slice_of(value, 100 * (1 + round)));
			store_put(txn, SETS, slice_of(&set, sizeof(set)),
				slice_of(&(uint32_t){i + round * 400}, sizeof(i)));
		}
		for (uint32_t i = round % 2; i < 400; i += 2) {
			(void)store_delete(txn, PLAIN, slice_of(&i, sizeof(i)));
		}
		cr_assert_eq(store_commit(txn), 0);
	}
	store_close(store);
}

/* use_everything - reads all there is, and writes; returns 0 unless it dies */
static int
use_everything(void)
{
	struct store_config config = config_of(STORE_WRITE);
	struct store_txn *txn = NULL;
	struct store *store = NULL;
	struct err_msg msg;

	if (store_lmdb_open(&config, &store, &msg) != 0) {
		return 0;
	}
	if (store_begin_write(store, &txn) != 0) {
		return 0;
	}
	for (unsigned int table = PLAIN; table <= OTHER; table++) {
		struct store_cursor *c = store_cursor_open(txn, table);
		struct slice key;
		struct slice value;
		unsigned int sum = 0;

		for (bool more = store_cursor_seek(c, SLICE(""), &key, &value); more;
			more = store_cursor_next(c, &key, &value)) {
			sum += value.len > 0 ? value.data[value.len - 1] : 0U;
			(void)store_set_count(c, key);
		}
		store_cursor_close(c);
	}
	(void)fill(txn, 0, 300);
	(void)!store_commit(txn);
	store_close(store);
	return 0;
}

Test(store_lmdb, damage_in_the_pages_never_stops_a_process, .timeout = 1000)
{
	struct rng_seeded_state state;
	uint64_t seed = 99;
	struct rng rng = rng_seeded(&state, seed);
	uint8_t garbage[64];

	for (unsigned int round = 0; round < 40; round++) {
		char path[PATH_MAX];
		struct stat st;
		off_t at;
		size_t len = round % 2 == 0 ? 1 : sizeof(garbage);

		many_shapes();
		cr_assert_eq(stat(temp_dir_path(&dir, "data.mdb", path), &st), 0);
		at = (off_t)rng_below(&rng, (uint64_t)st.st_size - sizeof(garbage));
		if (round % 3 == 0) {
			at -= at % 4096; /* where the head of a page is */
			at += (off_t)rng_below(&rng, 64);
		}
		cr_assert_eq(rng_bytes(&rng, garbage, sizeof(garbage)), 0);
		damage(at, garbage, len);
		cr_assert_eq(in_child(getuid(), getgid(), use_everything), 0,
			"round %u: %zu bytes at %ld, seed %lu", round, len, (long)at,
			(unsigned long)seed);
		temp_dir_remove(&dir);
	}
}

/* What is done to every page of a kind, so that those in use are among them. */
struct page_damage {
	const char *label;
	uint16_t flags; /* of the pages, as LMDB has them */
	size_t offset;
	uint32_t value;
	size_t len;
};

static void
damage_pages(const struct page_damage *d)
{
	char path[PATH_MAX];
	uint8_t page[4096];
	int fd = open(temp_dir_path(&dir, "data.mdb", path), O_RDWR);
	unsigned int damaged = 0;

	cr_assert_geq(fd, 0);
	for (off_t at = 2 * 4096; pread(fd, page, sizeof(page), at) == 4096; at += 4096) {
		uint16_t flags;

		memcpy(&flags, page + 10, sizeof(flags));
		if (flags == d->flags) {
			cr_assert_eq(pwrite(fd, &d->value, d->len, at + (off_t)d->offset),
				(ssize_t)d->len);
			damaged++;
		}
	}
	cr_assert_gt(damaged, 0, "%s: no such page", d->label);
	cr_assert_eq(close(fd), 0);
}

Test(store_lmdb, pages_that_would_lead_astray_are_refused)
{
	static const struct page_damage rows[] = {
		{"another page's number", 0x02, 0, 1, 4},
		{"neither leaf nor branch", 0x02, 10, 0, 2},
		{"a branch of one child", 0x01, 12, 18, 2},
		{"a child behind the last page", 0x01, 4092, 0xffffffff, 4},
		{"no entry", 0x02, 12, 16, 2},
		{"offsets that meet the nodes", 0x02, 12, 4094, 2},
		{"nodes behind the page", 0x02, 14, 5000, 2},
		{"a node in the head", 0x02, 16, 2, 2},
		{"a node behind the page", 0x02, 16, 4090, 2},
		{"values larger than the page", 0x22, 8, 4000, 2},
		{"values of size 0", 0x22, 8, 0, 2},
		{"values of another size", 0x22, 8, 2, 2},
		{"more values than a page holds", 0x22, 12, 4000, 2},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct store_config config = config_of(STORE_READ);
		struct store *store = NULL;
		struct err_msg msg = {0};

		many_shapes();
		damage_pages(&rows[i]);
		cr_assert_eq(store_lmdb_open(&config, &store, &msg), ERR_CORRUPT, "%s: %s",
			rows[i].label, msg.text);
		cr_assert_not_null(strstr(msg.text, "restore a backup"), "%s", msg.text);
		temp_dir_remove(&dir);
	}
}

/* low_roots - a store whose newest pages lie at its beginning, and living ones at its end */
static void
low_roots(void)
{
	struct store *store = body_open();
	struct store_txn *txn = begin_write(store);

	cr_assert_eq(fill(txn, 0, 300), 0);
	cr_assert_eq(store_commit(txn), 0);
	txn = begin_write(store);
	for (uint32_t i = 0; i < 100; i++) {
		(void)store_delete(txn, PLAIN, slice_of(&i, sizeof(i)));
	}
	cr_assert_eq(store_commit(txn), 0);
	for (int i = 0; i < 4; i++) {
		put_key(store, "a");
	}
	store_close(store);
}

Test(store_lmdb, a_file_cut_anywhere_is_refused)
{
	char path[PATH_MAX];
	struct stat st;

	low_roots();
	cr_assert_eq(stat(temp_dir_path(&dir, "data.mdb", path), &st), 0);
	cr_assert_eq(in_child(getuid(), getgid(), read_a), 0);
	for (off_t size = st.st_size - 4096; size > 0; size -= 4096) {
		cr_assert_eq(truncate(path, size), 0);
		cr_assert_eq(
			in_child(getuid(), getgid(), use_everything), 0, "at %ld", (long)size);
	}
	assert_refused(STORE_READ, ERR_CORRUPT, "truncated");
	temp_dir_remove(&dir);
}

Test(store_lmdb, garbage_is_refused)
{
	static uint8_t garbage[65536];
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, 7);

	cr_assert_eq(rng_bytes(&rng, garbage, sizeof(garbage)), 0);
	make_store();
	damage(0, garbage, sizeof(garbage));
	assert_refused(STORE_READ, ERR_CORRUPT, "not an LMDB file");
	assert_refused(STORE_WRITE, ERR_CORRUPT, "not an LMDB file");
	temp_dir_remove(&dir);
}

Test(store_lmdb, a_locked_lock_file_is_named_with_its_holder)
{
	char path[PATH_MAX];
	char expected[64];
	int ready[2];
	char byte;
	pid_t pid;

	make_store();
	(void)temp_dir_path(&dir, "lock.mdb", path);
	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
		int fd = open(path, O_RDWR);

		(void)fcntl(fd, F_SETLK, &lock);
		(void)!write(ready[1], "x", 1);
		for (;;) {
			(void)pause();
		}
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	(void)snprintf(expected, sizeof(expected), "process %ld", (long)pid);
	assert_refused(STORE_READ, ERR_BUSY, expected);
	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	body_close(open_mode(STORE_READ));
}

static int
fill_much(void *ctx, struct store_txn *txn)
{
	int *calls = ctx;

	(*calls)++;
	return fill(txn, 0, 3000);
}

Test(store_lmdb, a_full_map_grows_and_the_work_is_done_again)
{
	struct store_config config;
	struct store *store = NULL;
	struct store_usage usage;
	struct store_txn *txn;
	struct err_msg msg = {0};
	int calls = 0;

	temp_dir_make(&dir);
	config = config_of(STORE_CREATE);
	config.map_initial_bytes = 256 << 10;
	cr_assert_eq(store_lmdb_open(&config, &store, &msg), 0, "%s", msg.text);

	txn = begin_write(store);
	cr_assert_eq(fill(txn, 0, 3000), ERR_BUSY);
	cr_assert_eq(store_commit(txn), ERR_BUSY);
	cr_assert_eq(store_update(store, fill_much, &calls), 0);
	cr_assert_gt(calls, 1);
	cr_assert_eq(store_usage(store, &usage), 0);
	cr_assert_geq(usage.bytes_mapped, 4 << 20);
	txn = begin_read(store);
	cr_assert_eq(store_count(txn, PLAIN), 3000);
	store_abort(txn);
	body_close(store);
}

/* What a reader remembers lies in the map, which may move without a commit. */
Test(store_lmdb, a_reader_sees_its_values_in_a_map_that_moved)
{
	struct store_config config;
	struct store *store = NULL;
	struct store_txn *reader = NULL;
	struct store_txn *writer = NULL;
	static uint8_t large[256 * 1024];

	temp_dir_make(&dir);
	config = config_of(STORE_CREATE);
	config.map_initial_bytes = 128 * 1024;
	cr_assert_eq(store_lmdb_open(&config, &store, NULL), 0);
	put_key(store, "a");
	reader = begin_read(store);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(store_renew(reader), 0);
		assert_value(reader, PLAIN, "a", "1");
	}
	cr_expect(store_is_unchanged(reader));
	store_pause(reader);
	writer = begin_write(store);
	store_put(writer, PLAIN, SLICE("large"), slice_of(large, sizeof(large)));
	cr_assert_eq(store_commit(writer), ERR_BUSY);
	store_abort(begin_write(store)); /* the map grows */
	cr_assert_eq(store_renew(reader), 0);
	cr_expect_not(store_is_unchanged(reader));
	assert_value(reader, PLAIN, "a", "1");
	store_abort(reader);
	body_close(store);
}

/* One that is not given back is kept while it is the newest, and never longer. */
Test(store_lmdb, a_kept_snapshot_is_renewed_after_a_commit)
{
	struct store_config config;
	struct store *store = NULL;
	struct store_txn *reader = NULL;
	struct store_cursor *c = NULL;
	struct slice key;
	struct slice value;

	temp_dir_make(&dir);
	config = config_of(STORE_CREATE);
	cr_assert_eq(store_lmdb_open(&config, &store, NULL), 0);
	put_key(store, "a");
	reader = begin_read(store);
	cr_assert_eq(store_renew(reader), 0);
	for (int i = 0; i < 3; i++) {
		c = store_cursor_open(reader, PLAIN);
		cr_expect(store_cursor_seek(c, SLICE(""), &key, &value), "it serves again");
		cr_assert_eq(store_renew(reader), 0, "without a pause");
		cr_expect(store_is_unchanged(reader));
		assert_value(reader, PLAIN, "a", "1");
	}
	put_key(store, "b");
	cr_expect_not(store_get(reader, PLAIN, SLICE("b"), &value), "an old snapshot");
	cr_assert_eq(store_renew(reader), 0);
	cr_expect_not(store_is_unchanged(reader));
	assert_value(reader, PLAIN, "b", "1");
	store_txn_fail(reader, ERR_CORRUPT);
	cr_assert_eq(store_renew(reader), 0);
	cr_expect_eq(store_txn_error(reader), 0, "an error ends with a renewal, kept or not");
	store_abort(reader);
	body_close(store);
}

Test(store_lmdb, the_map_does_not_grow_under_an_open_reader)
{
	struct store_config config;
	struct store *store = NULL;
	struct store_txn *reader;
	struct store_txn *txn = NULL;
	struct err_msg msg = {0};

	temp_dir_make(&dir);
	config = config_of(STORE_CREATE);
	config.map_initial_bytes = 256 << 10;
	cr_assert_eq(store_lmdb_open(&config, &store, &msg), 0, "%s", msg.text);
	reader = begin_read(store);
	txn = begin_write(store);
	cr_assert_eq(fill(txn, 0, 3000), ERR_BUSY);
	store_abort(txn);
	cr_assert_eq(store_begin_write(store, &txn), ERR_BUSY);
	cr_assert_null(txn);
	store_pause(reader);
	txn = begin_write(store);
	store_abort(txn);
	cr_assert_eq(store_renew(reader), 0);
	assert_value(reader, PLAIN, "a", NULL);
	store_abort(reader);
	body_close(store);
}

Test(store_lmdb, a_map_at_its_maximum_is_full_and_keeps_what_it_has)
{
	struct store_config config;
	struct store *store = NULL;
	struct err_msg msg = {0};
	int calls = 0;

	temp_dir_make(&dir);
	config = config_of(STORE_CREATE);
	config.map_initial_bytes = 256 << 10;
	config.map_max_bytes = 512 << 10;
	cr_assert_eq(store_lmdb_open(&config, &store, &msg), 0, "%s", msg.text);
	put_key(store, "a");
	cr_assert_eq(store_update(store, fill_much, &calls), ERR_FULL);
	assert_key(store, "a", true);
	put_key(store, "b");
	assert_key(store, "b", true);
	body_close(store);
}

static int
grow_far(void)
{
	struct store_config config = config_of(STORE_WRITE);
	struct store *store = NULL;
	struct err_msg msg = {0};
	int calls = 0;
	int rc;

	config.map_initial_bytes = 256 << 10;
	if (store_lmdb_open(&config, &store, &msg) != 0) {
		return 99;
	}
	rc = store_update(store, fill_much, &calls);
	store_close(store);
	return -rc;
}

Test(store_lmdb, other_processes_follow_a_grown_file)
{
	struct store_config config;
	struct store *store = NULL;
	struct store_txn *txn = NULL;
	struct err_msg msg = {0};

	temp_dir_make(&dir);
	config = config_of(STORE_CREATE);
	config.map_initial_bytes = 256 << 10;
	cr_assert_eq(store_lmdb_open(&config, &store, &msg), 0, "%s", msg.text);
	cr_assert_eq(in_child(getuid(), getgid(), grow_far), 0);
	txn = begin_write(store);
	cr_assert_eq(store_count(txn, PLAIN), 3000, "a writer with a small map");
	store_abort(txn);
	store_close(store);

	store = open_mode(STORE_READ);
	txn = begin_read(store);
	store_pause(txn);
	cr_assert_eq(in_child(getuid(), getgid(), grow_far), 0);
	cr_assert_eq(store_renew(txn), 0);
	cr_assert_eq(store_count(txn, PLAIN), 3000, "a reader that was open before");
	store_abort(txn);
	body_close(store);
}

/* spawn_writer - a child that leaves a write transaction open; returns when it is */
static pid_t
spawn_writer(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct store_config config = config_of(STORE_WRITE);
		struct store *store = NULL;
		struct store_txn *txn = NULL;
		struct err_msg msg;

		if (store_lmdb_open(&config, &store, &msg) != 0 ||
			store_begin_write(store, &txn) != 0 || fill(txn, 0, 3000) != 0) {
			_exit(1);
		}
		(void)!write(ready[1], "x", 1);
		for (;;) {
			(void)pause();
		}
	}
	(void)close(ready[1]);
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	return pid;
}

static void
kill_and_wait(pid_t pid)
{
	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

Test(store_lmdb, a_writer_killed_in_the_middle_leaves_nothing)
{
	struct store *store;
	pid_t pid;

	make_store();
	pid = spawn_writer();
	store = open_mode(STORE_READ);
	assert_key(store, "a", true);
	store_close(store);
	kill_and_wait(pid);
	store = open_mode(STORE_WRITE);
	{
		struct store_txn *txn = begin_write(store);

		cr_assert_eq(store_count(txn, PLAIN), 1, "its lock is free, its work gone");
		store_abort(txn);
	}
	put_key(store, "b");
	assert_key(store, "a", true);
	body_close(store);
}

static int
hold_all_readers(void)
{
	struct store_config config = config_of(STORE_READ);
	struct store *store = NULL;
	struct store_txn *txn = NULL;
	struct err_msg msg;
	int count = 0;

	if (store_lmdb_open(&config, &store, &msg) != 0) {
		return 1;
	}
	while (store_begin_read(store, &txn) == 0) {
		count++;
	}
	/* Ends without giving anything back, as if killed. */
	(void)kill(getpid(), count > 100 ? SIGKILL : SIGTERM);
	return 1;
}

Test(store_lmdb, slots_of_dead_readers_are_taken_back)
{
	struct store *store;

	make_store();
	store = open_mode(STORE_READ);
	cr_assert_eq(in_child(getuid(), getgid(), hold_all_readers), 128 + SIGKILL);
	assert_key(store, "a", true);
	body_close(store);
}

Test(store_lmdb, a_copy_is_consistent_while_others_write)
{
	struct temp_dir original;
	struct temp_dir copy;
	struct store *store;
	struct err_msg msg = {0};

	make_store();
	temp_dir_make(&copy);
	store = open_mode(STORE_WRITE);
	cr_assert_eq(store_copy(store, copy.path, &msg), 0, "%s", msg.text);
	cr_assert_eq(store_copy(store, copy.path, &msg), ERR_EXISTS);
	cr_assert_not_null(strstr(msg.text, copy.path));
	put_key(store, "b");
	cr_assert_eq(store_copy(store, "/nonexistent", &msg), ERR_NOTFOUND);
	store_close(store);

	original = dir;
	dir = copy;
	cr_assert_eq(mode_of("data.mdb"), 0640);
	store = open_mode(STORE_READ);
	assert_key(store, "a", true);
	assert_key(store, "b", false);
	body_close(store);
	temp_dir_remove(&original);
}

Test(store_lmdb, a_replaced_or_cut_file_is_noticed)
{
	char path[PATH_MAX];
	char other[PATH_MAX];
	struct store *store;

	make_store();
	(void)temp_dir_path(&dir, "data.mdb", path);
	(void)temp_dir_path(&dir, "other.mdb", other);
	store = open_mode(STORE_READ);
	cr_assert_not(store_is_stale(store));
	cr_assert_eq(rename(path, other), 0);
	cr_assert(store_is_stale(store), "gone");
	cr_assert_eq(rename(other, path), 0);
	cr_assert_not(store_is_stale(store), "back again");
	cr_assert_eq(truncate(path, 8192), 0);
	cr_assert(store_is_stale(store), "cut");
	body_close(store);
}

/* assert_full_is_survived - fills what the directory is on */
static void
assert_full_is_survived(struct store *store)
{
	struct store_txn *txn;
	int rc = 0;

	put_key(store, "a");
	for (uint32_t i = 0; i < 100 && rc == 0; i++) {
		txn = begin_write(store);
		(void)fill(txn, i * 1000, 1000);
		rc = store_commit(txn);
	}
	cr_assert_eq(rc, ERR_FULL, "got %s", err_text(rc));
	assert_key(store, "a", true);
}

Test(store_lmdb, a_full_disk_is_an_error_and_old_data_stay)
{
	struct store *store;

	temp_dir_make(&dir);
	if (mount("none", dir.path, "tmpfs", 0, "size=4m") == 0) {
		store = open_mode(STORE_CREATE);
		assert_full_is_survived(store);
		store_close(store);
		store = open_mode(STORE_READ);
		assert_key(store, "a", true);
		store_close(store);
		cr_assert_eq(umount(dir.path), 0);
	} else {
		struct rlimit limit = {4 << 20, RLIM_INFINITY};

		cr_log_info("no tmpfs here (%s), a file size limit instead", strerror(errno));
		(void)signal(SIGXFSZ, SIG_IGN);
		store = open_mode(STORE_CREATE);
		cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
		assert_full_is_survived(store);
		store_close(store);
	}
	temp_dir_remove(&dir);
}

Test(store_lmdb, a_limit_on_file_sizes_is_like_a_full_disk)
{
	struct rlimit limit = {4 << 20, RLIM_INFINITY};
	struct store *store = body_open();

	(void)signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_full_is_survived(store);
	body_close(store);
}

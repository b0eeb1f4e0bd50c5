/*
 * The private store over both backends: each test body runs in memory, then in LMDB.
 */
#include <criterion/criterion.h>

#include <stdio.h>

#include "common/base/encoding.h"
#include "common/graph/private.h"
#include "common/graph/private_codec.h"
#include "common/statement/statement.h"
#include "tests/support/temp_dir.h"

#define NOW_S 1767225600

static const struct {
	const char *label;
	int (*open)(const struct store_config *, struct store **, struct err_msg *);
} backends[] = {
	{"mem", store_mem_open},
	{"lmdb", store_lmdb_open},
};

/* What a test body works on. */
struct world {
	const char *label;
	struct temp_dir dir;
	struct store *store;
	struct private_reader *reader;
};

static struct err_msg msg;

static struct store *
open_store(size_t backend, const struct temp_dir *dir, enum store_mode mode)
{
	const struct store_config config = {
		.path = dir->path,
		.mode = mode,
		.tables = private_tables,
		.table_count = PRIVATE_TABLE_COUNT,
		.schema_version = PRIVATE_SCHEMA_VERSION,
	};
	struct store *store = NULL;

	cr_assert_eq(backends[backend].open(&config, &store, &msg), 0, "%s", msg.text);
	return store;
}

static void
world_open(struct world *w, size_t backend)
{
	*w = (struct world){.label = backends[backend].label};
	temp_dir_make(&w->dir);
	w->store = open_store(backend, &w->dir, STORE_CREATE);
	cr_assert_eq(private_create(w->store, &msg), 0, "%s", msg.text);
	cr_assert_eq(private_reader_new(w->store, &w->reader, &msg), 0, "%s", msg.text);
}

static void
world_close(struct world *w)
{
	private_reader_free(w->reader);
	store_close(w->store);
	temp_dir_remove(&w->dir);
}

static void
on_both(void (*body)(struct world *))
{
	for (size_t i = 0; i < ARRAY_LEN(backends); i++) {
		struct world w;

		world_open(&w, i);
		body(&w);
		world_close(&w);
	}
}

static struct principal
principal_of(const char *text)
{
	struct principal p;

	cr_assert_eq(
		principal_parse(slice_str(text), false, &p, &msg), 0, "%s: %s", text, msg.text);
	return p;
}

static struct digest
digest_of(const char *text)
{
	struct principal p = principal_of(text);
	struct digest d;

	principal_digest(&p, &d);
	return d;
}

static struct thumbprint
identity_of(uint8_t n)
{
	const struct public_key key = {{n, 1}};
	struct thumbprint t;

	public_key_thumbprint(&key, &t);
	return t;
}

static struct private_txn *
begin(struct world *w)
{
	struct private_txn *txn = NULL;

	cr_assert_eq(private_txn_begin(w->store, &txn, &msg), 0, "%s: %s", w->label, msg.text);
	return txn;
}

static void
commit(struct world *w, struct private_txn *txn)
{
	cr_assert_eq(private_txn_commit(txn, &msg), 0, "%s: %s", w->label, msg.text);
}

static void
add_user(struct world *w, const char *address, uint8_t n)
{
	struct private_txn *txn = begin(w);
	struct principal p = principal_of(address);
	struct thumbprint identity = identity_of(n);

	cr_assert_eq(private_user_add(txn, &p, &identity, NOW_S, &msg), 0, "%s: %s", w->label,
		msg.text);
	commit(w, txn);
}

static void
put(struct world *w, const char *user, const char *subject, const struct private_entry *entry)
{
	struct private_txn *txn = begin(w);
	struct principal p = principal_of(subject);
	struct digest u = digest_of(user);

	cr_assert_eq(private_put(txn, &u, &p, entry, &msg), 0, "%s: %s", w->label, msg.text);
	commit(w, txn);
}

static void
befriend(struct world *w, const char *user, const char *subject, uint8_t level)
{
	put(w, user, subject, &(struct private_entry){.level = level, .added_s = NOW_S});
}

static void
look(struct world *w)
{
	cr_assert_eq(private_begin(w->reader), 0, "%s", w->label);
}

static void
expect_sound(struct world *w)
{
	cr_expect_eq(private_error(w->reader), 0, "%s", w->label);
	private_end(w->reader);
}

static bool
find(struct world *w, const char *name, struct private_user *out)
{
	return private_user_find(w->reader, slice_str(name), out);
}

static void
finds_users_body(struct world *w)
{
	static const char *const names[] = {"alice@example.org", "Alice@Example.ORG", "ALICE",
		"alice", "alice.smith@example.org", "asmith", "ASmith", "alice@shop.example"};
	static const char *const strangers[] = {"", "bob", "alice@example.net", "alic",
		"alice@", "@example.org", "alicex", "alice@example.org "};
	struct digest alice = digest_of("addr:alice@example.org");
	struct thumbprint identity = identity_of(1);
	struct private_txn *txn = NULL;
	struct private_user user;

	add_user(w, "addr:alice@example.org", 1);
	txn = begin(w);
	cr_assert_eq(private_set_site_domain(txn, SLICE("Example.org")), 0);
	cr_assert_eq(private_alias_add(txn, &alice, SLICE("Alice.Smith@Example.org"), &msg), 0);
	cr_assert_eq(private_alias_add(txn, &alice, SLICE("ASmith"), &msg), 0);
	cr_assert_eq(private_alias_add(txn, &alice, SLICE("alice@shop.example"), &msg), 0);
	commit(w, txn);

	look(w);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		cr_assert(find(w, names[i], &user), "%s: %s", w->label, names[i]);
		cr_expect(digest_eq(&user.digest, &alice), "%s: %s", w->label, names[i]);
		cr_expect(slice_eq(user.address, SLICE("alice@example.org")));
		cr_expect(thumbprint_eq(&user.identity, &identity));
		cr_expect_eq(user.created_s, NOW_S);
	}
	for (size_t i = 0; i < ARRAY_LEN(strangers); i++) {
		cr_expect_not(find(w, strangers[i], &user), "%s: %s", w->label, strangers[i]);
	}
	expect_sound(w);
}

Test(private, finds_users_by_address_alias_and_login_in_any_case)
{
	on_both(finds_users_body);
}

static void
login_needs_domain_body(struct world *w)
{
	struct private_user user;

	add_user(w, "addr:alice@example.org", 1);
	look(w);
	cr_expect_eq(private_site_domain(w->reader).len, 0, "%s", w->label);
	cr_expect_not(find(w, "alice", &user), "%s: no site domain yet", w->label);
	cr_expect(find(w, "alice@example.org", &user), "%s", w->label);
	expect_sound(w);
}

Test(private, a_bare_login_means_nothing_before_there_is_a_site_domain)
{
	on_both(login_needs_domain_body);
}

static void
alias_first_body(struct world *w)
{
	struct digest bob = digest_of("addr:bob@example.org");
	struct private_txn *txn = NULL;
	struct private_user user;

	add_user(w, "addr:alice@example.org", 1);
	add_user(w, "addr:bob@example.org", 2);
	txn = begin(w);
	cr_assert_eq(private_set_site_domain(txn, SLICE("example.org")), 0);
	cr_assert_eq(private_alias_add(txn, &bob, SLICE("alice"), &msg), 0);
	commit(w, txn);
	look(w);
	cr_assert(find(w, "alice", &user), "%s", w->label);
	cr_expect(slice_eq(user.address, SLICE("bob@example.org")), "%s", w->label);
	cr_assert(find(w, "alice@example.org", &user), "%s", w->label);
	cr_expect(slice_eq(user.address, SLICE("alice@example.org")), "%s", w->label);
	cr_expect(slice_eq(private_site_domain(w->reader), SLICE("example.org")));
	expect_sound(w);
}

Test(private, an_alias_comes_before_login_at_site_domain)
{
	on_both(alias_first_body);
}

static void
names_taken_body(struct world *w)
{
	struct digest alice = digest_of("addr:alice@example.org");
	struct digest bob = digest_of("addr:bob@example.org");
	struct digest nobody = digest_of("addr:nobody@example.org");
	struct principal again = principal_of("addr:Alice@example.org");
	struct principal domain = principal_of("dom:example.org");
	struct thumbprint identity = identity_of(9);
	struct private_txn *txn = NULL;

	add_user(w, "addr:alice@example.org", 1);
	add_user(w, "addr:bob@example.org", 2);
	txn = begin(w);
	cr_expect_eq(private_user_add(txn, &again, &identity, NOW_S, &msg), ERR_EXISTS);
	cr_expect_eq(private_user_add(txn, &domain, &identity, NOW_S, &msg), ERR_INVALID);
	cr_expect_eq(
		private_alias_add(txn, &bob, SLICE("ALICE@example.org"), &msg), ERR_EXISTS);
	cr_expect_eq(private_alias_add(txn, &bob, SLICE("sales"), &msg), 0);
	cr_expect_eq(private_alias_add(txn, &bob, SLICE("Sales"), &msg), 0, "his own again");
	cr_expect_eq(private_alias_add(txn, &alice, SLICE("sales"), &msg), ERR_EXISTS);
	cr_expect_eq(private_alias_add(txn, &nobody, SLICE("x"), &msg), ERR_NOTFOUND);
	cr_expect_eq(private_alias_add(txn, &bob, SLICE(""), &msg), ERR_INVALID);
	cr_expect_eq(private_alias_add(txn, &bob, SLICE("a\nb"), &msg), ERR_INVALID);
	cr_expect_eq(private_alias_add(txn, &bob, SLICE("a\0b"), &msg), ERR_INVALID);
	cr_expect_eq(private_set_site_domain(txn, SLICE("not a domain")), ERR_INVALID);
	commit(w, txn);
}

Test(private, a_name_belongs_to_one_user)
{
	on_both(names_taken_body);
}

static void
alias_bound_body(struct world *w)
{
	struct digest alice = digest_of("addr:alice@example.org");
	struct slice aliases[PRIVATE_ALIASES_MAX + 1];
	struct private_txn *txn = NULL;
	char long_name[PRIVATE_NAME_MAX + 1];
	char name[16];

	add_user(w, "addr:alice@example.org", 1);
	add_user(w, "addr:bob@example.org", 2);
	memset(long_name, 'x', sizeof(long_name));
	txn = begin(w);
	cr_expect_eq(
		private_alias_add(txn, &alice, slice_of(long_name, sizeof(long_name)), &msg),
		ERR_TOOBIG);
	cr_expect_eq(
		private_alias_add(txn, &alice, slice_of(long_name, PRIVATE_NAME_MAX), &msg), 0,
		"%s: %s", w->label, msg.text);
	for (int i = 1; i < PRIVATE_ALIASES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "alias%02d", i);
		cr_assert_eq(private_alias_add(txn, &alice, slice_str(name), &msg), 0, "%s: %s",
			name, msg.text);
	}
	cr_expect_eq(private_alias_add(txn, &alice, SLICE("more"), &msg), ERR_TOOBIG);
	commit(w, txn);
	look(w);
	cr_expect_eq(private_aliases(w->reader, &alice, aliases, ARRAY_LEN(aliases)),
		PRIVATE_ALIASES_MAX, "%s", w->label);
	cr_expect(slice_eq(aliases[0], SLICE("alias01")), "%s: sorted", w->label);
	cr_expect_eq(private_aliases(w->reader, &alice, aliases, 2), 2, "%s", w->label);
	expect_sound(w);
}

Test(private, aliases_are_bounded_and_listed_in_order)
{
	on_both(alias_bound_body);
}

static void
entry_body(struct world *w)
{
	struct digest alice = digest_of("addr:alice@example.org");
	struct digest bob = digest_of("addr:bob@example.net");
	struct digest carol = digest_of("addr:carol@example.net");
	struct private_entry full = {
		.level = 1,
		.blocked = true,
		.origin = PRIVATE_LEARNED,
		.has_identity = true,
		.identity = identity_of(7),
		.added_s = NOW_S,
		.last_mail_s = NOW_S + 5,
		.note = SLICE("met at FOSDEM"),
	};
	struct private_entry e;

	put(w, "addr:alice@example.org", "addr:bob@example.net", &full);
	befriend(w, "addr:alice@example.org", "addr:carol@example.net", TRUST_LEVEL_STRONG);
	look(w);
	cr_assert(private_get(w->reader, &alice, &bob, &e), "%s", w->label);
	cr_expect(digest_eq(&e.subject, &bob));
	cr_expect_eq(e.level, 1);
	cr_expect(e.blocked);
	cr_expect_eq(e.origin, PRIVATE_LEARNED);
	cr_expect(e.has_identity);
	cr_expect(thumbprint_eq(&e.identity, &full.identity));
	cr_expect_eq(e.added_s, NOW_S);
	cr_expect_eq(e.last_mail_s, NOW_S + 5);
	cr_expect(slice_eq(e.text, SLICE("addr:bob@example.net")));
	cr_expect(slice_eq(e.note, SLICE("met at FOSDEM")));
	cr_assert(private_get(w->reader, &alice, &carol, &e), "%s", w->label);
	cr_expect_eq(e.level, TRUST_LEVEL_STRONG);
	cr_expect_not(e.blocked);
	cr_expect_eq(e.origin, PRIVATE_BY_HAND);
	cr_expect_not(e.has_identity);
	cr_expect_eq(e.note.len, 0);
	cr_expect_not(
		private_get(w->reader, &bob, &alice, &e), "%s: has a direction", w->label);
	expect_sound(w);
}

Test(private, an_entry_keeps_everything)
{
	on_both(entry_body);
}

static void
replace_body(struct world *w)
{
	struct digest alice = digest_of("addr:alice@example.org");
	struct digest bob = digest_of("addr:bob@example.net");
	struct private_txn *txn = NULL;
	struct private_cursor holders;
	struct private_entry e;
	struct digest holder;

	befriend(w, "addr:alice@example.org", "addr:bob@example.net", 3);
	befriend(w, "addr:alice@example.org", "addr:bob@example.net", 1);
	look(w);
	cr_assert(private_get(w->reader, &alice, &bob, &e), "%s", w->label);
	cr_expect_eq(e.level, 1, "%s", w->label);
	cr_expect_eq(private_count(w->reader, &alice), 1, "%s", w->label);
	expect_sound(w);
	txn = begin(w);
	cr_expect_eq(private_remove(txn, &alice, &bob), 0, "%s", w->label);
	cr_expect_eq(private_remove(txn, &alice, &bob), ERR_NOTFOUND, "%s", w->label);
	commit(w, txn);
	look(w);
	cr_expect_not(private_get(w->reader, &alice, &bob, &e), "%s", w->label);
	private_holders(w->reader, &bob, &holders);
	cr_expect_not(private_next_holder(&holders, &holder), "%s", w->label);
	private_cursor_close(&holders);
	expect_sound(w);
}

Test(private, a_later_entry_replaces_and_a_removed_one_is_gone)
{
	on_both(replace_body);
}

static void
departure_body(struct world *w)
{
	struct digest alice = digest_of("addr:alice@example.org");
	struct digest carol = digest_of("addr:carol@example.net");
	struct private_txn *txn = NULL;
	struct private_cursor c;
	struct private_user user;
	struct digest holder;

	add_user(w, "addr:alice@example.org", 1);
	add_user(w, "addr:dave@example.org", 2);
	txn = begin(w);
	cr_assert_eq(private_alias_add(txn, &alice, SLICE("asmith"), &msg), 0);
	cr_assert_eq(private_alias_add(txn, &alice, SLICE("a.smith@example.org"), &msg), 0);
	commit(w, txn);
	befriend(w, "addr:alice@example.org", "addr:bob@example.net", 1);
	befriend(w, "addr:alice@example.org", "addr:carol@example.net", 2);
	befriend(w, "addr:dave@example.org", "addr:carol@example.net", 3);
	txn = begin(w);
	cr_expect_eq(private_user_remove(txn, &alice), 0, "%s", w->label);
	cr_expect_eq(private_user_remove(txn, &alice), ERR_NOTFOUND, "%s", w->label);
	commit(w, txn);
	look(w);
	cr_expect_not(private_user_by_digest(w->reader, &alice, &user), "%s", w->label);
	cr_expect_not(private_user_find(w->reader, SLICE("asmith"), &user), "%s", w->label);
	cr_expect_not(private_user_find(w->reader, SLICE("a.smith@example.org"), &user), "%s",
		w->label);
	cr_expect_not(private_user_find(w->reader, SLICE("alice@example.org"), &user), "%s",
		w->label);
	cr_expect(
		private_user_find(w->reader, SLICE("dave@example.org"), &user), "%s", w->label);
	cr_expect_eq(private_count(w->reader, &alice), 0, "%s", w->label);
	private_holders(w->reader, &carol, &c);
	cr_expect(private_next_holder(&c, &holder), "%s", w->label);
	cr_expect_not(private_next_holder(&c, &holder), "%s: alice holds nothing", w->label);
	private_cursor_close(&c);
	expect_sound(w);
	add_user(w, "addr:alice@example.org", 1);
	txn = begin(w);
	cr_assert_eq(private_alias_add(txn, &alice, SLICE("asmith"), &msg), 0);
	commit(w, txn);
}

Test(private, a_removed_user_leaves_his_names_to_others)
{
	on_both(departure_body);
}

static void
lists_body(struct world *w)
{
	static const char *const friends[] = {"addr:bob@example.net", "dom:example.net",
		"addr:carol@example.net", "list:dev.example.org"};
	struct digest alice = digest_of("addr:alice@example.org");
	struct digest carol = digest_of("addr:carol@example.net");
	struct private_cursor c;
	struct private_entry e;
	struct digest last = {{0}};
	struct digest holder;
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(friends); i++) {
		befriend(w, "addr:alice@example.org", friends[i], (uint8_t)(i % 3 + 1));
	}
	befriend(w, "addr:dave@example.org", "addr:carol@example.net", 2);
	look(w);
	private_list(w->reader, &alice, &c);
	while (private_next(&c, &e)) {
		cr_expect_lt(digest_cmp(&last, &e.subject), 0, "%s: ascending", w->label);
		last = e.subject;
		count++;
	}
	private_cursor_close(&c);
	cr_expect_eq(count, ARRAY_LEN(friends), "%s: %zu", w->label, count);
	cr_expect_eq(private_count(w->reader, &alice), ARRAY_LEN(friends), "%s", w->label);
	cr_expect_eq(private_count(w->reader, &carol), 0, "%s", w->label);
	private_holders(w->reader, &carol, &c);
	last = (struct digest){{0}};
	for (count = 0; private_next_holder(&c, &holder); count++) {
		cr_expect_lt(digest_cmp(&last, &holder), 0, "%s: ascending", w->label);
		last = holder;
	}
	private_cursor_close(&c);
	cr_expect_eq(count, 2, "%s", w->label);
	expect_sound(w);
}

Test(private, lists_entries_of_a_user_and_holders_of_a_subject)
{
	on_both(lists_body);
}

static void
users_body(struct world *w)
{
	struct private_cursor c;
	struct private_user user;
	struct digest last = {{0}};
	size_t count = 0;

	add_user(w, "addr:alice@example.org", 1);
	add_user(w, "addr:bob@example.org", 2);
	add_user(w, "addr:carol@example.org", 3);
	look(w);
	private_users(w->reader, &c);
	for (; private_next_user(&c, &user); count++) {
		cr_expect_lt(digest_cmp(&last, &user.digest), 0, "%s", w->label);
		last = user.digest;
	}
	private_cursor_close(&c);
	cr_expect_eq(count, 3, "%s", w->label);
	expect_sound(w);
}

Test(private, lists_all_users)
{
	on_both(users_body);
}

static void
limits_body(struct world *w)
{
	struct digest alice = digest_of("addr:alice@example.org");
	struct principal bob = principal_of("addr:bob@example.net");
	struct private_txn *txn = begin(w);
	char note[PRIVATE_NOTE_MAX + 1];
	struct private_entry entry = {.level = 3, .note = slice_of(note, sizeof(note))};

	memset(note, 'n', sizeof(note));
	cr_expect_eq(private_put(txn, &alice, &bob, &entry, &msg), ERR_TOOBIG);
	entry.note.len = PRIVATE_NOTE_MAX;
	cr_expect_eq(private_put(txn, &alice, &bob, &entry, &msg), 0, "%s", msg.text);
	entry.level = 4;
	cr_expect_eq(private_put(txn, &alice, &bob, &entry, &msg), ERR_RANGE);
	commit(w, txn);
}

Test(private, bounds_are_kept)
{
	on_both(limits_body);
}

static void
abort_body(struct world *w)
{
	struct principal alice = principal_of("addr:alice@example.org");
	struct thumbprint identity = identity_of(1);
	struct private_txn *txn = begin(w);
	struct private_user user;

	cr_assert_eq(private_user_add(txn, &alice, &identity, NOW_S, &msg), 0);
	private_txn_abort(txn);
	private_txn_abort(NULL);
	look(w);
	cr_expect_not(find(w, "alice@example.org", &user), "%s", w->label);
	expect_sound(w);
}

Test(private, what_is_aborted_never_was)
{
	on_both(abort_body);
}

static void
snapshot_body(struct world *w)
{
	struct digest alice = digest_of("addr:alice@example.org");
	struct digest bob = digest_of("addr:bob@example.net");
	struct private_entry e;

	cr_expect_eq(private_error(w->reader), ERR_NOTREADY, "%s: before begin", w->label);
	cr_expect_not(private_get(w->reader, &alice, &bob, &e), "%s: before begin", w->label);
	look(w);
	befriend(w, "addr:alice@example.org", "addr:bob@example.net", 2);
	cr_expect_not(private_get(w->reader, &alice, &bob, &e), "%s: old snapshot", w->label);
	private_end(w->reader);
	cr_expect_eq(private_error(w->reader), 0, "%s: after end", w->label);
	cr_expect_not(private_get(w->reader, &alice, &bob, &e), "%s: after end", w->label);
	look(w);
	cr_expect(private_get(w->reader, &alice, &bob, &e), "%s: new snapshot", w->label);
	expect_sound(w);
}

Test(private, a_reader_sees_what_was_there_when_it_began)
{
	on_both(snapshot_body);
}

/* damage - writes value over a record, past the codec */
static void
damage(struct world *w, enum private_table table, struct slice key, struct slice value)
{
	struct store_txn *txn = NULL;

	cr_assert_eq(store_begin_write(w->store, &txn), 0);
	store_put(txn, table, key, value);
	cr_assert_eq(store_commit(txn), 0, "%s", w->label);
}

/* copy_record - a record as stored */
static size_t
copy_record(
	struct world *w, enum private_table table, struct slice key, uint8_t *out, size_t cap)
{
	struct store_txn *txn = NULL;
	struct slice value;

	cr_assert_eq(store_begin_read(w->store, &txn), 0);
	cr_assert(store_get(txn, table, key, &value), "%s", w->label);
	cr_assert_leq(value.len, cap);
	memcpy(out, value.data, value.len);
	store_abort(txn);
	return value.len;
}

static void
corrupt_entry_body(struct world *w)
{
	struct digest alice = digest_of("addr:alice@example.org");
	struct digest bob = digest_of("addr:bob@example.net");
	struct digest carol = digest_of("addr:carol@example.net");
	uint8_t record[PRIVATE_ENTRY_RECORD_MAX + 1];
	struct private_key key;
	struct private_entry e;
	size_t len = 0;

	befriend(w, "addr:alice@example.org", "addr:bob@example.net", 1);
	befriend(w, "addr:alice@example.org", "addr:carol@example.net", 3);
	private_key_make(&alice, digest_slice(&bob), &key);
	len = copy_record(w, PRIVATE_ENTRIES, private_key_slice(&key), record, sizeof(record));
	for (size_t bit = 0; bit < 8 * len; bit++) {
		record[bit / 8] ^= (uint8_t)(1 << bit % 8);
		damage(w, PRIVATE_ENTRIES, private_key_slice(&key), slice_of(record, len));
		record[bit / 8] ^= (uint8_t)(1 << bit % 8);
		look(w);
		cr_expect_not(
			private_get(w->reader, &alice, &bob, &e), "%s: bit %zu", w->label, bit);
		cr_expect_eq(
			private_error(w->reader), ERR_CORRUPT, "%s: bit %zu", w->label, bit);
		cr_expect_not(private_get(w->reader, &alice, &carol, &e),
			"%s: the error is sticky", w->label);
		private_end(w->reader);
	}
	for (size_t cut = 0; cut < len; cut++) {
		damage(w, PRIVATE_ENTRIES, private_key_slice(&key), slice_of(record, cut));
		look(w);
		cr_expect_not(
			private_get(w->reader, &alice, &bob, &e), "%s: cut %zu", w->label, cut);
		cr_expect_eq(
			private_error(w->reader), ERR_CORRUPT, "%s: cut %zu", w->label, cut);
		private_end(w->reader);
	}
	for (int again = 0; again < 3; again++) {
		look(w);
		cr_expect_not(private_get(w->reader, &alice, &bob, &e), "%s", w->label);
		cr_expect_eq(private_error(w->reader), ERR_CORRUPT,
			"%s: damage is an error each time, not a missing entry", w->label);
		private_end(w->reader);
	}
	damage(w, PRIVATE_ENTRIES, private_key_slice(&key), slice_of(record, len));
	look(w);
	cr_expect(private_get(w->reader, &alice, &bob, &e), "%s: whole again", w->label);
	expect_sound(w);
}

Test(private, a_damaged_entry_is_no_trust_and_an_error, .timeout = 1000)
{
	on_both(corrupt_entry_body);
}

static void
moved_entry_body(struct world *w)
{
	struct digest alice = digest_of("addr:alice@example.org");
	struct digest bob = digest_of("addr:bob@example.net");
	struct digest mallory = digest_of("addr:mallory@example.com");
	uint8_t record[PRIVATE_ENTRY_RECORD_MAX];
	struct private_key key;
	struct private_cursor c;
	struct private_entry e;
	size_t len = 0;

	befriend(w, "addr:alice@example.org", "addr:bob@example.net", 3);
	private_key_make(&alice, digest_slice(&bob), &key);
	len = copy_record(w, PRIVATE_ENTRIES, private_key_slice(&key), record, sizeof(record));
	private_key_make(&alice, digest_slice(&mallory), &key);
	damage(w, PRIVATE_ENTRIES, private_key_slice(&key), slice_of(record, len));
	look(w);
	cr_expect_not(private_get(w->reader, &alice, &mallory, &e), "%s", w->label);
	cr_expect_eq(private_error(w->reader), ERR_CORRUPT, "%s", w->label);
	private_end(w->reader);
	look(w);
	private_list(w->reader, &alice, &c);
	while (private_next(&c, &e)) {
		cr_expect(digest_eq(&e.subject, &bob), "%s", w->label);
	}
	private_cursor_close(&c);
	cr_expect_eq(private_error(w->reader), ERR_CORRUPT, "%s: lists tell too", w->label);
	private_end(w->reader);
}

Test(private, a_record_under_another_key_is_damage)
{
	on_both(moved_entry_body);
}

static void
corrupt_others_body(struct world *w)
{
	struct digest alice = digest_of("addr:alice@example.org");
	struct private_user user;

	add_user(w, "addr:alice@example.org", 1);
	damage(w, PRIVATE_NAMES, SLICE("short"), SLICE("x"));
	damage(w, PRIVATE_NAMES, SLICE("ghost"),
		slice_of((uint8_t[DIGEST_LEN]){0}, DIGEST_LEN));
	damage(w, PRIVATE_SITE, PRIVATE_SITE_KEY, SLICE("rubbish"));
	look(w);
	cr_expect_not(find(w, "ghost@example.org", &user), "%s", w->label);
	cr_expect_eq(private_error(w->reader), 0, "%s: an address needs no site", w->label);
	cr_expect_not(find(w, "ghost", &user), "%s", w->label);
	cr_expect_eq(private_error(w->reader), ERR_CORRUPT, "%s: site record", w->label);
	cr_expect_not(find(w, "alice@example.org", &user), "%s: sticky", w->label);
	private_end(w->reader);
	look(w);
	cr_expect_not(find(w, "short", &user), "%s", w->label);
	cr_expect_eq(private_error(w->reader), ERR_CORRUPT, "%s: name", w->label);
	private_end(w->reader);
	damage(w, PRIVATE_USERS, digest_slice(&alice), SLICE("\1rubbish"));
	look(w);
	cr_expect_not(private_user_by_digest(w->reader, &alice, &user), "%s", w->label);
	cr_expect_eq(private_error(w->reader), ERR_CORRUPT, "%s: user", w->label);
	private_end(w->reader);
}

Test(private, damaged_users_names_and_site_are_errors)
{
	on_both(corrupt_others_body);
}

Test(private, everything_is_there_after_reopening)
{
	struct digest alice = digest_of("addr:alice@example.org");
	struct digest bob = digest_of("addr:bob@example.net");
	struct private_txn *txn = NULL;
	struct private_user user;
	struct private_entry e;
	struct world w;

	world_open(&w, 1);
	add_user(&w, "addr:alice@example.org", 1);
	befriend(&w, "addr:alice@example.org", "addr:bob@example.net", 3);
	txn = begin(&w);
	cr_assert_eq(private_set_site_domain(txn, SLICE("example.org")), 0);
	commit(&w, txn);
	private_reader_free(w.reader);
	store_close(w.store);

	w.store = open_store(1, &w.dir, STORE_CREATE);
	cr_assert_eq(private_create(w.store, &msg), 0, "%s", msg.text);
	store_close(w.store);
	w.store = open_store(1, &w.dir, STORE_READ);
	cr_assert_eq(private_reader_new(w.store, &w.reader, &msg), 0, "%s", msg.text);
	look(&w);
	cr_expect(find(&w, "alice", &user));
	cr_expect(private_get(w.reader, &alice, &bob, &e));
	cr_expect(slice_eq(private_site_domain(w.reader), SLICE("example.org")),
		"making it again keeps the domain");
	expect_sound(&w);
	world_close(&w);
}

Test(private, records_are_those_of_the_diagram)
{
	uint8_t buf[PRIVATE_ENTRY_RECORD_MAX];
	char hex[2 * sizeof(buf) + 1];
	struct private_entry entry = {
		.level = 2, .added_s = 1, .text = SLICE("dom:a.example"), .note = SLICE("x")};
	struct digest alice = digest_of("addr:alice@example.org");
	struct digest subject = digest_of("dom:a.example");
	struct private_key key;
	struct slice record;

	cr_assert_eq(
		private_site_encode(PRIVATE_SITE_KEY, SLICE("example.org"), buf, &record), 0);
	hex_encode(record, hex);
	cr_expect_str_eq(hex, "01000b6578616d706c652e6f7267"
			      "5957370e04343d96");
	private_key_make(&alice, digest_slice(&subject), &key);
	cr_assert_eq(private_entry_encode(private_key_slice(&key), &entry, buf, &record), 0);
	hex_encode(slice_take(record, record.len - 8), hex);
	cr_expect_str_eq(hex, "010200"
			      "0000000000000001"
			      "0000000000000000"
			      "000d646f6d3a612e6578616d706c65"
			      "000178");
}

Test(private, a_record_of_a_newer_version_is_not_guessed_at)
{
	/* Version 2 with a check that fits: made by a later program, not damaged. */
	uint8_t record[1 + 8] = {2};
	struct digest digest;
	struct slice domain;

	digest_sha256_parts(
		(const struct slice[]){PRIVATE_SITE_KEY, slice_of(record, 1)}, 2, &digest);
	memcpy(record + 1, digest.bytes, 8);
	cr_expect_eq(private_site_decode(
			     PRIVATE_SITE_KEY, slice_of(record, sizeof(record)), &domain),
		ERR_VERSION);
}

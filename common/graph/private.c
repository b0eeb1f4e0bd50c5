#include "common/graph/private.h"

#include <stdlib.h>

#include "common/graph/private_codec.h"

/* Answers of private_get() kept: a decision asks about a sender's principals several times. */
#define RECENT_MAX 8

struct recent {
	struct digest user;
	struct digest subject;
	bool found;
	struct private_entry entry;
};

/* Users that private_user_find() was asked for; longer names are looked up each time. */
#define KNOWN_MAX      32
#define KNOWN_NAME_MAX 96

struct known_user {
	size_t len; /* 0: an empty place */
	char name[KNOWN_NAME_MAX];
	bool found;
	struct private_user user;
};

struct private_reader {
	struct store *store;   /* borrowed */
	struct store_txn *txn; /* NULL before the first private_begin */
	int begin_error;       /* of the last private_begin, ERR_NOTREADY before the first */
	bool active;

	/* Of this snapshot, the oldest replaced first. */
	struct recent recent[RECENT_MAX];
	size_t recent_count; /* ever put there */

	struct known_user known[KNOWN_MAX]; /* of this snapshot, each name in its place */
};

int
private_reader_new(struct store *store, struct private_reader **out, struct err_msg *msg)
{
	struct private_reader *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		return err_set(msg, ERR_NOMEM, "out of memory");
	}
	r->store = store;
	r->begin_error = ERR_NOTREADY;
	*out = r;
	return 0;
}

void
private_reader_free(struct private_reader *r)
{
	if (r != NULL) {
		store_abort(r->txn);
		free(r);
	}
}

/* forget - what was learned from a snapshot that is gone, or that proved to be damaged */
static void
forget(struct private_reader *r)
{
	r->recent_count = 0;
	for (size_t i = 0; i < KNOWN_MAX; i++) {
		r->known[i].len = 0;
	}
}

int
private_begin(struct private_reader *r)
{
	bool failed = r->txn == NULL || private_error(r) != 0;

	r->begin_error =
		r->txn == NULL ? store_begin_read(r->store, &r->txn) : store_renew(r->txn);
	r->active = r->begin_error == 0;
	if (failed || !r->active || !store_is_unchanged(r->txn)) {
		forget(r);
	}
	return r->begin_error;
}

void
private_end(struct private_reader *r)
{
	if (r->active) {
		store_pause(r->txn);
		r->active = false;
	}
}

int
private_error(const struct private_reader *r)
{
	return r->begin_error != 0 ? r->begin_error : store_txn_error(r->txn);
}

/* check - whether decoding went well; a damaged record ends all trust of this snapshot */
static bool
check(struct private_reader *r, int decoded)
{
	if (decoded != 0) {
		store_txn_fail(r->txn, decoded);
	}
	return decoded == 0;
}

/* get - one value; nothing outside of begin and end */
static bool
get(struct private_reader *r, enum private_table table, struct slice key,
	struct slice *value_out)
{
	return r->active && store_get(r->txn, table, key, value_out);
}

struct slice
private_site_domain(struct private_reader *r)
{
	struct slice domain = slice_of(NULL, 0);
	struct slice record;

	if (!get(r, PRIVATE_SITE, PRIVATE_SITE_KEY, &record) ||
		!check(r, private_site_decode(PRIVATE_SITE_KEY, record, &domain))) {
		return slice_of(NULL, 0);
	}
	return domain;
}

bool
private_user_by_digest(
	struct private_reader *r, const struct digest *digest, struct private_user *out)
{
	struct slice record;

	return get(r, PRIVATE_USERS, digest_slice(digest), &record) &&
	       check(r, private_user_decode(digest_slice(digest), record, out));
}

/* find_name - the user who has exactly this name */
static bool
find_name(struct private_reader *r, struct slice text, struct private_user *out)
{
	struct private_name name;
	struct digest user;
	struct slice value;

	return private_name_make(text, &name) == 0 &&
	       get(r, PRIVATE_NAMES, private_name_slice(&name), &value) &&
	       check(r, private_digest_decode(value, &user)) &&
	       private_user_by_digest(r, &user, out);
}

/* find_user - by address, alias or login */
static bool
find_user(struct private_reader *r, struct slice name, struct private_user *out)
{
	char address[PRIVATE_NAME_MAX];
	struct slice domain;

	if (find_name(r, name, out)) {
		return true;
	}
	if (name.len == 0 || slice_find_byte(name, '@') < name.len) {
		return false;
	}
	domain = private_site_domain(r);
	if (domain.len == 0 || name.len + 1 + domain.len > sizeof(address)) {
		return false;
	}
	memcpy(address, name.data, name.len);
	address[name.len] = '@';
	memcpy(address + name.len + 1, domain.data, domain.len);
	return find_name(r, slice_of(address, name.len + 1 + domain.len), out);
}

/* place_of - where a name's answer is kept; NULL for one too long to keep */
static struct known_user *
place_of(struct private_reader *r, struct slice name)
{
	if (name.len == 0 || name.len > KNOWN_NAME_MAX) {
		return NULL;
	}
	return &r->known[slice_hash(name) % KNOWN_MAX];
}

bool
private_user_find(struct private_reader *r, struct slice name, struct private_user *out)
{
	struct known_user *known = place_of(r, name);

	if (!r->active || private_error(r) != 0 || known == NULL) {
		return find_user(r, name, out);
	}
	if (!slice_eq(slice_of(known->name, known->len), name)) {
		known->len = name.len;
		memcpy(known->name, name.data, name.len);
		known->found = find_user(r, name, &known->user);
	}
	if (known->found) {
		*out = known->user;
	}
	return known->found;
}

/* look_up - what the store says */
static bool
look_up(struct private_reader *r, const struct digest *user, const struct digest *subject,
	struct private_entry *out)
{
	struct private_key key;
	struct slice record;

	private_key_make(user, digest_slice(subject), &key);
	return get(r, PRIVATE_ENTRIES, private_key_slice(&key), &record) &&
	       check(r, private_entry_decode(private_key_slice(&key), record, out));
}

/* recall - the answer to this question in the present snapshot, or NULL */
static const struct recent *
recall(const struct private_reader *r, const struct digest *user, const struct digest *subject)
{
	size_t kept = r->recent_count < RECENT_MAX ? r->recent_count : RECENT_MAX;

	for (size_t i = 0; i < kept; i++) {
		if (digest_eq(&r->recent[i].subject, subject) &&
			digest_eq(&r->recent[i].user, user)) {
			return &r->recent[i];
		}
	}
	return NULL;
}

bool
private_get(struct private_reader *r, const struct digest *user, const struct digest *subject,
	struct private_entry *out)
{
	const struct recent *known = recall(r, user, subject);

	if (!r->active || private_error(r) != 0) {
		return false;
	}
	if (known == NULL) {
		struct recent *fresh = &r->recent[r->recent_count++ % RECENT_MAX];

		fresh->user = *user;
		fresh->subject = *subject;
		fresh->found = look_up(r, user, subject, &fresh->entry);
		known = fresh;
	}
	if (known->found) {
		*out = known->entry;
	}
	return known->found;
}

/* start - a cursor on the keys of a table that begin with prefix (NULL: all) */
static void
start(struct private_reader *r, enum private_table table, const struct digest *prefix,
	struct private_cursor *c)
{
	*c = (struct private_cursor){.reader = r};
	if (prefix != NULL) {
		c->prefix = *prefix;
	}
	if (r->active) {
		c->cursor = store_cursor_open(r->txn, table);
	}
}

/* next_key - the next key of the table from the one the cursor began at */
static bool
next_key(struct private_cursor *c, struct slice first, struct slice *key, struct slice *value)
{
	if (c->started) {
		return store_cursor_next(c->cursor, key, value);
	}
	c->started = true;
	return store_cursor_seek(c->cursor, first, key, value);
}

/* next_of_user - the next key that begins with the user's digest */
static bool
next_of_user(struct private_cursor *c, struct slice *key_out, struct slice *value_out)
{
	struct slice prefix = digest_slice(&c->prefix);

	return next_key(c, prefix, key_out, value_out) && slice_starts_with(*key_out, prefix);
}

void
private_cursor_close(struct private_cursor *c)
{
	store_cursor_close(c->cursor);
	c->cursor = NULL;
}

void
private_list(struct private_reader *r, const struct digest *user, struct private_cursor *c)
{
	start(r, PRIVATE_ENTRIES, user, c);
}

bool
private_next(struct private_cursor *c, struct private_entry *out)
{
	struct slice key;
	struct slice record;

	return next_of_user(c, &key, &record) &&
	       check(c->reader, private_entry_decode(key, record, out));
}

/* is_behind - is a key about this subject of the same user, or one behind it? */
static bool
is_behind(struct slice key, const struct digest *subject)
{
	return key.len == 2 * (size_t)DIGEST_LEN &&
	       memcmp(key.data + DIGEST_LEN, subject->bytes, DIGEST_LEN) >= 0;
}

bool
private_next_notable(struct private_cursor *c, const struct private_wanted *wanted,
	size_t *steps_left, struct private_entry *out)
{
	struct slice key;
	struct slice record;

	while (*steps_left > 0 && next_of_user(c, &key, &record)) {
		(*steps_left)--;
		if ((wanted->or_behind != NULL && is_behind(key, wanted->or_behind)) ||
			private_entry_is_notable(record, wanted->or_strong)) {
			return check(c->reader, private_entry_decode(key, record, out));
		}
	}
	return false;
}

uint64_t
private_count(struct private_reader *r, const struct digest *user)
{
	struct private_cursor c;
	struct slice key;
	struct slice record;
	uint64_t count = 0;

	private_list(r, user, &c);
	while (next_of_user(&c, &key, &record)) {
		count++;
	}
	private_cursor_close(&c);
	return count;
}

bool
private_has_any(struct private_reader *r, const struct digest *user)
{
	struct private_cursor c;
	struct slice key;
	struct slice record;
	bool found = false;

	private_list(r, user, &c);
	found = next_of_user(&c, &key, &record);
	private_cursor_close(&c);
	return found;
}

void
private_holders(
	struct private_reader *r, const struct digest *subject, struct private_cursor *c)
{
	start(r, PRIVATE_HOLDERS, subject, c);
}

bool
private_next_holder(struct private_cursor *c, struct digest *user_out)
{
	struct slice value;
	bool found = c->started ? store_set_next(c->cursor, &value)
				: store_set_first(c->cursor, digest_slice(&c->prefix), &value);

	c->started = true;
	return found && check(c->reader, private_digest_decode(value, user_out));
}

void
private_users(struct private_reader *r, struct private_cursor *c)
{
	start(r, PRIVATE_USERS, NULL, c);
}

bool
private_next_user(struct private_cursor *c, struct private_user *out)
{
	struct slice key;
	struct slice record;

	return next_key(c, slice_of(NULL, 0), &key, &record) &&
	       check(c->reader, private_user_decode(key, record, out));
}

size_t
private_aliases(
	struct private_reader *r, const struct digest *user, struct slice *out, size_t cap)
{
	struct private_cursor c;
	struct slice key;
	struct slice value;
	size_t count = 0;

	start(r, PRIVATE_ALIASES, user, &c);
	while (count < cap && next_of_user(&c, &key, &value)) {
		out[count++] = slice_skip(key, DIGEST_LEN);
	}
	private_cursor_close(&c);
	return count;
}

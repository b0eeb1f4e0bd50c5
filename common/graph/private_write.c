#include <stdlib.h>

#include "common/graph/private.h"
#include "common/graph/private_codec.h"
#include "common/mail/domain.h"
#include "common/statement/statement.h"

struct private_txn {
	struct store_txn *txn;
};

int
private_txn_begin(struct store *store, struct private_txn **out, struct err_msg *msg)
{
	struct private_txn *txn = calloc(1, sizeof(*txn));
	int ret = 0;

	if (txn == NULL) {
		return err_set(msg, ERR_NOMEM, "out of memory");
	}
	ret = store_begin_write(store, &txn->txn);
	if (ret != 0) {
		free(txn);
		return err_set(
			msg, ret, "the private store cannot be written: %s", err_text(ret));
	}
	*out = txn;
	return 0;
}

int
private_txn_commit(struct private_txn *txn, struct err_msg *msg)
{
	int ret = store_commit(txn->txn);

	free(txn);
	return ret == 0 ? 0
			: err_set(msg, ret, "the private store cannot be written: %s",
				  err_text(ret));
}

void
private_txn_abort(struct private_txn *txn)
{
	if (txn != NULL) {
		store_abort(txn->txn);
		free(txn);
	}
}

/* put_site - the site record; domain is canonical or empty */
static int
put_site(struct store_txn *txn, struct slice domain)
{
	uint8_t buf[PRIVATE_SITE_RECORD_MAX];
	struct slice record;
	int ret = private_site_encode(PRIVATE_SITE_KEY, domain, buf, &record);

	if (ret != 0) {
		return ret;
	}
	store_put(txn, PRIVATE_SITE, PRIVATE_SITE_KEY, record);
	return store_txn_error(txn);
}

static int
create(void *ctx, struct store_txn *txn)
{
	struct slice record;

	(void)ctx;
	if (store_get(txn, PRIVATE_SITE, PRIVATE_SITE_KEY, &record)) {
		return 0;
	}
	return put_site(txn, slice_of(NULL, 0));
}

int
private_create(struct store *store, struct err_msg *msg)
{
	int ret = store_update(store, create, NULL);

	return ret == 0 ? 0
			: err_set(msg, ret, "the private store cannot be made: %s",
				  err_text(ret));
}

int
private_set_site_domain(struct private_txn *txn, struct slice domain)
{
	struct domain canonical;
	int ret = domain_normalise(domain, &canonical);

	return ret == 0 ? put_site(txn->txn, domain_slice(&canonical)) : ret;
}

/* find_owner - the user who has a name; false when it is free */
static bool
find_owner(struct private_txn *txn, const struct private_name *name, struct digest *out)
{
	struct slice value;
	int ret = 0;

	if (!store_get(txn->txn, PRIVATE_NAMES, private_name_slice(name), &value)) {
		return false;
	}
	ret = private_digest_decode(value, out);
	if (ret != 0) {
		store_txn_fail(txn->txn, ret);
	}
	return ret == 0;
}

int
private_user_add(struct private_txn *txn, const struct principal *address,
	const struct thumbprint *identity, uint64_t now_s, struct err_msg *msg)
{
	struct private_user user = {
		.identity = *identity,
		.created_s = now_s,
		.address = principal_value(address),
	};
	uint8_t buf[PRIVATE_USER_RECORD_MAX];
	struct private_name name;
	struct digest owner;
	struct slice record;

	if (address->kind != PRINCIPAL_ADDR || private_name_make(user.address, &name) != 0) {
		return err_set(msg, ERR_INVALID, "%s is not a mail address", address->text);
	}
	if (find_owner(txn, &name, &owner)) {
		return err_set(msg, ERR_EXISTS, "%s is the name of a user already", name.text);
	}
	principal_digest(address, &user.digest);
	if (private_user_encode(digest_slice(&user.digest), &user, buf, &record) != 0) {
		return err_set(msg, ERR_TOOBIG, "%s is too long", address->text);
	}
	store_put(txn->txn, PRIVATE_USERS, digest_slice(&user.digest), record);
	store_put(
		txn->txn, PRIVATE_NAMES, private_name_slice(&name), digest_slice(&user.digest));
	return store_txn_error(txn->txn);
}

int
private_user_continue(struct private_txn *txn, const struct digest *user,
	const struct thumbprint *identity, struct err_msg *msg)
{
	uint8_t buf[PRIVATE_USER_RECORD_MAX];
	struct private_user record;
	struct slice value;
	int ret;

	if (!store_get(txn->txn, PRIVATE_USERS, digest_slice(user), &value)) {
		return err_set(msg, ERR_NOTFOUND, "there is no such user");
	}
	ret = private_user_decode(digest_slice(user), value, &record);
	if (ret == 0) {
		record.identity = *identity;
		ret = private_user_encode(digest_slice(user), &record, buf, &value);
	}
	if (ret != 0) {
		return err_set(msg, ret, "the user cannot be changed: %s", err_text(ret));
	}
	store_put(txn->txn, PRIVATE_USERS, digest_slice(user), value);
	return store_txn_error(txn->txn);
}

/* count_aliases - how many names the user has beside his address, at most PRIVATE_ALIASES_MAX */
static size_t
count_aliases(struct private_txn *txn, const struct digest *user)
{
	struct store_cursor *cursor = store_cursor_open(txn->txn, PRIVATE_ALIASES);
	struct slice key;
	struct slice value;
	size_t count = 0;
	bool more = store_cursor_seek(cursor, digest_slice(user), &key, &value);

	while (more && count < PRIVATE_ALIASES_MAX &&
		slice_starts_with(key, digest_slice(user))) {
		count++;
		more = store_cursor_next(cursor, &key, &value);
	}
	store_cursor_close(cursor);
	return count;
}

int
private_alias_add(struct private_txn *txn, const struct digest *user, struct slice alias,
	struct err_msg *msg)
{
	struct private_name name;
	struct private_key key;
	struct digest owner;
	struct slice record;
	int ret = private_name_make(alias, &name);

	if (ret != 0) {
		return err_set(msg, ret, "not a name a user can have: %s", err_text(ret));
	}
	if (!store_get(txn->txn, PRIVATE_USERS, digest_slice(user), &record)) {
		return err_set(msg, ERR_NOTFOUND, "there is no such user");
	}
	if (find_owner(txn, &name, &owner)) {
		return digest_eq(&owner, user)
			       ? 0
			       : err_set(msg, ERR_EXISTS, "%s is the name of another user",
					 name.text);
	}
	if (count_aliases(txn, user) >= PRIVATE_ALIASES_MAX) {
		return err_set(
			msg, ERR_TOOBIG, "a user has at most %d aliases", PRIVATE_ALIASES_MAX);
	}
	private_key_make(user, private_name_slice(&name), &key);
	store_put(txn->txn, PRIVATE_ALIASES, private_key_slice(&key), slice_of(NULL, 0));
	store_put(txn->txn, PRIVATE_NAMES, private_name_slice(&name), digest_slice(user));
	return store_txn_error(txn->txn);
}

int
private_put(struct private_txn *txn, const struct digest *user, const struct principal *subject,
	const struct private_entry *entry, struct err_msg *msg)
{
	uint8_t buf[PRIVATE_ENTRY_RECORD_MAX];
	struct private_entry full = *entry;
	struct private_key key;
	struct slice record;

	if (entry->level > TRUST_LEVEL_STRONG) {
		return err_set(msg, ERR_RANGE, "there is no level %u", entry->level);
	}
	if (entry->note.len > PRIVATE_NOTE_MAX) {
		return err_set(
			msg, ERR_TOOBIG, "a note has at most %d bytes", PRIVATE_NOTE_MAX);
	}
	full.text = principal_slice(subject);
	principal_digest(subject, &full.subject);
	private_key_make(user, digest_slice(&full.subject), &key);
	if (private_entry_encode(private_key_slice(&key), &full, buf, &record) != 0) {
		return err_set(msg, ERR_TOOBIG, "%s is too long", subject->text);
	}
	store_put(txn->txn, PRIVATE_ENTRIES, private_key_slice(&key), record);
	store_put(txn->txn, PRIVATE_HOLDERS, digest_slice(&full.subject), digest_slice(user));
	return store_txn_error(txn->txn);
}

int
private_remove(struct private_txn *txn, const struct digest *user, const struct digest *subject)
{
	struct private_key key;
	bool found = false;
	int ret = 0;

	private_key_make(user, digest_slice(subject), &key);
	found = store_delete(txn->txn, PRIVATE_ENTRIES, private_key_slice(&key));
	(void)store_delete_value(
		txn->txn, PRIVATE_HOLDERS, digest_slice(subject), digest_slice(user));
	ret = store_txn_error(txn->txn);
	return ret == 0 && !found ? ERR_NOTFOUND : ret;
}

/*
 * first_key - what follows the user in the first key of his in a table; false where there is
 * none
 */
static bool
first_key(struct private_txn *txn, unsigned int table, const struct digest *user,
	struct private_key *rest_out)
{
	struct store_cursor *cursor = store_cursor_open(txn->txn, table);
	struct slice key = {0};
	struct slice value = {0};
	bool found = store_cursor_seek(cursor, digest_slice(user), &key, &value) &&
		     slice_starts_with(key, digest_slice(user));

	rest_out->len = 0;
	if (found) {
		struct slice rest = slice_skip(key, DIGEST_LEN);

		rest_out->len = rest.len < sizeof(rest_out->bytes) ? rest.len : 0;
		memcpy(rest_out->bytes, rest.data, rest_out->len);
	}
	store_cursor_close(cursor);
	return found && store_txn_error(txn->txn) == 0;
}

static int
remove_entries(struct private_txn *txn, const struct digest *user)
{
	struct private_key rest;
	int ret = 0;

	while (ret == 0 && first_key(txn, PRIVATE_ENTRIES, user, &rest)) {
		struct digest subject;

		ret = private_digest_decode(private_key_slice(&rest), &subject);
		ret = ret == 0 ? private_remove(txn, user, &subject) : ret;
	}
	return ret;
}

/* remove_names - aliases, and the address itself */
static int
remove_names(struct private_txn *txn, const struct digest *user, struct slice address)
{
	struct private_name name;
	struct private_key rest;
	struct private_key key;
	int ret = private_name_make(address, &name);

	if (ret == 0) {
		(void)store_delete(txn->txn, PRIVATE_NAMES, private_name_slice(&name));
	}
	while (ret == 0 && first_key(txn, PRIVATE_ALIASES, user, &rest)) {
		private_key_make(user, private_key_slice(&rest), &key);
		(void)store_delete(txn->txn, PRIVATE_NAMES, private_key_slice(&rest));
		(void)store_delete(txn->txn, PRIVATE_ALIASES, private_key_slice(&key));
		ret = store_txn_error(txn->txn);
	}
	return ret;
}

int
private_user_remove(struct private_txn *txn, const struct digest *user)
{
	struct private_user found;
	struct slice record;
	int ret = 0;

	if (!store_get(txn->txn, PRIVATE_USERS, digest_slice(user), &record)) {
		ret = store_txn_error(txn->txn);
		return ret == 0 ? ERR_NOTFOUND : ret;
	}
	ret = private_user_decode(digest_slice(user), record, &found);
	ret = ret == 0 ? remove_names(txn, user, found.address) : ret;
	ret = ret == 0 ? remove_entries(txn, user) : ret;
	if (ret != 0) {
		return ret;
	}
	(void)store_delete(txn->txn, PRIVATE_USERS, digest_slice(user));
	return store_txn_error(txn->txn);
}

#include "common/store/store.h"

#include <assert.h>
#include <stdlib.h>

#include "common/store/store_backend.h"

void
store_init(struct store *store, const struct store_ops *ops, const struct store_config *config)
{
	assert(config->table_count <= STORE_TABLES_MAX && config->schema_version > 0);
	store->ops = ops;
	store->tables = config->tables;
	store->table_count = config->table_count;
}

void
store_close(struct store *store)
{
	if (store != NULL) {
		store->ops->close(store);
	}
}

bool
store_is_outdated(const struct store *store)
{
	return store->is_outdated;
}

bool
store_is_stale(const struct store *store)
{
	return store->ops->is_stale(store);
}

int
store_copy(struct store *store, const char *directory, struct err_msg *msg)
{
	return store->ops->copy(store, directory, msg);
}

int
store_usage(struct store *store, struct store_usage *out)
{
	return store->ops->usage(store, out);
}

static int
txn_begin(struct store *store, bool is_write, struct store_txn **out)
{
	struct store_txn *txn = NULL;
	int rc = store->ops->txn_begin(store, is_write, &txn);

	*out = NULL;
	if (rc != 0) {
		return rc;
	}
	txn->store = store;
	txn->is_write = is_write;
	txn->is_active = true;
	*out = txn;
	return 0;
}

int
store_begin_read(struct store *store, struct store_txn **out)
{
	return txn_begin(store, false, out);
}

int
store_begin_write(struct store *store, struct store_txn **out)
{
	return txn_begin(store, true, out);
}

static void
end_cursors(struct store_txn *txn)
{
	for (struct store_cursor *c = txn->cursors; c != NULL; c = c->next) {
		c->in_use = false;
	}
}

void
store_pause(struct store_txn *txn)
{
	assert(!txn->is_write);
	if (!txn->is_active) {
		return;
	}
	end_cursors(txn);
	txn->store->ops->txn_pause(txn);
	txn->is_active = false;
}

/* recognise - whether the snapshot just taken is the one from before, whose answers still hold */
static void
recognise(struct store_txn *txn)
{
	const struct store_ops *ops = txn->store->ops;
	uint64_t id = ops->txn_snapshot_id == NULL ? 0 : ops->txn_snapshot_id(txn);

	txn->is_unchanged = id != 0 && id == txn->snapshot_id;
	txn->snapshot_id = id;
	if (txn->memo == NULL && id != 0) {
		txn->memo =
			calloc(1, sizeof(*txn->memo)); /* NULL: every get goes down the tree */
	}
	if (txn->memo != NULL && !txn->is_unchanged) {
		store_memo_clear(txn->memo);
	}
}

/* is_newest - a snapshot that was not given back, in good order, and nobody has committed since */
static bool
is_newest(const struct store_txn *txn)
{
	const struct store_ops *ops = txn->store->ops;

	return txn->is_active && txn->error == 0 && txn->memo != NULL &&
	       ops->txn_is_newest != NULL && ops->txn_is_newest(txn);
}

int
store_renew(struct store_txn *txn)
{
	int rc;

	assert(!txn->is_write);
	if (is_newest(txn)) {
		end_cursors(txn);
		txn->is_unchanged = true;
		return 0;
	}
	store_pause(txn);
	rc = txn->store->ops->txn_renew(txn);
	txn->is_active = rc == 0;
	txn->error = rc;
	txn->snapshot++;
	if (rc == 0) {
		recognise(txn);
	}
	return rc;
}

bool
store_is_unchanged(const struct store_txn *txn)
{
	return txn->is_unchanged;
}

/* free_memo - the backend frees the transaction itself */
static void
free_memo(struct store_txn *txn)
{
	free(txn->memo);
	txn->memo = NULL;
}

/* free_cursors - before the transaction ends, as those of LMDB's writers die with it */
static void
free_cursors(struct store_txn *txn)
{
	while (txn->cursors != NULL) {
		struct store_cursor *c = txn->cursors;

		txn->cursors = c->next;
		txn->store->ops->cursor_free(c);
	}
}

int
store_commit(struct store_txn *txn)
{
	int rc = txn->error;

	free_memo(txn);
	free_cursors(txn);
	if (rc != 0) {
		txn->store->ops->txn_abort(txn);
		return rc;
	}
	return txn->store->ops->txn_commit(txn);
}

void
store_abort(struct store_txn *txn)
{
	if (txn != NULL) {
		free_memo(txn);
		free_cursors(txn);
		txn->store->ops->txn_abort(txn);
	}
}

int
store_txn_error(const struct store_txn *txn)
{
	return txn->error;
}

void
store_txn_fail(struct store_txn *txn, int error)
{
	assert(error != 0);
	if (txn->error == 0) {
		txn->error = error;
	}
}

/* settle - makes an error sticky; true when the operation found or did something */
static bool
settle(struct store_txn *txn, int rc)
{
	if (rc != 0 && rc != ERR_NOTFOUND) {
		store_txn_fail(txn, rc);
	}
	return rc == 0;
}

/* is_usable - whether an operation may run at all; a paused transaction finds nothing */
static bool
is_usable(const struct store_txn *txn, unsigned int table)
{
	assert(table < txn->store->table_count);
	return txn->error == 0 && txn->is_active;
}

static bool
is_writable(struct store_txn *txn, unsigned int table)
{
	if (!is_usable(txn, table)) {
		return false;
	}
	if (!txn->is_write) {
		store_txn_fail(txn, ERR_DENIED);
		return false;
	}
	txn->writes[table]++;
	return true;
}

bool
store_get(struct store_txn *txn, unsigned int table, struct slice key, struct slice *value_out)
{
	const struct store_memo_slot *known = NULL;
	bool found = false;

	if (!is_usable(txn, table)) {
		return false;
	}
	known = txn->memo == NULL ? NULL : store_memo_find(txn->memo, table, key);
	if (known != NULL) {
		if (known->found) {
			*value_out = known->value;
		}
		return known->found;
	}
	found = settle(txn, txn->store->ops->get(txn, table, key, value_out));
	if (txn->memo != NULL && txn->error == 0) {
		store_memo_note(txn->memo, table, key, found ? value_out : NULL);
	}
	return found;
}

static void
put(struct store_txn *txn, unsigned int table, struct slice key, struct slice value,
	bool is_append)
{
	if (!is_writable(txn, table)) {
		return;
	}
	if (key.len == 0 || key.len > STORE_KEY_MAX ||
		(txn->store->tables[table].kind == STORE_SET &&
			(value.len == 0 || value.len > STORE_KEY_MAX))) {
		store_txn_fail(txn, ERR_RANGE);
		return;
	}
	(void)settle(txn, txn->store->ops->put(txn, table, key, value, is_append));
}

void
store_put(struct store_txn *txn, unsigned int table, struct slice key, struct slice value)
{
	put(txn, table, key, value, false);
}

void
store_append(struct store_txn *txn, unsigned int table, struct slice key, struct slice value)
{
	put(txn, table, key, value, true);
}

void
store_append_set(struct store_txn *txn, unsigned int table, struct slice key,
	struct slice values, size_t value_len)
{
	if (!is_writable(txn, table)) {
		return;
	}
	if (key.len == 0 || key.len > STORE_KEY_MAX || value_len == 0 ||
		value_len > STORE_KEY_MAX || values.len == 0 || values.len % value_len != 0 ||
		txn->store->tables[table].kind != STORE_SET) {
		store_txn_fail(txn, ERR_RANGE);
		return;
	}
	(void)settle(txn, txn->store->ops->append_set(txn, table, key, values, value_len));
}

bool
store_delete(struct store_txn *txn, unsigned int table, struct slice key)
{
	return is_writable(txn, table) &&
	       settle(txn, txn->store->ops->remove(txn, table, key, NULL));
}

bool
store_delete_value(
	struct store_txn *txn, unsigned int table, struct slice key, struct slice value)
{
	return is_writable(txn, table) &&
	       settle(txn, txn->store->ops->remove(txn, table, key, &value));
}

void
store_clear(struct store_txn *txn, unsigned int table)
{
	if (is_writable(txn, table)) {
		(void)settle(txn, txn->store->ops->clear(txn, table));
	}
}

uint64_t
store_count(struct store_txn *txn, unsigned int table)
{
	uint64_t count = 0;

	if (!is_usable(txn, table) ||
		!settle(txn, txn->store->ops->count(txn, table, &count))) {
		return 0;
	}
	return count;
}

struct store_cursor *
store_cursor_open(struct store_txn *txn, unsigned int table)
{
	struct store_cursor *c = txn->cursors;

	if (!is_usable(txn, table)) {
		return NULL;
	}
	while (c != NULL && (c->in_use || c->table != table)) {
		c = c->next;
	}
	if (c == NULL) {
		if (!settle(txn, txn->store->ops->cursor_new(txn, table, &c))) {
			return NULL;
		}
		c->txn = txn;
		c->table = table;
		c->next = txn->cursors;
		txn->cursors = c;
	} else if (c->snapshot != txn->snapshot &&
		   !settle(txn, txn->store->ops->cursor_renew(c))) {
		return NULL;
	}
	c->snapshot = txn->snapshot;
	c->in_use = true;
	return c;
}

void
store_cursor_close(struct store_cursor *cursor)
{
	if (cursor != NULL) {
		cursor->in_use = false;
	}
}

/* move - one step of a cursor; relative moves assert that their table was not written since */
static bool
move(struct store_cursor *c, enum store_move how, struct slice *key, struct slice *value)
{
	struct store_txn *txn;

	if (c == NULL || !is_usable(c->txn, c->table)) {
		return false;
	}
	txn = c->txn;
	assert(c->in_use);
	if (how == STORE_MOVE_NEXT || how == STORE_MOVE_SET_NEXT || how == STORE_MOVE_SET_RUN) {
		assert(c->writes == txn->writes[c->table]);
	}
	c->writes = txn->writes[c->table];
	return settle(txn, txn->store->ops->cursor_move(c, how, key, value));
}

bool
store_cursor_seek(struct store_cursor *c, struct slice key, struct slice *key_out,
	struct slice *value_out)
{
	if (!move(c, STORE_MOVE_SEEK, &key, value_out)) {
		return false;
	}
	*key_out = key;
	return true;
}

bool
store_cursor_next(struct store_cursor *c, struct slice *key_out, struct slice *value_out)
{
	return move(c, STORE_MOVE_NEXT, key_out, value_out);
}

bool
store_cursor_last(struct store_cursor *c, struct slice *key_out, struct slice *value_out)
{
	return move(c, STORE_MOVE_LAST, key_out, value_out);
}

bool
store_set_first(struct store_cursor *c, struct slice key, struct slice *value_out)
{
	return move(c, STORE_MOVE_SET_FIRST, &key, value_out);
}

bool
store_set_seek(struct store_cursor *c, struct slice key, struct slice at_least,
	struct slice *value_out)
{
	if (!move(c, STORE_MOVE_SET_SEEK, &key, &at_least)) {
		return false;
	}
	*value_out = at_least;
	return true;
}

bool
store_set_next(struct store_cursor *c, struct slice *value_out)
{
	struct slice key;

	return move(c, STORE_MOVE_SET_NEXT, &key, value_out);
}

bool
store_set_run(struct store_cursor *c, struct slice *values_out)
{
	struct slice key;

	return move(c, STORE_MOVE_SET_RUN, &key, values_out);
}

bool
store_set_open(
	struct store_cursor *c, struct slice key, struct slice *values_out, uint64_t *count_out)
{
	if (c == NULL || !is_usable(c->txn, c->table)) {
		return false;
	}
	assert(c->in_use);
	c->writes = c->txn->writes[c->table];
	return settle(c->txn, c->txn->store->ops->set_open(c, key, values_out, count_out));
}

void
store_sets_peek(struct store_txn *txn, unsigned int table, const uint32_t *keys, size_t count,
	struct store_peek *out)
{
	assert(count <= STORE_PEEK_MAX);
	for (size_t i = 0; i < count; i++) {
		out[i] = (struct store_peek){0};
	}
	if (is_usable(txn, table) && !txn->is_write && txn->store->ops->sets_peek != NULL) {
		txn->store->ops->sets_peek(txn, table, keys, count, out);
	}
}

uint64_t
store_set_count(struct store_cursor *c, struct slice key)
{
	uint64_t count = 0;

	if (c == NULL || !is_usable(c->txn, c->table)) {
		return 0;
	}
	c->writes = c->txn->writes[c->table];
	if (!settle(c->txn, c->txn->store->ops->set_count(c, key, &count))) {
		return 0;
	}
	return count;
}

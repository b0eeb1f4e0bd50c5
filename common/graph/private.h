/*
 * private.h - what never leaves the host: local users, their friends and blocks, aliases.
 *
 * One store of its own, written by trustctl, read by spamd-trust, closed to gossip. It refers to
 * principals by their digest (and keeps their text for listings), so a rebuilt graph does not
 * orphan it. Friends here are edges of METRIC's out(r) that were never made a statement.
 * Readers follow the same rules as graph_reader: made once per thread, sticky error, no
 * allocation in lookups.
 */
#ifndef COMMON_GRAPH_PRIVATE_H
#define COMMON_GRAPH_PRIVATE_H

#include "common/graph/graph.h"

#define PRIVATE_NOTE_MAX    256
#define PRIVATE_ALIASES_MAX 32
#define PRIVATE_NAME_MAX    320

/** What store_config needs to open a private store. */
#define PRIVATE_SCHEMA_VERSION 1
#define PRIVATE_TABLE_COUNT    6
extern const struct store_table private_tables[PRIVATE_TABLE_COUNT];

enum private_origin {
	PRIVATE_BY_HAND, /**< the user or administrator said so */
	PRIVATE_LEARNED, /**< from mail the user wrote; ends after 400 days without mail */
};

/** A local user; `address` is canonical (principal value of an addr:). */
struct private_user {
	struct digest digest; /**< of addr:ADDRESS */
	struct thumbprint identity;
	uint64_t created_s;
	struct slice address; /**< borrowed until private_end */
};

/**
 * What a user privately holds about a principal. A record may be friend, block, or a confirmed
 * identity.
 */
struct private_entry {
	struct digest subject;
	uint8_t level; /**< 0 none, 1 to 3 */
	bool blocked;
	enum private_origin origin;
	bool has_identity; /**< the user confirmed that this address is that identity */
	struct thumbprint identity;
	bool has_credit; /**< credit replaces introduction_credit for this friend */
	uint32_t credit; /**< what he may spend on introductions, millionths of one */
	uint64_t added_s;
	uint64_t last_mail_s; /**< learned edges: when mail last went; 0 unknown */
	struct slice text;    /**< principal text; borrowed */
	struct slice note;    /**< borrowed */
};

struct private_reader;

/** Makes a reader of an open store (borrowed, must outlive it). @return 0 or ERR_NOMEM. */
NODISCARD int private_reader_new(
	struct store *store, struct private_reader **out, struct err_msg *msg);
void private_reader_free(struct private_reader *r);

/** Takes a fresh snapshot and clears the error. @return 0 or what the store said. */
NODISCARD int private_begin(struct private_reader *r);
void private_end(struct private_reader *r);

/**
 * 0, or the first error since private_begin, also after private_end: ERR_CORRUPT for a damaged
 * record, ERR_VERSION for a newer one, what the store said; ERR_NOTREADY before the first
 * private_begin.
 */
NODISCARD int private_error(const struct private_reader *r);

/**
 * Finds a user by address or alias. `name` may also be a bare login: it is looked up as an
 * alias first, then as name@site-domain. ASCII case makes no difference, also in local
 * parts, since that is how logins are compared.
 */
bool private_user_find(struct private_reader *r, struct slice name, struct private_user *out);
bool private_user_by_digest(
	struct private_reader *r, const struct digest *digest, struct private_user *out);

/** The domain given to `trustctl init`; empty before. Borrowed until private_end. */
struct slice private_site_domain(struct private_reader *r);

/** What the user holds about one principal. */
bool private_get(struct private_reader *r, const struct digest *user,
	const struct digest *subject, struct private_entry *out);

/** Number of the user's entries; at most a few hundred steps. */
uint64_t private_count(struct private_reader *r, const struct digest *user);

/** Does the user have an entry at all? */
bool private_has_any(struct private_reader *r, const struct digest *user);

/** Position in a list; on the stack, fields private. */
struct private_cursor {
	struct private_reader *reader;
	struct store_cursor *cursor;
	struct digest prefix;
	bool started;
};

/** The user's entries in ascending subject digest; private_next until false. */
void private_list(
	struct private_reader *r, const struct digest *user, struct private_cursor *c);
bool private_next(struct private_cursor *c, struct private_entry *out);

/** What private_next_notable() is to return beside what it always does. */
struct private_wanted {
	bool or_strong; /**< entries of level 3 */
	const struct digest
		*or_behind; /**< those about this subject, or behind it; NULL: none */
};

/**
 * The next of at most *steps_left entries that introductions go by: about an identity (`id:`), or
 * an address with a confirmed one; or what is wanted otherwise. Others are passed over without
 * being checked, at a fraction of the cost.
 */
bool private_next_notable(struct private_cursor *c, const struct private_wanted *wanted,
	size_t *steps_left, struct private_entry *out);

/**
 * Local users who hold an entry about `subject` (the site's view); user digests in ascending
 * order.
 */
void private_holders(
	struct private_reader *r, const struct digest *subject, struct private_cursor *c);
bool private_next_holder(struct private_cursor *c, struct digest *user_out);

/** All users, ascending by digest. */
void private_users(struct private_reader *r, struct private_cursor *c);
bool private_next_user(struct private_cursor *c, struct private_user *out);

/** Gives the cursor back; one never started is fine. */
void private_cursor_close(struct private_cursor *c);

/** Aliases of a user, at most cap; borrowed until private_end. */
size_t private_aliases(
	struct private_reader *r, const struct digest *user, struct slice *out, size_t cap);

/* Writing: trustctl only. */

struct private_txn;

/** Writes the records every private store has; those that are there stay. */
NODISCARD int private_create(struct store *store, struct err_msg *msg);
NODISCARD int private_txn_begin(
	struct store *store, struct private_txn **out, struct err_msg *msg);
/**
 * Commits and frees, also on failure.
 * @return 0; ERR_BUSY: do the work again (store.h); ERR_FULL; ERR_IO.
 */
NODISCARD int private_txn_commit(struct private_txn *txn, struct err_msg *msg);
/** Drops it; NULL is fine. */
void private_txn_abort(struct private_txn *txn);

/** @return 0, ERR_INVALID when it is no domain name, an error of the store. */
NODISCARD int private_set_site_domain(struct private_txn *txn, struct slice domain);

/**
 * @return 0; ERR_INVALID when it is no address; ERR_EXISTS when it is taken, as address or as
 * alias.
 */
NODISCARD int private_user_add(struct private_txn *txn, const struct principal *address,
	const struct thumbprint *identity, uint64_t now_s, struct err_msg *msg);
/**
 * Another identity of the user, which continues the one before.
 * @return 0; ERR_NOTFOUND; an error of the store.
 */
NODISCARD int private_user_continue(struct private_txn *txn, const struct digest *user,
	const struct thumbprint *identity, struct err_msg *msg);
/**
 * Adds another name of the user, address or bare login; one that is there already is fine.
 * @return 0; ERR_NOTFOUND without such a user; ERR_INVALID; ERR_EXISTS when another has it;
 * ERR_TOOBIG beyond PRIVATE_ALIASES_MAX.
 */
NODISCARD int private_alias_add(struct private_txn *txn, const struct digest *user,
	struct slice alias, struct err_msg *msg);

/**
 * Writes the entry (replacing); entry->subject and entry->text are derived from `subject`. The
 * user is not looked up: the site itself has entries too.
 * @return 0; ERR_RANGE for the level; ERR_TOOBIG for the note; an error of the store.
 */
NODISCARD int private_put(struct private_txn *txn, const struct digest *user,
	const struct principal *subject, const struct private_entry *entry,
	struct err_msg *msg);

/**
 * Takes a user away with his names and all he holds.
 * @return 0, ERR_NOTFOUND, or an error of the store.
 */
NODISCARD int private_user_remove(struct private_txn *txn, const struct digest *user);

/** @return 0, ERR_NOTFOUND, or an error of the store. */
NODISCARD int private_remove(
	struct private_txn *txn, const struct digest *user, const struct digest *subject);

#endif

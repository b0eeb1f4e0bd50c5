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

/** What a user privately holds about a principal. A record may be friend, block, or a confirmed identity. */
struct private_entry {
	struct digest subject;
	uint8_t level; /**< 0 none, 1 to 3 */
	bool blocked;
	enum private_origin origin;
	bool has_identity; /**< the user confirmed that this address is that identity */
	struct thumbprint identity;
	uint64_t added_s;
	uint64_t last_mail_s; /**< learned edges: when mail last went; 0 unknown */
	struct slice text;    /**< principal text; borrowed */
	struct slice note;    /**< borrowed */
};

struct private_reader;

NODISCARD int private_reader_new(
	struct store *store, struct private_reader **out, struct err_msg *msg);
void private_reader_free(struct private_reader *r);
NODISCARD int private_begin(struct private_reader *r);
void private_end(struct private_reader *r);
NODISCARD int private_error(const struct private_reader *r);

/**
 * Finds a user by canonical address or alias. `name` may also be a bare login: it is looked up as
 * an alias first, then as name@site-domain.
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

/** Local users who hold an entry about `subject` (the site's view); user digests in ascending order. */
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

NODISCARD int private_create(struct store *store, struct err_msg *msg);
NODISCARD int private_txn_begin(
	struct store *store, struct private_txn **out, struct err_msg *msg);
NODISCARD int private_txn_commit(struct private_txn *txn, struct err_msg *msg);
void private_txn_abort(struct private_txn *txn);

NODISCARD int private_set_site_domain(struct private_txn *txn, struct slice domain);

/** @return 0, ERR_EXISTS when the address or an alias is taken. */
NODISCARD int private_user_add(struct private_txn *txn, const struct principal *address,
	const struct thumbprint *identity, uint64_t now_s, struct err_msg *msg);
NODISCARD int private_alias_add(struct private_txn *txn, const struct digest *user,
	struct slice alias, struct err_msg *msg);

/** Writes the entry (replacing); entry->subject is derived from `subject`. */
NODISCARD int private_put(struct private_txn *txn, const struct digest *user,
	const struct principal *subject, const struct private_entry *entry,
	struct err_msg *msg);

/** @return 0 or ERR_NOTFOUND. */
NODISCARD int private_remove(
	struct private_txn *txn, const struct digest *user, const struct digest *subject);

#endif

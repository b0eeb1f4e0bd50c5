#include "trustctl/interest.h"

#include <stdlib.h>

#include "common/base/array.h"

struct digests {
	struct digest *list; /* owned */
	size_t count;
	size_t cap;
};

static int
digests_add(struct digests *d, const struct digest *digest)
{
	struct digest *list = ARRAY_ROOM(d->list, d->count, &d->cap);

	if (list == NULL) {
		return ERR_NOMEM;
	}
	d->list = list;
	d->list[d->count++] = *digest;
	return 0;
}

/*
 * add_entry - the friend, and the identity the user confirmed to be his; also one confirmed
 * without a level, as who speaks for a domain is, since what it signs decides about others
 */
static int
add_entry(struct digests *d, const struct private_entry *entry)
{
	struct principal identity;
	struct digest digest;
	int rc = entry->level == TRUST_LEVEL_NONE ? 0 : digests_add(d, &entry->subject);

	if (rc == 0 && !entry->blocked && entry->has_identity &&
		principal_from_thumbprint(slice_str(entry->identity.text), &identity) == 0) {
		principal_digest(&identity, &digest);
		rc = digests_add(d, &digest);
	}
	return rc;
}

static int
add_list(struct private_reader *r, const struct digest *holder, struct digests *d)
{
	struct private_cursor c;
	struct private_entry entry;
	int rc = 0;

	private_list(r, holder, &c);
	while (rc == 0 && private_next(&c, &entry)) {
		rc = add_entry(d, &entry);
	}
	private_cursor_close(&c);
	return rc;
}

static int
add_users(struct private_reader *r, struct digests *d)
{
	struct private_user user;
	struct private_cursor c;
	int rc = 0;

	private_users(r, &c);
	while (rc == 0 && private_next_user(&c, &user)) {
		rc = add_list(r, &user.digest, d);
	}
	private_cursor_close(&c);
	return rc;
}

/* add_site - the site itself may have friends too */
static int
add_site(struct site *site, struct digests *d)
{
	graph_node node = graph_site(site->graph);
	struct digest holder;

	return node != GRAPH_NONE && graph_digest_of(site->graph, node, &holder)
		       ? add_list(site->private_reader, &holder, d)
		       : 0;
}

static int
compare(const void *a, const void *b)
{
	return digest_cmp(a, b);
}

static void
sort_unique(struct digests *d)
{
	size_t kept = 0;

	if (d->count > 0) {
		qsort(d->list, d->count, sizeof(*d->list), compare);
	}
	for (size_t i = 0; i < d->count; i++) {
		if (kept == 0 || !digest_eq(&d->list[i], &d->list[kept - 1])) {
			d->list[kept++] = d->list[i];
		}
	}
	d->count = kept;
}

static int
write_set(void *ctx, struct graph_txn *txn, struct err_msg *msg)
{
	const struct digests *d = ctx;

	return graph_interest_set(txn, d->list, d->count, msg);
}

int
interest_refresh(struct site *site, struct err_msg *msg)
{
	const struct graph_options options = site_graph_options(site);
	struct digests d = {0};
	bool is_same = false;
	int rc = site_begin(site, msg);

	if (rc == 0) {
		rc = add_users(site->private_reader, &d);
		rc = rc == 0 ? add_site(site, &d) : rc;
		sort_unique(&d);
		is_same = rc == 0 && graph_interest_equals(site->graph, d.list, d.count);
		int end = site_end(site, msg);

		rc = rc != 0 ? err_set(msg, rc, "out of memory") : end;
	}
	if (rc == 0 && !is_same) {
		rc = graph_update(site->graph_store, &options, write_set, &d, msg);
	}
	free(d.list);
	return rc;
}

#include "trustctl/bound.h"

#include <string.h>

#include "common/scan/circle.h"
#include "trustctl/ledger_file.h"

/* sort_out - each address of the identity to those that have effect, or to the claims */
static void
sort_out(const struct circle *c, graph_node identity, struct bound *out)
{
	graph_node nodes[BOUND_ADDRESSES_MAX];
	graph_node current = graph_current(c->graph, identity);
	size_t count = graph_bound_addresses(c->graph, identity, nodes, BOUND_ADDRESSES_MAX);

	for (size_t i = 0; i < count; i++) {
		struct party address = {.node = nodes[i]};
		struct slice text;

		if (!graph_claims(c->graph, identity, nodes[i], c->now_s) ||
			!graph_digest_of(c->graph, nodes[i], &address.digest) ||
			!graph_text_of(c->graph, nodes[i], &text)) {
			continue;
		}
		text = slice_skip(text, strlen("addr:"));
		if (circle_identity_of(c, &address) == current) {
			out->effective[out->effective_count++] = text;
		} else {
			out->claimed[out->claimed_count++] = text;
		}
	}
}

/* open_circle - the circle of a user, or of the site (NULL), which sees what mail has shown */
static int
open_circle(const struct ctl *ctl, struct site *site, const struct private_user *user,
	struct ledger_file *file, struct circle *out, struct err_msg *msg)
{
	int rc = ledger_file_open(ctl, file, msg);

	if (rc == 0 && file->store != NULL) {
		rc = ledger_file_begin(file, msg);
	}
	if (rc == 0) {
		circle_init(out, site->graph, site->private_reader, user,
			site->settings->colleagues, ctl->now_s);
		out->ledger = file->store == NULL ? NULL : ledger_txn(file->desk.reader);
	}
	return rc;
}

/* close_circle - `rc`, or what reading the ledger came to */
static int
close_circle(struct ledger_file *file, int rc, struct err_msg *msg)
{
	if (rc == 0 && file->store != NULL) {
		rc = ledger_file_end(file, msg);
	}
	ledger_file_close(file);
	return rc;
}

int
bound_find(const struct ctl *ctl, struct site *site, graph_node identity, struct bound *out,
	struct err_msg *msg)
{
	struct ledger_file file;
	struct circle c;
	int rc = open_circle(ctl, site, NULL, &file, &c, msg);

	*out = (struct bound){0};
	if (rc == 0) {
		sort_out(&c, identity, out);
	}
	return close_circle(&file, rc, msg);
}

/* identity_of - the thumbprint of whose the address is */
static int
identity_of(const struct circle *c, const struct principal *address, struct thumbprint *out)
{
	struct party party = circle_party(c, address);
	graph_node identity = circle_identity_of(c, &party);
	struct slice text;

	if (identity == GRAPH_NONE || !graph_text_of(c->graph, identity, &text)) {
		return ERR_NOTFOUND;
	}
	return thumbprint_parse(slice_skip(text, strlen("id:")), out) == 0 ? 0 : ERR_NOTFOUND;
}

int
bound_identity(const struct ctl *ctl, struct site *site, const struct digest *who,
	const char *address, struct thumbprint *out, struct err_msg *msg)
{
	struct ledger_file file;
	struct private_user user;
	struct principal principal;
	struct circle c;
	bool is_user = private_user_by_digest(site->private_reader, who, &user);
	int rc = 0;

	if (principal_parse_human(slice_str(address), site->settings->fold_local_part,
		    &principal, NULL) != 0 ||
		principal.kind != PRINCIPAL_ADDR) {
		return err_set(msg, ERR_NOTFOUND, "no address");
	}
	rc = open_circle(ctl, site, is_user ? &user : NULL, &file, &c, msg);
	if (rc == 0 && identity_of(&c, &principal, out) != 0) {
		rc = err_set(msg, ERR_NOTFOUND, "nobody is known to be behind that address");
	}
	return close_circle(&file, rc, msg);
}

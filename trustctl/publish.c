#include "trustctl/publish.h"

#include <stdio.h>
#include <string.h>

#include "common/base/encoding.h"

/* next_seq - the number of the next statement of a register */
static int
next_seq(struct site_txn *txn, const struct thumbprint *iss, enum statement_act act,
	const struct principal *sub, uint64_t *out, struct err_msg *msg)
{
	int rc = graph_last_seq(txn->graph, iss, act, sub, out);

	if (rc != 0) {
		return err_set(msg, rc, "cannot read the graph: %s", err_text(rc));
	}
	(*out)++;
	return 0;
}

static int
add(struct site_txn *txn, const struct issued *made, uint64_t now_s, struct err_msg *msg)
{
	enum graph_outcome outcome;
	int rc = graph_add(txn->graph, issued_slice(made), &made->st, now_s, &outcome, msg);

	if (rc != 0) {
		return rc;
	}
	switch (outcome) {
	case GRAPH_ADDED:
	case GRAPH_REPLACED:
	case GRAPH_KNOWN:
		return 0;
	case GRAPH_OVER_QUOTA:
		return err_set(msg, ERR_DENIED,
			"the quota of %s statements of this identity is used up by newer ones; "
			"take some back first",
			statement_act_name(made->st.act));
	case GRAPH_STALE:
	case GRAPH_TOMBSTONED:
	case GRAPH_CONFLICT:
		break;
	}
	return err_set(msg, ERR_DENIED, "the graph refused the new %s statement about %s",
		statement_act_name(made->st.act), made->st.sub.text);
}

int
publish_seq(struct site_txn *txn, const struct thumbprint *iss, enum statement_act act,
	const struct principal *sub, uint64_t *out, struct err_msg *msg)
{
	return next_seq(txn, iss, act, sub, out, msg);
}

int
publish_made(
	struct site_txn *txn, const struct issued *made, uint64_t now_s, struct err_msg *msg)
{
	return add(txn, made, now_s, msg);
}

static struct issuer
issuer_of(const struct publisher *by)
{
	return (struct issuer){
		.identity = by->actor->identity,
		.signer = by->signer,
		.now_s = by->now_s,
		.aud = by->aud,
	};
}

int
publish_vouch(struct site_txn *txn, const struct publisher *by, const struct principal *subject,
	enum trust_level level, struct err_msg *msg)
{
	const struct issuer issuer = issuer_of(by);
	struct issued made;
	uint64_t seq;
	int rc = next_seq(txn, &issuer.identity, STATEMENT_VOUCH, subject, &seq, msg);

	if (rc == 0) {
		rc = issue_vouch(&issuer, seq, subject, level, &made, msg);
	}
	return rc == 0 ? add(txn, &made, by->now_s, msg) : rc;
}

int
publish_block(struct site_txn *txn, const struct publisher *by, const struct principal *subject,
	bool in_force, struct err_msg *msg)
{
	const struct issuer issuer = issuer_of(by);
	struct issued made;
	uint64_t seq;
	int rc = next_seq(txn, &issuer.identity, STATEMENT_BLOCK, subject, &seq, msg);

	if (rc == 0) {
		rc = in_force ? issue_block(
					&issuer, seq, subject, STATEMENT_WHY_SPAM, &made, msg)
			      : issue_unblock(&issuer, seq, subject, &made, msg);
	}
	return rc == 0 ? add(txn, &made, by->now_s, msg) : rc;
}

int
publish_warn(struct site_txn *txn, const struct publisher *by, const struct principal *subject,
	uint64_t exp_s, struct err_msg *msg)
{
	const struct issuer issuer = issuer_of(by);
	struct issued made;
	uint64_t seq;
	int rc = next_seq(txn, &issuer.identity, STATEMENT_WARN, subject, &seq, msg);

	if (rc == 0) {
		rc = exp_s > 0 ? issue_warn(&issuer, seq, subject, exp_s, &made, msg)
			       : issue_unwarn(&issuer, seq, subject, &made, msg);
	}
	return rc == 0 ? add(txn, &made, by->now_s, msg) : rc;
}

int
publish_revoke_statement(struct site_txn *txn, const struct publisher *by,
	const struct digest *id, enum statement_why why, struct err_msg *msg)
{
	const struct issuer issuer = issuer_of(by);
	const struct issue_reason reason = {.why = why, .since_s = by->now_s};
	char text[sizeof("stmt:") + BASE64URL_LEN(DIGEST_LEN)] = "stmt:";
	struct principal subject;
	struct issued made;
	uint64_t seq;

	base64url_encode(digest_slice(id), text + strlen(text));
	int rc = principal_parse(slice_of(text, strlen("stmt:") + BASE64URL_LEN(DIGEST_LEN)),
		true, &subject, msg);

	rc = rc == 0 ? next_seq(txn, &issuer.identity, STATEMENT_REVOKE, &subject, &seq, msg)
		     : rc;
	rc = rc == 0 ? issue_revoke(&issuer, seq, &subject, &reason, &made, msg) : rc;
	return rc == 0 ? add(txn, &made, by->now_s, msg) : rc;
}

int
publish_was(struct site_txn *txn, const struct actor *actor, enum statement_act act,
	const struct principal *subject, bool *out, struct err_msg *msg)
{
	uint64_t seq;
	int rc = next_seq(txn, &actor->identity, act, subject, &seq, msg);

	*out = rc == 0 && seq > 1;
	return rc;
}

/* is_missing - the register was never written */
static int
is_missing(struct site_txn *txn, const struct issued *made, bool *out, struct err_msg *msg)
{
	uint64_t seq;
	int rc = next_seq(txn, &made->st.iss, made->st.act, &made->st.sub, &seq, msg);

	*out = rc == 0 && seq == 1;
	return rc;
}

static int
add_if_missing(struct site_txn *txn, int issue_rc, const struct issued *made, uint64_t now_s,
	struct err_msg *msg)
{
	bool missing;

	if (issue_rc != 0) {
		return issue_rc;
	}
	int rc = is_missing(txn, made, &missing, msg);

	return rc == 0 && missing ? add(txn, made, now_s, msg) : rc;
}

int
publish_identity(struct site_txn *txn, const struct publish_keys *keys,
	enum statement_role role, const struct principal *address, uint64_t now_s,
	struct err_msg *msg)
{
	struct issuer issuer = {.signer = keys->root, .now_s = now_s, .aud = STATEMENT_OPEN};
	struct statement_identity_body identity = {0};
	struct statement_device_body device = {.role = role};
	struct issued made;

	public_key_thumbprint(keypair_public(keys->root), &issuer.identity);
	public_key_thumbprint(keypair_public(keys->next), &identity.next);

	int rc = add_if_missing(
		txn, issue_identity(&issuer, 1, &identity, &made, msg), &made, now_s, msg);

	if (rc == 0) {
		rc = add_if_missing(txn,
			issue_device(
				&issuer, 1, keypair_public(keys->device), &device, &made, msg),
			&made, now_s, msg);
	}
	issuer.signer = keys->device;
	issuer.countersigner = keys->site;
	if (rc == 0 && address != NULL) {
		rc = add_if_missing(
			txn, issue_bind(&issuer, 1, address, &made, msg), &made, now_s, msg);
	}
	return rc == 0 ? graph_set_hosted(txn->graph, &issuer.identity, msg) : rc;
}

/* load_device - the key that a certificate is about */
static int
load_device(const struct keystore *keys, const struct statement *st, struct keypair **out,
	struct err_msg *msg)
{
	struct keystore_entry entry = {.kind = KEYSTORE_DEVICE, .identity = st->iss};
	int rc = thumbprint_parse(principal_value(&st->sub), &entry.key);

	return rc == 0 ? keystore_load(keys, &entry, out, msg)
		       : err_set(msg, rc, "%s is no key", st->sub.text);
}

static int
issue_again(const struct keystore *keys, const struct issuer *by, uint64_t seq,
	const struct statement *st, struct issued *made, struct err_msg *msg)
{
	struct keypair *device = NULL;
	int rc = 0;

	if (st->act == STATEMENT_IDENTITY) {
		return issue_identity(by, seq, &st->body.identity, made, msg);
	}
	if (st->act == STATEMENT_BIND) {
		return issue_bind(by, seq, &st->sub, made, msg);
	}
	rc = load_device(keys, st, &device, msg);
	if (rc == 0) {
		rc = issue_device(by, seq, keypair_public(device), &st->body.device, made, msg);
	}
	keypair_free(device);
	return rc;
}

int
publish_again(struct site_txn *txn, const struct keystore *keys,
	const struct keypair *countersigner, const struct statement *st, uint64_t now_s,
	struct err_msg *msg)
{
	struct issuer issuer = {.identity = st->iss,
		.now_s = now_s,
		.aud = st->aud,
		.countersigner = countersigner};
	struct keypair *root = NULL;
	struct issued made;
	uint64_t seq;
	int rc = keystore_load_root(keys, &st->iss, &root, msg);

	if (rc == ERR_NOTFOUND) {
		return err_set(msg, ERR_NOTREADY,
			"the root key of %s is not in %s; put it back to renew what it signed",
			st->iss.text, keys->directory);
	}
	issuer.signer = root;
	rc = rc == 0 ? next_seq(txn, &st->iss, st->act, &st->sub, &seq, msg) : rc;
	rc = rc == 0 ? issue_again(keys, &issuer, seq, st, &made, msg) : rc;
	rc = rc == 0 ? add(txn, &made, now_s, msg) : rc;
	keypair_free(root);
	return rc;
}

int
publish_check(struct site *site, const struct actor *actor, enum graph_direction dir,
	const struct principal *subject, struct err_msg *msg)
{
	struct principal self;
	struct graph_edge edge;
	int rc = principal_from_thumbprint(slice_str(actor->identity.text), &self);

	rc = rc == 0 ? site_begin(site, msg) : rc;
	if (rc != 0) {
		return rc;
	}
	bool believed = graph_edge_get(site->graph, dir, graph_find(site->graph, &self),
		graph_ref_of(site->graph, graph_find(site->graph, subject)), &edge);

	rc = site_end(site, msg);
	if (rc == 0 && !believed) {
		rc = err_set(msg, ERR_NOTREADY,
			"signed, but not believed: the certificate of the device key has ended; "
			"run \"trustctl renew\", then this again");
	}
	return rc;
}

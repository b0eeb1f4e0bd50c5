#include <sysexits.h>

#include "trustctl/cmd.h"
#include "trustctl/keywork.h"
#include "trustctl/notify.h"
#include "trustctl/reissue.h"

/* A succession from the keys to the report. */
struct succession {
	struct keywork old;
	struct thumbprint identity; /* the new one */
	struct statement_identity_body body;
	struct keypair *next;   /* of the new identity */
	struct keypair *device; /* of the new identity */
	struct reissue good;
};

static void
fini(struct succession *s)
{
	keypair_free(s->next);
	keypair_free(s->device);
	reissue_fini(&s->good);
	keywork_fini(&s->old);
}

/* make_keys - a next root and a device for the new identity, whose root is the committed key */
static int
make_keys(struct succession *s, struct err_msg *msg)
{
	int rc = keypair_generate(&s->old.ctl->rng, &s->next);

	rc = rc == 0 ? keypair_generate(&s->old.ctl->rng, &s->device) : rc;
	if (rc != 0) {
		return err_set(msg, rc, "cannot make a key: %s", err_text(rc));
	}
	public_key_thumbprint(keypair_public(s->next), &s->body.next);
	return 0;
}

/* save_keys - an earlier run may have come so far that the root is there */
static int
save_keys(const struct succession *s, struct err_msg *msg)
{
	const struct keystore *keys = &s->old.keys;
	int rc = keystore_add(keys, KEYSTORE_ROOT, &s->identity, s->old.next, msg);

	rc = rc == ERR_EXISTS ? 0 : rc;
	rc = rc == 0 ? keystore_add(keys, KEYSTORE_NEXT, &s->identity, s->next, msg) : rc;
	return rc == 0 ? keystore_add(keys, KEYSTORE_DEVICE, &s->identity, s->device, msg) : rc;
}

/* end_of - from when the old identity was not to be believed any more */
static int
end_of(struct keywork *w, uint64_t *out, struct err_msg *msg)
{
	struct graph_fate fate;
	int rc = site_begin(w->site, msg);

	*out = UINT64_MAX;
	if (rc != 0) {
		return rc;
	}
	graph_fate(w->site->graph, graph_find(w->site->graph, &w->self), &fate);
	if (fate.revoked_since_s != 0) {
		*out = fate.revoked_since_s;
	}
	if (fate.guarded_since_s != 0 && fate.guarded_since_s < *out) {
		*out = fate.guarded_since_s;
	}
	return site_end(w->site, msg);
}

static int
prepare(struct succession *s, struct err_msg *msg)
{
	uint64_t end_s = 0;
	int rc = keywork_next(&s->old, msg);

	if (rc == 0) {
		public_key_thumbprint(keypair_public(s->old.next), &s->identity);
		rc = keywork_identity_body(&s->old, &s->body, msg);
	}
	rc = rc == 0 ? make_keys(s, msg) : rc;
	rc = rc == 0 ? save_keys(s, msg) : rc;
	rc = rc == 0 ? end_of(&s->old, &end_s, msg) : rc;
	return rc == 0 ? reissue_collect(&s->old, NULL, end_s, &s->good, msg) : rc;
}

/* put - a statement that is the first of its register */
static int
put(struct site_txn *txn, int issue_rc, const struct issued *made, uint64_t now_s,
	struct err_msg *msg)
{
	return issue_rc == 0 ? publish_made(txn, made, now_s, msg) : issue_rc;
}

/* introduce - the new identity, its device, and that it continues the old one */
static int
introduce(struct succession *s, struct site_txn *txn, struct issuer *by, struct err_msg *msg)
{
	struct statement_device_body device = {
		.role = s->old.actor.is_site ? STATEMENT_ROLE_NODE : STATEMENT_ROLE_MAIL};
	struct issued made;
	int rc = put(txn, issue_identity(by, 1, &s->body, &made, msg), &made, by->now_s, msg);

	rc = rc == 0 ? put(txn,
			       issue_device(
				       by, 1, keypair_public(s->device), &device, &made, msg),
			       &made, by->now_s, msg)
		     : rc;
	rc = rc == 0 ? put(txn, issue_succeed(by, 1, &s->old.self, &made, msg), &made,
			       by->now_s, msg)
		     : rc;
	return rc == 0 ? graph_set_hosted(txn->graph, &s->identity, msg) : rc;
}

static int
carry_out(void *ctx, struct site_txn *txn, struct err_msg *msg)
{
	struct succession *s = ctx;
	const struct actor *actor = &s->old.actor;
	struct issuer by = keywork_issuer(&s->old, s->old.next);
	int rc;

	by.identity = s->identity;
	rc = introduce(s, txn, &by, msg);
	by.signer = s->device;
	rc = rc == 0 ? reissue_publish(&s->good, &by, txn, msg) : rc;
	if (rc == 0 && actor->is_site) {
		rc = graph_set_site(txn->graph, &s->identity, msg);
	} else if (rc == 0 && actor->is_user) {
		rc = private_user_continue(txn->private_txn, &actor->digest, &s->identity, msg);
	}
	return rc;
}

/* drop_next - the key is a root now */
static void
drop_next(const struct succession *s)
{
	const struct keystore_entry entry = {KEYSTORE_NEXT, s->old.actor.identity, s->identity};
	struct err_msg msg;

	if (keystore_remove(&s->old.keys, &entry, &msg) != 0) {
		command_warn(s->old.ctl, "%s; remove it by hand", msg.text);
	}
}

static int
report(const struct succession *s)
{
	static const struct column columns[] = {
		{"identity", "Identity now", COLUMN_TEXT},
		{"before", "Before", COLUMN_TEXT},
		{"reissued", "Signed again", COLUMN_NUMBER},
	};
	struct table table;
	int status;

	table_init(&table, columns, ARRAY_LEN(columns));
	table_str(&table, s->identity.text);
	table_str(&table, s->old.actor.identity.text);
	table_number(&table, s->good.count);
	status = cmd_print_record(s->old.ctl, &table);
	if (!s->old.ctl->print.json) {
		(void)fprintf(s->old.ctl->print.out,
			"\nFriends' lists go on as they are. Put the new root and its next root "
			"away:\n\"trustctl identity export --remove\", once with --next, and "
			"print a new revocation:\n\"trustctl identity paper\". Revoke the old "
			"root if it was stolen.\n");
	}
	return status;
}

static int
succeed(struct ctl *ctl, struct site *site, void *arg)
{
	struct succession s = {.next = NULL};
	struct err_msg msg;
	int status = keywork_init(&s.old, ctl, site);

	(void)arg;
	if (status == EX_OK &&
		(prepare(&s, &msg) != 0 || site_update(site, carry_out, &s, &msg) != 0)) {
		status = command_fail_msg(ctl, &msg);
	}
	if (status == EX_OK) {
		const struct notice notice = {.event = "identity continued",
			.what = s.old.self.text,
			.label = s.identity.text,
			.since_s = ctl->now_s};

		drop_next(&s);
		notify(&s.old, &notice);
		status = report(&s);
	}
	fini(&s);
	return status;
}

int
cmd_succeed(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, succeed, NULL);
}

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "common/statement/paper.h"
#include "trustctl/cmd.h"
#include "trustctl/device_list.h"
#include "trustctl/files.h"
#include "trustctl/notify.h"
#include "trustctl/reissue.h"

/* One revocation from the decision to the report. */
struct revocation {
	struct keywork w;
	struct device_list devices;
	const struct device *device; /* NULL: the whole identity */
	struct principal what;
	struct issue_reason reason;
	const struct keypair *signer; /* borrowed from w, or from `own` */
	struct keypair *own;          /* the revoked key itself, where the root is away */
	struct keypair *fresh; /* a device made to go on with; NULL: one is there, or none */
	struct reissue good;
	bool has_next_device;
};

static void
fini(struct revocation *r)
{
	keypair_free(r->own);
	keypair_free(r->fresh);
	reissue_fini(&r->good);
	keywork_fini(&r->w);
}

/* choose_signer - the root; for a device, where the root is away, the device itself */
static int
choose_signer(struct revocation *r, struct err_msg *msg)
{
	struct keystore_entry entry = {KEYSTORE_DEVICE, r->w.actor.identity, {{0}}};
	int rc = keywork_root(&r->w, msg);

	r->signer = r->w.root;
	if (rc != ERR_NOTREADY || r->device == NULL || !r->device->is_here) {
		return rc;
	}
	entry.key = r->device->key;
	rc = keystore_load(&r->w.keys, &entry, &r->own, msg);
	r->signer = r->own;
	return rc;
}

/* is_usable - a device that can sign again what is good */
static bool
is_usable(const struct revocation *r, const struct device *device)
{
	return device != r->device && device->is_here &&
	       device->revoked_since_s == UINT64_MAX && r->w.ctl->now_s < device->exp_s;
}

/* find_next_device - one that is here, else a new one, which takes the root */
static int
find_next_device(struct revocation *r, struct err_msg *msg)
{
	struct keystore_entry entry = {KEYSTORE_DEVICE, r->w.actor.identity, {{0}}};
	int rc = 0;

	for (size_t i = 0; i < r->devices.count; i++) {
		if (is_usable(r, &r->devices.items[i])) {
			entry.key = r->devices.items[i].key;
			r->has_next_device = true;
			return keystore_load(&r->w.keys, &entry, &r->w.device, msg);
		}
	}
	if (r->w.root == NULL) {
		return 0;
	}
	rc = keypair_generate(&r->w.ctl->rng, &r->fresh);
	if (rc != 0) {
		return err_set(msg, rc, "cannot make a key: %s", err_text(rc));
	}
	r->has_next_device = true;
	return keystore_add(&r->w.keys, KEYSTORE_DEVICE, &r->w.actor.identity, r->fresh, msg);
}

static int
prepare_device(struct revocation *r, struct err_msg *msg)
{
	char text[PRINCIPAL_TEXT_MAX];
	int rc;

	(void)snprintf(text, sizeof(text), "key:%s", r->device->key.text);
	rc = principal_parse(slice_str(text), false, &r->what, msg);
	rc = rc == 0 ? choose_signer(r, msg) : rc;
	rc = rc == 0 ? find_next_device(r, msg) : rc;
	return rc == 0 ? reissue_collect(
				 &r->w, &r->device->key, r->reason.since_s, &r->good, msg)
		       : rc;
}

/* prepare_identity - nothing is signed again: nothing that the identity says counts any more */
static int
prepare_identity(struct revocation *r, struct err_msg *msg)
{
	r->what = r->w.self;
	return choose_signer(r, msg);
}

static int
carry_out(void *ctx, struct site_txn *txn, struct err_msg *msg)
{
	struct revocation *r = ctx;
	const struct keypair *next = r->fresh != NULL ? r->fresh : r->w.device;
	struct statement_device_body body = {.role = STATEMENT_ROLE_MAIL};
	struct issuer issuer;
	struct issued certificate;
	int rc = keywork_revoke(&r->w, txn, r->signer, &r->what, &r->reason, msg);

	if (rc == 0 && r->fresh != NULL) {
		body.role = r->device->role;
		memcpy(body.label, r->device->label, sizeof(body.label));
		rc = keywork_certify(
			&r->w, txn, keypair_public(r->fresh), &body, &certificate, msg);
	}
	if (rc != 0 || !r->has_next_device) {
		return rc;
	}
	issuer = keywork_issuer(&r->w, next);
	return reissue_publish(&r->good, &issuer, txn, msg);
}

/* drop_key - the dead key has no place here any more */
static void
drop_key(const struct revocation *r)
{
	struct keystore_entry entry = {KEYSTORE_DEVICE, r->w.actor.identity, r->device->key};
	struct err_msg msg;

	if (r->device->is_here && keystore_remove(&r->w.keys, &entry, &msg) != 0) {
		command_warn(r->w.ctl, "%s; remove it by hand", msg.text);
	}
}

static const struct column columns[] = {
	{"revoked", "Revoked", COLUMN_TEXT},
	{"since", "Since", COLUMN_TIME},
	{"reissued", "Signed again by the next device", COLUMN_NUMBER},
	{"void", "Signed since then, void now", COLUMN_NUMBER},
};

static void
advise(const struct revocation *r)
{
	FILE *out = r->w.ctl->print.out;

	if (r->w.ctl->print.json) {
		return;
	}
	(void)fprintf(out, "\nWhat to do next:\n");
	if (r->device == NULL) {
		(void)fprintf(out,
			"- If the next root is safe, bring it here (\"trustctl identity import\") "
			"and let it\n  continue the identity: \"trustctl succeed\". Friends' lists "
			"stay as they are.\n"
			"- Otherwise make a new identity and tell your friends by telephone.\n");
	} else if (!r->has_next_device) {
		(void)fprintf(out,
			"- There is no other device here and the root is away: bring it back and "
			"run\n  \"trustctl device add --here\", then vouch again.\n");
	} else {
		(void)fprintf(out,
			"- Clean or replace the machine that had the key before it gets another "
			"one.\n");
	}
	(void)fprintf(out,
		"- Look through what came in since then: \"trustctl refile --since %" PRIu64
		"\".\n"
		"- Change the passwords of the mailbox: whoever had the key may have had "
		"them.\n",
		r->reason.since_s);
}

static int
report(struct revocation *r)
{
	struct table table;
	int status;

	table_init(&table, columns, ARRAY_LEN(columns));
	table_str(&table, r->what.text);
	table_number(&table, r->reason.since_s);
	table_number(&table, r->has_next_device ? r->good.count : 0);
	table_number(&table, r->good.later);
	status = cmd_print_record(r->w.ctl, &table);
	advise(r);
	return status;
}

static void
tell(struct revocation *r)
{
	const struct notice notice = {
		.event = r->device == NULL ? "identity revoked" : "device revoked",
		.what = r->what.text,
		.label = r->device == NULL ? "" : r->device->label,
		.since_s = r->reason.since_s,
		.why = r->reason.why,
	};

	notify(&r->w, &notice);
}

static int
revoke_with(struct revocation *r, const char *device)
{
	struct err_msg msg;
	int rc = device_list_load(&r->w, &r->devices, &msg);

	if (rc == 0 && device != NULL) {
		rc = device_list_find(&r->devices, device, &r->device, &msg);
	}
	if (rc == 0) {
		rc = r->device == NULL ? prepare_identity(r, &msg) : prepare_device(r, &msg);
	}
	rc = rc == 0 ? site_update(r->w.site, carry_out, r, &msg) : rc;
	if (rc != 0) {
		return command_fail_msg(r->w.ctl, &msg);
	}
	if (r->device != NULL) {
		drop_key(r);
	}
	tell(r);
	return report(r);
}

static int
revoke_one(struct ctl *ctl, struct site *site, const char *device, enum statement_why fallback)
{
	struct revocation r = {.device = NULL};
	int status = keywork_init(&r.w, ctl, site);

	status = status == EX_OK ? keywork_since(ctl, &r.reason.since_s) : status;
	status = status == EX_OK ? keywork_why(ctl, fallback, &r.reason.why) : status;
	status = status == EX_OK ? revoke_with(&r, device) : status;
	fini(&r);
	return status;
}

static int
revoke_device(struct ctl *ctl, struct site *site, void *arg)
{
	(void)arg;
	return revoke_one(ctl, site, ctl->args[0], STATEMENT_WHY_RETIRED);
}

int
cmd_device_revoke(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, revoke_device, NULL);
}

/* --- paper --------------------------------------------------------------------------------- */

struct paper {
	struct issued made;
	uint64_t now_s;
};

static int
merge_paper(void *ctx, struct site_txn *txn, struct err_msg *msg)
{
	const struct paper *paper = ctx;

	return publish_made(txn, &paper->made, paper->now_s, msg);
}

/* link_of - the link of a sheet, whose other text is left out; a bare link or statement as it is */
static struct slice
link_of(struct slice text)
{
	struct slice link = slice_skip(text, slice_find(text, SLICE("trust:")));

	if (link.len == 0) {
		return text;
	}
	return slice_take(link, slice_find(link, SLICE("\n\n")));
}

static int
use_paper(struct ctl *ctl, struct site *site)
{
	struct paper paper = {.now_s = ctl->now_s};
	struct dynbuf text;
	struct err_msg msg;
	struct table table;
	int rc;

	dynbuf_init(&text, (size_t)128 * 1024);
	rc = files_read(ctl->options->value[OPTION_PAPER], &text, &msg);
	rc = rc == 0 ? paper_open(link_of(dynbuf_slice(&text)), &paper.made, &msg) : rc;
	rc = rc == 0 ? site_update(site, merge_paper, &paper, &msg) : rc;
	dynbuf_fini(&text);
	if (rc != 0) {
		return command_fail_msg(ctl, &msg);
	}
	table_init(&table, columns, 2);
	table_str(&table, paper.made.st.sub.text);
	table_number(&table, ctl->now_s);
	return cmd_print_record(ctl, &table);
}

static int
revoke(struct ctl *ctl, struct site *site, void *arg)
{
	const struct options *o = ctl->options;
	const uint64_t others = OPTION_BIT(OPTION_DEVICE) | OPTION_BIT(OPTION_USER) |
				OPTION_BIT(OPTION_SITE) | OPTION_BIT(OPTION_AS) |
				OPTION_BIT(OPTION_SINCE) | OPTION_BIT(OPTION_WHY);
	const char *device = o->value[OPTION_DEVICE];

	(void)arg;
	if (options_has(o, OPTION_PAPER)) {
		return (o->given & others) != 0
			       ? command_fail(ctl, EX_USAGE,
					 "--paper says everything by itself; nothing goes with it")
			       : use_paper(ctl, site);
	}
	if (device == NULL && !options_has(o, OPTION_FORCE)) {
		return command_fail(ctl, EX_USAGE,
			"--device KEY is needed; to revoke the whole identity, for good, say "
			"--force");
	}
	return revoke_one(ctl, site, device, STATEMENT_WHY_HACKED);
}

int
cmd_revoke(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, revoke, NULL);
}

#include <sysexits.h>

#include "trustctl/cmd.h"
#include "trustctl/keywork.h"

struct bind_work {
	struct keywork *w;
	struct principal address;
	bool in_force;
};

static int
store_bind(void *ctx, struct site_txn *txn, struct err_msg *msg)
{
	struct bind_work *work = ctx;
	struct keywork *w = work->w;
	const struct issuer issuer = keywork_issuer(w, w->device);
	struct issued made;
	uint64_t seq;
	int rc = publish_seq(txn, &issuer.identity, STATEMENT_BIND, &work->address, &seq, msg);

	if (rc == 0 && !work->in_force && seq == 1) {
		return err_set(msg, ERR_INVALID, "%s never bound %s", w->actor.name,
			work->address.text);
	}
	if (rc == 0) {
		rc = work->in_force ? issue_bind(&issuer, seq, &work->address, &made, msg)
				    : issue_unbind(&issuer, seq, &work->address, &made, msg);
	}
	return rc == 0 ? publish_made(txn, &made, w->ctl->now_s, msg) : rc;
}

/* read_address - of the argument */
static int
read_address(const struct ctl *ctl, const struct site *site, struct principal *out)
{
	struct err_msg msg;

	if (principal_parse_human(
		    slice_str(ctl->args[0]), site->settings->fold_local_part, out, &msg) != 0) {
		return command_fail(ctl, EX_USAGE, "\"%s\": %s", ctl->args[0], msg.text);
	}
	return out->kind == PRINCIPAL_ADDR
		       ? EX_OK
		       : command_fail(
				 ctl, EX_USAGE, "\"%s\" is not a mail address", ctl->args[0]);
}

/* belongs_to_another - a user here has his address from us, and no other identity gets it */
static int
refuse_foreign(struct keywork *w, const struct principal *address)
{
	struct private_user user;
	struct err_msg msg;
	bool is_foreign;

	if (site_begin(w->site, &msg) != 0) {
		return command_fail_msg(w->ctl, &msg);
	}
	is_foreign =
		private_user_find(w->site->private_reader, principal_value(address), &user) &&
		!thumbprint_eq(&user.identity, &w->actor.identity);
	if (site_end(w->site, &msg) != 0) {
		return command_fail_msg(w->ctl, &msg);
	}
	return is_foreign ? command_fail(w->ctl, EX_NOPERM,
				    "%s belongs to another user of this site", address->text)
			  : EX_OK;
}

static int
bind_address(struct ctl *ctl, struct site *site, void *arg)
{
	struct keywork w;
	struct bind_work work = {
		.w = &w, .in_force = !options_has(ctl->options, OPTION_WITHDRAW)};
	struct err_msg msg;
	int status = keywork_init(&w, ctl, site);

	(void)arg;
	status = status == EX_OK ? read_address(ctl, site, &work.address) : status;
	status = status == EX_OK && work.in_force ? refuse_foreign(&w, &work.address) : status;
	if (status == EX_OK && (keywork_device(&w, &msg) != 0 ||
				       site_update(site, store_bind, &work, &msg) != 0)) {
		status = command_fail_msg(ctl, &msg);
	}
	keywork_fini(&w);
	return status;
}

int
cmd_bind(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, bind_address, NULL);
}

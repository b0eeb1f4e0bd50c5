#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "trustctl/cmd.h"
#include "trustctl/publish.h"
#include "trustctl/subject.h"

struct vouch_work {
	struct cmd_case about;
	struct keypair *signer;
	struct publisher publisher;
	unsigned int level;
};

static int
store_vouch(void *ctx, struct site_txn *txn, struct err_msg *msg)
{
	struct vouch_work *work = ctx;
	bool published = true;

	if (work->level == TRUST_LEVEL_NONE) {
		int rc = publish_was(txn, &work->about.actor, STATEMENT_VOUCH,
			&work->about.subject, &published, msg);

		if (rc != 0) {
			return rc;
		}
	}
	return published ? publish_vouch(txn, &work->publisher, &work->about.subject,
				   (enum trust_level)work->level, msg)
			 : err_set(msg, ERR_INVALID, "%s never vouched for %s",
				   work->about.actor.name, work->about.subject.text);
}

static int
audience(const struct ctl *ctl, enum statement_aud *out)
{
	const char *text = ctl->options->value[OPTION_AUD];

	*out = STATEMENT_OPEN;
	if (text == NULL || strcmp(text, "open") == 0) {
		return EX_OK;
	}
	*out = STATEMENT_PEERS;
	if (strcmp(text, "peers") == 0) {
		return EX_OK;
	}
	return command_fail(ctl, EX_USAGE, "--aud %s: must be open or peers", text);
}

static int
prepare(struct ctl *ctl, struct site *site, struct vouch_work *work, enum statement_aud *aud)
{
	int status = cmd_case_load(ctl, site, &work->about);

	if (status == EX_OK) {
		status = subject_level(ctl, TRUST_LEVEL_ORDINARY, true, &work->level);
	}
	if (status == EX_OK) {
		status = audience(ctl, aud);
	}
	if (status == EX_OK && work->level != TRUST_LEVEL_NONE &&
		subject_is_free_mail(site->settings, &work->about.subject)) {
		status = subject_refuse_free_mail(ctl, &work->about.subject);
	}
	return status;
}

static int
vouch(struct ctl *ctl, struct site *site, void *arg)
{
	struct vouch_work work = {0};
	enum statement_aud aud;
	struct err_msg msg;
	int status = prepare(ctl, site, &work, &aud);

	(void)arg;
	if (status != EX_OK) {
		return status;
	}
	int rc = actor_signer(site, &work.about.actor, &work.signer, &msg);

	work.publisher = (struct publisher){.actor = &work.about.actor,
		.signer = work.signer,
		.now_s = ctl->now_s,
		.aud = aud};
	if (rc == 0) {
		rc = site_update(site, store_vouch, &work, &msg);
	}
	if (rc == 0 && work.level != TRUST_LEVEL_NONE) {
		rc = publish_check(
			site, &work.about.actor, GRAPH_OUT, &work.about.subject, &msg);
	}
	keypair_free(work.signer);
	return rc == 0 ? EX_OK : command_fail_msg(ctl, &msg);
}

int
cmd_vouch(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, vouch, NULL);
}

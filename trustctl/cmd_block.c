#include <sysexits.h>

#include "trustctl/cmd.h"
#include "trustctl/entry.h"
#include "trustctl/publish.h"
#include "trustctl/subject.h"

struct block_work {
	struct cmd_case about;
	struct keypair *signer;
	struct publisher publisher;
	bool block;   /* false: unblock */
	bool publish; /* block: as asked; unblock: where one was published */
};

static int
store_block(void *ctx, struct site_txn *txn, struct err_msg *msg)
{
	struct block_work *work = ctx;
	bool published = work->publish;
	int rc = entry_store(
		txn, &work->about.actor, &work->about.subject, &work->about.entry, msg);

	if (rc == 0 && !work->block) {
		rc = publish_was(txn, &work->about.actor, STATEMENT_BLOCK, &work->about.subject,
			&published, msg);
	}
	if (rc != 0 || !published) {
		return rc;
	}
	return work->signer == NULL
		       ? err_set(msg, ERR_NOTREADY,
				 "a published block cannot be changed without a key")
		       : publish_block(
				 txn, &work->publisher, &work->about.subject, work->block, msg);
}

static int
prepare(struct ctl *ctl, struct site *site, struct block_work *work)
{
	const char *note = ctl->options->value[OPTION_NOTE];
	struct err_msg msg;
	int status = cmd_case_load(ctl, site, &work->about);

	if (status != EX_OK) {
		return status;
	}
	if (!work->block && !work->about.entry.record.blocked) {
		return command_fail(ctl, EX_DATAERR, "%s does not block %s",
			work->about.actor.name, work->about.subject.text);
	}
	work->about.entry.record.blocked = work->block;
	if (note != NULL && entry_set_note(&work->about.entry, note, &msg) != 0) {
		return command_fail(ctl, EX_USAGE, "--note: %s", msg.text);
	}
	return EX_OK;
}

static int
change_block(struct ctl *ctl, struct site *site, void *arg)
{
	struct block_work *work = arg;
	struct err_msg msg;
	int rc = 0;
	int status = prepare(ctl, site, work);

	if (status != EX_OK) {
		return status;
	}
	if (work->publish || !work->block) {
		rc = actor_signer(site, &work->about.actor, &work->signer, &msg);
	}
	work->publisher = (struct publisher){
		.actor = &work->about.actor,
		.signer = work->signer,
		.now_s = ctl->now_s,
		.aud = STATEMENT_OPEN,
	};
	/* Without a key a private block can still be taken back. */
	if (rc == 0 || (rc == ERR_NOTREADY && !work->block)) {
		rc = site_update(site, store_block, work, &msg);
	}
	if (rc == 0 && work->block && work->publish) {
		rc = publish_check(
			site, &work->about.actor, GRAPH_BLOCKS_OUT, &work->about.subject, &msg);
	}
	keypair_free(work->signer);
	return rc == 0 ? EX_OK : command_fail_msg(ctl, &msg);
}

int
cmd_block(struct ctl *ctl)
{
	struct block_work work = {
		.block = true, .publish = options_has(ctl->options, OPTION_PUBLISH)};

	return cmd_with_site(ctl, SITE_WRITE, change_block, &work);
}

int
cmd_unblock(struct ctl *ctl)
{
	struct block_work work = {.block = false};

	return cmd_with_site(ctl, SITE_WRITE, change_block, &work);
}

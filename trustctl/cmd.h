/*
 * cmd.h - the functions behind the rows of the command table, one file an area, and what
 * they share.
 */
#ifndef TRUSTCTL_CMD_H
#define TRUSTCTL_CMD_H

#include "trustctl/entry.h"
#include "trustctl/site.h"

/* cmd_help.c */
int cmd_help(struct ctl *ctl);

/* cmd_init.c */
int cmd_init(struct ctl *ctl);

/* cmd_user.c */
int cmd_user_add(struct ctl *ctl);
int cmd_user_list(struct ctl *ctl);
int cmd_user_show(struct ctl *ctl);

/* cmd_user_remove.c */
int cmd_user_remove(struct ctl *ctl);

/* cmd_friend.c */
int cmd_friend_add(struct ctl *ctl);
int cmd_friend_remove(struct ctl *ctl);
int cmd_friend_list(struct ctl *ctl);

/* cmd_block.c */
int cmd_block(struct ctl *ctl);
int cmd_unblock(struct ctl *ctl);

/* cmd_vouch.c */
int cmd_vouch(struct ctl *ctl);

/* cmd_import.c */
int cmd_import(struct ctl *ctl);

/* cmd_confirm.c */
int cmd_friend_confirm(struct ctl *ctl);

/* cmd_report.c */
int cmd_report(struct ctl *ctl);

/* cmd_history.c */
int cmd_history(struct ctl *ctl);

/* cmd_ledger.c */
int cmd_ledger_show(struct ctl *ctl);
int cmd_ledger_forgive(struct ctl *ctl);

/* cmd_share.c */
int cmd_ledger_share(struct ctl *ctl);

/* cmd_scan.c: both are one scan, with and without the reasons */
int cmd_scan(struct ctl *ctl);
int cmd_why(struct ctl *ctl);

/* cmd_replay.c */
int cmd_replay(struct ctl *ctl);

/* cmd_statement.c */
int cmd_statement_list(struct ctl *ctl);
int cmd_statement_show(struct ctl *ctl);
int cmd_statement_verify(struct ctl *ctl);
int cmd_statement_import(struct ctl *ctl);
int cmd_statement_export(struct ctl *ctl);

/* cmd_status.c */
int cmd_status(struct ctl *ctl);
int cmd_rebuild(struct ctl *ctl);

/* cmd_renew.c */
int cmd_renew(struct ctl *ctl);

/* cmd_peer.c */
int cmd_peer_invite(struct ctl *ctl);
int cmd_peer_accept(struct ctl *ctl);
int cmd_peer_add(struct ctl *ctl);
int cmd_peer_list(struct ctl *ctl);
int cmd_peer_pause(struct ctl *ctl);
int cmd_peer_resume(struct ctl *ctl);
int cmd_peer_remove(struct ctl *ctl);
int cmd_peer_sync(struct ctl *ctl);
int cmd_peer_status(struct ctl *ctl);

/* cmd_identity.c */
int cmd_identity_create(struct ctl *ctl);
int cmd_identity_show(struct ctl *ctl);
int cmd_identity_export(struct ctl *ctl);
int cmd_identity_import(struct ctl *ctl);

/* cmd_paper.c */
int cmd_identity_paper(struct ctl *ctl);

/* cmd_device.c */
int cmd_device_add(struct ctl *ctl);
int cmd_device_join(struct ctl *ctl);
int cmd_device_list(struct ctl *ctl);

/* cmd_bind.c */
int cmd_bind(struct ctl *ctl);

/* cmd_guard.c */
int cmd_guardians(struct ctl *ctl);
int cmd_guard(struct ctl *ctl);

/* cmd_succeed.c */
int cmd_succeed(struct ctl *ctl);

/* cmd_revoke.c */
int cmd_revoke(struct ctl *ctl);
int cmd_device_revoke(struct ctl *ctl);

/* cmd_refile.c */
int cmd_refile(struct ctl *ctl);

/* cmd_backup.c */
int cmd_backup(struct ctl *ctl);
int cmd_restore(struct ctl *ctl);

/** @return an exit status. */
typedef int cmd_site_fn(struct ctl *ctl, struct site *site, void *arg);

/** Opens the store, runs `work`, closes it; with SITE_READ inside site_begin and site_end. */
int cmd_with_site(struct ctl *ctl, enum site_mode mode, cmd_site_fn *work, void *arg);

/** Prints a table, releases it. @return an exit status */
int cmd_print_table(const struct ctl *ctl, struct table *table);

/** As cmd_print_table for a single record. */
int cmd_print_record(const struct ctl *ctl, struct table *table);

/** Who acts, about whom, and what he privately holds about him so far. */
struct cmd_case {
	struct actor actor;
	struct principal subject;
	struct entry entry;
};

/**
 * Fills in all three from --user or --site and the first argument, in a snapshot of its own,
 * for commands that write. @return 0, or an exit status, having said why.
 */
int cmd_case_load(struct ctl *ctl, struct site *site, struct cmd_case *out);

#endif
